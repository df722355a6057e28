"""What `wipe` and `provision --replace` leave of a tag's keys in the bytes of its whole flash: nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from host.access.vault import TagKeys
from host.flash.application import FIRMWARE
from host.sim.tag import VirtualTag
from kitwire import keys as wire_keys
from tests.e2e.stage import HOUR, T0, Stage, play
from tests.e2e.test_chip import without
from tests.e2e.test_usb import kitdock

OPENINGS = 3


def readable(tag: VirtualTag, keys: TagKeys) -> list[str]:
    """The keys that a reader of the whole flash finds, the log's in the form that it has reached by any record."""
    flash = bytes(tag.chip.bytes)
    found = [name for name, key in (("advert", keys.advert), ("session", keys.session)) if key in flash]
    log = keys.log
    for number in range(50):
        if log in flash:
            found.append(f"log {number}")
        log = wire_keys.ratchet(log)
    return found


def left_over(folder: Path, command: tuple[str, ...], files: Mapping[str, Path]) -> list[str]:
    """What is readable after `command`; before it, both of the keys in NVS and the log's present one are."""
    found: list[str] = []

    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keys = stage.store.tag_keys(stage.store.tag("P-01").id)
        for number in range(OPENINGS):
            tag.at(T0 + HOUR + 60 * number).lid_open()
            tag.at(T0 + HOUR + 60 * number + 30).lid_close()
        await stage.until(T0 + 2 * HOUR)
        assert readable(tag, keys) == ["advert", "session", f"log {1 + 2 * OPENINGS}"], "the search finds what is there"
        status, _, complaints = await kitdock(stage, *command, "--port", tag.serial_port())
        assert status == 0, complaints
        found.extend(readable(tag, keys))

    play(folder, scene, files=files)
    return found


COMMANDS = {"wipe": ("wipe", "--yes"), "provision --replace": ("provision", "P-01", "--replace")}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_key_of_the_tag_that_it_was_is_in_the_flash(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert left_over(tmp_path, command, {"/": FIRMWARE}) == []


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_without_the_erase_nvs_leaves_two_of_three(tmp_path: Path, command: tuple[str, ...]) -> None:
    files = without(tmp_path, "provision", "        destroy()\n", "")
    assert left_over(tmp_path, command, files) == ["advert", "session"]


def test_a_wipe_that_breaks_off_leaves_no_tag_and_the_next_one_erases_the_rest(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keys = stage.store.tag_keys(stage.store.tag("P-01").id)
        nvs = tag.board.chip_flash.partition("nvs")
        assert nvs is not None
        tag.board.chip_flash.at(nvs.offset).cut_after(8)  # in marking what NVS has, or in the first of its sectors
        status, _, _ = await kitdock(stage, "wipe", "--yes", "--port", tag.serial_port())
        assert status != 0
        assert tag.state == "off"
        tag.board.chip_flash.at(nvs.offset).cut_after(None)
        tag.power_on()
        await tag.settle()
        assert "advert" in readable(tag, keys)
        status, _, complaints = await kitdock(stage, "wipe", "--yes", "--port", tag.serial_port())
        assert status == 0, complaints
        assert readable(tag, keys) == []

    play(tmp_path, scene)


def test_a_sector_of_nvs_that_does_not_erase_is_told(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        original = tag.board._on_flash_erase
        nvs = tag.board.chip_flash.partition("nvs")
        assert nvs is not None

        def erase(partition: int, offset: int, size: int) -> None:
            if partition != nvs.offset or offset != 0:
                original(partition, offset, size)

        tag.board._on_flash_erase = erase  # type: ignore[method-assign]
        status, _, complaints = await kitdock(stage, "wipe", "--yes", "--port", tag.serial_port())
        assert status == 4
        assert "sector 0 of NVS does not erase" in complaints

    play(tmp_path, scene)


def test_what_was_wiped_takes_no_keys_before_it_has_started_anew(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keys = ", ".join(repr(key.hex()) for key in TagKeys.random())
        enrol = f"import provision\nprovision.enrol('{'00' * 8}', {keys})\n"
        tag.execute("import provision\nprovision.wipe()\n")
        assert tag.execute(enrol) == '{"stale": 1}\n', "its storage still writes to pages that are erased"
        tag.reset()
        assert '"tag": "0000000000000000"' in tag.execute(enrol)
        tag.reset()
        await tag.settle()
        assert tag.board.nvs["kitdock", "tag_id", "blob"] == "00" * 8

    play(tmp_path, scene)
