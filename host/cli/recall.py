"""`kitdock recall`: a lot is recalled in one command, which shows who holds its kits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli.groups import ListByDefault
from host.cli.options import open_store, with_store, words
from host.cli.render import Done, Row, Table, day_of
from host.cli.showing.noting import note
from host.cli.steps import line
from host.clock import Instant
from host.ledger.movement import DESTROYED, IN_STOCK, ISSUED, LEFT_BEHIND, LOST, USED, in_words
from host.phrase import NextStep, Phrase
from host.receiving import naming

if TYPE_CHECKING:
    from host.ledger import Lot


class MarkByDefault(ListByDefault):
    """`kitdock recall LOT` marks the lot; `kitdock recall` alone lists, as `kitdock recall list` does."""

    default = "mark"


lot_argument = click.argument("lot", metavar="LOT", type=words("lot"))
product_option = click.option("--product", metavar="PRODUCT", type=words("product"))


@click.group(cls=MarkByDefault)
def recall() -> None:
    pass


@recall.command("mark")
@click.argument("lot", metavar="[LOT]", type=words("lot"), required=False)
@product_option
@click.option("--reason", metavar="TEXT", type=naming.reason)
@click.option("--document", metavar="TEXT", type=words("document"))
@with_store
def mark(db: Path, lot: str | None, product: str | None, reason: str | None, document: str | None) -> Table:
    if lot is None:
        if product or reason or document:
            raise click.UsageError(line("option.lot_missing"))
        with open_store(db) as store:
            return _recalls(store)
    if reason is None:
        raise click.UsageError(line("option.recall_reason_missing", show=NextStep("recall.show")))
    with open_store(db) as store:
        found = service.Recalls(store).find_lot(lot, product)
        service.Recalls(store).recall(found.product, found.lot, reason, document, clock.now_ms())
        note(store)
        return _kits(store, found)


@recall.command("show")
@lot_argument
@product_option
@with_store
def show(db: Path, lot: str, product: str | None) -> Table:
    with open_store(db) as store:
        return _kits(store, service.Recalls(store).find_lot(lot, product))


@recall.command("lift")
@lot_argument
@product_option
@click.option("--reason", metavar="TEXT", type=naming.reason, required=True)
@with_store
def lift(db: Path, lot: str, product: str | None, reason: str) -> Done:
    with open_store(db) as store:
        found = service.Recalls(store).find_lot(lot, product)
        service.Recalls(store).lift_recall(found.product, found.lot, reason, clock.now_ms())
        note(store)
    return Done(
        line("done.recall_lifted", lot=found.lot, product=found.product),
        {"product": found.product, "lot": found.lot, "reason": reason},
    )


@recall.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        return _recalls(store)


def _recalls(store: service.Database) -> Table:
    zone = store.station.time_zone
    rows = [
        {
            "product": each.product,
            "lot": each.lot,
            "recalled": each.action == "recall",
            "reason": each.reason,
            "document": each.document,
            "since": clock.iso(each.at_ms, zone),
            "by": each.login,
            "issued": each.issued,
            "in_stock": each.in_stock,
        }
        for each in service.Recalls(store).recalls()
    ]
    return Table(
        rows,
        {
            "lot": "lot",
            "product": "product",
            "since": day_of("since"),
            "issued": "issued",
            "in_stock": "in_stock",
            "reason": lambda row: row["reason"] if row["recalled"] else line("cell.lifted", reason=row["reason"]),
        },
        line("none.recalls", recall=NextStep("lot.recall")),
        title=line("title.recalls"),
    )


def _kits(store: service.Database, lot: Lot) -> Table:
    """The kits of a lot that can be collected, and in a note what became of the others."""
    zone = store.station.time_zone
    held = service.Recalls(store).kits_of_lot(lot.product, lot.lot)
    last = service.Recalls(store).last_recall(lot.product, lot.lot)
    found = service.Recalls(store).find_lot(lot.lot, lot.product)
    rows = [_row(each, found, zone) for each in held if each.status in (ISSUED, IN_STOCK)]
    is_so = Phrase("cell.not_recalled")
    if last is not None and last.action == "recall":
        is_so = Phrase(
            "cell.recalled_by" if last.document else "cell.recalled_since",
            since=Instant(last.at_ms, zone),
            reason=last.reason,
            document=last.document,
        )
    about = Phrase("cell.lot_is", lot=lot.lot, product=lot.product, expires_on=lot.expires_on, is_so=is_so)
    counted = Phrase("cell.remarks", remarks=tuple(_counted(held)) or (Phrase("cell.no_kits"),))
    return Table(
        rows,
        {
            "kit": "kit",
            "is_with": _holder,
            "pouch": "pouch",
            "since": day_of("since"),
            "doses": "doses_left",
            "quarantined": lambda row: line("cell.yes") if row["quarantine"] is not None else "",
        },
        line("none.to_collect", about=about, counted=counted),
        note=line("note.lot", about=about, counted=counted),
        title=line(
            "title.lot_recalled" if found.recalled is not None else "title.lot", lot=lot.lot, product=lot.product
        ),
    )


def _row(held: service.Held, lot: Lot, zone: str) -> Row:
    return {
        "kit": held.kit,
        "product": lot.product,
        "lot": lot.lot,
        "recalled": lot.recalled,
        "status": held.status,
        "officer": held.officer,
        "place": held.place,
        "pouch": held.pouch,
        "since": clock.iso(held.since_ms, zone),
        "doses_left": held.doses_left,
        "quarantine": held.quarantine,
    }


def _holder(row: Row) -> str:
    if row["officer"] is not None:
        return line("cell.officer", officer=row["officer"])
    return line("cell.stock_of", place=row["place"]) if row["status"] == IN_STOCK else str(row["place"])


def _counted(held: Sequence[service.Held]) -> Iterator[Phrase]:
    """How many kits there are, and how many of them where."""
    if not held:
        return
    yield Phrase("cell.kits", count=len(held))
    carried = [each for each in held if each.status == ISSUED and each.officer is not None]
    if carried:
        yield Phrase("cell.with_officers", kits=len(carried), officers=len({each.officer for each in carried}))
    for status in (ISSUED, IN_STOCK):
        places = Counter(each.place for each in held if each.status == status and each.officer is None)
        if places:
            there = tuple(
                Phrase("cell.kits_at", kits=kits, place=place) for place, kits in sorted(places.items(), key=str)
            )
            yield Phrase("cell.in_stock" if status == IN_STOCK else "cell.list", parts=there)
    gone = Counter(each.status for each in held)
    for status in (USED, LEFT_BEHIND, LOST, DESTROYED):
        if gone[status]:
            yield Phrase("cell.kits_so", kits=gone[status], status=in_words(status))
