"""A station is made, and opened to do and ask anything at all."""

from host.store.connecting import create_database, open_database
from host.store.database import Database

__all__ = ["Database", "create_database", "open_database"]
