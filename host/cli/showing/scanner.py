"""The dialogue of receiving: a scan is a line, a beep is a kit, and each kit is in the ledger before the next.

It talks on standard error; standard output is for the result. At a terminal it asks; elsewhere it refuses what it
would have to ask about, and goes on.
"""

from __future__ import annotations

import shutil
import signal
import sys
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from types import FrameType
from typing import NamedTuple

import click

from host import clock, service
from host.cli import questions
from host.cli.steps import line, told
from host.errors import DatabaseBusy, InputError, KitdockError, NotAllowed, RuleError, StoreError
from host.ledger import Movement
from host.ledger.movement import CORRECT
from host.phrase import Phrase
from host.receiving import gs1, naming
from host.receiving.gs1 import Scan
from host.receiving.printed import expiry
from host.receiving.session import Session, doubts, is_scan, typed_lot
from host.receiving.table import MAX_DOSES

_LONGEST_LINE = 10_000
"""In bytes. What is longer is read as several lines, none of which is a scan."""


class How(NamedTuple):
    """How kits are received: into which station, with which document, under which numbers."""

    station: str
    document: str | None
    prefix: str
    accept_expired: bool


class Pack(NamedTuple):
    """A kit that was received: what its code said, what it is with all that was typed, and what became of it."""

    scan: Scan
    pack: Scan
    kit: service.Received


class _Skipped(Exception):
    """A person does not want to receive the pack after all."""


class _Ended(Exception):
    """The session is over: `done`, or the end of the input."""


