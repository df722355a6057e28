"""Orders in which what happens around one opening of a pouch comes to the station, and how each question is settled.

Every order has officers, kits and pouches of its own in a database that many share. It knows the truth: how many doses
were given. What people say, mark, report and count may be something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from itertools import product
from typing import NamedTuple

from host import clock
from host.access.vault import TagKeys
from host.errors import RuleError
from host.ledger import Movement
from host.ledger.movement import CORRECT, COUNT, FIND, LOSE, RETURN, TRANSFER, USE
from host.phrase import NextStep
from host.reconcile import Discrepancy
from host.service.replacing import Fate
from host.store.openings import OpeningRepository
from host.store.stock import Incoming
from host.tag.events import EventRow, StatusTold
from host.tag.verify import verified_row
from host.usage.reports import USED
from kitwire import record
from tests.station import Store

HOUR = 3_600_000
T0 = 1_780_000_000_000
OPENED_S, LASTED_S = 10 * 3600, 300
"""When the pouch was opened, and for how long, in seconds of the tag's clock; it was enrolled at T0."""

LAST_DAY = date(2029, 12, 31)
"""On the packs: none of the kits expires."""

ACTS = (
    "nothing",
    "return",
    "return 0",
    "return 1",
    "return 2",
    "replace",
    "replace used 1",
    "replace used 2",
    "lose and find",
    "return and transfer",
)


class Order(NamedTuple):
    """One order of things. `given` is the truth: the doses that were given when the pouch was opened."""

    given: int
    marks: int
    docked: str  # before what is done with the kit, or after it
    said: str  # none, or a cause
    act: str
    reported: str  # never, before what is done with the kit, after it
    doses: int  # that the report tells of
    twice: bool
    corrected: bool
    two_officers: bool

    @property
    def is_true(self) -> bool:
        """Whether nobody has said, marked, reported or counted anything but what was, or left anything out."""
        if self.given == 0:
            return (
                self.marks == 0
                and self.said == "training"
                and self.reported == "never"
                and self.act in ("nothing", "return", "return 2", "replace", "lose and find", "return and transfer")
            )
        return (
            self.marks in (0, self.given)
            and self.said in (USED, "none")
            and self.reported != "never"
            and self.doses == self.given
            and not self.twice
            and not self.corrected
            # A second officer who reports before the pouch has docked cannot name the opening: that is asked.
            and not (self.two_officers and self.docked == "after")
            and self.act in ("replace", f"return {2 - self.given}", f"replace used {self.given}", "nothing")
        )


def grid() -> Iterator[Order]:
    """Every order."""
    reports = [("never", 0, False), *product(("before", "after"), (1, 2, 3), (False, True))]
    for given, docked, said, act, report, corrected, two in product(
        (2, 1, 0),
        ("before", "after"),
        ("none", USED, "training", "accidental"),
        ACTS,
        reports,
        (False, True),
        (False, True),
    ):
        for marks in (0, given) if given else (0,):
            yield Order(given, marks, docked, said, act, *report, corrected, two)


