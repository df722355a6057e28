"""What is remembered while kits are received: nothing is asked twice, and nothing is taken that was not said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host.errors import InputError
from host.receiving import gs1
from host.receiving.gs1 import Scan
from host.receiving.session import Session, TypedPack, doubts, is_scan, typed_lot

TODAY = date(2026, 6, 1)
DAY = date(2027, 5, 31)
GTIN = "09506000134352"
OTHER = "00614141000036"
ALONE = Scan(GTIN)


def lost(serial: str) -> Scan:
    """A pack whose separator between lot AC3453G3 and serial was lost."""
    return gs1.read(f"01{GTIN}1727053110AC3453G321{serial}", TODAY)


def test_a_reading_is_chosen_once_for_all_packs_of_its_lot() -> None:
    session = Session()
    first = lost("455777")
    assert session.settled(first, TODAY) is None
    session.received(first.readings[0], first.readings[0])
    assert session.settled(lost("455778"), TODAY) == Scan(GTIN, DAY, "AC3453G3", "455778")


def test_a_whole_reading_that_was_chosen_stands_for_that_lot_alone() -> None:
    session = Session()
    first = lost("455777")
    session.received(first, first)
    assert session.settled(lost("455777"), TODAY) == first
    assert session.settled(lost("455778"), TODAY) is None


def test_two_readings_that_were_both_chosen_are_asked_about() -> None:
    session = Session()
    first = lost("455777")
    session.received(first, first)
    session.received(first.readings[0], first.readings[0])
    assert session.settled(first, TODAY) is None


def test_a_reading_without_a_lot_is_never_taken_unasked() -> None:
    session = Session()
    session.received(ALONE, ALONE._replace(lot="A1", expires_on=DAY))
    scan = gs1.read(f"01{GTIN}21S12345671727053110AC3453", TODAY)
    assert scan[:3] == (GTIN, None, None)
    assert scan.readings
    assert session.settled(scan, TODAY) is None


def test_a_number_confirmed_as_whole_is_not_asked_about_again() -> None:
    session = Session()
    scan = gs1.read("0109506000139", TODAY)
    assert session.settled(scan, TODAY) is None
    session.received(scan, scan._replace(lot="A1", expires_on=DAY))
    assert session.settled(scan, TODAY) == scan


def test_that_an_expiry_has_passed_is_not_asked() -> None:
    scan = gs1.read(f"01{GTIN}1724053110A1", TODAY)
    assert scan.doubts
    assert doubts(scan, TODAY) == []
    assert Session().settled(scan, TODAY) == scan
    assert doubts(gs1.read(f"01{GTIN}1775053110A1", TODAY), TODAY) != []


def test_what_was_typed_is_kept_for_the_product_until_other_is_typed() -> None:
    session = Session()
    session.announce(TypedPack("A1", DAY))
    pack = session.filled(ALONE)
    assert pack[:3] == (GTIN, DAY, "A1")
    session.received(ALONE, pack)
    assert session.filled(ALONE) == pack
    assert session.filled(Scan(OTHER)) == Scan(OTHER)
    session.announce(TypedPack("B2", DAY))
    assert session.filled(ALONE).lot == "B2"
    session.received(ALONE, session.filled(ALONE))
    assert session.filled(ALONE).lot == "B2"
    assert session.filled(Scan(OTHER)) == Scan(OTHER)


def test_what_was_typed_waits_for_a_pack_that_lacks_it() -> None:
    session = Session()
    session.announce(TypedPack("B2", DAY))
    whole = Scan(GTIN, DAY, "A1")
    assert session.filled(whole) == whole
    session.received(whole, whole)
    assert session.filled(ALONE).lot == "B2"


@pytest.mark.parametrize(
    ("typed", "scan", "pack"),
    [
        (TypedPack("A1", DAY), Scan(GTIN, None, "A1"), Scan(GTIN, DAY, "A1")),
        (TypedPack("A1", DAY), Scan(GTIN, None, "B2"), Scan(GTIN, None, "B2")),
        (TypedPack("A1", None), Scan(GTIN, DAY), Scan(GTIN, DAY, "A1")),
        (TypedPack("A1", date(2028, 1, 31)), Scan(GTIN, DAY), Scan(GTIN, DAY)),
        (TypedPack("A1", None), Scan(GTIN, None, "A1"), Scan(GTIN, None, "A1")),
        (TypedPack("A1", None), ALONE, Scan(GTIN, None, "A1")),
        (TypedPack("A1", DAY), Scan(GTIN, None, None, "S1"), Scan(GTIN, DAY, "A1", "S1")),
    ],
)
def test_what_was_typed_never_overrules_the_code(typed: TypedPack, scan: Scan, pack: Scan) -> None:
    session = Session()
    session.announce(typed)
    assert session.filled(scan) == pack


def test_undo_of_the_only_pack_forgets_what_was_said_of_it() -> None:
    session = Session()
    session.announce(TypedPack("A1", DAY))
    wrong = session.filled(ALONE)
    session.received(ALONE, wrong)
    session.received(ALONE, wrong)
    session.undone(ALONE, wrong)
    assert session.filled(ALONE) == wrong
    session.undone(ALONE, wrong)
    assert session.filled(ALONE) == ALONE
    first = lost("455777")
    session.received(first, first)
    session.undone(first, first)
    assert session.settled(first, TODAY) is None


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("lot A1 exp 2028-04-30", TypedPack("A1", date(2028, 4, 30))),
        ("LOT A1 EXP 2028-04", TypedPack("A1", date(2028, 4, 30))),
        ("A1 expires April 2028", TypedPack("A1", date(2028, 4, 30))),
        ("lot A1", TypedPack("A1", None)),
        ("A1", TypedPack("A1", None)),
        ("lot AB 12 exp 30 Apr 2028", TypedPack("AB 12", date(2028, 4, 30))),
        (" lot  EXP1  expiry 2028-04 ", TypedPack("EXP1", date(2028, 4, 30))),
    ],
)
def test_a_lot_is_typed_with_or_without_its_expiry(text: str, typed: TypedPack) -> None:
    assert typed_lot(text, TODAY) == typed


@pytest.mark.parametrize(
    "text", ["lot", "", "lot A1 exp 30/04/2028", "lot A1 exp soon", "lot " + "A" * 61, "lot A\x071"]
)
def test_what_is_no_lot_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        typed_lot(text, TODAY)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_lot_or_is_refused(text: str) -> None:
    try:
        typed = typed_lot(text, TODAY)
    except InputError:
        return
    assert 0 < len(typed.lot) <= 60
    assert typed.lot.isprintable()


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        (f"]d201{GTIN}1727053110A1", True),
        (f"01{GTIN}1727053110A1", True),
        ("9506000134352", True),
        ("]C1 cut short", True),
        ("9506000134353", False),
        ("95060002", False),
        ("A1", False),
        ("2028-04-30", False),
        ("Naloxone 1.8 mg nasal", False),
    ],
)
def test_the_beep_of_the_next_pack_is_no_answer(text: str, scan: bool) -> None:
    assert is_scan(text, TODAY) is scan
