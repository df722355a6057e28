"""Who had which pouch with which kit, and when: the store against a notebook of its own, over random histories.

Movements are recorded late, out of order between kits and to the very instant of others; entries are reversed, tags
are replaced, and pouches are opened around hand-overs. The store must refuse what the notebook refuses, and answer as
it does.
"""

import os
import shutil
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random

import pytest

from host.access.vault import TagKeys
from host.errors import InputError, KitdockError, RuleError
from host.ledger import Movement
from host.service.moving import Moved
from host.service.replacing import Fate
from host.store.stock import Incoming
from host.tag.events import StatusTold
from host.usage import whole
from kitwire import record
from tests.station import Store
from tests.telling import Tell
from tests.unit.custody_notebook import (
    DOSES,
    HERE,
    KITS,
    REASONS,
    Box,
    Notebook,
    Sheet,
    Truth,
    When,
    line_of,
    possible,
    reason,
)

SEED = 11
HISTORIES = 2000
SAMPLE = 60
"""How many of them `make test` plays."""

T0 = 1_780_000_000_000
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
POUCHES = ["P1", "P2", "P3", "P4"]
OFFICERS = ["4101", "4102", "4103"]
CAR = "Car 1"
STATIONS = ["North", "South"]

Row = tuple[str, str, str | None, str | None, str | None]
"""Kit, status, officer, place, pouch."""


class Differs(Exception):
    """The store and the notebook part here: what follows would only repeat it."""


