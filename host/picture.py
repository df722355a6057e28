"""Everything the station knows at one moment, as plain values: what openings and discrepancies follow from."""

from typing import NamedTuple

from host.events import Docking, Event, Tag
from host.ledger import Holding, Kit, Lot, Movement, Officer, holdings
from host.reports import Explanation, UsageReport


class Picture(NamedTuple):
    """A consistent reading of the database, in the station's `time_zone`; `tags` with the retired ones."""

    time_zone: str
    officers: list[Officer]
    lots: list[Lot]
    kits: list[Kit]
    movements: list[Movement]
    tags: list[Tag]
    dockings: list[Docking]
    events: list[Event]
    explanations: list[Explanation]
    reports: list[UsageReport]

    def holdings(self) -> list[Holding]:
        """Who held what, ever, in order of issue."""
        lot_of = self.lot_of()
        return holdings(self.movements, {kit: lot.doses_per_kit for kit, lot in lot_of.items()})

    def lot_of(self) -> dict[str, Lot]:
        """The lot of each kit."""
        by_name = {(lot.product, lot.lot): lot for lot in self.lots}
        return {kit.id: by_name[kit.product, kit.lot] for kit in self.kits}

    def dockings_of(self) -> dict[str, list[Docking]]:
        """The dockings of each tag, oldest first."""
        found: dict[str, list[Docking]] = {tag.id: [] for tag in self.tags}
        for docking in self.dockings:
            found[docking.tag].append(docking)
        return found

    def events_of(self) -> dict[str, list[Event]]:
        """The events of each tag in order of sequence; tags without any have an empty list."""
        found: dict[str, list[Event]] = {tag.id: [] for tag in self.tags}
        for event in sorted(self.events, key=lambda each: each.sequence):
            found[event.tag].append(event)
        return found
