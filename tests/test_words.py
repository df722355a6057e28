"""Every sentence has its words: no refusal without one, none that nobody says, every field where it is wanted."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from host import errors, words
from host.access import roles
from host.cli import steps
from host.cli.render import Table, as_text
from host.ledger import issue, movement
from host.phrase import NextStep, Phrase
from host.reconcile import RULES, SEVERITIES, lifecycle
from host.service import care
from host.stock import people, stocktake, summary
from host.usage import reports
from host.words import en_GB
from tests import house
from tests.pseudo import fields_of


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def classes() -> list[ast.ClassDef]:
    return [node for path in house.sources() for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]


def refusals() -> set[str]:
    """The names of all errors that a user can act on, as the source tells them."""
    bases = {each.name: {ast.unparse(base).rpartition(".")[2] for base in each.bases} for each in classes()}
    found = {errors.KitdockError.__name__}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def made_of_codes() -> set[str]:
    """The refusals that are made of a code: those that do not know it themselves."""
    own = {
        each.name
        for each in classes()
        for part in each.body
        if isinstance(part, ast.FunctionDef) and part.name == "__init__"
    }
    return REFUSALS - own | {errors.KitdockError.__name__}


REFUSALS = refusals()
SAYING = made_of_codes() | {"Phrase", "NextStep", "line"}
"""What a code is given to first. `line` is the command line's own word."""


