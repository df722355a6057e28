"""`kitdock kit issue`, `next`, `return`, `replace`: kits go out and come back."""

from pathlib import Path

import click

from host import clock
from host.cli.kit.shared import document_option, doses, kits_argument, named, reason_option, station_option, told
from host.cli.options import at_option, instant, open_store, with_store
from host.cli.render import Done, Table
from host.ledger import Movement, held_by
from host.ledger.movement import ISSUE, LEAVE_BEHIND, LOSE, RETURN, USE, USED
from host.words import plural

SHOWN = 5
"""How many kits `next` shows."""


@click.command("issue")
@click.argument("names", metavar="[KIT]... [OFFICER]", nargs=-1)
@click.option("--next", "first", is_flag=True, help="The kit that expires first, instead of naming one.")
@click.option("--place", metavar="PLACE", help="To a vehicle, custody suite or cabinet, not to an officer.")
@click.option("--pouch", metavar="POUCH", help="The pouch it is carried in.")
@click.option("--product", metavar="PRODUCT", help="With --next: only kits of this product.")
@click.option("--station", metavar="STATION", help="With --next: from this station's stock. [default: this one]")
@document_option
@at_option
@with_store
def issue(
    db: Path,
    names: tuple[str, ...],
    first: bool,
    place: str | None,
    pouch: str | None,
    product: str | None,
    station: str | None,
    document: str | None,
    at: str | None,
) -> Done:
    """Hand out kits to an officer or a place, all or none.

    \b
    kitdock kit issue K-0007 1207 --pouch P-01   this kit
    kitdock kit issue --next 1207                the one that expires first
    kitdock kit issue --next --place CAR-7       to a place

    Refused if a kit is issued already, has expired, is recalled, quarantined or not whole, if the officer has left, or
    if somebody else has the pouch. Warns if another kit should go first, if it expires within the time that a kit is
    carried (setting carry_days), or if training is unknown or more than 12 months old.
    """
    officer, kits = _to_whom(names, first, place)
    if not first and (product or station):
        raise click.UsageError("--product and --station go with --next.")
    with open_store(db) as store:
        to = Movement(0, instant(store, at), ISSUE, "", officer, place, pouch, document=document)
        if first:
            moved = [store.issue_next(to, station, product)]
        else:
            moved = store.move_all(to._replace(kit=kit) for kit in kits)
        zone = store.station.time_zone
    holder = held_by(moved[-1].after)
    into = moved[-1].after.pouch
    text = f"{named([each.movement.kit for each in moved])} issued to {holder}" + (f" in pouch {into}" if into else "")
    return told(text, moved, zone)


