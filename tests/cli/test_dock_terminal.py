"""The terminal at the dock: who is asked when, and what is shown of what happens meanwhile."""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from host import clock
from host.access.roles import PROGRAMME_LEAD
from host.cli import dock_terminal
from host.cli.dock_terminal import RECENT_MS, DockTerminal
from host.cli.showing.docking import MOST_HELD, Meanwhile
from host.docking.session import DockingStep
from host.errors import DatabaseBusy, LinkError
from host.phrase import Phrase
from tests.cli.conftest import DAY_MS, Station, day
from tests.station import Store

OWN, OTHER, THIRD = (f"{number:016x}" for number in (1, 2, 3))
OPENED = (("lid_open", 0.02), ("lid_close", 0.01))


class Left(Exception):
    """The person at the terminal has done what the test wanted."""


def ctrl_c() -> None:
    raise KeyboardInterrupt


class Person:
    """Types `answers` one after the other; what is callable happens at the dock while its question is there."""

    def __init__(self, *answers: str | Callable[[], None]) -> None:
        self._answers = iter(answers)

    def __call__(self, prompt: str) -> str:
        print(prompt)
        for answer in self._answers:
            if isinstance(answer, str):
                return answer
            answer()
        raise AssertionError(f"not expected to be asked: {prompt}")


@pytest.fixture
def shift(force: Station) -> Iterator[Station]:
    """Beside officer 1207 with P1, officer 1300 with P2; P3 is nobody's."""
    force.tag("P2")
    force.tag("P3")
    with Store.open(force.db) as store:
        now_ms = clock.now_ms()
        store.grant(store.login, PROGRAMME_LEAD, None, now_ms)
        store.add_officer("1300", day(-60), now_ms)
        store.add_kit("K2", "Nyxoid", "A1", day(400), None, now_ms - DAY_MS)
        store.issue_kit("K2", "1300", "P2", now_ms - DAY_MS)
    with patch("host.cli.terminal.has_terminal", return_value=True), patch.object(dock_terminal, "LOOK_S", 0.0):
        yield force


def serve(station: Station, held: Meanwhile, *answers: str | Callable[[], None]) -> None:
    """Serves a person with those answers until nobody is asked any more."""

    def goes_on() -> None:
        raise Left

    person = patch("click.termui.visible_prompt_func", Person(*answers))
    with Store.open(station.db) as store, person, pytest.raises(Left):
        DockTerminal(store, held).serve(goes_on)


def said(station: Station) -> list[tuple[str | None, str, str]]:
    with Store.open(station.db) as store:
        return [(each.officer, each.tag, each.cause) for each in store.explanations()]


def test_who_docks_while_another_types_is_announced_and_asked_next(
    shift: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    shift.dock(OWN, *OPENED)
    serve(shift, Meanwhile(), lambda: shift.dock(OTHER, *OPENED), "", "2", "", "3")
    assert said(shift) == [("1207", OWN, "training"), ("1300", OTHER, "inspection")]
    shown = capsys.readouterr().err
    announced = shown.index("Pouch P2 was collected. Its questions come after these.")
    assert shown.index("Hello, 1207.") < announced < shown.index("What was it for?") < shown.index("Hello, 1300.")


def test_an_officer_with_two_pouches_is_asked_once_who_it_is(
    shift: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    with Store.open(shift.db) as store:
        store.add_kit("K3", "Nyxoid", "A1", day(400), None, clock.now_ms() - DAY_MS)
        store.issue_kit("K3", "1207", "P3", clock.now_ms() - DAY_MS)
    for tag in (OWN, OTHER, THIRD):
        shift.dock(tag, *OPENED)
    serve(shift, Meanwhile(), "", "2", "3", "", "4")
    assert said(shift) == [("1207", OWN, "training"), ("1207", THIRD, "inspection"), ("1300", OTHER, "restocking")]
    assert "We'll ask in this order: officer 1207, officer 1300." in capsys.readouterr().err


def test_ctrl_c_leaves_one_officers_questions_and_asks_the_next(shift: Station) -> None:
    shift.dock(OWN, *OPENED)
    shift.dock(OTHER, *OPENED)
    serve(shift, Meanwhile(), "", ctrl_c, "", "2")
    assert said(shift) == [("1300", OTHER, "training")]


def test_a_pouch_without_questions_lets_its_officer_go(shift: Station, capsys: pytest.CaptureFixture[str]) -> None:
    shift.dock(OWN, *OPENED)
    serve(shift, Meanwhile(), lambda: shift.dock(OTHER), "", "2")
    assert "Pouch P2 was collected. There's nothing for you to answer." in capsys.readouterr().err


def test_what_was_collected_long_before_is_not_asked(shift: Station) -> None:
    shift.dock(OWN, *OPENED, days_ago=2 * RECENT_MS / DAY_MS)
    serve(shift, Meanwhile())


def test_trouble_with_one_officers_answer_ends_neither_the_dock_nor_the_next_ones_turn(
    shift: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    shift.dock(OWN, *OPENED)
    shift.dock(OTHER, *OPENED)

    busy = DatabaseBusy("database.busy", path=shift.db)
    with patch("host.service.reports.Reports.note_docked_by", side_effect=[busy, None]):
        serve(shift, Meanwhile(), "", "", "2")
    assert said(shift) == [("1300", OTHER, "training")]
    assert str(shift.db) in capsys.readouterr().err.replace("\n", "")


def test_a_terminal_that_only_asks_says_once_that_nothing_can_be_saved_and_when_it_can(
    shift: Station, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dock_terminal, "CHECK_S", 0.0)
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.01)
    with Store.open(shift.db) as store, Store.open(shift.db) as other:
        watch = dock_terminal.SavingWatch(store)
        watch.look()
        assert capsys.readouterr().err == ""
        with other.writing():
            watch.look()
            watch.look()
            assert capsys.readouterr().err.count("Another program has locked database") == 1
        watch.look()
        watch.look()
        assert capsys.readouterr().err.count("can be saved again.") == 1


def test_what_has_ended_the_collecting_ends_the_dock_once_nobody_is_asked(shift: Station) -> None:
    def goes_on() -> None:
        raise LinkError("docking.in_safe_mode", pouch="P1", how="")

    shift.dock(OWN, *OPENED)
    person = patch("click.termui.visible_prompt_func", Person("", "2"))
    with Store.open(shift.db) as store, person, pytest.raises(LinkError):
        DockTerminal(store, Meanwhile()).serve(goes_on)
    assert said(shift) == [("1207", OWN, "training")]


def test_lines_that_are_held_are_few_and_those_that_are_gone_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    held = Meanwhile()
    for number in range(MOST_HELD + 5):
        held.add(DockingStep("failed", "P1", Phrase("docking.connected")), f"line {number}")
    held.show()
    shown = capsys.readouterr().err.splitlines()
    assert shown == ["Earlier messages not shown: 5.", *(f"line {number}" for number in range(5, MOST_HELD + 5))]
    held.show()
    assert capsys.readouterr().err == ""
