"""Products and the numbers on their packs, in the database: a catalogue that the user fills, empty at the start."""

from collections.abc import Iterable
from typing import NamedTuple

from host import clock
from host.errors import InputError, RuleError
from host.ledger import DOSES_PER_KIT
from host.phrase import NextStep
from host.store.database import Database
from host.tag import temperature
from host.tag.temperature import COLDEST_C, WARMEST_C, Limits

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


class Catalogue(Database):
    """The part of the store that knows products."""

    def products(self) -> list[Product]:
        """All products by name: those added, and those of which a lot was received by name."""
        with self._reading():
            gtins: dict[str, list[str]] = {}
            for gtin, name in self._rows("SELECT gtin, product FROM product_gtin ORDER BY gtin"):
                gtins.setdefault(name, []).append(gtin)
            rows = self._rows(f"SELECT * FROM ({_PRODUCTS}) ORDER BY name")
        return [
            Product(name, doses, tuple(gtins.get(name, ())), temperature.limits(least, most))
            for name, doses, least, most in rows
        ]

    def product(self, name: str) -> Product:
        """One product. Raises `InputError` if it is not in the catalogue."""
        row = self._row(f"SELECT * FROM ({_PRODUCTS}) WHERE name = ?", (name,))
        if row is None:
            see, add = NextStep("product.list"), NextStep("product.enter", name=name)
            raise InputError("product.unknown", product=name, see=see, add=add)
        gtins = self._rows("SELECT gtin FROM product_gtin WHERE product = ? ORDER BY gtin", (name,))
        return Product(row[0], row[1], tuple(gtin for (gtin,) in gtins), temperature.limits(*row[2:]))

    def product_of(self, gtin: str) -> Product | None:
        """The product with that GTIN of 14 digits, if it is in the catalogue."""
        row = self._row("SELECT product FROM product_gtin WHERE gtin = ?", (gtin,))
        return self.product(row[0]) if row else None

    def add_product(self, name: str, gtins: Iterable[str], doses_per_kit: int | None) -> Product:
        """Adds a product. Raises `RuleError` if the name or one of the GTINs is known already."""
        with self._changing("product.add", name) as detail:
            known = self._row(f"SELECT name FROM ({_PRODUCTS}) WHERE name = ? COLLATE NOCASE", (name,))
            if known is not None:
                more = NextStep("product.gtin", name=known[0])
                raise RuleError("product.known", product=known[0], more=more)
            doses = doses_per_kit or DOSES_PER_KIT
            self._enter(name, doses)
            detail |= {"doses": doses, "gtins": self._add_gtins(name, gtins, move=False)}
            return self.product(name)

    def add_gtins(self, name: str, gtins: Iterable[str], move: bool = False) -> Product:
        """Gives a product more GTINs; with `move` also such as another product has by mistake.

        Raises `InputError` if the product is unknown, `RuleError` if one is another product's.
        """
        with self._changing("product.add", name) as detail:
            product = self.product(name)
            self._enter(name, product.doses_per_kit)
            detail["gtins"] = self._add_gtins(name, gtins, move)
            return self.product(name)

    def set_limits(self, name: str, limits: Limits | None) -> Product:
        """Says how a product is to be stored by its label; None for nothing.

        Raises `InputError` if the product is unknown or there are no such limits.
        """
        if limits is not None:
            told = [each for each in limits if each is not None]
            if not told or sorted(told) != told or not COLDEST_C <= told[0] <= told[-1] <= WARMEST_C:
                raise InputError("product.no_limits", coldest=COLDEST_C, warmest=WARMEST_C)
        with self._changing("product.storage", name) as detail:
            product = self.product(name)
            self._enter(name, product.doses_per_kit)
            least, most = limits or (None, None)
            self._connection.execute("UPDATE product SET least_c = ?, most_c = ? WHERE name = ?", (least, most, name))
            detail |= {"least_c": least, "most_c": most}
            return self.product(name)

    def _enter(self, name: str, doses: int) -> None:
        """Puts a product into the table; one of which lots were received by name may not be there yet."""
        self._connection.execute(
            "INSERT OR IGNORE INTO product (name, doses_per_kit, added_at_ms) VALUES (?, ?, ?)",
            (name, doses, clock.now_ms()),
        )

    def _limits(self) -> dict[str, Limits]:
        """How products are to be stored, as far as somebody entered it."""
        rows = self._rows("SELECT name, least_c, most_c FROM product WHERE coalesce(least_c, most_c) IS NOT NULL")
        return {name: Limits(least, most) for name, least, most in rows}

    def _add_gtins(self, name: str, gtins: Iterable[str], move: bool) -> list[str]:
        """The GTINs that were added, within a transaction."""
        added = sorted(set(gtins))
        for gtin in added:
            known = self._row("SELECT product FROM product_gtin WHERE gtin = ?", (gtin,))
            if known and known[0] != name and not move:
                take = NextStep("product.move_gtin", name=name, gtin=gtin)
                raise RuleError("gtin.of_another", gtin=gtin, product=known[0], take=take)
            self._connection.execute("INSERT OR REPLACE INTO product_gtin (gtin, product) VALUES (?, ?)", (gtin, name))
        return added
