"""What expires, from the whole history."""

from collections.abc import Iterable, Mapping
from datetime import date

from host.ledger import Lot, Movement, Officer, Place, by_kit, replay
from host.ledger.movement import IN_STOCK, ISSUED
from host.stock.expiry import Expiry, Note, counts, in_order


def expiries(
    movements: Iterable[Movement],
    lot_of: Mapping[str, Lot],
    officers: Iterable[Officer],
    places: Iterable[Place],
    notes: Mapping[str, Note],
    home: str,
    today: date,
    within_days: int,
) -> list[Expiry]:
    """Kits out or in stock that have expired or will within so many days, from the whole history.

    `notes` has the last of each kit; `home` is this station.
    """
    officer_of = {each.id: each for each in officers}
    unit_of = {each.id: each.unit for each in places}
    found = []
    for kit, of_kit in by_kit(movements).items():
        lot = lot_of[kit]
        state = replay(of_kit, lot.doses_per_kit)[-1].state
        days_left = (lot.expires_on - today).days
        if state.status not in (ISSUED, IN_STOCK) or days_left > within_days:
            continue
        officer = officer_of[state.officer] if state.officer is not None else None
        unit = officer.unit if officer else unit_of[str(state.place)]
        station = (officer.station if officer else state.place if state.status == IN_STOCK else None) or home
        note = counts(notes.get(kit), state.since_ms, today)
        who = (state.officer, state.place, state.pouch, unit, station, state.since_ms)
        found.append(Expiry(kit, lot.product, lot.lot, lot.expires_on, days_left, state.status, *who, note))
    return in_order(found)
