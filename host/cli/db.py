"""`kitdock db`: backup and restore, check and repair, retention, room, and a clock that was wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli import questions
from host.cli.groups import Group
from host.cli.options import db_option, format_option, open_store, with_store
from host.cli.render import Done, Table, day_of
from host.cli.root import STATUS
from host.cli.steps import line, told
from host.clock import Instant
from host.errors import InputError
from host.phrase import NextStep, Phrase
from host.words import heading

if TYPE_CHECKING:
    from host.access.retention import Amount

DAMAGED = 3
"""Exit status of a check that finds the file itself damaged; 1 for anything else that does not hold."""

_COUNTS = {
    "officer": "cell.officers",
    "kit": "cell.kits",
    "movement": "cell.movements",
    "tag": "cell.tags",
    "event": "cell.records",
    "explanation": "cell.explanations",
    "usage_report": "cell.usage_reports",
}
"""The words for how many rows a table has."""


@click.group(cls=Group)
def db() -> None:
    pass


@db.command("backup")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True)
@with_store
def backup(db: Path, file: Path, overwrite: bool) -> Done:
    with open_store(db) as store, _progress(line("said.copying")) as progress:
        size = service.Care(store).back_up(file, overwrite, progress)
    return Done(
        line("done.backup_written", path=file, size=_size(size), key_file=f"{db.name}.key"),
        {"file": str(file), "bytes": size},
    )


@db.command("restore")
@click.argument("backup", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True)
@db_option
@format_option
def restore(db: Path, backup: Path, yes: bool) -> Done:
    with ExitStack() as until_done:
        with _progress(line("said.reading")) as progress:
            candidate = until_done.enter_context(service.proven(backup, db, progress=progress))
        found, zone = candidate.contents, candidate.contents.time_zone
        click.echo(_describe(backup, candidate), err=True)
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("restore.nobody_to_ask")
            questions.demand_yes(line("ask.restore"), Phrase("asking.help_restore"))
        kept = candidate.take_its_place()
    warnings = []
    if candidate.key_missing:
        warnings.append(line("said.key_file_missing", database=db, key_file=f"{db.name}.key"))
    return Done(
        line("done.restored_and_kept" if kept else "done.restored", database=db, kept=kept),
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
@click.option("--repair", is_flag=True)
@with_store
def check(db: Path, repair: bool) -> Table:
    with open_store(db) as store:
        if repair:
            put_back = service.Care(store).repair().objects
            code = "said.repaired_and_put_back" if put_back else "said.repaired"
            click.echo(line(code, objects=tuple(put_back)), err=True)
        found = list(service.Care(store).check(_looking_at, _rows()))
    if any(each.holds is False for each in found):
        file_is_whole = all(each.holds is not False for each in found if each.name == service.FILE)
        click.get_current_context().meta[STATUS] = 1 if file_is_whole else DAMAGED
    results = {True: "ok", False: "failed", None: "not checked"}
    return Table(
        [{"check": each.name, "result": results[each.holds], "found": told(each.found)} for each in found],
        {
            "check": lambda row: heading(f"check.{row['check']}"),
            "result": lambda row: heading(f"result.{row['result']}"),
            "found": "found",
        },
        line("none.checks"),
        note=line("note.repair", repair=NextStep("database.repair"))
        if any(each.holds is False for each in found)
        else "",
    )


@db.command("vacuum")
@with_store
def vacuum(db: Path) -> Done:
    with open_store(db) as store:
        before, after = service.Care(store).vacuum()
    return Done(
        line("done.vacuumed", database=db, before=_size(before), after=_size(after)),
        {"before_bytes": before, "after_bytes": after},
    )


@db.command("rekey")
@click.option("--lost", is_flag=True)
@click.option("--yes", is_flag=True)
@with_store
def rekey(db: Path, lost: bool, yes: bool) -> Done:
    with open_store(db) as store:
        keys = service.Keys(store)
        key_file = store.key_path
        if not lost:
            count = keys.rekey()
            return Done(
                line("done.rekeyed", key_file=key_file, count=count), {"key_file": str(key_file), "keys": count}
            )
        gone = keys.would_be_lost()
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("rekey.nobody_to_ask")
            what = line("ask.rekey_lost", reports=gone.reports, drafts=gone.drafts, tags=gone.tags)
            questions.demand_yes(what, Phrase("asking.help_rekey_lost"))
        gone = keys.begin_anew(clock.now_ms())
        return Done(
            line("done.rekeyed_lost", key_file=key_file, tags=gone.tags),
            {"key_file": str(key_file), **gone._asdict()},
        )


@db.command("forget")
@click.option("--officer", metavar="NUMBER")
@click.option("--report", metavar="NUMBER", type=int)
@click.option("--reason", metavar="TEXT", required=True)
@click.option("--yes", is_flag=True)
@with_store
def forget(db: Path, officer: str | None, report: int | None, reason: str, yes: bool) -> Done:
    if (officer is None) == (report is None):
        raise click.UsageError(line("option.officer_or_report"))
    with open_store(db) as store:
        retention = service.Retention(store)
        if not yes:
            if not sys.stdin.isatty():
                raise InputError("forget.nobody_to_ask")
            what = line("cell.number_of", officer=officer) if officer else line("cell.answers_of", report=report)
            questions.demand_yes(line("ask.destroy", what=(what,)), Phrase("asking.help_destroy"))
        if officer is not None:
            retention.forget_officer(officer, reason)
        elif report is not None:
            retention.forget_report(report, reason)
        for each in _afterwards(db, service.Care(store).copies(), retention.still_in_log):
            click.echo(each, err=True)
    return Done(
        line("done.forgot_officer" if officer else "done.forgot_report", report=report),
        {"officer": officer, "report": report, "reason": reason},
    )


@db.command("accept-clock")
@with_store
def accept_clock(db: Path) -> Done:
    with open_store(db) as store:
        service.Accounts(store).accept_clock()
        now, zone = clock.now_ms(), store.station.time_zone
    return Done(line("done.clock_accepted", now=Instant(now, zone)), {"now": clock.iso(now, zone)})


@db.command("retention")
@click.option("--dry-run", is_flag=True)
@click.option("--apply", is_flag=True)
@click.option("--yes", is_flag=True)
@with_store
def retention(db: Path, dry_run: bool, apply: bool, yes: bool) -> Table:
    if dry_run and apply:
        raise click.UsageError(line("option.dry_run_or_apply"))
    with open_store(db) as store:
        retention = service.Retention(store)
        amounts = retention.retention_plan()
        if apply and any(each.rows for each in amounts):
            if not yes:
                if not sys.stdin.isatty():
                    raise InputError("retention.nobody_to_ask")
                what = tuple(Phrase("cell.rows_of", rows=each.rows, kind=_kind(each)) for each in amounts if each.rows)
                questions.demand_yes(line("ask.destroy", what=what), Phrase("asking.help_destroy"))
            amounts = retention.retain()
            for each in _afterwards(db, service.Care(store).copies(), retention.still_in_log):
                click.echo(each, err=True)
        zone = store.station.time_zone
    return _retention_table(amounts, zone, applied=apply)


def _retention_table(amounts: list[Amount], zone: str, applied: bool) -> Table:
    from host.access.retention import KINDS

    heading = "destroyed" if applied else "to_destroy"
    return Table(
        [
            {
                "kind": each.kind,
                "what": str(KINDS[each.kind]),
                "keep_days": each.days,
                "before": clock.iso(each.until_ms, zone) if each.until_ms is not None else None,
                "rows": each.rows,
                "oldest": clock.iso(each.oldest_ms, zone) if each.oldest_ms is not None else None,
                "kept": each.kept,
                "why_kept": told(each.why) if each.why else "",
                "applied": applied and bool(each.rows),
            }
            for each in amounts
        ],
        {
            "what": "what",
            "keep": lambda row: line("cell.days", days=row["keep_days"]) if row["keep_days"] else line("cell.for_ever"),
            heading: lambda row: str(row["rows"]) if row["keep_days"] else "",
            "oldest": day_of("oldest"),
            "stay": lambda row: str(row["kept"]) if row["kept"] else "",
        },
        line("none.kinds"),
        note=_note(amounts, applied),
    )


def _kind(amount: Amount) -> Phrase:
    from host.access.retention import KINDS

    return KINDS[amount.kind]


def _note(amounts: list[Amount], applied: bool) -> str:
    lines = [line("note.kept", rows=each.kept, kind=_kind(each), why=each.why) for each in amounts if each.kept]
    if not any(each.days for each in amounts):
        lines.append(line("note.no_policy", set=NextStep("setting.retention")))
    elif not applied and any(each.rows for each in amounts):
        lines.append(line("note.not_applied", apply=NextStep("database.retention")))
    return "\n".join(lines)


def _afterwards(db: Path, copies: list[Path], still_in_log: bool) -> Iterator[str]:
    vacuum = NextStep("database.vacuum")
    if still_in_log:
        yield line("said.destroyed_but_in_log", log=f"{db.name}-wal", vacuum=vacuum)
    else:
        yield line("said.destroyed", vacuum=vacuum)
    if copies:
        yield line("said.copies_hold_it", copies=tuple(copies))
    yield line("said.backups_hold_it")


def _describe(backup: Path, candidate: service.Candidate) -> str:
    found, present = candidate.contents, candidate.present
    lines = [
        line(
            "said.backup_holds",
            path=backup,
            station=found.station,
            counts=_counts(found),
            newest=_newest(found),
        )
    ]
    if present is not None:
        lines.append(line("said.present_holds", counts=_counts(present), newest=_newest(present)))
    return "\n".join(lines)


def _counts(contents: service.Contents) -> tuple[str, ...]:
    return tuple(line(_COUNTS[table], count=count) for table, count in contents.rows.items())


def _newest(contents: service.Contents) -> Instant | Phrase:
    if contents.newest_ms is None:
        return Phrase("cell.none")
    return Instant(contents.newest_ms, contents.time_zone)


def _size(size: int) -> Phrase:
    return Phrase("cell.megabytes", bytes=size)


def _looking_at(name: str) -> None:
    if sys.stderr.isatty():
        click.echo(line("said.checking", what=heading(f"check.{name}")), err=True)


def _rows() -> service.Progress:
    """Says how far the check of many rows has come, on a line that stays where it is."""
    told = -1

    def progress(done: int, of: int) -> None:
        nonlocal told
        share = 100 * done // of if of > _MANY else told
        if share > told and sys.stderr.isatty():
            told = share
            click.echo(f"\r{line('said.rows_checked', share=share, of=of)}", err=True, nl=done == of)

    return progress


_MANY = 10_000
"""Rows that take long enough to say how far one is."""


@contextmanager
def _progress(doing: str) -> Iterator[service.Progress]:
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
