"""`kitdock kit add`, `transfer`, `destroy`: kits come in, go to another station, are done away with."""

from __future__ import annotations

from pathlib import Path

import click

from host import service
from host.cli.groups import Command
from host.cli.kit.shared import at_and_yes, document_option, kits_argument, move, station_option
from host.cli.options import at_option, instant, maybe_day, new_name, open_store, reason_option, with_store, words
from host.cli.render import Done
from host.cli.steps import line
from host.ledger import Movement
from host.ledger.movement import DESTROY, TRANSFER


@click.command("add", cls=Command)
@click.argument("kit", metavar="KIT", type=new_name("kit number"))
@click.option("--product", type=words("product"), metavar="PRODUCT", required=True)
@click.option("--lot", type=words("lot"), metavar="LOT", required=True)
@click.option("--expires", metavar="DATE")
@click.option("--doses", "in_kit", type=click.IntRange(1, 99))
@click.option("--accept-expired", is_flag=True)
@station_option
@document_option
@at_option
@with_store
def add(
    db: Path,
    kit: str,
    product: str,
    lot: str,
    expires: str | None,
    in_kit: int | None,
    accept_expired: bool,
    station: str | None,
    document: str | None,
    at: str | None,
) -> Done:
    with open_store(db) as store:
        at_ms = instant(store, at)
        expires_on = maybe_day(store, expires)
        box = service.Incoming(kit, product, lot, expires_on, in_kit, document=document)
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


@click.command("transfer", cls=Command)
@kits_argument
@click.argument("station", metavar="STATION")
@document_option
@at_and_yes
@with_store
def transfer(db: Path, kits: tuple[str, ...], station: str, document: str | None, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, TRANSFER, "", place=station, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.transferred", kits=kits, station=station), new)


@click.command("destroy", cls=Command)
@kits_argument
@reason_option()
@click.option("--document", type=words("document"), metavar="TEXT", required=True)
@at_and_yes
@with_store
def destroy(db: Path, kits: tuple[str, ...], reason: str, document: str, at: str | None, yes: bool) -> Done:
    new = Movement(0, 0, DESTROY, "", reason=reason, document=document)
    return move(db, at, yes, kits, lambda kits: line("done.destroyed", kits=kits), new)
