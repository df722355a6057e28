"""`esp32` of the ESP32 port on the virtual board: wake sources, NVS and raw partitions."""

# ruff: noqa: RUF005
# mypy: ignore-errors

import binascii

from _virtual import call

WAKEUP_ALL_LOW = False
WAKEUP_ANY_HIGH = True


def wake_on_ext1(pins=None, level=WAKEUP_ALL_LOW):
    call("wake_on", "ext1", [pin.id for pin in pins or ()], int(level))


def wake_on_gpio(pins=None, level=WAKEUP_ALL_LOW):
    call("wake_on", "gpio", [pin.id for pin in pins or ()], int(level))


def mcu_temperature():
    """The chip's temperature in whole °C. Does not return if its thermometer makes no sense."""
    return call("mcu_temperature")


class NVS:
    """One namespace of non-volatile storage."""

    def __init__(self, namespace):
        self._namespace = namespace
        call("nvs_open", namespace)

    def get_i32(self, key):
        return call("nvs_get", self._namespace, key, "i32")

    def set_i32(self, key, value):
        if not -0x80000000 <= value <= 0x7FFFFFFF:
            raise OverflowError("overflow converting long int to machine word")
        call("nvs_set", self._namespace, key, "i32", value)

    def get_blob(self, key, buffer):
        value = binascii.unhexlify(call("nvs_get", self._namespace, key, "blob", len(buffer)))
        buffer[: len(value)] = value
        return len(value)

    def set_blob(self, key, value):
        call("nvs_set", self._namespace, key, "blob", binascii.hexlify(value).decode())

    def erase_key(self, key):
        call("nvs_erase", self._namespace, key)

    def commit(self):
        call("nvs_commit", self._namespace)


class Partition:
    """A partition of the flash, 4096 bytes a block.

    `writeblocks` with an offset programs (it can only clear bits); without one it erases first.
    """

    TYPE_APP = 0
    TYPE_DATA = 1
    BOOT = 0
    RUNNING = 1

    def __init__(self, label, block_size=4096):
        found = [one for one in call("partitions") if one[4] == label]
        if not found:
            raise OSError(2, "ENOENT")
        self._info = tuple(found[0][:5]) + (bool(found[0][5]),)
        self._block_size = block_size

    @classmethod
    def find(cls, type=TYPE_APP, subtype=0xFF, label=None, block_size=4096):
        return [
            cls(one[4], block_size)
            for one in call("partitions")
            if one[0] == type and subtype in (0xFF, one[1]) and label in (None, one[4])
        ]

    def info(self):
        """(type, subtype, address, size, label, encrypted)"""
        return self._info

    def ioctl(self, operation, argument=0):
        if operation == 4:
            return self._info[3] // self._block_size
        if operation == 5:
            return self._block_size
        if operation == 6:
            call("flash_erase", self._info[2], argument * self._block_size, self._block_size)
        return 0

    def readblocks(self, block, buffer, offset=0):
        data = binascii.unhexlify(call("flash_read", self._info[2], block * self._block_size + offset, len(buffer)))
        memoryview(buffer)[:] = data

    def writeblocks(self, block, buffer, offset=None):
        at = block * self._block_size + (offset or 0)
        if offset is None:
            size = (len(buffer) + self._block_size - 1) // self._block_size * self._block_size
            call("flash_erase", self._info[2], at, size)
        call("flash_program", self._info[2], at, binascii.hexlify(buffer).decode())
