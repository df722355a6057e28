"""The month in numbers: by roll-ups it is what the whole ledger says, and discrepancies are counted as they turn."""

import tempfile
from datetime import date
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from host import clock, ledger
from host.errors import InputError
from host.ledger import Movement
from host.ledger.movement import DESTROY, TRANSFER
from host.stock.summary import EXPIRED, FLOWS, Flow, Month, Turnover, flows, month, turnover
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_expiry import Ageing
from tests.unit.test_rollups import DAY, T0

ZONE = "Europe/London"


@given(st.randoms(use_true_random=False), st.integers(1, 80), st.integers(0, 40))
@settings(max_examples=25)
def test_a_month_is_what_the_whole_ledger_says(random: Random, steps: int, back: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "station.db", "North", ZONE, False, T0) as store,
    ):
        history = Ageing(store, random)
        history.play(steps)
        of = month(f"{clock.today(history.now - back * DAY, ZONE):%Y-%m}", history.now, ZONE)
        found, start, end = store.month_of_stock(of)
        movements = store.movements()
        lot_of = {kit.id: store.lot_of(kit.id) for kit in store.kits()}
        doses = {kit: lot.doses_per_kit for kit, lot in lot_of.items()}
        assert start == ledger.balance(movements, doses, of.begins_ms - 1)
        assert end == ledger.balance(movements, doses, of.ends_ms - 1)
        assert end.balances
        assert found == flows(movements, doses, {kit: lot.expires_on for kit, lot in lot_of.items()}, of, ZONE)
        assert [each.what for each in found] == list(FLOWS)


def test_months_are_those_of_the_calendar_of_the_station() -> None:
    """In London's summer, March ends at 23:00 UTC of its last day."""
    now = clock.parse_instant("2026-05-10T12:00", ZONE)
    march = month("2026-03", now, ZONE)
    assert (march.first, march.last, march.is_over) == (date(2026, 3, 1), date(2026, 3, 31), True)
    assert clock.show(march.ends_ms, "UTC") == "2026-03-31 23:00"
    assert month(None, now, ZONE).first == date(2026, 4, 1)
    may = month("2026-05", now, ZONE)
    assert (may.last, may.ends_ms, may.is_over) == (date(2026, 5, 9), now + 1, False)
    assert month(None, clock.parse_instant("2026-01-31T12:00", ZONE), ZONE).last == date(2025, 12, 31)
    with refused("month.to_come", InputError, text="2026-06", this="2026-05"):
        month("2026-06", now, ZONE)


def test_discrepancies_are_counted_when_they_open_and_when_they_are_settled() -> None:
    of = Month(date(2026, 4, 1), date(2026, 4, 30), 100, 200, True)
    log = [
        ("gap", "A", "opened", 50),  # settled, and back again
        ("gap", "A", "acknowledged", 110),
        ("gap", "A", "resolved", 120),
        ("gap", "A", "cleared", 130),
        ("gap", "A", "reopened", 140),
        ("gap", "B", "opened", 199),
        ("gap", "B", "cleared", 200),  # next month
        ("lost", "C", "opened", 10),
        ("lost", "C", "cleared", 20),  # was no more when the month began
        ("old", "D", "opened", 10),
    ]
    assert turnover(log, of) == [Turnover("gap", 2, 1, 2), Turnover("old", 0, 0, 1)]


def test_a_kit_expires_in_the_night_after_its_last_day_if_it_is_still_there(tmp_path: Path) -> None:
    """Each is counted once, whether it has moved since the month began or not."""
    received, last_day, now = (
        clock.parse_instant(f"{day}T12:00", ZONE) for day in ("2026-02-01", "2026-04-10", "2026-05-20")
    )
    with Store.create(tmp_path / "station.db", "North", ZONE, False, received) as store:
        for kit in ("stays", "goes", "goes the next day", "leaves later", "moves before"):
            store.add_kit(kit, "Nyxoid", "A1", date(2026, 4, 10), None, received)
        store.add_place("South", "station", None, received)
        store.move(Movement(0, last_day - DAY, TRANSFER, "moves before", place="South"))
        store.move(Movement(0, last_day, DESTROY, "goes", reason="crushed"))
        store.move(Movement(0, last_day + DAY // 2 + 1, DESTROY, "goes the next day", reason="expired"))
        store.move(Movement(0, now, DESTROY, "leaves later", reason="expired"))
        found, _, _ = store.month_of_stock(month("2026-04", now, ZONE))
    assert [each for each in found if each.what == EXPIRED] == [Flow(EXPIRED, 4, 8)]
