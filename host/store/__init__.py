"""The store: one SQLite file, its layout and every SQL statement of the station.

database.py      open, create, transactions, and what SQLite's errors mean to a user
migrations.py    the layout, step by step; a shipped step is never edited
stock.py         officers, lots, kits, movements
tags.py          tags and their sealed keys, dockings, events
reports.py       explanations and usage reports
"""

from host.events import Docking, Event, EventRow, Radio, Tag
from host.picture import Picture
from host.store.database import Database, Station
from host.store.reports import Reports
from host.store.stock import Stock
from host.store.tags import Tags
from host.vault import TagKeys

__all__ = ["Docking", "Event", "EventRow", "Radio", "Station", "Store", "Tag", "TagKeys"]


class Store(Stock, Tags, Reports, Database):
    """A station's database. Made by `Store.open` or `Store.create`; a context manager that closes it."""

    def picture(self) -> Picture:
        """Everything at one moment, for openings, expiry and reconciliation."""
        with self._reading():
            return Picture(
                time_zone=self.station.time_zone,
                officers=self.officers(),
                lots=self.lots(),
                kits=self.kits(),
                movements=self.movements(),
                tags=self.tags(retired=True),
                dockings=self.dockings(),
                events=self.events(),
                explanations=self.explanations(),
                reports=self.reports(),
            )
