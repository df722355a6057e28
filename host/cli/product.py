"""`kitdock product`: the catalogue of products, filled by who receives them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from host import service
from host.cli.groups import Group
from host.cli.options import open_store, with_store, words
from host.cli.render import Done, Row, Table
from host.cli.steps import line
from host.errors import InputError
from host.phrase import NextStep, Phrase
from host.stock.storage import Limits


def gtin(text: str) -> str:
    """The type of a product number as printed below the bars, of 8 to 14 digits."""
    from host.receiving.printed import gtin14

    return gtin14(text)


@click.group(cls=Group)
def product() -> None:
    pass


@product.command("add")
@click.argument("name", metavar="NAME", type=words("product"))
@click.option("--gtin", "gtins", metavar="GTIN", type=gtin, multiple=True)
@click.option("--doses", type=click.IntRange(1, 99))
@with_store
def add(db: Path, name: str, gtins: Sequence[str], doses: int | None) -> Done:
    with open_store(db) as store:
        added = service.Catalogue(store).add_product(name, gtins, doses)
    return Done(
        line("done.product_added", product=name, doses=added.doses_per_kit, gtins=_gtins(added)),
        _row(added),
    )


@product.command("gtin")
@click.argument("name", metavar="NAME")
@click.argument("gtins", metavar="GTIN...", type=gtin, nargs=-1, required=True)
@click.option("--move", is_flag=True)
@with_store
def gtin_(db: Path, name: str, gtins: Sequence[str], move: bool) -> Done:
    with open_store(db) as store:
        changed = service.Catalogue(store).add_gtins(name, gtins, move)
    return Done(line("done.product_changed", product=name, now=_gtins(changed)), _row(changed))


@product.command("storage")
@click.argument("name", metavar="NAME")
@click.option("--from", "least_c", metavar="°C", type=int)
@click.option("--to", "most_c", metavar="°C", type=int)
@click.option("--none", is_flag=True)
@with_store
def storage(db: Path, name: str, least_c: int | None, most_c: int | None, none: bool) -> Done:
    if none == (least_c is not None or most_c is not None):
        raise InputError("product.limits_unclear")
    with open_store(db) as store:
        changed = service.Catalogue(store).set_limits(name, None if none else Limits(least_c, most_c))
    said = Phrase("cell.stored_at" if changed.limits else "cell.no_limits", limits=str(changed.limits))
    return Done(line("done.product_changed", product=name, now=said), _row(changed))


@product.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        found = service.Catalogue(store).products()
    return Table(
        [_row(each) for each in found],
        {
            "product": "product",
            "doses": "doses",
            "stored_at": _limits,
            "gtins": "gtins",
        },
        line("none.products", add=NextStep("product.add"), receive=NextStep("stock.receive")),
        title=line("title.products"),
    )


def _row(product: service.Product) -> Row:
    least_c, most_c = product.limits or (None, None)
    return {
        "product": product.name,
        "doses": product.doses_per_kit,
        "gtins": list(product.gtins),
        "least_c": least_c,
        "most_c": most_c,
    }


def _limits(row: Row) -> str:
    told = row["least_c"], row["most_c"]
    return "" if told == (None, None) else str(Limits(*told))


def _gtins(product: service.Product) -> Phrase:
    return Phrase("cell.gtins" if product.gtins else "cell.no_gtin", gtins=tuple(product.gtins))
