"""The store: one SQLite file, its layout and every SQL statement of the station.

database.py      open, create, transactions, rights, and what SQLite's errors mean to a user
migrations/      the layout, step by step; a shipped step is never edited
rollups.py       what is derived, kept beside the history it follows from
people.py        officers, places
stock.py         lots, kits, movements
stocktake.py     what was counted, and what it came to
recall.py        recalled lots, and who holds their kits
tags.py          tags and their sealed keys, dockings, events
expiry.py        what expires and what is known of it
reports.py       explanations and usage reports
accounts.py      accounts and roles, settings, the audit
"""

from host.events import Docking, Event, EventRow, Radio, Tag
from host.picture import Picture
from host.store.accounts import Accounts
from host.store.database import Station
from host.store.expiry import Expiries
from host.store.recall import Recalls
from host.store.reports import Reports
from host.store.stocktake import Stocktakes
from host.store.tags import Tags
from host.vault import TagKeys

__all__ = ["Docking", "Event", "EventRow", "Radio", "Station", "Store", "Tag", "TagKeys"]


class Store(Stocktakes, Recalls, Expiries, Reports, Tags, Accounts):
    """A station's database. Made by `Store.open` or `Store.create`; a context manager that closes it."""

    def picture(self) -> Picture:
        """Everything at one moment, for openings, expiry and reconciliation. Raises `NotAllowed`."""
        self._demand("stock.read")
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
