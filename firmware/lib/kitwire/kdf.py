"""HMAC-SHA256 (RFC 2104, vectors in RFC 4231) and HKDF-SHA256 (RFC 5869).

Stock MicroPython has SHA-256 and neither of these.
"""

from hashlib import sha256

from .errors import WireError

HASH_SIZE = 32
"""SHA-256 digest size in bytes."""

_HASH_BLOCK = 64


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """The 32-byte HMAC of `message`; `key` of any size."""
    if len(key) > _HASH_BLOCK:
        key = sha256(key).digest()
    key += bytes(_HASH_BLOCK - len(key))
    inner = sha256(bytes([byte ^ 0x36 for byte in key]) + message).digest()
    return sha256(bytes([byte ^ 0x5C for byte in key]) + inner).digest()


def hkdf_extract(salt: bytes, key_material: bytes) -> bytes:
    """RFC 5869 section 2.2: a 32-byte pseudorandom key."""
    return hmac_sha256(salt, key_material)


def hkdf_expand(pseudorandom_key: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 section 2.3: `size` bytes, at most 255 * 32, bound to `info`.

    Raises `WireError` if more is asked for.
    """
    if size > 255 * HASH_SIZE:
        raise WireError("HKDF gives at most %d bytes, not %d" % (255 * HASH_SIZE, size))
    output = block = b""
    counter = 0
    while len(output) < size:
        counter += 1
        block = hmac_sha256(pseudorandom_key, block + info + bytes([counter]))
        output += block
    return output[:size]
