"""A second language is a second file: with another one in use, nothing that people see is said in the first.

The commands are run on a small station in the language of `tests.pseudo`, in which all words are in brackets. What
stands outside of them must be data that was put in, or what `NO_WORDS` names.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import NamedTuple
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from host import clock, words
from host.access.roles import ROLES
from host.access.vault import TagKeys
from host.cli.root import root
from host.phrase import NextStep, Phrase
from host.reconcile import RULES
from host.settings import Settings
from host.tag.dock import RadioState
from host.words import BRITISH
from tests.cli.conftest import DAY_MS, Station, day
from tests.pseudo import CLOSE, MARKED, OPEN, PSEUDO, fields_of
from tests.sentences import fields
from tests.station import Store
from tests.test_words import command_line
from tests.unit.test_forms import ANSWERS

LONGEST = 500
"""Characters of a sentence whose fields are short."""


@pytest.fixture(scope="module")
def spoken() -> Iterator[None]:
    before = words.use(PSEUDO)
    try:
        yield
    finally:
        words.use(before)


@pytest.mark.parametrize("part", ["sentences", "steps", "headings", "help", "nouns", "joined"])
def test_it_says_all_that_the_first_says(part: str) -> None:
    assert getattr(PSEUDO, part).keys() == getattr(BRITISH, part).keys()


@pytest.mark.parametrize("code", BRITISH.sentences)
def test_each_sentence_is_said_with_the_same_fields(code: str, spoken: None) -> None:
    ours, theirs = BRITISH.sentences[code], PSEUDO.sentences[code]
    assert fields_of(theirs) == fields_of(ours)
    for least in (False, True):
        said = words.told(Phrase(code, **fields(ours, least)))
        assert 0 < len(said) <= LONGEST
        silent = not re.search(r"[a-z]", said) if callable(ours) else not has_words(ours)
        assert MARKED.search(said) or silent, said


def has_words(text: str) -> bool:
    """Whether the text says anything except its fields."""
    return any(re.search(r"[A-Za-z]", literal) for literal, *_ in Formatter().parse(text))


@pytest.mark.parametrize("action", BRITISH.steps)
def test_each_step_has_a_name(action: str, spoken: None) -> None:
    assert MARKED.fullmatch(words.told(NextStep(action)))


# What the commands say.

FIRST, SECOND = "0000000000000001", "0000000000000002"
"""Tags, of pouches P1 and P2."""
GIVEN = json.dumps({**ANSWERS, "incident_at": "2020-01-05T18:30"})


class Said(NamedTuple):
    """What a command has said."""

    command: str
    table: str
    error: str


class Speaker:
    """A station whose commands are noted with what they say."""

    def __init__(self, folder: Path) -> None:
        self.station = Station(folder / "station.db")
        self.folder = folder
        self.said: list[Said] = []

    def run(self, commands: str, input: str | None = None) -> None:
        """Runs `kitdock COMMAND` for each line."""
        for command in commands.strip().splitlines():
            assert self._run(command.strip(), input) == 0, self.said[-1]

    def refused(self, commands: str, input: str | None = None) -> None:
        """Runs `kitdock COMMAND` for each line, which must be refused, if only in part."""
        for command in commands.strip().splitlines():
            assert self._run(command.strip(), input) != 0, self.said[-1]

    def _run(self, command: str, input: str | None) -> int:
        env = {"KITDOCK_DB": str(self.station.db), "COLUMNS": "9999"}
        done = CliRunner().invoke(root, shlex.split(command), input=input, env=env)
        assert done.exception is None or isinstance(done.exception, SystemExit), (command, done.exception)
        self.said.append(Said(command, done.stdout, done.stderr))
        return done.exit_code


def people_and_stock(of: Speaker) -> None:
    """While nothing is there, and what is needed for the rest."""
    of.run("""
        init --name North --time-zone Europe/London
        kit list
        kit next
        stock list
        stock balance
        officer list
        place list
        product list
        recall list
        tag list
        openings
        usage list
        stocktake list
        stocktake status
        reconcile
        digest
        expiry
        expiry forecast
        report holdings
        report month
        account show
    """)
    of.run(f"""
        place add South --kind station
        place add 'Car 1' --kind vehicle --unit Traffic
        officer add 1207 --trained {day(-400)} --unit Traffic
        officer add 1300 --trained {day(-20)} --role Constable
        officer add 1400
        officer change 1400 --station South
        officer leave 1400
        product add 'Spray 2' --gtin 09506000134352
        product storage 'Spray 2' --from 2 --to 25
        kit add K1 --product 'Spray 2' --lot A1 --expires {day(400)}
        kit add K2 --product 'Spray 2' --lot A1 --expires {day(400)}
        kit add K3 --product 'Spray 2' --lot B2 --expires {day(20)} --document D7
        kit add K4 --product 'Spray 2' --lot C3 --expires {day(-5)} --accept-expired
        kit add K5 --product 'Spray 2' --lot A1 --station South
        kit add K6 --product 'Spray 2' --lot A1
        kit add K7 --product 'Spray 2' --lot A1
    """)
    packs = ["lot A1", "(01)09506000134352", "01", f"lot E5 exp {day(300)}", "(01)09506000134352", "undo", "help"]
    of.refused("stock receive", input="\n".join([*packs, "done", ""]))
    of.refused("""
        officer add 1207
        place add South --kind station
        kit add K1 --product 'Spray 2' --lot A1
        kit add K99 --product 'Spray 2' --lot Z9
        kit add K99 --product 'Spray 2' --lot A1 --station 'Car 1'
        officer leave 99
        product gtin 'Spray 2' 1234
    """)


def carriage(of: Speaker) -> None:
    """Two pouches that docked, and what was wrong with their openings and doses."""
    station = of.station
    station.tag("P1")
    station.tag("P2")
    then = clock.now_ms() - 25 * DAY_MS
    with Store.open(station.db) as store:
        for kit, officer, pouch in (("K8", "1207", "P1"), ("K9", "1300", "P2")):
            store.add_kit(kit, "Spray 2", "A0", day(30), None, then)
            store.issue_kit(kit, officer, pouch, then)
    station.dock(FIRST, ("lid_open", 8), ("dose_mark", 7.9), ("lid_close", 7.8), ("lid_open", 5), ("lid_close", 4.9))
    station.dock(SECOND, ("lid_open", 30), ("lid_close", 29), ("altered", 0), ("lid_open", 5), ("lid_close", 4.9))
    of.run("""
        openings
        openings explain P1:1 --cause used --officer 1207
        openings explain P1:4 --cause inspection --officer 1300
        openings explain P1:4 --cause training --officer 1300
        openings explain P2:1 --cause used --doses 2 --officer 1300
        openings P1
        tag list
    """)
    of.run("usage file --officer 1207 --opening P1:1 --answers -", input=GIVEN)
    of.run("usage file --officer 1300 --answers -", input=GIVEN)
    of.refused("usage file --officer 1300 --answers -", input=json.dumps({"doses": 0, "area": 5}))
    of.run("""
        usage same 2 1
        usage list
        usage restore 2
        usage withdraw 2 --reason WRONG
        usage list
    """)
    of.refused("""
        usage match 2 P2:4
        usage show 1
        openings explain P9 --cause used
        openings explain P1:99 --cause used
        tag log P9
    """)


def movements(of: Speaker) -> None:
    """Everything that may become of a kit."""
    of.run("""
        kit next
        kit issue K1 1207
        kit issue --next 1300
        kit issue K5 --place 'Car 1'
        kit issue K6 1400
    """)
    of.refused("""
        kit issue K1 1300
        kit issue K4 1300
        kit issue K2 1300 --pouch P9
        kit load K1 P2
        kit history K99
        kit destroy K1 --reason OLD --document D8
        kit return K4
        kit use K1 --doses 5
        kit transfer K9 South
        kit list --place P9
        kit LST
        kit list --staus lost
        kit count K1 --doses 1 2
        kit count K1
        kit count K1 --doses 100
    """)
    of.run("""
        kit list
        kit list --place South
        kit load K6 P1
        kit unload K6
        kit use K1 --doses 1
        kit return K1
        kit count K1 --doses 1
        kit count K1 --doses 2
        kit return K5
        kit lose K5 --reason GONE
        kit find K5 --reason THERE
        kit quarantine K7 --reason WET
    """)
    of.refused("""
        kit issue K7 1300
        kit leave-behind K5
        kit issue K1 1300
    """)
    of.run("""
        kit release K7 --reason DRY
        kit transfer K7 South
        kit correct K7 --reason WRONG
        kit return K8 --doses 1
        kit destroy K4 --reason OLD --document D8
        kit replace 1400 --lost --reason GONE
        kit issue K7 1300
        kit leave-behind K7
        kit history K1
        kit history K8
        kit list --to-count
        kit list --status lost
        stock list
        stock balance
        place list
        officer list
        product list
    """)


def doubts(of: Speaker) -> None:
    """What does not agree, and what expires."""
    of.run(f"""
        recall A1 --reason SEALS --document N1
        recall show A1
        recall list
        reconcile
        reconcile show record_tampered:P2:3
        reconcile show doses_differ:K1
        reconcile show report_missing:P2:1
        reconcile --rules
        reconcile acknowledge record_tampered:P2:3 --reason CALLED
        reconcile resolve doses_differ:K1 --reason FOUND
        reconcile reopen doses_differ:K1 --reason AGAIN
        reconcile --all
        reconcile show doses_differ:K1
        expiry acknowledge K3 --until {day(9)} --reason ORDERED
        expiry
        expiry --all
        expiry forecast
        digest
        report month
        report holdings
        report holdings --by station
        recall lift A1 --reason SOUND
        recall show A1
        recall list
    """)
    of.refused("""
        reconcile show doses_differ:K99
        reconcile acknowledge record_tampered:P2:3 --reason CALLED
        reconcile reopen report_missing:P2:1 --reason AGAIN
        expiry acknowledge K99 --until 2099-01-01 --reason ORDERED
        recall Z9 --reason SEALS
    """)


def counting(of: Speaker) -> None:
    """A stocktake."""
    of.run("stocktake start")
    scans = ["K2", "K2", "K5", "K99", "K7 1", "K8 1", "undo", "help", "K9", "done", ""]
    of.run("stocktake scan", input="\n".join(scans))
    of.run("""
        stocktake status
        stocktake result
    """)
    of.refused("""
        stocktake start
        stocktake start P9
        stocktake close
        stocktake result South
    """)
    of.run("""
        stocktake cancel --reason TIRED
        stocktake list
    """)


def the_dock(of: Speaker) -> None:
    """How it is: never started, and with an adapter that does not listen and a pouch that waits."""
    of.refused("dock --status")
    with Store.open(of.station.db) as store:
        store.beat([RadioState("", True, None, 0), RadioState("usb:0", False, "radio.not_there", 0)], clock.now_ms())
        store.enrol_tag("77" * 8, "P77", TagKeys.random(), clock.now_ms() - 9 * DAY_MS, lambda: None)
        store.waiting("77" * 8, clock.now_ms() - 2 * DAY_MS, "link.silent")
    of.refused("dock --status")
    of.run("digest")


def care(of: Speaker) -> None:
    """The station itself."""
    of.run(f"""
        account grant LEAD1 programme_lead
        account list
        account show
        account revoke LEAD1 programme_lead
        setting set carry_days 30
        setting list
        db retention
        audit verify
        audit list
        db backup {of.folder}/copy.db
        db vacuum
        kit list --output {of.folder}/kits.csv
        report month --output {of.folder}/month.pdf
    """)
    the_dock(of)
    # The letters of this language are not in the fonts of PDF: a label, which must be as it is, is refused.
    of.refused(f"stock labels K1 --output {of.folder}/labels.pdf")
    of.refused(f"""
        setting set carry_days XX
        setting set XX 1
        kit list --db XX.db
        init --name X --time-zone Europe/London
        kit list --output {of.folder}/kits.csv
        db check
        db check --repair
        account revoke QM1 administrator
        audit verify --contains XX
    """)


@pytest.fixture(scope="module")
def said(spoken: None, tmp_path_factory: pytest.TempPathFactory) -> list[Said]:
    speaker = Speaker(tmp_path_factory.mktemp("station"))
    with patch("host.access.identity.login", return_value="QM1"):
        for chapter in (people_and_stock, carriage, movements, doubts, counting, care):
            chapter(speaker)
    return speaker.said


DATA = ("Car 1", "Constable", "Europe/London", "North", "South", "Spray 2", "Traffic")
"""What was put in, except what has a digit in it or is in capitals."""

TYPED = (*Settings._fields, "day-month", "month-day", *ROLES, "england_wales", *(rule.kind for rule in RULES))
"""Names that are typed, and shown as they are."""

NO_WORDS = {
    r"`kitdock [^`]*`": "a command to type",
    r"^kitdock: ": "who speaks on standard error",
    r"(?<!\S)--?[a-z][\w-]*": "an option, as it is typed",
    r"(?<!\S)/\S+|\b[\w.-]+\.(db|key|csv|pdf)\b": "a file",
    r"\b[a-z_]+:(report-)?(?=[\w])": "a difference or a discrepancy by the name that is typed: missing:K1",
    r"\b[A-Z0-9]*[A-Z][A-Z0-9-]*\b": "data: kits, lots, pouches, logins, reasons",
    r"\b[0-9a-f]{16,}\b": "a hash, or the number of a tag",
    rf"\b({'|'.join(TYPED)})\b": "a setting, a role, a form, a kind of discrepancy, as it is typed",
    r"[-–—\d\s.,:;+±%()'!?]+": "numbers, times as numbers, rulers and what stands between columns",
}
"""What is no word of the language, and why not; looked for in this order."""

DATA_OF_COMMANDS = {
    "audit list": "the journal shows its entries as they are kept: names of actions and of details",
    "account show": "the actions of the account, by their names in the rights",
    "usage file --officer 1300 --answers -": "a form's fields and questions, in the form's own language",
}
"""Commands that show such data all over."""


def unmarked(text: str) -> list[str]:
    """The lines in which something is no word of the language and no data, with what it is."""
    found = []
    for line in text.splitlines():
        rest = re.sub("|".join(map(re.escape, DATA)), " ", MARKED.sub(" ", line))
        for each in NO_WORDS:
            rest = re.sub(each, " ", rest)
        if rest.strip():
            found.append(f"{' '.join(rest.split())!r} in {line}")
    return found


def foreign(said: list[Said]) -> list[str]:
    return [f"kitdock {each.command}: {line}" for each in said for line in unmarked(each.table) + unmarked(each.error)]


def test_what_people_see_is_said_in_the_language_in_use(said: list[Said]) -> None:
    found = foreign([each for each in said if not each.command.startswith(tuple(DATA_OF_COMMANDS))])
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("command", DATA_OF_COMMANDS)
def test_no_command_is_excused_that_shows_no_such_data(command: str, said: list[Said]) -> None:
    assert foreign([each for each in said if each.command.startswith(command)])


TYPED = {
    r"^ *: kitdock .*": "how a command is typed, after its heading",
    r"^  (-h, )?--.*?(?=   |$)": "an option with what is typed after it",
    r"^  [a-z-]+(?=   )": "a command by its name",
    r"\[(env var|default|required|x|\d)[^\]]*\]$": "click's own: a default, a range, whether it must be given",
}
"""What is no word of the language in help besides, where the words were taken out."""


@pytest.mark.parametrize("command", [path for path, _ in command_line()])
def test_help_is_said_in_the_language_in_use(command: str, spoken: None) -> None:
    shown = CliRunner().invoke(root, [*command.split(), "--help"], prog_name="kitdock", terminal_width=9999).stdout
    assert words.help_of(command).partition("\n")[0] in shown
    words_of_it = rf"{OPEN}[^{CLOSE}]*({CLOSE}|$)"  # of a command's text a list has the first sentence alone
    lines = [re.sub("|".join(TYPED), "", re.sub(words_of_it, "   ", line)) for line in shown.splitlines()]
    assert unmarked("\n".join(lines)) == []


@pytest.mark.parametrize("line", ["kits 2", "⟦ķíťś⟧ and ⟦ƥóúćĥéś⟧", "2026-05-01 in stock", "kitdock: no kit"])
def test_what_is_not_said_in_it_is_noticed(line: str) -> None:
    assert unmarked(line)
