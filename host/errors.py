"""Everything that Kitdock refuses or cannot do, under one root.

An error is a code and its fields: which kit, tag or file, and what to do next. `host.words` has the sentence. A bug is
no `KitdockError` and keeps its traceback. No field carries key material.
"""

import errno
from collections.abc import Iterable, Mapping
from typing import Any, Self

from host.phrase import Phrase


class KitdockError(Exception):
    """Root of all errors that a user can act on: the `code` of what is wrong, and the `fields` of its sentence.

    Fields are as those of `host.phrase.Phrase`.
    """

    exit_status = 1

    def __init__(self, code: str, /, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.fields: Mapping[str, Any] = fields
        self.meant: Phrase | None = None
        """The question that the sentence ends with: what may have been meant."""

    def like(self, typed: str, known: Iterable[str]) -> Self:
        """The same error, with those of the `known` names that are nearly what was typed."""
        near = close_to(typed, known)
        self.meant = Phrase("name.did_you_mean", names=near) if near else None
        return self

    def __str__(self) -> str:
        """The sentence, as a program that is no face says it."""
        from host import words

        return words.told(self)


def close_to(typed: str, known: Iterable[str]) -> tuple[str, ...]:
    """Of the `known` names the nearest to what was typed, whatever is a capital; at most three."""
    from difflib import get_close_matches

    folded = {each.casefold(): each for each in known}
    return tuple(folded[each] for each in get_close_matches(typed.casefold(), folded, cutoff=LIKENESS))


LIKENESS = 0.7
"""How much of two names must be the same (1: all) for one to be taken for the other: a slip, not another word."""


class InputError(KitdockError):
    """What was typed or handed in cannot be right: an unknown officer, an impossible date."""

    exit_status = 2


class DatesUnclear(InputError):
    """A file's dates of numbers can be read in two ways, or in none for all of them; somebody may say which."""


class RuleError(KitdockError):
    """The input is well-formed, but a rule of the stock ledger forbids it: a second issue of a kit."""


class NotAllowed(RuleError):
    """No role of the account allows it; the attempt is in the audit."""


class StoreError(KitdockError):
    """The database cannot be used as asked."""

    exit_status = 3


class DatabaseMissing(StoreError):
    """There is no database file at the path."""


class DatabaseBusy(StoreError):
    """Another process holds the database longer than this one waits."""


class DatabaseFull(StoreError):
    """The disk, or the database's own limit, has no room for the change."""


class DatabaseReadOnly(StoreError):
    """The database or its folder cannot be written."""


class DatabaseDamaged(StoreError):
    """The file is a database, but its content is inconsistent."""


class NotKitdock(StoreError):
    """The file is no database of Kitdock."""


class NewerSchema(StoreError):
    """A later Kitdock has changed the database's layout."""


class ClockWrong(StoreError):
    """This machine's clock is far behind the newest entry of the audit."""


class VaultError(StoreError):
    """The key file is missing, open to others, or not the one that sealed this database."""


class LinkError(KitdockError):
    """A tag could not be reached or did not answer as it must, by radio or USB."""

    exit_status = 4


_WHY = {
    errno.ENAMETOOLONG: "os.name_too_long",
    errno.EACCES: "os.no_access",
    errno.EPERM: "os.no_access",
    errno.ENOENT: "os.missing",
    errno.EEXIST: "os.exists",
    errno.EISDIR: "os.folder",
    errno.ENOTDIR: "os.no_folder",
    errno.ENOSPC: "os.full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "os.full",
    errno.EFBIG: "os.too_large",
    errno.EROFS: "os.read_only",
    errno.ELOOP: "os.loop",
    errno.EBUSY: "os.busy",
    getattr(errno, "ETXTBSY", errno.EBUSY): "os.busy",
    errno.EIO: "os.disk_error",
    errno.ENOTTY: "os.no_port",
    errno.ECONNREFUSED: "os.refused",
    errno.ENODEV: "os.missing",
    errno.ENXIO: "os.missing",
    errno.ETIMEDOUT: "os.silent",
    errno.EMFILE: "os.too_many",
    errno.ENFILE: "os.too_many",
}


def why(error: OSError) -> Phrase | str:
    """Why the computer could not do something with a file or a device, as the end of a sentence."""
    code = _WHY.get(error.errno or 0)
    return Phrase(code) if code is not None else error.strerror or str(error)
