"""Power that goes in the middle of a write, on the real firmware: nothing completed is lost, nothing invented."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from host.sim import chip_flash
from host.sim.nor import PowerCut
from host.sim.tag import VirtualTag
from host.tag.events import VERIFIED
from kitcore import ring
from kitwire import record
from tests.e2e.stage import HOUR, T0, Stage, play

SLOT_STEPS = 72
"""Bytes that an append programs before its record counts; 32 zeros over the spent key follow."""
APPEND_STEPS = SLOT_STEPS + 32
SAMPLE = (0, 1, 20, 36, 37, 68, 70, 72, 73, 103)
HEAD_STEPS = 66
"""Steps to begin a sector: 32 zeros over its old head, two halves of an erase, 32 bytes of its new head."""
BORDER_SAMPLE = (0, 32, 33, 50, 136, 138)
"""Before, in and after the beginning of the next sector."""


async def cut_all(stage: Stage, cuts: dict[VirtualTag, int], at: float) -> None:
    """Every lid is opened at `at`; each tag's power goes some programmed bytes later, and comes back in a minute."""
    for tag, steps in cuts.items():
        tag.flash.cut_after(steps)
        tag.at(at).lid_open()
    await stage.until(at + 60)
    for tag in cuts:
        tag.flash.cut_after(None)
        tag.power_off()
        tag.power_on()
        tag.at(at + 120).lid_close()
    await asyncio.gather(*(tag.settle() for tag in cuts))
    await stage.until(at + 180)


def chain(stage: Stage, pouch: str, first: int = 1) -> list[str | None]:
    """The types of a pouch's events from `first` on, which must be a whole, verified chain."""
    events = stage.store.events(stage.store.tag(pouch).id)
    assert [event.sequence for event in events] == list(range(first, first + len(events)))
    assert {event.verdict for event in events} == {VERIFIED}
    return [event.type for event in events]


def cut_an_opening(folder: Path, sample: Sequence[int]) -> None:
    """One tag for each of `sample`, its power cut after so many bytes of writing an opening."""

    async def scene(stage: Stage) -> None:
        cuts = {await stage.add(f"P-{steps}"): steps for steps in sample}
        await cut_all(stage, cuts, T0 + HOUR)
        reports = await stage.dock(*cuts)
        assert [(report.error, report.altered) for report in reports] == [(None, 0)] * len(sample)
        for steps in sample:
            # The opening itself is there whether its write was complete (then before the new start) or not
            # (then the tag finds the lid open as it starts), and never twice.
            opened = ["lid_open"] if steps >= SLOT_STEPS else []
            types = chain(stage, f"P-{steps}")
            assert types[:-2] == ["boot", *opened, "boot", "lid_open", "lid_close"], steps
            assert types[-2:] == ["dock", "time_set"]

    play(folder, scene)


def test_a_cut_while_an_opening_is_written(tmp_path: Path) -> None:
    cut_an_opening(tmp_path, SAMPLE)


@pytest.mark.exhaustive
@pytest.mark.parametrize("first", range(0, APPEND_STEPS, 12))
def test_a_cut_at_every_byte_of_an_opening(tmp_path: Path, first: int) -> None:
    # The last byte of the slot may be what erased flash holds anyway: then the write is complete without it.
    every = range(first, min(first + 12, APPEND_STEPS))
    cut_an_opening(tmp_path, [steps for steps in every if steps != SLOT_STEPS - 1])


class LogOf:
    """The log of a sleeping tag, in this process."""

    def __init__(self, tag: VirtualTag) -> None:
        self._nor = tag.flash

    def read(self, offset: int, size: int) -> bytes:
        return self._nor.read(offset, size)

    def program(self, offset: int, data: bytes) -> None:
        self._nor.program(offset, data)

    def erase(self, sector: int) -> None:
        self._nor.erase(sector * ring.SECTOR)


