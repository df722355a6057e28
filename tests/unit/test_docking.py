"""One docking, against the firmware's own log and session server in memory."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from host import clock
from host.access.vault import TagKeys
from host.docking.bounds import BATCH
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, DockingStep, TagRolledBack, dock
from host.errors import DatabaseBusy, DatabaseFull
from host.ledger import Movement
from host.ledger.movement import LOAD
from host.link.errors import LinkLost, TagStalled, WrongKey
from host.phrase import Phrase
from host.tag.events import ALTERED, UNLINKED, VERIFIED
from host.tag.verify import LogKeys
from kitcore.server import RangeError
from kitwire import config, record
from kitwire.errors import WireError
from tests.memory_tag import MemoryLink, MemoryTag
from tests.station import Store

NOW_MS = 1_767_225_600_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as opened:
        yield opened


class Bench:
    """A store and one enrolled tag, docked again and again."""

    def __init__(self, store: Store, sectors: int = 4) -> None:
        self.store = store
        keys = TagKeys.random()
        tag_id = os.urandom(8).hex()
        store.enrol_tag(tag_id, "P-01", keys, NOW_MS, lambda: None)
        self.keys = keys
        self.tag = MemoryTag(tag_id, keys.session, keys.log, sectors)
        self.steps: list[DockingStep] = []
        self.now_ms = NOW_MS
        self.log_keys = LogKeys()

    def dock(self, link: MemoryLink | None = None, sql: str = "", **faults: Any) -> DockingReport:
        """One docking; `sql` is done first in the connection that it uses."""
        self.link = link or MemoryLink(self.tag, **faults)
        with Keeping(self.store) as self.keeping:
            self.in_keeping(sql)
            return asyncio.run(
                dock(
                    self.keeping,
                    self.store.tag(self.tag.id),
                    lambda: self.now_ms,
                    self.steps.append,
                    nullcontext(self.link),
                    self.log_keys,
                )
            )

    def in_keeping(self, sql: str) -> None:
        """Do `sql` in the thread and the connection that the docking under way uses."""
        self.keeping._thread.submit(self.keeping._do, lambda store: store.connection.execute(sql)).result()

    @property
    def rows(self) -> list[tuple[int, bytes]]:
        return self.store.records(self.tag.id)

    @property
    def verdicts(self) -> dict[int, str]:
        return {event.sequence: event.verdict for event in self.store.events(self.tag.id)}


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)


def test_a_docking_fetches_verifies_commits_and_acknowledges_everything(bench: Bench) -> None:
    for kind in (record.BOOT, record.DOCK, record.UNDOCK, record.LID_OPEN, record.LID_CLOSE, record.DOCK):
        bench.tag.happen(kind)
    report = bench.dock()
    assert report.error is None
    assert report.added == 7, "six events, and the setting of the clock in this very session"
    assert [sealed for _, sealed in bench.rows] == list(bench.tag.log.records(1, 100))
    assert [event.type for event in bench.store.events()][-1] == "time_set"
    assert set(bench.verdicts.values()) == {VERIFIED}
    assert bench.tag.acknowledged_up_to == 7
    docking = bench.store.dockings()[-1]
    assert (docking.outcome, docking.records_added, docking.boot_count) == ("complete", 7, 1)
    assert (docking.uptime_ms, docking.anchor_utc_ms) == (360_500, NOW_MS)


def test_a_normal_docking_takes_four_flights_and_a_repeated_one_adds_nothing(bench: Bench) -> None:
    bench.tag.happen(record.BOOT)
    bench.dock()
    assert bench.link.flights == 4, "with the subscription, five round trips"
    again = bench.dock()
    assert (again.error, again.added) == (None, 0)
    assert bench.link.flights == 3
    assert len(bench.rows) == 2


def carry_kit(store: Store, kit: str, expires_on: date) -> None:
    if not store.officers():
        store.add_officer("1207", None, NOW_MS)
    store.add_kit(kit, "Nyxoid", kit, expires_on, None, NOW_MS)
    store.issue_kit(kit, "1207", "P-01", NOW_MS)


def test_the_kits_expiry_is_written_in_the_same_flight_and_once(bench: Bench) -> None:
    carry_kit(bench.store, "K1", date(2027, 6, 30))
    bench.tag.happen(record.BOOT)
    report = bench.dock()
    assert (report.error, bench.link.flights) == (None, 4), "still five round trips"
    ends = datetime(2027, 7, 1, tzinfo=ZoneInfo("Europe/London")).timestamp()
    assert bench.tag.configuration == {config.KIT_EXPIRES_S: ends}, "the start of the day after, in summer time"
    assert [event.type for event in bench.store.events()] == ["boot", "time_set", "config"]
    again = bench.dock()
    assert (again.error, again.added, bench.link.flights) == (None, 0, 3)


def test_the_kit_that_expires_first_counts_and_none_is_zero(bench: Bench) -> None:
    bench.tag.set_config(config.KIT_EXPIRES_S, NOW_MS // 1000)
    assert bench.dock().error is None
    assert bench.tag.get_config(config.KIT_EXPIRES_S) == 0, "no kit is in the pouch"
    carry_kit(bench.store, "K1", date(2030, 1, 31))
    carry_kit(bench.store, "K2", date(2028, 1, 31))
    assert bench.dock().error is None
    assert bench.tag.configuration[config.KIT_EXPIRES_S] == datetime(2028, 2, 1, tzinfo=UTC).timestamp()
    bench.store.return_kit("K2", NOW_MS)
    assert bench.store.expiry_of_pouch("P-01") == date(2030, 1, 31), "what was returned does not count"
    bench.store.add_kit("K3", "Nyxoid", "L3", date(2027, 1, 31), None, NOW_MS)
    bench.store.return_kit("K1", NOW_MS)
    bench.store.move(Movement(0, NOW_MS, LOAD, "K3", pouch="P-01"))
    assert bench.store.expiry_of_pouch("P-01") is None, "nor does what was laid in and is not issued"


def test_an_expiry_beyond_what_a_tag_can_hold_is_brought_within(bench: Bench) -> None:
    item = config.BY_NUMBER[config.KIT_EXPIRES_S]
    carry_kit(bench.store, "K1", date(2150, 1, 1))
    bench.dock()
    assert bench.tag.configuration[config.KIT_EXPIRES_S] == item.most


def test_a_tag_that_takes_no_expiry_is_docked_all_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(item: int, value: int) -> None:
        raise RangeError(str(item))

    monkeypatch.setattr(bench.tag, "set_config", refuse)
    bench.tag.happen(record.BOOT)
    report = bench.dock()
    assert (report.error, report.added, bench.tag.acknowledged_up_to) == (None, 2, 2)
    assert any(step.stage == "refused" and step.said.code == "docking.expiry_refused" for step in bench.steps)


def test_a_time_that_no_tag_takes_is_told_of_and_the_log_is_collected_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The station's clock is beyond 2100."""
    bench.tag.happen(record.LID_OPEN)
    bench.now_ms = 4_196_126_950_000
    report = bench.dock()
    assert (report.error, report.added, bench.tag.acknowledged_up_to) == (None, 1, 1)
    now = clock.Instant(bench.now_ms, "Europe/London")
    assert [step.said for step in bench.steps if step.stage == "refused"] == [Phrase("docking.time_refused", now=now)]


