"""Every sentence has its words: no refusal without one, none that nobody says, every field where it is wanted."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import click
import pytest

from host import errors, words
from host.access import roles
from host.cli import steps
from host.cli.render import Table, as_text
from host.cli.root import root
from host.ledger import issue, movement
from host.phrase import NextStep, Phrase
from host.reconcile import RULES, SEVERITIES, lifecycle
from host.service import care
from host.stock import stocktake, summary
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
    titles = {f"is.{rule.kind}" for rule in RULES}
    assert titles == {code for code in en_GB.SENTENCES if code.startswith("is.")}
    said = {code for code in en_GB.SENTENCES if f'"{code}"' in source or f"'{code}'" in source}
    unsaid = [code for code in en_GB.SENTENCES if code not in said | titles]
    assert unsaid == []


def test_each_heading_of_a_table_has_words() -> None:
    assert [(where, code) for where, code in columns() if code not in en_GB.HEADINGS] == []


@pytest.mark.parametrize(
    ("group", "codes"),
    [
        ("cause", tuple(reports.CAUSES)),
        (
            "check",
            (
                care.FILE,
                care.REFERENCES,
                care.LAYOUT,
                care.AUDIT,
                care.TABLES_OF,
                care.LEDGER,
                care.ROLLUPS,
                care.RECORDS,
            ),
        ),
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
        ("taken_back", movement.KINDS),
        ("training", issue.TRAINING),
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
    known = {*en_GB.NOUNS, *en_GB.JOINED, "times", "bound", "on", "lately", "month", ""}
    if isinstance(sentence, str):
        assert {spec for _, field, spec, _ in Formatter().parse(sentence) if field} <= known


def test_headings_are_those_of_the_language_in_use() -> None:
    table = Table([{"kit": "K1", "own": 1}], {"kit": "kit", "expires_first": "own", "own": "own"}, "")
    assert re.split(r"\s{2,}", as_text(table, 80, 80).splitlines()[0]) == ["Kit", "First expiry", "own"]
    before = words.use(words.BRITISH._replace(headings={"kit": "trousse"}))
    try:
        assert as_text(table, 80, 80).startswith("trousse")
    finally:
        words.use(before)


def test_fields_are_written_as_the_language_has_them() -> None:
    step = NextStep("kit.release", kit="K 1")
    refusal = errors.RuleError("kit.quarantined", kit="K 1", reason="wet", release=step)
    said = "Kit K 1 is quarantined (wet). Issue another kit, or release this one first: "
    assert str(refusal) == f"{said}Release the kit."
    assert steps.told(refusal) == f"{said}`kitdock kit release 'K 1'`."
    why = Phrase("kit.aside_quarantined", reason="wet"), Phrase("kit.aside_quarantined", reason="hot")
    assert words.told(Phrase("kit.put_aside", kit="K1", why=why)).endswith("(wet) and it is quarantined (hot).")


def test_a_list_of_nothing_is_nothing() -> None:
    nothing = Phrase("kit.put_aside", kit="K1", why=())
    assert words.told(nothing) == "Put kit K1 aside, because ."
    assert words.told(Phrase("cell.list", parts=())) == ""


# The help of the command line.


def command_line(command: click.Command = root, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command and every group, by its name with those of its groups."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from command_line(found, f"{path} {name}".lstrip())


def wanted_of_help() -> Iterator[list[str]]:
    """For each command and each of its options the keys under which its help may stand, the nearest first."""
    for path, command in command_line():
        yield [path]
        group = path.partition(" ")[0]
        context = click.Context(command, parent=click.Context(root))
        for each in command.get_params(context):
            if isinstance(each, click.Option):
                option = each.opts[-1]
                yield [f"{path} {option}".lstrip(), f"{group} {option}".lstrip(), option]


def test_each_command_and_each_option_has_its_help_and_nothing_else_has() -> None:
    found = {tuple(keys): next((key for key in keys if key in en_GB.HELP), None) for keys in wanted_of_help()}
    assert [keys for keys, key in found.items() if key is None] == []
    assert set(en_GB.HELP) - set(found.values()) == set()
    assert [keys for keys, key in found.items() if words.help_of(*split(keys[0])) != en_GB.HELP[str(key)]] == []


def split(key: str) -> tuple[str, str]:
    """The command and the option of a key."""
    command, dashes, option = key.rpartition("--")
    return (command.rstrip(), dashes + option) if dashes else (key, "")


def test_help_is_in_the_order_of_its_keys() -> None:
    assert list(en_GB.HELP) == sorted(en_GB.HELP)


@pytest.mark.parametrize("key", en_GB.HELP)
def test_help_is_in_sentences(key: str) -> None:
    text = en_GB.HELP[key]
    assert text[0].isupper()
    if split(key)[1]:
        assert re.search(r"\.( \[default: [^\]]+\])?$", text)
    else:
        first, *more = text.split("\n\n")
        assert "\n" not in first
        assert all(each.endswith((".", "?")) for each in (first, *more) if not each.startswith("\b\n"))
        assert words.summary(key).endswith(".")


def test_help_that_is_shared_is_not_said_again() -> None:
    again = []
    for key, text in en_GB.HELP.items():
        command, option = split(key)
        group = command.rpartition(" ")[0]
        if option and command and (wider := f"{group} {option}".lstrip()) in en_GB.HELP:
            again += [key] if en_GB.HELP[wider] == text else []
    assert again == []


def test_commands_bring_no_help_along() -> None:
    for path in house.sources():
        for node in ast.walk(parsed(path)):
            where = f"{path.relative_to(house.HOST)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("click."):
                assert not {each.arg for each in node.keywords} & {"help", "short_help", "epilog"}, where
            if isinstance(node, ast.FunctionDef) and any(
                re.match(r"[\w.]+\.(command|group)\(", ast.unparse(each)) for each in node.decorator_list
            ):
                assert ast.get_docstring(node) is None, f"{where}: its help belongs in host/words"


def test_help_without_words_is_noticed() -> None:
    assert words.help_of("kit issue", "--db") == en_GB.HELP["--db"]
    assert words.help_of("demo", "--db") == en_GB.HELP["demo --db"] != en_GB.HELP["--db"]
    for command, option in (("kit sell", ""), ("kit issue", "--price")):
        with pytest.raises(KeyError):
            words.help_of(command, option)
