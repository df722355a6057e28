"""The station's key is changed: for a new one while the present is there, or because it was lost."""

from typing import NamedTuple

from host import clock
from host.access.vault import Vault, finish
from host.errors import InputError, RuleError, VaultError
from host.phrase import NextStep
from host.service.following import Following
from host.store.database import Database
from host.store.drafts import DraftRepository
from host.store.retaining import RetentionRepository
from host.store.sealing import SealingRepository
from host.store.tags import TagRepository


class Lost(NamedTuple):
    """What nobody can open without the lost key: reports with protected answers, drafts, and tags in use."""

    reports: int
    drafts: int
    tags: int


class Keys:
    """An administrator changes the key of the station."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._drafts = DraftRepository(db)
        self._following = Following(db)
        self._retention = RetentionRepository(db)
        self._sealing = SealingRepository(db)
        self._tags = TagRepository(db)

    def rekey(self) -> int:
        """Makes a new key file and wraps every key under it; returns how many. No sealed value changes.

        The old key file opens nothing of this database any more, but what a copy of it held. Raises `NotAllowed`,
        `VaultError` without the present key: then nothing has changed.
        """
        self._db.demand("database.rekey")
        old = self._db.vault
        new = Vault.prepare(self._db.path)
        self._retention.overwrite_what_goes()
        with self._db.changing("database.rekey") as detail:
            wrapped = self._sealing.wrap_anew(old, new)
            self._sealing.set_check(new)
            detail |= {"before": old.check_value, "after": new.check_value, "keys": wrapped}
        finish(self._db.path)
        self._db.read_key_anew()
        self._retention.drop_log()
        return wrapped

    def would_be_lost(self) -> Lost:
        """What goes if the station begins anew with another key. Raises `NotAllowed`; `RuleError` if the present key
        is there."""
        self._db.demand("database.rekey")
        try:
            _ = self._db.vault
        except VaultError:
            sealed = self._sealing.sealed()
            return Lost(len(sealed["usage_report"]), len(sealed["report_draft"]), len(self._tags.tags()))
        raise RuleError("key.is_there", path=self._db.key_path, rekey=NextStep("database.rekey"))

    def begin_anew(self, at_ms: int) -> Lost:
        """Makes a new key file in place of one that was lost, and destroys what nobody can open any more.

        Tags in use are retired: each has to be provisioned again. Raises as `would_be_lost`, and `InputError` if
        there is a key file after all, of whatever database.
        """
        lost = self.would_be_lost()
        if self._db.key_path.exists():
            raise InputError("key.in_the_way", path=self._db.key_path)
        new = Vault.prepare(self._db.path)
        with self._db.changing("database.rekey") as detail:
            self._retention.empty_answers(clock.now_ms() + clock.DAY_MS)
            self._drafts.remove_old(clock.now_ms() + clock.DAY_MS)
            for tag in self._tags.tags():
                self._tags.retire(tag.id, at_ms)
                self._following.derive_tag(tag.id)
            self._sealing.forget_all()
            before = self._db.station.key_check
            self._sealing.set_check(new)
            detail |= {"before": before, "after": new.check_value, "lost": True, **lost._asdict()}
        finish(self._db.path)
        self._db.read_key_anew()
        return lost
