"""What people do about discrepancies: opened, acknowledged, resolved, back again; and the roll-up of it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.access.roles import AUDITOR
from host.errors import InputError, NotAllowed, RuleError
from host.phrase import Phrase
from host.reconcile import Discrepancy, lifecycle
from host.reconcile.lifecycle import ACKNOWLEDGED, REOPENED, RESOLVED, Entry
from tests.refusals import refused
from tests.station import Store

NOW = 1_780_000_000_000


def found(subject: str = "K1", occurrence: str = "7", kind: str = "expired_carried", shown: str = "") -> Discrepancy:
    evidence, step = Phrase("found.never_docked", days=2), Phrase("next.nothing_yet")
    return Discrepancy(kind, "high", subject, occurrence, NOW, evidence, step, shown=shown)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, "North", "Europe/London", False, NOW, login="qm") as opened:
        yield opened


def status(store: Store, *there: Discrepancy) -> list[str]:
    return [each.status for each in store.standings(there)]


def actions(store: Store, each: Discrepancy) -> list[str]:
    return [entry.action for entry in store.discrepancy_entries(*each.key)]


def test_what_is_new_is_noted_once_and_what_is_gone_is_cleared(store: Store) -> None:
    assert status(store, found()) == ["opened"]
    assert store.note_discrepancies([found(), found("K2")], NOW) == {"opened": 2}
    assert store.note_discrepancies([found(), found("K2")], NOW + 1) == {}
    assert store.note_discrepancies([found()], NOW + 2) == {"cleared": 1}
    assert actions(store, found()) == ["opened"]
    assert actions(store, found("K2")) == ["opened", "cleared"]


def test_nothing_new_writes_nothing_not_even_into_the_audit(store: Store) -> None:
    store.note_discrepancies([found()], NOW)
    before = len(list(store.audit_entries()))
    store.note_discrepancies([found()], NOW + 1)
    store.standings([found()])
    assert len(list(store.audit_entries())) == before


def test_acknowledged_stays_so_until_it_is_gone_and_comes_again(store: Store) -> None:
    store.note_discrepancies([found()], NOW)
    store.judge("acknowledge", ACKNOWLEDGED, found(), "called, comes on Monday", NOW + 1)
    (live,) = store.standings([found()])
    assert (live.status, live.is_new) == (ACKNOWLEDGED, False)
    assert live.standing is not None
    assert (live.standing.login, live.standing.reason) == ("qm", "called, comes on Monday")
    store.note_discrepancies([], NOW + 2)
    assert status(store, found()) == [REOPENED]
    assert store.note_discrepancies([found()], NOW + 3) == {"reopened": 1}
    assert status(store, found()) == [REOPENED]


def test_resolved_holds_for_the_same_occurrence_and_not_for_the_next(store: Store) -> None:
    store.note_discrepancies([found()], NOW)
    store.judge("resolve", RESOLVED, found(), "typed wrongly", NOW + 1)
    assert store.note_discrepancies([found()], NOW + 2) == {}
    assert status(store, found()) == [RESOLVED]
    again = found(occurrence="9")
    (live,) = store.standings([again])
    assert live.status == REOPENED
    assert store.note_discrepancies([again], NOW + 3) == {"reopened": 1}
    (live,) = store.standings([again])
    assert live.standing is not None
    assert live.standing.reason == "typed wrongly"  # the earlier resolution is still there to read
    assert live.standing.opened_at_ms == NOW


def test_one_that_is_open_stays_open_when_its_occurrence_changes(store: Store) -> None:
    store.note_discrepancies([found()], NOW)
    assert store.note_discrepancies([found(occurrence="9")], NOW + 1) == {}
    store.judge("resolve", RESOLVED, found(occurrence="9"), "done", NOW + 2)
    assert status(store, found(occurrence="9")) == [RESOLVED]


def test_what_cannot_be_done_is_refused_with_the_reason(store: Store) -> None:
    store.note_discrepancies([found()], NOW)
    with refused("discrepancy.is_otherwise", RuleError, status="opened"):
        store.judge("reopen", REOPENED, found(), "why not", NOW)
    store.judge("resolve", RESOLVED, found(), "done", NOW)
    with refused("discrepancy.is_so_already", RuleError, status="resolved"):
        store.judge("resolve", RESOLVED, found(), "done", NOW)
    with refused("discrepancy.is_otherwise", RuleError, status="resolved"):
        store.judge("acknowledge", ACKNOWLEDGED, found(), "seen", NOW)
    store.judge("reopen", REOPENED, found(), "too soon", NOW)
    assert actions(store, found()) == ["opened", "resolved", "reopened"]


def test_one_that_was_never_noted_is_opened_as_it_is_judged(store: Store) -> None:
    store.judge("acknowledge", ACKNOWLEDGED, found(), "seen", NOW)
    assert actions(store, found()) == ["opened", "acknowledged"]


def test_auditor_reads_and_changes_nothing(store: Store, path: Path) -> None:
    store.grant("watch", AUDITOR, None, NOW)
    store.note_discrepancies([found()], NOW)
    with Store.open(path, login="watch") as watched:
        assert status(watched, found()) == ["opened"]
        with pytest.raises(NotAllowed):
            watched.note_discrepancies([], NOW)
        with pytest.raises(NotAllowed):
            watched.judge("resolve", RESOLVED, found(), "so", NOW)
    assert actions(store, found()) == ["opened"]
    assert {(each.action, each.outcome) for each in store.audit_entries() if each.login == "watch"} == {
        ("discrepancy.note", "refused"),
        ("discrepancy.resolve", "refused"),
    }


def test_the_reason_is_in_the_audit_with_the_name(store: Store) -> None:
    store.judge("resolve", RESOLVED, found(), "typed wrongly", NOW)
    last = list(store.audit_entries())[-1]
    assert (last.action, last.subject) == ("discrepancy.resolve", "expired_carried:K1")
    assert "typed wrongly" in last.detail


def test_it_is_named_as_people_see_it_or_by_what_stays() -> None:
    by_pouch = found("00ff:7", kind="opening_unexplained", shown="P-01:7")
    there = lifecycle.live([by_pouch, found()], {})
    assert [each.called for each in there] == ["P-01:7", "K1"]
    assert lifecycle.named("opening_unexplained:P-01:7", there) is there[0]
    assert lifecycle.named("opening_unexplained:00ff:7", there) is there[0]
    for name in ("P-01:7", "opening-unexplained:P-01:7", "Opening-Unexplained:P-01:7"):
        assert lifecycle.named(name, there) is there[0]
    also = lifecycle.live([by_pouch, found(), found(kind="recalled_carried")], {})
    assert [each.called for each in also] == ["P-01:7", "expired-carried:K1", "recalled-carried:K1"]
    assert [lifecycle.named(each.called, also) for each in also] == also
    with refused("discrepancy.several", InputError, name="K1", which=("expired-carried:K1", "recalled-carried:K1")):
        lifecycle.named("K1", also)
    with refused("discrepancy.unknown", InputError, name="expired_carried:K2"):
        lifecycle.named("expired_carried:K2", there)


doings = st.lists(
    st.tuples(
        st.sampled_from(["note", "acknowledge", "resolve", "reopen"]),
        st.sets(st.tuples(st.sampled_from(["K1", "K2"]), st.sampled_from(["1", "2"])), max_size=3),
    ),
    max_size=12,
)
STATUS = {"acknowledge": ACKNOWLEDGED, "resolve": RESOLVED, "reopen": REOPENED}


@given(doings)
def test_the_rollup_is_what_all_entries_give(history: list[tuple[str, set[tuple[str, str]]]]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "x.db", "North", "Europe/London", False, NOW, login="qm") as store,
    ):
        store.connection.execute("PRAGMA synchronous = OFF")
        for at, (doing, subjects) in enumerate(history, NOW):
            there = list({subject: found(subject, occurrence) for subject, occurrence in sorted(subjects)}.values())
            if doing == "note":
                store.note_discrepancies(there, at)
                assert store.note_discrepancies(there, at) == {}
                continue
            for each in there:
                try:
                    store.judge(doing, STATUS[doing], each, f"because {at}", at)
                except RuleError:
                    continue
        kept, recomputed = store.recomputed_standings()
        assert kept == recomputed


def test_an_entry_of_one_says_nothing_of_another() -> None:
    entries = [
        Entry(1, "a", "x", "1", "opened", None, "qm", 1),
        Entry(2, "a", "y", "1", "opened", None, "qm", 2),
        Entry(3, "a", "x", "1", "resolved", "so", "qm", 3),
    ]
    assert {key: each.status for key, each in lifecycle.standings(entries).items()} == {
        ("a", "x"): "resolved",
        ("a", "y"): "opened",
    }
