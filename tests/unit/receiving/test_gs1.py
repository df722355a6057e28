"""What a scan of a pack says: a corpus of real-shaped scans, and properties of all that can be encoded or typed."""

import tomllib
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from biip.checksums import gs1_standard_check_digit
from hypothesis import assume, example, given
from hypothesis import strategies as st

from host.errors import InputError
from host.phrase import Phrase
from host.receiving import gs1
from host.receiving.gs1 import Scan
from host.receiving.wedge import MAX_SCAN
from tests.refusals import refused

TODAY = date(2026, 6, 1)
GTIN = "09506000134352"
SCANS = tomllib.loads((Path(__file__).parent / "scans.toml").read_text(encoding="utf-8"))["scan"]
READ = [scan for scan in SCANS if scan["group"] != "malformed"]
REFUSED = [scan for scan in SCANS if scan["group"] == "malformed"]


def named(scan: dict[str, Any]) -> str:
    return str(scan["name"])


def facts(scan: Scan) -> dict[str, object]:
    return {"gtin": scan.gtin, "expires": scan.expires_on, "lot": scan.lot, "serial": scan.serial}


def expected(scan: dict[str, Any]) -> dict[str, object]:
    return {"gtin": scan.get("gtin", GTIN), **{key: scan.get(key) for key in ("expires", "lot", "serial")}}


def assert_doubts(scan: Scan, codes: list[str]) -> None:
    assert [each.code for each in scan.doubts] == codes
    assert not any("\n" in str(each) for each in scan.doubts)


@pytest.mark.parametrize("scan", READ, ids=named)
def test_a_scan_is_read(scan: dict[str, Any]) -> None:
    found = gs1.read(scan["text"], TODAY)
    assert facts(found) == expected(scan)
    assert_doubts(found, scan.get("codes", []))
    wanted = scan.get("readings", [])
    assert [facts(reading) for reading in found.readings] == [expected(reading) for reading in wanted]
    for reading, of in zip(found.readings, wanted, strict=True):
        assert_doubts(reading, of.get("codes", []))
        assert reading.readings == ()


@pytest.mark.parametrize("scan", REFUSED, ids=named)
def test_a_scan_is_refused_in_one_line(scan: dict[str, Any]) -> None:
    with pytest.raises(InputError) as found:
        gs1.read(scan["text"], TODAY)
    assert found.value.code == scan["code"]
    assert str(found.value).isprintable()


def test_a_refusal_shows_where_the_code_is_cut() -> None:
    with refused("scan.no_field", InputError, before=Phrase("field.expiry", text="270531"), text="'1'"):
        gs1.read(f"01{GTIN}172705311", TODAY)
    with refused("scan.damaged", InputError, ai="(17)", text="'27'"):
        gs1.read(f"01{GTIN}1727", TODAY)


def test_a_doubt_shows_what_the_field_may_hide() -> None:
    lot, serial = Phrase("field.lot", text="AC3453"), Phrase("field.serial", text="S0001")
    field = Phrase("field.lot", text="AC345321S0001")
    ways = (Phrase("scan.fields", fields=(lot, serial)),)
    (doubt,) = gs1.read(f"01{GTIN}1727053110AC345321S0001", TODAY).doubts
    assert doubt == Phrase("doubt.separator_maybe_lost", field=field, ways=ways)


def test_the_corpus_has_every_group_and_no_name_twice() -> None:
    assert min(Counter(scan["group"] for scan in SCANS).values()) >= 20
    assert len({scan["name"] for scan in SCANS}) == len({scan["text"] for scan in SCANS}) == len(SCANS)


LETTERS = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
gtins = st.integers(1, 10**13 - 1).map(lambda n: f"{n:013}").map(lambda n: f"{n}{gs1_standard_check_digit(n)}")
values = st.text(LETTERS, min_size=1, max_size=20)
days = st.dates(TODAY, TODAY + timedelta(days=3650))
prefixes = st.sampled_from(["", "]d2", "]C1", "]Q3", "]e0"])