def test_more_records_than_one_batch_are_fetched_in_several_transactions(store: Store) -> None:
    bench = Bench(store, sectors=16)
    for _ in range(BATCH + 40):
        bench.tag.happen(record.LID_OPEN)
    report = bench.dock()
    assert (report.error, report.added) == (None, BATCH + 41)
    committed = [step.said for step in bench.steps if step.stage == "committed"]
    assert committed == [Phrase("docking.committed", records=records) for records in (BATCH, 40, 1)]


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize(("fault", "raised"), [("break_after", LinkLost), ("stall_after", TagStalled)])
def test_a_tag_that_goes_or_stalls_anywhere_loses_and_repeats_nothing(
    bench: Bench, after: int, fault: str, raised: type[Exception]
) -> None:
    for _ in range(30):
        bench.tag.happen(record.HEARTBEAT)
    broken = bench.dock(**{fault: after})
    committed = len(bench.rows)
    if broken.error:
        assert isinstance(broken.error, raised)
        assert bench.store.dockings()[-1].outcome == "failed"
        assert broken.added == committed
    assert bench.tag.acknowledged_up_to <= committed, "only what is committed is acknowledged"
    mended = bench.dock()
    assert mended.error is None
    assert mended.added == 31 - committed
    assert [sequence for sequence, _ in bench.rows] == list(range(1, 32))
    assert set(bench.verdicts.values()) == {VERIFIED}


