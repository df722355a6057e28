"""The vault: seals tag keys and protected form fields under the station's own key.

    sealed blob     nonce (12 random bytes) | AES-256-GCM ciphertext and 16-byte authentication code
    key file        `<database>.key`, mode 0600, or 0640 where a group shares the database: 64 hexadecimal digits
                    and a line feed

Each blob is bound to its place by a label in the associated data, so a sealed value that is moved to
another row does not open. The key leaves the file only for memory; the database stores just its check value.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from host.errors import InputError, VaultError, why
from host.phrase import Phrase

KEY_SIZE = 32
"""Size of the station key in bytes."""

_NONCE_SIZE = 12
_LABEL = b"kitdock vault 1 "


class TagKeys(NamedTuple):
    """A tag's three 32-byte keys; `log` is the first one, before the ratchet has moved."""

    advert: bytes
    session: bytes
    log: bytes

    def __repr__(self) -> str:
        """Says nothing, so that no log or traceback can show a key."""
        return "TagKeys(...)"

    @classmethod
    def random(cls) -> "TagKeys":
        """Three fresh keys for an enrolment."""
        return cls(secrets.token_bytes(32), secrets.token_bytes(32), secrets.token_bytes(32))


def key_path(database: Path) -> Path:
    """Where the key of `database` is."""
    return database.with_name(database.name + ".key")


def open_to(key: os.stat_result, database: Path) -> Phrase | None:
    """To whom a key file is open that should not read it, and what to do; None if it is well kept.

    A group may read it where a group may write the database: several people, each with a login of one's own, use
    one station (docs/roles.md). The two may be different groups.
    """
    shared = database.exists() and database.stat().st_mode & stat.S_IWGRP
    allowed = 0o640 if shared else 0o600
    wrong = key.st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed
    if not wrong:
        return None
    by_group = "key.open_to_changes" if shared else "key.open_to_group"
    code = "key.open_to_all" if wrong & stat.S_IRWXO else by_group
    return Phrase(code, path=key_path(database), mode=f"{allowed:o}")


class Vault:
    """Seals and opens blobs. Made by `create` or `load`."""

    def __init__(self, key: bytes) -> None:
        # Imported here: commands that open nothing sealed need not load it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._aead = AESGCM(key)
        self.check_value = hashlib.sha256(b"kitdock station check 1" + key).hexdigest()[:16]
        """16 hexadecimal digits that tell two station keys apart and give neither away."""

    def __repr__(self) -> str:
        return f"Vault({self.check_value})"

    @classmethod
    def create(cls, database: Path) -> "Vault":
        """Makes the key file of a new database.

        Raises `InputError` if there is one already: it may be all that opens another database.
        """
        path = key_path(database)
        key = secrets.token_bytes(KEY_SIZE)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise InputError("key.there_already", path=path) from None
        except OSError as error:
            raise VaultError("key.not_made", path=path, why=why(error)) from None
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise VaultError("key.not_written", path=path, why=why(error)) from None
        return cls(key)

    @classmethod
    def load(cls, database: Path, check_value: str) -> "Vault":
        """The vault of `database`, whose station key has `check_value`.

        Raises `VaultError` if the file is missing, open to other users, malformed, or another station's.
        """
        path = key_path(database)
        try:
            if os.name == "posix" and (wrong := open_to(path.stat(), database)):
                raise VaultError("key.open", path=path, whom=wrong)
            text = path.read_text(encoding="ascii")
            key = bytes.fromhex(text.strip())
        except FileNotFoundError:
            raise VaultError("key.missing", path=path) from None
        except OSError as error:
            raise VaultError("key.not_read", path=path, why=why(error)) from None
        except ValueError:
            key = b""
        if len(key) != KEY_SIZE:
            raise VaultError("key.none", path=path)
        vault = cls(key)
        if vault.check_value != check_value:
            raise VaultError("key.of_another", path=path, found=vault.check_value, needed=check_value)
        return vault

    def seal(self, clear: bytes, label: str) -> bytes:
        """`clear`, sealed and bound to `label`."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._aead.encrypt(nonce, clear, _LABEL + label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """What `seal` was given with the same `label`.

        Raises `VaultError` if the blob was altered or belongs elsewhere.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], _LABEL + label.encode())
        except (InvalidTag, ValueError):
            raise VaultError("sealed.altered", what=label) from None
