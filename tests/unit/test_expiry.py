"""Expiry: what is listed, and in which order."""

from datetime import date, timedelta

from host.expiry import Expiry, expiries, expiry_of_pouch
from host.ledger import Holding, Lot

TODAY = date(2026, 6, 1)


def listed(within: int, held: dict[str, str], **days_left: int) -> list[Expiry]:
    lot_of = {kit: Lot("Nyxoid", f"L{kit}", TODAY + timedelta(days=days), 2) for kit, days in days_left.items()}
    return expiries(lot_of, [Holding(kit, officer, "P1", 0, None) for kit, officer in held.items()], TODAY, within)


def test_expired_comes_first_and_carried_before_stock() -> None:
    found = listed(90, {"carried": "1207", "soon": "1300"}, stock=-200, carried=-1, soon=5, later=90, far=91)
    assert [each.kit for each in found] == ["carried", "stock", "soon", "later"]
    assert (found[0].officer, found[0].pouch, found[0].days_left) == ("1207", "P1", -1)
    assert found[1].officer is None


def test_last_day_is_not_expired() -> None:
    assert [(each.kit, each.expired) for each in listed(0, {}, today=0, yesterday=-1, tomorrow=1)] == [
        ("yesterday", True),
        ("today", False),
    ]


def test_returned_kit_is_in_stock() -> None:
    lot_of = {"K": Lot("Nyxoid", "L", TODAY, 2)}
    assert expiries(lot_of, [Holding("K", "1207", "P1", 0, 10)], TODAY, 0)[0].officer is None


def test_expiry_of_a_pouch_is_the_first_of_what_is_in_it_now() -> None:
    lot_of = {"A": Lot("Nyxoid", "L1", TODAY, 2), "B": Lot("Nyxoid", "L2", TODAY - timedelta(days=3), 2)}
    now = [Holding("A", "1207", "P1", 0, None), Holding("B", "1207", "P1", 0, None)]
    assert expiry_of_pouch(lot_of, now, "P1") == TODAY - timedelta(days=3)
    assert expiry_of_pouch(lot_of, [now[0], now[1]._replace(until_ms=10)], "P1") == TODAY
    assert expiry_of_pouch(lot_of, now, "P2") is None
