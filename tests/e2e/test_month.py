"""A month in the life of a force of 200 officers, on the real commands: it ends with what was planted, and no more.

Stock is received by scanner and by file, kits are issued, docked, used, replaced, lost and found, a lot is recalled
and another expires, an officer leaves, and the shelf is counted with three differences. The ledger balances at every
day's end, against a tally that the script keeps by itself.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from host.access.vault import TagKeys
from host.sim.force import ANSWERS
from host.sim.station import VirtualStation
from kitwire.keys import TAG_ID_SIZE
from tests.e2e.month import DAY_MS, Month, found
from tests.station import Store
from tests.telling import Tell

KITDOCK = Path(sys.executable).parent / "kitdock"

OFFICERS = 200
DAYS = 30
DOCKS_EVERY = 6
"""Days from one docking of a pouch to the next."""

TRAINED = datetime.now(UTC).date() - timedelta(days=40)
GTIN = "09506000134352"
PRODUCT = "Naloxone 1.8 mg"

RECALLED, EXPIRING, PLAIN = "C3", "B2", "A1"
"""Lots: the first is recalled on day 16, the kits of the second expire on day 20."""


def officer(number: int) -> str:
    return str(4000 + number)


def pouch(number: int) -> str:
    return f"P-{number:03d}"


def kit(number: int) -> str:
    return f"K-{number:04d}"


class Planted(NamedTuple):
    """A discrepancy that the script has made: its kind, and what it must name."""

    kind: str
    kit: str | None
    pouch: str | None
    officer: str | None


class Force:
    """The script: what happens on which day, and the tally of kits and doses that it keeps by itself."""

    def __init__(self, month: Month, folder: Path) -> None:
        self.month = month
        self.folder = folder
        self.carries = {number: kit(number) for number in range(1, OFFICERS + 1)}
        self.kits: Counter[str] = Counter()
        self.doses_used = 0
        self.doses_unaccounted = 0
        self.next_kit = OFFICERS + 1
        self.stays_away: set[int] = set()
        self.planted: list[Planted] = []

    # The first day.

    def first_day(self) -> None:
        """Officers, products, kits by file and by scanner; every officer gets a kit in a pouch."""
        month = self.month
        found(month, self.folder)
        today = datetime.fromtimestamp(month.now_ms / 1000, UTC).date()
        self._officers(today)
        month.run("product", "add", PRODUCT, "--gtin", GTIN, "--doses", "2")
        self._received(today)
        month.enrol(*(pouch(number) for number in range(1, OFFICERS + 1)))
        for number in range(1, OFFICERS + 1):
            month.run("kit", "issue", kit(number), officer(number), "--pouch", pouch(number))
        month.run("kit", "transfer", kit(240), kit(241), kit(242), "Northgate")
        month.run("kit", "issue", kit(239), "--place", "Cells")
        self.kits += Counter(issued=OFFICERS + 1, in_stock=-OFFICERS - 1)

    def _officers(self, today: date) -> None:
        lines = ["officer,trained,unit,station,role"]
        for number in range(1, OFFICERS + 1):
            # One training runs out on the fifth day of the month: that is planted.
            days = 360 if number == 77 else 100
            trained = today - timedelta(days=days)
            lines.append(f"{officer(number)},{trained},Unit {number % 8},Central,constable")
        file = self.folder / "officers.csv"
        file.write_text("\n".join(lines) + "\n")
        self.month.run("officer", "import", str(file), "--dry-run")
        self.month.run("officer", "import", str(file))

    def _received(self, today: date) -> None:
        expiries = {
            PLAIN: today + timedelta(days=900),
            EXPIRING: today + timedelta(days=20),
            RECALLED: today + timedelta(days=800),
        }
        lines = ["kit,product,lot,expires"]
        for number in range(1, OFFICERS + 1):
            lot = EXPIRING if number % 20 == 3 else RECALLED if number % 20 == 7 else PLAIN
            lines.append(f"{kit(number)},{PRODUCT},{lot},{expiries[lot]}")
        file = self.folder / "kits.csv"
        file.write_text("\n".join(lines) + "\n")
        self.month.run("stock", "import", str(file), "--dry-run")
        self.month.run("stock", "import", str(file), "--document", "DN 1001")
        scans = [f"]d201{GTIN}17{expiries[PLAIN]:%y%m%d}10{PLAIN}\x1d21S{number:05d}" for number in range(60)]
        # A beep too many, which is taken back.
        scans += [scans[0].replace("S00000", "S99999"), "undo"]
        self.month.run("stock", "receive", "--document", "DN 1002", input="\n".join(scans) + "\n")
        self.kits["in_stock"] = OFFICERS + 60

    # What happens on a day.

    def play(self, day: int) -> None:
        """One day: what the story has for it, then the dockings, then the day's end."""
        self.month.to(day, 9)
        story = STORY.get(day)
        if story is not None:
            story(self)
        self.month.to(day, 17)
        for number in range(1, OFFICERS + 1):
            if (number + day) % DOCKS_EVERY == 0 and number not in self.stays_away and number in self.carries:
                self.opened_for_training(number, day)
                assert self.month.dock(pouch(number)).error is None
                if number % 10 == day % 10:
                    self.month.explain(pouch(number), "training")
        self.month.to(day, 23)
        self.balances()

    def opened_for_training(self, number: int, day: int) -> None:
        """Some pouches are opened in training on the day they dock."""
        if number % 10 == day % 10:
            self.month.open(pouch(number))

    def balances(self) -> None:
        """The ledger's balance agrees with the tally."""
        found = self.month.json("stock", "balance")
        counted: Counter[str] = Counter()
        for row in found["kits"]:
            counted[row["status"]] += row["kits"]
        assert counted == {status: count for status, count in self.kits.items() if count}
        (doses,) = found["doses"]
        assert doses["balances"]
        assert doses["received"] == 2 * self.kits.total() == doses["left"] + doses["used"] + doses["unaccounted"]
        assert (doses["used"], doses["unaccounted"]) == (self.doses_used, self.doses_unaccounted)

    def replaced(self, number: int, *how: str) -> None:
        """The officer gets the kit that expires first."""
        done = self.month.json("kit", "replace", officer(number), *how)
        self.carries[number] = done["kits"][-1]

    def uses(self, number: int, doses: int) -> None:
        """The officer gives doses to a person, docks, reports."""
        self.month.open(pouch(number), marks=doses)
        assert self.month.dock(pouch(number)).error is None
        self.month.report(pouch(number), ANSWERS)
        self.doses_used += doses


