"""AES-128-CCM, RFC 3610, with a 13-byte nonce (so messages under 64 KiB).

The message authentication code is the last block of one CBC run over
`B0 | length of aad, aad, padding | message, padding`; the key stream is one ECB run over the
counter blocks `A0 A1 A2 ...`. Two calls into the interpreter's AES for a message of any size.
"""

from .aes import BLOCK, encrypt_cbc, encrypt_ecb
from .errors import AuthenticationError, WireError

NONCE_SIZE = 13
"""Nonce size in bytes; RFC 3610 calls it 15 - L, here with L = 2."""


def _xor(left: bytes, right: bytes) -> bytes:
    size = len(left)
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right[:size], "big")
    return mixed.to_bytes(size, "big")


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def _tag(key: bytes, nonce: bytes, aad: bytes, message: bytes, tag_size: int) -> bytes:
    """T of RFC 3610 section 2.2, before it is encrypted, cut to `tag_size`."""
    flags = (0x40 if aad else 0) | (tag_size - 2) // 2 << 3 | 1
    blocks = bytes([flags]) + nonce + len(message).to_bytes(2, "big")
    if aad:
        blocks += _padded(len(aad).to_bytes(2, "big") + aad)
    return encrypt_cbc(key, blocks + _padded(message))[-BLOCK:][:tag_size]


def _key_stream(key: bytes, nonce: bytes, size: int) -> tuple[bytes, bytes]:
    """S0, which hides the tag, and the key stream for `size` bytes of message."""
    counters = b"".join(
        [b"\x01" + nonce + block.to_bytes(2, "big") for block in range(1 + (size + BLOCK - 1) // BLOCK)]
    )
    stream = encrypt_ecb(key, counters)
    return stream[:BLOCK], stream[BLOCK:]


def seal(key: bytes, nonce: bytes, message: bytes, aad: bytes, tag_size: int) -> bytes:
    """Encrypt and authenticate: ciphertext (the size of `message`) and tag (`tag_size` bytes).

    `key` 16 bytes; `nonce` 13 bytes, never twice under one key; `tag_size` 4, 6, ... 16.
    Raises `WireError` if a size is not one of these.
    """
    _check_sizes(key, nonce, message, aad, tag_size)
    hide, stream = _key_stream(key, nonce, len(message))
    return _xor(message, stream) + _xor(_tag(key, nonce, aad, message, tag_size), hide)


def open(key: bytes, nonce: bytes, sealed: bytes, aad: bytes, tag_size: int) -> bytes:
    """The message of which `sealed` is the ciphertext and tag.

    Raises `AuthenticationError` if the tag does not fit key, nonce, aad and ciphertext, and
    `WireError` if a size is wrong.
    """
    size = len(sealed) - tag_size
    if size < 0:
        raise WireError("sealed message is %d bytes, shorter than its %d byte tag" % (len(sealed), tag_size))
    _check_sizes(key, nonce, sealed[:size], aad, tag_size)
    hide, stream = _key_stream(key, nonce, size)
    message = _xor(sealed[:size], stream)
    if not equal(_xor(sealed[size:], hide), _tag(key, nonce, aad, message, tag_size)):
        raise AuthenticationError("authentication code does not fit the key")
    return message


def equal(left: bytes, right: bytes) -> bool:
    """Whether two byte strings are the same, in a time that does not tell where they differ."""
    if len(left) != len(right):
        return False
    difference = 0
    for a, b in zip(left, right):
        difference |= a ^ b
    return difference == 0


def _check_sizes(key: bytes, nonce: bytes, message: bytes, aad: bytes, tag_size: int) -> None:
    if len(key) != BLOCK:
        raise WireError("AES-128 key is %d bytes, not 16" % len(key))
    if len(nonce) != NONCE_SIZE:
        raise WireError("CCM nonce is %d bytes, not %d" % (len(nonce), NONCE_SIZE))
    if tag_size not in (4, 6, 8, 10, 12, 14, 16):
        raise WireError("CCM tag size %d is not 4, 6, 8, 10, 12, 14 or 16" % tag_size)
    if len(message) > 0xFFFF or len(aad) >= 0xFF00:
        raise WireError("CCM message or associated data too long")
