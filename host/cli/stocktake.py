"""`kitdock stocktake`: what is on the shelf is scanned, compared with the ledger, and each difference is settled."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from host import clock, service
from host.cli import questions, terminal
from host.cli.groups import Group
from host.cli.options import new_name, open_store, with_store
from host.cli.render import Done, Row, Table, time_of
from host.cli.showing.noting import note
from host.cli.steps import line, told
from host.clock import Instant
from host.errors import InputError, KitdockError, why
from host.phrase import NextStep, Phrase
from host.receiving import naming
from host.words import heading

if TYPE_CHECKING:
    from host.stock.stocktake import Difference, Result

UNDO = "undo"
END = "done"
"""What is typed among the scans: takes the last back, as `back` does; ends, as `later` does."""

_GS1 = re.compile(r"[\](].*|\W*(d2|C1|Q3|e0|J1)?01\d{14}.*|\d{8}|\d{12,14}", re.ASCII | re.DOTALL)
"""What a pack's own code looks like, rather than the number of a kit."""
_WITH_DOSES = re.compile(r"(\S+)[ \t]+(\d{1,2})", re.ASCII)

which_argument = click.argument("which", metavar="[PLACE|NUMBER]", required=False)


@click.group(cls=Group)
def stocktake() -> None:
    pass


@stocktake.command("start")
@click.argument("place", metavar="[PLACE]", required=False)
@click.option("--blind", is_flag=True)
@with_store
def start(db: Path, place: str | None, blind: bool) -> Done:
    with open_store(db) as store:
        known = service.Stocktakes(store).start_stocktake(place, blind, clock.now_ms())
        expected = service.Stocktakes(store).stocktake_result(known.id, clock.now_ms()).expected
    return Done(
        line(
            "done.stocktake_started",
            stocktake=known.id,
            place=known.place,
            expected=expected,
            scan=NextStep("stocktake.scan"),
        ),
        {"stocktake": known.id, "place": known.place, "blind": known.blind, "expected": expected},
    )


@stocktake.command("scan")
@which_argument
@click.option("--counter", metavar="NAME", type=new_name("counter"))
@with_store
def scan(db: Path, which: str | None, counter: str | None) -> Done:
    with open_store(db) as store:
        known = service.Stocktakes(store).open_stocktake(which)
        counting = Counting(store, known, counter or store.login)
        if terminal.has_terminal():
            terminal.say(line("said.counting_as", stocktake=known.id, place=known.place, counter=counting.counter))
        with click.open_file("-", errors="replace") as lines:
            tally = counting.read(lines)
        result = service.Stocktakes(store).stocktake_result(known.id, clock.now_ms())
    mine = result.counters.get(counting.counter, 0)
    return Done(
        line(
            "done.stocktake_scanned",
            kits=mine,
            counter=counting.counter,
            progress=_progress(result),
            place=known.place,
            result=NextStep("stocktake.result"),
        ),
        {
            "stocktake": known.id,
            "place": known.place,
            "counter": counting.counter,
            **tally._asdict(),
            "kits": mine,
            "found": len(result.found),
            "expected": result.expected,
        },
    )


class Tally(NamedTuple):
    """What became of the lines that were read."""

    scans: int = 0
    undone: int = 0
    not_taken: int = 0


class Counting:
    """One who scans kits into a stocktake."""

    def __init__(self, store: service.Database, known: service.Stocktake, counter: str) -> None:
        self.store = store
        self.known = known
        self.counter = counter

    def read(self, lines: Iterable[str]) -> Tally:
        """Takes each line and answers it, until the end or Ctrl-C."""
        tally = Tally()
        try:
            for each in lines:
                text = each.strip(" \t\r\n\0")
                word = questions.word(text)
                if text.lower() == END or word == questions.LATER:
                    break
                if word == questions.HELP:
                    terminal.say(line("said.stocktake_help"))
                    terminal.say(line("asking.count_words"))
                elif text.lower() == UNDO or word == questions.BACK:
                    tally = tally._replace(undone=tally.undone + self._undo())
                elif text:
                    taken = self._take(text)
                    tally = tally._replace(scans=tally.scans + taken, not_taken=tally.not_taken + (not taken))
        except KeyboardInterrupt:
            _say("")
        return tally

    def _undo(self) -> bool:
        kit = service.Stocktakes(self.store).undo_scan(self.known.id, self.counter, clock.now_ms())
        said = line("said.scan_taken_back" if kit else "said.no_scan_left", counter=self.counter)
        _answer(kit is not None, kit or UNDO, said)
        return kit is not None

    def _take(self, text: str) -> bool:
        """Keeps one scan and answers it; False if it could not be understood."""
        try:
            kit, doses = read_label(self.store, text)
        except InputError as wrong:
            _answer(False, line("said.not_counted"), told(wrong))
            return False
        said = service.Stocktakes(self.store).scan_kit(self.known.id, self.counter, kit, doses, clock.now_ms())
        _answer(said.ok, said.kit, told(said.said))
        return True