class Play:
    """One order, played in a store. `number` makes its names."""

    def __init__(self, store: Store, number: int, order: Order) -> None:
        self.store = store
        self.order = order
        self.kit, self.other_kit = f"K{number}", f"L{number}"
        self.officer, self.other = f"A{number}", f"B{number}"
        self.pouch, self.other_pouch = f"P{number}", f"Q{number}"
        self.tag, self.other_tag = f"{number:015x}a", f"{number:015x}b"
        self.spare = [f"{self.kit}-{letter}" for letter in "abcdefgh"]
        self.reports: list[int] = []
        self.at_ms = T0 + 11 * HOUR
        self.could_be_issued: list[str] = []
        self.refusals: list[str] = []
        self.believed = 0
        self.spoken = False

    # What happens.

    def play(self) -> None:
        """From the issue on, step by step; after each it is tried whether the kit could be handed out."""
        order = self.order
        self._equip()
        steps = [self._act]
        if order.reported == "before":
            steps.insert(0, self._report)
        elif order.reported == "after":
            steps.append(self._report)
        dock = [self._dock, self._explain]
        steps = [*dock, *steps] if order.docked == "before" else [*steps, *dock]
        if order.corrected:
            steps.append(self._correct)
        for step in steps:
            step()
            self._must_not_go_out(step.__name__)
            self.at_ms += HOUR // 4

    def _equip(self) -> None:
        store = self.store
        for officer in (self.officer, self.other):
            store.add_officer(officer, None, T0)
        kits = [self.kit, self.other_kit, *self.spare]
        store.receive([Incoming(kit, "Two", "L1", LAST_DAY, 2) for kit in kits], T0)
        for tag, pouch in ((self.tag, self.pouch), (self.other_tag, self.other_pouch)):
            store.enrol_tag(tag, pouch, TagKeys(bytes(32), bytes(32), bytes(32)), T0, lambda: None)
        store.issue_kit(self.kit, self.officer, self.pouch, T0 + HOUR)
        store.issue_kit(self.other_kit, self.other, self.other_pouch, T0 + HOUR)

    def _dock(self) -> None:
        """Both pouches dock: the one was opened, the other officer's was not."""
        opened = [("lid_open", OPENED_S, record.FLAG_LID_OPEN, 0)]
        opened += [
            ("dose_mark", OPENED_S + 60 * number, record.FLAG_LID_OPEN, number)
            for number in range(1, self.order.marks + 1)
        ]
        opened += [("lid_close", OPENED_S + LASTED_S, 0, 0)]
        for tag, log in ((self.tag, opened), (self.other_tag, [])):
            docking = self.store.begin_docking(tag, self.at_ms)
            self.store.set_status(docking, StatusTold(1, self.at_ms - T0, self.at_ms, 50, 3900, 80, len(log)))
            rows = [self._row(number, *each) for number, each in enumerate(log, 1)]
            self.store.add_events(docking, tag, rows)
            self.store.finish_docking(docking, self.at_ms + 900, "complete", None, len(rows))

    def _row(self, number: int, kind: str, at_s: int, flags: int, aux: int) -> EventRow:
        code = next(key for key, name in record.TYPE_NAMES.items() if name == kind)
        return verified_row(number, bytes(36), record.Plain(code, flags, 3900, 1, at_s, 0, aux))

    def _explain(self) -> None:
        said = self.order.said
        self.spoken = True
        if said != "none":
            doses = max(self.order.given, 1) if said == USED else None
            self.store.add_explanation(self.tag, 1, self.officer, said, doses, self.at_ms)

    def _report(self) -> None:
        for _ in range(2 if self.order.twice else 1):
            second = self.order.two_officers and (self.order.twice is False or bool(self.reports))
            self.reports.append(self.file(self.other if second else self.officer, self.order.doses))

    def file(self, officer: str, doses: int, amends: int | None = None) -> int:
        """A usage report, on the opening if it is known yet; its number."""
        opening = (self.tag, 1) if self._opening_known() else None
        incident = clock.iso(T0 + OPENED_S * 1000 + 60_000, "Europe/London")
        fields = {"incident_at": incident}
        return self.store.add_report("england_wales", officer, opening, doses, fields, {}, self.at_ms, amends=amends).id

    def _opening_known(self) -> bool:
        return bool(self.store.row("SELECT 1 FROM opening WHERE tag = ?", (self.tag,)))

    def _act(self) -> None:
        act = self.order.act
        store, kit, at_ms = self.store, self.kit, self.at_ms
        try:
            if act.startswith("return"):
                counted = int(act[-1]) if act[-1].isdigit() else None
                store.move(Movement(0, at_ms, RETURN, kit, doses=counted))
                if act.endswith("transfer"):
                    store.move(Movement(0, at_ms, TRANSFER, kit, place="South"))
            elif act.startswith("replace"):
                fate = Fate(USE, int(act[-1])) if act[-1].isdigit() else Fate()
                store.replace(self.officer, self.spare.pop(), fate, at_ms)
            elif act.startswith("lose"):
                store.move(Movement(0, at_ms, LOSE, kit))
                store.move(Movement(0, at_ms + 1, FIND, kit))
        except RuleError:
            pass  # it is used up already, or to be counted first: nothing is recorded, and somebody sees why

    def _correct(self) -> None:
        """Somebody takes the use back, wherever in the kit's history it stands."""
        uses = [each for each in self.store.movements(self.kit) if each.kind == USE]
        if uses:
            with suppress(RuleError):  # what came after may rest on it
                self.store.move(Movement(0, self.at_ms, CORRECT, self.kit, corrects=uses[-1].id, reason="not so"))

    def _must_not_go_out(self, after: str) -> None:
        """Notes if the kit could be handed out now although doses are gone."""
        if self.order.given == 0 or self.store.state(self.kit).status != "in_stock":
            return
        try:
            with self.store.trial():
                self.store.issue_kit(self.kit, self.other, None, self.at_ms)
        except RuleError:
            return
        if self._contradicted():
            self.could_be_issued.append(f"{self.order} after {after}")
        else:
            self.believed += 1

    def _contradicted(self) -> bool:
        """Whether the station knows anything that speaks against who counted it whole, or said that it was no use.

        An empty box that somebody has counted as full, with no mark, report or word against that, is beyond any ledger.
        """
        order = self.order
        counted = order.act == "return 2"
        denied = order.said in ("training", "accidental") and self.spoken
        if not counted and not denied:
            return True
        marks = order.marks if self._opening_known() and not denied else 0
        # A second officer who reports before the pouch has docked tells of no pouch: that is a question of its own.
        told = [
            each
            for each in map(self.store.open_answers, self._counting())
            if each.tag == self.tag or each.officer == self.officer
        ]
        return bool(marks or told or (order.said == USED and self.spoken))

    # What is asked, and what settles it.

    def concerns(self, found: Discrepancy) -> bool:
        """Whether a question is about this order."""
        mine = {self.kit, self.other_kit, *self.spare, self.officer, self.other, self.pouch, self.other_pouch}
        about = {found.kit, found.officer, found.pouch} - {None}
        return (
            bool(about & mine)
            or found.subject.startswith((self.tag, self.other_tag))
            or found.subject in {f"report-{each}" for each in self.reports} | {str(each) for each in self.reports}
        )

    def settle(self, found: Discrepancy) -> None:
        """Does what a question's next step says, by somebody who has found out what was."""
        store, given, at_ms = self.store, self.order.given, self.at_ms
        self.at_ms += 60_000
        kind = found.kind
        if kind in ("opening_unexplained", "explanation_contradicted", "explained_by_another"):
            self._say_what_was()
        elif kind == "report_missing":
            self.reports.append(self.file(self.officer, given)) if given else self._say_what_was()
        elif kind == "use_without_opening":
            if given:
                store.match_report(int(found.subject), (self.tag, 1), at_ms)
            else:
                store.withdraw_report(int(found.subject), "there was no use", at_ms)
        elif kind == "pouch_without_kit":
            store.issue_kit(self.spare.pop(), self.officer, found.pouch, at_ms)
        elif kind == "not_whole_carried":
            store.replace(self.kit, self.spare.pop(), Fate(RETURN, 2 - given), at_ms)
        elif kind == "doses_differ":
            self._settle_doses(found)
        else:
            raise AssertionError(f"{kind} was not expected: {found}")

    def _say_what_was(self) -> None:
        said, doses = (USED, self.order.given) if self.order.given else ("training", None)
        if self._opening_known():
            self.store.add_explanation(self.tag, 1, self.officer, said, doses, self.at_ms)
        if not self.order.given:
            for each in self._counting():
                self.store.withdraw_report(each, "there was no use", self.at_ms)
            self._count()

    def _settle_doses(self, found: Discrepancy) -> None:
        """Reports are made to tell what was, once; what was said too; and the kit is counted."""
        given = self.order.given
        counting = self._counting()
        wrong = [each for each in counting if self.store.open_answers(each).doses != given]
        if not given:
            self._say_what_was()
        elif len(counting) > 1:
            self.store.same_use(counting[-1], counting[0], self.at_ms)
        elif wrong:
            self.reports.append(self.file(self.store.open_answers(wrong[0]).officer, given, amends=wrong[0]))
        elif isinstance(found.next_step, NextStep) and found.next_step.action == "kit.use":
            doses, number = found.next_step.fields["doses"], found.next_step.fields["report"]
            self.store.move(Movement(0, self.at_ms, USE, self.kit, doses=doses, report=number))
        else:
            opening = OpeningRepository(self.store).openings(self.tag)[0]
            explanation = opening.explanation
            if explanation is not None and (explanation.cause != USED or explanation.doses != given):
                self._say_what_was()
            else:
                self._count()

    def _counting(self) -> list[int]:
        return [each for each in self.reports if self.store.open_answers(each).stands == "filed"]

    def _count(self) -> None:
        """Somebody who holds the box counts what is in it."""
        left = 2 - self.order.given
        state = self.store.state(self.kit)
        if state.status == "used":
            self.store.move(Movement(0, self.at_ms, RETURN, self.kit, doses=left))
        elif state.status in ("in_stock", "issued"):
            self.store.move(Movement(0, self.at_ms, COUNT, self.kit, doses=left))
