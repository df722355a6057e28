"""A notebook of kits, as somebody would keep it by hand: an independent model of custody, for test_custody_model.py.

It is written from docs/quartermaster.md, and knows nothing of `host.ledger` but what a movement is. For each kit it
keeps the lines that still count; a reversal strikes one out, and then it is as if that had never been written. The
state at an instant is what the lines up to that instant make of the kit, and nothing else is kept.
"""

from collections.abc import Iterator
from typing import NamedTuple

from host.errors import KitdockError
from host.ledger import Movement
from host.tag.events import EventRow
from host.tag.verify import verified_row
from kitwire import record

EVER = 1 << 62
DOSES = 2
"""In each kit."""
KITS = ["K1", "K2", "K3", "K4", "K5"]
HERE = "North"
"""The station where all of it is recorded."""


class Line(NamedTuple):
    """What was written of a kit: `number` is the store's for the movement."""

    number: int
    at_ms: int
    kind: str
    officer: str | None = None
    place: str | None = None
    pouch: str | None = None
    doses: int | None = None


class Box(NamedTuple):
    """A kit as it is at an instant. `missing` doses are those that a count did not find."""

    status: str = "void"
    officer: str | None = None
    place: str | None = None
    pouch: str | None = None
    kept_back: bool = False
    left: int = 0
    used: int = 0
    missing: int = 0

    @property
    def who(self) -> tuple[str | None, str | None]:
        """With whom or where it is."""
        return self.officer, self.place

    @property
    def where(self) -> tuple[str, str | None, str | None, str | None]:
        """Everything that custody is about."""
        return self.status, self.officer, self.place, self.pouch


class Span(NamedTuple):
    """A time of a kit in which nothing was written of it: from `since_ms` on, up to but without `until_ms`."""

    kit: str
    since_ms: int
    until_ms: int
    box: Box


def possible(box: Box, line: Line) -> bool:
    """Whether a kit that is so can do that."""
    is_, doses = box.status, line.doses
    shelf, out = is_ == "in_stock", is_ == "issued"
    counted = doses is None or 0 <= doses <= DOSES
    return {
        "receive": is_ == "void",
        "issue": shelf,
        "return": counted and is_ in ("issued", "used", "left_behind"),
        "transfer": shelf and line.place != box.place,
        "load": (shelf or out) and box.pouch is None,
        "unload": (shelf or out) and box.pouch is not None,
        "use": out and doses is not None and 1 <= doses <= box.left,
        "leave_behind": out,
        "lose": shelf or out,
        "find": is_ == "lost",
        "quarantine": (shelf or out) and not box.kept_back,
        "release": (shelf or out) and box.kept_back,
        "count": (shelf or out) and doses is not None and counted,
        "destroy": shelf or is_ == "used",
    }[line.kind]


def then(box: Box, line: Line) -> Box:
    """The kit after that."""
    kind = line.kind
    if kind == "receive":
        return Box("in_stock", None, line.place, left=DOSES)
    if kind == "issue":
        return box._replace(status="issued", officer=line.officer, place=line.place, pouch=line.pouch or box.pouch)
    if kind in ("return", "find", "transfer"):
        box = box._replace(status="in_stock", officer=None, place=line.place, pouch=None)
    elif kind in ("load", "unload"):
        return box._replace(pouch=line.pouch)
    elif kind == "use":
        box = box._replace(left=box.left - (line.doses or 0), used=box.used + (line.doses or 0))
        return box._replace(status="used", pouch=None) if box.left == 0 else box
    elif kind in ("quarantine", "release"):
        return box._replace(kept_back=kind == "quarantine")
    elif kind == "leave_behind":
        return box._replace(status="left_behind", pouch=None)
    elif kind == "lose":
        return box._replace(status="lost", pouch=None)
    elif kind == "destroy":
        return box._replace(status="destroyed", officer=None, pouch=None)
    if kind in ("count", "return") and line.doses is not None:
        return box._replace(left=line.doses, missing=box.missing + box.left - line.doses)
    return box


