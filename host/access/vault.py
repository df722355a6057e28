"""The vault: seals tag keys and protected form fields under the station's own key.

    sealed blob     nonce (12 random bytes) | AES-256-GCM ciphertext and 16-byte authentication code
    key file        `<database>.key`, mode 0600, or 0640 where a group shares the database: 64 hexadecimal digits
                    and a line feed

Each blob is bound to its place by a label in the associated data, so a sealed value that is moved to
another row does not open. The key never leaves the file but for memory; only its check value is stored.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import NamedTuple

from host.errors import InputError, VaultError

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


def open_to(key: os.stat_result, database: Path) -> str | None:
    """To whom a key file is open that should not read it, and what to do; None if it is well kept.

    A group may read it where a group may write the database: several people, each with a login of one's own, use
    one station (docs/roles.md). The two may be different groups.
    """
    shared = database.exists() and database.stat().st_mode & stat.S_IWGRP
    allowed = 0o640 if shared else 0o600
    wrong = key.st_mode & (stat.S_IRWXG | stat.S_IRWXO) & ~allowed
    if not wrong:
        return None
    whom = "every user" if wrong & stat.S_IRWXO else "changes by a group" if shared else "a group"
    return f"{whom}: run `chmod {allowed:o} {key_path(database)}`"


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
            raise InputError(
                f"key file {path} exists already and is not overwritten: move it away or choose another database"
            ) from None
        except OSError as error:
            raise VaultError(f"cannot make key file {path}: {error.strerror}") from None
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(key.hex() + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            path.unlink(missing_ok=True)
            raise VaultError(f"cannot write key file {path}: {error.strerror}") from None
        return cls(key)

    @classmethod
    def load(cls, database: Path, check_value: str) -> "Vault":
        """The vault of `database`, whose station key has `check_value`.

        Raises `VaultError` if the file is missing, open to other users, malformed, or another station's.
        """
        path = key_path(database)
        try:
            if os.name == "posix" and (wrong := open_to(path.stat(), database)):
                raise VaultError(f"key file {path} is open to {wrong}")
            text = path.read_text(encoding="ascii")
            key = bytes.fromhex(text.strip())
        except FileNotFoundError:
            raise VaultError(
                f"key file {path} is missing: put it back from your backup; tag keys and reports cannot be read without"
            ) from None
        except OSError as error:
            raise VaultError(f"cannot read key file {path}: {error.strerror}") from None
        except ValueError:
            key = b""
        if len(key) != KEY_SIZE:
            raise VaultError(f"key file {path} does not hold a key: put the right one back from your backup")
        vault = cls(key)
        if vault.check_value != check_value:
            raise VaultError(
                f"key file {path} belongs to another database (its check value is {vault.check_value}, "
                f"this database needs {check_value}): put the right one back from your backup"
            )
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
            raise VaultError(f"the sealed value of {label} was altered in the database: restore a backup") from None
