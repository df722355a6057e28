"""Every scan of the corpus is received, asked about or refused, as it must be."""

from datetime import date
from typing import Any

import pytest

from host.words import written
from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, PRODUCT, SCANS, kits, pack, receive

LINES = [scan for scan in SCANS if "\n" not in scan["text"].strip()]
"""Two lines are two scans here."""
READ = [scan for scan in LINES if scan["group"] != "malformed" and not scan.get("doubts")]
DOUBTFUL = [scan for scan in LINES if scan.get("doubts")]
MALFORMED = [scan for scan in LINES if scan["group"] == "malformed"]


def named(scan: dict[str, Any]) -> str:
    return str(scan["name"])


def know(station: Station, scan: dict[str, Any]) -> None:
    if scan.get("gtin", GTIN) != GTIN:
        station.run("product", "gtin", PRODUCT, scan["gtin"])


def known_of(scan: dict[str, Any]) -> tuple[str, str, str | None]:
    """Lot, expiry and serial of a scan; what it does not say is as typed in the tests."""
    return scan.get("lot", "T1"), str(scan.get("expires", date(2029, 1, 31))), scan.get("serial")


def typed_for(scan: dict[str, Any]) -> list[str]:
    """What must be typed for what the scan does not say."""
    if "lot" in scan:
        return [] if "expires" in scan else ["2029-01-31"]
    return ["T1"] if "expires" in scan else ["T1 exp 2029-01"]


@pytest.mark.parametrize("scan", READ, ids=named)
def test_a_scan_is_received_or_what_it_lacks_is_told(shelf: Station, scan: dict[str, Any]) -> None:
    know(shelf, scan)
    whole = "lot" in scan and "expires" in scan
    done = receive(shelf, scan["text"].strip("\r\n"), status=0 if whole else 1)
    if whole:
        assert kits(shelf) == [("K-0001", *known_of(scan))]
        expires = written(date.fromisoformat(str(scan["expires"])))
        assert f"lot {scan['lot']}  exp {expires}  (1st of this lot)" in done.stderr
    else:
        assert kits(shelf) == []
        assert ("the code has no expiry date" if "lot" in scan else "has no lot") in done.stderr


@pytest.mark.parametrize("scan", READ, ids=named)
@pytest.mark.usefixtures("terminal")
def test_what_a_scan_lacks_is_typed(shelf: Station, scan: dict[str, Any]) -> None:
    know(shelf, scan)
    receive(shelf, scan["text"].strip("\r\n"), *typed_for(scan))
    assert kits(shelf) == [("K-0001", *known_of(scan))]


@pytest.mark.parametrize("scan", DOUBTFUL, ids=named)
def test_a_doubtful_scan_is_refused_where_nobody_can_answer(shelf: Station, scan: dict[str, Any]) -> None:
    know(shelf, scan)
    refused = receive(shelf, scan["text"], pack("GOOD"), status=1)
    lines = [line for line in refused.stderr.splitlines() if line.startswith("kitdock: Line 1 was not received. ")]
    assert len(lines) == 1
    expired = scan.get("expires", date(2029, 1, 1)) < date(2026, 6, 1)
    # The kit's lot is refused, or with several readings the scan.
    wanted = ("went out of date on", "expired on") if expired else scan["doubts"][:1]
    assert any(each in lines[0] for each in wanted)
    assert [kit[:2] for kit in kits(shelf)] == [("K-0001", "GOOD")]


CHOICES = [
    (scan, number, reading)
    for scan in DOUBTFUL
    for number, reading in enumerate([scan, *scan.get("readings", [])], 1)
    if scan.get("expires", date(2029, 1, 1)) >= date(2026, 6, 1)
]


@pytest.mark.parametrize(
    ("scan", "number", "reading"), CHOICES, ids=lambda it: it if isinstance(it, int) else it.get("name", "")
)
@pytest.mark.usefixtures("terminal")
def test_a_doubtful_scan_is_what_a_person_says_it_is(
    shelf: Station, scan: dict[str, Any], number: int, reading: dict[str, Any]
) -> None:
    know(shelf, scan)
    asked = receive(shelf, scan["text"], str(number) if scan.get("readings") else "yes", *typed_for(reading))
    assert scan["doubts"][0] in " ".join(asked.stderr.split())
    # What is typed, and its line end, are the terminal's.
    assert max(map(len, asked.stderr.replace("> ", "\n").replace("skip: ", "\n").splitlines())) <= 80
    assert kits(shelf) == [("K-0001", *known_of(reading))]


@pytest.mark.parametrize("scan", DOUBTFUL, ids=named)
@pytest.mark.usefixtures("terminal")
def test_a_doubtful_scan_may_be_skipped(shelf: Station, scan: dict[str, Any]) -> None:
    know(shelf, scan)
    receive(shelf, scan["text"], "skip", pack("GOOD"))
    assert [kit[:2] for kit in kits(shelf)] == [("K-0001", "GOOD")]


@pytest.mark.parametrize("scan", MALFORMED, ids=named)
def test_a_scan_that_is_none_is_refused_in_one_line(shelf: Station, scan: dict[str, Any]) -> None:
    text = scan["text"].strip("\r\n")
    blank = not text.strip()
    refused = receive(shelf, text, pack("GOOD"), status=0 if blank else 1)
    lines = refused.stderr.splitlines()
    assert len(lines) == (1 if blank else 2), refused.stderr
    if not blank:
        assert lines[0].startswith("kitdock: Line 1 was not received. ")
        assert scan["error"] in lines[0]
    assert [kit[:2] for kit in kits(shelf)] == [("K-0001", "GOOD")]


def test_every_row_of_the_corpus_is_in_one_of_these() -> None:
    assert len(READ) + len(DOUBTFUL) + len(MALFORMED) == len(LINES) >= 100
    assert [scan["name"] for scan in SCANS if scan not in LINES] == ["two scans on two lines"]
    assert min(map(len, (READ, DOUBTFUL, MALFORMED, CHOICES))) >= 10
