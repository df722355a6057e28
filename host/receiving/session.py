"""What a person who receives kits has said since the session began, so that nothing is asked twice.

A scanner beeps two hundred times; a lot is confirmed once, and typed once.

| said before | what is taken from it |
|---|---|
| a pack was received | the same product, lot and expiry are not asked about again, whatever the doubt |
| lot and expiry were typed for a product number alone | the following packs of that number, until others are typed |
| `lot A1 exp 2028-04-30` | the next pack that lacks them, then as above |
| `undo` of the only pack with its facts | nothing: what was said about it was wrong |
"""

import re
from collections import Counter
from datetime import date
from typing import NamedTuple

from host.errors import InputError
from host.phrase import Phrase
from host.receiving import gs1, naming
from host.receiving.gs1 import Scan
from host.receiving.printed import expiry, expiry_doubt

_LEAST_SCAN = 12
"""Shorter answers are taken as typed by a person, though a small pack's code has 8 digits."""


class TypedPack(NamedTuple):
    """A lot, and its expiry where that was given too."""

    lot: str
    expires_on: date | None


class Session:
    """What is remembered from one pack to the next."""

    def __init__(self) -> None:
        self._received: Counter[tuple[str, str | None, date | None]] = Counter()
        self._typed: dict[tuple[str, date | None], TypedPack] = {}
        self._next: TypedPack | None = None

    def settled(self, scan: Scan, today: date) -> Scan | None:
        """What the scan says, if that need not be asked on the day `today`; None if it must be.

        Of several readings, one without a lot is never taken unasked: others might tell the lot.
        """
        if not doubts(scan, today):
            return scan
        known = [
            each
            for each in (scan, *scan.readings)
            if self._received[_facts(each)] and (each.lot is not None or not scan.readings)
        ]
        return known[0] if len(known) == 1 else None

    def announce(self, typed: TypedPack) -> None:
        """What the next pack is that lacks a lot or an expiry."""
        self._next = typed

    def filled(self, scan: Scan) -> Scan:
        """The scan with what was typed for such packs, as far as it fits."""
        for typed in (self._next, self._typed.get((scan.gtin, scan.expires_on))):
            if typed is not None and _fits(typed, scan):
                return scan._replace(lot=typed.lot, expires_on=scan.expires_on or typed.expires_on)
        return scan

    def received(self, scan: Scan, pack: Scan) -> None:
        """The pack that was received after `scan`, with all that was said about it."""
        if _fits(self._next, scan):
            self._next = None
        if scan.lot is None and pack.lot is not None:
            self._typed[scan.gtin, scan.expires_on] = TypedPack(pack.lot, pack.expires_on)
        self._received[_facts(pack)] += 1
        if scan != pack:
            self._received[_facts(scan)] += 1

    def undone(self, scan: Scan, pack: Scan) -> None:
        """The pack was taken back. If it was the only one with its facts, these may be what was wrong."""
        for facts in {_facts(scan), _facts(pack)}:
            self._received[facts] -= 1
        if not self._received[_facts(pack)]:
            self._typed.pop((scan.gtin, scan.expires_on), None)


def doubts(scan: Scan, today: date) -> list[Phrase]:
    """What a person must confirm; that the expiry has passed is not asked but refused, or accepted beforehand."""
    passed = expiry_doubt(scan.expires_on, today) if scan.expires_on and scan.expires_on < today else None
    return [doubt for doubt in scan.doubts if doubt != passed]


def typed_lot(text: str, today: date) -> TypedPack:
    """The lot, and the expiry if given, in `A1 exp 2028-04-30`, also with `lot` in front. Raises `InputError`."""
    parts = re.fullmatch(r"(?:lot\s+)?(\S.*?)(?:\s+exp(?:iry|ires)?\s+(\S.*))?", text.strip(), re.IGNORECASE)
    if parts is None or parts[1].casefold() == "lot":
        raise InputError("typed.no_lot")
    return TypedPack(naming.line("lot", parts[1]), expiry(parts[2], today) if parts[2] else None)


def is_scan(text: str, today: date) -> bool:
    """Whether an answer is rather the beep of the next pack."""
    if text.lstrip().startswith("]"):
        return True
    if len(text.strip()) < _LEAST_SCAN:
        return False
    try:
        gs1.read(text, today)
    except InputError:
        return False
    return True


def _facts(scan: Scan) -> tuple[str, str | None, date | None]:
    return scan.gtin, scan.lot, scan.expires_on


def _fits(typed: TypedPack | None, scan: Scan) -> bool:
    """Whether the scan lacks something that was typed, and says nothing else."""
    if typed is None or scan.lot not in (None, typed.lot):
        return False
    if None not in (scan.expires_on, typed.expires_on) and scan.expires_on != typed.expires_on:
        return False
    return scan.lot is None or (scan.expires_on is None and typed.expires_on is not None)
