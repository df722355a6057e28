"""The names that are known here, to judge what somebody types by."""

from host.store.database import Database


class NameRepository:
    """Officers, places, units, lots, products, logins and actions, as they are written."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def officers(self) -> list[str]:
        """The numbers of all officers."""
        return self._all("SELECT id FROM officer")

    def places(self) -> list[str]:
        """The names of all places."""
        return self._all("SELECT id FROM place")

    def units(self) -> list[str]:
        """The units that officers and places belong to."""
        return self._all("SELECT unit FROM officer WHERE unit IS NOT NULL UNION SELECT unit FROM place WHERE unit > ''")

    def lots(self) -> list[str]:
        """The numbers of all lots."""
        return self._all("SELECT DISTINCT lot FROM lot")

    def products(self) -> list[str]:
        """The products of the catalogue and those of which there are kits."""
        return self._all("SELECT name FROM product UNION SELECT product FROM lot")

    def logins(self) -> list[str]:
        """Who has an account here or has done anything."""
        return self._all("SELECT login FROM account UNION SELECT login FROM journal")

    def actions(self) -> list[str]:
        """What the audit tells of."""
        return self._all("SELECT DISTINCT action FROM journal")

    def _all(self, query: str) -> list[str]:
        return [str(row[0]) for row in self._db.rows(query)]
