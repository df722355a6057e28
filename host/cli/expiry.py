"""`kitdock expiry`: kits that have expired or soon will."""

from pathlib import Path

import click

from host.cli.options import open_store, with_store
from host.cli.render import Table
from host.expiry import expiries
from host.words import plural


@click.command()
@click.option(
    "--within",
    metavar="DAYS",
    type=click.IntRange(0, 3650),
    help="Show kits that expire within so many days. [default: setting expiry_days, 90 unless set]",
)
@with_store
def expiry(db: Path, within: int | None) -> Table:
    """Show kits that have expired or soon will.

    Expired kits come first, of those the ones that somebody carries.
    """
    with open_store(db) as store:
        picture = store.picture()
        today = store.today()
        within = store.settings.expiry_days if within is None else within
    rows = [
        {
            "kit": each.kit,
            "product": each.product,
            "lot": each.lot,
            "expires_on": each.expires_on.isoformat(),
            "days_left": each.days_left,
            "expired": each.expired,
            "officer": each.officer,
            "pouch": each.pouch,
        }
        for each in expiries(picture.lot_of(), picture.holdings(), today, within)
    ]
    return Table(
        rows,
        {
            "kit": "kit",
            "product": "product",
            "lot": "lot",
            "expires": "expires_on",
            "": lambda row: _when(row["days_left"]),
            "with": lambda row: row["officer"] or "in stock",
            "pouch": "pouch",
        },
        f"no kit has expired or will within {within} days"
        if picture.kits
        else "no kits yet: receive one with `kitdock kit add KIT --product P --lot L --expires YYYY-MM-DD`",
    )


def _when(days_left: int) -> str:
    if days_left < 0:
        return f"expired {plural(-days_left, 'day')} ago"
    return f"in {plural(days_left, 'day')}" if days_left else "today is the last day"