def two_uses(force: Force) -> None:
    """Both doses each: the kits are used up, and replaced the same day."""
    for number in (11, 22):
        force.uses(number, 2)
        force.replaced(number)
        force.kits += Counter(used=1, in_stock=-1)


def one_dose(force: Force) -> None:
    """One dose of two: the kit comes back with the other."""
    force.uses(33, 1)
    force.replaced(33, "--doses", "1")


def dose_missing(force: Force) -> None:
    """Planted: one dose is reported, and none comes back."""
    force.uses(44, 1)
    old = force.carries[44]
    force.replaced(44, "--doses", "0")
    force.doses_unaccounted += 1
    force.planted.append(Planted("doses_differ", old, None, None))


def lost_and_found(force: Force) -> None:
    """A kit is lost and replaced; two days later another is lost and found."""
    force.replaced(55, "--lost", "--reason", "not in the car after the search")
    force.kits += Counter(lost=1, in_stock=-1)


def found_again(force: Force) -> None:
    force.month.run("kit", "find", kit(55), "--reason", "under the seat")
    force.month.run("kit", "issue", kit(55), officer(90), status=1)
    force.month.run("kit", "count", kit(55), "--doses", "2")
    force.kits += Counter(lost=-1, in_stock=1)


def left_behind(force: Force) -> None:
    """With a person at risk."""
    force.replaced(66, "--left-behind")
    force.kits += Counter(left_behind=1, in_stock=-1)


