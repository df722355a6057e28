"""`cryptolib` for an interpreter without it: AES from the process that runs the interpreter."""

# mypy: ignore-errors

import binascii

import _host

_ECB = 1
_CBC = 2


class aes:
    """`aes(key, mode[, IV])`, mode 1 ECB or 2 CBC: the part of MicroPython's class that all its ports have."""

    def __init__(self, key, mode, IV=None):
        if len(key) not in (16, 32):
            raise ValueError("key")
        if mode not in (_ECB, _CBC):
            raise ValueError("mode")
        if mode == _CBC and (IV is None or len(IV) != 16):
            raise ValueError("IV")
        self._key = binascii.hexlify(key).decode()
        self._mode = mode
        self._vector = bytes(IV or b"")
        self._decrypts = None

    def _process(self, decrypt, data, out):
        if self._decrypts not in (None, decrypt):
            raise ValueError("can't encrypt & decrypt")
        if len(data) % 16:
            raise ValueError("blksize % 16")
        self._decrypts = decrypt
        vector = binascii.hexlify(self._vector).decode()
        result = binascii.unhexlify(_host.aes(self._mode, decrypt, self._key, vector, binascii.hexlify(data).decode()))
        if self._mode == _CBC and data:
            self._vector = bytes(data[-16:]) if decrypt else result[-16:]
        if out is None:
            return result
        out[: len(result)] = result
        return out

    def encrypt(self, data, out=None):
        return self._process(False, data, out)

    def decrypt(self, data, out=None):
        return self._process(True, data, out)
