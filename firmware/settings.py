"""What a tag keeps in NVS: who it is, two of its keys, its counters and its configuration.

The log key is not here: it lives in the log, where it can be destroyed after each record.
"""

from collections import namedtuple

from esp32 import NVS, Partition

from kitcore.ring import StorageError
from kitwire import keys

NAMESPACE = "kitdock"
PARTITION = "nvs"
_BLOCK_COUNT, _ERASE_BLOCK = 4, 6
_BLOCK = 4096

TAG_ID = "tag_id"
ADVERT_KEY = "advert_key"
SESSION_KEY = "session_key"

_NOT_FOUND = -0x1102
"""ESP_ERR_NVS_NOT_FOUND as the number of an `OSError` (MicroPython, ports/esp32/mphalport.c)."""

Identity = namedtuple("Identity", ("tag_id", "advert_key", "session_key"))
"""Who a tag is: 8 bytes, 32 bytes, 32 bytes."""


class Settings:
    """The namespace of Kitdock in NVS.

    What cannot be read is not taken for what is not there: that is a `StorageError`, as is a refusal to write.
    Raises `OSError` if NVS does not open at all.
    """

    def __init__(self) -> None:
        self._nvs = NVS(NAMESPACE)

    def tag_id(self) -> "bytes | None":
        """The id of this tag, or None if it is not enrolled."""
        return self._blob(TAG_ID, keys.TAG_ID_SIZE)

    def identity(self) -> "Identity | None":
        """Who this tag is, or None if it is not enrolled."""
        tag_id = self._blob(TAG_ID, keys.TAG_ID_SIZE)
        advert_key = self._blob(ADVERT_KEY, keys.KEY_SIZE)
        session_key = self._blob(SESSION_KEY, keys.KEY_SIZE)
        if tag_id is None or advert_key is None or session_key is None:
            return None
        return Identity(tag_id, advert_key, session_key)

    def forget(self) -> None:
        """Make this no tag at all, before it becomes another one. The bytes stay in flash: see `destroy`."""
        from kitcore.tag import ACKNOWLEDGED, BOOT_COUNT, EPOCH
        from kitwire import config

        for name in (TAG_ID, ADVERT_KEY, SESSION_KEY, BOOT_COUNT, ACKNOWLEDGED, EPOCH) + tuple(config.BY_NAME):
            try:
                self._nvs.erase_key(name)
            except OSError as error:
                if error.errno != _NOT_FOUND:
                    raise StorageError("NVS does not erase %s: %s" % (name, error)) from error
        self._nvs.commit()

    def become(self, identity: Identity) -> None:
        """Keep `identity`; its id goes in last, so that half of it is none."""
        self._nvs.set_blob(ADVERT_KEY, identity.advert_key)
        self._nvs.set_blob(SESSION_KEY, identity.session_key)
        self._nvs.commit()
        self._nvs.set_blob(TAG_ID, identity.tag_id)
        self._nvs.commit()

    def get(self, name: str, default: int = 0) -> int:
        """The number kept as `name`, `default` if there is none."""
        try:
            return self._nvs.get_i32(name)
        except OSError as error:
            if error.errno == _NOT_FOUND:
                return default
            raise StorageError("NVS does not give %s: %s" % (name, error)) from error

    def put(self, name: str, value: int) -> None:
        """Keep `value`, which fits 32 bits with its sign, as `name`."""
        try:
            self._nvs.set_i32(name, value)
            self._nvs.commit()
        except OSError as error:
            raise StorageError("NVS does not take %s: %s" % (name, error)) from error

    def next_of(self, name: str) -> int:
        """One more than the number kept as `name`, kept before it is used."""
        value = self.get(name) + 1
        self.put(name, value)
        return value

    def _blob(self, name: str, size: int) -> "bytes | None":
        buffer = bytearray(size)
        try:
            return bytes(buffer) if self._nvs.get_blob(name, buffer) == size else None
        except OSError as error:
            if error.errno == _NOT_FOUND:
                return None
            raise StorageError("NVS does not give %s: %s" % (name, error)) from error


def destroy() -> None:
    """Erase the flash of NVS, keys and all: what NVS itself erases is only marked, and its bytes can be read.

    NVS does not notice, and keeps nothing until the next start. Raises `StorageError` if the flash refuses.
    """
    found = Partition.find(Partition.TYPE_DATA, label=PARTITION)
    if not found:
        raise StorageError("no partition " + PARTITION)
    data = bytearray(_BLOCK)
    for block in range(found[0].ioctl(_BLOCK_COUNT, 0)):
        try:
            found[0].ioctl(_ERASE_BLOCK, block)
            found[0].readblocks(block, data)
        except OSError as error:
            raise StorageError("erase of NVS, sector %d: %s" % (block, error)) from error
        if data != b"\xff" * _BLOCK:
            raise StorageError("sector %d of NVS does not erase" % block)
