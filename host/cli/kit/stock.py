"""`kitdock kit add`, `transfer`, `destroy`: kits come in, go to another station, are done away with."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from host import service
from host.cli.kit.shared import at_and_yes, document_option, kits_argument, move, station_option
from host.cli.options import at_option, day, instant, new_name, open_store, reason_option, with_store, words
from host.cli.render import Done
from host.cli.steps import line
from host.ledger import Movement
from host.ledger.movement import DESTROY, TRANSFER


@click.command("add")
@click.argument("kit", metavar="KIT", type=new_name("kit number"))
@click.option("--product", type=words("product"), metavar="PRODUCT", required=True, help="What it is, such as Nyxoid.")
@click.option("--lot", type=words("lot"), metavar="LOT", required=True, help="Lot printed on the pack.")
@click.option("--expires", type=day, metavar="YYYY-MM-DD", help="Expiry printed on the pack. Needed for a new lot.")
@click.option("--doses", "in_kit", type=click.IntRange(1, 99), help="Doses in the kit. [default: 2, or as the lot has]")
@click.option("--accept-expired", is_flag=True, help="Receive it although it has expired; it cannot be issued.")
@station_option
@document_option
@at_option
@with_store
def add(
    db: Path,
    kit: str,
    product: str,
    lot: str,
    expires: date | None,
    in_kit: int | None,
    accept_expired: bool,
    station: str | None,
    document: str | None,
    at: str | None,
) -> Done:
    """Receive a kit into stock.

    KIT is the number that the station gives the box. `kitdock stock receive` takes many, by scanner.
    """
    with open_store(db) as store:
        at_ms = instant(store, at)
        box = service.Incoming(kit, product, lot, expires, in_kit, document=document)
        (facts,) = service.Receiving(store).receive([box], at_ms, station, accept_expired)
        expired = facts.expires_on < store.today()
    return Done(
        line(
            "done.kit_received",
            kit=kit,
            product=product,
            lot=lot,
            expires_on=facts.expires_on,
            doses=facts.doses_per_kit,
        ),
        {
            "kit": kit,
            "product": product,
            "lot": lot,
            "expires_on": facts.expires_on.isoformat(),
            "doses": facts.doses_per_kit,
        },
        [line("said.received_expired", kit=kit, expires_on=facts.expires_on)] if expired else [],
    )


@click.command("transfer")
@kits_argument
@click.argument("station", metavar="STATION")
@document_option
@at_and_yes
@with_store
def transfer(db: Path, kits: tuple[str, ...], station: str, document: str | None, at: str | None, yes: bool) -> Done:
    """Move kits to another station's stock, all or none.

    A kit that lay in a pouch is taken out of it.
    """
    new = Movement(0, 0, TRANSFER, "", place=station, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.transferred", kits=kits, station=station), new)


@click.command("destroy")
@kits_argument
@reason_option("Why, such as: expired, damaged pack.")
@click.option(
    "--document",
    type=words("document"),
    metavar="TEXT",
    required=True,
    help="The record of destruction: a consignment note, a witness's record.",
)
@at_and_yes
@with_store
def destroy(db: Path, kits: tuple[str, ...], reason: str, document: str, at: str | None, yes: bool) -> Done:
    """Record that kits were destroyed, all or none.

    Only kits in stock or used up: take back what is carried first.
    """
    new = Movement(0, 0, DESTROY, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.destroyed", kits=kits), new)
