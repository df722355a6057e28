"""`kitdock reconcile`: where the ledger, the logs, the reports and the calendar do not agree."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store
from host.cli.render import Done, PrintedReport, Table, time_of
from host.cli.showing.discrepancies import COLUMNS, DETAILS, disagreements_table, row_of, state, status
from host.cli.showing.noting import note
from host.cli.steps import line, told
from host.errors import InputError
from host.phrase import NextStep
from host.receiving import naming
from host.reconcile import RULES, SEVERITIES
from host.words import heading

if TYPE_CHECKING:
    from host.reconcile.lifecycle import Entry
    from host.settings import Settings


@click.group(cls=ListByDefault)
def reconcile() -> None:
    pass


def _kind(text: str) -> str:
    """The kind that somebody typed, with hyphens or as programs write it."""
    kind = text.casefold().replace("-", "_").replace(" ", "_")
    kinds = [rule.kind for rule in RULES]
    if kind not in kinds:
        raise InputError("discrepancy.no_such_kind", kind=text, rules=NextStep("discrepancy.rules"))
    return kind


@reconcile.command("list")
@click.option("--kind", multiple=True, type=_kind, metavar="KIND")
@click.option("--severity", type=click.Choice(SEVERITIES))
@click.option("--officer", metavar="OFFICER")
@click.option("--station", metavar="STATION")
@click.option("--new", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@click.option("--not-docked", metavar="DAYS", type=click.IntRange(1, 365))
@click.option("--rules", is_flag=True)
@with_store
def list_(
    db: Path,
    kind: tuple[str, ...],
    severity: str | None,
    officer: str | None,
    station: str | None,
    new: bool,
    everything: bool,
    not_docked: int | None,
    rules: bool,
) -> Table:
    with open_store(db) as store:
        if rules:
            return _rules(store.settings)
        wanted = service.Wanted(kind, severity, officer, station, new, everything)
        found = service.Reconciling(store).disagreements(clock.now_ms(), wanted, not_docked)
        return disagreements_table(found, store.station.time_zone)


@reconcile.command("show")
@click.argument("name", metavar="ABOUT")
@with_store
def show(db: Path, name: str) -> PrintedReport:
    with open_store(db) as store:
        zone = store.station.time_zone
        found = service.Reconciling(store).examined(name, clock.now_ms())
    history = _history(found.history, zone)
    if found.live is None:
        return PrintedReport(found.name, {"history": history}, line("note.found_no_more"))
    one = Table([row_of(found.live, zone)], COLUMNS, "", details=DETAILS, title=line("title.discrepancy"))
    tables = {"discrepancy": one, "evidence": _evidence(found.evidence, zone), "history": history}
    return PrintedReport(told(found.live.found.title), tables, status(found.live))


_reason = click.option("--reason", metavar="TEXT", type=naming.reason, required=True)


@reconcile.command("acknowledge")
@click.argument("name", metavar="ABOUT")
@_reason
@with_store
def acknowledge(db: Path, name: str, reason: str) -> Done:
    return _judge(db, name, "acknowledge", reason)


@reconcile.command("resolve")
@click.argument("name", metavar="ABOUT")
@_reason
@with_store
def resolve(db: Path, name: str, reason: str) -> Done:
    return _judge(db, name, "resolve", reason)


@reconcile.command("reopen")
@click.argument("name", metavar="ABOUT")
@_reason
@with_store
def reopen(db: Path, name: str, reason: str) -> Done:
    return _judge(db, name, "reopen", reason)


def _judge(db: Path, name: str, verb: str, reason: str) -> Done:
    with open_store(db) as store:
        found, known = service.Reconciling(store).judge_named(name, verb, reason, clock.now_ms())
        note(store)
    return Done(
        line("done.judged", discrepancy=found.title, status=state(known.status), reason=reason),
        {"name": found.name, "status": known.status, "reason": reason, "by": known.login},
    )


def _evidence(found: Iterable[service.Shown], zone: str) -> Table:
    return Table(
        [
            {"fact": fact, "at": None if at_ms is None else clock.iso(at_ms, zone), "text": told(text)}
            for fact, at_ms, text in found
        ],
        {"when": time_of("at"), "what": "text"},
        line("none.facts"),
        title=line("title.evidence"),
    )


def _history(entries: Iterable[Entry], zone: str) -> Table:
    return Table(
        [
            {
                "at": clock.iso(each.at_ms, zone),
                "action": each.action,
                "by": each.login,
                "reason": each.reason,
                "occurrence": each.occurrence,
            }
            for each in entries
        ],
        {
            "when": time_of("at"),
            "what": lambda row: state(row["action"]),
            "by": "by",
            "reason": "reason",
        },
        line("none.noted"),
        title=line("title.history"),
    )


def _rules(settings: Settings) -> Table:
    rows = [
        {
            "kind": rule.kind,
            "severity": line("cell.any_of", them=tuple(heading(f"severity.{each}") for each in rule.severities)),
            "text": told(rule.text),
            "settings": {key: getattr(settings, key) for key in rule.settings},
        }
        for rule in RULES
    ]
    return Table(
        rows,
        {
            "what_is_wrong": lambda row: heading(f"kind.{row['kind']}"),
            "severity": "severity",
            "setting": lambda row: ", ".join(f"{key} {value}" for key, value in row["settings"].items()),
            "kind": "kind",
        },
        line("none.rules"),
        details=["text"],
        note=line("note.settings", change=NextStep("setting.any")),
        title=line("title.rules"),
    )
