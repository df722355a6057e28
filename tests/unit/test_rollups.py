"""Roll-ups: after any history they are what the whole history gives, and no dose appears or vanishes."""

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from host import ledger
from host.access.vault import TagKeys
from host.errors import KitdockError
from host.ledger import Movement
from host.ledger.movement import KINDS, RECEIVE
from host.store.stock import Incoming
from host.tag.events import ALTERED, UNLINKED, EventRow, StatusTold
from host.tag.verify import unverified_row, verified_row
from host.usage.reports import CAUSES, USED
from kitwire import record
from tests.station import Store

T0 = 1_780_000_000_000
DAY = 86_400_000
KITS = [f"K{number}" for number in range(12)]
POUCHES = ["P1", "P2", "P3"]
OFFICERS = ["4101", "4102"]
PLACES = ["North", "South", "Car 1", "Cells"]
MOVES = [each for each in KINDS if each != RECEIVE] + 6 * ["issue", "return"] + 3 * ["use", "load", "unload", "release"]
LOG = [
    *("lid_open", "lid_close", "dose_mark", "boot", "heartbeat", "fault", ALTERED, UNLINKED, "lost"),
    *("undock", "temperature"),
]


class History:
    """A store, and what may happen to it, possible or not. Time only goes forward."""

    def __init__(self, store: Store, random: Random) -> None:
        self.store = store
        self.random = random
        self.now = T0
        self.uptime_ms = 0
        self.refused = 0
        store.add_place("South", "station", None, T0)
        store.add_place("Car 1", "vehicle", None, T0)
        store.add_place("Cells", "custody", None, T0)
        for officer in OFFICERS:
            store.add_officer(officer, date(2026, 5, 1), T0)

    def play(self, steps: int) -> None:
        """So many random steps."""
        doing: list[Callable[[], object]] = [
            *2 * [self.receive],
            *4 * [self.move],
            self.enrol,
            *2 * [self.dock],
            self.say,
        ]
        for _ in range(steps):
            self.now += self.random.randrange(0, DAY)
            try:
                self.random.choice(doing)()
            except KitdockError:
                self.refused += 1

    def receive(self) -> None:
        kit = self.random.choice(KITS)
        product = self.random.choice(["Two", "One"])
        doses = 2 if product == "Two" else 1
        box = Incoming(kit, product, f"L-{product}", date(2028, 1, 31), doses)
        self.store.receive([box], self.now, self.random.choice(["North", "North", "South", "Car 1"]))

    def move(self) -> None:
        """One movement; most kinds are impossible at any moment, so several are tried."""
        kits = self.store.kits()
        kit = self.random.choice(kits).id if kits else "K1"
        for kind in self.random.sample(MOVES, 5):
            try:
                self.store.move(self._movement(kit, kind))
                return
            except KitdockError:
                self.refused += 1

    def _movement(self, kit: str, kind: str) -> Movement:
        to_officer = self.random.random() < 0.6
        in_pouch = to_officer and self.random.random() < 0.6
        takes_place = kind in ("return", "transfer", "find") or (kind == "issue" and not to_officer)
        return Movement(
            0,
            self.now - self.random.choice([0, 0, 0, DAY]),
            kind,
            kit,
            officer=self.random.choice(OFFICERS) if kind == "issue" and to_officer else None,
            place=self.random.choice(PLACES) if takes_place else None,
            pouch=self.random.choice(POUCHES) if kind == "load" or (kind == "issue" and in_pouch) else None,
            doses=self.random.randrange(1, 3) if kind in ("use", "count", "return") else None,
            reason="so",
        )

    def enrol(self) -> None:
        tag = f"{len(self.store.tags(retired=True)) + 1:016x}"
        replace = self.random.random() < 0.3
        self.store.enrol_tag(tag, self.random.choice(POUCHES), TagKeys.random(), self.now, lambda: None, replace)

    def dock(self) -> None:
        tags = self.store.tags(retired=True)
        if not tags:
            return
        tag = self.random.choice(tags)
        last = self.store.last_record(tag.id)
        docking = self.store.begin_docking(tag.id, self.now)
        uptime_ms = self.now - tag.enrolled_at_ms
        if self.random.random() < 0.9:
            self.store.set_status(docking, StatusTold(1, uptime_ms, self.now, 50, 3900, self.random.randrange(101), 0))
        rows = self._log(last[0] if last else 0, uptime_ms // 1000)
        added = self.store.add_events(docking, tag.id, rows)
        if self.random.random() < 0.8:  # else the station lost its power here
            outcome = self.random.choice(["complete", "complete", "failed"])
            self.store.finish_docking(docking, self.now + 900, outcome, None, added)

    def _log(self, sequence: int, until_s: int) -> list[EventRow]:
        rows = []
        is_open = False
        for at_s in sorted(self.random.randrange(until_s + 1) for _ in range(self.random.randrange(6))):
            sequence += 1
            kind = self.random.choice(LOG)
            if kind == "lost":
                continue
            sealed = sequence.to_bytes(4, "little") + bytes(32)
            if kind in (ALTERED, UNLINKED):
                rows.append(unverified_row(sequence, sealed, kind))
                continue
            is_open = kind == "lid_open" or (is_open and kind != "lid_close")
            flags = record.FLAG_LID_OPEN if is_open else 0
            number = {name: number for number, name in record.TYPE_NAMES.items()}[kind]
            rows.append(
                verified_row(sequence, sealed, record.Plain(number, flags, 3900, 1, at_s, 0, self._aux(number)))
            )
        return rows

    def _aux(self, kind: int) -> int:
        """What the record says besides; temperatures, if it tells any, are sometimes nonsense."""
        if self.random.random() < 0.05:
            return self.random.randrange(0x10000)
        coldest, warmest = sorted(record.coded_celsius(self.random.randrange(-20, 60)) for _ in range(2))
        if kind == record.TEMPERATURE:
            return warmest << 8 | coldest
        return self.random.choice([0, warmest]) if kind in record.TELL_TEMPERATURE else 1

    def say(self) -> None:
        openings = self.store.openings()
        officer = self.random.choice(OFFICERS)
        opening = self.random.choice(openings) if openings and self.random.random() < 0.8 else None
        if opening and self.random.random() < 0.5:
            cause = self.random.choice(list(CAUSES))
            doses = 1 if cause == USED else None
            self.store.add_explanation(opening.tag, opening.sequence, officer, cause, doses, self.now)
            return
        kit = opening.kits[0] if opening and opening.kits else None
        place = (opening.tag, opening.sequence) if opening else None
        self.store.add_report("england_wales", officer, place, self.random.randrange(1, 5), {}, {}, self.now, kit)


@given(st.randoms(use_true_random=False), st.integers(1, 60))
@settings(max_examples=25)
def test_after_any_history_the_rollups_are_what_the_history_gives_and_every_dose_is_somewhere(
    random: Random, steps: int
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "station.db", "North", "Europe/London", False, T0) as store,
    ):
        history = History(store, random)
        history.play(steps)
        kept = store.rolled_up()
        assert kept == store.recompute()
        assert_every_dose_is_somewhere(store)
        store.rebuild()
        assert store.rolled_up() == kept


