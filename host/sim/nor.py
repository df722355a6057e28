"""NOR flash: programming only clears bits, erasing sets a sector to ones, and the power may go in between."""

from __future__ import annotations

SECTOR = 4096
"""Bytes that are erased together."""


class PowerCut(Exception):
    """The power went in the middle of a flash operation."""


class Nor:
    """One chip (or partition) of `size` bytes, erased at first.

    `programmed` and `erased` count bytes programmed and sectors erased since it was made.
    """

    def __init__(self, size: int) -> None:
        self.bytes: bytearray | memoryview = bytearray(b"\xff") * size
        """The content; a test may alter it."""
        self.programmed = 0
        self.erased = 0
        self._left: int | None = None

    def part(self, offset: int, size: int) -> Nor:
        """The `size` bytes from `offset`, with counters and power cuts of their own."""
        self._check(offset, size)
        part = Nor(0)
        part.bytes = memoryview(self.bytes)[offset : offset + size]
        return part

    def cut_after(self, steps: int | None) -> None:
        """The power goes after `steps` more steps: a programmed byte is one, half an erase is one; None: never.

        With 0 the next operation does nothing. An erase cut in the middle leaves half of its sector set
        and the other half as it was with every other bit set: neither old nor erased.
        """
        self._left = steps

    def _step(self) -> None:
        if self._left is not None:
            if self._left == 0:
                self._left = None
                raise PowerCut
            self._left -= 1

    def _check(self, offset: int, size: int) -> None:
        if offset < 0 or size < 0 or offset + size > len(self.bytes):
            raise ValueError(f"{size} bytes at {offset} are outside of {len(self.bytes)} bytes of flash")

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes from `offset`. Raises `ValueError` outside of the flash."""
        self._check(offset, size)
        return bytes(self.bytes[offset : offset + size])

    def program(self, offset: int, data: bytes) -> None:
        """Clear the bits that `data` has clear. Raises `PowerCut`, or `ValueError` outside of the flash."""
        size = len(data)
        self._check(offset, size)
        whole = size if self._left is None else min(size, self._left)
        old = int.from_bytes(self.bytes[offset : offset + whole], "little")
        new = old & int.from_bytes(data[:whole], "little")
        self.bytes[offset : offset + whole] = new.to_bytes(whole, "little")
        self.programmed += whole
        if self._left is not None:
            self._left -= whole
            if whole < size:
                self._step()

    def erase(self, offset: int) -> None:
        """Set the sector that starts at `offset` to ones.

        Raises `PowerCut`, or `ValueError` if no sector starts there.
        """
        self._check(offset, SECTOR)
        if offset % SECTOR:
            raise ValueError(f"no sector starts at byte {offset}")
        middle, end = offset + SECTOR // 2, offset + SECTOR
        self._step()
        if self._left == 0:
            self.bytes[middle:end] = bytes(value | 0x55 for value in self.bytes[middle:end])
        self.bytes[offset:middle] = b"\xff" * (middle - offset)
        self._step()
        self.bytes[middle:end] = b"\xff" * (end - middle)
        self.erased += 1
