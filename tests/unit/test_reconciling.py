"""What does not agree, as every face asks for it; every docking notes it, and those who may see it are shown it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from host.access.roles import AUDITOR, OFFICER
from host.errors import InputError, NotAllowed
from host.service.reconciling import Wanted
from tests.refusals import refused
from tests.station import Store

NOW = 1_780_000_000_000
DAY = 86_400_000
LAPSED = "training_lapsed:K1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Officer 1207, whose training has lapsed, carries K1, which has expired."""
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW) as opened:
        opened.add_officer("1207", date(2026, 5, 1), NOW)
        opened.add_kit("K1", "Nyxoid", "A1", date(2026, 6, 30), None, NOW)
        opened.issue_kit("K1", "1207", None, NOW)
        yield opened


LATER = NOW + 400 * DAY


def shown(store: Store, wanted: Wanted = Wanted(), days: int | None = None) -> list[tuple[str, str]]:  # noqa: B008
    return [(each.found.name, each.status) for each in store.disagreements(LATER, wanted, days).shown]


def test_what_nobody_has_noted_is_opened_and_has_no_standing(store: Store) -> None:
    assert shown(store) == [("expired_carried:K1", "opened"), (LAPSED, "opened")]
    assert [each.standing for each in store.found_now(LATER)] == [None, None]
    assert store.discrepancy_log() == []


def test_it_is_noted_once_and_again_when_it_is_gone(store: Store) -> None:
    assert store.note_what_is_found(LATER) == {"opened": 2}
    assert store.note_what_is_found(LATER + 1) == {}
    store.change_officer("1207", trained_on=date(2026, 11, 1))
    assert store.note_what_is_found(LATER + 2) == {"cleared": 1}
    assert [each.action for each in store.examined(LAPSED, LATER).history] == ["opened", "cleared"]
    assert store.examined(LAPSED, LATER).live is None


def test_a_shared_dock_notes_and_is_shown_nothing(store: Store, tmp_path: Path) -> None:
    store.grant("dock", OFFICER, None, NOW)
    store.grant("watch", AUDITOR, None, NOW)
    with Store.open(store.path, login="dock") as dock:
        with pytest.raises(NotAllowed):
            dock.found_now(LATER)
        assert dock.note_what_is_found(LATER) == {"opened": 2}
    with Store.open(store.path, login="watch") as watch:
        assert len(shown(watch)) == 2
        with pytest.raises(NotAllowed):
            watch.note_what_is_found(LATER)


def test_what_is_asked_for_is_shown_and_what_is_known_is_counted(store: Store) -> None:
    assert store.judge_named(LAPSED, "acknowledge", "booked", LATER).standing.status == "acknowledged"
    assert shown(store, Wanted(severity="high")) == [("expired_carried:K1", "opened")]
    assert shown(store, Wanted(kinds=("training_lapsed",))) == [(LAPSED, "acknowledged")]
    with refused("officer.unknown", InputError, officer="1300"):
        shown(store, Wanted(officer="1300"))
    new = store.disagreements(LATER, Wanted(only_new=True))
    assert ([each.found.kind for each in new.shown], new.hidden, new.narrowed) == (["expired_carried"], 1, True)
    store.judge_named(LAPSED, "resolve", "on leave", LATER)
    known = store.disagreements(LATER, Wanted())
    assert (len(known.shown), known.hidden, known.narrowed) == (1, 1, False)
    assert (LAPSED, "resolved") in shown(store, Wanted(resolved_too=True))
    with refused("place.unknown", InputError, place="East"):
        shown(store, Wanted(station="East"))


def test_one_is_examined_with_what_it_rests_on(store: Store) -> None:
    found = store.examined(LAPSED, LATER)
    assert (found.name, found.history) == (LAPSED, [])
    assert [each.fact for each in found.evidence] == ["movement:2"]
    with refused("discrepancy.unknown", InputError, name="training_lapsed:K9"):
        store.examined("training_lapsed:K9", LATER)