def said(path: Path) -> Iterator[tuple[ast.Call, str]]:
    """The phrases, steps and refusals that a module makes, with the name of what is made."""
    tree = parsed(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in SAYING and (name != "line" or (isinstance(node.func, ast.Name) and "cli" in path.parts)):
                yield node, name
        elif isinstance(node, ast.ClassDef) and node.name in REFUSALS:
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                    yield call, node.name


def columns() -> Iterator[tuple[str, str]]:
    """The headings of tables, by their codes, as the source of the command line tells them."""
    for path in house.sources():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Table" and isinstance(node.args[1], ast.Dict):
                for key in filter(None, node.args[1].keys):
                    yield from ((f"{path.relative_to(house.HOST)}:{node.lineno}", code) for code in literals(key))


def everything() -> list[tuple[str, ast.Call, str]]:
    return [
        (f"{path.relative_to(house.HOST)}:{call.lineno}", call, name)
        for path in house.sources()
        for call, name in said(path)
    ]


def literals(node: ast.expr) -> set[str]:
    """The texts that an expression may be, where it is a choice between texts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return literals(node.body) | literals(node.orelse)
    return set()


def codes(call: ast.Call, name: str) -> set[str]:
    """The codes of what is said, where the source tells them."""
    at = 1 if name == "NextStep" else 0
    return literals(call.args[at]) if len(call.args) > at else set()


def test_each_sentence_that_is_said_has_words_and_gets_its_fields() -> None:
    for where, call, name in everything():
        given = {each.arg for each in call.keywords}
        if None in given:
            continue
        if name == "NextStep":
            given.add("step")
        for code in filter(None, codes(call, name)):
            assert code in en_GB.SENTENCES, f"{where}: {code} has no words"
            wanted, taken = fields_of(en_GB.SENTENCES[code])
            assert wanted <= given, f"{where}: {code} wants {wanted - given}"
            assert "*" in taken or given <= taken, f"{where}: {code} does not take {given - taken}"


def test_each_step_has_a_name_and_a_command() -> None:
    taken = {
        action
        for _, call, name in everything()
        if name == "NextStep" and call.args
        for action in literals(call.args[0])
    }
    assert taken <= set(en_GB.STEPS), taken - set(en_GB.STEPS)
    assert taken <= set(steps.COMMANDS), taken - set(steps.COMMANDS)


def test_no_sentence_is_kept_that_nobody_says() -> None:
    source = "\n".join(path.read_text() for path in house.sources() if "words" not in path.parts)
    unsaid = [code for code in en_GB.SENTENCES if f'"{code}"' not in source and f"'{code}'" not in source]
    assert unsaid == []


def test_each_heading_of_a_table_has_words() -> None:
    assert [(where, code) for where, code in columns() if code not in en_GB.HEADINGS] == []


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("cause", tuple(reports.CAUSES)),
        ("check", (care.FILE, care.REFERENCES, care.LAYOUT, care.AUDIT, care.LEDGER, care.ROLLUPS, care.RECORDS)),
        ("difference", tuple(stocktake.KINDS)),
        ("flow", summary.FLOWS),
        ("kind", tuple(rule.kind for rule in RULES)),
        ("movement", movement.KINDS),
        ("place", issue.PLACE_KINDS),
        ("role", tuple(roles.ROLES)),
        ("severity", SEVERITIES),
        (
            "state",
            (lifecycle.OPENED, lifecycle.ACKNOWLEDGED, lifecycle.RESOLVED, lifecycle.REOPENED, lifecycle.CLEARED),
        ),
        ("training", people.TRAINING),
    ],
)
def test_each_value_that_is_shown_has_words(group: str, codes: tuple[str, ...]) -> None:
    assert {f"{group}.{code}" for code in codes} == {each for each in en_GB.HEADINGS if each.startswith(f"{group}.")}


@pytest.mark.parametrize("path", [Path(en_GB.__file__), Path(steps.__file__)], ids=lambda path: path.stem)
def test_no_key_is_there_twice(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Dict):
            keys = [text for key in node.keys if key is not None for text in literals(key)]
            assert {key for key in keys if keys.count(key) > 1} == set()


def test_no_function_is_kept_that_makes_no_sentence() -> None:
    tree = parsed(Path(en_GB.__file__))
    made = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert made - used <= {"day", "time"}, "these two are what a language is asked for"


def test_no_sentence_is_in_two_sections() -> None:
    sections = (en_GB.ACCESS, en_GB.STORE, en_GB.STOCK, en_GB.USAGE, en_GB.RECONCILE, en_GB.TAGS, en_GB.COMMANDS)
    assert sum(map(len, sections)) == len(en_GB.SENTENCES)


def test_refusals_bring_no_words_along() -> None:
    prose = [
        where
        for where, call, name in everything()
        if name in REFUSALS
        and call.args
        and (isinstance(call.args[0], ast.JoinedStr) or any(" " in text for text in literals(call.args[0])))
    ]
    assert prose == []


@pytest.mark.parametrize("code", en_GB.SENTENCES)
def test_a_sentence_names_only_nouns_and_lists_of_its_language(code: str) -> None:
    sentence = en_GB.SENTENCES[code]
    known = {*en_GB.NOUNS, *en_GB.JOINED, "times", "bound", ""}
    if isinstance(sentence, str):
        assert {spec for _, field, spec, _ in Formatter().parse(sentence) if field} <= known


def test_headings_are_those_of_the_language_in_use() -> None:
    table = Table([{"kit": "K1", "own": 1}], {"kit": "kit", "expires_first": "own", "own": "own"}, "")
    assert re.split(r"\s{2,}", as_text(table, 80, 80).splitlines()[0]) == ["kit", "expires first", "own"]
    before = words.use(words.BRITISH._replace(headings={"kit": "trousse"}))
    try:
        assert as_text(table, 80, 80).startswith("trousse")
    finally:
        words.use(before)


def test_fields_are_written_as_the_language_has_them() -> None:
    step = NextStep("kit.release", kit="K 1")
    refusal = errors.RuleError("kit.quarantined", kit="K 1", reason="wet", release=step)
    assert str(refusal) == "kit K 1 is quarantined (wet): take another, or release the kit"
    assert steps.told(refusal) == "kit K 1 is quarantined (wet): take another, or `kitdock kit release 'K 1'`"
    why = Phrase("kit.aside_quarantined", reason="wet"), Phrase("kit.aside_quarantined", reason="hot")
    assert words.told(Phrase("kit.put_aside", kit="K1", why=why)).endswith("(wet) and it is quarantined (hot)")


def test_a_list_of_nothing_is_nothing() -> None:
    nothing = Phrase("kit.put_aside", kit="K1", why=())
    assert words.told(nothing) == "put kit K1 aside: "
    assert words.told(Phrase("cell.list", parts=())) == ""