class Page:
    """One kit's page: the lines that still count, when the last thing was written, and if that was a reversal."""

    def __init__(self, kit: str) -> None:
        self.kit = kit
        self.lines: list[Line] = []
        self.last_ms = 0
        self.struck = False
        self.doubted_ms = 0

    def copy(self) -> "Page":
        new = Page(self.kit)
        new.lines, new.last_ms, new.struck = list(self.lines), self.last_ms, self.struck
        new.doubted_ms = self.doubted_ms
        return new

    @property
    def stands_ms(self) -> int:
        """When the last line was that still counts: nothing but a reversal need be later than what was reversed."""
        return self.lines[-1].at_ms if self.lines else 0

    def boxes(self) -> Iterator[tuple[Line, Box]]:
        """Each line, with the kit after it."""
        box = Box()
        for line in self.lines:
            box = then(box, line)
            yield line, box

    @property
    def box(self) -> Box:
        """The kit as it is now."""
        return next((box for _, box in reversed(list(self.boxes()))), Box())

    @property
    def since_ms(self) -> int:
        """Since when it is where and with whom it is now."""
        now, since_ms = self.box.where, 0
        for line, box in reversed(list(self.boxes())):
            if box.where != now:
                break
            since_ms = line.at_ms
        return since_ms

    def spans(self) -> Iterator[Span]:
        """The kit through time."""
        found = list(self.boxes())
        ends = [*(line.at_ms for line, _ in found), EVER][1:]
        for (line, box), end in zip(found, ends, strict=True):
            yield Span(self.kit, line.at_ms, end, box)

    def may_need_a_count(self) -> bool:
        """Whether it was in a pouch, lost or left behind since somebody last looked into it, or doses are gone."""
        looked = [
            each for each in self.lines if each.kind == "receive" or (each.kind != "use" and each.doses is not None)
        ]
        since = looked[-1].at_ms if looked else 0
        away = ("lost", "left_behind")
        return (
            self.doubted_ms > since
            or self.box.missing != 0
            or self.box.used != 0
            or any(each.until_ms > since and (each.box.pouch or each.box.status in away) for each in self.spans())
            or any(line.kind == "find" and line.at_ms > since for line in self.lines)
        )


