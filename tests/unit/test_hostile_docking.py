"""A device that is a tag, or says so, and drags, floods, lies or goes on for ever: what it is refused for, and what it
leaves behind. The deadlines are those of the product, made short.
"""

from __future__ import annotations

import asyncio
import os
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from host.access.vault import TagKeys
from host.docking import bounds
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, DockingStep, dock
from host.errors import KitdockError
from host.link.adapter import Adapter
from host.link.errors import LinkLost, TagDrags, TagMisbehaves, TagStalled
from host.link.gatt import connected
from host.tag.verify import LogKey, LogKeys
from kitcore.server import LONGEST_IDENTIFY_S
from kitwire import config, keys, record, session
from kitwire.errors import WireError
from tests.hostile_tag import (
    HostileTag,
    Says,
    Wireless,
    endless,
    gap,
    instead,
    one_by_one,
    random_records,
    read_ends,
    status,
)
from tests.station import Store

NOW_MS = 1_767_225_600_000
DAY_MS = 86_400_000


class Bench:
    """A store, and one enrolled tag that means no good."""

    def __init__(self, store: Store) -> None:
        self.store = store
        own = TagKeys.random()
        self.tag = HostileTag(os.urandom(8).hex(), own.session, own.log, sectors=16)
        store.enrol_tag(self.tag.id, "P-01", own, NOW_MS, lambda: None)
        self.air = Wireless(self.tag)
        self.log_keys = LogKeys()
        self.steps: list[DockingStep] = []
        self.now_ms = NOW_MS
        self.frame_s = 2.0

    def log(self, records: int) -> None:
        for _ in range(records):
            self.tag.happen(record.HEARTBEAT)

    def dock(self, says: Says | None = None) -> DockingReport:
        if says is not None:
            self.tag.says = says
        with Keeping(self.store) as keeping:
            return asyncio.run(self.visit(keeping))

    async def visit(self, keeping: Keeping, hurry: bool = True) -> DockingReport:
        reach = connected(cast(Adapter, self.air), cast(Any, None), self.frame_s)
        tag = self.store.tag(self.tag.id)
        return await dock(keeping, tag, lambda: self.now_ms, self.steps.append, reach, self.log_keys, hurry)

    @property
    def rows(self) -> int:
        return len(self.store.records(self.tag.id))

    def refuses(self, report: DockingReport, kind: type[Exception], code: str | None, most_rows: int = 0) -> None:
        """It was refused so; no more than that is kept, the docking is ended, and no more is acknowledged."""
        assert type(report.error) is kind, report.error
        if code is not None:
            assert isinstance(report.error, KitdockError) and report.error.code == code
        assert report.added == self.rows <= most_rows
        docking = self.store.dockings()[-1]
        assert (docking.outcome, docking.records_added) == ("failed", self.rows)
        assert docking.detail == str(report.error)
        assert self.tag.acknowledged_up_to <= self.rows
        assert self.store.connection.execute("SELECT max(sequence) FROM event").fetchone()[0] in (None, self.rows)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Store.create(tmp_path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as store:
        yield Bench(store)


Bound = Callable[[str, float], None]


@pytest.fixture
def bound(monkeypatch: pytest.MonkeyPatch) -> Bound:
    """Makes a bound smaller: its name and its value."""
    return lambda name, value: monkeypatch.setattr(bounds, name, value)


def took_s(work: Callable[[], DockingReport]) -> tuple[DockingReport, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


# Deadlines.


def test_a_frame_that_dribbles_before_the_proof_is_not_waited_for(bench: Bench) -> None:
    bench.air.piece, bench.air.pause_s, bench.frame_s = 1, 0.09, 0.1
    report, seconds = took_s(bench.dock)
    bench.refuses(report, TagDrags, "link.drags")
    assert report.error is not None and seconds < 1.5, "a challenge of 52 bytes takes it 4.7 s"


def test_a_frame_that_dribbles_after_the_proof_is_not_waited_for(bench: Bench) -> None:
    bench.log(13)

    def dribble(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
        bench.air.piece, bench.air.pause_s = 1, 0.09
        return replies

    bench.frame_s = 0.3
    report, seconds = took_s(lambda: bench.dock(instead(session.READ, dribble)))
    bench.refuses(report, TagDrags, "link.drags")
    assert seconds < 1.5


def test_a_tag_that_says_nothing_is_called_silent(bench: Bench) -> None:
    bench.frame_s = 0.2
    report = bench.dock(lambda message, replies: ())
    bench.refuses(report, TagStalled, "link.silent")


def test_a_device_has_to_prove_itself_in_time_however_it_divides_it(bench: Bench, bound: Bound) -> None:
    bound("AUTHENTICATION_S", 0.5)
    bench.air.pause_s = 0.35  # after the challenge, and after the status: no frame takes too long
    bench.log(1)
    report = bench.dock(lambda message, replies: ())
    bench.refuses(report, TagDrags, "link.not_proven")


def test_one_record_at_a_time_holds_the_dock_until_the_docking_must_end(bench: Bench, bound: Bound) -> None:
    bound("DOCKING_S", 0.7)
    bench.log(40)
    bench.air.pause_s = 0.1
    report, seconds = took_s(lambda: bench.dock(instead(session.READ, one_by_one)))
    bench.refuses(report, TagDrags, "docking.drags", 10)
    assert report.added >= 2, "what came whole is kept"
    assert seconds < 2
    assert bench.tag.acknowledged_up_to == 0
    bench.air.pause_s = 0.0
    assert (bench.dock().error, bench.rows) == (None, 41)


def test_a_tag_that_is_slow_gets_its_share_and_the_rest_at_its_next_turn(bench: Bench, bound: Bound) -> None:
    bound("SHARE_S", 0.25)
    bound("BATCH", 13)
    bench.log(60)
    bench.air.pause_s = 0.05
    report = bench.dock()
    assert (report.error, report.more) == (None, True)
    assert 0 < report.added == bench.rows == bench.tag.acknowledged_up_to < 60
    assert bench.tag.get_config(6) == 0 and bench.tag.utc_offset_s is not None, "its clock is set nevertheless"
    assert bench.steps[-1].said.code == "docking.partly"
    bench.air.pause_s = 0.0
    again = bench.dock()
    assert (again.error, again.more, bench.rows) == (None, False, 61)


def test_a_tag_on_a_cable_may_take_as_long_as_it_takes(bench: Bench, bound: Bound) -> None:
    bound("SHARE_S", 0)
    bound("DOCKING_S", 0)
    bound("BATCH", 13)
    bench.log(60)
    with Keeping(bench.store) as keeping:
        report = asyncio.run(bench.visit(keeping, hurry=False))
    assert (report.error, report.more, bench.rows) == (None, False, 61)


def test_a_connection_is_not_waited_for_without_an_end(bench: Bench, bound: Bound) -> None:
    bound("CONNECTION_S", 0.1)
    bench.air.connect_s = 30
    report, seconds = took_s(bench.dock)
    bench.refuses(report, LinkLost, "link.no_connection")
    assert seconds < 2


def test_a_disconnection_is_not_waited_for_without_an_end(bench: Bench, bound: Bound) -> None:
    bound("DISCONNECT_S", 0.1)
    bench.air.disconnect_s = 30
    report, seconds = took_s(bench.dock)
    assert report.error is None
    assert seconds < 2


def test_a_docking_that_is_cancelled_keeps_what_came_and_is_ended(bench: Bench) -> None:
    bench.log(40)
    bench.air.pause_s = 0.05
    bench.tag.says = instead(session.READ, one_by_one)

    async def cancelled(keeping: Keeping) -> None:
        visit = asyncio.create_task(bench.visit(keeping))
        await asyncio.sleep(0.6)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit

    with Keeping(bench.store) as keeping:
        asyncio.run(cancelled(keeping))
    docking = bench.store.dockings()[-1]
    assert 0 < bench.rows == docking.records_added < 40
    assert docking.outcome == "failed"
    assert bench.tag.acknowledged_up_to == 0


def test_a_cancellation_that_the_radio_swallows_is_one_nevertheless(bench: Bench) -> None:
    """`asyncio.wait_for` of Python 3.11 swallows one now and then."""

    class Swallowing(Wireless):
        async def write_gatt_char(self, rx: object, data: bytes, response: bool) -> None:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.2)
            await super().write_gatt_char(rx, data, response)

    bench.air = Swallowing(bench.tag)

    async def cancelled(keeping: Keeping) -> None:
        visit = asyncio.create_task(bench.visit(keeping))
        await asyncio.sleep(0.1)
        visit.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visit

    with Keeping(bench.store) as keeping:
        asyncio.run(cancelled(keeping))
    assert bench.store.dockings()[-1].outcome == "failed"


# Quantities.


@pytest.mark.parametrize(
    "claims",
    [
        {"first_sequence": 0},
        {"first_sequence": 9},
        {"last_sequence": 10_001},
        {"acknowledged": 8},
        {"uptime_ms": 1000},
        {"battery_percent": 101},
        {"version": 2},
    ],
    ids=str,
)
def test_a_state_that_contradicts_itself_is_refused(bench: Bench, claims: dict[str, int]) -> None:
    bench.log(7)
    report = bench.dock(status(**claims))
    bench.refuses(report, TagMisbehaves, "link.status_senseless")


def test_whatever_else_a_tag_says_of_its_state_does_no_harm(bench: Bench) -> None:
    bench.log(3)
    most = {"uptime_s": 0xFFFFFFFF, "uptime_ms": 999, "utc_s": 0xFFFFFFFF, "epoch": 0xFFFFFFFF}
    report = bench.dock(status(**most, boot_count=0xFFFF, battery_mv=0xFFFF, flags=0xFF, profile=0xFF))
    assert report.error is None
    assert report.status is not None and report.status.status.epoch == 0xFFFFFFFF
    assert bench.store.dockings()[-1].uptime_ms == 0xFFFFFFFF * 1000 + 999
    assert len(bench.store.log(bench.store.tag(bench.tag.id))) == 4


@pytest.mark.parametrize(
    ("days", "records", "taken"),
    [(0, 10_000, True), (0, 10_001, False), (1, 30_000, True), (1, 30_001, False), (-9, 10_001, False)],
)
def test_a_log_that_is_longer_than_it_can_be_is_refused(bench: Bench, days: int, records: int, taken: bool) -> None:
    """A clock that was put back counts as no time at all."""
    bench.now_ms += days * DAY_MS
    bench.tag.says = status(first_sequence=records, last_sequence=records)
    report = bench.dock()
    if taken:
        assert isinstance(report.error, WireError), "then it has to send that one"
    else:
        bench.refuses(report, TagMisbehaves, "docking.too_many_records")


def test_a_gap_to_a_sequence_that_no_tag_has_reached_costs_nothing(bench: Bench) -> None:
    claimed = status(first_sequence=50_000_000, last_sequence=50_000_000)

    def far(message: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
        if message[0] == session.READ:
            return [gap(50_000_000), session.pack_records([os.urandom(36)]), read_ends(50_000_001)]
        return claimed(message, replies)

    report, seconds = took_s(lambda: bench.dock(far))
    bench.refuses(report, TagMisbehaves, "docking.too_many_records")
    assert seconds < 2, "to follow the key there takes 21 s"


@pytest.mark.parametrize(
    "answer",
    [
        [gap(9), read_ends(9)],
        [gap(1), read_ends(1)],
        [gap(0), read_ends(0)],
        [gap(3), gap(4), read_ends(4)],
        [session.pack_records([bytes(36)]), gap(4), read_ends(4)],
    ],
    ids=["beyond", "not_forward", "backward", "twice", "after_records"],
)
def test_a_gap_that_cannot_be_is_refused(bench: Bench, answer: list[bytes]) -> None:
    bench.log(7)
    report = bench.dock(instead(session.READ, lambda message, replies: answer))
    bench.refuses(report, TagMisbehaves, "link.gap_senseless", 1)


def test_records_that_the_tag_says_it_no_longer_holds_are_not_taken(bench: Bench) -> None:
    """Else it could send more in one docking than a log holds."""
    bench.log(7)
    report = bench.dock(status(first_sequence=3))
    bench.refuses(report, TagMisbehaves, "link.gap_senseless")


def test_endless_valid_records_are_taken_up_to_what_was_asked_for(bench: Bench, bound: Bound) -> None:
    bound("BATCH", 39)
    claimed, forever = status(last_sequence=9_000), endless(bench.tag.valid_records)
    report = bench.dock(lambda message, replies: forever(message, claimed(message, replies)))
    bench.refuses(report, TagMisbehaves, "link.more_than_asked", 39)


def test_endless_valid_records_are_taken_up_to_what_was_claimed(bench: Bench) -> None:
    claimed, forever = status(last_sequence=30), endless(bench.tag.valid_records)
    report = bench.dock(lambda message, replies: forever(message, claimed(message, replies)))
    bench.refuses(report, TagMisbehaves, "link.more_than_asked", 30 + bounds.AFTERWARDS)


def test_endless_random_records_are_kept_as_far_as_they_were_asked_for_in_two_lines(bench: Bench, bound: Bound) -> None:
    bound("BATCH", 39)
    bench.air.pause_s = 0.01
    claimed, forever = status(last_sequence=9_000), endless(random_records)
    report = bench.dock(lambda message, replies: forever(message, claimed(message, replies)))
    bench.refuses(report, TagMisbehaves, "link.more_than_asked", 39)
    assert report.altered == 39
    assert [step.said.code for step in bench.steps if step.stage == "refused"] == [
        "docking.altered",
        "docking.more_altered",
    ]


def test_what_is_logged_after_the_time_was_set_is_taken_up_to_a_bound(bench: Bench) -> None:
    bench.log(3)
    forever = endless(bench.tag.valid_records)
    reads = 0

    def later(message: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
        nonlocal reads
        reads += message[0] == session.READ
        return forever(message, replies) if message[0] == session.READ and reads > 1 else replies

    report = bench.dock(later)
    bench.refuses(report, TagMisbehaves, "link.more_than_asked", 3 + bounds.AFTERWARDS)
    assert bench.tag.acknowledged_up_to == 3


def test_a_tag_that_is_played_with_in_the_dock_is_no_liar(bench: Bench) -> None:
    bench.log(3)

    def played_with(message: bytes, replies: Iterable[bytes]) -> Iterable[bytes]:
        if message[0] == session.SET_TIME:
            bench.log(40)
        return replies

    report = bench.dock(played_with)
    assert (report.error, report.added, bench.tag.acknowledged_up_to) == (None, 19, 19)
    assert bench.dock(lambda message, replies: replies).error is None
    assert bench.rows == 3 + 40 + 1


@pytest.mark.parametrize("unasked", [[bytes(1)], repeat(session.frame(bytes(session.MAX_BODY)))], ids=["word", "flood"])
def test_whatever_comes_before_the_first_word_drops_the_link(bench: Bench, unasked: Iterable[bytes]) -> None:
    bench.air.unasked = unasked
    report = bench.dock()
    bench.refuses(report, TagMisbehaves, "link.more_than_asked")
    assert bench.air.notified < 1_000_000


def test_a_flood_while_the_store_is_busy_is_not_kept(bench: Bench) -> None:
    """The station does not listen meanwhile, and remembers no more than it may have asked for."""
    bench.log(13)
    kept: list[int] = []

    def flood(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
        yield from replies
        while True:
            kept.append(waiting())
            yield bytes(400)

    def waiting() -> int:
        held = 0
        for link in links:
            pieces = cast(Iterable[bytes | None], cast(Any, link)._pieces._queue)
            held += sum(len(piece or b"") for piece in pieces)
        return held

    links: list[object] = []
    subscribe = bench.air.start_notify

    async def noted(uuid: str, heard: Any) -> None:
        links.append(heard.__closure__[0].cell_contents)
        await subscribe(uuid, heard)

    bench.air.start_notify = noted  # type: ignore[method-assign]

    class Slow(Keeping):
        async def do(self, work: Any) -> Any:
            await asyncio.sleep(0.3)
            return await super().do(work)

    bench.tag.says = instead(session.READ, flood)
    with Slow(bench.store) as keeping:
        report = asyncio.run(bench.visit(keeping))
    bench.refuses(report, TagMisbehaves, "link.more_than_asked", 13)
    assert len(kept) > 100 and max(kept) <= bounds.WAITING_BYTES + 244


def test_empty_notifications_without_an_end_are_not_kept(bench: Bench) -> None:
    seen: list[int] = []

    class Empty(Wireless):
        async def start_notify(self, uuid: str, heard: Any) -> None:
            for _ in range(1000):
                heard(None, bytearray())
            seen.append(heard.__closure__[0].cell_contents._pieces.qsize())
            await super().start_notify(uuid, heard)

    bench.air = Empty(bench.tag)
    assert bench.dock().error is None
    assert seen == [0]


def twice(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
    return [*replies, *replies]


def early(message: bytes, replies: list[bytes]) -> Iterable[bytes]:
    """The acknowledgement comes before it was asked for."""
    return [*replies, struct.pack("<BI", session.REPLY | session.ACKNOWLEDGE, 3)]


@pytest.mark.parametrize(
    ("says", "kind"),
    [
        (instead(session.STATUS, twice), WireError),
        (instead(session.READ, early), TagMisbehaves),
        (instead(session.ACKNOWLEDGE, twice), WireError),
        (instead(session.SET_TIME, twice), WireError),
        (instead(session.READ, lambda message, replies: [*replies[:-1], read_ends(2)]), WireError),
        (instead(session.READ, lambda message, replies: [b""]), WireError),
        (instead(session.READ, lambda message, replies: [bytes([session.RECORDS])]), WireError),
        (instead(session.READ, lambda message, replies: [session.pack_error(session.STATUS, 1)]), WireError),
        (instead(session.SET_CONFIG, lambda message, replies: [struct.pack("<BBI", 0x86, 7, 0)]), WireError),
        (instead(session.SET_CONFIG, lambda message, replies: [struct.pack("<BBI", 0x86, 6, 5)]), WireError),
    ],
    ids=["status", "early", "acknowledge", "time", "next", "empty", "no_records", "error", "item", "value"],
)
def test_an_answer_to_nothing_or_to_something_else_ends_the_session(
    bench: Bench, says: Says, kind: type[Exception]
) -> None:
    bench.log(3)
    report = bench.dock(says)
    bench.refuses(report, kind, "link.more_than_asked" if kind is TagMisbehaves else None, 4)


# The log key.


def test_a_dock_that_goes_on_follows_the_log_key_from_where_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def counted(key: bytes) -> bytes:
        nonlocal steps
        steps += 1
        return keys.ratchet(key)

    monkeypatch.setattr("host.tag.verify.keys", SimpleNamespace(ratchet=counted))
    bench.log(100)
    assert bench.dock().added == 101
    assert steps == 100
    bench.log(3)
    assert bench.dock().added == 4, "and the setting of the clock"
    assert steps == 104
    bench.log_keys = LogKeys()
    bench.log(1)
    assert bench.dock().added == 2
    assert steps == 104 + 106
    assert all(event.verdict == "verified" for event in bench.store.events(bench.tag.id))


def test_a_log_key_that_was_followed_to_what_was_not_kept_is_not_used(bench: Bench) -> None:
    bench.log(20)
    bench.dock()
    bench.log_keys.keep(bench.tag.id, LogKey(500, bytes(32)))
    bench.log(1)
    bench.dock()
    assert all(event.verdict == "verified" for event in bench.store.events(bench.tag.id))


def test_a_log_key_is_never_told(bench: Bench) -> None:
    bench.log(3)
    bench.dock()
    known = bench.log_keys.at(bench.tag.id, bytes(32), 4)
    assert known.sequence > 1
    assert repr(known) == str(known) == f"LogKey({known.sequence})"
    assert bench.log_keys.at(bench.tag.id, b"first", 2) == (1, b"first"), "one that is further on leads nowhere"


# What is promised to those who make tags.


def test_the_wire_text_tells_the_bounds_as_they_are() -> None:
    root = Path(__file__).parents[2]
    text = (root / "docs/wire.md").read_text()
    times = re.findall(r"^\| (tag|station) \| (\d+) s \| ", text, re.MULTILINE)
    firmware = {
        name: int(value)
        for file in ("link.py", "radio.py")
        for name, value in re.findall(r"^(\w+) = (\d+)$", (root / "firmware" / file).read_text(), re.MULTILINE)
    }
    of_tag = [firmware[name] // 1000 for name in ("PROVE_MS", "IDLE_MS", "SEND_MS")]
    of_station = [
        bounds.CONNECTION_S,
        bounds.AUTHENTICATION_S,
        bounds.FRAME_S,
        bounds.SHARE_S,
        bounds.DOCKING_S,
        bounds.DISCONNECT_S,
    ]
    assert [int(seconds) for who, seconds in times if who == "tag"] == of_tag
    assert [int(seconds) for who, seconds in times if who == "station"] == of_station
    for told in (
        f"has {firmware['MOST_WAITING']} bytes outstanding",
        f"keeps {bounds.WAITING_BYTES:,} bytes",
        f"{bounds.BATCH} records in one READ",
        f"everything fits one READ of {bounds.BATCH}",
        f"takes {bounds.AFTERWARDS} of",
        f"never holds more than {bounds.HELD:,}",
        f"at most {bounds.FIRST_RECORDS:,}, and {bounds.RECORDS_A_DAY:,} more",
        f"{config.EARLIEST_UTC_S} (1 January 2025) to {config.LATEST_UTC_S} (1 January 2100)",
        f"1 to {LONGEST_IDENTIFY_S} s",
    ):
        assert told in text, told


def test_what_a_station_asks_for_at_once_is_never_a_flood() -> None:
    sealed = 2 + 11  # a frame's length, then its head, counter and MIC
    answer = sealed + 37 + bounds.BATCH * (sealed + 1 + record.SIZE) + sealed + 21 + sealed + 5
    assert answer <= bounds.WAITING_BYTES