class History:
    """A store and a notebook, and what may happen to both. The clock only goes forward; what is recorded need not."""

    def __init__(self, store: Store, random: Random, count: Counter[str]) -> None:
        self.store, self.random, self.count = store, random, count
        self.book = Notebook()
        self.now = T0
        self.when: dict[tuple[str, int], When] | None = {}
        self.told: list[str] = []
        self.differences: list[str] = []
        for pouch in POUCHES[:3]:
            self.enrol(pouch)
        self.receive(KITS)

    def play(self, steps: int) -> None:
        """So many random steps; then most pouches dock, and everything is compared."""
        doing = 12 * [self.step] + 2 * [self.batch] + 2 * [self.replace] + 3 * [self.open] + 3 * [self.dock]
        doing += [self.tags, self.reboot] + 3 * [self.say]
        try:
            for _ in range(steps):
                self.now += self.random.randrange(
                    self.random.choice([1, 2 * SECOND, MINUTE, HOUR, HOUR, 12 * HOUR, 2 * DAY])
                )
                self.random.choice(doing)()
            for sheet in self.book.sheets:
                if self.random.random() < 0.8:
                    self.now += self.random.randrange(HOUR)
                    self._dock(sheet)
            self.compare()
        except Differs:
            pass

    def differs(self, text: str) -> None:
        """Notes a difference."""
        self.differences.append(text)

    # Movements.

    def receive(self, kits: Iterable[str]) -> None:
        """Boxes come in, one by one."""
        for kit in kits:
            new = Movement(0, self.now, "receive", kit, place=self.random.choice([HERE, HERE, "South"]))
            why = self.book.refuses(new)
            self.told.append(f"receive {kit} at {new.place} ({self.now - T0})")
            try:
                box = Incoming(kit, "Naloxone 1.8 mg", "A1", date(2028, 1, 31), DOSES)
                self.store.receive([box], self.now, new.place)
            except RuleError as error:
                self._refused(error, [why], self.book)
                continue
            if why:
                self._wrongly_done([why])
            self.book.write(new._replace(id=self.store.movements(kit)[-1].id))
            self.count["movements"] += 1

    def step(self) -> None:
        """One movement; the pouch of its kit may be opened right before it and right after it."""
        kit = self.random.choice(KITS)
        new = self.movement(kit)
        if new.kind == "receive":
            self.receive([kit])
            return
        pouch = new.pouch or self.book.box(kit).pouch
        self._open_at_times(pouch)
        if self.attempt([new]) == "doses" and self.random.random() < 0.8:
            counted = Movement(0, self.now, "count", kit, doses=DOSES)
            if self.attempt([counted]) is None:
                self.attempt([new._replace(at_ms=max(new.at_ms, self.now))])
        self._open_at_times(pouch)

    def batch(self) -> None:
        """Several in one, all or none: often a hand-over at one instant."""
        out = [kit for kit in KITS if self.book.box(kit).status == "issued"]
        at_ms = self.time(self.random.choice(KITS))
        if out and self.random.random() < 0.7:
            kit = self.random.choice(out)
            box = self.book.box(kit)
            other = self.random.choice([*KITS, kit])
            back = Movement(0, at_ms, "return", kit, place=HERE, doses=2)
            to = Movement(0, at_ms, "issue", other, self.random.choice(OFFICERS), None, box.pouch)
            self._open_at_times(box.pouch)
            self.attempt([back, to])
            self._open_at_times(box.pouch)
            return
        self.attempt([self.movement(kit)._replace(at_ms=at_ms) for kit in self.random.sample(KITS, 2)])

    def movement(self, kit: str) -> Movement:
        """A movement of a kit, most times one that is possible."""
        kinds = ["issue"] * 9 + ["return"] * 5 + ["load", "unload", "use"] * 3
        kinds += ["transfer", "leave_behind", "lose", "find", "quarantine", "release", "count"] * 2 + ["destroy"]
        if self.random.random() < 0.22:
            return self._reversal(kit)
        tried = [self._of_kind(self.random.choice(kinds), kit) for _ in range(8)]
        box = self.book.box(kit)
        if box.status == "void" and self.random.random() < 0.9:
            return Movement(0, self.now, "receive", kit, place=HERE)
        fine = [each for each in tried if possible(box, line_of(each))]
        return fine[0] if fine and self.random.random() < 0.9 else tried[0]

    def _of_kind(self, kind: str, kit: str) -> Movement:
        choice = self.random.choice
        new = Movement(0, self.time(kit), kind, kit, reason="so")
        if kind == "issue":
            to_car = self.random.random() < 0.2
            new = new._replace(officer=None if to_car else choice(OFFICERS), place=CAR if to_car else None)
            return new._replace(pouch=choice([*self._free(new), *POUCHES, None]))
        if kind in ("return", "find", "transfer"):
            new = new._replace(place=choice([HERE, "South", None if kind != "transfer" else HERE]))
        return new._replace(
            pouch=choice(POUCHES) if kind == "load" else None,
            doses={
                "use": choice([1, 1, 2, 2, 3]),
                "count": choice([2, 2, 2, 1, 0, 3]),
                "return": choice([2, 2, 2, 2, None, None, 1, 0]),
            }.get(kind),
        )

    def _free(self, new: Movement) -> list[str]:
        """The pouches, several times each, that could go with a kit."""
        box = Box(officer=new.officer, place=new.place)
        free = [each for each in POUCHES if not self.book.with_others(each, new.kit, box, new.at_ms)]
        return 5 * [each for each in free if self.book.tagged(each)]

    def _reversal(self, kit: str) -> Movement:
        """A reversal: most times of the last line, or of a use somewhere before."""
        lines = self.book.pages[kit].lines
        last = [each.number for each in lines[-1:]]
        uses = [each.number for each in lines[:-1] if each.kind == "use"]
        number = self.random.choice([*(uses[-1:] if self.random.random() < 0.8 else []), *last, None])
        if self.random.random() < 0.05:
            number = self.random.choice([999, *(each.number for each in lines)])
        return Movement(0, self.time(kit), "correct", kit, corrects=number, reason="typo")

    def time(self, kit: str) -> int:
        """When it is said to have been: now, or some time ago; or as soon as can be after the kit's last movement."""
        if self.random.random() < 0.55:
            return self.now
        last_ms = self.book.pages[kit].stands_ms
        ago = self.random.choice([SECOND, 10 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY])
        others = [line.at_ms for page in self.book.pages.values() for line in page.lines[-2:]]
        return self.random.choice(
            [
                self.now - self.random.randrange(ago),
                max(last_ms, self.now - self.random.randrange(ago)),
                last_ms + self.random.choice([0, 0, 1, self.random.randrange(max(1, self.now - last_ms))]),
                max(last_ms, self.random.choice([*others, self.now])),
            ]
        )

    def attempt(self, wanted: list[Movement]) -> str | None:
        """Moves by the store and in the notebook, all or none; returns why it was refused."""
        expected, trial = self._expected(wanted)
        self.told += [f"{_short(each)} ({self.now - T0})" for each in wanted]
        try:
            done = self.store.move_all(wanted)
        except (RuleError, InputError) as error:
            return self._refused(error, expected, trial)
        if expected[-1]:
            self._wrongly_done(expected)
        self._done(done)
        return None

    def _expected(self, wanted: Iterable[Movement]) -> tuple[list[set[str]], Notebook]:
        """Why the notebook refuses each; nothing is looked at after the first that it refuses."""
        trial, found = self.book.copy(), []
        for number, each in enumerate(wanted):
            found.append(trial.refuses(each))
            if found[-1]:
                break
            trial.write(each._replace(id=-1 - number))
        return found, trial

    def _refused(self, error: KitdockError, expected: list[set[str]], trial: Notebook) -> str:
        why = reason(error)
        self.told.append(f"    refused: {error}")
        self.count[f"refused {why}"] += 1
        if why == "doses":
            # What was said of doses is no matter of the notebook: it knows only when there can be no reason.
            kit = error.fields["kit"]
            if not (self.book.pages[kit].may_need_a_count() or trial.pages[kit].may_need_a_count()):
                self._differ(f"nothing can be wrong with its doses: {error}")
        elif why not in expected[-1]:
            self._differ(f"refused: {error}; expected {expected[-1] or 'no refusal'}")
        return why

    def _wrongly_done(self, expected: list[set[str]]) -> None:
        self._differ(f"done, but expected a refusal: {expected[-1]}")

    def _differ(self, text: str) -> None:
        self.differs(text)
        raise Differs

    def _done(self, done: Iterable[Moved]) -> None:
        """Writes down what the store has recorded, and compares what it says of it."""
        for each in done:
            new = each.movement
            before = self._officers()
            self._count(new)
            self.book.write(new)
            box = self.book.box(new.kit)
            if each.after[:4] != box.where:
                self._differ(f"{_short(new)}: {each.after[:4]}, not {box.where}")
            if before is not None:
                after = self._officers() or {}
                changed = {key: (were, after[key]) for key, were in before.items() if were != after[key]}
                told = {one.name: (set(one.before), set(one.after)) for one in each.reassigned}
                self.count["reassigned"] += len(changed)
                if told != {self._name(*key): both for key, both in changed.items()}:
                    self._differ(f"{_short(new)}: says that {told} are another's now, not {changed}")
        if self.when is None:
            self._look()

    def _count(self, new: Movement) -> None:
        lines = self.book.pages[new.kit].lines
        struck = next((each for each in lines if each.number == new.corrects), None)
        self.count["movements"] += 1
        self.count["back-dated"] += new.at_ms < self.now
        if struck is not None:
            self.count["reversed"] += 1
            self.count["uses reversed later"] += struck is not lines[-1]
            self.count["receipts reversed"] += struck.kind == "receive"

    def _officers(self) -> dict[tuple[str, int], set[str]] | None:
        """Who may have carried the pouch, at each opening of which the times are known."""
        if self.when is None:
            return None
        return {key: self.book.who_opened(self.book.openings[key].pouch, *when)[0] for key, when in self.when.items()}

    def _name(self, tag: str, sequence: int) -> str:
        sheet = next(each for each in self.book.sheets if each.tag == tag)
        return f"{tag if sheet.retired else sheet.pouch}:{sequence}"

    def replace(self) -> None:
        """One kit in place of another, for an officer, a pouch, or by its number."""
        who = self.random.choice([*OFFICERS, *POUCHES, *KITS])
        boxes = {kit: self.book.box(kit) for kit in KITS}
        has = [kit for kit, box in boxes.items() if box.status == "issued" and who in (box.officer, box.pouch)]
        has = [who] if who in KITS else has
        if not has:
            return
        new = self.random.choice(KITS) if self.random.random() < 0.6 else None
        used = Fate("use", self.random.choice([1, 2, 2, 3]))
        fate = self.random.choice([Fate(), Fate(doses=2), Fate(doses=2), used, Fate("lose"), Fate("leave_behind")])
        at_ms = self.time(has[0])
        self.told.append(f"replace {who} by {new}, {fate.kind} {fate.doses} at {at_ms - T0} ({self.now - T0})")
        shelf = ("in_stock", None, HERE, None)
        fit = [kit for kit, box in boxes.items() if box.where == shelf and not box.kept_back and box.left == DOSES]
        doubtful = {kit for kit in fit if self.book.pages[kit].may_need_a_count()}
        plans = {kit: self._replacement(has, kit, fate, at_ms) for kit in ([new] if new else fit or ["none"])}
        expected = {
            kit: self._expected(plan) if plan and kit in KITS else ([{"none" if plan else "state"}], self.book)
            for kit, plan in plans.items()
        }
        try:
            done = self.store.replace(who, new, fate, at_ms)
        except (RuleError, InputError) as error:
            self._not_replaced(error, list(expected.values()), set(fit) <= doubtful)
            return
        taken = done[-1].movement.kit
        if taken not in plans or (new is None and not {kit for kit in fit if kit < taken} <= doubtful):
            self._differ(f"{taken} was issued, of {fit}")
        if expected[taken][0][-1]:
            self._wrongly_done(expected[taken][0])
        wanted = plans[taken] or []
        if list(map(_short, wanted)) != [_short(each.movement) for each in done]:
            self._differ(f"replaced by {[_short(each.movement) for each in done]}, not {list(map(_short, wanted))}")
        self.count["replaced"] += 1
        self._done(done)

    def _not_replaced(
        self, error: KitdockError, expected: list[tuple[list[set[str]], Notebook]], perhaps_none: bool
    ) -> None:
        """There must be that reason with one of the kits that could have been issued, unless there may be none."""
        why = reason(error)
        fitting = [each for each in expected if why in each[0][-1] or why == "doses"]
        if not fitting and not (why == "none" and perhaps_none):
            self._differ(f"not replaced: {error}; expected {[each[0][-1] for each in expected]}")
        if fitting:
            self._refused(error, *fitting[0])

    def _replacement(self, has: list[str], new: str, fate: Fate, at_ms: int) -> list[Movement] | None:
        """The movements of a replacement; None if it is not clear of what, or there is nothing to replace."""
        (old, *more), box = has, self.book.box(has[0])
        if more or old == new or box.status not in ("issued", "used", "lost", "left_behind"):
            return None
        if box.officer is None and box.place in STATIONS:
            return None
        carried = [kit for kit in KITS if kit != old and self.book.box(kit).where[:2] == ("issued", box.officer)]
        known = (box.status, fate.kind, fate.doses) == ("used", "use", box.used)  # it says what is written already
        if box.status != "issued" and ((box.officer and carried) or (fate != Fate() and not known)):
            return None
        was = [each.pouch for _, each in self.book.pages[old].boxes() if each.status == "issued"][-1]
        pouch = box.pouch or (was if self.book.tagged(was) else None)
        to = Movement(0, at_ms, "issue", new, box.officer, box.place, pouch)
        back = Movement(0, at_ms, "return", old, place=HERE, doses=fate.doses)
        if box.status != "issued":
            return [to]
        if fate.kind == "return":
            return [back, to]
        if fate.kind == "use":
            given = (fate.doses or 0) - box.used
            if given < 0:
                return None
            used = Movement(0, at_ms, "use", old, doses=given)
            rest = back._replace(doses=box.left - given)
            return [*([used] if given else []), *([rest] if given < box.left else []), to]
        return [Movement(0, at_ms, fate.kind, old), to]

    # Tags.

    def enrol(self, pouch: str, replace: bool = False, moved: Sheet | None = None) -> None:
        """A tag for a pouch: a new one, or a board that was in another pouch until now."""
        tag = f"{len(self.book.sheets) + 1:016x}"
        was = {"was": moved.tag} if moved else None
        self.store.enrol_tag(tag, pouch, TagKeys.random(), self.now, lambda: was, replace)
        for each in self.book.sheets:
            each.retired = each.retired or each.pouch == pouch or each is moved
        self.book.sheets.append(Sheet(tag, pouch, self.now, self.random.uniform(0.991, 1.009)))
        self.told.append(f"tag {tag[-2:]} in {pouch} ({self.now - T0})")

    def tags(self) -> None:
        """A pouch gets a tag, or another one, or loses it."""
        pouch = self.random.choice(POUCHES)
        here = next((each for each in self.book.sheets if each.pouch == pouch and not each.retired), None)
        others = [each for each in self.book.sheets if not each.retired and each is not here]
        if here is not None and self.random.random() < 0.3:
            self.store.retire_tag(here.tag, self.now)
            here.retired = True
            self.told.append(f"tag {here.tag[-2:]} out of {pouch} ({self.now - T0})")
            return
        moved = self.random.choice(others) if others and self.random.random() < 0.2 else None
        self.enrol(pouch, here is not None, moved)

    def _sheet(self) -> Sheet:
        return self.random.choice(self.book.sheets)

    def reboot(self) -> None:
        """Somebody changes a tag's cell: how long it was without power, its log does not tell."""
        self._sheet().start(self.now)

    def _open_at_times(self, pouch: str | None) -> None:
        here = [each for each in self.book.sheets if each.pouch == pouch and not each.retired]
        if here and self.random.random() < 0.4:
            self.now += self.random.randrange(self.random.choice([2, SECOND, MINUTE]))
            self._open(here[0])
            self.now += self.random.randrange(self.random.choice([2, SECOND, MINUTE]))

    def open(self) -> None:
        """Somebody opens a pouch."""
        here = [each for each in self.book.sheets if not each.retired]
        if here:
            self._open(self.random.choice(here))

    def _open(self, sheet: Sheet) -> None:
        self.told.append(f"open {sheet.pouch} ({self.now - T0})")
        sheet.write(record.LID_OPEN, self.now)
        self.now += self.random.randrange(20 * SECOND)
        sheet.write(record.LID_CLOSE, self.now)

    def dock(self) -> None:
        """A tag docks, be it one that is out of use."""
        self._dock(self._sheet())

    def _dock(self, sheet: Sheet) -> None:
        """Some dockings bring no clock, or break off before the end of the log, or are never finished."""
        whole = self.random.random() < 0.85
        part = sheet.log if whole else sheet.log[: self.random.randrange(len(sheet.log) + 1)]
        docking = self.store.begin_docking(sheet.tag, self.now)
        if self.random.random() < 0.93:
            told = StatusTold(sheet.boot, sheet.uptime_ms(self.now), self.now, 50, 3900, 80, sheet.sequence)
            self.store.set_status(docking, told)
        added = self.store.add_events(docking, sheet.tag, [row for _, row, _ in part])
        if whole or self.random.random() < 0.7:
            self.store.finish_docking(docking, self.now + 900, "complete" if whole else "failed", None, added)
        for sequence, _, opened_ms in part:
            if opened_ms is not None:
                self.book.openings[sheet.tag, sequence] = Truth(sheet.pouch, opened_ms)
        sheet.log = sheet.log[len(part) :]
        self.now += SECOND
        self.told.append(f"dock {sheet.pouch}, tag {sheet.tag[-2:]}, {len(part)} records ({self.now - T0})")
        # Often it is the next movement that has to look into the log first.
        self.when = None
        if self.random.random() < 0.7:
            self._look()

    def say(self) -> None:
        """An officer says why a pouch was opened, who carried it or not; no use, since doses are another matter."""
        if self.when:
            tag, sequence = self.random.choice(list(self.when))
            cause = self.random.choice(["training", "inspection", "accidental"])
            carried = sorted((self._officers() or {})[tag, sequence])
            officer = self.random.choice([*3 * carried, *OFFICERS])
            self.store.add_explanation(tag, sequence, officer, cause, None, self.now)

    def _look(self) -> None:
        """Notes when the openings were, as far as the store knows: a docking narrows that down."""
        self.when = {
            (each.tag, each.sequence): When(each.began.earliest_ms, each.began.latest_ms)
            for each in self.store.openings()
        }

    # What is true in the end.

    def compare(self) -> None:
        """All that is about custody, and whether it was kept up as it should."""
        self._compare_openings()
        self._compare_kits()
        self._compare_pouches()
        if self.random.random() < 0.5:
            self.count["recomputed"] += 1
            if self.store.rolled_up() != self.store.recompute():
                self.differs("what is kept is not what the whole history gives")

    def _compare_openings(self) -> None:
        kept = self.store.openings()
        if kept != whole.openings(self.store.picture()):
            self.differs("the openings that are kept are not those of the whole history")
        found = {(each.tag, each.sequence): each for each in kept}
        if found.keys() != self.book.openings.keys():
            self.differs(f"openings {sorted(found)}, not {sorted(self.book.openings)}")
        for key, each in found.items():
            truth = self.book.openings[key]
            officers, kits = self.book.who_opened(truth.pouch, each.began.earliest_ms, each.began.latest_ms)
            self.count["openings"] += 1
            self.count["openings of one or another"] += len(officers) > 1 or len(kits) > 1
            if each.pouch != truth.pouch or each.name != self._name(*key):
                self.differs(f"opening {key} is called {each.name} of {each.pouch}")
            if (set(each.officers), set(each.kits)) != (officers, kits):
                self.differs(
                    f"opening {each.name} at {truth.at_ms - T0}: {each.officers} {each.kits}, not {officers} {kits}"
                )
            if not each.began.earliest_ms <= truth.at_ms <= each.began.latest_ms:
                self.differs(f"opening {each.name} was at {truth.at_ms}, not within {each.began}")
            there, inside = self.book.who_opened(truth.pouch, truth.at_ms, truth.at_ms)
            if not (there <= set(each.officers) and inside <= set(each.kits)):
                self.differs(f"opening {each.name} was by {there} with {inside}, not {each.officers} {each.kits}")

    def _compare_kits(self) -> None:
        for kit, page in self.book.pages.items():
            state, box = self.store.state(kit), page.box
            found = (
                state[:4],
                state.doses_left,
                state.doses_used,
                state.doses_unaccounted,
                state.quarantine is not None,
            )
            if found != (box.where, box.left, box.used, box.missing, box.kept_back):
                self.differs(f"kit {kit} is {found}, not {box}")
            if state.since_ms != page.since_ms:
                self.differs(f"kit {kit} is {box.where} since {page.since_ms - T0}, not {state.since_ms - T0}")

    def _compare_pouches(self) -> None:
        """Who had each pouch with which kit, at every instant at which anything was written, and beside it."""
        written = {line.at_ms for page in self.book.pages.values() for line in page.lines}
        written |= {self.random.randrange(T0, self.now + 1) for _ in range(20)}
        instants = sorted({at + by for at in written for by in (-1, 0, 1)} | {T0, self.now, self.now + 7 * DAY})
        rows = self.store.rows("SELECT kit, status, officer, place, pouch, since_ms, until_ms FROM custody")
        custody = _at(instants, [(row[:5], row[5], row[6]) for row in rows])
        holdings = _at(
            instants,
            [
                ((each.kit, each.status, each.officer, each.place, each.pouch), each.since_ms, each.until_ms)
                for each in self.store.picture().holdings()
            ],
        )
        spans = [each for page in self.book.pages.values() for each in page.spans()]
        had = _at(instants, [((each.kit, *each.box.where), each.since_ms, each.until_ms) for each in spans])
        self._same(instants, custody, had, "custody")
        self._same(instants, holdings, [{each for each in then if each[1] == "issued"} for then in had], "holdings")

    def _same(self, instants: list[int], found: list[set[Row]], expected: list[set[Row]], what: str) -> None:
        self.count["instants"] += len(instants)
        for at_ms, one, other in zip(instants, found, expected, strict=True):
            if one != other:
                self.differs(
                    f"{what} at {at_ms - T0}: {sorted(one - other, key=str)}, not {sorted(other - one, key=str)}"
                )
                return


