"""The key of each sealed item, wrapped for this station; and another station key in place of the present."""

from host.access.vault import Sealed, Vault, item_of, key_item
from host.errors import VaultError
from host.store.database import Database


class SealingRepository:
    """Holds the wrapped key of each sealed item. The sealed values are in the tables they belong to."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def seal(self, clear: bytes, label: str) -> Sealed:
        """A value sealed for this station and bound to `label`; its key is still to be kept. Raises `VaultError`."""
        return self._db.vault.seal(clear, label, self._db.station.uuid)

    def keep(self, new: Sealed) -> bytes:
        """Keeps the key of a sealed value, within a transaction, and returns the value."""
        self._put(new.item, new.wrapped)
        return new.value

    def open(self, sealed: bytes, label: str) -> bytes:
        """What was sealed with that label, before layout 009 too. Raises `VaultError`."""
        try:
            return self._open(sealed, label)
        except VaultError:
            # Another program may have changed the station's key since this one read it.
            if not self._db.read_key_anew():
                raise
            return self._open(sealed, label)

    def _open(self, sealed: bytes, label: str) -> bytes:
        vault, station = self._db.vault, self._db.station.uuid
        item = item_of(sealed)
        if item is not None and (wrapped := self._wrapped(item)) is not None:
            return vault.open(sealed, wrapped, label, station)
        for check, wrapped in self._earlier_keys():
            try:
                return Vault(vault.unwrap(wrapped, check, station, label)).open_old(sealed, label)
            except VaultError:
                continue  # sealed under another one, or under the present
        try:
            return vault.open_old(sealed, label)
        except VaultError:
            if item is None:
                raise
            raise VaultError("sealed.no_key", what=label) from None

    def _wrapped(self, item: str) -> bytes | None:
        row = self._db.row(
            "SELECT wrapped FROM wrapped_key WHERE item = ? AND recipient = ?", (item, self._db.station.uuid)
        )
        return row[0] if row else None

    def _earlier_keys(self) -> list[tuple[str, bytes]]:
        """The earlier keys of this station, by item."""
        rows = self._db.rows(
            "SELECT item, wrapped FROM wrapped_key WHERE item >= ? AND item < ? AND recipient = ?",
            (key_item(""), key_item("g"), self._db.station.uuid),
        )
        return [(row[0], row[1]) for row in rows]

    def _put(self, item: str, wrapped: bytes) -> None:
        self._db.connection.execute(
            "INSERT INTO wrapped_key (item, recipient, wrapped) VALUES (?, ?, ?) "
            "ON CONFLICT (item, recipient) DO UPDATE SET wrapped = excluded.wrapped",
            (item, self._db.station.uuid, wrapped),
        )

    def sealed(self) -> dict[str, list[bytes]]:
        """All sealed values, by table."""
        return {
            table: [row[0] for row in self._db.rows(f"SELECT {column} FROM {table} WHERE length({column}) > 0")]
            for table, column in (
                ("tag", "sealed_keys"),
                ("usage_report", "sealed"),
                ("report_draft", "sealed"),
            )
        }

    def wrap_anew(self, old: Vault, new: Vault) -> int:
        """Wraps every key for this station under its new key, within a transaction, and returns how many.

        The old station key is among them if anything was sealed under it directly. Raises `VaultError`.
        """
        station = self._db.station.uuid
        rows = self._db.rows("SELECT item, wrapped FROM wrapped_key WHERE recipient = ?", (station,))
        for item, wrapped in rows:
            self._put(item, new.wrap(old.unwrap(wrapped, item, station, item), item, station))
        known = {item for item, _ in rows}
        if any(item_of(each) not in known for values in self.sealed().values() for each in values):
            self._put(key_item(old.check_value), old.wrapped_in(new, station))
        return len(rows)

    def forget_all(self) -> None:
        """Destroys every wrapped key of this station, which nobody can unwrap any more."""
        self._db.connection.execute("DELETE FROM wrapped_key WHERE recipient = ?", (self._db.station.uuid,))

    def set_check(self, new: Vault) -> None:
        """Keeps the check value of the station's new key, within a transaction."""
        self._db.connection.execute("UPDATE station SET key_check = ?", (new.check_value,))
