"""What is checked when a kit is received or handed out."""

from collections.abc import Sequence
from datetime import date

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
    pouch_with: Phrase | None = None,
    at: int = HOUR,
    roles: str = "",
    has: Sequence[str] = (),
) -> list[Phrase]:
    to = Carrier(officer, None, "P1", pouch_with, has)
    return ledger.check_issue(state, KIT, lot, to, T0 + at, ZONE, 90, roles)


def test_expired_kit_is_never_issued_but_may_go_out_on_its_last_day() -> None:
    today = date(2026, 5, 28)
    assert check(LOT._replace(expires_on=today)) == [Phrase("kit.expires_soon", kit="K1", expires_on=today, days=0)]
    with refused("kit.expired", RuleError, kit="K1", expires_on=date(2026, 5, 27)):
        check(LOT._replace(expires_on=date(2026, 5, 27)))


def test_expiry_is_judged_by_the_calendar_of_the_station() -> None:
    """At 23:30 UTC it is already the next day in London's summer."""
    with refused("kit.expired", RuleError):
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
    assert check(officer=TRAINED._replace(trained_on=None)) == [Phrase("officer.untrained", officer="1207")]
    assert check(officer=TRAINED._replace(trained_on=date(2025, 5, 28))) == []
    lapsed = Phrase("officer.training_lapsed", officer="1207", until=date(2026, 5, 27))
    assert check(officer=TRAINED._replace(trained_on=date(2025, 5, 27))) == [lapsed]


def test_training_on_a_leap_day_ends_in_february() -> None:
    assert TRAINED._replace(trained_on=date(2024, 2, 29)).trained_until == date(2025, 2, 28)


def test_leavers_and_roles_that_do_not_carry_get_nothing() -> None:
    back = NextStep("officer.back", officer="1207")
    with refused("officer.left", RuleError, left_on=date(2026, 5, 27), back=back):
        check(officer=TRAINED._replace(left_on=date(2026, 5, 27)))
    assert check(officer=TRAINED._replace(left_on=date(2026, 5, 28))) == []
    with refused("officer.of_no_role", RuleError, officer="1207", roles=("constable", "pcso")):
        check(roles="constable, pcso")
    assert check(officer=TRAINED._replace(role="pcso"), roles="constable, pcso") == []


def test_pouch_in_other_hands_takes_no_kit() -> None:
    with_another = Phrase("pouch.is_with", who=Phrase("who.officer", officer="1300"))
    with refused("pouch.with_another", RuleError, pouch="P1", whom=with_another):
        check(pouch_with=with_another)


def test_officer_who_has_a_kit_already_is_named_with_it() -> None:
    assert check(has=["K2"]) == [Phrase("officer.has_kit", officer="1207", kits=("K2",))]
    assert check(has=["K2", "K3"]) == [Phrase("officer.has_kit", officer="1207", kits=("K2", "K3"))]


def test_kit_that_must_not_go_out_again_is_put_aside_when_it_comes_back() -> None:
    def aside(lot: Lot = LOT, state: State = ON_THE_SHELF) -> list[Phrase]:
        return ledger.put_aside(KIT, lot, state, T0 + HOUR, ZONE)

    def told(*why: Phrase) -> list[Phrase]:
        return [Phrase("kit.put_aside", kit="K1", why=why)]

    recalled = Phrase("kit.aside_recalled", lot="A1", reason="bad seals")
    assert aside() == []
    assert aside(LOT._replace(expires_on=date(2026, 5, 28))) == [], "its last day"
    day_before = date(2026, 5, 27)
    assert aside(LOT._replace(expires_on=day_before)) == told(Phrase("kit.aside_expired", expires_on=day_before))
    assert aside(LOT._replace(recalled="bad seals")) == told(recalled)
    frozen = Phrase("kit.aside_quarantined", reason="frozen")
    assert aside(state=ON_THE_SHELF._replace(quarantine="frozen")) == told(frozen)
    both = aside(LOT._replace(recalled="bad seals"), ON_THE_SHELF._replace(quarantine=""))
    assert both == told(recalled, Phrase("kit.aside_quarantined", reason=""))


def test_place_needs_no_training() -> None:
    to = Carrier(None, Place("CAR-7", "vehicle"), None, None)
    assert ledger.check_issue(ON_THE_SHELF, KIT, LOT, to, T0, ZONE, 90, "constable") == []


def test_lot_keeps_the_facts_of_its_first_pack() -> None:
    assert ledger.received_lot(None, "Nyxoid", "A1", LOT.expires_on, None) == LOT
    assert ledger.received_lot(LOT, "Nyxoid", "A1", None, None) == LOT
    with refused("lot.new", InputError, lot="A1", product="Nyxoid"):
        ledger.received_lot(None, "Nyxoid", "A1", None, 2)
    with refused("lot.other_expiry", RuleError, known=LOT.expires_on, expires_on=date(2028, 2, 29)):
        ledger.received_lot(LOT, "Nyxoid", "A1", date(2028, 2, 29), None)
    with refused("lot.other_doses", RuleError, known=2, doses=1):
        ledger.received_lot(LOT, "Nyxoid", "A1", None, 1)


def test_expired_kit_is_received_only_if_that_is_accepted() -> None:
    ledger.check_receipt("K1", LOT._replace(expires_on=date(2026, 5, 28)), T0, ZONE, accept_expired=False)
    old = LOT._replace(expires_on=date(2026, 5, 27))
    with refused("kit.received_expired", RuleError, kit="K1", lot="A1", expires_on=date(2026, 5, 27)):
        ledger.check_receipt("K1", old, T0, ZONE, accept_expired=False)
    ledger.check_receipt("K1", old, T0, ZONE, accept_expired=True)
