"""`kitdock expiry`: kits that have expired or soon will, and how many to order."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import click

from host import clock
from host.cli.groups import ListByDefault
from host.cli.options import day, open_store, with_store
from host.cli.render import Cell, Done, Row, Table
from host.cli.steps import told
from host.errors import InputError
from host.receiving import naming
from host.service.expiry import Expiries
from host.service.stock import Stock
from host.stock.expiry import Expiry, demands, next_step, suggest
from host.stock.forecast import TELLING_DAYS, Need, forecast, total
from host.words import plural

_NO_KITS = "no kits yet: receive some with `kitdock stock receive` or `kitdock kit add`"


@click.group(cls=ListByDefault)
def expiry() -> None:
    """Show kits that have expired or soon will.

    Without a command it lists: `kitdock expiry`, `kitdock expiry --within 30`.
    """


@expiry.command("list")
@click.option(
    "--within",
    metavar="DAYS",
    type=click.IntRange(0, 3650),
    help="Show kits that expire within so many days. [default: setting expiry_days, 90 unless set]",
)
@click.option("--station", metavar="STATION", help="Only kits there, and those of officers at home there.")
@click.option("--holder", metavar="OFFICER|PLACE", help="Only what this officer or place has.")
@click.option("--all", "everything", is_flag=True, help="Also what is acknowledged.")
@with_store
def list_(db: Path, within: int | None, station: str | None, holder: str | None, everything: bool) -> Table:
    """List kits that have expired or soon will: who to call, what to bring.

    Expired kits come first, of those the ones that somebody carries. For each kit that is out and will not
    last as long as a kit is carried (setting carry_days), the kit in stock that expires first but lasts is
    suggested: of the officer's home station, or else of this one; no kit twice.

    What is acknowledged is left out until its day, but for kits that are carried although they have expired.
    """
    with open_store(db) as store:
        today = Stock(store).today()
        settings = store.settings
        within = settings.expiry_days if within is None else within
        home = store.station.name
        zone = store.station.time_zone
        found = Expiries(store).expiring(today, within, holder, station)
        listed = [each for each in found if everything or not each.hidden]
        own = store.account.only_officer
        if not own:
            shelves = Expiries(store).shelves(demands(listed, home, settings.carry_days), today, settings.carry_days)
            listed = suggest(listed, shelves, home, settings.carry_days)
        has_kits = own or bool(found) or Expiries(store).has_kits()
    rows = [
        row_of(each, "ask the quartermaster" if own else told(next_step(each, settings.carry_days, home)), zone)
        for each in listed
    ]
    known = len(found) - len(listed)
    hidden = f"{plural(known, 'kit')} known and not shown: see `kitdock expiry --all`" if known else ""
    return Table(
        rows,
        COLUMNS,
        _empty(within, hidden, has_kits),
        details=DETAILS,
        note=hidden,
        title="Kits that expire",
    )


@expiry.command("acknowledge")
@click.argument("kits", metavar="KIT...", nargs=-1, required=True)
@click.option("--until", type=day, metavar="YYYY-MM-DD", required=True, help="The day on which it comes back.")
@click.option("--reason", type=naming.reason, metavar="TEXT", required=True, help="Why it can wait. No names.")
@with_store
def acknowledge(db: Path, kits: tuple[str, ...], until: date, reason: str) -> Done:
    """Say that it is known that kits expire, so that they are left out until a day.

    The last word on a kit counts, as long as the kit stays where it is. A kit that is carried although it has
    expired stays in the list, marked as known.
    """
    with open_store(db) as store:
        noted = Expiries(store).acknowledge_expiry(kits, until, reason, clock.now_ms())
    return Done(
        f"{plural(len(noted), 'kit')} acknowledged until {until}: {reason}",
        {"kits": noted, "until": until.isoformat(), "reason": reason},
    )


@expiry.command("forecast")
@click.option("--months", type=click.IntRange(1, 36), default=6, show_default=True, help="How many months ahead.")
@click.option("--product", metavar="PRODUCT", help="Only this product.")
@with_store
def forecast_(db: Path, months: int, product: str | None) -> Table:
    """Forecast how many kits to order, month by month.

    The aim is as many good kits as today, out and in stock. What expires is known. What will be used, lost
    or left behind is estimated from the last 12 months: four times in five it is within the bounds shown.
    The day to order by is the first of the month less the setting lead_days.
    """
    with open_store(db) as store:
        today = Stock(store).today()
        supplies = Expiries(store).supplies(today)
        lead_days = store.settings.lead_days
    known = [each.product for each in supplies]
    if product is not None and product not in known:
        raise InputError(f"no kits of {product!r}: there is {', '.join(known) or 'none of any product'}")
    needs: list[Need] = []
    totals: list[str] = []
    for supply in supplies:
        if product in (None, supply.product):
            found = forecast(supply, today, months, lead_days)
            needs += found
            totals.append(_total(total(supply, found, today), found[-1].month))
            if supply.observed_days < TELLING_DAYS:
                totals.append(
                    f"its use is known for {plural(supply.observed_days, 'day')} only, too few to go by: "
                    "order what expires"
                )
    return Table(
        [_need(each, today) for each in needs],
        {
            "month": "month",
            "product": "product",
            "expire": _expire,
            "use": lambda row: _range(row["use_low"], row["use_high"]),
            "to order": lambda row: f"{row['order_likely']} ({_range(row['order_low'], row['order_high'])})",
            "by": lambda row: "now" if row["order_now"] else row["order_by"],
        },
        _NO_KITS,
        note="\n".join(totals),
        title="Kits to order",
    )


def _need(need: Need, today: date) -> Row:
    return {
        "month": need.month.isoformat()[:7],
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


def _expire(row: Row) -> str:
    counts = ((row["expiring_carried"], "out"), (row["expiring_in_stock"], "in stock"))
    return ", ".join(f"{count} {where}" for count, where in counts if count)


def _total(whole: Need, last: date) -> str:
    """How many in all: for a longer time the bounds are closer than those of its months together."""
    return (
        f"{whole.product}: {whole.likely} to order for all months to {last.isoformat()[:7]}, "
        f"four times in five {_range(whole.low, whole.high)}"
    )


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def row_of(each: Expiry, step: str, zone: str) -> Row:
    """An expiry for programs, with its next step."""
    note, new = each.note, each.replacement
    return {
        "kit": each.kit,
        "product": each.product,
        "lot": each.lot,
        "expires_on": each.expires_on.isoformat(),
        "days_left": each.days_left,
        "expired": each.expired,
        "carried": each.carried,
        "officer": each.officer,
        "place": each.place,
        "pouch": each.pouch,
        "unit": each.unit,
        "station": each.station,
        "replacement": new.kit if new else None,
        "replacement_expires_on": new.expires_on.isoformat() if new else None,
        "replacement_at": new.place if new else None,
        "next_step": step,
        "acknowledged_until": note.until.isoformat() if note else None,
        "acknowledged_by": note.login if note else None,
        "acknowledged_at": clock.iso(note.at_ms, zone) if note else None,
        "reason": note.reason if note else None,
    }


def _place(row: Row) -> str:
    """What the kit is and where to find it; and that it is known, if so."""
    where = ", ".join(each for each in (row["product"], row["unit"], row["station"]) if each)
    known = f" (known until {row['acknowledged_until']}: {row['reason']})" if row["acknowledged_until"] else ""
    return where + known


def _empty(within: int, hidden: str, has_kits: bool) -> str:
    if not has_kits:
        return _NO_KITS
    return f"no kit has expired or will within {plural(within, 'day')}" + (f"\n{hidden}" if hidden else "")


def _when(days_left: int) -> str:
    if days_left < 0:
        return f"expired {plural(-days_left, 'day')} ago"
    return f"in {plural(days_left, 'day')}" if days_left else "today is the last day"


COLUMNS: Mapping[str, Cell] = {
    "kit": "kit",
    "lot": "lot",
    "expires": "expires_on",
    "": lambda row: _when(row["days_left"]),
    "with": lambda row: row["officer"] or row["place"] if row["carried"] else "in stock",
    "pouch": "pouch",
}
"""How people see the rows of `row_of`, with `DETAILS` below each."""

DETAILS: Sequence[Cell] = (_place, lambda row: f"next: {row['next_step']}")
