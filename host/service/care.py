"""The database is looked after: backed up while others write, checked in all that must hold, repaired, shrunk."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from host import ledger
from host.access.history import EVENTS, HISTORY
from host.access.vault import key_path
from host.clock import Instant
from host.errors import DatabaseDamaged, InputError, KitdockError, VaultError, why
from host.phrase import NextStep, Phrase
from host.service.derivation import Derivation
from host.service.recomputing import Recomputing
from host.store import copying
from host.store.accounts import AccountRepository
from host.store.care import CareRepository, due_objects
from host.store.copying import Progress, no_progress
from host.store.database import Database
from host.store.failing import translated
from host.store.journal import verified_file
from host.store.rebuilding import ADDED, ALTERED, MISSING, RebuildingRepository, Wrong
from host.store.retaining import RetentionRepository
from host.store.rollups import TABLES, RollupRepository
from host.store.tags import TagRepository
from host.tag.events import EventRow, Tag
from host.tag.verify import ChainVerifier

CHECKS = (FILE, REFERENCES, LAYOUT, AUDIT, TABLES_OF, LEDGER, ROLLUPS, RECORDS) = (
    "file", "references", "layout", "audit", "tables", "ledger", "roll-ups", "records"
)  # fmt: skip


_ROWS = {ALTERED: "check.rows_altered", MISSING: "check.rows_missing", ADDED: "check.rows_added"}
_TOLD = 3
"""At most this many differences of each kind are named."""


class Check(NamedTuple):
    """One check: whether it holds (None: it could not be made), and what was found."""

    name: str
    holds: bool | None
    found: Phrase | KitdockError


class Repaired(NamedTuple):
    """What a repair has put back: triggers and indexes by name. All roll-ups were derived anew."""

    objects: list[str]


class Sizes(NamedTuple):
    """Bytes of the database and its log, before and after."""

    before: int
    after: int


class Care:
    """People back up, check, repair and shrink the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._accounts = AccountRepository(db)
        self._care = CareRepository(db)
        self._retention = RetentionRepository(db)
        self._rollups = RollupRepository(db)
        self._tags = TagRepository(db)
        self._derivation_service = Derivation(db)
        self._recomputing_service = Recomputing(db)

    def back_up(self, target: Path, overwrite: bool = False, progress: Progress = no_progress) -> int:
        """Copies the database into a file of one's own, mode 0600, and returns its size in bytes.

        Others may write meanwhile. The copy is checked before it gets its name; on failure there is none, or the one
        from before. Raises `InputError` if `target` cannot be written or is there already, `StoreError`, `NotAllowed`.
        """
        self._db.demand("database.backup", target.name)
        self._check_target(target, overwrite)
        with copying.part_beside(target) as part:
            copying.copy(self._db.path, part, target, progress)
            broken = verified_file(part).why
            if broken:
                raise DatabaseDamaged(
                    "database.audit_broken", path=self._db.path, why=broken, check=NextStep("database.check")
                )
            with self._db.changing("database.backup", target.name) as detail:
                detail["bytes"] = size = part.stat().st_size
                self._check_target(target, overwrite)
                try:
                    copying.put(part, target)
                except OSError as error:
                    raise InputError("backup.cannot_write", target=target, why=why(error)) from error
        return size

    def _check_target(self, target: Path, overwrite: bool) -> None:
        with translated(self._db.path):
            str(target).encode()
        if target.is_dir() or not target.parent.is_dir():
            raise InputError("backup.no_file", target=target)
        own = [
            key_path(self._db.path),
            *(self._db.path.with_name(self._db.path.name + each) for each in ("", "-wal", "-shm")),
        ]
        if any(each.exists() and target.exists() and target.samefile(each) for each in own):
            raise InputError("backup.part_of_database", target=target)
        if (target.exists() or target.is_symlink()) and not overwrite:
            raise InputError("backup.exists", target=target)
        for log in (target.with_name(target.name + each) for each in ("-wal", "-journal")):
            if log.exists():
                raise InputError("backup.log_there", log=log, target=target)

    def check(
        self, progress: Callable[[str], object] = lambda _: None, rows: Progress = no_progress
    ) -> Iterator[Check]:
        """Everything that must hold, one after the other; calls `progress` with the name of each check.

        During the check of the tables calls `rows` with how many of how many rows were looked at.
        What comes after a damaged file is not looked at. Raises `NotAllowed`.
        """
        self._db.demand("database.check")
        self._derivation_service.freshen()
        with self._db.reading():
            progress(FILE)
            faults = self._care.file_faults()
            yield _check(FILE, faults, Phrase("check.file", size=self._db.path.stat().st_size))
            if faults:
                return
            astray = False
            for name, look in (
                (REFERENCES, self._check_references),
                (LAYOUT, self._check_layout),
                (AUDIT, self._check_audit),
                (TABLES_OF, partial(self._check_tables, rows)),
                (LEDGER, self._check_ledger),
                (ROLLUPS, self._check_rollups),
                (RECORDS, self._check_records),
            ):
                progress(name)
                try:
                    found = look(name)
                except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                    # What another program wrote may be no date, no kind, or name nothing: an earlier check said so.
                    if not astray:
                        raise
                    found = Check(name, None, Phrase("check.not_made"))
                astray = astray or (name in (REFERENCES, TABLES_OF) and not found.holds)
                yield found

    def _check_references(self, name: str) -> Check:
        return _check(name, self._care.reference_faults(), Phrase("check.references"))

    def _check_layout(self, name: str) -> Check:
        there, due = self._care.objects(), due_objects()
        faults = [Phrase("check.missing", kind=kind, name=each) for kind, each in due if (kind, each) not in there]
        faults += [Phrase("check.strange", kind=kind, name=each) for kind, each in there if (kind, each) not in due]
        faults += [
            Phrase("check.changed", kind=kind, name=each)
            for (kind, each), sql in due.items()
            if (kind, each) in there and there[kind, each].split() != sql.split()
        ]
        triggers = sum(kind == "trigger" for kind, _ in due)
        return _check(name, faults, Phrase("check.layout", triggers=triggers))

    def _check_audit(self, name: str) -> Check:
        chain = self._accounts.verify()
        fine = Phrase("check.audit", entries=chain.entries, mark=chain.mark)
        if chain.destroyed_ms is not None:
            on = Instant(chain.destroyed_ms, self._db.station.time_zone)
            fine = Phrase("check.audit_destroyed", **fine.fields, destroyed=chain.destroyed, on=on)
        return _check(name, [chain.why] if chain.why else [], fine)

    def _check_tables(self, progress: Progress, name: str) -> Check:
        """Every table of the history, made again from the journal."""
        rebuilding = RebuildingRepository(self._db)
        faults: list[Phrase] = []
        tables = (*HISTORY, EVENTS)
        count = sum(map(rebuilding.count, tables))
        done = 0

        def looked_at(more: int) -> None:
            nonlocal done
            done += more
            progress(min(done, count), count)

        for table in tables:
            wrong: dict[str, list[Wrong]] = {}
            for each in rebuilding.wrong(table, looked_at):
                wrong.setdefault(each.how, []).append(each)
            faults += [
                Phrase(
                    _ROWS[how],
                    table=table,
                    rows=tuple(each.row for each in rows[:_TOLD]),
                    more=max(len(rows) - _TOLD, 0),
                )
                for how, rows in wrong.items()
            ]  # fmt: skip
            if table != EVENTS:
                looked_at(rebuilding.count(table))
        hidden = [each.row for each in rebuilding.misplaced()]
        if hidden:
            more = max(len(hidden) - _TOLD, 0)
            faults.append(Phrase("check.rows_altered", table="fact", rows=tuple(hidden[:_TOLD]), more=more))
        return _check(name, faults, Phrase("check.tables", tables=len(tables), count=count))

    def _check_ledger(self, name: str) -> Check:
        faults: list[Phrase] = []
        doses = received = 0
        for kit, steps, lot in self._rollups.ledger_by_kit():
            state = steps[-1].state
            if state.status == ledger.movement.VOID:
                continue
            received += lot.doses_per_kit
            doses += state.doses_left + state.doses_used + state.doses_unaccounted
            if state.doses_left + state.doses_used + state.doses_unaccounted != lot.doses_per_kit:
                faults.append(Phrase("check.doses", kit=kit))
            faults += [
                Phrase("check.movement", movement=each.movement.id, kit=kit, why=each.impossible)
                for each in steps
                if each.impossible
            ]
        return _check(name, faults, Phrase("check.ledger", received=received, accounted=doses))

    def _check_rollups(self, name: str) -> Check:
        stale = set(self._rollups.stale_tags())
        faults: list[Phrase] = []
        due = self._recomputing_service.recompute()
        count = 0
        for table in TABLES:
            # A tag that is at the dock this moment is derived when that ends.
            wanted = Counter(row for row in due[table] if row[0] not in stale)
            there = Counter(row for row in self._rollups.rows_of(table) if row[0] not in stale)
            count += there.total()
            keys = sorted({str(row[0]) for row in [*(wanted - there), *(there - wanted)]})
            if keys:
                more = len(keys) - _TOLD
                rows = tuple(keys[:_TOLD])
                faults.append(
                    Phrase("check.table_and_more" if more > 0 else "check.table", table=table, rows=rows, more=more)
                )
        return _check(name, faults, Phrase("check.rollups", count=count))

    def _check_records(self, name: str) -> Check:
        faults: list[Phrase | KitdockError] = []
        count = 0
        try:
            _ = self._db.vault
        except VaultError as error:
            return Check(name, None, error)
        for tag in self._rollups.all_tags():
            try:
                key = self._tags.tag_keys(tag.id).log
            except VaultError as error:
                faults.append(error)
                continue
            seen, wrong = _wrong_records(tag, key, self._tags.event_rows(tag.id))
            count += seen
            if wrong:
                told = tuple(wrong[:_TOLD])
                faults.append(Phrase("check.tag", tag=tag.id, count=len(wrong), sequences=told))
        return _check(name, faults, Phrase("check.records", count=count))

    def repair(self) -> Repaired:
        """Puts missing or changed triggers and indexes back, and derives all roll-ups anew, in one transaction.

        What is not derived is not touched: for that, restore a backup. Raises `NotAllowed`.
        """
        with self._db.changing("database.repair") as detail:
            there = self._care.objects()
            put = []
            for (kind, name), sql in due_objects().items():
                if kind in ("trigger", "index") and there.get((kind, name), "").split() != sql.split():
                    self._care.put_back(kind, name, sql)
                    put.append(name)
            self._rollups.rebuild()
            detail["put_back"] = put
        return Repaired(put)

    def vacuum(self) -> Sizes:
        """Writes the file anew without what was deleted, which needs as much room again for the while.

        Raises `NotAllowed`, `DatabaseBusy`, `DatabaseFull`.
        """
        self._db.demand("database.vacuum")
        before = self._size()
        self._care.vacuum()
        self._retention.drop_log()
        after = self._size()
        with self._db.changing("database.vacuum") as detail:
            detail |= {"before": before, "after": after}
        return Sizes(before, after)

    def _size(self) -> int:
        files = (self._db.path, self._db.path.with_name(self._db.path.name + "-wal"))
        return sum(each.stat().st_size for each in files if each.exists())

    def copies(self) -> list[Path]:
        """Copies that Kitdock has left beside the database: of before a new layout, or before a restore."""
        return sorted(
            each
            for each in self._db.path.parent.glob(f"{self._db.path.name}.before-*")
            if not each.name.endswith(("-wal", "-shm", "-journal"))
        )


def _check(name: str, faults: Sequence[Phrase | KitdockError | str], fine: Phrase) -> Check:
    if not faults:
        return Check(name, True, fine)
    told, more = tuple(faults[: copying.MOST_FAULTS]), len(faults) - copying.MOST_FAULTS
    return Check(name, False, Phrase("check.faults", faults=told, more=max(more, 0)))


def _wrong_records(tag: Tag, key: bytes, rows: Iterable[EventRow]) -> tuple[int, list[int]]:
    """How many records `tag` has here, and the sequences of those that are not what their row says.

    The first after a gap is chained to one that is not here, and is taken as it stands.
    """
    verifier: ChainVerifier | None = None
    before: EventRow | None = None
    seen, wrong = 0, []
    for event in rows:
        seen += 1
        if before is None and event.sequence == 1:
            verifier = ChainVerifier(bytes.fromhex(tag.id), key, None)
        elif before is not None and event.sequence == before.sequence + 1:
            verifier = verifier or ChainVerifier(
                bytes.fromhex(tag.id), key, (before.sequence, before.record), before.verdict
            )
        else:
            verifier = None
        if verifier is not None and verifier.take(event.record) != event:
            wrong.append(event.sequence)
        before = event
    return seen, wrong