def read_label(store: service.Database, text: str) -> tuple[str, int | None]:
    """The kit that a scanned or typed line means, and its doses if they are given. Raises `InputError`."""
    counted = _WITH_DOSES.fullmatch(text)
    number, doses = (counted[1], int(counted[2])) if counted else (text, None)
    if service.Stocktakes(store).has_kit(number):
        return number, doses
    if _GS1.fullmatch(text):
        kit = _kit_of_pack(store, text)
        if kit is not None:
            return kit, None
    number = naming.number("kit number", number)
    like = service.Stocktakes(store).kit_like(number)
    if like is not None:
        raise InputError("stocktake.kit_like", kit=number, like=like)
    return number, doses


def _kit_of_pack(store: service.Database, text: str) -> str | None:
    """The kit whose pack carries this code; None if it is none of a pack. Raises `InputError` if it names no kit."""
    from host.receiving import gs1

    try:
        read = gs1.read(text, store.today())
    except InputError:
        if re.fullmatch(r"\d+", text) and len(text) <= 14:
            return None
        raise
    serials = [(each.gtin, each.serial) for each in (read, *read.readings) if each.serial is not None]
    kits = service.Stocktakes(store).kits_with_serial(serials)
    if len(kits) == 1:
        return kits[0].id
    pack = Phrase("cell.lot" if read.lot else "cell.product", lot=read.lot, product=read.gtin)
    raise InputError("stocktake.serial_unknown" if serials else "stocktake.no_serial", pack=pack)


@stocktake.command("status")
@with_store
def status(db: Path) -> Table:
    with open_store(db) as store:
        zone = store.station.time_zone
        rows = []
        for known in service.Stocktakes(store).open_stocktakes():
            result = service.Stocktakes(store).stocktake_result(known.id, clock.now_ms())
            rows.append(
                {
                    **_facts(known, zone),
                    "expected": result.expected,
                    "found": len(result.found),
                    "counters": dict(result.counters),
                    "differences": len(result.differences),
                }
            )
    return Table(
        rows,
        {
            "number": "stocktake",
            "place": "place",
            "started": time_of("started_at"),
            "by": "started_by",
            "found": lambda row: line("cell.found_of", found=row["found"], expected=row["expected"]),
            "scanned_by": lambda row: ", ".join(f"{name} {kits}" for name, kits in row["counters"].items()),
        },
        line("none.stocktakes_under_way", start=NextStep("stocktake.start")),
        title=line("title.stocktakes_under_way"),
    )


@stocktake.command("result")
@which_argument
@with_store
def result(db: Path, which: str | None) -> Table:
    with open_store(db) as store:
        known = service.Stocktakes(store).any_stocktake(which)
        if known.closed_at_ms is not None:
            return _settled(store, known)
        found = service.Stocktakes(store).stocktake_result(known.id, clock.now_ms())
    rows = [_row(each) for each in found.differences]
    return Table(
        rows,
        {"difference": _kind, "kit": "kit", "detail": "detail", "next": "next_step"},
        line(
            "none.differences",
            stocktake=known.id,
            place=known.place,
            progress=_progress(found),
            close=NextStep("stocktake.close"),
        ),
        note="\n".join([line("note.found", progress=_progress(found)), *_asides(found)]),
        title=line("title.stocktake", stocktake=known.id, place=known.place),
    )


