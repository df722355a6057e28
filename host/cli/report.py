"""`kitdock report`: what is held, and what a month did. Expiry and reconciliation are reports of their own."""

from itertools import groupby
from pathlib import Path

import click

from host import clock
from host.cli.groups import Group
from host.cli.options import open_store, with_store
from host.cli.render import Cell, PrintedReport, Row, Table
from host.ledger import Balance
from host.ledger.movement import in_words
from host.stock.summary import ALWAYS, Flow, Month, Turnover, month, turnover
from host.usage.reports import CAUSES
from host.words import plural


@click.group(cls=Group)
def report() -> None:
    """Reports: holdings, the month in numbers.

    Each can be written to a file with --output. So can `kitdock expiry`, `kitdock reconcile` and
    `kitdock kit history`, which are reports too.
    """


@report.command("holdings")
@click.option(
    "--by", type=click.Choice(["officer", "station"]), default="officer", show_default=True, help="How to list them."
)
@with_store
def holdings(db: Path, by: str) -> Table:
    """Show who has which kits, or what each station has.

    By officer come all who have a kit, then vehicles, custody suites and cabinets. By station come the kits
    in stock, and how many are out with the officers at home there.
    """
    with open_store(db) as store:
        today = store.today()
        if by == "station":
            return _stations([each._asdict() for each in store.shelves_of_stations(today)])
        held = store.held()
    rows: list[Row] = []
    for (officer, place, unit, station), group in groupby(held, key=lambda each: each[:4]):
        kits = list(group)
        rows.append(
            {
                "officer": officer,
                "place": place,
                "unit": unit,
                "station": station,
                "kits": [each.kit for each in kits],
                "doses": sum(each.doses_left for each in kits),
                "expires_next": kits[0].expires_on.isoformat(),
                "expired": sum(each.expires_on < today for each in kits),
            }
        )
    columns: dict[str, Cell] = {
        "with": lambda row: row["officer"] or row["place"],
        "unit": "unit",
        "station": "station",
        "kits": "kits",
        "doses": "doses",
        "expires first": "expires_next",
    }
    if any(row["expired"] for row in rows):
        columns["expired"] = lambda row: row["expired"] or ""
    return Table(
        rows,
        columns,
        "no kit is out: issue one with `kitdock kit issue KIT OFFICER`",
        title="Holdings by officer and place",
    )


def _stations(rows: list[Row]) -> Table:
    for row in rows:
        row["expires_next"] = row["expires_next"] and row["expires_next"].isoformat()
    return Table(
        rows,
        {
            "station": "station",
            "in stock": "in_stock",
            "doses": "doses",
            "expired": "expired",
            "quarantined": "quarantined",
            "out": "out",
            "expires first": "expires_next",
        },
        "no station",
        title="Holdings by station",
    )


@report.command("month")
@click.argument("month_", metavar="[YYYY-MM]", required=False)
@with_store
def month_(db: Path, month_: str | None) -> PrintedReport:
    """Show a month in numbers: movements, stock, openings, discrepancies.

    Without a month it is the last one that is over. A kit that was issued twice counts twice; movements that
    were corrected in the month do not count. No number is of one officer.
    """
    with open_store(db) as store:
        zone = store.station.time_zone
        of = month(month_, clock.now_ms(), zone)
        found, start, end = store.month_of_stock(of)
        openings = store.openings_by_cause(of)
        discrepancies = turnover(store.discrepancy_log(), of)
        name = store.station.name
    until = "" if of.is_over else ", so far"
    return PrintedReport(
        f"{name}, {of.first:%B %Y}{until}",
        {
            "movements": _movements(found),
            "stock": _stock(start, end),
            "openings": _openings(openings),
            "discrepancies": _discrepancies(discrepancies),
        },
        _line(of, zone),
    )


def _line(of: Month, zone: str) -> str:
    return f"{clock.show(of.begins_ms, zone)} to {clock.show(of.ends_ms, zone)}"


_FLOW = {
    "receive": "received",
    "issue": "issued",
    "return": "returned",
    "use": "used",
    "leave_behind": "left behind",
    "lose": "lost",
    "destroy": "destroyed",
    "find": "found",
    "transfer": "transferred",
    "quarantine": "quarantined",
    "release": "released",
    "count": "counted",
    "correct": "corrected",
}


def _movements(found: list[Flow]) -> Table:
    rows = [each._asdict() for each in found if each.kits or each.what in ALWAYS]
    columns: dict[str, Cell] = {"": lambda row: _FLOW.get(row["what"], row["what"]), "kits": "kits", "doses": "doses"}
    return Table(rows, columns, "", title="Movements")


def _stock(start: Balance, end: Balance) -> Table:
    rows: list[Row] = [
        {
            "what": status,
            "kits_at_start": start.kits[status],
            "kits_at_end": end.kits[status],
            "doses_at_start": start.doses_left[status],
            "doses_at_end": end.doses_left[status],
        }
        for status in end.kits
    ]
    for what in ("doses_used", "doses_unaccounted", "doses_received"):
        rows.append(
            {
                "what": what,
                "kits_at_start": None,
                "kits_at_end": None,
                "doses_at_start": getattr(start, what),
                "doses_at_end": getattr(end, what),
            }
        )
    return Table(
        rows,
        {
            "": lambda row: _DOSES.get(row["what"]) or in_words(row["what"]),
            "kits at start": "kits_at_start",
            "at end": "kits_at_end",
            "doses at start": "doses_at_start",
            "at end ": "doses_at_end",
        },
        "",
        note=_sum(end),
        title="Stock",
    )


_DOSES = {
    "doses_used": "given to people",
    "doses_unaccounted": "unaccounted for",
    "doses_received": "all doses ever received",
}


def _sum(end: Balance) -> str:
    if end.wrong:
        return f"{plural(len(end.wrong), 'kit')} do not add up: {', '.join(end.wrong)}; see `kitdock kit history KIT`"
    if not end.balances:
        return "the doses do not add up: see `kitdock db check`"
    left = sum(end.doses_left.values())
    return (
        f"it balances: {end.doses_received} doses received = {left} in kits + {end.doses_used} given "
        f"+ {end.doses_unaccounted} unaccounted for"
    )


def _openings(counts: dict[str | None, int]) -> Table:
    known = [{"cause": cause, "openings": counts.get(cause, 0)} for cause in CAUSES]
    rows = [*known, {"cause": "unexplained", "openings": counts.get(None, 0)}]
    columns: dict[str, Cell] = {"": lambda row: CAUSES.get(row["cause"], row["cause"]), "openings": "openings"}
    return Table(rows, columns, "", title="Openings of pouches by what was said of them")


def _discrepancies(found: list[Turnover]) -> Table:
    return Table(
        [each._asdict() for each in found],
        {
            "kind": lambda row: row["kind"].replace("_", " "),
            "opened": "opened",
            "settled": "settled",
            "open at the end": "open",
        },
        "none was open in this month, as far as `kitdock reconcile` was run",
        title="Discrepancies",
    )
