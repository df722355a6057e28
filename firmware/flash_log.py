"""The log's flash: a raw data partition, written without the file system."""

import board
from esp32 import Partition

from kitcore import ring

_ERASE_BLOCK = 6


class FlashLog:
    """The partition for the log, a `ring.Flash` of `sectors` sectors. Raises `StorageError` if the chip has none."""

    def __init__(self) -> None:
        found = Partition.find(Partition.TYPE_DATA, label=board.LOG_PARTITION)
        if not found:
            raise ring.StorageError("no partition " + board.LOG_PARTITION)
        self._partition = found[0]
        self.sectors = self._partition.info()[3] // ring.SECTOR

    def read(self, offset: int, size: int) -> bytes:
        data = bytearray(size)
        try:
            self._partition.readblocks(offset // ring.SECTOR, data, offset % ring.SECTOR)
        except OSError as error:
            raise ring.StorageError("read at byte %d: %s" % (offset, error)) from error
        return bytes(data)

    def program(self, offset: int, data: bytes) -> None:
        try:  # the form with an offset programs without an erase
            self._partition.writeblocks(offset // ring.SECTOR, data, offset % ring.SECTOR)
        except OSError as error:
            raise ring.StorageError("write at byte %d: %s" % (offset, error)) from error

    def erase(self, sector: int) -> None:
        try:
            self._partition.ioctl(_ERASE_BLOCK, sector)
        except OSError as error:
            raise ring.StorageError("erase of sector %d: %s" % (sector, error)) from error