def _to_whom(names: tuple[str, ...], first: bool, place: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The officer and the kits that are meant."""
    officer, kits = (None, names) if place else (names[-1] if names else None, names[:-1])
    if officer is None and place is None:
        raise click.UsageError("Say to whom: OFFICER, or '--place'.")
    if first and kits:
        raise click.UsageError(f"--next chooses the kit: leave {', '.join(kits)} out.")
    if not first and not kits:
        raise click.UsageError("Name a kit and then the officer, or say --next for the kit that expires first.")
    return officer, tuple(dict.fromkeys(kits))


@click.command("next")
@click.option("--product", metavar="PRODUCT", help="Only kits of this product.")
@station_option
@with_store
def next_(db: Path, product: str | None, station: str | None) -> Table:
    """Show which kits to issue next: those that expire first.

    In stock, in date, whole, neither recalled nor quarantined, and not laid ready in a pouch. Kits that would
    expire while they are carried (setting carry_days) come after all others.
    """
    with open_store(db) as store:
        found = store.next_kits(station, product, SHOWN, clock.now_ms())
        today = store.today()
        shelf = station or store.station.name
    rows = [
        {
            "kit": each.kit,
            "product": each.product,
            "lot": each.lot,
            "expires_on": each.expires_on.isoformat(),
            "days_left": (each.expires_on - today).days,
        }
        for each in found
    ]
    return Table(
        rows,
        {
            "kit": "kit",
            "product": "product",
            "lot": "lot",
            "expires": "expires_on",
            "in": lambda row: plural(row["days_left"], "day"),
        },
        f"no kit{f' of {product}' if product else ''} at {shelf} can be issued: receive some with "
        "`kitdock stock receive`, or `kitdock kit transfer` some from another station",
    )


@click.command("return")
@kits_argument
@click.option("--doses", "counted", type=click.IntRange(0, 99), help="How many were counted in it; for one kit.")
@station_option
@reason_option("Why, if that matters.", required=False)
@document_option
@at_option
@with_store
def return_(
    db: Path,
    kits: tuple[str, ...],
    counted: int | None,
    station: str | None,
    reason: str | None,
    document: str | None,
    at: str | None,
) -> Done:
    """Take kits back into stock, all or none.

    Count the doses while you have the kit in hand: a difference is noticed now, or never. A kit that is used up is
    taken back as well, and can then be destroyed.
    """
    if counted is not None and len(kits) > 1:
        raise click.UsageError("--doses is for one kit: return the others without.")
    with open_store(db) as store:
        new = Movement(
            0, instant(store, at), RETURN, "", place=station, doses=counted, reason=reason, document=document
        )
        moved = store.move_all(new._replace(kit=kit) for kit in dict.fromkeys(kits))
        zone = store.station.time_zone
    lines = [
        f"kit {each.movement.kit} returned by {held_by(each.before)}, with it since "
        f"{clock.show(each.before.since_ms, zone)}"
        for each in moved
    ]
    done = told("\n".join(lines), moved, zone)
    missing = moved[0].after.doses_unaccounted - moved[0].before.doses_unaccounted
    warnings = [f"{doses(missing)} of kit {kits[0]} unaccounted for: is a usage report due?"] if missing > 0 else []
    since = [clock.iso(each.before.since_ms, zone) for each in moved]
    by = [held_by(each.before) for each in moved]
    data = {**done.data, "returned_by": by, "since": since, "warnings": [*done.warnings, *warnings]}
    return done._replace(data=data, warnings=[*done.warnings, *warnings])


@click.command("replace")
@click.argument("who", metavar="OFFICER|POUCH|KIT")
@click.argument("kit", metavar="[NEW]", required=False)
@click.option("--used", type=click.IntRange(1, 99), metavar="N", help="N doses of the old kit were used.")
@click.option("--lost", is_flag=True, help="The old kit is lost.")
@click.option("--left-behind", is_flag=True, help="The old kit was left with a person at risk.")
@click.option("--doses", "counted", type=click.IntRange(0, 99), help="Doses counted in the old kit, which is returned.")
@click.option("--report", type=click.IntRange(1), metavar="ID", help="With --used: the usage report that tells of it.")
@station_option
@reason_option("Why, if that matters.", required=False)
@document_option
@at_option
@with_store
def replace(
    db: Path,
    who: str,
    kit: str | None,
    used: int | None,
    lost: bool,
    left_behind: bool,
    counted: int | None,
    report: int | None,
    station: str | None,
    reason: str | None,
    document: str | None,
    at: str | None,
) -> Done:
    """Take back a kit and hand out another in one step.

    \b
    kitdock kit replace 1207            the officer's kit, by the next
    kitdock kit replace P-01 K-0042     the kit in pouch P-01, by K-0042
    kitdock kit replace 1207 --used 2   two doses of it were used
    kitdock kit replace 1207 --lost

    The new kit goes to the same officer or place, into the same pouch. If none is named, it is the one of the same
    product that expires first. A kit that a usage report has used up already is not taken back again.
    """
    ways = [USE] * (used is not None) + [LOSE] * lost + [LEAVE_BEHIND] * left_behind + [RETURN] * (counted is not None)
    if len(ways) > 1:
        raise click.UsageError("A kit is used, lost, left behind or counted as it comes back: one of these.")
    if report is not None and used is None:
        raise click.UsageError("--report goes with --used.")
    with open_store(db) as store:
        from host.store.kits import Fate

        fate = Fate(ways[0] if ways else RETURN, used if used is not None else counted, report, reason)
        moved = store.replace(who, kit, fate, instant(store, at), station, document)
        zone = store.station.time_zone
    *taken, out = moved
    parts = [_ended(each.movement, each.after.status, held_by(each.before)) for each in taken]
    into = f" in pouch {out.after.pouch}" if out.after.pouch else ""
    return told("\n".join([*parts, f"kit {out.movement.kit} issued to {held_by(out.after)}{into}"]), moved, zone)


def _ended(movement: Movement, status: str, holder: str) -> str:
    """How the carrying of a kit ended, for people."""
    if movement.kind == USE:
        return f"{doses(movement.doses or 0)} used from kit {movement.kit}" + (": used up" if status == USED else "")
    words = {RETURN: f"taken back from {holder}", LOSE: f"of {holder} is lost", LEAVE_BEHIND: "was left behind"}
    counted = f", {doses(movement.doses)} in it" if movement.doses is not None else ""
    return f"kit {movement.kit} {words[movement.kind]}{counted}"
