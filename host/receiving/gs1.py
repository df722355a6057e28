"""What one scan of a pack says: product, expiry, lot, serial, and what a person must confirm.

Read are GS1 DataMatrix and GS1-128 with (01) GTIN, (17) expiry, (10) lot and (21) serial in any order; other
application identifiers, such as the national numbers (710) to (717), are passed over. What a scanner
does to a code before is undone in `host.receiving.wedge`.

| what the scan says | what is done |
|---|---|
| 8, 12, 13 or 14 digits alone, with the right check digit | the product; lot and expiry are typed |
| the same, beginning with 01 | asked about: it may be a longer code cut short |
| no (17) | no expiry: it is typed, or known of the lot |
| day 00 in (17) | the last day of the month |
| year in (17) | 49 years back to 50 ahead of today's year (General Specifications 7.12) |
| an expiry that has passed or is more than 10 years ahead | asked about |
| the last field could hide another, and nothing shows that separators arrive | asked about, with other readings |
| the same, but the field is too long for what it is | left out, to be typed or chosen from the other readings |
| a cut, an unknown identifier, a day that does not exist, a wrong check digit, no (01), two lots | refused |

A code cut within its last lot or serial looks whole: no check digit covers it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from biip import ParseConfig, ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_element_strings import GS1ElementString

from host.errors import InputError
from host.phrase import Phrase
from host.receiving import wedge
from host.receiving.printed import expiry_doubt, full_year, gtin14, month_end, shown

MAX_READINGS = 3
"""So many ways to divide fields that run together are offered."""

_GTIN, _LOT, _MADE, _EXPIRY, _SERIAL = "01", "10", "11", "17", "21"
_NATIONAL = ("710", "711", "712", "713", "714", "715", "716", "717")
_HIDDEN = (_LOT, _MADE, _EXPIRY, _SERIAL, *_NATIONAL)
"""What a field can hide if the separator after it is lost: what packs of medicines carry."""
_MARKS = "!\"%&'*+,-./:;<=>?_"
"""Marks that GS1 allows in a lot, and that a scanner may also have put where FNC1 was."""
_CONFIG = ParseConfig(gs1_element_strings_verify_date=False)  # biip's century is the wall clock's, ours the caller's

_Field = tuple[str, str]
"""An application identifier and its value."""


class Scan(NamedTuple):
    """What one scan says; what it does not say is None.

    `gtin` has 14 digits. Each of `doubts` is something that a person must confirm; `readings` are what the
    scan may say instead, likeliest first, themselves without readings.
    """

    gtin: str
    expires_on: date | None = None
    lot: str | None = None
    serial: str | None = None
    doubts: tuple[Phrase, ...] = ()
    readings: tuple["Scan", ...] = ()


def read(scan: str, today: date) -> Scan:
    """What `scan` says on the day `today`. Raises `InputError` if it is no whole GS1 code of a product."""
    typed = wedge.undo(scan)
    alone = _gtin_alone(typed)
    if alone is not None:
        return alone
    fields, last_open = _split(typed)
    doubts: list[Phrase | None] = [typed.doubt]
    readings = []
    if last_open:
        *before, last = fields
        others = _other_readings(last, before, today)
        fields = fields if _fits(*last) else before
        if not others and fields is before:
            raise InputError("scan.too_long", field=_told(last))
        if others:
            doubts.append(_lost_separator(last, others, too_long=fields is before))
            readings = [_doubted(_facts([*before, *other], today), [], today) for other in others]
    found = _facts(fields, today)
    if found.lot is not None and typed.swapped and found.lot != found.lot.swapcase():
        doubts.append(Phrase("doubt.caps_lock", lot=found.lot))
    elif found.lot is not None and not typed.case_known and found.lot != found.lot.upper():
        doubts.append(Phrase("doubt.small_letters", lot=found.lot))
        readings.append(_doubted(found._replace(lot=found.lot.swapcase()), [], today))
    return _doubted(found, doubts, today)._replace(readings=tuple(readings))


def _gtin_alone(typed: wedge.Typed) -> Scan | None:
    """The product, if the scan is nothing but its number."""
    text = "".join(typed.fields)
    if typed.kind == "gs1" or (typed.kind is None and not re.fullmatch(r"\d{8}|\d{12,14}", text)):
        return None
    cut = text.startswith(_GTIN) and typed.kind is None
    try:
        gtin = gtin14(text)
    except InputError:
        if cut:
            raise InputError("scan.cut_gtin", text=shown(text)) from None
        raise
    doubt = Phrase("doubt.cut_short", text=text) if cut else None
    return Scan(gtin, doubts=tuple(each for each in (doubt, typed.doubt) if each))


def _split(typed: wedge.Typed) -> tuple[list[_Field], bool]:
    """The fields in their order, and whether the last may hide more. Raises `InputError`."""
    fields: list[_Field] = []
    for run in typed.fields:
        rest = run
        while rest:
            ai = _identifier(rest, fields)
            value = rest[len(ai) :]
            if ai.separator_required and not typed.separated and value:
                return [*fields, (ai.ai, value)], True
            try:
                element = GS1ElementString.extract(rest, config=_CONFIG)
            except ParseError:
                raise _damaged(ai, value) from None
            if ai.separator_required and len(element) < len(rest):
                raise InputError("scan.too_long", field=_told((ai.ai, value)))
            if element.gtin_error:
                gtin14(element.value)  # says what is wrong
            fields.append((ai.ai, element.value))
            rest = rest[len(element) :]
    return fields, False


def _identifier(rest: str, before: Sequence[_Field]) -> GS1ApplicationIdentifier:
    """The identifier that `rest` begins with. Raises `InputError`."""
    try:
        return GS1ApplicationIdentifier.extract(rest)
    except ParseError:
        if before:
            raise InputError("scan.no_field", before=_told(before[-1]), text=shown(rest)) from None
        raise InputError("scan.no_gs1", text=shown(rest)) from None


def _damaged(ai: GS1ApplicationIdentifier, value: str) -> InputError:
    if not value:
        return InputError("scan.nothing_follows", ai=str(ai))
    if ai.ai == _EXPIRY and re.match(r"\d{6}", value):
        return _no_day(value[:6])
    return InputError("scan.damaged", ai=str(ai), text=shown(value))


def _no_day(digits: str) -> InputError:
    return InputError("scan.no_day", digits=digits)


def _fits(ai: str, value: str) -> bool:
    """Whether GS1 allows `value` in one field `ai`."""
    try:
        GS1ElementString.parse(ai + value, config=_CONFIG)
    except ParseError:
        return False
    return True


def _facts(fields: Iterable[_Field], today: date) -> Scan:
    """The facts in the fields, without doubts. Raises `InputError` if they contradict each other."""
    values: dict[str, str] = {}
    for ai, value in fields:
        if values.setdefault(ai, value) != value and ai in (_GTIN, _LOT, _EXPIRY, _SERIAL):
            raise InputError("scan.two_values", field=_told((ai, values[ai])), other=value)
    if _GTIN not in values:
        if "00" in values or "02" in values:
            raise InputError("scan.pallet")
        raise InputError("scan.no_product")
    expires_on = _day(values[_EXPIRY], today) if _EXPIRY in values else None
    return Scan(gtin14(values[_GTIN]), expires_on, values.get(_LOT), values.get(_SERIAL))


def _day(digits: str, today: date) -> date:
    """The day of YYMMDD; day 00 is the month's last. Raises `InputError`."""
    year, month, day = full_year(int(digits[:2]), today), int(digits[2:4]), int(digits[4:])
    try:
        return date(year, month, day) if day else month_end(year, month)
    except ValueError:
        raise _no_day(digits) from None


