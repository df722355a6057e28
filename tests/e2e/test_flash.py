"""Flashing with the real esptool and the real mpremote, on a virtual chip: from a bare board to a tag that docks.

What esptool meets here is an emulation of the chip's bootloader (`host/sim/bootloader.py`), and the image is a
synthetic one (`tests/flash_image.py`): no board has been flashed.
"""

from __future__ import annotations

import asyncio
import errno
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host.access.vault import TagKeys
from host.errors import KitdockError
from host.flash import board, layout
from host.flash.application import FIRMWARE
from host.flash.board import Flashed, Said
from host.flash.chip import Chip
from host.flash.published import known
from host.link.usb import Repl
from host.phrase import Phrase
from host.sim import bootloader as emulated
from host.sim.tag import VirtualTag
from tests.e2e.stage import Stage, play
from tests.flash_image import image, sha256, stock_layout, written

KITDOCK = Path(sys.executable).parent / "kitdock"
OURS = layout.read(FIRMWARE / "partitions.csv")
LOG = next(each for each in OURS if each.label == "kitlog")
NVS = next(each for each in OURS if each.label == "nvs")
VFS = next(each for each in OURS if each.label == "vfs")


async def kitdock(*arguments: str | Path) -> tuple[int | None, str, str]:
    """Exit status, standard output and standard error."""
    process = await asyncio.create_subprocess_exec(
        KITDOCK, *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, complaints = await process.communicate()
    return process.returncode, output.decode(), complaints.decode()


async def flash(
    tag: VirtualTag,
    image_path: Path | None = None,
    *,
    erase_log: bool = False,
    firmware: Path = FIRMWARE,
    heard: Callable[[str], None] = lambda text: None,
) -> Flashed:
    """Flash in a thread, with the virtual chip in this one."""
    said = Said(heard, lambda done, total: None)
    named = None if image_path is None else sha256(image_path)
    return await asyncio.to_thread(board.flash, tag.serial_port(), image_path, named, firmware, erase_log, said)


def log_of(tag: VirtualTag) -> bytes:
    """The bytes of the chip where the log belongs."""
    return bytes(tag.chip.bytes[LOG.offset : LOG.offset + LOG.size])


def test_a_bare_board_becomes_a_tag_that_docks_over_bluetooth(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("bare", blank=True)
        port = tag.serial_port()
        path = written(tmp_path)
        command = ("tag", "flash", "--port", port, "--image", path, "--sha256", sha256(path))
        status, output, steps = await kitdock(*command)
        assert status == 0, steps
        assert output == f"The board on {port} is flashed with MicroPython 1.29.0 and the firmware.\n"
        assert f"Its SHA-256 is {sha256(path)}." in steps.splitlines()
        assert "The image is MicroPython 1.29.0 for the ESP32-C6, the one named with --sha256." in steps.splitlines()
        told = ["Application compiled", "The image is", "Its SHA-256", "bootloader: writing",
                "MicroPython 1.29.0: writing",
                "partition table: writing", "Waiting", "Application: "]  # fmt: skip
        assert [line.startswith(step) for line, step in zip(steps.splitlines(), told, strict=True)] == [True] * 8, steps
        assert layout.parse(bytes(tag.chip.bytes[0x8000:0x8C00])) == OURS
        label = tmp_path / "label.svg"
        status, output, complaints = await kitdock(
            "tag", "provision", "P-01", "--port", port, "--db", stage.store.path, "--label", label, "--format", "json"
        )
        assert status == 0, complaints
        assert json.loads(output)["label"] == str(label)
        assert stage.store.tag("P-01").id in label.read_text()
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert report.error is None
        assert stage.types() == ["boot", "dock", "time_set"]

    play(tmp_path, scene)


def test_a_second_run_writes_nothing_and_the_tag_keeps_its_log(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("1", blank=True)
        path = written(tmp_path)
        await flash(tag, path)
        await tag.settle()
        keys = TagKeys.random()
        tag_id = secrets.token_hex(8)
        stage.store.enrol_tag(tag_id, "P-01", keys, stage.now_ms(), lambda: tag.enrol(tag_id, *keys))
        await tag.settle()
        tag.lid_open()
        tag.lid_close()
        await tag.settle()
        before = bytes(tag.chip.bytes)
        heard: list[Phrase] = []
        again = await flash(tag, path, heard=heard.append)
        assert (again.written, again.removed) == ([], [])
        assert again.up_to_date == ["bootloader", "MicroPython 1.29.0", "partition table", "application"]
        assert next(step for step in map(str, heard) if "up to date" in step) == "bootloader: up to date"
        for part in (slice(NVS.offset), slice(NVS.offset + NVS.size, LOG.offset)):  # in NVS the starts are counted
            assert bytes(tag.chip.bytes[part]) == before[part]
        without_image = await flash(tag)
        assert (without_image.written, without_image.up_to_date) == ([], ["application"])
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert report.error is None
        assert stage.types()[:3] == ["boot", "lid_open", "lid_close"]

    play(tmp_path, scene)


def test_an_update_of_the_application_leaves_the_log(tmp_path: Path) -> None:
    """What differs is written, what is no longer part goes, and the log goes on."""

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.dock()
        await tag.settle()
        tag.execute(LEFT_BEHIND)
        first = await flash(tag)
        assert {"policy.py", "lib/kitcore/old.mpy"} <= set(first.removed)
        await tag.settle()
        left = tag.execute("import os; print(os.listdir('/'), os.listdir('/lib/kitcore'))")
        assert "notes.txt" in left, "what is not of the firmware stays"
        assert "policy.py" not in left
        assert "old.mpy" not in left
        tag.reset()
        await tag.settle()
        changed = tmp_path / "firmware"
        copy(FIRMWARE, changed)
        (changed / "version.py").write_text("MAJOR = 0\nMINOR = 99\n")
        second = await flash(tag, firmware=changed)
        assert second.written == ["version.mpy", "main.py"]
        assert second.removed == []
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert report.error is None
        assert report.status is not None
        assert report.status.status.firmware_minor == 99
        assert stage.types()[:2] == ["boot", "dock"]
        assert stage.types().count("boot") == 4, "as enrolled, after each update, and the reset"

    play(tmp_path, scene)


LEFT_BEHIND = """
for path in ("/policy.py", "/lib/kitcore/old.mpy", "/notes.txt"):
    with open(path, "w") as file:
        file.write("x")
"""


def copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.suffix in (".py", ".csv"):
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def test_erasing_the_log_leaves_a_board_without_keys(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await flash(tag)
        status, _, complaints = await kitdock("tag", "flash", "--port", tag.serial_port(), "--erase-log")
        assert (status, "Give --yes" in complaints) == (2, True), "nobody was there to agree"
        assert log_of(tag) != b"\xff" * LOG.size
        status, output, complaints = await kitdock(
            "tag", "flash", "--port", tag.serial_port(), "--erase-log", "--yes", "--format", "json"
        )
        assert (status, complaints) == (0, ""), "programs get no steps"
        assert json.loads(output)["log_erased"] is True
        assert log_of(tag) == b"\xff" * LOG.size
        status, output, _ = await kitdock(
            "tag", "info", "--port", tag.serial_port(), "--db", stage.store.path, "--format", "json"
        )
        told = json.loads(output)
        assert (told["tag"], told["firmware"] is None) == (None, False)

    play(tmp_path, scene)


def test_a_stock_board_gets_our_table_and_a_new_file_system(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("stock", blank=True)
        tag.chip.program(0, image())  # as MicroPython's own instructions leave a board
        tag.reset()
        await tag.settle()
        assert layout.parse(bytes(tag.chip.bytes[0x8000:0x8C00])) == stock_layout()
        done = await flash(tag, written(tmp_path))
        assert [each for each in done.written if "." not in each.split(" ")[0]] == ["partition table"]
        assert "main.py" in done.written

    play(tmp_path, scene)


def break_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the board goes away in the middle of `step`."""

    def gone(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    real_write, real_write_file = Chip.write, Repl.write

    def write(chip: Chip, offset: int, content: bytes) -> None:
        if offset == {"bootloader": 0, "MicroPython": 0x10000, "partition table": 0x8000}.get(step):
            real_write(chip, offset, content[: len(content) // 2])
            gone()
        real_write(chip, offset, content)

    def write_file(repl: Repl, path: str, content: bytes) -> None:
        if step == "application" and path == "/lib/kitcore/server.mpy":
            real_write_file(repl, path, content[:100])
            gone()
        real_write_file(repl, path, content)

    monkeypatch.setattr(Chip, "write", write)
    monkeypatch.setattr(Repl, "write", write_file)
    if step == "file system":
        monkeypatch.setattr(Chip, "erase", gone)


@pytest.mark.parametrize("step", ["file system", "bootloader", "MicroPython", "partition table", "application"])
def test_a_run_that_breaks_off_is_repeated_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A file system is never left beside a table that does not fit it, and half an application never runs."""

    async def scene(stage: Stage) -> None:
        path = written(tmp_path)
        tag = await stage.station.add_tag("1", blank=True)
        tag.chip.program(0, image("1.29.2", boot=b"an older bootloader"))
        tag.chip.program(VFS.offset, b"another file system")
        tag.reset()
        with monkeypatch.context() as broken:
            break_at(step, broken)
            with pytest.raises(KitdockError) as caught:
                await flash(tag, path)
        assert "epeat the command" in str(caught.value)
        if step == "application":
            await tag.settle()
            assert "False" in tag.execute("import os; print('main.py' in os.listdir('/'))")
        assert (await flash(tag, path)).written
        again = await flash(tag, path)
        assert (again.written, again.removed) == ([], [])

    play(tmp_path, scene)


async def refused(tag: VirtualTag, path: Path | None, **options: Any) -> str:
    """Why the board is not flashed, in one line; and nothing on it has changed."""
    before = bytes(tag.chip.bytes)
    with pytest.raises(KitdockError) as caught:
        await flash(tag, path, **options)
    assert bytes(tag.chip.bytes) == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_another_chip_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(emulated, "CHIP_ID", 5)
        tag = await stage.station.add_tag("C3", blank=True)
        line = await refused(tag, written(tmp_path))
        assert "has an ESP32-C3, and the firmware is for an ESP32-C6" in line

    play(tmp_path, scene)


def test_too_little_flash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(stage: Stage) -> None:
        monkeypatch.setattr(emulated, "_FLASH_ID", 0x1540EF)
        tag = await stage.station.add_tag("2 MiB", blank=True)
        assert "too little flash (2048 KiB). A tag needs 4096 KiB" in await refused(tag, written(tmp_path))

    play(tmp_path, scene)


def test_a_log_in_another_place_is_not_overwritten(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("old", blank=True)
        *first, log = OURS
        older = (*first, log._replace(offset=0x3C0000, size=0x40000))
        tag.chip.program(0, image(table=layout.build(older)))
        tag.reset()
        line = await refused(tag, written(tmp_path))
        assert "keeps its log in another place" in line
        assert "--erase-log" in line
        done = await flash(tag, written(tmp_path), erase_log=True)
        assert "partition table" in done.written

    play(tmp_path, scene)


def test_images_that_do_not_fit_touch_nothing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("1", blank=True)
        for content, said in (
            (image()[:-100], "cut short"),
            (image(chip_id=9), "is for the ESP32-S3"),
            (image("1.28.0"), "needs 1.29"),
            (b"text", "does not begin like one"),
        ):
            assert said in await refused(tag, written(tmp_path, content))
        status, output, complaints = await kitdock(
            "tag", "flash", "--port", tag.serial_port(), "--image", written(tmp_path, image("1.28.0"))
        )
        assert (status, output) == (2, "")
        assert complaints.splitlines()[-1].startswith("kitdock: Image ")

    play(tmp_path, scene)


def test_an_image_that_nobody_vouches_for_touches_nothing(tmp_path: Path) -> None:
    """Nor one that was swapped for the one that was named, or damaged under MicroPython's own name."""

    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("1", blank=True)
        before = bytes(tag.chip.bytes)
        path, named = written(tmp_path), sha256(written(tmp_path))
        swapped = written(tmp_path, image(boot=b"another bootloader"), "swapped.bin")
        published = written(tmp_path, image(), known()[-1].name)
        for arguments, said in (
            ((path,), f"doesn't know image {path} by its SHA-256, which is {named}"),
            ((path,), f"repeat the command with --sha256 {named}"),
            ((swapped, "--sha256", named), "is not the one you named"),
            ((published, "--sha256", sha256(published)), "It is damaged, or was swapped."),
            ((path, "--sha256", named[:-1]), "as a SHA-256. Give its 64 hexadecimal digits."),
        ):
            status, output, complaints = await kitdock(
                "tag", "flash", "--port", tag.serial_port(), "--image", *arguments
            )
            assert (status, output) == (2, ""), complaints
            assert said in complaints.splitlines()[-1], complaints
        assert bytes(tag.chip.bytes) == before

    play(tmp_path, scene)


def test_a_board_without_an_image_says_that_it_needs_one(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        stock = await stage.station.add_tag("stock", blank=True)
        stock.chip.program(0, image())
        stock.reset()
        assert "has no partition for the log in the right place. Give an image" in await refused(stock, None)

    play(tmp_path, scene)