def live_until(tag: VirtualTag, tag_id: str, last: int) -> None:
    """Let the log of the sleeping `tag` go on to record `last`, as if it had lived that long."""
    flash = LogOf(tag)
    log = ring.Ring(flash, len(tag.flash.bytes) // ring.SECTOR, bytes.fromhex(tag_id))
    while log.last < last:
        log.append(record.Plain(record.HEARTBEAT, 0, 3900, 1, log.last, 0, 0))


@pytest.fixture
def three_sectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chips whose log is three sectors long, of 149 records; the firmware takes what the table says."""
    small = [
        each._replace(size=3 * ring.SECTOR) if each.label == "kitlog" else each for each in chip_flash.read_layout()
    ]
    monkeypatch.setattr(chip_flash, "read_layout", lambda: small)


@pytest.mark.parametrize(("last", "first"), [(49, 1), (149, 50)], ids=["into a fresh sector", "round the ring"])
def test_a_cut_around_the_border_of_a_sector(last: int, first: int, tmp_path: Path, three_sectors: None) -> None:
    async def scene(stage: Stage) -> None:
        cuts = {await stage.add(f"P-{steps}"): steps for steps in BORDER_SAMPLE}
        for tag, steps in cuts.items():
            live_until(tag, stage.store.tag(f"P-{steps}").id, last)
        await cut_all(stage, cuts, T0 + 2 * HOUR)
        reports = await stage.dock(*cuts)
        assert [(report.error, report.altered) for report in reports] == [(None, 0)] * len(BORDER_SAMPLE)
        for steps in BORDER_SAMPLE:
            opened = ["lid_open"] if steps >= HEAD_STEPS + SLOT_STEPS else []
            types = chain(stage, f"P-{steps}", first)
            lived = ["boot", *["heartbeat"] * (last - 1)][first - 1 :]
            assert types[: len(lived) + len(opened) + 3] == [*lived, *opened, "boot", "lid_open", "lid_close"], steps

    play(tmp_path, scene)


ACKNOWLEDGED = ("kitdock", "acknowledged", "i32")


def cut_the_acknowledgement(tag: VirtualTag, monkeypatch: pytest.MonkeyPatch, steps: int | None) -> None:
    """The power goes as what is acknowledged is next written: `steps` bytes into it, or right after it if None."""
    board = tag.board
    write = board._on_nvs_set

    def cut(namespace: str, key: str, kind: str, value: Any) -> None:
        if (namespace, key, kind) != ACKNOWLEDGED:
            return write(namespace, key, kind, value)
        monkeypatch.setattr(board, "_on_nvs_set", write)
        nvs = board.chip_flash.partition("nvs")
        assert nvs is not None
        if steps is not None:
            board.chip_flash.at(nvs.offset).cut_after(steps)
        write(namespace, key, kind, value)
        raise PowerCut

    monkeypatch.setattr(board, "_on_nvs_set", cut)


DOCKING_SAMPLE = (APPEND_STEPS - 1, APPEND_STEPS, APPEND_STEPS + 40, APPEND_STEPS + SLOT_STEPS, 2 * APPEND_STEPS - 1)
"""In the record of the docking, and in what the station has recorded after it has acknowledged."""


NVS_SAMPLE = {"before": 0, "in the entry": 20, "before its bits": 32, "after": None}
"""Bytes of the entry of what is acknowledged, 32 in all, before its two bits say that it is written."""


def test_a_cut_at_the_dock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        tags = {f"P-{name}": await stage.add(f"P-{name}") for name in (*DOCKING_SAMPLE, *NVS_SAMPLE)}
        for tag in tags.values():
            tag.at(T0 + 60).lid_open()
            tag.at(T0 + 90).lid_close()
        await stage.until(T0 + HOUR)
        for steps in DOCKING_SAMPLE:
            tags[f"P-{steps}"].flash.cut_after(steps)
        for name, steps in NVS_SAMPLE.items():
            cut_the_acknowledgement(tags[f"P-{name}"], monkeypatch, steps)
        await stage.dock(*tags.values())
        assert [tag.state for tag in tags.values()] == ["off"] * len(tags)
        for tag in tags.values():
            tag.undock()
            tag.flash.cut_after(None)
            tag.power_off()
            tag.power_on()
        await asyncio.gather(*(tag.settle() for tag in tags.values()))
        kept = {name: tags[f"P-{name}"].board.nvs.get(ACKNOWLEDGED) for name in NVS_SAMPLE}
        assert {name for name, value in kept.items() if value} == {"after"}, kept
        await stage.until(T0 + 2 * HOUR)
        reports = await stage.dock(*tags.values())
        # A connection that fails is made again: what counts is how each pouch's last one ended.
        last = {report.pouch: (report.error, report.altered) for report in reports}
        assert last == dict.fromkeys(tags, (None, 0))
        for pouch, tag in tags.items():
            types = chain(stage, pouch)
            assert types[:3] == ["boot", "lid_open", "lid_close"], pouch
            assert types.count("lid_open") == types.count("lid_close") == 1, pouch
            assert types.count("boot") == 2, pouch
            assert tag.board.nvs[ACKNOWLEDGED] == len(types), pouch

    play(tmp_path, scene)