def _doubted(found: Scan, doubts: Iterable[Phrase | None], today: date) -> Scan:
    """`found` with these doubts, and with what its expiry makes doubtful."""
    expiry = expiry_doubt(found.expires_on, today) if found.expires_on else None
    return found._replace(doubts=tuple(doubt for doubt in (*doubts, expiry) if doubt))


def _other_readings(last: _Field, before: Sequence[_Field], today: date) -> list[list[_Field]]:
    """What the open last field may be instead: those that tell most of lot, expiry and serial first.

    Raises `InputError` if the field holds a second scan.
    """
    if any(ai == _GTIN and f"{ai}{value}" in last[1] for ai, value in before):
        raise InputError("scan.second", field=_told(last))
    known = frozenset({ai for ai, _ in before} | {last[0]})

    def rank(fields: Sequence[_Field]) -> tuple[int, int]:
        return -sum(ai in (_LOT, _EXPIRY, _SERIAL) for ai, _ in fields), len(fields)

    return sorted(_divisions(*last, known, today), key=rank)[:MAX_READINGS]


def _divisions(ai: str, value: str, known: frozenset[str], today: date) -> Iterator[list[_Field]]:
    """Each way in which `value` is the value of `ai` and one or more of the hidden fields, not `known` yet."""
    for at in range(1, len(value)):
        head = value[:at]
        if at > 1 and head[-1] in _MARKS:
            head = head[:-1]
        if value.startswith(_HIDDEN, at) and _fits(ai, head):
            yield from ([(ai, head), *rest] for rest in _sequences(value[at:], known, today))


def _sequences(text: str, known: frozenset[str], today: date) -> Iterator[list[_Field]]:
    """Each way in which `text` is one or more of the hidden fields, none of them `known`."""
    ai = next((each for each in _HIDDEN if text.startswith(each)), None)
    if ai is None or ai in known:
        return
    known |= set(_NATIONAL) if ai in _NATIONAL else {ai}
    value = text[len(ai) :]
    if ai not in (_EXPIRY, _MADE):
        if _fits(ai, value):
            yield [(ai, value)]
        yield from _divisions(ai, value, known, today)
        return
    day, rest = value[:6], value[6:]
    if not _fits(ai, day) or not _is_near(day, today):
        return
    if not rest:
        yield [(ai, day)]
    for others in _sequences(rest, known, today):
        yield [(ai, day), *others]


def _is_near(digits: str, today: date) -> bool:
    """Whether YYMMDD is a day that a pack may show now, at most 10 years off."""
    try:
        return abs(_day(digits, today).year - today.year) <= 10
    except InputError:
        return False


def _lost_separator(last: _Field, others: Iterable[Sequence[_Field]], too_long: bool) -> Phrase:
    ways = tuple(Phrase("scan.fields", fields=tuple(_told(field) for field in other)) for other in others)
    return Phrase("doubt.separator_lost" if too_long else "doubt.separator_maybe_lost", field=_told(last), ways=ways)


def _told(field: _Field) -> Phrase:
    ai, value = field
    text = value if len(value) <= 60 else value[:57] + "..."
    return {
        _GTIN: Phrase("field.product", text=text),
        _LOT: Phrase("field.lot", text=text),
        _MADE: Phrase("field.made", text=text),
        _EXPIRY: Phrase("field.expiry", text=text),
        _SERIAL: Phrase("field.serial", text=text),
        **dict.fromkeys(_NATIONAL, Phrase("field.national", text=text)),
    }.get(ai, Phrase("field.other", ai=ai, text=text))
