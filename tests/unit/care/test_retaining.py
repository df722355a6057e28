"""Room is given back; retention leaves no byte, and keeps what something rests on."""

import sqlite3
from datetime import date
from pathlib import Path

import pytest

from host import clock
from host.access.roles import PROGRAMME_LEAD
from host.access.vault import TagKeys, key_path
from host.ledger import Movement
from host.reconcile import reconcile
from host.service.following import Following
from host.stock.storage import Limits
from host.store.stock import Incoming
from host.tag.events import StatusTold
from host.tag.verify import verified_row
from kitwire import record
from tests.station import Store
from tests.unit.care.care import DAY, change, failed, retained
from tests.unit.test_migrations import T1, T2, content, rows


def test_vacuum_gives_room_back(store: Store, path: Path) -> None:
    change(path, "CREATE TABLE big AS SELECT zeroblob(3000000) AS x", "DROP TABLE big")
    before, after = store.vacuum()
    assert before > 3_000_000 > 1_000_000 > after
    assert path.stat().st_size <= after
    assert failed(store) == {}


def bytes_of(path: Path) -> bytes:
    return b"".join(each.read_bytes() for each in path.parent.glob("station.db*") if each != key_path(path))


def test_without_a_policy_nothing_goes(store: Store, path: Path) -> None:
    before = [line for line in content(path) if '"journal"' not in line and '"fact"' not in line]
    assert set(retained(store).values()) == {(0, 0)}
    assert [line for line in content(path) if '"journal"' not in line and '"fact"' not in line] == before


def test_protected_answers_are_gone_from_the_file(store: Store, path: Path) -> None:
    sealed = [row[0] for row in rows(path, "SELECT sealed FROM usage_report ORDER BY id")]
    assert all(each in bytes_of(path) for each in sealed)
    assert retained(store, answers=30)["answers"] == (2, 0)
    assert not any(each in bytes_of(path) for each in sealed)
    store.grant("keeper", PROGRAMME_LEAD, None, clock.now_ms())
    report, protected = store.report(1)
    assert (report.fields, protected) == ({"area": "North"}, {})
    assert retained(store)["answers"] == (0, 0), "gone once"
    assert failed(store) == {}


def test_open_answers_go_and_the_report_stays(store: Store, path: Path) -> None:
    assert b'{"area": "South"}' in bytes_of(path)
    assert retained(store, reports=30)["reports"] == (2, 0)
    assert b'{"area": "South"}' not in bytes_of(path)
    assert [(each.officer, each.doses, each.fields) for each in store.reports()] == [("4101", 2, {}), ("4102", 1, {})]


def test_records_go_but_for_what_something_rests_on(store: Store, path: Path) -> None:
    before = store.rolled_up()
    gone = [row[0] for row in rows(path, f"SELECT record FROM event WHERE tag = '{T1}' AND sequence IN (3, 4)")]
    assert retained(store, events=30)["events"] == (12, 10)
    assert not any(each in bytes_of(path) for each in gone)
    assert {(each.tag, each.sequence) for each in store.events()} == {
        *((T1, sequence) for sequence in (1, 8, 9, 10, 12, 13, 14)),  # start, use, without a cause, newest
        *((T2, sequence) for sequence in (1, 6, 8)),  # start, altered, newest
    }
    assert [(each.sequence, each.cause) for each in store.explanations()] == [(8, "used")]
    after = store.rolled_up()
    assert store.recompute() == after
    assert len(before["opening"]) == 3
    assert [row for row in before["opening"] if row[1] != 3] == after["opening"]
    assert after["log_flaw"] == before["log_flaw"], "what is gone is no gap"
    assert rows(path, "SELECT tag, first, last FROM forgotten ORDER BY tag, first") == [
        (T1, 2, 7),
        (T1, 11, 11),
        (T2, 2, 5),
        (T2, 7, 7),
    ]
    assert failed(store) == {}
    assert retained(store)["events"] == (0, 10), "the second time there is nothing more"


def test_young_records_stay(store: Store) -> None:
    assert retained(store, events=3650)["events"] == (0, 0)
    assert len(store.events()) == 22


