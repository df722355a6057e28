"""Everything that Kitdock refuses or cannot do, under one root.

The message of each error says what happened, to which kit, tag or file, and what to do next. One place,
`host.cli.root`, turns it into a line on standard error and `exit_status`; a bug is no `KitdockError` and
keeps its traceback. No message carries key material.
"""


class KitdockError(Exception):
    """Root of all errors that a user can act on."""

    exit_status = 1


class InputError(KitdockError):
    """What was typed or handed in cannot be right: an unknown officer, an impossible date."""

    exit_status = 2


class RuleError(KitdockError):
    """The input is well-formed, but a rule of the stock ledger forbids it: a second issue of a kit."""


class NotAllowed(RuleError):
    """No role of the account allows it; the attempt is in the audit."""


class StoreError(KitdockError):
    """The database cannot be used as asked."""

    exit_status = 3


class DatabaseMissing(StoreError):
    """There is no database file at the path."""


class DatabaseBusy(StoreError):
    """Another process holds the database longer than this one waits."""


class DatabaseFull(StoreError):
    """The disk, or the database's own limit, has no room for the change."""


class DatabaseReadOnly(StoreError):
    """The database or its folder cannot be written."""


class DatabaseDamaged(StoreError):
    """The file is a database, but its content is inconsistent."""


class NotKitdock(StoreError):
    """The file is no database of Kitdock."""


class NewerSchema(StoreError):
    """A later Kitdock has changed the database's layout."""


class ClockWrong(StoreError):
    """This machine's clock is far behind the newest entry of the audit."""


class VaultError(StoreError):
    """The key file is missing, open to others, or not the one that sealed this database."""


class LinkError(KitdockError):
    """A tag could not be reached or did not answer as it must, by radio or USB."""

    exit_status = 4