def _settled(store: service.Database, known: service.Stocktake) -> Table:
    """The result of a stocktake that was closed."""
    assert known.closed_at_ms is not None
    rows: list[Row] = [
        {"kind": each.kind, "kit": each.kit, "detail": each.detail, "reason": each.reason}
        for each in service.Stocktakes(store).settled_differences(known.id)
    ]
    by, at = known.closed_by, Instant(known.closed_at_ms, store.station.time_zone)
    empty = Phrase("said.closed_without_difference", by=by, at=at)
    if known.cancelled is not None:
        empty = Phrase("said.given_up", by=by, at=at, reason=known.cancelled)
    return Table(
        rows,
        {"difference": _kind, "kit": "kit", "detail": "detail", "reason": "reason"},
        line("none.differences_settled", stocktake=known.id, place=known.place, outcome=empty),
        note=line("note.closed", by=by, at=at),
        title=line("title.stocktake", stocktake=known.id, place=known.place),
    )


@stocktake.command("close")
@which_argument
@click.option("--reason", "reasons", metavar="KIND:KIT=TEXT", multiple=True)
@click.option("--reasons", "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_store
def close(db: Path, which: str | None, reasons: tuple[str, ...], file: Path | None) -> Done:
    with open_store(db) as store:
        known = service.Stocktakes(store).open_stocktake(which)
        given = (_from_file(file) if file is not None else {}) | dict(_given(each) for each in reasons)
        if terminal.has_terminal():
            done = _asked_for(store, known, given)
        else:
            done = service.Stocktakes(store).close_stocktake(known.id, given, clock.now_ms())
        note(store)
    lines = [
        line(
            "done.stocktake_closed",
            stocktake=known.id,
            place=known.place,
            progress=_progress(done),
            differences=len(done.differences),
        )
    ]
    for each in done.differences:
        next_step = told(each.next_step) if each.doses is None else line("cell.doses_recorded", doses=each.doses)
        lines.append(f"  {each.name}  {next_step}")
    return Done(
        "\n".join(lines),
        {
            "stocktake": known.id,
            "place": known.place,
            "found": len(done.found),
            "expected": done.expected,
            "differences": [
                _row(each) | {"reason": given[each.kind, each.kit], "doses_recorded": each.doses}
                for each in done.differences
            ],
        },
    )


@stocktake.command("cancel")
@which_argument
@click.option("--reason", metavar="TEXT", type=naming.reason, required=True)
@with_store
def cancel(db: Path, which: str | None, reason: str) -> Done:
    with open_store(db) as store:
        known = service.Stocktakes(store).open_stocktake(which)
        service.Stocktakes(store).cancel_stocktake(known.id, reason, clock.now_ms())
    return Done(
        line("done.stocktake_given_up", stocktake=known.id, place=known.place, reason=reason),
        {"stocktake": known.id, "place": known.place, "reason": reason},
    )


@stocktake.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        zone = store.station.time_zone
        rows = [
            {**_facts(each.stocktake, zone), "scanned": each.scanned, "differences": each.differences}
            for each in service.Stocktakes(store).stocktakes()
        ]
    return Table(
        rows,
        {
            "number": "stocktake",
            "place": "place",
            "started": time_of("started_at"),
            "by": "started_by",
            "scanned": "scanned",
            "outcome": _outcome,
        },
        line("none.stocktakes", start=NextStep("stocktake.start")),
        title=line("title.stocktakes"),
    )


def _facts(known: service.Stocktake, zone: str) -> Row:
    return {
        "stocktake": known.id,
        "place": known.place,
        "blind": known.blind,
        "started_at": clock.iso(known.started_at_ms, zone),
        "started_by": known.started_by,
        "closed_at": clock.iso(known.closed_at_ms, zone) if known.closed_at_ms is not None else None,
        "closed_by": known.closed_by,
        "cancelled": known.cancelled,
    }


def _outcome(row: Row) -> str:
    if row["closed_at"] is None:
        return line("cell.under_way")
    if row["cancelled"] is not None:
        return line("cell.given_up", reason=row["cancelled"])
    return line("cell.differences", differences=row["differences"])


def _row(difference: Difference) -> Row:
    return {
        "kind": difference.kind,
        "kit": difference.kit,
        "detail": told(difference.detail),
        "next_step": told(difference.next_step),
        "reason": "",
    }


def _kind(row: Row) -> str:
    return heading(f"difference.{row['kind']}")


def _progress(found: Result) -> Phrase:
    return Phrase("cell.kits_found_of", found=len(found.found), expected=found.expected)


def _asides(found: Result) -> Iterator[str]:
    """What is no difference but worth a line."""
    for kits, what in (
        (found.moved, "note.came_meanwhile"),
        (found.quarantined, "note.quarantined"),
        (found.repeated, "note.scanned_again"),
    ):
        if kits:
            yield line(what, kits=kits)


def _given(text: str) -> tuple[tuple[str, str], str]:
    """One --reason. Raises `InputError` if it is none."""
    match = re.fullmatch(r"([a-z_]+):([^=]+)=(.*)", text, re.DOTALL)
    if match is None:
        raise InputError("stocktake.reason_of_nothing", text=text)
    return (match[1], match[2]), naming.reason(match[3])


def _from_file(path: Path) -> dict[tuple[str, str], str]:
    """The reasons in a CSV file; lines without one are passed over. Raises `InputError`."""
    from host.receiving import table

    try:
        lines = table.rows(path.read_bytes(), ("kind", "kit"), ("reason", "detail", "next_step"))
    except OSError as error:
        raise InputError("stocktake.reasons_not_read", path=path, why=why(error)) from None
    except InputError as wrong:
        raise InputError("import.file_wrong", path=path, error=wrong) from None
    if lines.bad:
        bad = tuple(Phrase("stocktake.line_wrong", path=path, line=each.line, wrong=each.wrong) for each in lines.bad)
        raise InputError("stocktake.lines_wrong", wrong=bad)
    found: dict[tuple[str, str], str] = {}
    for number, cells in lines.good:
        if not cells.get("reason"):
            continue
        kind = cells["kind"].casefold().replace(" ", "_")
        if (kind, cells["kit"]) in found:
            twice = Phrase("stocktake.reason_twice", kind=kind, kit=cells["kit"])
            raise InputError("stocktake.line_wrong", path=path, line=number, wrong=twice)
        try:
            found[kind, cells["kit"]] = naming.reason(cells["reason"])
        except InputError as wrong:
            raise InputError("stocktake.line_wrong", path=path, line=number, wrong=wrong) from None
    return found


def _asked_for(store: service.Database, known: service.Stocktake, given: dict[tuple[str, str], str]) -> Result:
    """Asks for each reason that is not given, and closes the stocktake; what is given is kept if it stays open.

    Raises `questions.Later` if the rest is left.
    """
    stocktakes = service.Stocktakes(store)
    before = stocktakes.reasons_kept(known.id)
    open_yet = [
        each
        for each in stocktakes.stocktake_result(known.id, clock.now_ms()).differences
        if (each.kind, each.kit) not in given
    ]

    def step(difference: Difference) -> Callable[[], bool]:
        def ask() -> bool:
            of = difference.kind, difference.kit
            given[of] = _ask(difference, given.get(of) or before.get(of, ""))
            return True

        return ask

    try:
        questions.from_the_start([step(each) for each in open_yet])
        return stocktakes.close_stocktake(known.id, given, clock.now_ms())
    except (KitdockError, KeyboardInterrupt) as why:
        stocktakes.keep_reasons(known.id, before | {of: each for of, each in given.items() if each})
        if isinstance(why, questions.Later):
            raise questions.Later("asking.reasons_kept", close=NextStep("stocktake.close")) from None
        raise


def _ask(difference: Difference, offered: str) -> str:
    """The reason for a difference, asked at the terminal; empty if there is none. Raises `questions.Left`."""
    terminal.say(f"{difference.name}  {told(difference.detail)}")
    offer = questions.Offer(offered, offered)
    return questions.ask(f"  {line('ask.reason')}", Phrase("asking.help_reason"), naming.reason, offer)


def _answer(ok: bool, what: str, text: str) -> None:
    """One line to a scan, with a bell at a terminal if it needs a look."""
    bell = "" if ok or not sys.stderr.isatty() else "\a"
    _say(f"{bell}{'  ' if ok else '! '}{what}  {text}")


def _say(text: str) -> None:
    click.echo(text, err=True)
