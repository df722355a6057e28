"""`kitdock audit`: who did what, when; whether that record is whole; the same for another program to check."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import BinaryIO

import click

from host import clock, service
from host.access.journal import REFUSED, START, Chain, JournalEntry, ListedEntry
from host.cli.groups import Group
from host.cli.options import db_option, maybe_day, open_store, with_store
from host.cli.render import Done, Row, Table, time_of
from host.cli.steps import line
from host.clock import Instant
from host.errors import InputError, KitdockError, why
from host.phrase import NextStep, Phrase
from host.receiving.marks import read_mark
from host.words import heading, written

DAYS = 7
"""How many days back `kitdock audit list` goes unless told."""


class AuditAltered(KitdockError):
    """An entry of the audit is not what was written, or entries are missing."""


@click.group(cls=Group)
def audit() -> None:
    pass


@audit.command("list")
@click.option("--since", metavar="DATE")
@click.option("--login", metavar="LOGIN")
@click.option("--action", metavar="ACTION")
@click.option("--refused", is_flag=True)
@with_store
def list_(db: Path, since: str | None, login: str | None, action: str | None, refused: bool) -> Table:
    with open_store(db) as store:
        service.Names(store).check_audited(login, action)
        zone = store.station.time_zone
        first = maybe_day(store, since) or store.today() - timedelta(days=DAYS)
        since_ms = clock.midnight_after(first - timedelta(days=1), zone)
        rows = [_row(each, zone) for each in service.Accounts(store).audit_entries(since_ms, login, action, refused)]
    return Table(
        rows,
        {
            "entry": "entry",
            "when": time_of("at"),
            "who": "login",
            "action": _action,
            "what": _subject,
            "detail": lambda row: line("cell.destroyed") if row["detail"] is None else _words(row["detail"], zone),
        },
        line("none.audit", since=first),
    )


@audit.command("head")
@with_store
def head(db: Path) -> Done:
    with open_store(db) as store:
        found = _verified(store)
    mark = found.mark
    return Done(line("done.audit_head", mark=mark), {"entries": found.entries, "mark": mark, "head": found.head.hex()})


@audit.command("verify")
@click.option("--contains", metavar="MARK")
@with_store
def verify(db: Path, contains: str | None) -> Done:
    kept = None if contains is None else _kept(contains)
    with open_store(db) as store:
        found = _verified(store)
        holds = kept is None or kept == START or service.Accounts(store).audit_holds(kept)
    if not holds:
        raise AuditAltered("audit.cut_off", whole=_whole(found.entries), mark=contains)
    destroyed = None
    if found.destroyed_ms is not None:
        on = Instant(found.destroyed_ms, store.station.time_zone)
        destroyed = Phrase("said.facts_destroyed", count=found.destroyed, on=on)
    return Done(
        line(
            "done.audit_whole" if contains is None else "done.audit_holds",
            entries=found.entries,
            mark=found.mark,
            destroyed=destroyed,
        ),
        {
            "entries": found.entries,
            "mark": found.mark,
            "head": found.head.hex(),
            "destroyed": found.destroyed,
            "contains": contains,
        },
    )


def _verified(store: service.Database) -> Chain:
    """The journal, whole. Raises `AuditAltered`."""
    found = service.Accounts(store).verify_audit()
    if found.broken_at is not None:
        raise AuditAltered("audit.altered", why=found.why, whole=_whole(found.entries))
    return found


@audit.command("export")
@click.option("--output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@db_option
def export(db: Path, output: Path | None) -> None:
    with open_store(db) as store:
        if output is None:
            count, mark = _write(service.Accounts(store).journal(), store.station.uuid, sys.stdout.buffer)
        else:
            count, mark = _write_file(store, output)
    click.echo(line("said.audit_exported", entries=count, mark=mark), err=True)


def _write_file(store: service.Database, output: Path) -> tuple[int, str]:
    """Writes a new file for its owner alone, whole or not at all."""
    import os

    entries = service.Accounts(store).journal()
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise InputError("output.exists_already", path=output) from None
    except OSError as error:
        raise KitdockError("output.not_written", path=output, why=why(error)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            done = _write(entries, store.station.uuid, file)
            file.flush()
            os.fsync(file.fileno())
        return done
    except BaseException as error:
        output.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise KitdockError("output.not_written", path=output, why=why(error)) from None
        raise


def _write(entries: Iterable[JournalEntry], station: str, file: BinaryIO) -> tuple[int, str]:
    """Writes a line for each entry; returns how many, and the mark of the newest.

    Of its facts a line has the digests, and what the entry is about: the others may hold what an auditor doesn't see.
    """
    count, mark = 0, ""
    for entry in entries:
        told = entry.facts[0] if entry.facts else None
        line = {
            "station": station,
            **entry._asdict(),
            "facts": [each.digest.hex() for each in entry.facts],
            "salt": told.salt.hex() if told and told.salt else None,
            "told": told.body if told else None,
            "hash": entry.hash.hex(),
        }
        file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        count, mark = count + 1, entry.mark
    return count, mark


_DAYS = ("expires_on", "trained_on", "left_on", "until")
"""Details that are days."""


def _action(row: Row) -> str:
    return line("cell.refused", action=row["action"]) if row["outcome"] == REFUSED else str(row["action"])


def _row(entry: ListedEntry, zone: str) -> Row:
    told = entry.told
    return {
        "entry": entry.number,
        "at": clock.iso(entry.at_ms, zone),
        "login": entry.login,
        "via": entry.via,
        "device": entry.device,
        "officer": told.officer if told else None,
        "witness": told.witness if told else None,
        "action": entry.action,
        "subject": told.subject if told else None,
        "outcome": entry.outcome,
        "detail": _detail(told.detail) if told else None,
        "hash": entry.hash.hex(),
    }


def _detail(text: str) -> dict[str, object]:
    """What Kitdock has written; anything else as it stands: an entry that was altered is shown, not choked on."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"altered": text}


def _words(detail: dict[str, object], zone: str) -> str:
    """The details of an entry for people, without the empty ones."""
    told = {key: value for key, value in detail.items() if value or (value == 0 and value is not False)}
    return ", ".join(_pair(key, value, zone) for key, value in told.items())


def _pair(key: str, value: object, zone: str) -> str:
    if key.endswith("_ms") and isinstance(value, int):
        return line("cell.at", what=key.removesuffix("_ms"), at=Instant(value, zone))
    if isinstance(value, list):
        value = " ".join(line("cell.none") if each is None else str(each) for each in value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) and key in _DAYS:
        value = written(date.fromisoformat(value))
    return f"{key.replace('_', ' ')} {value}"


def _subject(row: Row) -> str:
    """What an entry is about; a discrepancy by its kind in words."""
    kind, colon, about = str(row["subject"] or "").partition(":")
    if colon and str(row["action"]).startswith("discrepancy."):
        return f"{heading(f'kind.{kind}')}: {about}"
    return str(row["subject"] or "")


def _kept(text: str) -> str | bytes:
    """A mark as `head` prints it, or the 32 bytes of a hash. Raises `InputError`."""
    mark = read_mark(text)
    if mark is not None:
        return mark
    try:
        found = bytes.fromhex(text.strip())
    except ValueError:
        found = b""
    if len(found) != len(START):
        raise InputError("audit.no_mark", text=text, head=NextStep("audit.head"))
    return found


def _whole(entries: int) -> Phrase:
    return Phrase("said.entry_is_whole" if entries == 1 else "said.entries_are_whole", entries=entries)
