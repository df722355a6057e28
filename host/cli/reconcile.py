"""`kitdock reconcile`: where the ledger, the logs, the reports and the calendar do not agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store
from host.cli.render import Cell, Done, PrintedReport, Row, Table
from host.cli.steps import told
from host.errors import InputError
from host.receiving import naming
from host.reconcile import RULES, SEVERITIES
from host.reconcile import reconcile as find
from host.reconcile.lifecycle import ACKNOWLEDGED, REOPENED, RESOLVED, Entry, Live, named
from host.service.discrepancies import Discrepancies
from host.service.evidence import Evidence
from host.service.people import People
from host.service.situation import Situations
from host.words import plural

if TYPE_CHECKING:
    from host.service.station import Database
    from host.settings import Settings

_COLUMNS: dict[str, Cell] = {
    "severity": "severity",
    "kind": "kind",
    "pouch": "pouch",
    "kit": "kit",
    "with": lambda row: row["officer"] or row["place"],
    "since": lambda row: row["since"][:16].replace("T", " "),
}
_DETAILS: list[Cell] = [
    "evidence",
    lambda row: f"next: {row['next_step']}",
    lambda row: f"{row['name']}: {row['said']}",
]


@click.group(cls=ListByDefault)
def reconcile() -> None:
    """Show where the records do not agree, worst first.

    Without a command it lists: `kitdock reconcile`. Each discrepancy comes with its evidence, the next step and its
    name, KIND:SUBJECT, by which it is shown, acknowledged and resolved. It is a question, not a verdict on anybody: a
    missing signal is no evidence that nothing happened.
    """


@reconcile.command("list")
@click.option("--kind", multiple=True, type=click.Choice([rule.kind for rule in RULES]), metavar="KIND",
              help="Only this kind; may be repeated. `--rules` lists all.")  # fmt: skip
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only this severity and worse.")
@click.option("--officer", metavar="OFFICER", help="Only what concerns this officer's pouch and kits.")
@click.option("--station", metavar="STATION", help="Only what concerns officers of this station, and its stock.")
@click.option("--new", is_flag=True, help="Leave out what somebody has acknowledged.")
@click.option("--all", "everything", is_flag=True, help="Also what was resolved and is still found.")
@click.option("--not-docked", metavar="DAYS", type=click.IntRange(1, 365),
              help="Try another number of days for not_docked; notes nothing. [default: the setting]")  # fmt: skip
@click.option("--rules", is_flag=True, help="List the rules instead, with the settings they go by.")
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
    """List what does not agree, worst first.

    Run by a quartermaster or programme lead, it also notes what is new, what has returned and what is gone; others
    only read. What is acknowledged stays in the list and says so; what is resolved leaves it until it returns.
    """
    with open_store(db) as store:
        if rules:
            return _rules(store.settings)
        there = _found(store, not_docked)
        if station is not None:
            People(store).place(station)
            at_home = Discrepancies(store).stations_of(
                each.found.officer for each in there if each.found.officer is not None
            )
            there = [each for each in there if station in (each.found.place, at_home.get(each.found.officer or ""))]
        zone = store.station.time_zone
    worst = SEVERITIES if severity is None else SEVERITIES[: SEVERITIES.index(severity) + 1]
    chosen = [
        each
        for each in there
        if (not kind or each.found.kind in kind)
        and each.found.severity in worst
        and officer in (None, each.found.officer)
    ]
    shown = [each for each in chosen if (everything or each.status != RESOLVED) and (not new or each.is_new)]
    filtered = bool(kind or severity or officer or station or new or chosen)
    return Table(
        [_row(each, zone) for each in shown],
        _COLUMNS,
        "nothing to show: `kitdock reconcile --all` shows everything" if filtered else "everything agrees",
        details=_DETAILS,
        note=_summary(shown, len(chosen) - len(shown)),
        title="Reconciliation",
    )


@reconcile.command("show")
@click.argument("name", metavar="KIND:SUBJECT")
@with_store
def show(db: Path, name: str) -> PrintedReport:
    """Show one discrepancy with all its evidence, and what was done about it.

    It is named as `kitdock reconcile` lists it. One that is gone is shown by its history.
    """
    with open_store(db) as store:
        zone = store.station.time_zone
        try:
            each = named(name, _found(store))
        except InputError:
            kind, _, subject = name.partition(":")
            entries = Discrepancies(store).discrepancy_entries(kind, subject)
            if not entries:
                raise
            return PrintedReport(name, {"history": _history(entries, zone)}, "It is no longer found.")
        entries = Discrepancies(store).discrepancy_entries(*each.found.key)
        facts = [
            {"fact": fact, "at": None if at_ms is None else clock.iso(at_ms, zone), "text": told(text)}
            for fact, at_ms, text in Evidence(store).evidence(each.found.facts)
        ]
    evidence = Table(
        facts,
        {"fact": "fact", "when": lambda row: (row["at"] or "")[:16].replace("T", " "), "what": "text"},
        "it rests on no single entry",
        title="Evidence",
    )
    one = Table([_row(each, zone)], _COLUMNS, "", details=_DETAILS, title="Discrepancy")
    return PrintedReport(
        each.found.name, {"discrepancy": one, "evidence": evidence, "history": _history(entries, zone)}, _text(each)
    )


_reason = click.option("--reason", metavar="TEXT", type=naming.reason, required=True,
                       help="Why, in one line. No names: it is kept for good.")  # fmt: skip


@reconcile.command("acknowledge")
@click.argument("name", metavar="KIND:SUBJECT")
@_reason
@with_store
def acknowledge(db: Path, name: str, reason: str) -> Done:
    """Say that a discrepancy is known and somebody sees to it.

    It stays in the list, marked, until it is gone; if it comes again, it is open again.
    """
    return _judge(db, name, "acknowledge", ACKNOWLEDGED, reason)


@reconcile.command("resolve")
@click.argument("name", metavar="KIND:SUBJECT")
@_reason
@with_store
def resolve(db: Path, name: str, reason: str) -> Done:
    """Close a discrepancy with a reason.

    It leaves the list, although it may still be found, until it comes again from another cause. Nothing is deleted.
    """
    return _judge(db, name, "resolve", RESOLVED, reason)


@reconcile.command("reopen")
@click.argument("name", metavar="KIND:SUBJECT")
@_reason
@with_store
def reopen(db: Path, name: str, reason: str) -> Done:
    """Open a discrepancy again that was acknowledged or resolved too soon."""
    return _judge(db, name, "reopen", REOPENED, reason)


def _found(store: Database, not_docked: int | None = None) -> list[Live]:
    """What does not agree now, worst first; noted by those who may, unless with another threshold."""
    now_ms = clock.now_ms()
    settings = store.settings
    if not_docked is not None:
        settings = settings._replace(not_docked_days=not_docked)
    found = find(Situations(store).situation(now_ms, settings))
    if not_docked is None and store.account.may("discrepancy.note"):
        Discrepancies(store).note_discrepancies(found, now_ms)
    return Discrepancies(store).standings(found)


def _judge(db: Path, name: str, verb: str, action: str, reason: str) -> Done:
    with open_store(db) as store:
        each = named(name, _found(store))
        known = Discrepancies(store).judge(verb, action, each.found, reason, clock.now_ms())
    return Done(
        f"{each.found.name} {action}: {reason}",
        {"name": each.found.name, "status": known.status, "reason": reason, "by": known.login},
    )


def _row(each: Live, zone: str) -> Row:
    found = each.found
    return {
        "kind": found.kind,
        "severity": found.severity,
        "kit": found.kit,
        "pouch": found.pouch,
        "officer": found.officer,
        "since": clock.iso(found.since_ms, zone),
        "evidence": told(found.evidence),
        "next_step": told(found.next_step),
        "place": found.place,
        "name": found.name,
        "status": each.status,
        "said": _text(each),
        "facts": list(found.facts),
    }


def _text(each: Live) -> str:
    """The status for people, with who gave which reason."""
    known = each.standing
    if known is None or known.reason is None:
        return each.status
    if each.status == REOPENED and known.status != REOPENED:
        return f"{each.status}; it was {known.status} by {known.login}: {known.reason}"
    if each.status in (ACKNOWLEDGED, RESOLVED):
        return f"{each.status} by {known.login}: {known.reason}"
    return f"{each.status}; the last reason given was: {known.reason}"


def _summary(shown: Iterable[Live], hidden: int) -> str:
    by_severity = Counter(each.found.severity for each in shown)
    known = sum(each.status == ACKNOWLEDGED for each in shown)
    counts = ", ".join(f"{by_severity[each]} {each}" for each in SEVERITIES if by_severity[each])
    text = f"{plural(sum(by_severity.values()), 'question')}: {counts}"
    if known:
        text += f"; {known} acknowledged"
    return text + (f"; {hidden} not shown (`--all`)" if hidden else "")


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
        {"when": lambda row: row["at"][:16].replace("T", " "), "what": "action", "by": "by", "reason": "reason"},
        "nobody has noted it yet: a quartermaster or programme lead does by running `kitdock reconcile`",
        title="History",
    )


def _rules(settings: Settings) -> Table:
    rows = [
        {
            "kind": rule.kind,
            "severity": " or ".join(rule.severities),
            "text": told(rule.text),
            "settings": {key: getattr(settings, key) for key in rule.settings},
        }
        for rule in RULES
    ]
    return Table(
        rows,
        {
            "kind": "kind",
            "severity": "severity",
            "setting": lambda row: ", ".join(f"{key} {value}" for key, value in row["settings"].items()),
        },
        "there are no rules",
        details=["text"],
        note="Settings are changed with `kitdock setting set KEY VALUE`.",
        title="Rules of reconciliation",
    )