def assert_every_dose_is_somewhere(store: Store) -> None:
    """Counted from the rows of the ledger alone, not by its rules."""
    doses = {kit.id: store.lot_of(kit.id).doses_per_kit for kit in store.kits()}
    balance = ledger.balance(store.movements(), doses)
    assert balance.balances
    movements = store.movements()
    reversed_ones = {each.corrects for each in movements}
    received = [each for each in movements if each.kind == RECEIVE and each.id not in reversed_ones]
    assert balance.doses_received == sum(doses[each.kit] for each in received)
    used = [each for each in movements if each.kind == "use" and each.id not in reversed_ones]
    in_the_ledger = {each.kit for each in received}
    assert balance.doses_used == sum(each.doses or 0 for each in used if each.kit in in_the_ledger)
    for kit in in_the_ledger:
        state = store.state(kit)
        assert state.doses_left >= 0
        assert state.doses_left + state.doses_used + state.doses_unaccounted == doses[kit]


def test_a_rollup_that_was_tampered_with_is_found_and_made_again(tmp_path: Path) -> None:
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, T0) as store:
        History(store, Random(7)).play(60)
        assert store.rolled_up() == store.recompute()
        with store.writing() as connection:
            connection.execute("UPDATE kit_state SET doses_left = doses_left + 1")
        assert store.rolled_up() != store.recompute()
        store.rebuild()
        assert store.rolled_up() == store.recompute()


def test_a_log_that_a_broken_docking_left_behind_is_derived_by_the_next_reader(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    tag = "0011223344556677"
    with Store.create(path, "North", "Europe/London", False, T0) as store:
        store.enrol_tag(tag, "P1", TagKeys.random(), T0, lambda: None)
        docking = store.begin_docking(tag, T0 + DAY)
        store.set_status(docking, StatusTold(1, DAY, T0 + DAY, 50, 3900, 80, 2))
        store.add_events(
            docking,
            tag,
            [
                verified_row(1, bytes(36), record.Plain(record.LID_OPEN, record.FLAG_LID_OPEN, 3900, 1, 60, 0, 0)),
                verified_row(2, bytes(36), record.Plain(record.LID_CLOSE, 0, 3900, 1, 65, 0, 0)),
            ],
        )
    with Store.open(path) as store:
        assert [each.sequence for each in store.openings()] == [1]
        assert store.rows("SELECT * FROM stale_tag") == []