def _at(instants: list[int], stretches: Iterable[tuple[Row, int, int | None]]) -> list[set[Row]]:
    """What was true at each instant."""
    found: list[set[Row]] = [set() for _ in instants]
    for row, since_ms, until_ms in stretches:
        end = len(instants) if until_ms is None else bisect_left(instants, until_ms)
        for then in found[bisect_left(instants, since_ms) : end]:
            then.add(row)
    return found


def _short(new: Movement) -> str:
    """A movement on one line, for the person who looks into a difference."""
    facts = [new.officer, new.place, new.pouch, new.doses, f"of {new.corrects}" if new.corrects else None]
    return f"{new.kind} {new.kit} {' '.join(str(each) for each in facts if each is not None)} at {new.at_ms - T0}"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A station with its people and places, to be copied: making one anew takes longer than many a history."""
    folder = tmp_path / "template"
    folder.mkdir()
    with Store.create(folder / "station.db", HERE, "Europe/London", False, T0) as store:
        store.add_place("South", "station", None, T0)
        store.add_place(CAR, "vehicle", None, T0)
        for officer in OFFICERS:
            store.add_officer(officer, date(2026, 5, 1), T0)
    return folder


@pytest.mark.timeout(3600)
def test_store_says_who_had_which_pouch_with_which_kit_as_a_notebook_does(
    tmp_path: Path, template: Path, tell: Tell, request: pytest.FixtureRequest
) -> None:
    seed = int(os.environ.get("KITDOCK_SEED", SEED))
    histories = HISTORIES if request.config.getoption("exhaustive") else SAMPLE
    count: Counter[str] = Counter()
    differing: list[tuple[int, list[str], list[str]]] = []
    for number in range(histories):
        random = Random(f"{seed}:{number}")
        folder = tmp_path / "station"
        shutil.copytree(template, folder)
        with Store.open(folder / "station.db") as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            history = History(store, random, count)
            history.play(random.choice([10, 30, 60, 100]))
        shutil.rmtree(folder)
        if history.differences:
            differing.append((number, history.differences, history.told))
    differences = sum(len(each) for _, each, _ in differing)
    refused = [number for what, number in count.items() if what.startswith("refused")]
    tell(
        f"custody, KITDOCK_SEED={seed}: {histories} histories, {count['movements']} movements ({count['reversed']} "
        f"reversed, {count['back-dated']} back-dated), {count['openings']} openings "
        f"({count['openings of one or another']} with several possible), {sum(refused)} refusals; "
        f"differences: {differences}"
    )
    if differing:
        number, found, told = min(differing, key=lambda each: len(each[2]))
        pytest.fail("\n".join([f"the shortest of {len(differing)} that differ, history {number}:", *told, *found]))
    rare = ("uses reversed later", "receipts reversed", "replaced", "reassigned", "openings of one or another")
    assert all(count[each] for each in (*rare, *(f"refused {why}" for why in REASONS if why != "none"))), count


def test_a_wrong_entry_is_reversed_although_the_pouch_was_with_somebody_in_the_meantime(
    tmp_path: Path, template: Path
) -> None:
    with Store.open(template / "station.db") as store:
        store.enrol_tag(f"{1:016x}", "P1", TagKeys.random(), T0, lambda: None)
        store.receive([Incoming(kit, "Naloxone 1.8 mg", "A1", date(2028, 1, 31), DOSES) for kit in ("K1", "K2")], T0)
        # K1 lies ready in the pouch all the time.
        store.move(Movement(0, T0, "load", "K1", pouch="P1"))
        store.issue_kit("K2", "4101", "P1", T0 + HOUR)
        store.return_kit("K2", T0 + 2 * HOUR, doses=DOSES)
        store.issue_kit("K1", "4102", None, T0 + 3 * HOUR)
        store.move(Movement(0, T0 + 4 * HOUR, "correct", "K1", reason="it was not for 4102"))
        assert store.state("K1")[:4] == ("in_stock", None, HERE, "P1")
        assert not [each for each in store.picture().holdings() if each.officer == "4102"]
