"""A force of 60 at three stations, day after day, with its own record of who really had which pouch, kit and tag.

The record is kept by hand and never asks the station: what the station makes of the openings is compared with it. Each
tag's clock has a pace of its own, as a real one has.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple
from unittest.mock import patch

import click
from click.testing import CliRunner

from host import clock, forms
from host.access.vault import TagKeys
from host.cli import asking
from host.cli.root import root
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, dock
from host.ledger import Movement
from host.ledger.movement import IN_STOCK, ISSUE, ISSUED, TRANSFER
from host.link.gatt import Link
from host.service.replacing import Fate
from host.sim.force import ANSWERS
from host.store.database import Database
from host.store.stock import Incoming
from host.usage.openings import Opening
from host.usage.reports import USED
from tests.e2e.month import DAY_MS, HOUR_MS, Month
from tests.memory_tag import MemoryLink, MemoryTag
from tests.station import Store

BEGAN_MS = 1_780_268_400_000
"""Midnight in London on 1 June 2026."""

MINUTE_MS = 60_000
DAYS = 28
STATIONS = ("Central", "Northgate", "Southgate")
OFFICERS = 20
"""At each station: 14 have a pouch of their own, six share three, one of two officers after the other."""

OWN = 14
SHELF = 34
"""Kits on each station's shelf when all pouches are filled."""

WRONG_BY = 0.004
"""No tag's clock is further off than this, of each second; docs/station.md allows for more."""

CAUSES = ("training", "inspection", "restocking", "accidental")
ZONE = "Europe/London"
FORM = "england_wales"


class Opened(NamedTuple):
    """An opening as it really was. `officer` had the pouch, `kit` was in it; `cause` and `doses` are the truth of it.

    `officer` is None if nobody had it: then a quartermaster opened it. `empty`: no dose was in it any more.
    """

    at_ms: int
    officer: str | None
    kit: str | None
    cause: str
    doses: int
    empty: bool


class Pouch:
    """A pouch that you can touch, as it really is: the tag that is clipped to it, who has it, the kit inside."""

    def __init__(self, name: str, station: str, shared: tuple[str, ...]) -> None:
        self.name = name
        self.station = station
        self.officers = shared
        self.officer: str | None = None
        self.kit: str | None = None
        self.docks_on = 0
        self.busy = False
        """A use is not dealt with yet: no ordinary hand-over until it is."""


