"""The vault: seals tag keys and protected form fields, each under a key of its own, which is wrapped for this station.

    sealed value    0x02 | item (16 random bytes) | nonce (12 random bytes) | AES-256-GCM ciphertext and 16-byte
                    authentication code, under the item's own key
    wrapped key     nonce | ciphertext and code of those 32 bytes, under the station's key
    key file        `<database>.key`, mode 0600, or 0640 where a group shares the database: 64 hexadecimal digits
                    and a line feed

A sealed value is bound to its place by a label in the associated data, so one that is moved to another row does not
open; a wrapped key is bound to its item and its recipient. The station's key leaves the file only for memory; the
database stores just its check value. Before layout 009 a value was sealed under the station's key itself, without its
first 17 bytes.
"""

import hashlib
import os
import secrets
import stat
from pathlib import Path
from typing import Any, NamedTuple

from host.errors import InputError, VaultError, why
from host.phrase import Phrase

KEY_SIZE = 32
"""Size of the station key in bytes."""

_NONCE_SIZE = 12
_ITEM_SIZE = 16
_ENVELOPE = b"\x02"
_OLD_LABEL = b"kitdock vault 1 "


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


class Sealed(NamedTuple):
    """A sealed value, and its item's key as it is wrapped for this station."""

    value: bytes
    item: str
    wrapped: bytes


def item_of(sealed: bytes) -> str | None:
    """The item that a sealed value is of, as 32 hexadecimal digits; None before layout 009.

    The first byte of an older one is random: one in 256 looks like a newer one, whose item nobody has a key of.
    """
    return sealed[1 : 1 + _ITEM_SIZE].hex() if sealed[:1] == _ENVELOPE else None


def key_item(check_value: str) -> str:
    """The item under which a station's earlier key is wrapped."""
    return f"station key {check_value}"


class Vault:
    """Seals and opens values, and wraps their keys. Made by `create`, `load` or `prepare`."""

    def __init__(self, key: bytes) -> None:
        # Imported here: commands that open nothing sealed need not load it.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._make = AESGCM
        self._key = key
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
        key = secrets.token_bytes(KEY_SIZE)
        _write(key_path(database), key)
        return cls(key)

    @classmethod
    def prepare(cls, database: Path) -> "Vault":
        """Makes the key file that is to take the place of the present one: `finish` puts it there.

        Raises `VaultError`.
        """
        key = secrets.token_bytes(KEY_SIZE)
        path = next_path(database)
        path.unlink(missing_ok=True)  # of an attempt that kept nothing
        _write(path, key)
        present = key_path(database)
        if os.name == "posix" and present.exists():
            known = present.stat()
            try:
                os.chown(path, -1, known.st_gid)
                path.chmod(known.st_mode & 0o640)
            except PermissionError:  # a group that one is not in
                path.chmod(0o600)
        return cls(key)

    @classmethod
    def load(cls, database: Path, check_value: str) -> "Vault":
        """The vault of `database`, whose station key has `check_value`.

        Raises `VaultError` if the file is missing, open to other users, malformed, or another station's.
        """
        if next_path(database).exists():
            _finish_if_due(database, check_value)
        vault = cls(_read(key_path(database), database))
        if vault.check_value != check_value:
            path = key_path(database)
            raise VaultError("key.of_another", path=path, found=vault.check_value, needed=check_value)
        return vault

    def seal(self, clear: bytes, label: str, recipient: str) -> Sealed:
        """`clear`, sealed under a key of its own and bound to `label`; the key is wrapped for `recipient`."""
        item, key, nonce = os.urandom(_ITEM_SIZE), secrets.token_bytes(KEY_SIZE), os.urandom(_NONCE_SIZE)
        value = _ENVELOPE + item + nonce + self._make(key).encrypt(nonce, clear, _label(item.hex(), label))
        return Sealed(value, item.hex(), self.wrap(key, item.hex(), recipient))

    def open(self, sealed: bytes, wrapped: bytes | None, label: str, recipient: str) -> bytes:
        """What `seal` was given with the same `label`, by the wrapped key of its item.

        Raises `VaultError` if the value or the key was altered or belongs elsewhere, or there is no such key.
        """
        item = item_of(sealed)
        if item is None:
            raise VaultError("sealed.altered", what=label)
        if wrapped is None:
            raise VaultError("sealed.no_key", what=label)
        key = self.unwrap(wrapped, item, recipient, label)
        return self._opened(self._make(key), sealed[1 + _ITEM_SIZE :], _label(item, label), label)

    def open_old(self, sealed: bytes, label: str) -> bytes:
        """What was sealed with that `label` before layout 009, under this very key. Raises `VaultError`."""
        return self._opened(self._aead, sealed, _OLD_LABEL + label.encode(), label)

    def wrap(self, key: bytes, item: str, recipient: str) -> bytes:
        """A key, wrapped under the station's."""
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._aead.encrypt(nonce, key, _binding(item, recipient))

    def unwrap(self, wrapped: bytes, item: str, recipient: str, what: str) -> bytes:
        """The key that was wrapped; `what` is what it opens. Raises `VaultError`."""
        return self._opened(self._aead, wrapped, _binding(item, recipient), what)

    def wrapped_in(self, other: "Vault", recipient: str) -> bytes:
        """This station's key, wrapped under another one that takes its place."""
        return other.wrap(self._key, key_item(self.check_value), recipient)

    def _opened(self, aead: Any, sealed: bytes, binding: bytes, what: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            clear: bytes = aead.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], binding)
            return clear
        except (InvalidTag, ValueError):
            raise VaultError("sealed.altered", what=what) from None


def _label(item: str, label: str) -> bytes:
    return b"kitdock vault 2 " + f"{item} {label}".encode()


def _binding(item: str, recipient: str) -> bytes:
    return b"kitdock wrap 1 " + f"{item} for {recipient}".encode()


def next_path(database: Path) -> Path:
    """Where a key waits that is to take the place of the present one."""
    return database.with_name(database.name + ".key.next")


def finish(database: Path) -> None:
    """Makes the key that waits the present one. Raises `VaultError`."""
    path = key_path(database)
    try:
        next_path(database).replace(path)
        copied_to_disk(path.parent)
    except OSError as error:
        raise VaultError("key.not_written", path=path, why=why(error)) from None


def copied_to_disk(folder: Path) -> None:
    """Waits until a folder's list of names is on the disk."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finish_if_due(database: Path, check_value: str) -> None:
    """A key was changed, and the power failed before its file was in place."""
    try:
        waiting = Vault(_read(next_path(database), database))
    except VaultError:
        return
    if waiting.check_value == check_value:
        finish(database)


def _write(path: Path, key: bytes) -> None:
    """Raises `InputError` if the file is there, `VaultError` if it can't be written: then there is none."""
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


def _read(path: Path, database: Path) -> bytes:
    """The key in a file. Raises `VaultError` if that is missing, open to other users, or malformed."""
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
    return key
