"""The situation from the roll-ups: after any history the rules find in it what they find in the whole history."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from host import clock
from host.access.roles import OFFICER
from host.access.vault import TagKeys
from host.errors import InputError, KitdockError, NotAllowed
from host.ledger import Movement
from host.reconcile import RULES, Discrepancy, reconcile
from host.settings import DEFAULTS, Settings
from host.stock.storage import Limits
from host.store.stock import Incoming
from host.tag.events import Radio, StatusTold
from host.tag.verify import verified_row
from host.usage.reports import USED
from kitwire import faults, record
from tests.oracle.situation import situation_of
from tests.station import Store
from tests.telling import Tell
from tests.unit.test_rollups import DAY, OFFICERS, POUCHES, T0, History

HOUR = 3_600_000
Thing = TypeVar("Thing")
POUCHES_TOO = [f"E{number}" for number in range(8)]
AGREED = Settings(*DEFAULTS)._replace(not_docked_days=3, silent_days=5, faulty_days=4, report_hours=30, resupply_days=1)


class Eventful(History):
    """As `History`, with what else reconciliation looks at."""

    def play(self, steps: int) -> None:
        self.equip()
        for _ in range(steps):
            self.now += self.random.randrange(DAY // 4)
            if self.random.random() < 0.3:
                super().play(1)
            try:
                self.random.choice(self.doings())()
            except KitdockError:
                self.refused += 1

    def equip(self) -> None:
        """Officers with a kit in a pouch with a tag each, and a car with one; spares of lots of their own."""
        for number, pouch in enumerate(POUCHES_TOO):
            kit, officer = f"E{number}", f"42{number:02d}"
            self.store.add_officer(officer, date(2026, 5, 1), T0)
            self.store.receive([Incoming(kit, "Two", f"L{number}", date(2028, 1, 31), 2)], T0, "North")
            self.store.receive([Incoming(f"S{number}", "Two", f"L{number}")], T0, "North")
            self.store.enrol_tag(f"{number:016x}", pouch, TagKeys.random(), T0, lambda: None)
            if number:
                self.store.issue_kit(kit, officer, pouch, T0)
            else:
                self.store.issue_kit(kit, None, pouch, T0, "Car 1")

    def doings(self) -> list[Callable[[], object]]:
        return [
            self.train, self.train, self.leave, self.recall, self.report, self.move_tag, self.retire, self.hear,
            self.dock_strangely, self.dock_strangely, self.count, self.count, self.impossible, self.expire, self.carry,
            self.use, self.use, self.explain, self.dock_well, self.dock_well, self.dock_well, self.handle, self.handle,
            self.label,
        ]  # fmt: skip

    def today(self) -> date:
        return clock.today(self.now, "Europe/London")

    def officer(self) -> str:
        return self.random.choice([*OFFICERS, *(f"42{number:02d}" for number in range(len(POUCHES_TOO)))])

    def one_of(self, found: Sequence[Thing]) -> Thing:
        if not found:
            raise InputError("test.there_is_none")
        return self.random.choice(found)

    def kit(self, *statuses: str) -> str:
        return self.one_of([each.id for each in self.store.kits() if self.store.state(each.id).status in statuses])

    def train(self) -> None:
        day = self.today() - timedelta(days=self.random.choice([10, 360, 364, 365, 366, 500]))
        self.store.set_training(self.officer(), day, correct=True)

    def leave(self) -> None:
        day = self.random.choice([None, self.today() - timedelta(days=1), self.today()])
        self.store.change_officer(self.officer(), left_on=day)

    def recall(self) -> None:
        lot = f"L{self.random.randrange(len(POUCHES_TOO))}"
        last = self.store.last_recall("Two", lot)
        if last is None or last.action == "lift":
            self.store.recall("Two", lot, "seal broken", None, self.now)
        if self.random.random() < 0.5:
            self.store.lift_recall("Two", lot, "checked", self.now)

    def expire(self) -> None:
        """A lot whose printed day was found to be another, as no command does it."""
        lot = f"L{self.random.randrange(len(POUCHES_TOO))}"
        day = self.today() + timedelta(days=self.random.randrange(-3, 40))
        with self.store.writing() as connection:
            connection.execute("UPDATE lot SET expires_on = ? WHERE lot = ?", (day.isoformat(), lot))
            self.store.note("lot.correct", lot)
        self.store.rebuild()

    def carry(self) -> None:
        pouch = self.random.choice([*POUCHES, *POUCHES_TOO, None])
        self.store.issue_kit(self.kit("in_stock"), self.officer(), pouch, self.now)

    def handle(self) -> None:
        """What happens to a kit that is out."""
        kit = self.kit("issued")
        kind = self.random.choice(["quarantine", "quarantine", "release", "count", "return", "lose", "unload"])
        doses = self.random.randrange(3) if kind in ("count", "return") else None
        self.store.move(Movement(0, self.now, kind, kit, doses=doses, reason="so"))

    def use(self) -> None:
        """A report of a use, more or less of which is taken from a kit; some of that is corrected."""
        kit, officer = self.kit("issued"), self.officer()
        told = self.random.randrange(1, 5)
        number = self.store.add_report("england_wales", officer, None, told, {}, {}, self.now).id
        for doses in (1, 1):
            self.store.move(Movement(0, self.now, "use", kit, doses=doses, report=number))
            if self.random.random() < 0.4:
                return
        if self.random.random() < 0.3:
            self.store.move(Movement(0, self.now, "correct", kit, reason="so"))

    def dock_well(self) -> None:
        """A docking without anything to tell."""
        tag = self.one_of(self.store.tags())
        docking = self.store.begin_docking(tag.id, self.now)
        battery = self.random.choice([5, 17, 19, 20, 60, 90])
        self.store.set_status(docking, StatusTold(1, self.now - tag.enrolled_at_ms, self.now, 50, 3900, battery, 0))
        self.store.finish_docking(docking, self.now + 900, "complete", None, 0)

    def report(self) -> None:
        incident = clock.iso(self.now - self.random.randrange(4 * DAY), "Europe/London")
        fields = {"incident_at": incident, "resupply_needed": self.random.random() < 0.5, "resupply_kits": 1}
        openings = [each for each in self.store.openings() if each.kits]
        opening = self.random.choice(openings) if openings and self.random.random() < 0.5 else None
        place = (opening.tag, opening.sequence) if opening else None
        kit = opening.kits[0] if opening else None
        officer = self.officer()
        self.store.add_report("england_wales", officer, place, self.random.randrange(1, 5), fields, {}, self.now, kit)

    def explain(self) -> None:
        opening = self.one_of(self.store.openings())
        self.store.add_explanation(opening.tag, opening.sequence, self.officer(), USED, 1, self.now)

    def move_tag(self) -> None:
        tags = self.store.tags()
        if tags:
            was = self.random.choice(tags).id
            tag = f"{self.random.getrandbits(64):016x}"
            self.store.enrol_tag(
                tag, self.random.choice(POUCHES), TagKeys.random(), self.now, lambda: {"was": was}, replace=True
            )

    def retire(self) -> None:
        tags = self.store.tags()
        if tags:
            self.store.retire_tag(self.random.choice(tags).id, self.now)

    def hear(self) -> None:
        tags = self.store.tags()
        if tags:
            self.store.set_radios({self.random.choice(tags).id: Radio(1, 1, self.now)})

    def dock_strangely(self) -> None:
        """A docking with a fault or a start of the tag, a wrong clock of the station, a log cut short, or no end."""
        tags = self.store.tags(retired=True)
        if not tags:
            return
        tag = self.random.choice(tags)
        docking = self.store.begin_docking(tag.id, self.now)
        wrong = self.random.choice([0, 0, -400 * DAY, 30 * DAY])
        uptime_ms = self.now - tag.enrolled_at_ms
        last = self.store.last_record(tag.id)
        sequence = (last[0] if last else 0) + self.random.choice([1, 1, 3])
        ends_at = self.random.choice([0, sequence, sequence + record.LEAST_KEPT])
        self.store.set_status(
            docking, StatusTold(1, uptime_ms, self.now + wrong, 50, 3900, self.random.randrange(40), ends_at)
        )
        kind = self.random.choice([record.FAULT, record.FAULT, record.BOOT, record.STOPPED])
        starts = self.random.choice([1, 1, 2])
        plain = record.Plain(kind, 0, self.random.choice([3400, 3900]), starts, uptime_ms // 1000, 0, faults.WATCHDOG)
        added = self.store.add_events(docking, tag.id, [verified_row(sequence, bytes(36), plain)])
        if self.random.random() < 0.2:
            self.store.note_own_stop(tag.id, sequence, self.now)
        outcome = self.random.choice(["complete", "failed", None])
        if outcome is not None:
            self.store.finish_docking(docking, self.now + 900, outcome, "it went away", added)

    def count(self) -> None:
        """A stocktake in one go, closed or given up."""
        taken = self.store.start_stocktake(self.random.choice(["North", "South", "Car 1"]), False, self.now)
        for kit in self.random.sample([*(each.id for each in self.store.kits()), "K-unknown"], 1):
            for counter in self.random.sample(["A", "B"], self.random.randrange(1, 3)):
                self.store.scan_kit(taken.id, counter, kit, self.random.choice([None, 1, 2]), self.now)
        if self.random.random() < 0.2:
            self.store.cancel_stocktake(taken.id, "fire alarm", self.now)
            return
        result = self.store.stocktake_result(taken.id, self.now)
        reasons = {(each.kind, each.kit): "looked into" for each in result.differences}
        self.store.close_stocktake(taken.id, reasons, self.now)

    def label(self) -> None:
        """Somebody reads on the label how the product is to be stored; or that it does not say."""
        limits = self.random.choice([Limits(2, 25), Limits(None, 40), Limits(0, None), None])
        self.store.set_limits("Two", limits)

    def impossible(self) -> None:
        """A movement out of another ledger that was put together with this one."""
        kits = self.store.kits()
        if not kits or self.random.random() < 0.7:
            return
        kit = self.random.choice(kits).id
        kind, officer = self.random.choice([("issue", "4101"), ("issue", "4102"), ("find", None)])
        with self.store.writing() as connection:
            connection.execute(
                "INSERT INTO movement (at_ms, kind, kit, officer, place, login, recorded_at_ms) "
                "VALUES (?, ?, ?, ?, ?, 'other', ?)",
                (self.now, kind, kit, officer, None if officer else "North", self.now),
            )
            self.store.note(f"kit.{kind}", kit)
        self.store.rebuild()


def both(store: Store, now_ms: int, agreed: Settings) -> tuple[list[Discrepancy], list[Discrepancy]]:
    """What the rules find in the situation from the roll-ups, and in that from the whole history."""
    return reconcile(store.situation(now_ms, agreed)), reconcile(situation_of(store.picture(), now_ms, agreed))


def test_after_any_history_the_rules_find_in_the_rollups_what_they_find_in_everything(tell: Tell) -> None:
    seen: set[str] = set()
    compared = [0]

    @given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([0, 1, 24, 60, 200, 900]))
    @example(11, 60, 24)  # a pouch lay in the heat, which chance alone brings in one history of ten
    @example(16, 60, 24)
    @settings(max_examples=80)
    def after_any_history(seed: int, steps: int, later_h: int) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            Store.create(Path(folder) / "station.db", "North", "Europe/London", False, T0) as store,
        ):
            store.connection.execute("PRAGMA synchronous = OFF")
            history = Eventful(store, Random(seed))
            history.play(steps)
            quickly, slowly = both(store, history.now + later_h * HOUR, AGREED)
            assert quickly == slowly
            keys = [each.key for each in quickly]
            assert len(keys) == len(set(keys))
            seen.update(each.kind for each in quickly)
            compared[0] += len(quickly)

    after_any_history()
    assert len(seen) >= 20, "the histories are rich enough to compare most kinds"
    assert "outside_storage_limits" in seen
    tell(f"reconciliation: {compared[0]} discrepancies of {len(seen)} of {len(RULES)} kinds, alike by both ways")


SMALL = {
    "recall": "recalls are few",
    "stocktake": "stocktakes are few",
    "setting": "settings are few",
    "station": "there is one",
    "stale_tag": "empty except for a moment",
    "log_flaw_by_kind": "flaws",
    "kit_in_no_pouch": "index of what is worth a look",
    "kit_quarantined": "index of what is worth a look",
    "kit_unaccounted": "index of what is worth a look",
    "kit_impossible": "index of what is worth a look",
    "tag_not_well": "index of what is worth a look",
    "opening_unsettled": "index of what is worth a look",
    "report_for_resupply": "index of what is worth a look",
    "tag_retired": "index of what is worth a look",
    "discrepancy_live": "index of what is worth a look",
    "tag_state_of_pouch": "one entry for each pouch in use, compared with the kits in pouches",
    "tag_not_docked": "the first entry is enough",
    "j": "a list that is handed in",
    "w": "a list that was found by index",
    "r": "recalls, or usage reports, which are few: a force files some in a month",
    "to_count": "kits that need counting",
    "doses_off": "kits whose doses do not add up",
    "opening_asks": "openings that may raise a question",
    "kit_opened": "index of what is worth a look",
    "b": "notes of who docked a pouch that another had: they are few",
    "c": "kits that need counting",
    "p": "products, of which a force has a few",
    "q": "a list that is handed in",
    "json_each": "a list that is handed in",
}
"""What may be read from end to end, and why: nothing that grows with the events, movements or kits."""


def test_no_query_reads_a_table_that_grows_from_end_to_end(tmp_path: Path) -> None:
    asked: list[str] = []
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, T0) as store:
        Eventful(store, Random(3)).play(60)
        store.freshen()
        connection = store.connection
        connection.set_trace_callback(asked.append)
        store.standings(reconcile(store.situation(T0 + 90 * DAY)))
        connection.set_trace_callback(None)
        queries = [each for each in asked if each.lstrip().upper().startswith("SELECT")]
        assert len(queries) < 60  # a few for each kind of thing, none for each of what is found
        for query in queries:
            for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall():
                if step.startswith("SCAN"):
                    what = step.split()[-1] if " USING " in step else step.split()[1]
                    assert what in SMALL, f"{step} in {query}"


def test_officers_own_account_is_not_shown_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    with Store.create(path, "North", "Europe/London", False, T0) as store:
        store.add_officer("4101", None, T0)
        store.grant("pc4101", OFFICER, "4101", T0)
    with Store.open(path, login="pc4101") as own, pytest.raises(NotAllowed):
        own.situation(T0)


def test_stocktake_that_was_given_up_settles_nothing(tmp_path: Path) -> None:
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, T0) as store:
        store.receive([Incoming("K1", "Two", "L", date(2028, 1, 31), 2)], T0)
        counted = store.start_stocktake(None, False, T0 + DAY)
        store.close_stocktake(counted.id, {("missing", "K1"): "not known"}, T0 + DAY)
        given_up = store.start_stocktake(None, False, T0 + 2 * DAY)
        store.cancel_stocktake(given_up.id, "fire alarm", T0 + 2 * DAY)
        for found in both(store, T0 + 3 * DAY, DEFAULTS):
            assert [(each.kind, each.kit) for each in found] == [("stocktake_missing", "K1")]
