"""`kitdock report`: what is held, and what a month did. Expiry and reconciliation are reports of their own."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Group
from host.cli.options import open_store, with_store
from host.cli.render import Cell, PrintedReport, Row, Table, day_of
from host.cli.steps import line
from host.clock import Instant
from host.ledger import Balance
from host.ledger.movement import in_words
from host.phrase import NextStep
from host.stock.summary import ALWAYS, Flow, Month, Turnover
from host.usage.reports import CAUSES
from host.words import heading


@click.group(cls=Group)
def report() -> None:
    pass


@report.command("holdings")
@click.option("--by", type=click.Choice(["officer", "station"]), default="officer", show_default=True)
@with_store
def holdings(db: Path, by: str) -> Table:
    with open_store(db) as store:
        today = store.today()
        if by == "station":
            return _stations([each._asdict() for each in service.Summaries(store).shelves_of_stations(today)])
        held = service.Summaries(store).held()
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
        "expires_first": day_of("expires_next"),
    }
    if any(row["expired"] for row in rows):
        columns["expired"] = lambda row: row["expired"] or ""
    return Table(
        rows,
        columns,
        line("none.holdings", issue=NextStep("kit.issue_to")),
        title=line("title.holdings"),
    )


def _stations(rows: list[Row]) -> Table:
    for row in rows:
        row["expires_next"] = row["expires_next"] and row["expires_next"].isoformat()
    return Table(
        rows,
        {
            "station": "station",
            "in_stock": "in_stock",
            "doses": "doses",
            "expired": "expired",
            "quarantined": "quarantined",
            "out": "out",
            "expires_first": day_of("expires_next"),
        },
        line("none.stations"),
        title=line("title.holdings_of_stations"),
    )


@report.command("month")
@click.argument("month_", metavar="[YYYY-MM]", required=False)
@with_store
def month_(db: Path, month_: str | None) -> PrintedReport:
    with open_store(db) as store:
        zone = store.station.time_zone
        found = service.Summaries(store).month(month_, clock.now_ms())
        name = store.station.name
    of = found.of
    title = "title.month" if of.is_over else "title.month_so_far"
    return PrintedReport(
        line(title, station=name, month=heading(f"month.{of.first.month}"), year=of.first.year),
        {
            "movements": _movements(found.flows),
            "stock": _stock(found.start, found.end),
            "openings": _openings(found.openings),
            "discrepancies": _discrepancies(found.discrepancies),
        },
        _line(of, zone),
    )


def _line(of: Month, zone: str) -> str:
    return line("note.from_to", begins=Instant(of.begins_ms, zone), ends=Instant(of.ends_ms, zone))


def _movements(found: list[Flow]) -> Table:
    rows = [each._asdict() for each in found if each.kits or each.what in ALWAYS]
    columns: dict[str, Cell] = {"": lambda row: heading(f"flow.{row['what']}"), "kits": "kits", "doses": "doses"}
    return Table(rows, columns, "", title=line("title.movements"))


_DOSES = ("doses_used", "doses_unaccounted", "doses_received")
"""What a balance tells besides kits and doses of each status."""


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
    for what in _DOSES:
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
            "": lambda row: heading(f"end.{row['what']}") if row["what"] in _DOSES else str(in_words(row["what"])),
            "kits_at_start": "kits_at_start",
            "kits_at_end": "kits_at_end",
            "doses_at_start": "doses_at_start",
            "doses_at_end": "doses_at_end",
        },
        "",
        note=_sum(end),
        title=line("title.stock"),
    )


def _sum(end: Balance) -> str:
    if end.wrong:
        history = NextStep("kit.history")
        return line("note.kits_do_not_add_up", count=len(end.wrong), kits=tuple(end.wrong), history=history)
    if not end.balances:
        return line("note.doses_do_not_add_up", check=NextStep("database.check"))
    return line(
        "note.balances",
        received=end.doses_received,
        left=sum(end.doses_left.values()),
        used=end.doses_used,
        unaccounted=end.doses_unaccounted,
    )


def _openings(counts: dict[str | None, int]) -> Table:
    known = [{"cause": cause, "openings": counts.get(cause, 0)} for cause in CAUSES]
    rows = [*known, {"cause": "unexplained", "openings": counts.get(None, 0)}]
    columns: dict[str, Cell] = {
        "": lambda row: str(CAUSES[row["cause"]]) if row["cause"] in CAUSES else line("cell.unexplained"),
        "openings": "openings",
    }
    return Table(rows, columns, "", title=line("title.openings_by_cause"))


def _discrepancies(found: list[Turnover]) -> Table:
    return Table(
        [each._asdict() for each in found],
        {
            "what_is_wrong": lambda row: heading(f"kind.{row['kind']}"),
            "opened": "opened",
            "settled": "settled",
            "open_at_end": "open",
        },
        line("none.discrepancies_in_month"),
        title=line("title.discrepancies"),
    )
