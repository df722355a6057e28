"""Every question at the terminal can be left: each prompt with `back`, `later`, `?`, `help`, nonsense and nothing.

The prompts are found by machine: each is reached by what is typed before it, and then each word is tried at it.
"""

import ast
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import click
import pytest
from click.testing import CliRunner, Result

from host import clock, forms
from host.access.roles import OFFICER, PROGRAMME_LEAD
from host.bench import procedure
from host.bench.procedure import Measurement
from host.bench.run import Again, Outcome, Stopped
from host.cli import asking, questions
from host.cli.root import root
from host.cli.steps import line
from host.cli.tag import bench_terminal, options
from host.phrase import Phrase
from tests.cli.conftest import DAY_MS, Station, day, noon
from tests.house import HOST
from tests.station import Store

TAG = "0000000000000001"
CLICKS_OWN = ("Error:", "[y/N]", "[Y/n]", "Aborted", "Usage:", "is not in the range", "is not a valid")
"""What click says by itself."""
HELP_WORDS = ("?", "help", "HELP", " Help ")
WORDS = ("back", "later", "help", "?")
FORM = forms.load(forms.DEFAULT)


class Prompt(NamedTuple):
    """A prompt of a dialogue: what is typed before it, how it is shown, and what is no answer to it."""

    name: str
    before: tuple[str, ...]
    shown: str
    nonsense: str | None = "no such answer"


def prompts_of_the_form() -> Iterator[tuple[str, str, str | None]]:
    """Each question that an officer is asked: its key, how it is shown, and an answer to it."""
    typed = {"text": "North", "instant": "", "yes_no": "no", "integer": "1", "choice": "1"}
    for field in FORM.asked(collect_names=False):
        answer = {"resupply_needed": "yes"}.get(field.key, typed[field.type])
        yield field.key, line("asking.answer") if field.choices else field.label, answer


def prompts_at_the_dock() -> list[Prompt]:
    before = ["", "1", "", "yes"]
    found = [
        Prompt("who", (), f"{line('asking.collar_number')} [1207]"),
        Prompt("why", ("",), line("asking.answer"), "seventeen"),
        Prompt("doses", ("", "1"), f"{line('asking.doses')} [2]"),
        Prompt("report now", ("", "1", ""), f"{line('asking.file_now')} (yes/no) [yes]"),
        Prompt("kit", tuple(before), line("asking.kit")),
    ]
    before.append("K1")
    for key, shown, answer in prompts_of_the_form():
        nonsense = None if key == "area" else "x" * 61
        found.append(Prompt(key, tuple(before), shown, nonsense))
        before.append(str(answer))
    return found


PROMPTS = prompts_at_the_dock()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station whose officer 1207 has two kits in pouch P1, which was opened once and has docked."""
    made = Station(tmp_path_factory.mktemp("template") / "station.db")
    made.run("init", "--name", "North", "--time-zone", "Europe/London")
    made.tag("P1")
    then = noon(-25)
    with Store.open(made.db) as store:
        store.add_officer("1207", day(-60), then)
        store.add_officer("1300", day(-60), then)
        for kit in ("K1", "K2"):
            store.add_kit(kit, "Nyxoid", "A1", day(400) if kit == "K1" else None, None, then)
            store.issue_kit(kit, "1207", "P1", then)
        store.add_kit("K3", "Nyxoid", "A1", None, None, then)
        store.grant(store.login, PROGRAMME_LEAD, None, clock.now_ms())
    made.dock(TAG, ("lid_open", 5), ("dose_mark", 4.99), ("dose_mark", 4.95), ("lid_close", 4.9))
    return made.db


@pytest.fixture
def there(template: Path, tmp_path: Path) -> Station:
    for each in template.parent.iterdir():
        shutil.copy2(each, tmp_path / each.name)
    return Station(tmp_path / template.name)


@pytest.fixture
def terminal() -> Iterator[None]:
    """Somebody can answer."""
    with (
        patch("host.cli.terminal.has_terminal", return_value=True),
        patch("click.testing._NamedTextIOWrapper.isatty", lambda self: self.name == "<stdin>", create=True),
    ):
        yield


def dock(there: Station, *typed: str) -> Result:
    """What is asked when the pouch has docked and answered with the lines `typed`; then the input ends."""
    with Store.open(there.db) as store:

        @click.command()
        def prompt() -> None:
            asking.ask_about(store, [TAG], forms.DEFAULT)

        asked = CliRunner().invoke(prompt, input="".join(f"{each}\n" for each in typed), catch_exceptions=False)
    assert asked.exit_code == 0
    assert asked.stdout == "", "standard output is for results"
    assert not [each for each in CLICKS_OWN if each in asked.stderr], asked.stderr
    return asked


def recorded(there: Station) -> list[Any]:
    """All that was said and is no draft."""
    with Store.open(there.db) as store:
        found: list[Any] = [(each.cause, each.doses, each.officer) for each in store.explanations()]
        found += [(each.kit, each.fields, store.report(each.id)[1]) for each in store.reports()]
        return found


def texts(value: object) -> Iterator[str]:
    """Every text in some data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.items():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def drafted(there: Station) -> Any:
    with Store.open(there.db) as store:
        (opening,) = store.openings(TAG)
        return store.kept_draft(forms.DEFAULT, "1207", opening)


