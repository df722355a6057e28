"""Products and the numbers on their packs, in the database: a catalogue that the user fills, empty at the start."""

from collections.abc import Iterable

from host.errors import InputError, RuleError
from host.ledger import DOSES_PER_KIT
from host.phrase import NextStep
from host.store.catalogue import PRODUCTS, CatalogueRepository, Product
from host.store.database import Database
from host.tag import temperature
from host.tag.temperature import COLDEST_C, WARMEST_C, Limits


class Catalogue:
    """The part of the store that knows products."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._catalogue = CatalogueRepository(db)

    def products(self) -> list[Product]:
        """All products by name: those added, and those of which a lot was received by name."""
        with self._db.reading():
            gtins: dict[str, list[str]] = {}
            for gtin, name in self._db.rows("SELECT gtin, product FROM product_gtin ORDER BY gtin"):
                gtins.setdefault(name, []).append(gtin)
            rows = self._db.rows(f"SELECT * FROM ({PRODUCTS}) ORDER BY name")
        return [
            Product(name, doses, tuple(gtins.get(name, ())), temperature.limits(least, most))
            for name, doses, least, most in rows
        ]

    def product(self, name: str) -> Product:
        """One product. Raises `InputError` if it is not in the catalogue."""
        return self._catalogue.product(name)

    def product_of(self, gtin: str) -> Product | None:
        """The product with that GTIN of 14 digits, if it is in the catalogue."""
        return self._catalogue.product_of(gtin)

    def add_product(self, name: str, gtins: Iterable[str], doses_per_kit: int | None) -> Product:
        """Adds a product. Raises `RuleError` if the name or one of the GTINs is known already."""
        with self._db.changing("product.add", name) as detail:
            known = self._db.row(f"SELECT name FROM ({PRODUCTS}) WHERE name = ? COLLATE NOCASE", (name,))
            if known is not None:
                more = NextStep("product.gtin", name=known[0])
                raise RuleError("product.known", product=known[0], more=more)
            doses = doses_per_kit or DOSES_PER_KIT
            self._catalogue.enter(name, doses)
            detail |= {"doses": doses, "gtins": self._catalogue.add_gtins(name, gtins, move=False)}
            return self._catalogue.product(name)

    def add_gtins(self, name: str, gtins: Iterable[str], move: bool = False) -> Product:
        """Gives a product more GTINs; with `move` also such as another product has by mistake.

        Raises `InputError` if the product is unknown, `RuleError` if one is another product's.
        """
        with self._db.changing("product.add", name) as detail:
            product = self._catalogue.product(name)
            self._catalogue.enter(name, product.doses_per_kit)
            detail["gtins"] = self._catalogue.add_gtins(name, gtins, move)
            return self._catalogue.product(name)

    def set_limits(self, name: str, limits: Limits | None) -> Product:
        """Says how a product is to be stored by its label; None for nothing.

        Raises `InputError` if the product is unknown or there are no such limits.
        """
        if limits is not None:
            told = [each for each in limits if each is not None]
            if not told or sorted(told) != told or not COLDEST_C <= told[0] <= told[-1] <= WARMEST_C:
                raise InputError("product.no_limits", coldest=COLDEST_C, warmest=WARMEST_C)
        with self._db.changing("product.storage", name) as detail:
            product = self._catalogue.product(name)
            self._catalogue.enter(name, product.doses_per_kit)
            least, most = limits or (None, None)
            self._db.connection.execute(
                "UPDATE product SET least_c = ?, most_c = ? WHERE name = ?", (least, most, name)
            )
            detail |= {"least_c": least, "most_c": most}
            return self._catalogue.product(name)
