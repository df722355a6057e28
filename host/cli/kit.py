"""`kitdock kit`: kits come in, go out to officers, and come back."""

from datetime import date
from pathlib import Path

import click

from host import clock
from host.cli.options import at_option, day, instant, new_name, open_store, with_store, words
from host.cli.render import Done, Table
from host.expiry import is_expired


@click.group()
def kit() -> None:
    """Kits: receive, issue, return, list."""


@kit.command("add")
@click.argument("kit", metavar="KIT", type=new_name("kit number"))
@click.option("--product", type=words("product"), metavar="PRODUCT", required=True, help="What it is, such as Nyxoid.")
@click.option("--lot", type=words("lot"), metavar="LOT", required=True, help="Lot printed on the pack.")
@click.option("--expires", type=day, metavar="YYYY-MM-DD", help="Expiry printed on the pack. Needed for a new lot.")
@click.option("--doses", type=click.IntRange(1, 99), help="Doses in the kit. [default: 2, or as the lot has]")
@at_option
@with_store
def add(db: Path, kit: str, product: str, lot: str, expires: date | None, doses: int | None, at: str | None) -> Done:
    """Receive a kit into stock.

    KIT is the number that the station gives the box.
    """
    with open_store(db) as store:
        facts = store.add_kit(kit, product, lot, expires, doses, instant(store, at))
        expired = is_expired(facts, store.today())
    return Done(
        f"kit {kit} received: {product} lot {lot}, expires {facts.expires_on}, {facts.doses_per_kit} doses",
        {
            "kit": kit,
            "product": product,
            "lot": lot,
            "expires_on": facts.expires_on.isoformat(),
            "doses": facts.doses_per_kit,
        },
        [f"kit {kit} expired on {facts.expires_on}: it cannot be issued"] if expired else [],
    )


@kit.command("issue")
@click.argument("kit", metavar="KIT")
@click.argument("officer", metavar="OFFICER")
@click.option("--pouch", metavar="POUCH", help="The pouch it is carried in.")
@at_option
@with_store
def issue(db: Path, kit: str, officer: str, pouch: str | None, at: str | None) -> Done:
    """Hand a kit to an officer.

    Refused if the kit is issued already or has expired. Warns if it expires within 90 days, or if the
    officer's training is unknown or more than 12 months old.
    """
    with open_store(db) as store:
        at_ms = instant(store, at)
        warnings = store.issue_kit(kit, officer, pouch, at_ms)
        since = clock.iso(at_ms, store.station.time_zone)
    return Done(
        f"kit {kit} issued to officer {officer}" + (f" in pouch {pouch}" if pouch else ""),
        {"kit": kit, "officer": officer, "pouch": pouch, "since": since, "warnings": warnings},
        warnings,
    )


@kit.command("return")
@click.argument("kit", metavar="KIT")
@at_option
@with_store
def return_(db: Path, kit: str, at: str | None) -> Done:
    """Take a kit back into stock."""
    with open_store(db) as store:
        at_ms = instant(store, at)
        held = store.return_kit(kit, at_ms).before
        zone = store.station.time_zone
    return Done(
        f"kit {kit} returned by {f'officer {held.officer}' if held.officer else held.place}, "
        f"with it since {clock.show(held.since_ms, zone)}",
        {
            "kit": kit,
            "officer": held.officer,
            "pouch": held.pouch,
            "since": clock.iso(held.since_ms, zone),
            "until": clock.iso(at_ms, zone),
        },
    )


@kit.command("list")
@with_store
def list_(db: Path) -> Table:
    """List kits, first to expire first, and who has them."""
    with open_store(db) as store:
        picture = store.picture()
        zone = store.station.time_zone
        today = store.today()
    held = {each.kit: each for each in picture.holdings() if each.until_ms is None}
    lot_of = picture.lot_of()
    rows = []
    for each in sorted(picture.kits, key=lambda kit: (lot_of[kit.id].expires_on, kit.id)):
        holding = held.get(each.id)
        lot = lot_of[each.id]
        rows.append(
            {
                "kit": each.id,
                "product": lot.product,
                "lot": lot.lot,
                "expires_on": lot.expires_on.isoformat(),
                "expired": is_expired(lot, today),
                "doses": lot.doses_per_kit,
                "officer": holding.officer if holding else None,
                "pouch": holding.pouch if holding else None,
                "since": clock.iso(holding.since_ms, zone) if holding else None,
            }
        )
    return Table(
        rows,
        {
            "kit": "kit",
            "product": "product",
            "lot": "lot",
            "expires": lambda row: row["expires_on"] + (" expired" if row["expired"] else ""),
            "with": lambda row: row["officer"] or "in stock",
            "pouch": "pouch",
            "since": lambda row: (row["since"] or "")[:10],
        },
        "no kits yet: receive one with `kitdock kit add KIT --product P --lot L --expires YYYY-MM-DD`",
    )
