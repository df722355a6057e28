"""`kitdock stock balance`: what came in against where it is, now or at a past instant."""

from __future__ import annotations

from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Command
from host.cli.options import instant, open_store, with_store
from host.cli.render import PrintedReport, Row, Table
from host.cli.steps import line
from host.clock import Instant
from host.ledger import COUNTED, Balance, in_words
from host.phrase import NextStep
from host.words import heading

OFFICERS = "officers"
"""Where kits are that officers have, had, or left behind: counted together, since nobody is ranked."""


@click.command("balance", cls=Command)
@click.option("--at", metavar="TIME")
@with_store
def balance(db: Path, at: str | None) -> PrintedReport:
    with open_store(db) as store:
        at_ms = None if at is None else instant(store, at)
        there, total = service.Kits(store).balance(at_ms)
        zone = store.station.time_zone
        name = store.station.name
    moment = Instant(clock.now_ms() if at_ms is None else at_ms, zone)
    return PrintedReport(
        line("title.balance", station=name),
        {
            "kits": Table(
                _by_place(there),
                {
                    "state": lambda row: str(in_words(row["status"])),
                    "where": _where,
                    "kits": "kits",
                    "doses_left": "doses_left",
                },
                line("none.kits", receive=NextStep("stock.receive"), add=NextStep("kit.enter")),
                note=line("cell.kits", count=len(there)),
                title=line("title.kits"),
            ),
            "doses": Table(
                [_doses(total)],
                {
                    "received": "received",
                    "doses_left": "left",
                    "used": "used",
                    "unaccounted": "unaccounted",
                    "adds_up": "balances",
                },
                "",
                note=line("note.these_do_not_add_up", history=NextStep("kit.histories"), kits=tuple(total.wrong))
                if total.wrong
                else "",
                title=line("title.doses"),
            ),
        },
        line("note.at", at=moment),
    )


def _by_place(found: list[service.KitNow]) -> list[Row]:
    """Kits and doses by status and place."""
    rows: dict[tuple[str, str], Row] = {}
    for each in found:
        status = each.state.status
        where = OFFICERS if each.state.officer else str(each.state.place)
        row = rows.setdefault((status, where), {"status": status, "where": where, "kits": 0, "doses_left": 0})
        row["kits"] += 1
        row["doses_left"] += each.state.doses_left
    return [rows[key] for key in sorted(rows, key=lambda key: (COUNTED.index(key[0]), key[1]))]


def _where(row: Row) -> str:
    return heading(f"where.{OFFICERS}") if row["where"] == OFFICERS else str(row["where"])


def _doses(total: Balance) -> Row:
    return {
        "received": total.doses_received,
        "left": sum(total.doses_left.values()),
        "used": total.doses_used,
        "unaccounted": total.doses_unaccounted,
        "balances": total.balances,
        "wrong_kits": list(total.wrong),
    }