@given(gtins, days, values, values, prefixes, st.permutations(["01", "17", "10", "21"]))
def test_what_is_encoded_is_read_back(
    gtin: str, expires_on: date, lot: str, serial: str, prefix: str, order: list[str]
) -> None:
    value = {"01": gtin, "17": f"{expires_on:%y%m%d}", "10": lot, "21": serial}
    scan = "".join(f"{ai}{value[ai]}" + ("\x1d" if ai in ("10", "21") else "") for ai in order).removesuffix("\x1d")
    found = gs1.read(prefix + scan, TODAY)
    assert found[:4] == (gtin, expires_on, lot, serial)
    assert found.doubts == () or (not prefix and lot != lot.upper())


@given(gtins, days, values, prefixes)
def test_a_lot_alone_at_the_end_is_read_back_too(gtin: str, expires_on: date, lot: str, prefix: str) -> None:
    assume(not any(token in lot.upper() for token in ("<GS>", "<FNC1>")))
    found = gs1.read(f"{prefix}01{gtin}17{expires_on:%y%m%d}10{lot}", TODAY)
    assert found[:4] == (gtin, expires_on, lot, None)


@given(days, st.text("ABC0123456789", min_size=1, max_size=20), st.text("ABC0123456789", min_size=1, max_size=20))
@example(TODAY, "AC3453G3", "455777")
@example(TODAY, "A" * 20, "B" * 20)
def test_a_lost_separator_is_never_passed_over(expires_on: date, lot: str, serial: str) -> None:
    try:
        found = gs1.read(f"01{GTIN}17{expires_on:%y%m%d}10{lot}21{serial}", TODAY)
    except InputError as why:
        assert why.code == "scan.second"
        return
    assert {each.code for each in found.doubts} & {"doubt.separator_lost", "doubt.separator_maybe_lost"}
    assert found.readings
    assert found.lot is None or len(found.lot) <= 20
    if lot.count("21") + serial.count("21") == 0 and not (set("17") & set(lot + serial)):
        assert (lot, serial) in [(reading.lot, reading.serial) for reading in found.readings]


fragments = st.sampled_from(
    ["01" + GTIN, "17270531", "17", "10", "21", "37", "7003", "8008", "391", "\x1d", "(", ")", "]"]
)
typed = st.one_of(st.text(max_size=60), st.lists(fragments | st.text(LETTERS, max_size=8), max_size=8).map("".join))


@given(typed)
@example("01" + GTIN + "8008" + "99" * 6)
@example("01" + GTIN + "3919" + "1" * 5)
@example("2110711117270531" * (MAX_SCAN // 16))
def test_whatever_is_typed_is_read_or_refused(scan: str) -> None:
    try:
        found = gs1.read(scan, TODAY)
    except InputError as why:
        assert str(why).isprintable()
    else:
        assert len(found.gtin) == 14
        assert gs1_standard_check_digit(found.gtin[:-1]) == int(found.gtin[-1])


@given(typed, st.text(" \t\r\n", max_size=3), st.text(" \t\r\n", max_size=3))
def test_blanks_around_a_scan_change_nothing(scan: str, before: str, after: str) -> None:
    def outcome(text: str) -> Scan | str:
        try:
            return gs1.read(text, TODAY)
        except InputError as why:
            return str(why)

    assert outcome(before + scan + after) == outcome(scan)


@pytest.mark.parametrize(
    ("today", "digits", "year"),
    [
        (2026, "76", 2076),
        (2026, "77", 1977),
        (2049, "99", 2099),
        (2051, "00", 2100),
        (2051, "02", 2002),
        (2099, "49", 2149),
    ],
)
def test_two_digits_of_a_year_are_at_most_50_ahead_and_49_back(today: int, digits: str, year: int) -> None:
    found = gs1.read(f"01{GTIN}17{digits}0131", date(today, 6, 1))
    assert found.expires_on == date(year, 1, 31)
