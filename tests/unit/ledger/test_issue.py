"""What is checked when a kit is received or handed out."""

from collections.abc import Sequence
from datetime import date

import pytest

from host import ledger
from host.errors import InputError, RuleError
from host.ledger import Carrier, Kit, Lot, Officer, Place, State
from host.phrase import NextStep, Phrase
from tests.force import HOUR, T0, ZONE
from tests.refusals import refused

KIT = Kit("K1", "Nyxoid", "A1")
LOT = Lot("Nyxoid", "A1", date(2028, 1, 31), 2)
TRAINED = Officer("1207", date(2026, 5, 1), T0)
ON_THE_SHELF = State("in_stock", place="North", doses_left=2)


def check(
    lot: Lot = LOT,
    officer: Officer = TRAINED,
    state: State = ON_THE_SHELF,
    pouch_with: str | None = None,
    at: int = HOUR,
    roles: str = "",
    has: Sequence[str] = (),
) -> list[Phrase]:
    to = Carrier(officer, None, "P1", pouch_with, has)
    return ledger.check_issue(state, KIT, lot, to, T0 + at, ZONE, 90, roles)


def test_expired_kit_is_never_issued_but_may_go_out_on_its_last_day() -> None:
    assert check(LOT._replace(expires_on=date(2026, 5, 28))) == ["kit K1 expires on 2026-05-28, in 0 days"]
    with pytest.raises(RuleError, match="expired on 2026-05-27: never issue it"):
        check(LOT._replace(expires_on=date(2026, 5, 27)))


def test_expiry_is_judged_by_the_calendar_of_the_station() -> None:
    """At 23:30 UTC it is already the next day in London's summer."""
    with pytest.raises(RuleError, match="expired"):
        check(LOT._replace(expires_on=date(2026, 5, 28)), at=3 * HOUR)


def test_recalled_quarantined_or_broached_kit_is_never_issued() -> None:
    with refused("kit.recalled", RuleError, lot="A1", reason="bad seals"):
        check(LOT._replace(recalled="bad seals"))
    with refused("kit.quarantined", RuleError, reason="frozen", release=NextStep("kit.release", kit="K1")):
        check(state=ON_THE_SHELF._replace(quarantine="frozen"))
    with refused("kit.not_whole", RuleError, kit="K1", left=1, of=2):
        check(state=ON_THE_SHELF._replace(doses_left=1, doses_used=1))


def test_kit_that_expires_while_it_is_carried_warns() -> None:
    assert check(LOT._replace(expires_on=date(2026, 8, 27))) == []  # 91 days
    soon = date(2026, 8, 26)
    assert check(LOT._replace(expires_on=soon)) == [Phrase("kit.expires_soon", kit="K1", expires_on=soon, days=90)]


def test_unknown_or_lapsed_training_warns() -> None:
    assert "no training is known" in check(officer=TRAINED._replace(trained_on=None))[0]
    assert check(officer=TRAINED._replace(trained_on=date(2025, 5, 28))) == []
    assert "lapsed on 2026-05-27" in check(officer=TRAINED._replace(trained_on=date(2025, 5, 27)))[0]


def test_training_on_a_leap_day_ends_in_february() -> None:
    assert ledger.training_valid_until(TRAINED._replace(trained_on=date(2024, 2, 29))) == date(2025, 2, 28)


def test_leavers_and_roles_that_do_not_carry_get_nothing() -> None:
    with pytest.raises(
        RuleError, match="left on 2026-05-27: nothing is issued to leavers; if that is wrong, `kitdock officer"
    ):
        check(officer=TRAINED._replace(left_on=date(2026, 5, 27)))
    assert check(officer=TRAINED._replace(left_on=date(2026, 5, 28))) == []
    with pytest.raises(RuleError, match="is of no known role: only constable, pcso carry kits"):
        check(roles="constable, pcso")
    assert check(officer=TRAINED._replace(role="pcso"), roles="constable, pcso") == []


def test_pouch_in_other_hands_takes_no_kit() -> None:
    with pytest.raises(RuleError, match=r"^pouch P1 is with officer 1300: return the kits in it first$"):
        check(pouch_with="is with officer 1300: return the kits in it first")


def test_officer_who_has_a_kit_already_is_named_with_it() -> None:
    assert check(has=["K2"]) == ["officer 1207 already has kit K2"]
    assert check(has=["K2", "K3"]) == ["officer 1207 already has kit K2 and K3"]


def test_kit_that_must_not_go_out_again_is_put_aside_when_it_comes_back() -> None:
    def aside(lot: Lot = LOT, state: State = ON_THE_SHELF) -> list[str]:
        return ledger.put_aside(KIT, lot, state, T0 + HOUR, ZONE)

    assert aside() == []
    assert aside(LOT._replace(expires_on=date(2026, 5, 28))) == [], "its last day"
    assert aside(LOT._replace(expires_on=date(2026, 5, 27))) == ["put kit K1 aside: it expired on 2026-05-27"]
    assert aside(LOT._replace(recalled="bad seals")) == ["put kit K1 aside: its lot A1 is recalled (bad seals)"]
    assert aside(state=ON_THE_SHELF._replace(quarantine="frozen")) == ["put kit K1 aside: it is quarantined (frozen)"]
    both = aside(LOT._replace(recalled="bad seals"), ON_THE_SHELF._replace(quarantine=""))
    assert both == ["put kit K1 aside: its lot A1 is recalled (bad seals) and it is quarantined ()"]


def test_place_needs_no_training() -> None:
    to = Carrier(None, Place("CAR-7", "vehicle"), None, None)
    assert ledger.check_issue(ON_THE_SHELF, KIT, LOT, to, T0, ZONE, 90, "constable") == []


def test_lot_keeps_the_facts_of_its_first_pack() -> None:
    assert ledger.received_lot(None, "Nyxoid", "A1", LOT.expires_on, None) == LOT
    assert ledger.received_lot(LOT, "Nyxoid", "A1", None, None) == LOT
    with pytest.raises(InputError, match="--expires"):
        ledger.received_lot(None, "Nyxoid", "A1", None, 2)
    with pytest.raises(RuleError, match="known to expire on 2028-01-31, not 2028-02-29"):
        ledger.received_lot(LOT, "Nyxoid", "A1", date(2028, 2, 29), None)
    with pytest.raises(RuleError, match="2 doses a kit, not 1"):
        ledger.received_lot(LOT, "Nyxoid", "A1", None, 1)


def test_expired_kit_is_received_only_if_that_is_accepted() -> None:
    ledger.check_receipt("K1", LOT._replace(expires_on=date(2026, 5, 28)), T0, ZONE, accept_expired=False)
    old = LOT._replace(expires_on=date(2026, 5, 27))
    with pytest.raises(RuleError, match="kit K1 of lot A1 expired on 2026-05-27: check the date"):
        ledger.check_receipt("K1", old, T0, ZONE, accept_expired=False)
    ledger.check_receipt("K1", old, T0, ZONE, accept_expired=True)