def wrong_return(force: Force) -> None:
    """A return typed for the wrong kit is reversed."""
    force.month.run("kit", "return", kit(88))
    force.month.run("kit", "correct", kit(88), "--reason", "the wrong kit")


def warm_car(force: Force) -> None:
    """A temperature excursion: set aside, looked at, released."""
    force.month.run("kit", "quarantine", kit(230), "--reason", "found at 45 degrees")
    force.month.run("kit", "issue", kit(230), officer(90), status=1)
    force.month.run("kit", "release", kit(230), "--reason", "the maker says it is good")


def leaver(force: Force) -> None:
    """An officer leaves and gives the kit back; the pouch docks no more, so the kit is counted."""
    force.month.run("officer", "leave", officer(150))
    force.month.run("kit", "return", force.carries.pop(150), "--doses", "2")
    force.kits += Counter(issued=-1, in_stock=1)


def recall(force: Force) -> None:
    """A lot is recalled: all that carry it are found in one command, and get another kit, but one."""
    held = force.month.json("recall", "mark", RECALLED, "--reason", "notice 2026-07", "--document", "N-7")
    carried = {row["officer"] for row in held if row["officer"]}
    assert carried == {officer(number) for number in range(7, OFFICERS + 1, 20)}
    for number in range(7, OFFICERS + 1, 20):
        if number != 107:
            force.replaced(number)
    force.planted.append(Planted("recalled_carried", kit(107), pouch(107), officer(107)))


def expiry(force: Force) -> None:
    """Kits are about to expire: all are replaced, but one; the old ones are destroyed."""
    rows = force.month.json("expiry", "--within", "10")
    assert {row["kit"] for row in rows if row["officer"]} == {kit(number) for number in range(3, OFFICERS + 1, 20)}
    old = []
    for number in range(3, OFFICERS + 1, 20):
        if number != 143:
            old.append(force.carries[number])
            force.replaced(number)
    force.month.run("kit", "destroy", *old, "--reason", "expiring", "--document", "C-12")
    force.kits += Counter(destroyed=len(old), in_stock=-len(old))
    force.planted.append(Planted("expired_carried", kit(143), pouch(143), officer(143)))


def stays_away(force: Force) -> None:
    """Planted: a pouch that docks no more."""
    force.stays_away.add(199)
    force.planted.append(Planted("not_docked", kit(199), pouch(199), officer(199)))


def nobody_says_why(force: Force) -> None:
    """Planted: an opening without an explanation; and a training that ran out."""
    force.month.open(pouch(101))
    assert force.month.dock(pouch(101)).error is None
    force.planted.append(Planted("opening_unexplained", kit(101), pouch(101), officer(101)))
    force.planted.append(Planted("training_lapsed", kit(77), pouch(77), officer(77)))


def altered_record(force: Force) -> None:
    """Planted: one byte of a log is changed before it is collected."""
    tag = force.month.tags[pouch(120)]
    force.month.open(pouch(120), seconds=5)
    sequence = tag.log.last
    tag.flash.bytes[tag.place_of(sequence) + 18] ^= 0x10
    force.month.dock(pouch(120))
    force.month.explain(pouch(120), "inspection")
    force.planted.append(Planted("record_tampered", kit(120), pouch(120), officer(120)))


STORY: dict[int, Callable[[Force], None]] = {
    2: two_uses,
    4: one_dose,
    6: dose_missing,
    8: lost_and_found,
    9: left_behind,
    10: found_again,
    11: wrong_return,
    12: warm_car,
    13: leaver,
    15: expiry,
    16: recall,
    18: stays_away,
    26: nobody_says_why,
    28: altered_record,
}
"""What happens as well as the dockings, by day."""


