"""AES from the interpreter: MicroPython's `cryptolib`, CPython's `cryptography`.

Both functions take whole blocks only; padding and modes above them are `ccm`'s.
"""

BLOCK = 16
"""AES block size in bytes."""

_ZERO_BLOCK = bytes(BLOCK)

try:
    from cryptolib import aes as _aes  # MicroPython

    def encrypt_ecb(key: bytes, blocks: bytes) -> bytes:
        """Each 16-byte block of `blocks` encrypted by itself under the 16-byte `key`."""
        return bytes(_aes(key, 1).encrypt(blocks))

    def encrypt_cbc(key: bytes, blocks: bytes) -> bytes:
        """`blocks` in cipher block chaining under the 16-byte `key`, from a zero vector."""
        return bytes(_aes(key, 2, _ZERO_BLOCK).encrypt(blocks))

except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def encrypt_ecb(key: bytes, blocks: bytes) -> bytes:
        """Each 16-byte block of `blocks` encrypted by itself under the 16-byte `key`."""
        return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(blocks)

    def encrypt_cbc(key: bytes, blocks: bytes) -> bytes:
        """`blocks` in cipher block chaining under the 16-byte `key`, from a zero vector."""
        return Cipher(algorithms.AES(key), modes.CBC(_ZERO_BLOCK)).encryptor().update(blocks)
