"""Products and the numbers on their packs, in the database: a catalogue that the user fills, empty at the start."""

from collections.abc import Iterable
from typing import NamedTuple

from host import clock
from host.errors import InputError, RuleError
from host.phrase import NextStep
from host.store.database import Database
from host.tag import temperature
from host.tag.temperature import Limits

PRODUCTS = """
SELECT name, doses_per_kit, least_c, most_c FROM product
UNION ALL SELECT product, min(doses_per_kit), NULL, NULL FROM lot WHERE product NOT IN (SELECT name FROM product)
    GROUP BY product
"""


class Product(NamedTuple):
    """A kind of kit, the doses in one, the GTINs of its packs, each of 14 digits, and how it is to be stored."""

    name: str
    doses_per_kit: int
    gtins: tuple[str, ...]
    limits: Limits | None


class CatalogueRepository:
    """The part of the store that knows products."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def product(self, name: str) -> Product:
        """One product. Raises `InputError` if it is not in the catalogue."""
        row = self._db.row(f"SELECT * FROM ({PRODUCTS}) WHERE name = ?", (name,))
        if row is None:
            see, add = NextStep("product.list"), NextStep("product.enter", name=name)
            raise InputError("product.unknown", product=name, see=see, add=add)
        gtins = self._db.rows("SELECT gtin FROM product_gtin WHERE product = ? ORDER BY gtin", (name,))
        return Product(row[0], row[1], tuple(gtin for (gtin,) in gtins), temperature.limits(*row[2:]))

    def product_of(self, gtin: str) -> Product | None:
        """The product with that GTIN of 14 digits, if it is in the catalogue."""
        row = self._db.row("SELECT product FROM product_gtin WHERE gtin = ?", (gtin,))
        return self.product(row[0]) if row else None

    def enter(self, name: str, doses: int) -> None:
        """Puts a product into the table; one of which lots were received by name may not be there yet."""
        self._db.connection.execute(
            "INSERT OR IGNORE INTO product (name, doses_per_kit, added_at_ms) VALUES (?, ?, ?)",
            (name, doses, clock.now_ms()),
        )

    def limits(self) -> dict[str, Limits]:
        """How products are to be stored, as far as somebody entered it."""
        rows = self._db.rows("SELECT name, least_c, most_c FROM product WHERE coalesce(least_c, most_c) IS NOT NULL")
        return {name: Limits(least, most) for name, least, most in rows}

    def add_gtins(self, name: str, gtins: Iterable[str], move: bool) -> list[str]:
        """The GTINs that were added, within a transaction."""
        added = sorted(set(gtins))
        for gtin in added:
            known = self._db.row("SELECT product FROM product_gtin WHERE gtin = ?", (gtin,))
            if known and known[0] != name and not move:
                take = NextStep("product.move_gtin", name=name, gtin=gtin)
                raise RuleError("gtin.of_another", gtin=gtin, product=known[0], take=take)
            self._db.connection.execute(
                "INSERT OR REPLACE INTO product_gtin (gtin, product) VALUES (?, ?)", (gtin, name)
            )
        return added
