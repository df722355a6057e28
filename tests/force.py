"""A small made-up force for tests: pictures built step by step, with the tag's clock running true."""

from datetime import date
from typing import Any

from host.ledger import ISSUE, RECEIVE, RETURN, Kit, Lot, Movement, Officer
from host.ledger.movement import USE
from host.picture import BroughtBy, ClosedDifference, ClosedStocktake, Picture, RecallEntry
from host.stock.storage import Limits
from host.tag.events import ALTERED, UNLINKED, VERIFIED, Docking, Event, Tag
from host.usage.reports import FILED, Explanation, UsageReport
from kitwire import record

ZONE = "Europe/London"
T0 = 1_780_000_000_000
"""2026-05-28 21:26:40 in London; every tag was enrolled then and its uptime began."""
HOUR = 3_600_000
DAY = 24 * HOUR

FLAGS = {"lid_open": record.FLAG_LID_OPEN, "dose_mark": record.FLAG_LID_OPEN}


class Force:
    """Collects facts; `picture` gives them to the code under test. Instants are milliseconds after `T0`."""

    def __init__(self) -> None:
        self.officers: list[Officer] = []
        self.lots: list[Lot] = []
        self.kits: list[Kit] = []
        self.movements: list[Movement] = []
        self.tags: list[Tag] = []
        self.dockings: list[Docking] = []
        self.events: list[Event] = []
        self.explanations: list[Explanation] = []
        self.reports: list[UsageReport] = []
        self.recalls: list[RecallEntry] = []
        self.stocktakes: list[ClosedStocktake] = []
        self.differences: list[ClosedDifference] = []
        self.heard: dict[str, int] = {}
        self.docked_by: list[BroughtBy] = []
        self.own_stops: dict[str, list[int]] = {}
        self.limits: dict[str, Limits] = {}

    def officer(self, number: str, trained_on: date | None = date(2026, 5, 1)) -> None:
        self.officers.append(Officer(number, trained_on, T0))

    def kit(self, kit: str, expires_on: date = date(2028, 1, 31)) -> None:
        lot = Lot("Nyxoid", f"L{kit}", expires_on, 2)
        self.lots.append(lot)
        self.kits.append(Kit(kit, lot.product, lot.lot))
        self.move(0, RECEIVE, kit, place="North")

    def issue(self, kit: str, officer: str, pouch: str | None, at: int = 0) -> None:
        self.move(at, ISSUE, kit, officer=officer, pouch=pouch)

    def give_back(self, kit: str, at: int, doses: int | None = None) -> None:
        self.move(at, RETURN, kit, place="North", doses=doses)

    def move(self, at: int, kind: str, kit: str, **facts: Any) -> int:
        """Any movement, possible or not; returns its id."""
        number = len(self.movements) + 1
        self.movements.append(Movement(number, T0 + at, kind, kit, **facts))
        return number

    def recall(self, kit: str, at: int, action: str = "recall") -> None:
        """Recalls the lot of a kit, or lifts that."""
        lot = next(each for each in self.kits if each.id == kit)
        self.recalls.append(RecallEntry(len(self.recalls) + 1, lot.product, lot.lot, action, "seal broken", T0 + at))

    def stocktake(self, at: int, *differences: tuple[str, str], place: str = "North") -> None:
        """A stocktake that was closed with differences: kind and kit."""
        number = len(self.stocktakes) + 1
        self.stocktakes.append(ClosedStocktake(number, place, T0 + at))
        self.differences += [
            ClosedDifference(number, kind, kit, "as it was", "not known", T0 + at) for kind, kit in differences
        ]

    def tag(self, pouch: str, at: int = 0) -> str:
        """Puts a tag into a pouch, in place of the one there, and returns its id."""
        self.tags = [
            each._replace(retired_at_ms=T0 + at) if each.pouch == pouch and each.retired_at_ms is None else each
            for each in self.tags
        ]
        tag_id = f"{len(self.tags) + 1:016x}"
        self.tags.append(Tag(tag_id, pouch, T0 + at, None, "a" * 16, "b" * 16, "c" * 16))
        return tag_id

    def docking(
        self,
        tag: str,
        at: int,
        outcome: str | None = "complete",
        detail: str | None = None,
        battery: int = 80,
        wrong: int = 0,
        ends_at: int = 0,
    ) -> int:
        """A docking that began at `at`; unless it failed, with an anchor exact to 50 ms, or `wrong` by so much.

        `ends_at` is the last sequence of the log then.
        """
        anchor = (1, at, T0 + at + wrong, 50, 3900, battery, ends_at) if outcome == "complete" else (None,) * 7
        number = len(self.dockings) + 1
        finished = None if outcome is None else T0 + at + 1000
        self.dockings.append(Docking(number, tag, T0 + at, finished, outcome, detail, 0, *anchor))
        return number

    def log(self, tag: str, *entries: tuple[str, int], first: int = 1, docking: int = 1, boot_count: int = 1) -> None:
        """Records in sequence from `first`: a type and when it was. The types 'altered' and 'unlinked' do not open.

        'boot+1@3400' is a start with the cause 1 and a cell of 3400 mV.
        """
        for sequence, (kind, at) in enumerate(entries, first):
            kind, _, millivolts = kind.partition("@")
            if kind in (ALTERED, UNLINKED):
                self.events.append(Event(tag, docking, sequence, kind, None, None, None, None, None, None, None))
                continue
            name, _, extra = kind.partition("+")
            flags = FLAGS.get(name, 0) | (record.FLAG_BRIEF if extra == "brief" else 0)
            flags |= record.FLAG_LID_OPEN if extra == "open" else 0
            aux = int(extra) if extra.isdigit() else 0
            self.events.append(
                Event(
                    tag,
                    docking,
                    sequence,
                    VERIFIED,
                    name,
                    flags,
                    int(millivolts or 3900),
                    boot_count,
                    at // 1000,
                    0,
                    aux,
                )
            )

    def brings(self, docking: int, officer: str) -> None:
        """Who said to have brought the pouch, at a docking."""
        number = len(self.docked_by) + 1
        self.docked_by.append(BroughtBy(number, docking, officer, "dock", T0))

    def explain(
        self,
        tag: str,
        sequence: int,
        officer: str | None,
        cause: str,
        doses: int | None = None,
        at: int = 0,
        login: str = "dock",
    ) -> None:
        number = len(self.explanations) + 1
        self.explanations.append(Explanation(number, tag, sequence, T0 + at, officer, cause, doses, login))

    def report(
        self,
        officer: str,
        tag: str | None,
        sequence: int | None,
        doses: int = 2,
        incident: str = "",
        resupply: int | None = None,
        kit: str | None = None,
        stands: str = FILED,
    ) -> int:
        """A report, filed a day after T0; `resupply` is how many kits it asks for.

        With a `kit` its doses are taken from that, as they are when it is filed, an hour after T0.
        """
        fields: dict[str, object] = {"incident_at": incident} if incident else {}
        if resupply is not None:
            fields |= {"resupply_needed": True, "resupply_kits": resupply}
        number = len(self.reports) + 1
        new = UsageReport(number, "england_wales", 1, T0 + DAY, officer, tag, sequence, doses, fields, kit=kit)
        self.reports.append(new._replace(stands=stands))
        if kit is not None and stands == FILED:
            self.move(DAY, USE, kit, doses=doses, report=number, happened_ms=T0 + HOUR)
        return number

    @property
    def picture(self) -> Picture:
        return Picture(
            ZONE,
            self.officers,
            self.lots,
            self.kits,
            self.movements,
            self.tags,
            self.dockings,
            self.events,
            self.explanations,
            self.reports,
            self.recalls,
            self.stocktakes,
            self.differences,
            self.heard,
            docked_by=self.docked_by,
            own_stops=self.own_stops,
            limits=self.limits,
        )


def carried_pouch(pouch: str = "P1", kit: str = "K1", officer: str = "1207") -> tuple[Force, str]:
    """A force with one officer who carries one kit in one pouch, and the pouch's tag."""
    force = Force()
    force.officer(officer)
    force.kit(kit)
    tag = force.tag(pouch)
    force.issue(kit, officer, pouch)
    return force, tag
