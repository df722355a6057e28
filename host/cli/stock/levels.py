"""`kitdock stock list`: how many kits of each lot there are where."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from host import service
from host.cli.groups import Command
from host.cli.options import open_store, with_store
from host.cli.render import Row, Table, day_of
from host.cli.steps import line
from host.phrase import NextStep


@click.command("list", cls=Command)
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        today = store.today()
        carry_days = store.settings.carry_days
        rows = [_level(each, today, carry_days) for each in service.Receiving(store).levels()]
    in_stock = sum(row["kits"] for row in rows if row["status"] == "in_stock")
    issued = sum(row["kits"] for row in rows if row["status"] == "issued")
    return Table(
        rows,
        {
            "where": lambda row: row["station"] or line("cell.issued"),
            "product": "product",
            "lot": "lot",
            "expires": day_of("expires_on"),
            "kits": "kits",
            "of_these": _of_these,
        },
        line("none.stock", receive=NextStep("stock.receive")),
        note=line("note.stock", in_stock=in_stock, issued=issued),
        title=line("title.stock"),
    )


def _level(level: service.Level, today: date, carry_days: int) -> Row:
    days_left = (level.expires_on - today).days
    return {
        "station": level.station,
        "status": "issued" if level.station is None else "in_stock",
        "product": level.product,
        "lot": level.lot,
        "expires_on": level.expires_on.isoformat(),
        "kits": level.kits,
        "quarantined": level.quarantined,
        "to_count": level.to_count,
        "expired": level.kits if days_left < 0 else 0,
        "expiring": level.kits if 0 <= days_left <= carry_days else 0,
    }


def _of_these(row: Row) -> str:
    parts = {
        "cell.of_quarantined": row["quarantined"],
        "cell.of_expired": row["expired"],
        "cell.of_expiring": row["expiring"],
        "cell.of_to_count": row["to_count"],
    }
    return ", ".join(line(code, kits=kits) for code, kits in parts.items() if kits)
