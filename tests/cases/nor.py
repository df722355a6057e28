"""NOR flash in memory, for the log's tests on both interpreters: bits only clear, power can be cut."""

from kitcore import ring

ERASE_PARTS = 4


class PowerCut(Exception):
    """The power went; nothing after it reaches the flash."""


class Random:
    """The same numbers from the same seed on both interpreters."""

    def __init__(self, seed):
        self._state = seed & 0xFFFFFFFF or 1

    def below(self, bound):
        """A whole number, 0 .. `bound` - 1."""
        self._state ^= (self._state << 13) & 0xFFFFFFFF
        self._state ^= self._state >> 17
        self._state ^= (self._state << 5) & 0xFFFFFFFF
        return self._state % bound

    def bytes(self, size):
        return bytes([self.below(256) for _ in range(size)])


class Nor:
    """`sectors` sectors, erased at first, or a copy of `content`.

    `steps` counts what can be cut between: each programmed byte, and each part of an erase. An erase goes
    from the sector's end to its start in `ERASE_PARTS` parts, each in two steps: first neither old nor blank,
    then blank. So a cut in it leaves old bytes, the sector's head among them, before blank ones.

    With `smear`, a `Random`, a cut in a programming operation leaves the bytes behind it neither old nor as
    they were to be: any of the bits to be cleared may be clear.

    `erased` counts the erases of each sector; `has_read` the bytes read.
    """

    def __init__(self, sectors, content=None):
        self.bytes = bytearray(b"\xff" * ring.SECTOR * sectors) if content is None else bytearray(content)
        self.steps = 0
        self.cut_at = None
        self.stuck = {}
        self.smear = None
        self.erased = [0] * sectors
        self.has_read = 0

    def step(self):
        """One step that takes power."""
        if self.cut_at is not None and self.steps >= self.cut_at:
            raise PowerCut
        self.steps += 1

    def read(self, offset, size):
        assert offset >= 0 and offset + size <= len(self.bytes)
        self.has_read += size
        return bytes(self.bytes[offset : offset + size])

    def program(self, offset, data):
        size = len(data)
        assert offset >= 0 and offset + size <= len(self.bytes)
        whole = size if self.cut_at is None else max(0, min(size, self.cut_at - self.steps))
        old = int.from_bytes(self.bytes[offset : offset + whole], "little")
        new = old & int.from_bytes(data[:whole], "little")
        self.bytes[offset : offset + whole] = new.to_bytes(whole, "little")
        for at, byte in self.stuck.items():
            if offset <= at < offset + whole:
                self.bytes[at] = byte
        self.steps += whole
        if whole < size:
            if self.smear is not None:
                for at in range(whole, size):
                    self.bytes[offset + at] &= data[at] | self.smear.below(256)
            raise PowerCut

    def erase(self, sector):
        part = ring.SECTOR // ERASE_PARTS
        torn = int.from_bytes(b"\x55" * part, "little")
        for number in range(ERASE_PARTS - 1, -1, -1):
            start = sector * ring.SECTOR + number * part
            self.step()
            old = int.from_bytes(self.bytes[start : start + part], "little")
            self.bytes[start : start + part] = (old | torn).to_bytes(part, "little")
            self.step()
            self.bytes[start : start + part] = b"\xff" * part
        self.erased[sector] += 1
