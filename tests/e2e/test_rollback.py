"""A tag's memory is copied at the start of a shift and written back at the end: what the station asks then.

With the tools that there are for it, the real esptool and the real mpremote. The openings of that shift are gone from
the log for good; that it was tampered with is what is left to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from host.flash.chip import bootloader
from host.link.usb import repl
from host.reconcile import Discrepancy, reconcile
from host.settings import DEFAULTS
from host.sim.tag import VirtualTag
from tests.e2e.stage import HOUR, T0, Stage, play
from tests.e2e.test_chip import without
from tests.e2e.test_flash import LOG, OURS
from tests.e2e.test_usb import gone_on, heard_calls, kitdock
from tests.station import Store

NVS = next(each for each in OURS if each.label == "nvs")
SECTORS = 4
"""Of the log, as many as are written."""

Copy = dict[str, bytes]


def copied_by_esptool(port: str) -> Copy:
    with bootloader(port, lambda done, total: None) as chip:
        return {each.label: chip.read(each.offset, SECTORS * 4096) for each in (NVS, LOG)}


def put_back_by_esptool(port: str, copy: Copy) -> None:
    with bootloader(port, lambda done, total: None) as chip:
        for each in (NVS, LOG):
            chip.write(each.offset, copy[each.label])


FIND = "from esp32 import Partition\np = Partition.find(Partition.TYPE_DATA, label={label!r})[0]\n"
READ = FIND + "b = bytearray(4096)\nfor n in range({sectors}):\n    p.readblocks(n, b)\n    print(b.hex())\n"
WRITE = FIND + "p.ioctl(6, {sector})\np.writeblocks({sector}, bytes.fromhex({content!r}))\n"


def copied_by_mpremote(port: str) -> Copy:
    with repl(port) as tag:
        copy = {
            each.label: bytes.fromhex("".join(tag.run(READ.format(label=each.label, sectors=SECTORS)).split()))
            for each in (NVS, LOG)
        }
        tag.go_on()
    return copy


def put_back_by_mpremote(port: str, copy: Copy) -> None:
    with repl(port) as tag:
        for label, content in copy.items():
            for sector in range(SECTORS):
                part = content[sector * 4096 : (sector + 1) * 4096].hex()
                tag.run(WRITE.format(label=label, sector=sector, content=part))
        tag.go_on()


def stop_and_go_on(port: str) -> None:
    with repl(port) as tag:
        tag.go_on()


async def on_the_cable(tag: VirtualTag, work: Callable[[], object], resets: bool) -> object:
    """Plug the tag in, do `work` and unplug it; after esptool the chip is reset."""
    calls = heard_calls(tag)
    tag.dock()
    await tag.settle()
    done = await asyncio.to_thread(work)
    if resets:
        tag.reset()
        await tag.settle()
    else:
        await gone_on(tag, calls)
    tag.undock()
    await tag.settle()
    return done


def questions(store: Store, now_ms: int) -> list[Discrepancy]:
    return [each for each in reconcile(store.situation(now_ms, DEFAULTS)) if each.kind != "clock_implausible"]


OPENINGS = 3


def shift(
    folder: Path, copied_by: str, put_back_by: str, files: Mapping[str, Path] | None = None
) -> tuple[list[str], list[Discrepancy]]:
    """A shift with three openings, at the start of which the memory is copied, and before whose end it is put back.

    Returns what the tag hands over when it docks then, and what the station asks.
    """
    asked: list[Discrepancy] = []
    logged: list[str] = []

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        stage.store.add_officer("4101", None, stage.now_ms())
        stage.store.add_kit("K-1", "Two", "L1", date(2028, 1, 1), 2, stage.now_ms())
        stage.store.issue_kit("K-1", "4101", "P-01", stage.now_ms())
        await stage.until(T0 + HOUR)
        await stage.dock(tag)
        tag.undock()
        await tag.settle()
        before = len(stage.types())
        port = tag.serial_port()
        read = {"esptool": copied_by_esptool, "mpremote": copied_by_mpremote}[copied_by]
        write = {"esptool": put_back_by_esptool, "mpremote": put_back_by_mpremote}[put_back_by]
        copy = await on_the_cable(tag, lambda: read(port), copied_by == "esptool")
        for number in range(OPENINGS):
            tag.at(T0 + (2 + number) * HOUR).lid_open()
            tag.at(T0 + (2 + number) * HOUR + 60).lid_close()
        await stage.until(T0 + 8 * HOUR)
        await on_the_cable(tag, lambda: write(port, copy), put_back_by == "esptool")  # type: ignore[arg-type]
        await stage.until(T0 + 9 * HOUR)
        (report,) = await stage.dock(tag)
        assert report.error is None
        logged.extend(str(kind) for kind in stage.types()[before:])
        asked.extend(questions(stage.store, stage.now_ms()))

    play(folder, scene, files=files)
    return logged, asked


@pytest.mark.parametrize(
    ("copied_by", "put_back_by", "kind", "says"),
    [
        ("esptool", "esptool", "tag_interrupted", "restarted once although its battery was good"),
        ("mpremote", "mpremote", "tag_interrupted", "was stopped over USB once"),
        ("mpremote", "esptool", "tag_interrupted", "stopped over USB once and restarted once"),
        ("esptool", "mpremote", "start_missing", "comes from another start of the tag than the entry before it"),
    ],
)
def test_a_memory_put_back_leaves_no_opening_and_a_question(
    tmp_path: Path, copied_by: str, put_back_by: str, kind: str, says: str
) -> None:
    logged, asked = shift(tmp_path, copied_by, put_back_by)
    assert "lid_open" not in logged, "that is what was to be hidden"
    assert [each.kind for each in asked] == [kind], [each.evidence for each in asked]
    assert (asked[0].officer, asked[0].kit, asked[0].pouch) == ("4101", "K-1", "P-01")
    assert says in str(asked[0].evidence)


def test_without_the_record_of_a_stop_mpremote_leaves_no_trace(tmp_path: Path) -> None:
    bare = without(tmp_path, "wake", "        memory.stopped = min(memory.stopped + 1, 0xFF)\n", "")
    logged, asked = shift(tmp_path, "mpremote", "mpremote", bare)
    assert "lid_open" not in logged and "stopped" not in logged
    assert asked == []


def test_what_the_station_does_over_usb_raises_no_question(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.dock()
        await tag.settle()
        for command in (
            ("info",),
            ("log",),
            ("config", "P-01", "--heartbeat", "12h"),
            ("identify", "P-01", "--seconds", "1"),
            ("info",),
        ):
            status, _, complaints = await kitdock(stage, *command, "--port", tag.serial_port())
            assert status == 0, complaints
        await stage.dock(tag, everything=True)
        assert stage.types().count("stopped") == 5
        assert [each.kind for each in questions(stage.store, stage.now_ms())] == []
        calls = heard_calls(tag)
        await asyncio.to_thread(stop_and_go_on, tag.serial_port())
        await gone_on(tag, calls)
        await stage.dock(tag, everything=True)
        asked = questions(stage.store, stage.now_ms())
        assert [each.kind for each in asked] == ["tag_interrupted"], "and it asks about anyone else who does it"
        assert str(asked[0].evidence).count("once") == 1

    play(tmp_path, scene)


STATE = """
from clock import Clock
from flash_log import FlashLog
from kitcore.ring import Ring
from settings import Settings
flash = FlashLog()
print(Clock(resumed=True).memory.stopped, Ring(flash, flash.sectors, Settings().tag_id()).last)
"""


def stop_at_call(tag: VirtualTag, number: int) -> list[int]:
    """Ctrl-C comes once, at the board call of that number from now on; below 0 what is returned says that it has."""
    real = type(tag.board).call
    left = [number]

    def call(name: str, arguments: list[Any]) -> Any:
        if left[0] == 0:
            tag.interrupt()
        left[0] -= 1
        return real(tag.board, name, arguments)

    tag.board.call = call  # type: ignore[method-assign]
    return left


def test_whenever_ctrl_c_comes_the_prompt_is_there_only_once_the_stop_is_recorded(tmp_path: Path) -> None:
    """At any board call of a start at the dock, and of a wake: it stops the tag and is recorded, or neither."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        prompts = 0
        for resets in (True, False):
            for at in range(0, 84, 7):
                tag.undock()
                await tag.settle()
                before = int(tag.execute(STATE).split()[1])
                tag.execute("import clock\nclock.go_on(10)\n")
                await tag.settle()
                left = stop_at_call(tag, at)
                tag.dock()
                if resets:
                    tag.reset()
                await tag.settle()
                left[0] = -1
                if tag.state == "idle":
                    prompts += 1
                    pending, last = map(int, tag.execute(STATE).split())
                    assert (pending, last > before) == (0, True), (resets, at)
                    tag.execute("import clock\nclock.go_on(10)\n")
                    await tag.settle()
        assert 5 < prompts < 24, "some stopped it, some came too early"
        await stage.dock(tag, everything=True)
        assert stage.types().count("stopped") == prompts

    play(tmp_path, scene)
