"""The station: its database is opened, or made."""

from host.store.connecting import create_database, open_database
from host.store.database import Database

__all__ = ["Database", "create_database", "open_database"]
