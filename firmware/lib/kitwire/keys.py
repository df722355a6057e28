"""The three keys of a tag, their check values, and the forward ratchet of the log key.

    advert    opens its advertisements          fixed until re-issue
    session   authenticates both ends           fixed until re-issue
    log       seals its records                 ratchets at each record

A station makes them at random, writes them to the tag over USB and keeps them sealed. No key is
ever sent by radio, shown or read back; a check value says whether two ends hold the same one.
"""

from hashlib import sha256

from .kdf import HASH_SIZE

KEY_SIZE = HASH_SIZE
"""Size of each of the three keys, in bytes."""

TAG_ID_SIZE = 8
"""Size of a tag's identity in bytes: random, made at enrolment, written as 16 hexadecimal digits."""

CHECK_VALUE_SIZE = 8
"""Size of a check value in bytes."""


def check_value(key: bytes) -> bytes:
    """Eight bytes that tell two keys apart and from which the key cannot be had."""
    return sha256(b"kitdock check 1" + key).digest()[:CHECK_VALUE_SIZE]


def record_key(log_key: bytes) -> bytes:
    """The 16-byte AES key of the one record that is sealed while the ratchet is at `log_key`."""
    return sha256(b"kitdock record 1" + log_key).digest()[:16]


def ratchet(log_key: bytes) -> bytes:
    """The log key for the next record. One way: the present one cannot be had from the next."""
    return sha256(b"kitdock ratchet 1" + log_key).digest()