class Force(Month):
    """The force at work, and what really happened.

    `commands`: what people do is typed as they type it; else the store is asked for the same.
    """

    def __init__(self, db: Path, seed: int, commands: bool) -> None:
        super().__init__(db, BEGAN_MS)
        self.random = Random(seed)
        self.commands = commands
        self.pouches: dict[str, Pouch] = {}
        self.left: dict[str, int] = {}
        """Doses that really are in each kit."""
        self.opened: dict[str, list[Opened]] = {}
        """By tag, in the order in which the tag logged them."""
        self.carried: dict[str, list[tuple[int, str | None]]] = {}
        """By tag: since when it was with whom."""
        self.thrown_away: set[str] = set()
        self.reports = 0
        self.store: Store
        self._paces: dict[str, tuple[int, float]] = {}
        self._agenda: list[tuple[int, int, Callable[[], object]]] = []
        self._turn = count()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The clock, the database, and no waiting for the disk: what is tried here is no power cut."""
        connect = Database.connect.__func__  # type: ignore[attr-defined]

        def quick(kind: type[Database], *arguments: object) -> Database:
            opened: Database = connect(kind, *arguments)
            opened.connection.execute("PRAGMA synchronous = OFF")
            return opened

        with self.clock(), patch.object(Database, "connect", classmethod(quick)):
            Store.create(self.db, STATIONS[0], ZONE, False, self.now_ms).close()
            with Store.open(self.db) as self.store:
                yield

    def refused(self, *arguments: str) -> str:
        """Why `kitdock ARGUMENTS` is not done."""
        self.now_ms += 1000
        result = CliRunner().invoke(root, list(arguments), env={"KITDOCK_DB": str(self.db)})
        assert result.exit_code in (1, 2), result.output
        return " ".join(result.output.split())

    # The first day.

    def equip(self) -> None:
        """Three stations, officers, kits; each pouch has a tag, and is with the first of its officers."""
        store, now_ms = self.store, self.now_ms
        for station in STATIONS[1:]:
            store.add_place(station, "station", None, now_ms)
        numbers = count(1)
        for row, station in enumerate(STATIONS):
            first = 4001 + row * OFFICERS
            officers = [str(first + each) for each in range(OFFICERS)]
            for officer in officers:
                store.add_officer(officer, date(2026, 4, 1), now_ms, None, station, "constable")
            kits = [f"K-{next(numbers):03d}" for _ in range(OWN + (OFFICERS - OWN) // 2 + SHELF)]
            boxes = [Incoming(kit, "Naloxone 1.8 mg", "A1", date(2029, 12, 31), 2) for kit in kits]
            store.receive(boxes, now_ms, station)
            self.left |= dict.fromkeys(kits, 2)
            groups = [(each,) for each in officers[:OWN]]
            groups += [(officers[at], officers[at + 1]) for at in range(OWN, OFFICERS, 2)]
            for group in groups:
                self._new_pouch(Pouch(f"P-{group[0][2:]}", station, group))
        self.now_ms += MINUTE_MS
        for pouch in self.pouches.values():
            self.issue(pouch, pouch.officers[0])

    def _new_pouch(self, pouch: Pouch) -> None:
        self.pouches[pouch.name] = pouch
        pouch.docks_on = self.random.randrange(1, 5)
        self.new_tag(pouch)

    def new_tag(self, pouch: Pouch, replace: bool = False) -> None:
        """A tag in the pouch, as `kitdock tag provision` leaves it; the one before goes into the bin."""
        if replace:
            self.thrown_away.add(self.tags[pouch.name].id)
        tag_id, keys = self.random.randbytes(8).hex(), TagKeys.random()
        self.store.enrol_tag(tag_id, pouch.name, keys, self.now_ms, lambda: None, replace)
        self.tags[pouch.name] = MemoryTag(tag_id, keys.session, keys.log)
        self._paces[tag_id] = self.now_ms, 1 + self.random.uniform(-WRONG_BY, WRONG_BY)
        self.opened[tag_id] = []
        self.carried[tag_id] = [(self.now_ms, pouch.officer)]

    def swap_tags(self, one: Pouch, other: Pouch) -> None:
        """Somebody takes both tags off and clips each to the other's pouch. Nobody says so."""
        self.tags[one.name], self.tags[other.name] = self.tags[other.name], self.tags[one.name]
        for each in (one, other):
            self.carried[self.tags[each.name].id].append((self.now_ms, each.officer))

    def _awake(self, pouch: str) -> MemoryTag:
        tag = self.tags[pouch]
        since_ms, pace = self._paces[tag.id]
        tag.time.now_ms = tag.time.memory.started_ms + int((self.now_ms - since_ms) * pace)
        return tag

    # What really happens.

    def hand_to(self, pouch: Pouch, officer: str | None) -> None:
        """Somebody else has the pouch from now on; None: it is in the cupboard."""
        pouch.officer = officer
        self.carried[self.tags[pouch.name].id].append((self.now_ms, officer))

    def opens(self, pouch: Pouch, cause: str, doses: int = 0, marks: int = 0, seconds: int = 240) -> Opened:
        """The pouch is opened and closed again; while it is, time goes on."""
        tag = self._awake(pouch.name)
        empty = pouch.kit is None or self.left[pouch.kit] == 0
        found = Opened(self.now_ms, pouch.officer, pouch.kit, cause, doses, empty)
        self.opened[tag.id].append(found)
        if pouch.kit is not None:
            self.left[pouch.kit] -= min(doses, self.left[pouch.kit])
        tag.lid(True)
        for _ in range(marks):
            self.now_ms += 20_000
            self._awake(pouch.name)
            tag.press()
            tag.release()
        self.now_ms += seconds * 1000
        self._awake(pouch.name)
        tag.lid(False)
        return found

    def docks(self, pouch: Pouch) -> DockingReport:
        """The pouch is in the dock, and what its tag has logged is fetched; nobody is asked."""
        self.now_ms += 1000
        tag = self._awake(pouch.name)
        tag.dock(True)
        with Keeping(self.store) as keeping:
            report = asyncio.run(
                dock(keeping, self.store.tag(tag.id), lambda: self.now_ms, lambda step: None, _reach(tag))
            )
        tag.dock(False)
        assert report.error is None
        return report

    def docks_and_answers(self, pouch: Pouch, *typed: str) -> str:
        """As `docks`, by somebody who types those lines when they are asked; what they were asked."""
        self.docks(pouch)
        tag = self.tags[pouch.name].id

        @click.command()
        def prompt() -> None:
            asking.ask_about(self.store, [tag], forms.DEFAULT)

        asked = CliRunner().invoke(prompt, input="".join(f"{line}\n" for line in typed), catch_exceptions=False)
        assert asked.exit_code == 0, asked.output
        return asked.output

    # What people tell the station.

    def issue(self, pouch: Pouch, officer: str, kit: str | None = None) -> str:
        """A kit goes out in the pouch: that one, or the one that is next. The officer takes it."""
        if self.commands:
            first = [kit] if kit else ["--next", "--station", pouch.station]
            done = self.json("kit", "issue", *first, officer, "--pouch", pouch.name)
            kit = str(done["kits"][0])
        else:
            self.now_ms += 1000
            to = Movement(0, self.now_ms, ISSUE, kit or "", officer, None, pouch.name)
            moved = self.store.move(to) if kit else self.store.issue_next(to, pouch.station, None)
            kit = moved.movement.kit
        assert self.left[kit] == 2, f"kit {kit} went out with {self.left[kit]} doses in it"
        pouch.kit = kit
        self.hand_to(pouch, officer)
        return kit

    def give_back(self, pouch: Pouch, counted: bool) -> str:
        """The kit goes back on the shelf; counted if that is wanted, or the station asks for it."""
        kit = pouch.kit
        assert kit is not None
        counted = counted or kit in self.store.to_count()
        if self.commands:
            doses = ["--doses", str(self.left[kit])] if counted else []
            self.run("kit", "return", kit, "--station", pouch.station, *doses)
        else:
            self.now_ms += 1000
            self.store.return_kit(kit, self.now_ms, self.left[kit] if counted else None, pouch.station)
        pouch.kit = None
        self.hand_to(pouch, None)
        return kit

    def replace(self, pouch: Pouch, *how: str) -> str:
        """The officer gets another kit; what is in the old one is counted, unless `how` says what became of it."""
        officer, old = pouch.officer, pouch.kit
        assert officer is not None and old is not None
        out = self.store.state(old).status == ISSUED
        if self.commands:
            how = how or (("--doses", str(self.left[old])) if out else ())
            done = self.json("kit", "replace", officer, "--station", pouch.station, *how)
            kit = str(done["kits"][-1])
        else:
            self.now_ms += 1000
            fate = Fate(doses=self.left[old]) if out else Fate()
            kit = self.store.replace(officer, None, fate, self.now_ms, pouch.station)[-1].movement.kit
        assert self.left[kit] == 2, f"kit {kit} went out with {self.left[kit]} doses in it"
        pouch.kit = kit
        return kit

    def tell_why(self, opening: Opening, was: Opened) -> None:
        """Who was there says why the pouch was opened, and how many doses were given."""
        if self.commands:
            who = ["--officer", was.officer] if was.officer is not None else ["--myself"]
            doses = ["--doses", str(was.doses)] if was.cause == USED else []
            self.run("openings", "explain", opening.name, "--cause", was.cause, *who, *doses)
        else:
            self.now_ms += 1000
            self.store.add_explanation(
                opening.tag, opening.sequence, was.officer, was.cause, was.doses or None, self.now_ms
            )

    def report(self, was: Opened, opening: Opening | None, resupply: bool, doses: int | None = None) -> int:
        """Who gave it files the usage report: on the opening, or before the pouch has docked; its number."""
        assert was.officer is not None
        self.reports += 1
        answers = {
            **ANSWERS,
            "resupply_needed": resupply,
            "incident_at": clock.iso(was.at_ms, ZONE),
            "doses": doses or was.doses,
        }
        if not resupply:
            del answers["resupply_kits"]
        kit = was.kit if opening is not None and len(opening.kits) > 1 else None
        if not self.commands:
            self.now_ms += 1000
            return self.store.file_report(FORM, opening, was.officer, answers, self.now_ms, kit).id
        how = [*(["--opening", opening.name] if opening else []), *(["--kit", kit] if kit else [])]
        typed = json.dumps(answers)
        filed = self.run(
            "usage", "file", "--officer", was.officer, *how, "--answers", "-", "--format", "json", input=typed
        )
        return int(json.loads(filed)["id"])

    # Openings, as the station has them and as they were.

    def known(self, tag: str) -> list[tuple[Opening, Opened]]:
        """The openings of a tag that have docked, each with what it really was: a tag keeps their order."""
        found = sorted(self.store.openings(tag), key=lambda each: each.sequence)
        assert len(found) <= len(self.opened[tag])
        return list(zip(found, self.opened[tag], strict=False))

    def explain_all(self, pouch: Pouch) -> None:
        """For every opening that has docked, and for which nobody has given a reason, somebody gives one."""
        for opening, was in self.known(self.tags[pouch.name].id):
            if opening.explanation is None and not opening.reports:
                self.tell_why(opening, was)

    def wrong(self, at_the_end: bool = False) -> list[str]:
        """The openings that the station gives to an officer who did not have the pouch then, or not to who had it.

        At the end every opening must have docked, but those of tags that were thrown away.
        """
        found = []
        for tag, all_of_it in self.opened.items():
            known = self.known(tag)
            assert not at_the_end or len(known) == len(all_of_it) or tag in self.thrown_away
            for opening, was in known:
                assert opening.began.earliest_ms <= was.at_ms <= opening.began.latest_ms, f"{opening}: {was}"
                had = self._had(tag, opening.began.earliest_ms, opening.began.latest_ms)
                # The ledger knows pouches by the kits in them: one whose kit is used up is with nobody.
                nobodys = was.officer is None or (was.empty and not opening.officers)
                true = nobodys or was.officer in opening.officers
                if not true or not set(opening.officers) <= had:
                    found.append(f"{opening.name}: {opening.officers}, not {was.officer}")
        return found

    def _had(self, tag: str, earliest_ms: int, latest_ms: int) -> set[str | None]:
        """Everybody who had a tag at some time between two instants."""
        stretches = self.carried[tag]
        ends = [since_ms for since_ms, _ in stretches[1:]] + [latest_ms + 1]
        # A command is typed a few seconds before or after the pouch changes hands.
        near = 5000
        return {
            officer
            for (since_ms, officer), end_ms in zip(stretches, ends, strict=True)
            if since_ms - near <= latest_ms and end_ms + near > earliest_ms
        }

    # Ordinary life.

    def plan(self, at_ms: int, what: Callable[[], object]) -> None:
        """Something that is done at its time."""
        heapq.heappush(self._agenda, (at_ms, next(self._turn), what))

    def on(self, day: int, hour: float) -> int:
        """That hour of a day, in Unix milliseconds."""
        return self.began_ms + day * DAY_MS + round(hour * HOUR_MS)

    def live(self, until_ms: int) -> None:
        """All that is planned until then, in order."""
        while self._agenda and self._agenda[0][0] < until_ms:
            at_ms, _, what = heapq.heappop(self._agenda)
            self.now_ms = max(self.now_ms + 1000, at_ms)
            what()
        self.now_ms = max(self.now_ms, until_ms)

    def plan_day(self, day: int, pouches: Iterable[Pouch]) -> None:
        """What an ordinary day brings: training, inspections, hand-overs, kits that come back, a use, dockings."""
        chance = self.random.random
        for pouch in pouches:
            if chance() < 0.2:
                self.plan(self._some_time(day), lambda pouch=pouch: self._ordinary_opening(pouch))
            if len(pouch.officers) > 1 and chance() < 0.5:
                self.plan(self.on(day, 19), lambda pouch=pouch: self._hand_over(pouch))
            elif chance() < 0.04:
                self.plan(self.on(day, 18.5), lambda pouch=pouch, day=day: self._overnight(pouch, day))
            # What a use brings is done within two days: on the last days of a week there is none.
            if day % 7 < 4 and chance() < 0.03:
                self.plan(self._some_time(day), lambda pouch=pouch: self._use(pouch))
            if day >= pouch.docks_on:
                self.plan(self.on(day, 15 + 2 * chance()), lambda pouch=pouch: self._ordinary_docking(pouch))
                pouch.docks_on = day + self.random.randrange(3, 7)
        if chance() < 0.3:
            self.plan(self.on(day, 11), self._transfer)

    def _some_time(self, day: int) -> int:
        return self.on(day, self.random.uniform(8, 18.4))

    def _ordinary_opening(self, pouch: Pouch) -> None:
        if pouch.officer is not None:
            self.opens(pouch, self.random.choice(CAUSES), seconds=self.random.randrange(5, 400))

    def _ordinary_docking(self, pouch: Pouch) -> None:
        waiting = self.opened[self.tags[pouch.name].id][len(self.store.openings(self.tags[pouch.name].id)) :]
        mine = all(each.officer == pouch.officer and each.cause != USED for each in waiting)
        if pouch.officer is None or not mine or self.store.missing_reports(pouch.officer):
            self.docks(pouch)
        elif waiting:
            # The officer says who it is, and why it was opened.
            self.docks_and_answers(pouch, pouch.officer, *(each.cause for each in waiting))
        else:
            self.docks_and_answers(pouch)
        self.explain_all(pouch)

    def _hand_over(self, pouch: Pouch) -> None:
        """The end of a shift: the pouch goes to the other officer, with the same kit or the next."""
        if pouch.officer is None or pouch.busy:
            return
        (other,) = set(pouch.officers) - {pouch.officer}
        counted = self.random.random() < 0.6
        kit = self.give_back(pouch, counted)
        counted = kit not in self.store.to_count()
        self.issue(pouch, other, kit if counted and self.left[kit] == 2 and self.random.random() < 0.7 else None)

    def _overnight(self, pouch: Pouch, day: int) -> None:
        """A kit comes back at the end of a shift and goes out again in the morning; in between somebody restocks."""
        if pouch.officer is None or pouch.busy:
            return
        officer = pouch.officer
        kit = self.give_back(pouch, counted=self.random.random() < 0.5)
        if self.random.random() < 0.3:
            self.plan(self.on(day + 1, 6.5), lambda: self._restock(pouch))
        same = kit if self.left[kit] == 2 else None
        self.plan(self.on(day + 1, 7), lambda: self._out_again(pouch, officer, same))

    def _restock(self, pouch: Pouch) -> None:
        self.opens(pouch, "restocking")

    def _out_again(self, pouch: Pouch, officer: str, kit: str | None) -> None:
        there = kit is not None and kit not in self.store.to_count() and self.store.state(kit).place == pouch.station
        self.issue(pouch, officer, kit if there else None)

    def _use(self, pouch: Pouch) -> None:
        """Naloxone is given: the pouch docks, it is reported, the kit is replaced; in any order, within a day.

        A pouch that is shared is handed over instead, with another kit in it.
        """
        if pouch.officer is None or pouch.busy:
            return
        pouch.busy = True
        doses = self.random.choice((1, 1, 2))
        was = self.opens(pouch, USED, doses, self.random.choice((0, doses)))
        minutes = {name: self.random.randrange(10, 20 * 60) for name in ("docking", "report", "replacement")}
        tag = self.tags[pouch.name].id
        number = len(self.opened[tag]) - 1
        (other,) = set(pouch.officers) - {pouch.officer} or {None}
        self.plan(self.now_ms + minutes["docking"] * MINUTE_MS, lambda: self._ordinary_docking(pouch))
        self.plan(self.now_ms + minutes["report"] * MINUTE_MS, lambda: self._report_use(tag, number, was, not other))
        self.plan(self.now_ms + minutes["replacement"] * MINUTE_MS, lambda: self._replace_used(pouch, other))
        self.plan(self.now_ms + 21 * HOUR_MS, lambda: setattr(pouch, "busy", False))

    def _report_use(self, tag: str, number: int, was: Opened, resupply: bool) -> None:
        known = self.known(tag)
        self.report(was, known[number][0] if number < len(known) else None, resupply)

    def _replace_used(self, pouch: Pouch, other: str | None) -> None:
        if other is None:
            self.replace(pouch)
        else:
            self.give_back(pouch, counted=True)
            self.issue(pouch, other)

    def _transfer(self) -> None:
        """A station that has plenty sends a kit to another."""
        here, there = self.random.sample(STATIONS, 2)
        found = self.store.next_kits(here, None, 1, self.now_ms)
        if not found:
            return
        if self.commands:
            self.run("kit", "transfer", found[0].kit, there)
        else:
            self.store.move(Movement(0, self.now_ms, TRANSFER, found[0].kit, place=there))

    def all_dock(self, pouches: Iterable[Pouch]) -> None:
        """The last evening: every pouch comes to the dock once more."""
        for pouch in pouches:
            self._ordinary_docking(pouch)

    # What is left at the end.

    def unusable(self) -> list[str]:
        """Kits on the shelf that are truly whole, and cannot be handed out."""
        due = self.store.to_count()
        found = []
        for each in self.store.kit_states():
            kit = each.kit.id
            if each.state.status == IN_STOCK and self.left[kit] == 2:
                ready = {one.kit for one in self.store.next_kits(each.state.place, None, 999, self.now_ms)}
                if kit in due or kit not in ready:
                    found.append(f"{kit}: {due.get(kit)}")
        return found

    def questions(self) -> list[dict[str, object]]:
        """What `kitdock reconcile` asks."""
        rows: list[dict[str, object]] = self.json("reconcile")
        return rows


@asynccontextmanager
async def _reach(tag: MemoryTag) -> AsyncIterator[Link]:
    yield MemoryLink(tag)


def lines(rows: Sequence[dict[str, object]]) -> str:
    """Questions, for who reads why a test has failed."""
    return "\n".join(
        f"{each['kind']} {each['kit']} {each['pouch']} {each['officer']}: {each['evidence']}" for each in rows
    )