@pytest.mark.parametrize("at", PROMPTS, ids=lambda at: at.name)
def test_help_is_given_at_each_prompt_and_is_never_data(there: Station, at: Prompt) -> None:
    asked = dock(there, *at.before, *HELP_WORDS)
    shown = f"{at.shown}:" if "[" in at.shown else at.shown
    assert asked.stderr.count(shown) > len(HELP_WORDS), asked.stderr
    assert asked.stderr.count("Or type back for the question before") == len(HELP_WORDS)
    assert not set(WORDS) & {each.strip().lower() for each in texts([recorded(there), drafted(there)])}


@pytest.mark.parametrize("at", PROMPTS, ids=lambda at: at.name)
def test_back_goes_to_the_prompt_before(there: Station, at: Prompt) -> None:
    number = PROMPTS.index(at)
    asked = dock(there, *at.before, "back")
    before = PROMPTS[max(0, number - 1)].shown.partition(" [")[0].partition(" (press Enter")[0].partition(" (Enter")[0]
    *_, last = [each for each in asked.stderr.split("back\n")[-1].splitlines() if ":" in each and "left" not in each]
    assert last.startswith(before), asked.stderr
    assert ("This is the first question." in asked.stderr) == (number == 0)
    assert not set(WORDS) & set(texts([recorded(there), drafted(there)]))


@pytest.mark.parametrize("at", PROMPTS, ids=lambda at: at.name)
@pytest.mark.parametrize("leave", [("later",), ()], ids=["later", "end"])
def test_later_and_the_end_of_the_input_leave_it_and_keep_a_draft(
    there: Station, at: Prompt, leave: tuple[str, ...]
) -> None:
    asked = dock(there, *at.before, *leave)
    number = PROMPTS.index(at)
    kept = line("asking.draft_kept" if number > 5 else "asking.left_for_later")
    assert asked.stderr.endswith(f"  {kept}\n"), asked.stderr
    with Store.open(there.db) as store:
        assert store.reports() == []
        assert len(store.explanations()) == (number > 2)
    draft = drafted(there)
    if number > 5:
        assert draft.kit == "K1"
        assert set(draft.answers) <= {each.name for each in PROMPTS[5:number]}
        assert "area" in draft.answers
    assert not set(WORDS) & set(texts(draft or []))


@pytest.mark.parametrize("at", [each for each in PROMPTS if each.nonsense], ids=lambda at: at.name)
def test_nonsense_is_asked_again(there: Station, at: Prompt) -> None:
    assert at.nonsense is not None
    asked = dock(there, *at.before, at.nonsense)
    assert asked.stderr.count(at.shown) >= 2, asked.stderr
    assert at.nonsense not in set(texts([recorded(there), drafted(there)]))


@pytest.mark.parametrize("at", PROMPTS, ids=lambda at: at.name)
def test_enter_takes_what_is_offered_or_leaves_out_or_asks_again(there: Station, at: Prompt) -> None:
    asked = dock(there, *at.before, "")
    field = next((each for each in FORM.fields if each.key == at.name), None)
    again = field is not None and (field.required or field.required_if is not None) and field.key not in (
        "doses", "incident_at"
    )  # fmt: skip
    assert ("required" in asked.stderr or "needed" in asked.stderr) == again, asked.stderr


# Drafts.


def everything() -> list[str]:
    return [*PROMPTS[-1].before[1:], "2"]