class Receiver:
    """One session at the scanner. `packs` are what was received and not taken back."""

    def __init__(self, store: service.Database, how: How, asks: bool) -> None:
        self._store = store
        self._how = how
        self._asks = asks
        self._session = Session()
        self._line = 0
        self.packs: list[Pack] = []
        self.refused = 0
        self.status = 0
        """The exit status that the session comes to."""

    def run(self) -> None:
        """Receives until the input ends. What has been received stays, whatever ends it."""
        if self._asks:
            self._say(line("said.receiving_into", station=self._how.station))
        try:
            while True:
                self._take(self._read("> "))
        except _Ended:
            self.status = 1 if self.refused and not self._asks else 0
        except (KeyboardInterrupt, click.Abort):
            self._stopped(Phrase("said.interrupted"), 1)
        except (StoreError, NotAllowed) as error:
            self._stopped(error, error.exit_status)

    def _stopped(self, why: Phrase | KitdockError, status: int) -> None:
        code = "said.stopped_after_one" if len(self.packs) == 1 else "said.stopped_after"
        self._say(f"\nkitdock: {line(code, why=why, kits=len(self.packs))}")
        self.status = status

    def _take(self, text: str) -> None:
        """One line: a command or a scan, answered in one line."""
        word = text.strip().casefold()
        try:
            if not word:
                return  # many scanners send two line ends
            left = questions.word(word)
            if word == "done" or left == questions.LATER:
                raise _Ended
            if left == questions.HELP:
                self._say(line("said.receiving_help"))
                self._say(f"  {line('asking.scan_words')}")
            elif word == "undo" or left == questions.BACK:
                self._undo()
            elif word.split()[0] == "lot":
                self._announce(text)
            else:
                self._receive(text)
        except _Skipped:
            self._say(f"  {line('said.skipped')}")
        except (InputError, RuleError, DatabaseBusy) as refused:
            if isinstance(refused, NotAllowed):
                raise
            self._refuse(refused)

    def _refuse(self, why: KitdockError) -> None:
        self.refused += 1
        if self._asks:
            # The bell: who scans looks at the boxes.
            self._say(f"\a  {line('said.not_received', why=why)}")
        else:
            self._say(f"kitdock: {line('said.line_not_received', line=self._line, why=why)}")

    def _receive(self, text: str) -> None:
        today = self._store.today()
        scan = self._settled(gs1.read(text, today), today)
        product = self._product(scan.gtin)
        pack = self._filled(scan, product, today)
        assert pack.lot is not None
        box = service.Incoming(
            "", product.name, pack.lot, pack.expires_on, None, scan.gtin, scan.serial, self._how.document
        )
        with _uninterrupted():
            kit = service.Receiving(self._store).receive_next(
                box, self._how.prefix, clock.now_ms(), self._how.station, self._how.accept_expired
            )
            self._session.received(scan, pack)
            self.packs.append(Pack(scan, pack, kit))
        self._say(self._answer(kit))

    def _answer(self, kit: service.Received) -> str:
        lot = kit.lot
        same = sum(each.kit.lot[:2] == lot[:2] for each in self.packs)
        marks = [Phrase("cell.pack_expired")] if lot.expires_on < self._store.today() else []
        marks += [Phrase("cell.pack_recalled", reason=lot.recalled)] if lot.recalled is not None else []
        return line(
            "said.pack_received",
            kit=kit.kit,
            product=lot.product,
            lot=lot.lot,
            expires_on=lot.expires_on,
            of_lot=same,
            marks=tuple(marks),
        )

    def _undo(self) -> None:
        if not self.packs:
            raise InputError("receiving.nothing_to_undo")
        last = self.packs[-1]
        kit = last.kit.kit
        reason = line("said.taken_back_at_receipt")
        undo = Movement(0, clock.now_ms(), CORRECT, kit, corrects=last.kit.movement, reason=reason)
        with _uninterrupted():
            service.Stock(self._store).move(undo)
            self._session.undone(last.scan, last.pack)
            self.packs.pop()
        self._say(f"  {line('said.pack_taken_back', kit=kit, kits=len(self.packs))}")

    def _announce(self, text: str) -> None:
        typed = typed_lot(text, self._store.today())
        self._session.announce(typed)
        code = "said.next_pack_expires" if typed.expires_on else "said.next_pack"
        self._say(f"  {line(code, lot=typed.lot, expires_on=typed.expires_on)}")

    # What must be asked. Where nobody can answer, each raises `InputError`.

    def _settled(self, scan: Scan, today: date) -> Scan:
        """What the scan says once a person has confirmed what is doubtful."""
        settled = self._session.settled(scan, today)
        if settled is not None:
            return settled
        readings = (scan, *scan.readings)
        if not self._how.accept_expired and all(each.expires_on and each.expires_on < today for each in readings):
            raise RuleError("receiving.expired", expires_on=scan.expires_on)
        wrong = doubts(scan, today)
        if not self._asks:
            raise InputError("receiving.doubtful", doubts=Phrase("cell.remarks", remarks=tuple(wrong)))
        for doubt in wrong:
            self._say(f"\a  {told(doubt)}")
        if len(readings) == 1:
            self._confirm(scan)
            return scan
        for number, reading in enumerate(readings, 1):
            self._say(f"    {number}  {_scan_told(reading)}")
        which = self._number(f"  {line('ask.which_reading')} ", len(readings), Phrase("asking.help_reading"))
        return readings[which - 1]

    def _confirm(self, scan: Scan) -> None:
        self._say(f"    {_scan_told(scan)}")
        while True:
            answer = self._ask(f"  {line('ask.is_that_so')} ", Phrase("asking.help_pack_right"))
            try:
                if questions.agreed(answer):
                    return
            except InputError as error:
                self._say(f"  {told(error)}")
                continue
            raise _Skipped

    def _product(self, gtin: str) -> service.Product:
        """The product with that GTIN; asked once, then it is in the catalogue."""
        known = service.Catalogue(self._store).product_of(gtin)
        if known is not None:
            return known
        if not self._asks:
            raise service.unknown_gtin(gtin)
        products = service.Catalogue(self._store).products()
        self._say(f"\a  {line('ask.which_product' if gtin[0] == '0' else 'ask.which_product_of_case', gtin=gtin)}")
        for number, each in enumerate(products, 1):
            self._say(f"    {number}  {each.name}")
        while True:
            question = f"  {line('ask.number_or_name' if products else 'ask.name')} "
            answer = self._ask(question, Phrase("asking.help_product"))
            try:
                return self._named(gtin, answer, products)
            except InputError as error:
                self._say(f"  {told(error)}")

    def _named(self, gtin: str, answer: str, products: Sequence[service.Product]) -> service.Product:
        """The product that was chosen or named, with that GTIN. Raises `InputError`."""
        if answer.isdigit():
            if not (answer.isascii() and 1 <= int(answer[:9]) <= len(products)):
                raise InputError("receiving.none_of_these", answer=answer)
            return service.Catalogue(self._store).add_gtins(products[int(answer) - 1].name, [gtin])
        name = naming.line("product", answer)
        same = next((each.name for each in products if each.name.casefold() == name.casefold()), None)
        if same is not None:
            return service.Catalogue(self._store).add_gtins(same, [gtin])
        wanted = Phrase("asking.help_doses_in_one", most=MAX_DOSES)
        doses = self._number(f"  {line('ask.doses_in_one')} ", MAX_DOSES, wanted)
        return service.Catalogue(self._store).add_product(name, [gtin], doses)

    def _filled(self, scan: Scan, product: service.Product, today: date) -> Scan:
        """The scan with lot and expiry; what it does not say is what was typed, or known of the lot, or asked."""
        pack = self._session.filled(scan)
        if pack.lot is None:
            if not self._asks:
                raise InputError("receiving.no_lot", product=product.name)
            pack = self._ask_lot(pack, product, today)
        assert pack.lot is not None
        if pack.expires_on is None and service.Stock(self._store).lot(product.name, pack.lot) is None:
            if not self._asks:
                raise InputError("receiving.no_expiry", lot=pack.lot, product=product.name)
            pack = self._ask_expiry(pack, product, today)
        return pack

    def _ask_lot(self, pack: Scan, product: service.Product, today: date) -> Scan:
        self._say(f"\a  {line('said.no_lot', product=product.name)}")
        while True:
            try:
                typed = typed_lot(self._ask(f"  {line('ask.lot')} ", Phrase("asking.help_lot")), today)
            except InputError as error:
                self._say(f"  {told(error)}")
                continue
            return pack._replace(lot=typed.lot, expires_on=pack.expires_on or typed.expires_on)

    def _ask_expiry(self, pack: Scan, product: service.Product, today: date) -> Scan:
        self._say(f"\a  {line('said.no_expiry', lot=pack.lot, product=product.name)}")
        while True:
            answer = self._ask(f"  {line('ask.expiry')} ", Phrase("asking.help_expiry"))
            try:
                return pack._replace(expires_on=expiry(answer, today))
            except InputError as error:
                self._say(f"  {told(error)}")

    def _number(self, question: str, most: int, wanted: Phrase) -> int:
        while True:
            answer = self._ask(question, wanted)
            if answer.isascii() and answer.isdigit() and 1 <= int(answer[:9]) <= most:
                return int(answer)
            self._say(f"  {line('ask.number_up_to', most=most)}")

    def _ask(self, question: str, wanted: Phrase) -> str:
        """An answer that is neither empty nor the beep of the next pack; `wanted` is what `?` says of it."""
        while True:
            answer = self._read(question).strip()
            left = questions.word(answer)
            if answer.casefold() == "skip" or left == questions.BACK:
                raise _Skipped
            if answer.casefold() == "done" or left == questions.LATER:
                self._say(f"  {line('said.skipped')}")
                raise _Ended
            if left == questions.HELP:
                self._say(f"  {told(wanted)}")
                self._say(f"  {line('asking.scan_ways_out')}")
            elif is_scan(answer, self._store.today()):
                self._say(f"\a  {line('said.answer_first')}")
            elif answer:
                return answer

    def _say(self, text: str) -> None:
        """Tells a person; at a terminal no word is broken at its edge."""
        width = shutil.get_terminal_size().columns
        for each in text.splitlines() or [""]:
            click.echo(_wrapped(each, width) if self._asks else each, err=True)

    def _read(self, prompt: str) -> str:
        """The next line. Raises `_Ended` after the last."""
        if self._asks:
            click.echo(prompt, nl=False, err=True)
        typed = sys.stdin.buffer.readline(_LONGEST_LINE)
        if not typed:
            if self._asks:
                self._say("")
            raise _Ended
        self._line += 1
        return typed.decode("utf-8", "replace").rstrip("\r\n")


def by_lot(packs: Sequence[Pack]) -> list[tuple[service.Received, list[str]]]:
    """The numbers of the kits of each lot, with one of them, in the order in which the lots came."""
    found: dict[tuple[str, str], tuple[service.Received, list[str]]] = {}
    for each in packs:
        found.setdefault(each.kit.lot[:2], (each.kit, []))[1].append(each.kit.kit)
    return list(found.values())


def _scan_told(scan: Scan) -> str:
    """What a scan says, for people."""
    if scan.lot is None and scan.expires_on is None and scan.serial is None:
        return line("cell.as_printed", gtin=scan.gtin)
    parts = [
        line("cell.lot" if scan.lot else "cell.lot_as_printed", lot=scan.lot),
        line("cell.exp" if scan.expires_on else "cell.expiry_as_printed", expires_on=scan.expires_on),
    ]
    parts += [line("cell.serial", serial=scan.serial)] if scan.serial else []
    return ", ".join(parts)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until a kit is in the ledger and in the session's count, or in neither."""
    pressed: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        pressed.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            raise KeyboardInterrupt
