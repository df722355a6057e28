"""`kitdock expiry`: kits that have expired or soon will, and how many to order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click

from host import clock, service
from host.cli.groups import ListByDefault
from host.cli.options import open_store, the_day, with_store
from host.cli.render import Done, Row, Table, a_day
from host.cli.showing.expiries import expiries_table, no_kits
from host.cli.steps import line
from host.receiving import naming
from host.stock.forecast import Need
from host.words import written


@click.group(cls=ListByDefault)
def expiry() -> None:
    pass


@expiry.command("list")
@click.option("--within", metavar="DAYS", type=click.IntRange(0, 3650))
@click.option("--station", metavar="STATION")
@click.option("--holder", metavar="OFFICER|PLACE")
@click.option("--all", "everything", is_flag=True)
@with_store
def list_(db: Path, within: int | None, station: str | None, holder: str | None, everything: bool) -> Table:
    with open_store(db) as store:
        found = service.Expiries(store).expiring_kits(within, station, holder, everything)
        return expiries_table(found, store.station.time_zone)


@expiry.command("acknowledge")
@click.argument("kits", metavar="KIT...", nargs=-1, required=True)
@click.option("--until", metavar="DATE", required=True)
@click.option("--reason", type=naming.reason, metavar="TEXT", required=True)
@with_store
def acknowledge(db: Path, kits: tuple[str, ...], until: str, reason: str) -> Done:
    with open_store(db) as store:
        day = the_day(store, until)
        noted = service.Expiries(store).acknowledge_expiry(kits, day, reason, clock.now_ms())
    return Done(
        line("done.expiry_acknowledged", kits=len(noted), until=day, reason=reason),
        {"kits": noted, "until": day.isoformat(), "reason": reason},
    )


@expiry.command("forecast")
@click.option("--months", type=click.IntRange(1, 36), default=6, show_default=True)
@click.option("--product", metavar="PRODUCT")
@with_store
def forecast_(db: Path, months: int, product: str | None) -> Table:
    with open_store(db) as store:
        today, products = service.Expiries(store).orders(months, product)
    return Table(
        [_need(need, today) for each in products for need in each.needs],
        {
            "month": lambda row: written(date.fromisoformat(f"{row['month']}-01"), "month"),
            "product": "product",
            "expire": _expire,
            "use": lambda row: _range(row["use_low"], row["use_high"]),
            "to_order": lambda row: line(
                "cell.likely", likely=row["order_likely"], range=_range(row["order_low"], row["order_high"])
            ),
            "order_by": lambda row: line("cell.now") if row["order_now"] else a_day(row["order_by"]),
        },
        no_kits(),
        note="\n".join(text for each in products for text in _total(each)),
        title=line("title.to_order"),
    )


def _need(need: Need, today: date) -> Row:
    return {
        "month": _month(need),
        "product": need.product,
        "expiring_carried": need.expiring_carried,
        "expiring_in_stock": need.expiring_in_stock,
        "use_low": need.use.low,
        "use_mean": round(need.use.mean, 2),
        "use_high": need.use.high,
        "order_low": need.low,
        "order_likely": need.likely,
        "order_high": need.high,
        "order_by": need.order_by.isoformat(),
        "order_now": need.order_by <= today,
    }


def _month(need: Need) -> str:
    return need.month.isoformat()[:7]


def _expire(row: Row) -> str:
    counts = {"cell.kits_out": row["expiring_carried"], "cell.kits_in_stock": row["expiring_in_stock"]}
    return ", ".join(line(code, kits=kits) for code, kits in counts.items() if kits)


def _total(order: service.Order) -> Iterator[str]:
    """How many in all: for a longer time the bounds are closer than those of its months together."""
    whole = order.whole
    yield line(
        "note.to_order",
        product=whole.product,
        likely=whole.likely,
        month=written(order.needs[-1].month, "month"),
        range=_range(whole.low, whole.high),
    )
    if not order.is_telling:
        yield line("note.use_little_known", days=order.observed_days)


def _range(low: int, high: int) -> str:
    return str(low) if low == high else line("cell.range", low=low, high=high)
