"""The store: one SQLite file, its layout and every SQL statement of the station.

database.py      open, create, migrate, transactions, rights
migrations/      the layout, step by step; a shipped step is never edited
openings.py      openings, with who had the pouch and what was said of them
doses.py         the account of doses: which kits are to be counted, and where sources differ
rollups.py       what is derived, kept beside the history it follows from
people.py        officers, places
stock.py         lots, kits, movements
kits.py          where each kit is or was, its history, which goes out next, one in place of another
stocktake.py     what was counted, and what it came to
recall.py        recalled lots, and who holds their kits
catalogue.py     products and their GTINs
receiving.py     scanned or imported kits, labels, what is in stock
tags.py          tags and their sealed keys, dockings, events
expiry.py        what expires and what is known of it
summaries.py     holdings, what a month did
situation.py     what does not agree: what the rules of reconciliation look at
discrepancies.py what people did about what does not agree
evidence.py      what a discrepancy rests on
reports.py       explanations and usage reports
accounts.py      accounts and roles, settings, the audit
retaining.py     what is old enough is destroyed
care.py          backup, check, repair, vacuum
restoring.py     a backup takes the database's place
copying.py       copies of a database in use
failing.py       what SQLite's failures mean to a user
"""

from host.access.vault import TagKeys
from host.picture import Picture
from host.store.accounts import Accounts
from host.store.care import Care
from host.store.database import Station
from host.store.discrepancies import Discrepancies
from host.store.evidence import Evidence
from host.store.expiry import Expiries
from host.store.kits import Kits
from host.store.recall import Recalls
from host.store.receiving import Receiving
from host.store.reports import Reports
from host.store.stocktake import Stocktakes
from host.store.summaries import Summaries
from host.store.tags import Tags
from host.tag.events import Docking, Event, EventRow, Radio, Tag

__all__ = ["Docking", "Event", "EventRow", "Radio", "Station", "Store", "Tag", "TagKeys"]


class Store(
    Care, Receiving, Kits, Stocktakes, Recalls, Expiries, Summaries, Discrepancies, Evidence, Reports, Tags, Accounts
):
    """A station's database. Made by `Store.open` or `Store.create`; a context manager that closes it."""

    def picture(self) -> Picture:
        """Everything at one moment, for openings, expiry and reconciliation. Raises `NotAllowed`."""
        self._demand("stock.read")
        with self._reading():
            return self._picture()

    def _picture(self) -> Picture:
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
            reports=self._reports("ORDER BY r.id"),
            recalls=self._recalls(),
            stocktakes=self._closed_stocktakes(),
            differences=self._differences(),
            heard=self._heard(),
            forgotten=self._forgotten(),
            docked_by=self._docked_by_notes(),
            own_stops=self._own_stops(),
            limits=self._limits(),
        )
