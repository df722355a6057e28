"""NOR flash in memory, for the log's tests on both interpreters: bits only clear, power can be cut."""

from kitcore.ring import SECTOR, Flash

ERASE_STEP = 256


class PowerCut(Exception):
    """The power went; nothing after it reaches the flash."""


class Nor(Flash):
    """`sectors` sectors of 4096 bytes, erased at first, or a copy of `content`.

    `steps` counts what can be cut between: each programmed byte, and each 256 bytes of an erase
    (which leaves a sector neither old nor blank before).
    """

    def __init__(self, sectors, content=None):
        self.bytes = bytearray(b"\xff" * SECTOR * sectors) if content is None else bytearray(content)
        self.steps = 0
        self.cut_at = None
        self.stuck = {}

    def _step(self):
        if self.cut_at is not None and self.steps >= self.cut_at:
            raise PowerCut
        self.steps += 1

    def read(self, offset, size):
        assert offset >= 0 and offset + size <= len(self.bytes)
        return bytes(self.bytes[offset : offset + size])

    def program(self, offset, data):
        assert offset >= 0 and offset + len(data) <= len(self.bytes)
        for at, byte in enumerate(data, offset):
            self._step()
            self.bytes[at] &= byte
            if at in self.stuck:
                self.bytes[at] = self.stuck[at]

    def erase(self, sector):
        start = sector * SECTOR
        self._step()
        self.bytes[start : start + SECTOR] = bytes([byte | 0x55 for byte in self.read(start, SECTOR)])
        for at in range(start, start + SECTOR, ERASE_STEP):
            self._step()
            self.bytes[at : at + ERASE_STEP] = b"\xff" * ERASE_STEP
