"""The advertisement: an encrypted BTHome v2 frame that only the tag's own station can follow.

Advertising data, the 31 bytes of a legacy advertisement:

    02 01 06                    flags: general discoverable, no BR/EDR
    1b 16 d2 fc                 service data of BTHome, 0xFCD2
    45                          device information: encrypted, trigger based, version 2
    15 bytes                    ciphertext of the measurements below
    4 bytes                     counter: index in the epoch, then the epoch's 3-byte hint
    4 bytes                     AES-CCM message integrity code

Measurements, BTHome object ids in rising order:

    00 packet id (the index)    01 battery, percent     11 opening, 1 while the lid is open
    15 battery, 1 while low     26 problem, 1 in safe mode
    2b tamper, 1 if the tag found its own log damaged    3d count, 2 bytes: last sequence, low 16 bits

An epoch is 900 s of a counter that only rises. Everything that could name a tag comes from the
epoch's secret, so two epochs share nothing that a stranger could join: the key, the 6 bytes in the
address field of BTHome's nonce, and the hint by which the station looks the tag up. An
advertisement is a hint to connect, never evidence.

Profile `open` says the same measurements in BTHome's ordinary forms, for anybody's receiver: in clear
(device information 44, no counter, no code), or encrypted under the tag's bind key with the radio's own
address in the nonce and a 4-byte counter that only rises.

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
IN_CLEAR = 0x44
MIC_SIZE = 4
BIND_KEY_SIZE = 16
"""Size of a bind key in bytes."""
_FLAGS = b"\x02\x01\x06"
_UUID = b"\xd2\xfc"
_OBJECTS = (0x00, 0x01, 0x11, 0x15, 0x26, 0x2B, 0x3D)
_MEASUREMENTS = "<BBBBBBBBBBBBBH"
_FRAME_SIZE = 24

Epoch = namedtuple("Epoch", ("number", "key", "address", "hint"))
"""One epoch of one tag: number, 16-byte AES key, 6-byte nonce address, 3-byte hint."""

Advert = namedtuple("Advert", ("index", "battery_percent", "lid_open", "battery_low", "problem", "tamper", "count"))
"""What a tag says of itself: 0..255, 0..100, four bools, 0..65535."""


def epoch(advert_key: bytes, number: int) -> Epoch:
    """The epoch with `number` (0 .. 2**32 - 1) of the tag with the 32-byte `advert_key`."""
    secret = kdf.hkdf_expand(advert_key, b"kitdock epoch 1" + struct.pack("<I", number), 25)
    return Epoch(number, secret[:16], secret[16:22], secret[22:])


def bind_key(advert_key: bytes) -> bytes:
    """The 16 bytes under which the tag with the 32-byte `advert_key` encrypts in profile `open`.

    For the receiver that is to read the tag; neither the advert key nor an epoch can be made from it.
    """
    return kdf.hkdf_expand(advert_key, b"kitdock bind 1", BIND_KEY_SIZE)


def _nonce(address: bytes, counter: bytes) -> bytes:
    return address + _UUID + bytes([DEVICE_INFORMATION]) + counter


def _measurements(advert: Advert) -> bytes:
    values = (
        advert.index,
        advert.battery_percent,
        1 if advert.lid_open else 0,
        1 if advert.battery_low else 0,
        1 if advert.problem else 0,
        1 if advert.tamper else 0,
        advert.count,
    )
    fields = []
    for number, value in zip(_OBJECTS, values):
        fields += [number, value]
    return struct.pack(_MEASUREMENTS, *fields)


def _advertising_data(service_data: bytes) -> bytes:
    return _FLAGS + bytes([len(service_data) + 3, 0x16]) + _UUID + service_data


def _sealed(key: bytes, address: bytes, counter: bytes, advert: Advert) -> bytes:
    sealed = ccm.seal(key, _nonce(address, counter), _measurements(advert), b"", MIC_SIZE)
    service_data = bytes([DEVICE_INFORMATION]) + sealed[:-MIC_SIZE] + counter + sealed[-MIC_SIZE:]
    return _advertising_data(service_data)


def build(at: Epoch, advert: Advert) -> bytes:
    """The 31 bytes of advertising data for `advert` in the epoch `at`."""
    return _sealed(at.key, at.address, bytes([advert.index]) + bytes(at.hint), advert)


def build_open(address: bytes, key: "bytes | None", counter: int, advert: Advert) -> bytes:
    """The advertising data for `advert` in profile `open`: 23 bytes in clear, or 31 under the bind `key`.

    `address` is the radio's own, 6 bytes in the order in which it is written; `counter` (0 .. 2**32 - 1)
    is above every one used before with this key.
    """
    if key is None:
        return _advertising_data(bytes([IN_CLEAR]) + _measurements(advert))
    return _sealed(key, address, struct.pack("<I", counter), advert)


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
    fields = struct.unpack(_MEASUREMENTS, ccm.open(at.key, _nonce(at.address, counter), sealed, b"", MIC_SIZE))
    objects = [fields[at] for at in range(0, len(fields), 2)]
    index, battery, opening, low, problem, tamper, count = [fields[at] for at in range(1, len(fields), 2)]
    if tuple(objects) != _OBJECTS or index != counter[0]:
        raise WireError("measurements are not those of a tag")
    return Advert(index, battery, opening == 1, low == 1, problem == 1, tamper == 1, count)
