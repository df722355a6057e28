"""Products and the numbers on their packs, in the database: a catalogue that the user fills, empty at the start."""

from typing import NamedTuple

from host import clock
from host.errors import InputError
from host.phrase import NextStep
from host.stock.storage import Limits, limits
from host.store.database import Database

_PRODUCTS = """
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
    """Products with their limits of temperature, and the GTINs of their packs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def product(self, name: str) -> Product:
        """One product. Raises `InputError` if it is not in the catalogue."""
        row = self._db.row(f"SELECT * FROM ({_PRODUCTS}) WHERE name = ?", (name,))
        if row is None:
            see, add = NextStep("product.list"), NextStep("product.enter", name=name)
            raise InputError("product.unknown", product=name, see=see, add=add).like(name, self.names())
        gtins = self._db.rows("SELECT gtin FROM product_gtin WHERE product = ? ORDER BY gtin", (name,))
        return Product(row[0], row[1], tuple(gtin for (gtin,) in gtins), limits(*row[2:]))

    def product_of(self, gtin: str) -> Product | None:
        """The product with that GTIN of 14 digits, if it is in the catalogue."""
        name = self.owner(gtin)
        return self.product(name) if name is not None else None

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

    def products(self) -> list[Product]:
        """All products by name: those added, and those of which a lot was received by name."""
        gtins: dict[str, list[str]] = {}
        for gtin, name in self._db.rows("SELECT gtin, product FROM product_gtin ORDER BY gtin"):
            gtins.setdefault(name, []).append(gtin)
        rows = self._db.rows(f"SELECT * FROM ({_PRODUCTS}) ORDER BY name")
        return [
            Product(name, doses, tuple(gtins.get(name, ())), limits(least, most)) for name, doses, least, most in rows
        ]

    def names(self) -> list[str]:
        """The names of the products that were added."""
        return [name for (name,) in self._db.rows("SELECT name FROM product")]

    def name_like(self, name: str) -> str | None:
        """The product, added or received by name, that has this name, ignoring capitals."""
        row = self._db.row(f"SELECT name FROM ({_PRODUCTS}) WHERE name = ? COLLATE NOCASE", (name,))
        return str(row[0]) if row else None

    def owner(self, gtin: str) -> str | None:
        """The name of the product with that GTIN of 14 digits, if it is in the catalogue."""
        row = self._db.row("SELECT product FROM product_gtin WHERE gtin = ?", (gtin,))
        return str(row[0]) if row else None

    def give_gtin(self, gtin: str, name: str) -> None:
        """Makes a GTIN of 14 digits that of a product, whosever it was, within a transaction."""
        self._db.connection.execute("INSERT OR REPLACE INTO product_gtin (gtin, product) VALUES (?, ?)", (gtin, name))

    def set_limits(self, name: str, limits: Limits | None) -> None:
        """Writes how a product in the table is to be stored, in degrees Celsius, within a transaction."""
        least, most = limits or (None, None)
        self._db.connection.execute("UPDATE product SET least_c = ?, most_c = ? WHERE name = ?", (least, most, name))