class Sheet:
    """What one knows of a tag: its pouch, its clock, and what its log holds that no docking has brought yet."""

    def __init__(self, tag: str, pouch: str, now: int, rate: float) -> None:
        self.tag, self.pouch, self.rate = tag, pouch, rate
        self.retired = False
        self.sequence, self.boot, self.boot_ms = 0, 0, now
        self.log: list[tuple[int, EventRow, int | None]] = []
        self.start(now)

    def start(self, now: int) -> None:
        """The cell was changed: a new uptime begins."""
        self.boot, self.boot_ms = self.boot + 1, now
        self.write(record.BOOT, now)

    def uptime_ms(self, now: int) -> int:
        """What its clock counts, a little too fast or too slow."""
        return int((now - self.boot_ms) * self.rate)

    def write(self, kind: int, now: int) -> None:
        """Makes a record."""
        self.sequence += 1
        flags = record.FLAG_LID_OPEN if kind == record.LID_OPEN else 0
        plain = record.Plain(kind, flags, 3900, self.boot, self.uptime_ms(now) // 1000, 0, 0)
        row = verified_row(self.sequence, self.sequence.to_bytes(4, "little") + bytes(32), plain)
        self.log.append((self.sequence, row, now if kind == record.LID_OPEN else None))


class Truth(NamedTuple):
    """An opening that a docking has brought, and when it really was."""

    pouch: str
    at_ms: int


class When(NamedTuple):
    """Between which instants the store has an opening, both included."""

    earliest_ms: int
    latest_ms: int


class Notebook:
    """All pages, and all tags."""

    def __init__(self) -> None:
        self.pages = {kit: Page(kit) for kit in KITS}
        self.sheets: list[Sheet] = []
        self.openings: dict[tuple[str, int], Truth] = {}

    def box(self, kit: str) -> Box:
        """A kit as it is now."""
        return self.pages[kit].box

    def tagged(self, pouch: str | None) -> bool:
        """Whether the pouch has a tag now."""
        return any(each.pouch == pouch and not each.retired for each in self.sheets)

    def in_pouch(self, pouch: str, first_ms: int, last_ms: int) -> list[Span]:
        """The kits that were in a pouch, or may have been, at some instant from the first to the last.

        Times are typed in minutes: what ended at the very instant at which it began may have been for a while.
        """
        return [
            each
            for page in self.pages.values()
            for each in page.spans()
            if each.box.pouch == pouch and each.since_ms <= last_ms and first_ms < each.until_ms
        ]

    def who_opened(self, pouch: str, first_ms: int, last_ms: int) -> tuple[set[str], set[str]]:
        """The officers that may have had the pouch, and the kits that may have been in it."""
        found = self.in_pouch(pouch, first_ms, last_ms)
        return {each.box.officer for each in found if each.box.officer is not None}, {each.kit for each in found}

    def with_others(self, pouch: str, kit: str, box: Box, since_ms: int) -> bool:
        """Whether somebody else than who has `kit` has the pouch, or had it since."""
        return any(
            each.kit != kit and each.box.status == "issued" and each.box.who != box.who
            for each in self.in_pouch(pouch, since_ms, EVER)
        )

    def refuses(self, new: Movement) -> set[str]:
        """Why a movement cannot be, all that there is, in the words of `REASONS`; empty if it can."""
        page = self.pages[new.kit]
        why = {"time"} if new.at_ms < (page.last_ms if new.kind == "correct" else page.stands_ms) else set()
        if new.kind == "correct":
            return why | self._refuses_reversal(page, new)
        line = line_of(new)
        box, after = page.box, then(page.box, line)
        if not possible(box, line):
            why.add("state")
        if new.kind == "issue" and (box.kept_back or box.left < DOSES):
            why.add("unfit")
        if new.pouch is not None and not self.tagged(new.pouch):
            why.add("tag")
        if new.kind in ("issue", "load") and after.pouch and self.with_others(after.pouch, new.kit, after, new.at_ms):
            why.add("pouch")
        return why

    def _refuses_reversal(self, page: Page, new: Movement) -> set[str]:
        if new.corrects is None and page.struck:
            return {"twice"}
        after = self._reversed(page, new.corrects)
        if after is None:
            return {"state"}
        before, box = page.box, after.box
        if box.pouch is None or box.where == before.where:
            return set()
        # Until the struck line the kit was in the pouch anyway, no matter who else had it; since then it is back in.
        again_ms = max(after.since_ms, page.since_ms)
        return {"pouch"} if self.with_others(box.pouch, page.kit, box, again_ms) else set()

    def _reversed(self, page: Page, number: int | None) -> Page | None:
        """The page without a line: the last one, or a use if all that follows could have been without it."""
        lines = page.lines
        struck = lines[-1] if lines and number is None else next((x for x in lines if x.number == number), None)
        if struck is None or (struck is not lines[-1] and struck.kind != "use"):
            return None
        after = page.copy()
        after.lines.remove(struck)
        before = Box()
        for line, box in after.boxes():
            if not possible(before, line):
                return None
            before = box
        return after

    def write(self, new: Movement) -> None:
        """Writes down what was recorded."""
        page = self.pages[new.kit]
        if new.kind == "correct":
            after = self._reversed(page, new.corrects)
            assert after is not None
            # It may have been in a pouch anyway: the person who typed that had a reason.
            after.doubted_ms = new.at_ms
            self.pages[new.kit] = page = after
        else:
            page.lines.append(line_of(new))
        page.last_ms, page.struck = max(page.last_ms, new.at_ms), new.kind == "correct"

    def copy(self) -> "Notebook":
        """To try something in."""
        new = Notebook()
        new.pages = {kit: page.copy() for kit, page in self.pages.items()}
        new.sheets, new.openings = self.sheets, self.openings
        return new


def line_of(new: Movement) -> Line:
    """A movement as a line. What comes back without a word of where is here."""
    place = new.place or (HERE if new.kind in ("return", "find", "receive") else None)
    return Line(new.id, new.at_ms, new.kind, new.officer, place, new.pouch, new.doses)


REASONS = {
    "time": ("kit.moved_later",),
    "twice": ("kit.reversed_already", "kit.reversed_already_one_left"),
    "doses": ("kit.to_count_first", "kit.to_count_or_out_since", "kit.does_not_add_up"),
    "unfit": ("kit.expired", "kit.recalled", "kit.quarantined", "kit.not_whole"),
    "pouch": ("pouch.with_another", "pouch.with_another_than_kit", "pouch.again_with_another"),
    "tag": ("pouch.has_no_tag",),
    "none": ("kit.none_to_issue",),
    "state": (),
}
"""The codes by which the store says why it refuses, by the notebook's word for it; `state` is of every other."""


def reason(error: KitdockError) -> str:
    """The notebook's word for a refusal of the store's."""
    return next((why for why, codes in REASONS.items() if error.code in codes), "state")