def test_a_draft_is_offered_the_next_time_and_goes_once_the_report_is_filed(there: Station) -> None:
    at = next(each for each in PROMPTS if each.name == "outcome")
    dock(there, *at.before, "later")
    left = PROMPTS.index(at) - 5
    again = dock(there, "", "yes", "", *[""] * left, "1", *everything()[-4:])
    assert "You'd started this report. Your answers are filled in." in again.stderr
    assert "Kit [K1]" in again.stderr
    assert "Area where the officer works [North]" in again.stderr
    assert line("asking.report_filed", report=1) in again.stderr
    assert "`kitdock usage file --amends 1 --opening P1:1 --officer 1207`" in again.stderr
    assert "`kitdock usage withdraw 1 --reason WHY`" in again.stderr
    assert drafted(there) is None
    ((_, fields, protected),) = (each for each in recorded(there) if isinstance(each[1], dict))
    assert fields["area"] == "North"
    assert (protected["outcome"], protected["tilted_head"]) == ("conscious_and_responsive", False)


def test_the_cause_that_was_chosen_is_offered_the_next_time(there: Station) -> None:
    dock(there, "", "1", "later")
    assert recorded(there) == []
    assert "Your answer [1]" in dock(there, "").stderr


def test_back_offers_what_was_typed(there: Station) -> None:
    asked = dock(there, *PROMPTS[6].before, "back", "South", "back", "", "back")
    assert "Area where the officer works [North]: South" in asked.stderr
    assert asked.stderr.count("Area where the officer works [South]") == 2


def test_an_answer_that_is_not_needed_can_be_taken_out_again(there: Station) -> None:
    age = next(each for each in PROMPTS if each.name == "person_age")
    dock(there, *age.before, "34", "later")
    assert drafted(there).answers["person_age"] == 34
    dock(there, "", "yes", *[""] * 4, "-", "later")
    assert "person_age" not in drafted(there).answers


def test_nothing_of_a_draft_is_readable_in_the_file(there: Station) -> None:
    at = next(each for each in PROMPTS if each.name == "substance")
    before = ["Nordhafen" if each == "North" else each for each in at.before]
    dock(there, *before, "1", "later")
    kept = b"".join(path.read_bytes() for path in there.db.parent.iterdir() if path.suffix != ".key")
    for word in (b"Nordhafen", b"heroin", b"person_gender", b"female"):
        assert word not in kept
    assert drafted(there).answers["substance"] == "heroin"


def test_ctrl_c_in_a_form_keeps_the_draft_and_is_passed_on(there: Station) -> None:
    typed = iter([*PROMPTS[7].before])

    def read(prompt: str) -> str:
        try:
            return next(typed)
        except StopIteration:
            raise KeyboardInterrupt from None

    with (
        Store.open(there.db) as store,
        patch("click.termui.visible_prompt_func", read),
        pytest.raises(KeyboardInterrupt),
    ):
        asking.ask_about(store, [TAG], forms.DEFAULT)
    assert "area" in drafted(there).answers


def test_at_a_shared_dock_what_is_protected_is_kept_and_not_shown(there: Station) -> None:
    at = next(each for each in PROMPTS if each.name == "substance")
    dock(there, *at.before, "1", "later")
    with Store.open(there.db) as store:
        store.grant("dock", OFFICER, None, clock.now_ms())
    with patch("host.access.identity.login", return_value="dock"):
        asked = dock(there, "1207", "yes", *[""] * 7)
    assert "[as you answered before]" in asked.stderr
    assert "heroin]" not in asked.stderr
    assert drafted(there).answers["substance"] == "heroin"


def test_an_opening_that_is_explained_as_something_else_needs_no_draft(there: Station) -> None:
    dock(there, *PROMPTS[7].before, "later")
    assert drafted(there) is not None
    there.run("openings", "explain", "P1:1", "--cause", "training", "--officer", "1207")
    assert drafted(there) is None


def test_a_report_is_gone_on_with_at_the_command_line(there: Station, terminal: None) -> None:
    done = there.run("usage", "file", "--opening", "P1:1", input="K1\nNorth\nlater\n", status=1)
    assert "Go on with `kitdock usage file --opening P1:1 --officer 1207` another time." in done.stderr
    typed = ["", *everything()[4:]]
    done = there.run("usage", "file", "--opening", "P1:1", input="\n".join(typed) + "\n")
    assert "You'd started this report." in done.stderr
    assert "or withdraw it with `kitdock usage withdraw 1 --reason WHY`" in done.stderr
    assert drafted(there) is None


# Commands that ask a question or two.


def ago(days: float) -> str:
    return clock.iso(clock.now_ms() - round(days * DAY_MS), "Europe/London")[:16]


def wrongly_issued(there: Station) -> None:
    there.run("kit", "issue", "K3", "1207", "--at", ago(2))
    there.run("kit", "correct", "K3", "--reason", "1207 typed for 1300")


def backed_up(there: Station) -> None:
    there.run("db", "backup", str(there.db.with_name("backup.db")))


