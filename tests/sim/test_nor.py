"""NOR flash keeps its rules, and what a power cut leaves behind."""

import pytest

from host.sim.nor import SECTOR, Nor, PowerCut


def test_programming_only_clears_bits() -> None:
    flash = Nor(SECTOR)
    flash.program(10, b"\xf0")
    flash.program(10, b"\x3f")
    assert flash.read(9, 3) == b"\xff\x30\xff"


def test_erase_sets_one_sector() -> None:
    flash = Nor(2 * SECTOR)
    flash.program(SECTOR - 1, b"\x00\x00")
    flash.erase(SECTOR)
    assert flash.read(SECTOR - 1, 2) == b"\x00\xff"
    assert (flash.programmed, flash.erased) == (2, 1)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_cut_leaves_the_bytes_programmed_before_it(steps: int) -> None:
    flash = Nor(SECTOR)
    flash.cut_after(steps)
    with pytest.raises(PowerCut):
        flash.program(0, b"\x01\x02\x03\x04")
    assert flash.read(0, 4) == b"\x01\x02\x03\x04"[:steps] + b"\xff" * (4 - steps)
    flash.program(0, b"\x01\x02\x03\x04")  # with power again
    assert flash.read(0, 4) == b"\x01\x02\x03\x04"


def test_a_cut_in_mid_erase_leaves_neither_the_old_nor_an_erased_sector() -> None:
    flash = Nor(SECTOR)
    old = bytes(SECTOR)
    flash.program(0, old)
    flash.cut_after(1)
    with pytest.raises(PowerCut):
        flash.erase(0)
    left = flash.read(0, SECTOR)
    assert left != old
    assert left != b"\xff" * SECTOR


@pytest.mark.parametrize(("offset", "size"), [(-1, 1), (SECTOR, 1), (0, SECTOR + 1)])
def test_outside_of_the_flash_is_refused(offset: int, size: int) -> None:
    flash = Nor(SECTOR)
    with pytest.raises(ValueError, match="outside"):
        flash.read(offset, size)
    with pytest.raises(ValueError, match="outside"):
        flash.program(offset, bytes(size))


def test_an_erase_starts_at_a_sector() -> None:
    with pytest.raises(ValueError, match="no sector starts"):
        Nor(2 * SECTOR).erase(16)
