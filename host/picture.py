"""Everything the station knows at one moment, as plain values: what openings and discrepancies follow from."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from host.ledger import Holding, Kit, Lot, Movement, Officer, by_kit, holdings, stretches
from host.stock.storage import Limits
from host.tag.events import Docking, Event, Tag
from host.usage.reports import Explanation, UsageReport


class RecallEntry(NamedTuple):
    """What was said of a lot: `action` is recall, or lift, which ends it."""

    id: int
    product: str
    lot: str
    action: str
    reason: str
    at_ms: int


class ClosedStocktake(NamedTuple):
    """A stocktake that was closed with a result, and when."""

    id: int
    place: str
    closed_at_ms: int


class ClosedDifference(NamedTuple):
    """A difference with which a stocktake was closed: one of `host.stock.stocktake.KINDS`, the facts, and why."""

    stocktake: int
    kind: str
    kit: str
    detail: str
    reason: str
    at_ms: int


class BroughtBy(NamedTuple):
    """Who said at the dock to have brought a pouch, at a docking."""

    id: int
    docking: int
    officer: str
    login: str
    at_ms: int


class Picture(NamedTuple):
    """A consistent reading of the database, in the station's `time_zone`; `tags` with the retired ones.

    `heard` is when the last advert of a tag was accepted, by its id, in Unix milliseconds. `forgotten` are ranges of
    sequences, by tag, that retention has destroyed; `own_stops` where each tag's log ended when the station stopped it.
    `limits` are those of the products of which somebody entered any.
    """

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
    recalls: Sequence[RecallEntry] = ()
    stocktakes: Sequence[ClosedStocktake] = ()
    differences: Sequence[ClosedDifference] = ()
    heard: Mapping[str, int] = MappingProxyType({})
    forgotten: Mapping[str, Sequence[tuple[int, int]]] = MappingProxyType({})
    docked_by: Sequence[BroughtBy] = ()
    own_stops: Mapping[str, Sequence[int]] = MappingProxyType({})
    limits: Mapping[str, Limits] = MappingProxyType({})

    def holdings(self) -> list[Holding]:
        """Who held what, ever, in order of issue."""
        lot_of = self.lot_of()
        return holdings(self.movements, {kit: lot.doses_per_kit for kit, lot in lot_of.items()})

    def custody(self) -> dict[str, list[Holding]]:
        """Every stretch of each kit, in order."""
        lot_of = self.lot_of()
        return {kit: stretches(kit, own, lot_of[kit].doses_per_kit) for kit, own in by_kit(self.movements).items()}

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
