"""Everything that the station knows at one moment, out of all tables."""

from host.picture import Picture
from host.store.database import Database
from host.store.picture import PictureRepository


class Pictures:
    """Reads everything."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._pictures = PictureRepository(db)

    def picture(self) -> Picture:
        """Everything at one moment, for openings, expiry and reconciliation. Raises `NotAllowed`."""
        self._db.demand("stock.read")
        with self._db.reading():
            return self._pictures.picture()
