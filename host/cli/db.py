"""`kitdock db`: backup and restore, check and repair, retention, room, and a clock that was wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock
from host.cli.groups import Group
from host.cli.options import db_option, format_option, open_store, with_store
from host.cli.render import Done, Table
from host.cli.root import STATUS
from host.errors import InputError
from host.words import plural

if TYPE_CHECKING:
    from host.access.retention import Amount
    from host.store.copying import Progress
    from host.store.restoring import Candidate, Contents

DAMAGED = 3
"""Exit status of a check that finds the file itself damaged; 1 for anything else that does not hold."""

_NOUNS = {
    "officer": "officer",
    "kit": "kit",
    "movement": "movement",
    "tag": "tag",
    "event": "record",
    "explanation": "explanation",
    "usage_report": "usage report",
}


@click.group(cls=Group)
def db() -> None:
    """Care of the database: backup, restore, check, retention."""


@db.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@with_store
def backup(db: Path, file: Path, overwrite: bool) -> Done:
    """Copy the database into FILE, while others use it.

    The copy is checked before it gets its name, and only its owner can read it. The key file is not in it: what is
    sealed cannot be read from the copy alone. Keep copies of both, apart from each other.
    """
    with open_store(db) as store, _progress("copying") as progress:
        size = store.back_up(file, overwrite, progress)
    return Done(
        f"backup written to {file}, {_size(size)}, checked\n"
        f"the key file is not in it: keep its copy elsewhere ({db.name}.key)",
        {"file": str(file), "bytes": size},
    )


@db.command("restore")
@click.argument("backup", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask. Needed without a terminal.")
@db_option
@format_option
def restore(db: Path, backup: Path, yes: bool) -> Done:
    """Put BACKUP in the place of the database.

    The backup proves itself on a copy first: the file, its layout, its audit, the key file beside the database, and
    that you are an administrator in it. Then it takes the database's place at once, and the one before is kept beside
    it. Stop `kitdock dock` and whatever else uses the database. What tags have handed over since the backup
    they hand over again, as far as their memory goes back.
    """
    from host.store.restoring import proven

    with ExitStack() as until_done:
        with _progress("reading") as progress:
            candidate = until_done.enter_context(proven(backup, db, progress=progress))
        found, zone = candidate.contents, candidate.contents.time_zone
        click.echo(_describe(backup, candidate), err=True)
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("there is nobody to ask: look at what the backup holds, then give --yes")
            click.confirm("Restore it?", abort=True, err=True)
        kept = candidate.take_its_place()
    warnings = []
    if candidate.key_missing:
        warnings.append(
            f"no key file beside {db}: put your copy of it there as {db.name}.key, or no tag can be docked "
            "and no protected answer read"
        )
    return Done(
        f"{db} is the backup now" + (f"; the one before is kept as {kept}" if kept else ""),
        {
            "db": str(db),
            "backup": str(backup),
            "station": found.station,
            "newest": clock.iso(found.newest_ms, zone) if found.newest_ms is not None else None,
            **found.rows,
            "kept": str(kept) if kept else None,
            "key_missing": candidate.key_missing,
        },
        warnings,
    )


@db.command("check")
@click.option("--repair", is_flag=True, help="Put triggers and indexes back, and derive anew what is derived.")
@with_store
def check(db: Path, repair: bool) -> Table:
    """Check everything that must hold in the database.

    The file; rows that others refer to; the layout, with the triggers that keep history from being changed; the
    audit's chain; the ledger's balance; that what is derived follows from the history; and that each record is what
    its tag sealed. Exit status 0 if all holds, 1 if something does not, 3 if the file is damaged.

    With --repair what can be made again is, then all is checked. History is never touched: if that is what does not
    hold, restore a backup.
    """
    from host.store.care import FILE

    with open_store(db) as store:
        if repair:
            put_back = store.repair().objects
            click.echo(
                "roll-ups derived anew" + (f"; put back: {', '.join(put_back)}" if put_back else ""),
                err=True,
            )
        found = list(store.check(_looking_at))
    if any(each.holds is False for each in found):
        file_is_whole = all(each.holds is not False for each in found if each.name == FILE)
        click.get_current_context().meta[STATUS] = 1 if file_is_whole else DAMAGED
    words = {True: "ok", False: "failed", None: "not checked"}
    return Table(
        [{"check": each.name, "result": words[each.holds], "found": each.found} for each in found],
        {"check": "check", "result": "result", "found": "found"},
        "nothing was checked",
        note="history cannot be repaired: `kitdock db check --repair` makes layout and roll-ups again; for all else "
        "keep the file as it is and restore a backup"
        if any(each.holds is False for each in found)
        else "",
    )


@db.command("vacuum")
@with_store
def vacuum(db: Path) -> Done:
    """Give the room of what was deleted back to the disk.

    The file is written anew, which needs as much room again for the while; others must wait.
    """
    with open_store(db) as store:
        before, after = store.vacuum()
    return Done(f"{db}: {_size(before)} before, {_size(after)} now", {"before_bytes": before, "after_bytes": after})


@db.command("accept-clock")
@with_store
def accept_clock(db: Path) -> Done:
    """Take this machine's clock as right although the newest entry is of a later time.

    Kitdock records nothing while the clock is far behind the newest entry of its audit. First make sure that the
    clock is right: it is the entries that were made with a wrong one then, and they stay as they are.
    """
    with open_store(db) as store:
        store.accept_clock()
        now, zone = clock.now_ms(), store.station.time_zone
    return Done(f"the clock is taken as right: it is {clock.show(now, zone)}", {"now": clock.iso(now, zone)})


@db.command("retention")
@click.option("--dry-run", is_flag=True, help="Only list what would be destroyed. So it is without --apply.")
@click.option("--apply", is_flag=True, help="Destroy it. It cannot be brought back.")
@click.option("--yes", is_flag=True, help="Do not ask. Needed with --apply without a terminal.")
@with_store
def retention(db: Path, dry_run: bool, apply: bool, yes: bool) -> Table:
    """List what the retention policy destroys, or destroy it.

    The policy is a setting for each kind of data: `kitdock setting set retain_answers_days 365`, and so for reports,
    events and leavers. Nothing is destroyed unless it is set. The ledger and the audit are kept for good.
    """
    if dry_run and apply:
        raise click.UsageError("Choose one of '--dry-run' and '--apply'.")
    with open_store(db) as store:
        amounts = store.retention_plan()
        if apply and any(each.rows for each in amounts):
            if not yes:
                if not sys.stdin.isatty():
                    raise InputError("there is nobody to ask: look at it without --apply, then give --yes too")
                told = ", ".join(f"{each.rows} of {each.kind}" for each in amounts if each.rows)
                click.confirm(f"Destroy {told}, for good?", abort=True, err=True)
            amounts = store.retain()
            for line in _afterwards(db, store.copies(), store.still_in_log):
                click.echo(line, err=True)
        zone = store.station.time_zone
    return _retention_table(amounts, zone, applied=apply)


def _retention_table(amounts: list[Amount], zone: str, applied: bool) -> Table:
    from host.access.retention import KINDS

    heading = "destroyed" if applied else "to destroy"
    return Table(
        [
            {
                "kind": each.kind,
                "what": KINDS[each.kind],
                "keep_days": each.days,
                "before": clock.iso(each.until_ms, zone) if each.until_ms is not None else None,
                "rows": each.rows,
                "oldest": clock.iso(each.oldest_ms, zone) if each.oldest_ms is not None else None,
                "kept": each.kept,
                "why_kept": each.why,
                "applied": applied and bool(each.rows),
            }
            for each in amounts
        ],
        {
            "what": "what",
            "keep": lambda row: plural(row["keep_days"], "day") if row["keep_days"] else "for ever",
            heading: lambda row: str(row["rows"]) if row["keep_days"] else "",
            "oldest": lambda row: (row["oldest"] or "")[:10],
            "stay": lambda row: str(row["kept"]) if row["kept"] else "",
        },
        "no kinds",
        note=_note(amounts, applied),
    )


def _note(amounts: list[Amount], applied: bool) -> str:
    lines = [f"{each.kept} of {each.kind} stay: {each.why}." for each in amounts if each.kept]
    if not any(each.days for each in amounts):
        lines.append("Nothing is ever destroyed: set a policy with `kitdock setting set retain_answers_days DAYS`.")
    elif not applied and any(each.rows for each in amounts):
        lines.append("Nothing was destroyed yet: `kitdock db retention --apply` does it.")
    return "\n".join(lines)


def _afterwards(db: Path, copies: list[Path], still_in_log: bool) -> Iterator[str]:
    if still_in_log:
        yield f"destroyed, but {db.name}-wal still holds it, since another program uses the database: stop that, then "
        yield "run `kitdock db vacuum`, which also gives the room back to the disk"
    else:
        yield "destroyed; `kitdock db vacuum` gives the room back to the disk"
    if copies:
        yield f"these copies still hold it, delete them once they are not needed: {', '.join(map(str, copies))}"
    yield "backups made before still hold it too"


def _describe(backup: Path, candidate: Candidate) -> str:
    found, present = candidate.contents, candidate.present
    lines = [f"{backup} holds station {found.station}: {_counts(found)}; newest entry {_newest(found)}"]
    if present is not None:
        lines.append(f"the present database holds {_counts(present)}; newest entry {_newest(present)}")
    return "\n".join(lines)


def _counts(contents: Contents) -> str:
    return ", ".join(plural(count, _NOUNS[table]) for table, count in contents.rows.items())


def _newest(contents: Contents) -> str:
    return clock.show(contents.newest_ms, contents.time_zone) if contents.newest_ms is not None else "none"


def _size(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


def _looking_at(name: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"checking {name} ...", err=True)


@contextmanager
def _progress(doing: str) -> Iterator[Progress]:
    """A bar on standard error, if that is a terminal and there is something to wait for."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    at = 0
    with click.progressbar(length=1000, label=doing, file=sys.stderr) as bar:

        def progress(done: int, of: int) -> None:
            nonlocal at
            now = 1000 * done // of if of else 1000
            bar.update(now - at)
            at = now

        yield progress
