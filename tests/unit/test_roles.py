"""Roles: what each may do; and that every use case asks before it changes or reads anything."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterable
from importlib import import_module
from itertools import groupby
from pathlib import Path
from pkgutil import iter_modules

import pytest

from host import service, store
from host.access.roles import (
    ACTIONS,
    ADMINISTRATOR,
    AUDITOR,
    FOUNDER,
    OFFICER,
    PROGRAMME_LEAD,
    QUARTERMASTER,
    ROLES,
    Account,
    who_may,
)
from host.store.database import Database

DOCUMENT = Path(__file__).parents[2] / "docs/roles.md"

UNAUDITED = {
    "set_radios": "each advert of each tag: no person does it, and what it may do is refuse a repeated one",
    "beat": "every few seconds, for months: no person does it",
    "waiting": "likewise, at each failure of a docking, which is noted itself",
    "freshen": "derives what follows from the history, which it does not touch",
    "rebuild": "likewise, for all",
}
"""Use cases that write without an entry in the audit, and why."""

OPEN = {
    "freshen": "see above",
    "rebuild": "see above; a database of an older Kitdock needs it before anybody is let in",
    "tags": "which pouch has which tag; docking needs it",
    "tag": "likewise",
    "radio": "docking needs it: the last advert of a tag",
    "last_record": "docking needs it: sealed",
    "last_verdict": "docking needs it",
    "trouble": "why nothing can be saved, for anybody who collects or asks; it says nothing of any record",
    "expiry_of_pouch": "docking tells it to the tag",
    **dict.fromkeys(("product", "products", "product_of"), "the catalogue: what packs say"),
    **dict.fromkeys(
        ("find_lot", "has_kit", "has_kits", "kit_like", "kits_with_serial"), "which lots and kits there are"
    ),
    "shelves": "which kits may replace those of one's own that expire",
    "copies": "names of files beside the database",
    "is_login": "what the computer tells everybody",
    "last_recall": "that a lot is recalled is for everybody",
    "lot": "what the pack of a kit says",
    "lot_of": "likewise",
    "kit": "likewise",
    "place": "a name and what it is",
    "places": "likewise",
    "take_its_place": "it asks in the database that it brings back: tests/unit/care/test_restoring.py",
    "advised": "what may replace kits whose expiry was asked for before",
    "prefilled": "what the form of an opening begins with that was asked for before",
    "reports": "an officer's own account is given its officer's: tests/unit/test_accounts.py",
}
"""Use cases that any account may ask for, and why."""


def classes() -> dict[str, type]:
    """The services, the repositories and the unit of work that they share, by name."""
    found = {"Database": Database}
    for package in (service, store):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg:
                for name, each in inspect.getmembers(import_module(module.name), inspect.isclass):
                    if each.__module__ == module.name and not issubclass(each, tuple):
                        found[name] = each
    return found


CLASSES = classes()


def methods() -> dict[str, ast.AST]:
    """Each method of theirs, parsed, as `Class.method`."""
    found = {}
    for owner, each in CLASSES.items():
        for name, member in vars(each).items():
            function = inspect.unwrap(getattr(member, "fget", None) or getattr(member, "func", None) or member)
            if inspect.isfunction(function):
                found[f"{owner}.{name}"] = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return found


METHODS = methods()


def attributes() -> dict[str, dict[str, str]]:
    """What class each attribute is of that a service or a repository makes for itself: `self._stock = Stock(db)`."""
    found: dict[str, dict[str, str]] = {}
    for owner in CLASSES:
        found[owner] = {"_db": "Database"}
        for node in ast.walk(METHODS.get(f"{owner}.__init__", ast.Module([], []))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                made = ast.unparse(node.value.func)
                if made in CLASSES:
                    found[owner][ast.unparse(node.targets[0]).removeprefix("self.")] = made
    return found


ATTRIBUTES = attributes()
DOOR = {each for name, each in CLASSES.items() if hasattr(service, name)} - {Database}
"""The services that the door names."""
USE_CASES = {
    name.partition(".")[2]: name for name in METHODS if "._" not in name and CLASSES[name.partition(".")[0]] in DOOR
}
"""Every public method of a service that the door names, by its name."""
PUBLIC = sorted(USE_CASES)

ASKS = {f"Database.{each}" for each in ("demand", "demand_own", "refuse", "changing", "account")}
"""What looks at who calls."""
WRITES = "Database.writing"
NOT_ITS_OWN = {*ASKS} - {"Database.changing"} | {"Database._note_refusal", "Derivation.freshen", "Recomputing.rebuild"}
"""Whose writing is not that of the method that calls them: a note of what was refused, what is derived."""


def called(name: str) -> set[str]:
    """The methods that a method calls."""
    owner = name.partition(".")[0]
    found = set()
    for node in ast.walk(METHODS[name]):
        if isinstance(node, ast.Attribute):
            of = ast.unparse(node.value)
            if of == "self":
                found.add(f"{owner}.{node.attr}")
            elif of.startswith("self.") and of.removeprefix("self.") in ATTRIBUTES[owner]:
                found.add(f"{ATTRIBUTES[owner][of.removeprefix('self.')]}.{node.attr}")
    return found & set(METHODS)


def used(name: str, not_into: Iterable[str] = ()) -> set[str]:
    """The methods that a use case calls, and those that these call, and so on; but not into some."""
    found: set[str] = set()
    waiting = [USE_CASES[name]]
    while waiting:
        new = called(waiting.pop()) - found
        found |= new
        waiting += new - set(not_into)
    return found


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in UNAUDITED])
def test_what_writes_asks_for_a_right_and_leaves_an_entry_in_the_audit(name: str) -> None:
    reached = used(name, NOT_ITS_OWN)
    if WRITES in reached:
        assert "Database.demand" in reached, f"{name} writes and asks for no right: use `changing`"
        assert "Database.note" in reached, f"{name} writes and leaves no entry in the audit: use `changing`"


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in OPEN])
def test_what_reads_asks_who_reads(name: str) -> None:
    assert used(name) & ASKS, f"{name} is open to every account: demand a right, or say in OPEN why not"


def test_only_what_use_cases_share_is_not_named_at_the_door() -> None:
    services = {name for name, each in CLASSES.items() if each.__module__.startswith("host.service.")}
    assert services - {each.__name__ for each in DOOR} == {"Following", "Moving"}


def test_exceptions_are_still_there_and_have_reasons() -> None:
    assert set(UNAUDITED) | set(OPEN) <= set(PUBLIC)
    assert all({**UNAUDITED, **OPEN}.values())


def test_the_inspection_sees_what_a_method_does() -> None:
    changing = {f"Database.{each}" for each in ("changing", "writing", "note", "demand")}
    assert changing <= used("add_place", NOT_ITS_OWN)
    assert WRITES not in used("movements", NOT_ITS_OWN)
    assert "Database.note" not in used("set_radios", NOT_ITS_OWN)
    assert "Database.demand" in used("movements")
    assert not used("tag") & ASKS
    assert len(PUBLIC) > 100


@pytest.mark.parametrize(("role", "may", "may_not"), [
    (OFFICER, ["tag.dock", "opening.explain", "report.file", "report.read", "discrepancy.note"],
     ["stock.read", "discrepancy.resolve", "kit.issue", "audit.read", "officer.add", "account.grant"]),
    (QUARTERMASTER, ["stock.read", "kit.issue", "kit.destroy", "officer.add", "discrepancy.resolve"],
     ["report.read", "audit.read", "account.grant", "database.restore"]),
    (PROGRAMME_LEAD, ["report.read", "stock.read", "discrepancy.acknowledge"],
     ["kit.issue", "audit.read", "account.grant", "officer.add"]),
    (AUDITOR, ["audit.read", "stock.read", "database.check"],
     ["report.read", "tag.dock", "report.file", "kit.issue", "discrepancy.note", "account.grant"]),
    (ADMINISTRATOR, ["account.grant", "database.backup", "audit.read", "stock.read"], ["report.read", "kit.issue"]),
])  # fmt: skip
def test_what_a_role_may_do(role: str, may: list[str], may_not: list[str]) -> None:
    account = Account("somebody", frozenset({role}), None)
    assert [action for action in may if not account.may(action)] == []
    assert [action for action in may_not if account.may(action)] == []


def test_an_auditor_changes_nothing() -> None:
    account = Account("somebody", frozenset({AUDITOR}), None)
    assert {action for action in ACTIONS if account.may(action)} == {
        "stock.read", "audit.read", "database.check", "database.open"
    }  # fmt: skip


def test_every_action_is_somebodys_and_every_role_is_there_for_something() -> None:
    assert all(ACTIONS.values())
    assert set().union(*ACTIONS.values()) == set(ROLES)
    assert set(ROLES) >= FOUNDER
    assert str(who_may("report.read")) == "officer or programme lead"


def test_role_of_officer_reads_ones_own_alone() -> None:
    own = Account("a", frozenset({OFFICER}), "4101")
    assert own.only_officer
    assert own.reads_as("4101") == {OFFICER}
    assert own.reads_as("4102") == frozenset()
    shared = Account("dock", frozenset({OFFICER}), None)
    assert shared.reads_as("4101") == frozenset()
    both = Account("b", frozenset({OFFICER, PROGRAMME_LEAD}), "4101")
    assert not both.only_officer
    assert both.reads_as("4102") == {PROGRAMME_LEAD}


def table() -> list[str]:
    """Roles and actions as `docs/roles.md` has them: actions of one thing that the same roles may do share a row."""
    lines = ["| what | " + " | ".join(role.replace("_", " ") for role in ROLES) + " |", "|---|" + "---|" * len(ROLES)]
    lines += [row(thing, actions) for thing, actions in things()]
    return lines


def things() -> Iterable[tuple[str, list[str]]]:
    def key(action: str) -> tuple[str, list[str]]:
        return action.partition(".")[0], sorted(ACTIONS[action])

    for (thing, _), actions in groupby(sorted(ACTIONS, key=key), key):
        yield thing, list(actions)


def row(thing: str, actions: list[str]) -> str:
    verbs = ", ".join(action.partition(".")[2].replace("_", " ") for action in actions)
    marks = ["yes" if role in ACTIONS[actions[0]] else "" for role in ROLES]
    return f"| **{thing}** {verbs} | " + " | ".join(marks) + " |"


def test_the_document_has_the_roles_as_they_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(r"<!-- roles -->\n(.*)\n<!-- /roles -->", text, re.DOTALL)
    assert found
    expected = "\n".join(table())
    assert found[1] == expected, f"docs/roles.md: between the markers belongs\n{expected}"
