"""The real esptool writes the virtual chip's flash, and the chip starts what it finds there."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from mpremote.transport_serial import SerialTransport

from host.flash.layout import build as build_table
from host.sim import chip_flash
from host.sim.chip_flash import SIZE, parse_table, read_layout, stand_in_image
from host.sim.nor import SECTOR
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from tests.sim.rig import SLEEPS, run, spoken, until


async def esptool(tag: VirtualTag, *arguments: str, fails: bool = False) -> str:
    """What esptool prints."""
    port = tag.serial_port()
    command = [sys.executable, "-m", "esptool", "--port", port, "--before", "no-reset", "--after", "no-reset"]

    def whole() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments], capture_output=True, text=True, timeout=100, check=False, env=os.environ
        )

    done = await asyncio.to_thread(whole)
    assert bool(done.returncode) == fails, done.stdout + done.stderr
    return done.stdout


def written(folder: Path, content: bytes) -> str:
    path = folder / "image.bin"
    path.write_bytes(content)
    return str(path)


def test_esptool_detects_the_chip_and_its_flash(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", blank=True)
        assert tag.state == "blank"
        told = await esptool(tag, "flash-id")
        assert "ESP32-C6FH4 (QFN32) (revision v0.2)" in told
        assert "Detected flash size: 4MB" in told
        assert tag.mac.hex(":") in told
        assert tag.state == "bootloader"

    run(test, tmp_path, SLEEPS)


def test_a_blank_chip_runs_what_esptool_writes(tmp_path: Path) -> None:
    image = stand_in_image()

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", blank=True)
        told = await esptool(tag, "--chip", "esp32c6", "write-flash", "0x0", written(tmp_path, image))
        assert "Hash of data verified" in told
        assert "Compressed" in told
        assert tag.chip.read(0, len(image)) == image
        tag.reset()
        await tag.settle()
        assert tag.state == "idle"  # no main.py yet
        assert tag.execute("import os\nprint(os.listdir())") == "['boot.py']\n"

    run(test, tmp_path, SLEEPS)


def test_uncompressed_and_without_the_stub(tmp_path: Path) -> None:
    content = os.urandom(3 * SECTOR + 100)

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", blank=True)
        path = written(tmp_path, content)
        await esptool(tag, "write-flash", "--no-compress", "0x10000", path)
        assert tag.chip.read(0x10000, len(content)) == content
        await esptool(tag, "--no-stub", "--chip", "esp32c6", "write-flash", "0x20000", path)
        assert tag.chip.read(0x20000, len(content)) == content
        assert tag.chip.erased == 8

    run(test, tmp_path, SLEEPS)


def test_esptool_reads_and_erases(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.flash.program(0, b"a log that is to be read")
        out = tmp_path / "read.bin"
        offset = read_layout()[-1].offset
        await esptool(tag, "read-flash", hex(offset), "0x21000", str(out))
        assert out.read_bytes() == tag.flash.read(0, 0x21000)
        await esptool(tag, "erase-region", hex(offset), "0x1000")
        assert tag.flash.read(0, SECTOR) == b"\xff" * SECTOR
        await esptool(tag, "erase-flash")
        assert tag.chip.read(0, SIZE) == b"\xff" * SIZE
        tag.reset()
        assert tag.state == "blank"

    run(test, tmp_path, SLEEPS)


def test_a_new_table_keeps_what_it_does_not_move(tmp_path: Path) -> None:
    """From MicroPython's own layout to the product's: file system and NVS begin where they were."""

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", blank=True)
        tag.chip.program(0, stand_in_image())
        tag.reset()
        await tag.settle()
        tag.execute(
            "import esp32\nnvs = esp32.NVS('test')\nnvs.set_i32('a', 5)\nnvs.commit()\nopen('/kept', 'w').close()"
        )
        assert tag.execute("print(esp32.Partition.find(1, label='kitlog'))") == "[]\n"
        table = written(tmp_path, build_table(read_layout()))
        await esptool(tag, "write-flash", hex(chip_flash.TABLE_OFFSET), table)
        tag.reset()
        await tag.settle()
        found = tag.execute(
            "import os, esp32\nprint(os.listdir(), esp32.NVS('test').get_i32('a'), "
            "esp32.Partition.find(1, label='kitlog')[0].info()[2:4])"
        )
        assert found == "['boot.py', 'kept'] 5 (3670016, 524288)\n"
        assert len(tag.flash.bytes) == 0x80000

    run(test, tmp_path, SLEEPS)


def test_an_erased_file_system_and_nvs_are_empty_and_the_log_stays(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.execute("import esp32\nnvs = esp32.NVS('test')\nnvs.set_i32('a', 5)\nnvs.commit()")
        tag.flash.program(0, b"log")
        log = tag.flash
        for label in ("nvs", "vfs"):
            partition = tag.board.chip_flash.partition(label)
            assert partition is not None
            tag.chip.erase(partition.offset)
        tag.reset()
        await tag.settle()
        assert tag.state == "idle"
        assert tag.board.nvs == {}
        assert tag.execute("import os\nprint(os.listdir())") == "['boot.py']\n"
        assert tag.flash is log
        assert log.read(0, 3) == b"log"

    run(test, tmp_path, SLEEPS)


def test_a_file_system_of_rubbish_is_said_to_be_corrupted(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        vfs = tag.board.chip_flash.partition("vfs")
        assert vfs is not None
        tag.chip.program(vfs.offset, bytes(64))
        tag.reset()
        await until(lambda: "corrupted" in tag.output)
        assert tag.execute("print(6 * 7)") == "42\n"

    run(test, tmp_path, SLEEPS)


def test_only_an_image_for_this_chip_with_a_table_and_micropython_starts(tmp_path: Path) -> None:
    whole = stand_in_image()
    other_chip = bytearray(whole)
    other_chip[12] = 5
    torn_table = bytearray(whole)
    torn_table[chip_flash.TABLE_OFFSET + 4] ^= 1
    other_program = whole.replace(chip_flash.VERSION, b"something else   ")

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1", blank=True)
        for image in (other_chip, torn_table, other_program, os.urandom(SIZE)):
            for sector in range(0, SIZE, SECTOR):
                tag.chip.erase(sector)
            tag.chip.program(0, bytes(image))
            tag.reset()
            assert tag.state == "blank"

    run(test, tmp_path, SLEEPS)


def test_ctrl_c_stands_in_for_the_reset_line(tmp_path: Path) -> None:
    def talk(transport: SerialTransport) -> bytes:
        transport.enter_raw_repl(soft_reset=False)
        return bytes(transport.exec("print(6 * 7)"))

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        await esptool(tag, "chip-id")
        assert tag.state == "bootloader"
        assert await spoken(tag, talk) == b"42\r\n"
        assert tag.board.reset_cause == 2

    run(test, tmp_path, SLEEPS)


def test_a_program_without_a_stub_is_left_by_a_soft_reset(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.output = ""
        port = tag.serial_port()
        command = [sys.executable, "-m", "esptool", "--port", port, "--before", "no-reset", "--after", "soft-reset"]
        await asyncio.to_thread(
            subprocess.run, [*command, "--no-stub", "chip-id"], capture_output=True, timeout=100, check=True
        )
        await until(lambda: tag.state == "asleep")
        assert "asleep soon" in tag.output

    run(test, tmp_path, SLEEPS)


def test_the_table_is_read_as_it_is_written() -> None:
    layout = read_layout()
    table = build_table(layout)
    assert parse_table(table) == layout
    assert table[len(layout) * 32 + 16 :][:16] == hashlib.md5(table[: len(layout) * 32]).digest()
    assert parse_table(b"\xff" * len(table)) == ()
    ends = [each.offset + each.size for each in layout]
    assert ends[-1] == SIZE
    assert all(end <= following.offset for end, following in zip(ends, layout[1:], strict=False))