def test_what_arrived_before_a_break_is_kept(bench: Bench) -> None:
    for _ in range(30):
        bench.tag.happen(record.HEARTBEAT)
    report = bench.dock(break_after=3)  # challenge, status, 13 records
    assert isinstance(report.error, LinkLost)
    assert report.added == len(bench.rows) == 13


def test_an_altered_record_is_kept_as_evidence_and_the_rest_is_verified(bench: Bench) -> None:
    for _ in range(6):
        bench.tag.happen(record.LID_OPEN)
    at = bench.tag.place_of(3) + 8
    bench.tag.flash.bytes[at] ^= 0x01
    changed = bytes(bench.tag.flash.bytes[at - 8 : at + 28])
    report = bench.dock()
    assert report.error is None
    assert report.altered == 1
    assert bench.verdicts[3] == ALTERED
    assert dict(bench.rows)[3] == changed
    assert [verdict for sequence, verdict in bench.verdicts.items() if sequence != 3] == [VERIFIED] * 6
    altered = Phrase("docking.altered", sequence=3)
    assert altered in [step.said for step in bench.steps if step.stage == "refused"]


def test_an_altered_code_makes_the_next_record_uncertain_but_no_more(bench: Bench) -> None:
    for _ in range(6):
        bench.tag.happen(record.LID_OPEN)
    bench.tag.flash.bytes[bench.tag.place_of(3) + 30] ^= 0x01
    bench.dock()
    assert bench.verdicts[3] == ALTERED
    assert bench.verdicts[4] == UNLINKED
    assert bench.verdicts[5] == VERIFIED


def test_a_record_that_claims_another_place_moves_no_other(bench: Bench) -> None:
    for _ in range(5):
        bench.tag.happen(record.LID_OPEN)
    bench.tag.flash.bytes[bench.tag.place_of(2)] = 0
    bench.dock()
    assert bench.verdicts == {1: VERIFIED, 2: ALTERED, 3: VERIFIED, 4: VERIFIED, 5: VERIFIED, 6: VERIFIED}


def test_an_alteration_at_the_end_of_one_docking_is_remembered_in_the_next(bench: Bench) -> None:
    for _ in range(3):
        bench.tag.happen(record.LID_OPEN)
    bench.tag.utc_offset_s = NOW_MS // 1000 - bench.tag.uptime_s  # so that no time_set record follows
    bench.tag.flash.bytes[bench.tag.place_of(3) + 30] ^= 0x01
    bench.dock()
    bench.tag.happen(record.LID_CLOSE)
    bench.now_ms += 60_000
    bench.dock()
    assert bench.verdicts == {1: VERIFIED, 2: VERIFIED, 3: ALTERED, 4: UNLINKED}


def test_records_that_the_ring_dropped_are_a_gap_and_what_follows_is_verified(bench: Bench) -> None:
    for _ in range(20):
        bench.tag.happen(record.LID_OPEN)
    bench.dock()
    for _ in range(300):  # four sectors hold 200
        bench.tag.happen(record.LID_OPEN)
    first_held = bench.tag.log.first
    report = bench.dock()
    assert report.error is None
    sequences = [sequence for sequence, _ in bench.rows]
    assert first_held > 22
    assert sequences == [*range(1, 22), *range(first_held, bench.tag.log.last + 1)]
    assert set(bench.verdicts.values()) == {VERIFIED}


