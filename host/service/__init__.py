"""What people do and ask: each action and each question in one place, under every face.

A use case is handed the open database, asks whether the account may, loads, lets the rules judge, writes and notes it
in the audit, in one transaction. Values come back, never text. Faces import this module and nothing below it; what it
names is loaded when it is first used, since most commands need little of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from host.service.accounts import Accounts as Accounts
    from host.service.care import FILE as FILE
    from host.service.care import Care as Care
    from host.service.care import Check as Check
    from host.service.care import Repaired as Repaired
    from host.service.care import Sizes as Sizes
    from host.service.catalogue import Catalogue as Catalogue
    from host.service.derivation import Derivation as Derivation
    from host.service.digest import Digests as Digests
    from host.service.digest import NewThings as NewThings
    from host.service.dock import Docks as Docks
    from host.service.dock import DockStatus as DockStatus
    from host.service.doses import Doses as Doses
    from host.service.drafts import Drafts as Drafts
    from host.service.expiry import Advised as Advised
    from host.service.expiry import Expiries as Expiries
    from host.service.expiry import ExpiringKits as ExpiringKits
    from host.service.expiry import Order as Order
    from host.service.expiry import Orders as Orders
    from host.service.keys import Keys as Keys
    from host.service.kits import Kits as Kits
    from host.service.moving import Moved as Moved
    from host.service.moving import Reassigned as Reassigned
    from host.service.names import Names as Names
    from host.service.openings import Openings as Openings
    from host.service.people import People as People
    from host.service.picture import Pictures as Pictures
    from host.service.recall import Recalls as Recalls
    from host.service.receiving import Checked as Checked
    from host.service.receiving import Received as Received
    from host.service.receiving import Receiving as Receiving
    from host.service.receiving import unknown_gtin as unknown_gtin
    from host.service.recomputing import Recomputing as Recomputing
    from host.service.reconciling import Disagreements as Disagreements
    from host.service.reconciling import Examined as Examined
    from host.service.reconciling import Judged as Judged
    from host.service.reconciling import Reconciling as Reconciling
    from host.service.reconciling import Shown as Shown
    from host.service.reconciling import Wanted as Wanted
    from host.service.replacing import Fate as Fate
    from host.service.replacing import Replacements as Replacements
    from host.service.reports import Reports as Reports
    from host.service.restoring import Candidate as Candidate
    from host.service.restoring import proven as proven
    from host.service.retaining import Retention as Retention
    from host.service.station import Database as Database
    from host.service.station import create_database as create_database
    from host.service.station import may_dock as may_dock
    from host.service.station import open_database as open_database
    from host.service.stock import Stock as Stock
    from host.service.stocktake import Stocktakes as Stocktakes
    from host.service.stocktake import Unsettled as Unsettled
    from host.service.summaries import Summaries as Summaries
    from host.service.tags import Tags as Tags
    from host.service.telling import Reporting as Reporting
    from host.service.telling import Telling as Telling
    from host.store.catalogue import Product as Product
    from host.store.copying import Progress as Progress
    from host.store.kits import KitNow as KitNow
    from host.store.kits import KitOpening as KitOpening
    from host.store.recall import Held as Held
    from host.store.receiving import Level as Level
    from host.store.restoring import Contents as Contents
    from host.store.stock import Incoming as Incoming
    from host.store.stocktake import Stocktake as Stocktake

_HOMES = {
    "Accounts": "host.service.accounts",
    "Advised": "host.service.expiry",
    "Candidate": "host.service.restoring",
    "Care": "host.service.care",
    "Catalogue": "host.service.catalogue",
    "Check": "host.service.care",
    "Checked": "host.service.receiving",
    "Contents": "host.store.restoring",
    "Database": "host.service.station",
    "Derivation": "host.service.derivation",
    "Digests": "host.service.digest",
    "Disagreements": "host.service.reconciling",
    "DockStatus": "host.service.dock",
    "Docks": "host.service.dock",
    "Doses": "host.service.doses",
    "Drafts": "host.service.drafts",
    "Examined": "host.service.reconciling",
    "Expiries": "host.service.expiry",
    "ExpiringKits": "host.service.expiry",
    "FILE": "host.service.care",
    "Fate": "host.service.replacing",
    "Held": "host.store.recall",
    "Incoming": "host.store.stock",
    "Judged": "host.service.reconciling",
    "Keys": "host.service.keys",
    "KitNow": "host.store.kits",
    "KitOpening": "host.store.kits",
    "Kits": "host.service.kits",
    "Level": "host.store.receiving",
    "Moved": "host.service.moving",
    "Names": "host.service.names",
    "NewThings": "host.service.digest",
    "Openings": "host.service.openings",
    "Order": "host.service.expiry",
    "Orders": "host.service.expiry",
    "People": "host.service.people",
    "Pictures": "host.service.picture",
    "Product": "host.store.catalogue",
    "Progress": "host.store.copying",
    "Reassigned": "host.service.moving",
    "Recalls": "host.service.recall",
    "Received": "host.service.receiving",
    "Receiving": "host.service.receiving",
    "Recomputing": "host.service.recomputing",
    "Reconciling": "host.service.reconciling",
    "Repaired": "host.service.care",
    "Replacements": "host.service.replacing",
    "Reporting": "host.service.telling",
    "Reports": "host.service.reports",
    "Retention": "host.service.retaining",
    "Shown": "host.service.reconciling",
    "Sizes": "host.service.care",
    "Stock": "host.service.stock",
    "Stocktake": "host.store.stocktake",
    "Stocktakes": "host.service.stocktake",
    "Summaries": "host.service.summaries",
    "Tags": "host.service.tags",
    "Telling": "host.service.telling",
    "Unsettled": "host.service.stocktake",
    "Wanted": "host.service.reconciling",
    "create_database": "host.service.station",
    "may_dock": "host.service.station",
    "open_database": "host.service.station",
    "proven": "host.service.restoring",
    "unknown_gtin": "host.service.receiving",
}
"""In which module each name is."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
