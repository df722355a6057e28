"""Makes the wire's vectors from `docs/wire.md` alone: `cryptography`, `hmac` and `hashlib`, nothing of Kitdock.

    python tests/vectors/make_vectors.py        rewrites wire.json; a test demands that it changes nothing

The other files here are the vectors that the RFCs print, typed from their text.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

TAG_ID = bytes.fromhex("00112233aabbccdd")
ADVERT_KEY = hashlib.sha256(b"example advert key").digest()
SESSION_KEY = hashlib.sha256(b"example session key").digest()
LOG_KEY = hashlib.sha256(b"example log key").digest()

EVENTS = [
    ("boot", 1, 0x00, 4012, 1, 0, 0, 1),
    ("dock", 5, 0x02, 4012, 1, 3, 0, 0),
    ("time_set", 7, 0x0A, 4010, 1, 9, 1767225600, 0),
    ("lid_open", 2, 0x09, 3988, 1, 86400, 1767311991, 0),
    ("dose_mark", 4, 0x09, 3985, 1, 86460, 1767312051, 1),
    ("lid_close", 3, 0x18, 3981, 1, 86700, 1767312291, 0),
    ("heartbeat", 9, 0x08, 3975, 1, 172800, 1767398391, 96),
    ("temperature", 13, 0x0A, 3970, 1, 180000, 1767405591, 158 << 8 | 96),
]
TEMPERATURES = [(13, 158 << 8 | 96, -4, 58), (13, 225 << 8 | 60, -40, 125), (9, 96, -4, -4), (2, 121, 21, 21), (3, 0)]
"""Type and aux of a record, the coldest and the warmest that it tells in °C, if it tells any."""


def records() -> list[dict[str, object]]:
    key, previous, rows = LOG_KEY, bytes(16), []
    for sequence, (name, kind, flags, battery_mv, boot, uptime, utc, aux) in enumerate(EVENTS, 1):
        plain = struct.pack("<BBHHIIH", kind, flags, battery_mv, boot, uptime, utc, aux)
        number = struct.pack("<I", sequence)
        aes = hashlib.sha256(b"kitdock record 1" + key).digest()[:16]
        sealed = AESCCM(aes, tag_length=16).encrypt(TAG_ID + number + b"\0", plain, TAG_ID + number + previous)
        rows.append(
            {
                "name": name,
                "sequence": sequence,
                "log_key": key.hex(),
                "plain": plain.hex(),
                "record": (number + sealed).hex(),
            }
        )
        key, previous = hashlib.sha256(b"kitdock ratchet 1" + key).digest(), sealed[-16:]
    return rows


def adverts() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for epoch, index, battery, opened, low, problem, tamper, count in (
        (0, 0, 100, 0, 0, 0, 0, 0),
        (7, 3, 87, 1, 0, 1, 0, 513),
        (4294967295, 255, 1, 0, 1, 0, 1, 65535),
    ):
        secret = HKDFExpand(SHA256(), 25, b"kitdock epoch 1" + struct.pack("<I", epoch)).derive(ADVERT_KEY)
        key, address, hint = secret[:16], secret[16:22], secret[22:]
        plain = measurements(index, battery, opened, low, problem, tamper, count)
        counter = bytes([index]) + hint
        sealed = AESCCM(key, tag_length=4).encrypt(address + b"\xd2\xfc\x45" + counter, plain, b"")
        data = bytes.fromhex("0201061b16d2fc45") + sealed[:-4] + counter + sealed[-4:]
        said = said_of(index, battery, opened, low, problem, tamper, count)
        made = {"key": key, "address": address, "hint": hint, "advertising_data": data}
        rows.append({"epoch": epoch} | said | {name: value.hex() for name, value in made.items()})
    return rows


def measurements(*values: int) -> bytes:
    objects = (0x00, 0x01, 0x11, 0x15, 0x26, 0x2B, 0x3D)
    fields = [each for pair in zip(objects, values, strict=True) for each in pair]
    return struct.pack("<BBBBBBBBBBBBBH", *fields)


def said_of(
    index: int, battery: int, opened: int, low: int, problem: int, tamper: int, count: int
) -> dict[str, object]:
    said: dict[str, object] = {"index": index, "battery_percent": battery, "lid_open": bool(opened)}
    return said | {"battery_low": bool(low), "problem": bool(problem), "tamper": bool(tamper), "count": count}


def open_adverts() -> dict[str, object]:
    bind_key = HKDFExpand(SHA256(), 16, b"kitdock bind 1").derive(ADVERT_KEY)
    address, counter, values = bytes.fromhex("d0a1b2c3d4e5"), 0x01020304, (4, 55, 1, 1, 0, 0, 40000)
    plain, sent = measurements(*values), struct.pack("<I", counter)
    sealed = AESCCM(bind_key, tag_length=4).encrypt(address + b"\xd2\xfc\x45" + sent, plain, b"")
    return said_of(*values) | {
        "address": address.hex(),
        "counter": counter,
        "bind_key": bind_key.hex(),
        "in_clear": (bytes.fromhex("0201061316d2fc44") + plain).hex(),
        "encrypted": (bytes.fromhex("0201061b16d2fc45") + sealed[:-4] + sent + sealed[-4:]).hex(),
    }


def session() -> dict[str, object]:
    station_nonce, tag_nonce = bytes(range(16)), bytes(range(16, 32))
    tag_proof = hmac.digest(SESSION_KEY, b"kitdock tag 1\x01\x01" + tag_nonce + station_nonce, "sha256")
    station_proof = hmac.digest(SESSION_KEY, b"kitdock station 1\x01\x01" + station_nonce + tag_nonce, "sha256")
    keys = HKDF(SHA256(), 32, station_nonce + tag_nonce, b"kitdock frames 1").derive(SESSION_KEY)

    def sealed(key: bytes, direction: int, counter: int, message: bytes) -> str:
        head = b"\x10" + struct.pack("<H", counter)
        nonce = bytes([direction]) + bytes(10) + head[1:]
        return (head + AESCCM(key, tag_length=8).encrypt(nonce, message, head)).hex()

    return {
        "station_nonce": station_nonce.hex(),
        "tag_nonce": tag_nonce.hex(),
        "hello": (b"\x01\x01" + station_nonce).hex(),
        "challenge": (b"\x02\x01" + tag_nonce + tag_proof).hex(),
        "proof": (b"\x03" + station_proof).hex(),
        "to_tag": [
            {"message": message.hex(), "body": sealed(keys[:16], 1, counter, message)}
            for counter, message in enumerate((b"\x01", struct.pack("<BIH", 2, 1, 512), struct.pack("<BI", 3, 6)))
        ],
        "from_tag": [
            {"message": message.hex(), "body": sealed(keys[16:], 2, counter, message)}
            for counter, message in enumerate(
                (struct.pack("<BI", 0x82, 7), struct.pack("<BI", 0x83, 6), b"\xff\x04\x03")
            )
        ],
    }


def vectors() -> dict[str, object]:
    return {
        "about": "Kitdock wire, version 1. Keys are SHA-256 of 'example advert key' and so on.",
        "tag_id": TAG_ID.hex(),
        "advert_key": ADVERT_KEY.hex(),
        "session_key": SESSION_KEY.hex(),
        "log_key": LOG_KEY.hex(),
        "check_values": {
            name: hashlib.sha256(b"kitdock check 1" + key).digest()[:8].hex()
            for name, key in (("advert", ADVERT_KEY), ("session", SESSION_KEY), ("log", LOG_KEY))
        },
        "records": records(),
        "temperatures": [list(each) for each in TEMPERATURES],
        "adverts": adverts(),
        "open_adverts": open_adverts(),
        "session": session(),
    }


if __name__ == "__main__":
    Path(__file__).with_name("wire.json").write_text(json.dumps(vectors(), indent=1) + "\n")