def test_history_is_append_only_again_afterwards(store: Store, path: Path) -> None:
    retained(store, events=30, leavers=30)
    for table in ("event", "explanation", "movement"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            change(path, f"DELETE FROM {table}")


def test_the_number_of_a_leaver_goes_and_the_ledger_stays(store: Store, path: Path) -> None:
    store.change_officer("4102", left_on=date(2026, 2, 1))
    ledger = [each._replace(officer=None) for each in store.movements()]
    assert retained(store, leavers=30)["leavers"] == (1, 0)
    (left,) = (each.id for each in store.officers() if each.id.startswith("left-"))
    assert [(each.id, str(each.left_on)) for each in store.officers()] == [("4101", "None"), (left, "2026-02-01")]
    assert [each.officer for each in store.movements() if each.kind == "issue"] == ["4101", left, "4101"]
    assert [each._replace(officer=None) for each in store.movements()] == ledger
    assert [each.officer for each in store.reports()] == ["4101", left]
    assert store.recompute() == store.rolled_up()
    assert failed(store) == {}
    store.add_officer("4102", None, clock.now_ms())  # the number can be given to another
    assert retained(store)["leavers"] == (0, 0)


def test_a_leaver_with_a_kit_out_keeps_the_number(store: Store) -> None:
    store.change_officer("4101", left_on=date(2026, 2, 1))
    assert retained(store, leavers=30)["leavers"] == (0, 1)
    for kit in ("K-1", "K-2"):
        store.move(Movement(0, clock.now_ms(), "return", kit))
    assert retained(store)["leavers"] == (1, 0)


def test_retention_says_in_the_audit_how_much(store: Store) -> None:
    retained(store, answers=30, events=30)
    assert list(store.audit_entries())[-1].detail == '{"answers":2,"events":12}'
    assert store.verify_audit().broken_at is None


def test_retention_that_fails_destroys_nothing(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.set_setting("retain_events_days", "30")
    store.set_setting("retain_answers_days", "30")
    before = content(path)

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(Following, "derive", full)
    with pytest.raises(sqlite3.OperationalError):
        store.retain()
    assert content(path) == before


def test_heat_beyond_a_products_limits_stays_and_with_it_the_time_that_it_is_of(tmp_path: Path) -> None:
    began, tag = clock.now_ms() - 100 * DAY, "00112233445566ff"
    warm, cool = record.coded_celsius(58), record.coded_celsius(20)
    kinds = [
        *(
            (record.BOOT, 0),
            (record.UNDOCK, 0),
            (record.LID_OPEN, warm),
            (record.LID_CLOSE, 0),
            (record.HEARTBEAT, cool),
        ),
        *((record.DOCK, 0), (record.TEMPERATURE, warm << 8 | cool), (record.UNDOCK, 0), (record.HEARTBEAT, cool)),
        *((record.DOCK, 0), (record.TEMPERATURE, cool << 8 | cool), (record.UNDOCK, 0), (record.DOCK, 0)),
    ]
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, began) as store:
        store.add_officer("4101", None, began)
        store.receive([Incoming("K1", "Two", "L", date(2030, 1, 31), 2)], began)
        store.enrol_tag(tag, "P1", TagKeys.random(), began, lambda: None)
        store.issue_kit("K1", "4101", "P1", began)
        docking = store.begin_docking(tag, began + DAY)
        store.set_status(docking, StatusTold(1, DAY, began + DAY, 50, 3900, 80, len(kinds)))
        rows = [
            verified_row(sequence, bytes(36), record.Plain(kind, 0, 3900, 1, sequence * 600, 0, aux))
            for sequence, (kind, aux) in enumerate(kinds, 1)
        ]
        store.finish_docking(docking, began + DAY, "complete", None, store.add_events(docking, tag, rows))
        store.add_explanation(tag, 3, "4101", "training", None, began + DAY)
        store.set_limits("Two", Limits(None, 25))
        before = store.rolled_up()["temperature"]
        retained(store, events=30)
        assert [each.sequence for each in store.events()] == [1, 2, 3, 4, 7, 13]
        assert store.rolled_up()["temperature"] == [row for row in before if row[1] in (3, 7)]
        assert store.recompute() == store.rolled_up()
        assert [each.kind for each in reconcile(store.situation(clock.now_ms()))].count("outside_storage_limits") == 1