def count_the_shelf(force: Force) -> None:
    """The last day: all that is in stock at Central is scanned, but for three differences."""
    month = force.month
    in_stock = {row["kit"] for row in month.json("kit", "list", "--status", "in-stock", "--place", "Central")}
    missing, unexpected, wrong_place = kit(250), kit(5), kit(240)
    assert missing in in_stock and unexpected not in in_stock and wrong_place not in in_stock
    month.run("stocktake", "start")
    shelf = sorted(in_stock - {missing} | {unexpected, wrong_place})
    half = len(shelf) // 2
    month.run("stocktake", "scan", input="\n".join(shelf[:half]) + "\n")
    # A break; then somebody else goes on.
    month.run("stocktake", "scan", "--counter", "second", input="\n".join(shelf[half:]) + "\n")
    differences = month.json("stocktake", "result")
    assert {(row["kind"], row["kit"]) for row in differences} == {
        ("missing", missing), ("unexpected", unexpected), ("wrong_place", wrong_place)
    }  # fmt: skip
    month.run("stocktake", "close", status=1)
    reasons = [("missing", missing), ("unexpected", unexpected), ("wrong_place", wrong_place)]
    month.run("stocktake", "close", *(f"--reason={kind}:{label}=asked, not known yet" for kind, label in reasons))
    for kind, label in reasons:
        force.planted.append(Planted(f"stocktake_{kind}", label, None, None))


async def two_more_on_the_radio(force: Force) -> None:
    """Two officers come from elsewhere, with tags that run the real firmware; `kitdock dock` fetches their logs."""
    month = force.month
    async with VirtualStation(datetime.fromtimestamp(month.now_ms / 1000, UTC)) as station:
        tags = []
        for number in (201, 202):
            tag_id, keys = secrets.token_hex(TAG_ID_SIZE), TagKeys.random()
            tag = await station.add_tag(pouch(number))
            with Store.open(month.db) as store:
                store.enrol_tag(tag_id, pouch(number), keys, month.now_ms, partial(tag.enrol, tag_id, *keys))
            await tag.settle()
            month.run("officer", "add", officer(number), "--trained", str(TRAINED))
            month.run("kit", "issue", "--next", officer(number), "--pouch", pouch(number))
            tags.append(tag)
        opened_at = month.now_ms / 1000 + 600
        tags[0].at(opened_at).lid_open()
        tags[0].at(opened_at + 60).lid_close()
        await station.clock.advance(time.time())
        for tag in tags:
            tag.dock()
            await tag.settle()
        adapter = await station.listen_hci()
        process = await asyncio.create_subprocess_exec(
            KITDOCK, "dock", "--once", "--wait", "1.5", "--adapter", adapter, "--format", "json", "--db", month.db,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert {(row["pouch"], row["outcome"]) for row in json.loads(output)} == {
            (pouch(201), "complete"), (pouch(202), "complete")
        }  # fmt: skip
    force.kits += Counter(issued=2, in_stock=-2)
    month.now_ms = time.time_ns() // 1_000_000
    month.explain(pouch(201), "training")


@pytest.mark.timeout(900)
def test_a_month_of_two_hundred_officers_ends_with_what_was_planted(tmp_path: Path, tell: Tell) -> None:
    month = Month(tmp_path / "station.db", time.time_ns() // 1_000_000 - DAYS * DAY_MS)
    force = Force(month, tmp_path)
    with month.clock():
        force.first_day()
        for day in range(1, DAYS):
            force.play(day)
        asyncio.run(two_more_on_the_radio(force))
        count_the_shelf(force)
        force.balances()
        rows: list[dict[str, Any]] = month.json("reconcile")
        seen = Counter(Planted(row["kind"], row["kit"], row["pouch"], row["officer"]) for row in rows)
        assert seen == Counter(force.planted)
        for row in rows:
            shown = month.json("reconcile", "show", row["name"])
            assert [fact["fact"] for fact in shown["evidence"]] == row["facts"] != []
            assert all(fact["at"] and fact["text"] for fact in shown["evidence"])
        month.run("audit", "verify")
        month.run("db", "check")
    tell(f"a month of {OFFICERS} officers: {len(rows)} discrepancies, all planted; the ledger balanced {DAYS} times")