def test_a_tag_with_the_wrong_key_is_refused_and_nothing_is_taken(bench: Bench) -> None:
    bench.tag.happen(record.BOOT)
    bench.tag.session_key = os.urandom(32)
    report = bench.dock()
    assert isinstance(report.error, WrongKey)
    assert report.error.code == "link.wrong_key"
    assert bench.rows == []
    docking = bench.store.dockings()[-1]
    assert (docking.outcome, docking.detail) == ("failed", str(report.error))
    assert bench.tag.acknowledged_up_to == 0


@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(lambda body, n: [body[:-1] + bytes([body[-1] ^ 1])] if n == 2 else [body], id="altered"),
        pytest.param(lambda body, n: [body, body] if n == 2 else [body], id="replayed"),
        pytest.param(lambda body, n: [] if n == 2 else [body], id="dropped"),
        pytest.param(lambda body, n: [b"\x99" + body] if n == 2 else [body], id="malformed"),
    ],
)
def test_a_frame_that_is_not_the_next_genuine_one_ends_the_session(bench: Bench, tamper: Any) -> None:
    for _ in range(30):
        bench.tag.happen(record.HEARTBEAT)
    report = bench.dock(tamper=tamper)
    assert isinstance(report.error, WireError)
    assert bench.tag.acknowledged_up_to == 0
    committed = len(bench.rows)
    assert committed in (0, 13)
    assert bench.dock().added == 31 - committed
    assert set(bench.verdicts.values()) == {VERIFIED}


def test_a_log_that_was_put_back_is_refused(bench: Bench) -> None:
    for _ in range(4):
        bench.tag.happen(record.LID_OPEN)
    before = bytes(bench.tag.flash.bytes)
    bench.tag.happen(record.DOSE_MARK)
    bench.dock()
    fresh = MemoryTag(bench.tag.id, bench.keys.session, bench.keys.log)
    fresh.flash.bytes[:] = before
    from kitcore.ring import Ring

    fresh.log = Ring(fresh.flash, 4, bytes.fromhex(fresh.id))
    bench.tag = fresh
    report = bench.dock()
    assert isinstance(report.error, TagRolledBack)
    assert report.error.fields == {"ends_at": 4, "committed": 6}
    assert len(bench.rows) == 6


def test_a_locked_database_fails_the_docking_and_acknowledges_nothing(bench: Bench) -> None:
    for _ in range(3):
        bench.tag.happen(record.LID_OPEN)
    path = bench.store.path
    bench.store.close()
    other = sqlite3.connect(path, isolation_level=None)

    def lock_before_the_records(body: bytes, sent: int) -> list[bytes]:
        if sent == 2:
            other.execute("BEGIN IMMEDIATE")
        return [body]

    with Store.open(path) as bench.store:
        report = bench.dock(sql="PRAGMA busy_timeout = 50", tamper=lock_before_the_records)
        assert isinstance(report.error, DatabaseBusy)
        assert bench.rows == []
        assert bench.tag.acknowledged_up_to == 0
        other.close()
        assert bench.dock().added == 4


def test_a_full_disk_fails_the_docking_and_what_was_committed_stays(store: Store) -> None:
    bench = Bench(store, sectors=32)
    for _ in range(2 * BATCH):
        bench.tag.happen(record.LID_OPEN)

    def fill_after_the_first_batch(body: bytes, sent: int) -> list[bytes]:
        if len(bench.rows) == BATCH:
            pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
            bench.in_keeping(f"PRAGMA max_page_count = {pages}")
        return [body]

    report = bench.dock(tamper=fill_after_the_first_batch)
    assert isinstance(report.error, DatabaseFull)
    assert report.added == len(bench.rows) == BATCH
    assert bench.tag.acknowledged_up_to == 0, "the tag keeps everything"
    assert bench.dock().error is None
    assert [sequence for sequence, _ in bench.rows] == list(range(1, 2 * BATCH + 2))
    assert set(bench.verdicts.values()) == {VERIFIED}
