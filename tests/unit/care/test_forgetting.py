"""What is destroyed is gone from the file, its log, the journal and each later backup; and the chain holds."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

import pytest

from host import clock
from host.access import journal
from host.access.journal import FORGOTTEN
from host.access.vault import key_path
from host.errors import InputError, NotAllowed, RuleError
from host.ledger import Movement
from host.phrase import Phrase
from host.service.care import AUDIT
from host.store.stock import Incoming
from tests.refusals import refused
from tests.station import Store
from tests.unit.care.care import DAY, failed, retained
from tests.unit.test_migrations import T1, make_001, rows

NUMBER = "PC-8842"
"""A leaver's, such as is written nowhere else."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "station.db"
    make_001(path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, login="keeper") as opened:
        path.with_name("station.db.before-002").unlink()
        yield opened


def everywhere(store: Store, path: Path) -> dict[str, bytes]:
    """The bytes of the file with its log, and of a backup made now."""
    backup = path.with_name("backup")
    backup.unlink(missing_ok=True)
    store.back_up(backup)
    files = [each for each in path.parent.glob("station.db*") if each != key_path(path)]
    return {"file and log": b"".join(each.read_bytes() for each in files), "backup": backup.read_bytes()}


def found(store: Store, path: Path, *canaries: str | bytes) -> set[str]:
    """Where any of the canaries is, as bytes, as text, or as hexadecimal digits."""
    forms = [
        form
        for each in canaries
        for raw in [each if isinstance(each, bytes) else each.encode()]
        for form in (raw, raw.hex().encode(), raw.hex().upper().encode())
    ]
    return {where for where, data in everywhere(store, path).items() if any(form in data for form in forms)}


BOTH = {"file and log", "backup"}


def whole(store: Store) -> journal.Chain:
    """The journal, which holds; so does all that is checked."""
    assert failed(store) == {}
    chain = store.verify_audit()
    assert chain.why is None
    return chain


def test_protected_answers_go_from_the_journal_too(store: Store, path: Path) -> None:
    sealed = [row[0] for row in rows(path, "SELECT sealed FROM usage_report")]
    new = store.add_report("england_wales", "4102", None, 1, {"area": "South"}, {"outcome": "conscious"}, 1)
    sealed += [row[0] for row in rows(path, f"SELECT sealed FROM usage_report WHERE id = {new.id}")]
    assert all(found(store, path, each) == BOTH for each in sealed)
    of_reports = len(rows(path, "SELECT 1 FROM fact WHERE about LIKE 'usage_report:%'"))
    assert retained(store, answers=30)["answers"] == (3, 0)
    assert found(store, path, *sealed) == set()
    assert whole(store).destroyed == of_reports


def test_open_answers_go_from_the_journal_too(store: Store, path: Path) -> None:
    store.add_report("england_wales", "4102", None, 1, {"area": "Quarry Lane"}, {"outcome": "conscious"}, 1)
    assert found(store, path, "Quarry Lane") == BOTH
    assert retained(store, reports=30)["reports"] == (3, 0)
    assert found(store, path, "Quarry Lane") == set()
    whole(store)


def test_records_and_what_was_said_of_them_go_from_the_journal_too(store: Store, path: Path) -> None:
    gone = [row[0] for row in rows(path, f"SELECT record FROM event WHERE tag = '{T1}' AND sequence IN (3, 4)")]
    assert found(store, path, *gone) == BOTH
    assert retained(store, events=30)["events"] == (12, 10)
    assert found(store, path, *gone) == set()
    explained = {(each.tag, each.sequence) for each in store.explanations()}
    assert (T1, 3) not in explained
    bodies = [row[0] or "" for row in rows(path, "SELECT body FROM fact")]
    assert not any('"explanation"' in each and '"cause":"training"' in each for each in bodies)
    whole(store)


def leaver(store: Store) -> None:
    """An officer to whom everything happened that is noted of officers, and who left long ago."""
    now = clock.now_ms()
    store.add_officer(NUMBER, date(2025, 12, 1), now)
    store.change_officer(NUMBER, unit="Roads")
    store.grant("one", "officer", NUMBER, now)
    store.revoke("one", "officer")
    store.receive([Incoming("K-9", "Two", "L9", date(2030, 1, 31), 2)], now)
    store.move(Movement(0, now, "issue", "K-9", NUMBER))
    store.move(Movement(0, now, "return", "K-9", doses=2))
    store.add_explanation(T1, 12, NUMBER, "inspection", None, now)
    store.note_docked_by(T1, NUMBER, now)
    report = store.add_report("england_wales", NUMBER, None, 1, {"area": "South"}, {"outcome": "conscious"}, now)
    store.withdraw_report(report.id, "a slip", now)
    stocktake = store.start_stocktake(None, False, now)
    store.scan_kit(stocktake.id, NUMBER, "K-9", None, now)
    store.undo_scan(stocktake.id, NUMBER, now)
    store.cancel_stocktake(stocktake.id, "a fire alarm", now)
    store.note_what_is_found(now)
    store.change_officer(NUMBER, left_on=date(2026, 2, 1))


