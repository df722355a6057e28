"""Openings and accounts of doses from the whole history, which what is rolled up must equal."""

from collections.abc import Iterator

from host.ledger import Holding, by_kit, standing
from host.ledger.movement import USE
from host.picture import Picture
from host.tag.lid import lid_openings
from host.usage.doses import KitFacts, PouchLog, facts_of, whole_ms
from host.usage.openings import IN_A_POUCH, Opening, in_order, opening
from host.usage.reports import FILED, Filed, latest


def openings(picture: Picture, tag_id: str | None = None) -> list[Opening]:
    """All openings of one tag or of every tag, oldest first."""
    explanations = latest(picture.explanations)
    in_pouch: dict[str | None, list[Holding]] = {}
    whole = (each for of_kit in picture.custody().values() for each in of_kit if each.status in IN_A_POUCH)
    for held in sorted(whole, key=lambda each: (each.since_ms, each.kit, each.began)):
        in_pouch.setdefault(held.pouch, []).append(held)
    reports: dict[tuple[str | None, int | None], list[Filed]] = {}
    for report in picture.reports:
        filed = Filed(report.id, report.officer, report.doses, report.stands, report.kit)
        reports.setdefault((report.tag, report.sequence), []).append(filed)
    dockings, events = picture.dockings_of(), picture.events_of()
    found = []
    for tag in picture.tags:
        if tag_id in (None, tag.id):
            for each in lid_openings(tag, events[tag.id], dockings[tag.id]):
                key = (tag.id, each.sequence)
                found.append(
                    opening(tag, each, in_pouch.get(tag.pouch, []), explanations.get(key), reports.get(key, []))
                )
    return in_order(found)


def all_facts(picture: Picture) -> Iterator[KitFacts]:
    """The facts of each kit, from the whole history."""
    lot_of = picture.lot_of()
    counting = {each.id for each in picture.reports if each.stands == FILED}
    taken: dict[int, int] = {}
    ledgers = {}
    for kit, own in by_kit(picture.movements).items():
        ledgers[kit] = (lot_of[kit].doses_per_kit, own)
        for movement in standing(own):
            if movement.kind == USE and movement.report is not None and movement.report in counting:
                taken[movement.report] = taken.get(movement.report, 0) + (movement.doses or 0)
    dockings = picture.dockings_of()
    logs = [PouchLog(tag, whole_ms(dockings[tag.id])) for tag in picture.tags]
    return facts_of(ledgers, openings(picture), picture.reports, logs, taken)
