"""Everything that the station knows at one moment is asked for, out of the whole history."""

from host.picture import Picture
from host.store.catalogue import CatalogueRepository
from host.store.database import Database
from host.store.people import PeopleRepository
from host.store.reports import ReportRepository
from host.store.situation import SituationRepository
from host.store.stock import StockRepository
from host.store.tags import TagRepository


class Pictures:
    """All of the history at once, for those who check the roll-ups against it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._catalogue = CatalogueRepository(db)
        self._people = PeopleRepository(db)
        self._reports = ReportRepository(db)
        self._situations = SituationRepository(db)
        self._stock = StockRepository(db)
        self._tags = TagRepository(db)

    def picture(self) -> Picture:
        """Everything at one moment, for openings, expiry and reconciliation. Raises `NotAllowed`."""
        with self._db.reading():
            return self.picture_within()

    def picture_within(self) -> Picture:
        """As `picture`, within a transaction."""
        self._db.demand("stock.read")
        return Picture(
            time_zone=self._db.station.time_zone,
            officers=self._people.officers(),
            lots=self._stock.lots(),
            kits=self._stock.kits(),
            movements=self._stock.movements(),
            tags=self._tags.tags(retired=True),
            dockings=self._tags.dockings(),
            events=self._tags.events(),
            explanations=self._reports.explanations(),
            reports=self._reports.reports(),
            recalls=self._situations.recalls(),
            stocktakes=self._situations.closed_stocktakes(),
            differences=self._situations.differences(),
            heard=self._situations.heard(),
            forgotten=self._situations.forgotten(),
            docked_by=self._situations.docked_by_notes(),
            own_stops=self._situations.own_stops(),
            limits=self._catalogue.limits(),
        )