def test_a_leavers_number_goes_from_the_journal_too(store: Store, path: Path) -> None:
    leaver(store)
    others = [each.number for each in store.audit_entries() if each.told]
    assert found(store, path, NUMBER) == BOTH
    assert retained(store, leavers=30)["leavers"] == (1, 0)
    assert found(store, path, NUMBER) == set()
    chain = whole(store)
    entries = list(store.audit_entries())
    assert [each.number for each in entries] == list(range(1, chain.entries + 1)), "each is still there"
    unsaid = {each.number for each in entries if each.told is None}
    assert 8 < len(unsaid) < len(others), "only what names the leaver went"
    assert {each.action for each in entries if each.told is None} >= {"officer.add", "report.file", "kit.issue"}


def test_the_check_says_what_was_destroyed_and_when(store: Store) -> None:
    of_reports = len(rows(store.path, "SELECT 1 FROM fact WHERE about LIKE 'usage_report:%'"))
    assert retained(store, answers=30)["answers"] == (2, 0)
    told = next(each for each in store.check() if each.name == AUDIT).found
    assert isinstance(told, Phrase)
    assert (told.code, told.fields["destroyed"]) == ("check.audit_destroyed", of_reports)
    assert abs(told.fields["on"].at_ms - clock.now_ms()) < DAY
    ((body,),) = rows(store.path, f"SELECT body FROM fact WHERE body LIKE '[\"{FORGOTTEN}%'")
    assert sum(map(len, json.loads(body)[1].values())) == of_reports


def test_destroying_what_no_entry_destroyed_is_found(store: Store, path: Path) -> None:
    retained(store, answers=30)
    number, part = rows(path, "SELECT entry, part FROM fact WHERE about LIKE 'movement:%' LIMIT 1")[0]
    with store.writing() as connection:
        connection.execute("UPDATE fact SET salt = NULL, body = NULL WHERE entry = ? AND part = ?", (number, part))
    assert store.verify_audit().why == Phrase("audit.fact_missing", entry=number, part=part)


@pytest.mark.parametrize("seed", range(3))
def test_kinds_in_any_order_leave_a_whole_journal(store: Store, path: Path, seed: int) -> None:
    leaver(store)
    random = Random(seed)
    kinds = ["answers", "reports", "events", "leavers"]
    random.shuffle(kinds)
    for kind in kinds * 2:
        retained(store, **{kind: 30})
        store.add_place(f"Car {kind} {random.random()}", "vehicle", None, clock.now_ms())
        whole(store)
    assert found(store, path, NUMBER) == set()


def test_a_person_who_asks_is_forgotten_at_once(store: Store, path: Path) -> None:
    leaver(store)
    store.change_officer(NUMBER, left_on=None)
    with refused("officer.still_here", RuleError, officer=NUMBER):
        store.forget_officer(NUMBER, "asked for it")
    store.change_officer(NUMBER, left_on=clock.today(clock.now_ms(), "Europe/London"))
    store.grant("one", "officer", NUMBER, clock.now_ms())
    with refused("officer.is_needed", RuleError, officer=NUMBER):
        store.forget_officer(NUMBER, "asked for it")
    store.revoke("one", "officer")
    assert found(store, path, NUMBER) == BOTH
    store.forget_officer(NUMBER, "asked for it")
    assert found(store, path, NUMBER) == set()
    whole(store)
    last = [each for each in store.audit_entries() if each.action == "database.forget"][-1]
    assert (last.subject, json.loads(last.detail or "")) == (None, {"officers": 1, "reason": "asked for it"})


def test_the_answers_of_one_report_go_and_those_of_others_stay(store: Store, path: Path) -> None:
    answers = {"area": "Quarry Lane"}
    new = store.add_report("england_wales", "4102", None, 1, answers, {"outcome": "conscious"}, clock.now_ms())
    sealed, others = (
        [row[0] for row in rows(path, f"SELECT sealed FROM usage_report WHERE id {which} {new.id}")]
        for which in ("=", "<>")
    )
    store.forget_report(new.id, "asked for it")
    assert found(store, path, *sealed, "Quarry Lane") == set()
    assert all(found(store, path, each) == BOTH for each in others)
    whole(store)
    with pytest.raises(InputError):
        store.forget_report(99, "asked for it")


def test_only_an_administrator_has_anything_forgotten(store: Store, path: Path) -> None:
    store.grant("eye", "auditor", None, clock.now_ms())
    with Store.open(path, login="eye") as other:
        for forget in (lambda: other.forget_report(1, "no"), lambda: other.forget_officer("4101", "no")):
            with pytest.raises(NotAllowed):
                forget()
    assert store.reports()[0].fields
