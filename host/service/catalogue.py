"""Products are added, with the numbers on their packs: a catalogue that the user fills, empty at the start."""

from collections.abc import Iterable

from host.errors import InputError, RuleError
from host.ledger import DOSES_PER_KIT
from host.phrase import NextStep
from host.stock.storage import Limits
from host.store.catalogue import CatalogueRepository, Product
from host.store.database import Database
from host.tag.temperature import COLDEST_C, WARMEST_C


class Catalogue:
    """People add to the catalogue, and ask which product a name or a pack means."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._catalogue = CatalogueRepository(db)

    def products(self) -> list[Product]:
        """All products by name: those added, and those of which a lot was received by name."""
        with self._db.reading():
            return self._catalogue.products()

    def product(self, name: str) -> Product:
        """One product. Raises `InputError` if it is not in the catalogue."""
        return self._catalogue.product(name)

    def product_of(self, gtin: str) -> Product | None:
        """The product with that GTIN of 14 digits, if it is in the catalogue."""
        return self._catalogue.product_of(gtin)

    def add_product(self, name: str, gtins: Iterable[str], doses_per_kit: int | None) -> Product:
        """Adds a product. Raises `RuleError` if the name or one of the GTINs is known already."""
        with self._db.changing("product.add", name) as detail:
            known = self._catalogue.name_like(name)
            if known is not None:
                raise RuleError("product.known", product=known, more=NextStep("product.gtin", name=known))
            doses = doses_per_kit or DOSES_PER_KIT
            self._catalogue.enter(name, doses)
            detail |= {"doses": doses, "gtins": self._give_gtins(name, gtins, move=False)}
            return self._catalogue.product(name)

    def add_gtins(self, name: str, gtins: Iterable[str], move: bool = False) -> Product:
        """Gives a product more GTINs; with `move` also such as another product has by mistake.

        Raises `InputError` if the product is unknown, `RuleError` if one is another product's.
        """
        with self._db.changing("product.add", name) as detail:
            product = self._catalogue.product(name)
            self._catalogue.enter(name, product.doses_per_kit)
            detail["gtins"] = self._give_gtins(name, gtins, move)
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
            self._catalogue.set_limits(name, limits)
            least, most = limits or (None, None)
            detail |= {"least_c": least, "most_c": most}
            return self._catalogue.product(name)

    def _give_gtins(self, name: str, gtins: Iterable[str], move: bool) -> list[str]:
        """Gives a product these GTINs, and returns them. Raises `RuleError` for another's, unless it is to `move`."""
        given = sorted(set(gtins))
        for gtin in given:
            owner = self._catalogue.owner(gtin)
            if owner not in (None, name) and not move:
                take = NextStep("product.move_gtin", name=name, gtin=gtin)
                raise RuleError("gtin.of_another", gtin=gtin, product=owner, take=take)
            self._catalogue.give_gtin(gtin, name)
        return given
