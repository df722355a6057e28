"""NVS in the bytes of flash: what is erased is only marked, pages are recycled, and what a power cut left is ended."""

from __future__ import annotations

import contextlib
import random

import pytest

from host.sim.nor import SECTOR, Nor, PowerCut
from host.sim.nvs import Nvs, NvsError

KEY = ("kitdock", "session_key", "blob")
SECRET = bytes(range(32)).hex()


def mounted(flash: Nor) -> Nvs:
    nvs = Nvs()
    nvs.mount(flash)
    return nvs


def test_what_was_set_is_there_after_the_next_start() -> None:
    flash = Nor(6 * SECTOR)
    nvs = mounted(flash)
    nvs[KEY] = SECRET
    nvs["kitdock", "epoch", "i32"] = -7
    nvs["other", "epoch", "i32"] = 8
    assert dict(mounted(flash)) == {KEY: SECRET, ("kitdock", "epoch", "i32"): -7, ("other", "epoch", "i32"): 8}


def test_a_page_is_laid_out_as_esp_idf_says() -> None:
    flash = Nor(6 * SECTOR)
    mounted(flash)["kitdock", "a", "i32"] = 5
    assert flash.read(0, 4) == b"\xfe\xff\xff\xff", "active"
    assert flash.read(8, 20) == b"\xfe" + b"\xff" * 19, "version 2"
    assert flash.read(32, 1) == bytes([0b11111010]), "two entries written"
    assert flash.read(64, 3) + flash.read(72, 8) == b"\x00\x01\x01kitdock\x00", "the namespace, a number of 8 bits"
    assert flash.read(96, 3) + flash.read(104, 2) + flash.read(120, 4) == b"\x01\x14\x01a\x00\x05\x00\x00\x00"


@pytest.mark.parametrize("how", ["erased", "overwritten"])
def test_an_erased_value_stays_in_the_bytes(how: str) -> None:
    flash = Nor(6 * SECTOR)
    nvs = mounted(flash)
    nvs[KEY] = SECRET
    if how == "erased":
        del nvs[KEY]
        assert KEY not in mounted(flash)
    else:
        nvs[KEY] = bytes(32).hex()
        assert mounted(flash)[KEY] == bytes(32).hex()
    assert bytes.fromhex(SECRET) in bytes(flash.bytes)


def test_what_is_done_to_the_bytes_is_not_noticed_before_the_next_start() -> None:
    flash = Nor(6 * SECTOR)
    nvs = mounted(flash)
    nvs[KEY] = SECRET
    for sector in range(6):
        flash.erase(sector * SECTOR)
    nvs["kitdock", "epoch", "i32"] = 1  # into a page that has no head any more
    assert dict(mounted(flash)) == {}


def test_pages_are_recycled_for_ever_and_a_full_storage_refuses() -> None:
    flash = Nor(3 * SECTOR)
    nvs = mounted(flash)
    nvs[KEY] = SECRET
    for number in range(2000):
        nvs["kitdock", "epoch", "i32"] = number
    assert dict(mounted(flash)) == {KEY: SECRET, ("kitdock", "epoch", "i32"): 1999}
    assert flash.erased >= 10
    with pytest.raises(NvsError, match="NOT_ENOUGH_SPACE"):
        for number in range(400):
            nvs["kitdock", f"n{number}", "i32"] = number


def test_random_bytes_are_taken_for_nothing() -> None:
    flash = Nor(6 * SECTOR)
    flash.program(0, random.Random(1).randbytes(6 * SECTOR))
    nvs = mounted(flash)
    nvs["kitdock", "epoch", "i32"] = 1
    assert dict(mounted(flash)) == {("kitdock", "epoch", "i32"): 1}


def written(count: int) -> Nor:
    """Flash that holds the secret, and a number that was set so often."""
    flash = Nor(3 * SECTOR)
    nvs = mounted(flash)
    nvs[KEY] = SECRET
    for number in range(count):
        nvs["kitdock", "epoch", "i32"] = number
    return flash


@pytest.mark.parametrize("count", [5, 120, 243, 244], ids=str)
def test_after_a_power_cut_at_any_byte_there_is_the_old_value_or_the_new_one(count: int) -> None:
    before = bytes(written(count).bytes)
    seen = set()
    for steps in range(0, 700, 3):
        flash = Nor(3 * SECTOR)
        flash.program(0, before)
        nvs = mounted(flash)
        flash.cut_after(steps)
        with contextlib.suppress(PowerCut):
            nvs["kitdock", "epoch", "i32"] = 1000
            nvs[KEY] = bytes(32).hex()
        flash.cut_after(None)
        after = mounted(flash)
        assert after["kitdock", "epoch", "i32"] in (count - 1, 1000)
        assert after[KEY] in (SECRET, bytes(32).hex())
        seen.add((after["kitdock", "epoch", "i32"], after[KEY]))
        after["kitdock", "epoch", "i32"] = 1001
        assert mounted(flash)["kitdock", "epoch", "i32"] == 1001
    assert len(seen) == 3