def old_report(there: Station) -> None:
    with Store.open(there.db) as store:
        store.add_report(forms.DEFAULT, "1207", None, 1, {}, {"outcome": "x"}, clock.now_ms() - 20 * DAY_MS)
        store.set_setting("retain_answers_days", "10")


def under_way(there: Station) -> None:
    there.run("stocktake", "start")


COMMANDS: dict[str, tuple[Callable[[Station], None], tuple[str, ...], tuple[str, ...], str]] = {
    "explain: who": (lambda _: None, ("openings", "explain", "P1"), (), f"{line('asking.collar_number')} [1207]"),
    "explain: why": (lambda _: None, ("openings", "explain", "P1"), ("",), line("asking.answer")),
    "explain: doses": (lambda _: None, ("openings", "explain", "P1"), ("", "1"), f"{line('asking.doses')} [2]"),
    "file: kit": (lambda _: None, ("usage", "file", "--opening", "P1"), (), line("asking.kit")),
    "file: form": (lambda _: None, ("usage", "file", "--opening", "P1"), ("",), "Area where the officer works"),
    "return: count": (lambda _: None, ("kit", "return", "K1"), (), line("ask.doses_in_it")),
    "return: past": (
        lambda _: None,
        ("kit", "return", "K1", "K2", "--doses", "2", "--at", ago(0.25)),
        (),
        f"{line('ask.record_it')} (yes/no) [no]",
    ),
    "issue: since then": (wrongly_issued, ("kit", "issue", "K3", "1300"), (), "(yes/no) [yes]"),
    "restore": (backed_up, ("db", "restore", "BACKUP"), (), f"{line('ask.restore')} (yes/no) [no]"),
    "retention": (old_report, ("db", "retention", "--apply"), (), "(yes/no) [no]"),
    "stocktake: reason": (under_way, ("stocktake", "close"), (), line("ask.reason")),
}  # fmt: skip


