"""A backup is brought back: proven on a copy beside the database, then put in its place; the old one is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from host import errors
from host.access.vault import Vault, key_path
from host.phrase import Phrase
from host.service.station import open_database
from host.store import copying
from host.store.accounts import AccountRepository
from host.store.copying import Progress, no_progress
from host.store.database import Database, Station
from host.store.restoring import Contents, put_in_place, read_contents, read_numbering


class Candidate:
    """A backup that has proven itself, in a copy beside the database that it is to replace."""

    def __init__(
        self, part: Path, target: Path, login: str | None, contents: Contents, present: Contents | None
    ) -> None:
        self.contents = contents
        self.present = present
        """What the present database holds; None if there is none, or it cannot be read."""
        self.key_missing = not key_path(target).exists()
        self._part = part
        self._target = target
        self._login = login

    def take_its_place(self) -> Path | None:
        """Makes the backup the database, and returns where the one before is kept (None: there was none).

        Raises `DatabaseBusy` if another program has the database open, another `KitdockError` if it cannot be done;
        whatever is raised, the database stays.
        """
        try:
            return self._take_its_place()
        except OSError as error:
            raise errors.DatabaseReadOnly(
                "database.cannot_replace", path=self._target, why=errors.why(error)
            ) from error

    def _take_its_place(self) -> Path | None:
        with _opened(self._part, self._login) as store, store.changing("database.restore") as detail:
            epoch = _next_epoch(store.station, self._target)
            store.begin_epoch(epoch)
            detail |= {
                "newest_ms": self.contents.newest_ms,
                "replaced_head": self.present.head.hex() if self.present else None,
                "epoch": epoch,
            }
        return put_in_place(self._part, self._target)


@contextmanager
def proven(
    backup: Path, target: Path, login: str | None = None, progress: Progress = no_progress
) -> Iterator[Candidate]:
    """A candidate made of `backup` for the place `target`; what it needs on disk is gone at the end.

    Proven are: the file, what its rows refer to, its layout, the audit, the station's key if one is beside `target`,
    that it is of the same station as the present database, and that `login` is an administrator in it; the last two
    as far as the present one can be read. Which station it is of its uuid tells.
    Raises `KitdockError`.
    """
    if not backup.is_file():
        raise errors.DatabaseMissing("backup.missing", backup=backup)
    if not target.parent.is_dir():
        raise errors.InputError("database.no_folder", folder=target.parent)
    if target.is_symlink():
        raise errors.InputError("database.is_link", path=target, to=target.resolve())
    if target.exists() and target.samefile(backup):
        raise errors.InputError("backup.is_the_database", backup=backup)
    present = _present(target, login)
    with copying.part_beside(target) as part, _named_after(part, backup):
        copying.copy(backup, part, target, progress, at_rest=True)
        contents = read_contents(part)
        with _opened(part, login) as store:
            store.demand("database.restore")
            store.demand("audit.read")
            chain = AccountRepository(store).verify()
            if chain.why:
                raise errors.DatabaseDamaged("backup.audit_broken", backup=backup, why=chain.why)
            station = store.station
            if key_path(target).exists():
                Vault.load(target, station.key_check)
        if present is not None and not _is_of(station, target):
            raise errors.InputError(
                "backup.of_another_station", backup=backup, station=contents.station, present=present.station
            )
        yield Candidate(part, target, login, contents, present)


def _present(target: Path, login: str | None) -> Contents | None:
    """What the database that would go holds; None if there is none or it cannot be used.

    Raises `NotAllowed` if `login` may not replace it, after noting the attempt in it; another `StoreError` if it can
    be read, but not asked.
    """
    if not target.exists():
        return None
    try:
        with open_database(target, login=login) as store:
            store.demand("database.restore")
        return read_contents(target)
    except (errors.DatabaseDamaged, errors.NotKitdock, errors.NewerSchema):
        return None


def _is_of(station: Station, target: Path) -> bool:
    """Whether the database at `target` is of that station, as far as it tells."""
    found = read_numbering(target)
    return found is not None and found.uuid == station.uuid


def _next_epoch(station: Station, target: Path) -> int:
    """The epoch after all in which the station has given numbers out, as far as backup and database tell."""
    found = read_numbering(target)
    replaced = found.epoch if found is not None and found.uuid == station.uuid else 0
    return max(station.epoch, replaced) + 1


@contextmanager
def _opened(part: Path, login: str | None) -> Iterator[Database]:
    """The store in a copy, in the layout of today."""
    with open_database(part, login=login, keep_copy=False) as store:
        yield store


@contextmanager
def _named_after(part: Path, backup: Path) -> Iterator[None]:
    """Errors that speak of the copy speak of the backup."""
    try:
        yield
    except errors.KitdockError as error:
        raise type(error)(error.code, **_renamed(error, part, backup)) from error


def _renamed(what: errors.KitdockError | Phrase, part: Path, backup: Path) -> dict[str, Any]:
    """The fields of what speaks of the copy, with the backup in its place."""

    def renamed(value: Any) -> Any:
        if isinstance(value, Path | str):
            return type(value)(str(value).replace(str(part), str(backup)))
        if type(value) is Phrase:
            return Phrase(value.code, **_renamed(value, part, backup))
        return value

    return {name: renamed(value) for name, value in what.fields.items()}
