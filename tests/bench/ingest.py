"""Ingest: sealed session frames to committed rows, and its storage stage, against raw `sqlite3`."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from host.access.vault import TagKeys
from host.tag.events import EventRow
from host.tag.verify import ChainVerifier
from kitwire import keys, record, session
from tests.bench.result import Result
from tests.station import Store

RECORDS = 60_000
ROUNDS = 7
BATCH = 512
LINK_RECORDS_PER_S = 100_000 / record.SIZE
"""What Bluetooth LE can bring at best: about 100 kB/s of notifications at 1 Mbit/s."""

_AT_MS = 1_767_225_600_000


def run() -> list[Result]:
    """`storage_ingest` and `verified_ingest`, in records a second."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder))


def _run(folder: Path) -> list[Result]:
    tag_keys = TagKeys.random()
    tag_id = os.urandom(8)
    sealed = _log(tag_id, tag_keys.log)
    frames, opening_channel = _frames(tag_keys.session, sealed)
    verifier = ChainVerifier(tag_id, tag_keys.log, None)
    rows = [verifier.take(each) for each in sealed]

    stored: list[float] = []
    raw: list[float] = []
    verified: list[float] = []
    for number in range(ROUNDS):
        for times, work in (
            (stored, lambda path: _store(path, tag_id.hex(), tag_keys, rows)),
            (raw, lambda path: _raw(path, tag_id.hex(), tag_keys, rows)),
            (verified, lambda path: _verify_and_store(path, tag_id, tag_keys, frames, opening_channel())),
        ):
            times.append(work(folder / f"{number}-{len(times)}-{id(times)}.db"))
    storage, rival, whole = (RECORDS / min(times) for times in (stored, raw, verified))
    return [
        Result("storage_ingest", storage, "records/s", "sqlite3 executemany", rival, storage / rival,
               f"at least ten times the link's {LINK_RECORDS_PER_S:.0f}/s", storage >= 10 * LINK_RECORDS_PER_S),
        Result("verified_ingest", whole, "records/s", "sqlite3 executemany", rival, whole / rival,
               f"at least the link's {LINK_RECORDS_PER_S:.0f}/s", whole >= LINK_RECORDS_PER_S),
    ]  # fmt: skip


def _log(tag_id: bytes, log_key: bytes) -> list[bytes]:
    previous, sealed = record.GENESIS_TAG, []
    for sequence in range(1, RECORDS + 1):
        plain = record.Plain(record.LID_OPEN, 1, 3900, 1, sequence * 30, 0, 0)
        sealed.append(record.seal(tag_id, log_key, sequence, previous, plain))
        previous = record.tag_of(sealed[-1])
        log_key = keys.ratchet(log_key)
    return sealed


def _frames(session_key: bytes, sealed: list[bytes]) -> tuple[list[bytes], Callable[[], session.Channel]]:
    """The frames that carry `sealed`, and what makes a channel that opens them, as often as it is asked."""

    def channels() -> tuple[session.Channel, session.Channel]:
        tag = session.TagHandshake(session_key, bytes(16))
        station = session.StationHandshake(session_key, bytes(16))
        proof, at_station = station.channel(tag.challenge(station.hello()))
        return tag.channel(proof), at_station

    at_tag, _ = channels()
    step = session.RECORDS_PER_FRAME
    messages = (session.pack_records(sealed[at : at + step]) for at in range(0, len(sealed), step))
    return [at_tag.seal(message) for message in messages], lambda: channels()[1]


def _prepared(path: Path, tag_id: str, tag_keys: TagKeys) -> tuple[Store, int]:
    store = Store.create(path, "Example Police", "Europe/London", False, _AT_MS)
    store.enrol_tag(tag_id, "P-01", tag_keys, _AT_MS, lambda: None)
    return store, store.begin_docking(tag_id, _AT_MS)


def _store(path: Path, tag_id: str, tag_keys: TagKeys, rows: list[EventRow]) -> float:
    store, docking = _prepared(path, tag_id, tag_keys)
    with store:
        start = time.perf_counter()
        added = store.add_events(docking, tag_id, rows)
        elapsed = time.perf_counter() - start
        assert added == RECORDS
    return elapsed


def _raw(path: Path, tag_id: str, tag_keys: TagKeys, rows: list[EventRow]) -> float:
    """The same rows into the same table by `executemany` in one transaction, with nothing of Kitdock between."""
    store, docking = _prepared(path, tag_id, tag_keys)
    store.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = FULL")
    values = [(tag_id, docking, *row) for row in rows]
    start = time.perf_counter()
    with connection:
        connection.executemany(
            "INSERT INTO event (tag, docking, sequence, record, verdict, type, flags, battery_mv, boot_count, "
            "uptime_s, utc_s, aux) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    elapsed = time.perf_counter() - start
    connection.close()
    return elapsed


def _verify_and_store(
    path: Path, tag_id: bytes, tag_keys: TagKeys, frames: list[bytes], channel: session.Channel
) -> float:
    store, docking = _prepared(path, tag_id.hex(), tag_keys)
    with store:
        start = time.perf_counter()
        verifier = ChainVerifier(tag_id, tag_keys.log, None)
        rows: list[EventRow] = []
        added = 0
        for frame in frames:
            rows.extend(verifier.take(each) for each in session.records_of(channel.open(frame)))
            if len(rows) >= BATCH:
                added += store.add_events(docking, tag_id.hex(), rows)
                rows = []
        added += store.add_events(docking, tag_id.hex(), rows)
        elapsed = time.perf_counter() - start
        assert added == RECORDS
    return elapsed