def content(there: Station) -> list[Any]:
    """Every row of every table but the audit and drafts."""
    aside = ("journal", "fact", "report_draft", "wrapped_key", "stocktake_reason", "sqlite_sequence")
    with Store.open(there.db) as store:
        tables = [row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return [store.rows(f'SELECT * FROM "{table}"') for table in tables if table not in aside]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("leave", [("later",), (), ("back",), ("nonsense 1 2 3 !",) * 2], ids=str)
def test_a_command_that_is_left_at_its_question_changes_nothing(
    there: Station, terminal: None, name: str, leave: tuple[str, ...]
) -> None:
    prepare, command, before, shown = COMMANDS[name]
    if "reason" in name and len(leave) > 1:
        leave = ("x" * 201,)  # a reason is any text that is short
    prepare(there)
    was = content(there)
    words = [str(there.db.with_name("backup.db")) if each == "BACKUP" else each for each in command]
    typed = "".join(f"{each}\n" for each in (*before, *HELP_WORDS, *leave))
    done = CliRunner().invoke(root, words, input=typed, env={"KITDOCK_DB": str(there.db), "COLUMNS": "80"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (1, 2), done.output
    assert done.stderr.count(shown) > len(HELP_WORDS), done.stderr
    assert done.stderr.count("Or type back for the question before") == len(HELP_WORDS)
    assert not [each for each in CLICKS_OWN if each in done.output], done.output
    assert content(there) == was


def test_reasons_of_a_stocktake_are_kept_until_it_is_closed(there: Station, terminal: None) -> None:
    under_way(there)
    there.run("place", "add", "Car 1", "--kind", "vehicle")
    with Store.open(there.db) as store:
        store.add_kit("K4", "Nyxoid", "A1", None, None, clock.now_ms() - DAY_MS)
    done = there.run("stocktake", "close", input="lent to South\nlater\n", status=1)
    assert "The reasons you gave are kept. Go on with `kitdock stocktake close` another time." in done.stderr
    done = there.run("stocktake", "close", input="back\n\nat the dentist's\nback\n\n\n")
    assert "This is the first question." in done.stderr
    assert done.stderr.count(f"{line('ask.reason')} [lent to South]") == 2
    assert [row["reason"] for row in there.json("stocktake", "result", "1")] == ["lent to South", "at the dentist's"]
    with Store.open(there.db) as store:
        assert store.rows("SELECT * FROM stocktake_reason") == []


def test_scans_of_a_stocktake_know_the_same_words(there: Station) -> None:
    under_way(there)
    done = there.run("stocktake", "scan", input="?\nhelp\nK3\nback\nBACK\nK3\nlater\nK9\n")
    assert done.stderr.count("Or type back to take back your last scan") == 2
    assert there.json("stocktake", "scan", input="")["kits"] == 1
    with Store.open(there.db) as store:
        assert {row[0] for row in store.rows("SELECT kit FROM stocktake_scan")} == {"K3"}


@pytest.mark.parametrize("word", ["yes", "y", "YES", " Y "])
def test_what_cannot_be_undone_is_agreed_in_words(word: str) -> None:
    @click.command()
    def prompt() -> None:
        options.agreed(Phrase("flash.erase_log", port="/dev/ttyX"), yes=False)

    with patch("click.testing._NamedTextIOWrapper.isatty", lambda self: True, create=True):
        asked = CliRunner().invoke(prompt, input=f"?\nperhaps\n{word}\n")
        assert asked.exit_code == 0
        assert "This can't be undone." in asked.stderr
        assert asked.stderr.count("(yes/no) [no]:") == 3
        for left in ("no\n", "\n", "later\n", "back\n", ""):
            refused = CliRunner().invoke(prompt, input=left)
            assert isinstance(refused.exception, questions.Declined)
            assert not [each for each in CLICKS_OWN if each in refused.output]


# The bench.


def at_the_bench(typed: str, use: Callable[[bench_terminal.Terminal], object]) -> Result:
    @click.command()
    def prompt() -> None:
        use(bench_terminal.Terminal())

    with patch("host.cli.tag.bench_terminal.has_terminal", return_value=True):
        return CliRunner().invoke(prompt, input=typed)


BENCH: dict[str, Callable[[bench_terminal.Terminal], object]] = {
    "act": lambda person: person.act("Press the button."),
    "answer": lambda person: person.answer(a_reading()),
}


def a_reading() -> Measurement:
    """Some number that is read at the bench."""
    return next(reading for step in procedure.steps() for reading in step.ask if reading.kind == procedure.NUMBER)


@pytest.mark.parametrize("name", BENCH)
@pytest.mark.parametrize(("typed", "ends"), [("later", Stopped), ("back", Again), ("q", Stopped), (None, Stopped)])
def test_a_step_at_the_bench_is_left_by_the_same_words(name: str, typed: str | None, ends: type[BaseException]) -> None:
    asked = at_the_bench("?\nhelp\n" + (f"{typed}\n" if typed else ""), BENCH[name])
    assert isinstance(asked.exception, ends), asked.output
    assert asked.stderr.count("Type back to do this step again") == 2
    assert not [each for each in CLICKS_OWN if each in asked.output]


@pytest.mark.parametrize("typed", ["later\n", ""])
def test_the_question_for_instruments_is_left(typed: str) -> None:
    @click.command()
    def prompt() -> None:
        bench_terminal.ask_what_is_at_hand()

    asked = CliRunner().invoke(prompt, input=f"?\nback\nhelp\nnonsense\n{typed}")
    assert isinstance(asked.exception, questions.Later)
    assert "This is the first question." in asked.stderr
    assert asked.stderr.count("Type the numbers of what is on your bench") == 2


def test_back_does_a_step_again() -> None:
    step = procedure.steps()[0]
    repeats: list[bool] = []
    outcome = Outcome(False, Phrase("bench.skipped"), {})
    asked = at_the_bench("back\n", lambda person: repeats.append(person.judge(step, outcome)))
    assert (asked.exception, repeats) == (None, [True])


# Screens, and who may ask.


def shown_in(width: int, question: str) -> list[str]:
    """The lines of a question at a terminal so wide."""
    shown: list[str] = []

    def read(prompt: str) -> str:
        shown.append(prompt)
        return ""

    with (
        patch("host.cli.questions.columns", return_value=width),
        patch("click.echo", lambda text="", **_: shown.append(str(text))),
        patch("click.termui.visible_prompt_func", read),
    ):
        questions.read(question)
    return shown


@pytest.mark.parametrize("width", [80, 40])
def test_no_word_is_broken_at_the_edge_and_there_is_room_to_type(width: int) -> None:
    for field in FORM.fields:
        question = f"{field.label} (yes/no) [as you answered before]:"
        shown = shown_in(width, question)
        assert all(len(each) <= width for each in shown)
        assert len(shown[-1]) <= width - questions.ROOM + 1
        assert " ".join(shown).replace(" > ", "").split() == question.split()


def test_only_one_place_asks() -> None:
    """click asks in its own words, in every language: nothing but `questions` reads what is typed."""
    asks = {
        path.relative_to(HOST).as_posix()
        for path in (HOST / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.prompt", "click.confirm", "input")
    }
    assert asks == set()
