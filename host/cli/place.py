"""`kitdock place`: stations, vehicles, custody suites and cabinets that hold kits."""

from __future__ import annotations

from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Group
from host.cli.options import open_store, with_store, words
from host.cli.render import Done, Table
from host.cli.steps import line
from host.ledger.issue import PLACE_KINDS
from host.phrase import NextStep
from host.words import heading


@click.group(cls=Group)
def place() -> None:
    pass


@place.command("add")
@click.argument("place", metavar="PLACE", type=words("place"))
@click.option("--kind", type=click.Choice(PLACE_KINDS), required=True)
@click.option("--unit", type=words("unit"), metavar="UNIT")
@with_store
def add(db: Path, place: str, kind: str, unit: str | None) -> Done:
    with open_store(db) as store:
        service.People(store).add_place(place, kind, unit, clock.now_ms())
    return Done(
        line("done.place_added", kind=heading(f"place.{kind}"), place=place),
        {"place": place, "kind": kind, "unit": unit},
    )


@place.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        places = service.People(store).stocked_places()
    return Table(
        [{"place": each.id, "kind": each.kind, "unit": each.unit, "kits": each.kits} for each in places],
        {"place": "place", "kind": lambda row: heading(f"place.{row['kind']}"), "unit": "unit", "kits": "kits"},
        line("none.places", add=NextStep("place.enter")),
    )
