"""The advertisement: an encrypted BTHome v2 frame that only the tag's own station can follow.

Advertising data, 27 of the 31 bytes of a legacy advertisement:

    02 01 06                    flags: general discoverable, no BR/EDR
    17 16 d2 fc                 service data of BTHome, 0xFCD2
    45                          device information: encrypted, trigger based, version 2
    11 bytes                    ciphertext of the measurements below
    4 bytes                     counter: index in the epoch, then the epoch's 3-byte hint
    4 bytes                     AES-CCM message integrity code

Measurements, BTHome object ids in rising order:

    00 packet id (the index)    01 battery, percent     11 opening, 1 while the lid is open
    2b tamper, 1 if the tag found its own log damaged    3d count, 2 bytes: last sequence, low 16 bits

An epoch is 900 s of a counter that only rises. Everything that could name a tag comes from the
epoch's secret, so two epochs share nothing that a stranger could join: the key, the 6 bytes in the
address field of BTHome's nonce, and the hint by which the station looks the tag up. An
advertisement is a hint to connect, never evidence.

BTHome v2: https://bthome.io/format and https://bthome.io/encryption
"""

import struct
from collections import namedtuple

from . import ccm, kdf
from .errors import WireError

SERVICE_UUID = "0000fcd2-0000-1000-8000-00805f9b34fb"
"""BTHome's 16-bit service UUID 0xFCD2 in its 128-bit form."""

EPOCH_S = 900
"""Length of an epoch in seconds."""

HINT_SIZE = 3
"""Size of an epoch's hint in bytes."""

LAST_INDEX = 255
"""Highest index in an epoch; after it a new epoch must begin."""

DEVICE_INFORMATION = 0x45
MIC_SIZE = 4
_HEAD = b"\x02\x01\x06\x17\x16\xd2\xfc"
_MEASUREMENTS = "<BBBBBBBBBH"
_FRAME_SIZE = 20

Epoch = namedtuple("Epoch", ("number", "key", "address", "hint"))
"""One epoch of one tag: number, 16-byte AES key, 6-byte nonce address, 3-byte hint."""

Advert = namedtuple("Advert", ("index", "battery_percent", "lid_open", "tamper", "count"))
"""What a tag says of itself: 0..255, 0..100, bool, bool, 0..65535."""


def epoch(advert_key: bytes, number: int) -> Epoch:
    """The epoch with `number` (0 .. 2**32 - 1) of the tag with the 32-byte `advert_key`."""
    secret = kdf.hkdf_expand(advert_key, b"kitdock epoch 1" + struct.pack("<I", number), 25)
    return Epoch(number, secret[:16], secret[16:22], secret[22:])


def _nonce(at: Epoch, counter: bytes) -> bytes:
    return bytes(at.address) + b"\xd2\xfc" + bytes([DEVICE_INFORMATION]) + counter


def build(at: Epoch, advert: Advert) -> bytes:
    """The 27 bytes of advertising data for `advert` in the epoch `at`."""
    measurements = struct.pack(
        _MEASUREMENTS,
        0x00,
        advert.index,
        0x01,
        advert.battery_percent,
        0x11,
        1 if advert.lid_open else 0,
        0x2B,
        1 if advert.tamper else 0,
        0x3D,
        advert.count,
    )
    counter = bytes([advert.index]) + bytes(at.hint)
    sealed = ccm.seal(at.key, _nonce(at, counter), measurements, b"", MIC_SIZE)
    return _HEAD + bytes([DEVICE_INFORMATION]) + sealed[:-MIC_SIZE] + counter + sealed[-MIC_SIZE:]


def hint_of(service_data: bytes) -> "bytes | None":
    """The hint in BTHome service data (what follows the UUID), or None if it cannot be a tag's."""
    if len(service_data) != _FRAME_SIZE or service_data[0] != DEVICE_INFORMATION:
        return None
    return service_data[-MIC_SIZE - HINT_SIZE : -MIC_SIZE]


def open(at: Epoch, service_data: bytes) -> Advert:
    """What the tag said in `service_data` (what follows the UUID), in the epoch `at`.

    Raises `WireError` if it does not have a tag's form and `AuthenticationError` if the epoch's key
    did not make it.
    """
    if hint_of(service_data) is None:
        raise WireError("service data is not a tag's BTHome frame")
    counter = service_data[-MIC_SIZE - HINT_SIZE - 1 : -MIC_SIZE]
    sealed = service_data[1 : -MIC_SIZE - HINT_SIZE - 1] + service_data[-MIC_SIZE:]
    fields = struct.unpack(_MEASUREMENTS, ccm.open(at.key, _nonce(at, counter), sealed, b"", MIC_SIZE))
    packet_object, index, battery_object, battery, opening_object, opening, tamper_object, tamper = fields[:8]
    count_object, count = fields[8:]
    objects = (packet_object, battery_object, opening_object, tamper_object, count_object)
    if objects != (0x00, 0x01, 0x11, 0x2B, 0x3D) or index != counter[0]:
        raise WireError("measurements are not those of a tag")
    return Advert(index, battery, opening == 1, tamper == 1, count)
