"""Kits out of a file: all, or nothing and each bad line."""

from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import Station
from tests.cli.receiving.shelf import assert_whole, kits, pack, receive

HEAD = "kit,product,gtin,lot,expires,doses,serial,document"


def imported(station: Station, path: Path, *lines: str, options: tuple[str, ...] = (), status: int = 0) -> Result:
    path.write_text("\n".join([HEAD, *lines, ""]), encoding="utf-8")
    return station.run("stock", "import", str(path), *options, status=status)


GOOD = (
    "B1,,9506000134352,A1,2027-05-31,2,S1,",
    "B2,Naloxone X,,A1,,,,Note 7",
    "B3,Naloxone X,09506000134352,C3,2028-04,4,,",
)


def test_a_file_is_imported_whole(shelf: Station, tmp_path: Path) -> None:
    dry = imported(shelf, tmp_path / "kits.csv", *GOOD, options=("--dry-run",))
    assert "Dry run: 3 kits would be received into North" in dry.stdout
    assert kits(shelf) == []
    done = imported(shelf, tmp_path / "kits.csv", *GOOD, options=("--document", "Delivery 118"))
    assert done.stdout.splitlines()[2:] == [
        "Naloxone X  A1     31 May 2027  2       B1, B2",
        "Naloxone X  C3     30 Apr 2028  1       B3",
        "",
        "Received 3 kits into North.",
    ]
    assert kits(shelf) == [
        ("B1", "A1", "2027-05-31", "S1"),
        ("B2", "A1", "2027-05-31", None),
        ("B3", "C3", "2028-04-30", None),
    ]
    documents = [shelf.store(lambda store, kit=kit: store.movements(kit)[0].document) for kit in ("B1", "B2", "B3")]
    assert documents == ["Delivery 118", "Note 7", "Delivery 118"]
    assert shelf.store(lambda store: store.state("B3").doses_left) == 4
    assert_whole(shelf)


BAD = {
    "K-0001,Naloxone X,,A1,,,,": "There's already a kit K-0001.",
    "B9,Naloxone X,,A1,2027-06-30,,,": "expire on 31 May 2027, not on 30 Jun 2027",
    "B9,Naloxone X,,C3,2028-05,,,": "expire on 30 Apr 2028, not on 31 May 2028",  # by line 4 of the file
    "B9,Naloxone X,,A1,,4,,": "have 2 doses, not 4",
    "B9,Naloxone X,,Z9,,,,": "Lot Z9 of Naloxone X is new. Fill in the column expires.",
    "B9,Nyxoid,,Z9,2028-01-31,,,": "There's no product called Nyxoid. See `kitdock product list`",
    "B9,,614141000036,Z9,2028-01-31,,,": "`kitdock product add NAME --gtin 00614141000036`",
    "B9,Naloxone X,614141000036,Z9,2028-01-31,,,": "`kitdock product gtin 'Naloxone X' 00614141000036`",
    "B9,Nyxoid,9506000134352,Z9,2028-01-31,,,": "GTIN 09506000134352 belongs to Naloxone X, not to Nyxoid.",
    "B9,,9506000134353,Z9,2028-01-31,,,": "ends in 3 where 2 should be",
    "B9,Naloxone X,,Z9,2026-05-31,,,": "went out of date on 31 May 2026",
    "B9,Naloxone X,,Z9,2044-05-31,,,": "more than 10 years ahead",
    "B9,,9506000134352,A1,,,TAKEN,": "Serial TAKEN is kit K-0001.",
    "B9,,9506000-134352,A1,,,S1,": "Serial S1 is on line 2 too.",
    "b1,Naloxone X,,A1,,,,": "Kit b1 is also on line 2",
    "k-0001,Naloxone X,,A1,,,,": "Number k-0001 is too much like kit K-0001.",
    "\uff2b1,Naloxone X,,A1,,,,": "Type K1 instead.",
    "B 9,Naloxone X,,A1,,,,": "as a kit number",
}


def test_serials_are_told_apart_by_product_if_no_gtin_is_known(shelf: Station, tmp_path: Path) -> None:
    shelf.run("product", "add", "Naloxone Y")
    one, other = "B1,Naloxone X,,A1,2027-05-31,,S1,", "B2,Naloxone Y,,A1,2027-05-31,,S1,"
    assert "Received 2 kits" in imported(shelf, tmp_path / "kits.csv", one, other).stdout
    again = "B3,Naloxone X,,A1,,,S1,"
    refused = imported(shelf, tmp_path / "kits.csv", again, options=("--dry-run",), status=2)
    assert "Serial S1 is kit B1." in refused.stderr
    twice = ("B4,Naloxone X,,A1,,,S2,", "B5,Naloxone X,,A1,,,S2,")
    assert "Serial S2 is on line 2 too." in imported(shelf, tmp_path / "kits.csv", *twice, status=2).stderr


def test_numbers_count_on_from_those_in_other_capitals(shelf: Station) -> None:
    receive(shelf, pack(), pack())
    receive(shelf, pack(), options=("--prefix", "k-"))
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "K-0002", "k-0003"]


@pytest.mark.parametrize("line", BAD, ids=BAD.values())
def test_one_bad_line_and_nothing_is_imported(shelf: Station, tmp_path: Path, line: str) -> None:
    receive(shelf, pack(serial="TAKEN"))
    good = ("B1,,9506000134352,A1,2027-05-31,2,S1,", *GOOD[1:])
    for options in ((), ("--dry-run",)):
        refused = imported(shelf, tmp_path / "kits.csv", *good, line, options=options, status=2)
        told = [each for each in refused.stderr.splitlines() if each.startswith("kitdock: Line 5: ")]
        assert len(told) == 1, refused.stderr
        assert BAD[line] in told[0]
        assert [kit[0] for kit in kits(shelf)] == ["K-0001"]
    assert "to correct, so nothing would be received into North." in refused.stdout
    assert "K-0001" not in refused.stdout


def test_every_bad_line_is_told_and_the_good_ones_summed_up(shelf: Station, tmp_path: Path) -> None:
    wrong = ("B4,Naloxone X,,,2028-01-31,,,", "B5,,,A1,,,,", "B6,Nyxoid,,A1,2028-01-31,,,", 'B7,"Naloxone X,,A1,,,,')
    dry = imported(shelf, tmp_path / "kits.csv", *GOOD, *wrong, options=("--dry-run",), status=2)
    assert [line.split(": ")[1] for line in dry.stderr.splitlines()] == ["Line 5", "Line 6", "Line 7", "Line 8"]
    assert "Naloxone X  A1     31 May 2027  2       B1, B2" in dry.stdout
    refused = imported(shelf, tmp_path / "kits.csv", *GOOD, *wrong, status=2)
    assert refused.stdout == ""
    assert refused.stderr.splitlines()[-1].endswith("kits.csv. Correct 4 lines and import it again.")
    assert kits(shelf) == []


def test_dates_in_numbers_need_their_style_named(shelf: Station, tmp_path: Path) -> None:
    imported(shelf, tmp_path / "kits.csv", "B1,Naloxone X,,A1,03/04/2028,,,", options=("--dates", "dmy"))
    assert kits(shelf) == [("B1", "A1", "2028-04-03", None)]


def test_a_file_with_a_mistyped_lot_is_taken_back_and_imported_again(shelf: Station, tmp_path: Path) -> None:
    imported(shelf, tmp_path / "kits.csv", "B1,Naloxone X,,A1,2027-05-31,2,,", "B2,Naloxone X,,A1,,,,")
    again = ("B1,Naloxone X,,A1,2028-05-31,4,,", "B2,Naloxone X,,A1,,,,")
    shelf.run("kit", "correct", "B1", "--reason", "wrong expiry")
    refused = imported(shelf, tmp_path / "kits.csv", again[0], status=2)
    assert "expire on 31 May 2027, not on 31 May 2028" in refused.stderr
    shelf.run("kit", "correct", "B2", "--reason", "wrong expiry")
    imported(shelf, tmp_path / "kits.csv", *again)
    assert kits(shelf) == [("B1", "A1", "2028-05-31", None), ("B2", "A1", "2028-05-31", None)]
    assert shelf.store(lambda store: store.state("B2").doses_left) == 4
    assert_whole(shelf)


def test_expired_kits_of_a_file_are_taken_only_if_that_is_said(shelf: Station, tmp_path: Path) -> None:
    line = "B1,Naloxone X,,A1,2026-05-31,,,"
    imported(shelf, tmp_path / "kits.csv", line, status=2)
    imported(shelf, tmp_path / "kits.csv", line, options=("--accept-expired",))
    assert [kit[0] for kit in kits(shelf)] == ["B1"]


def test_a_file_that_is_none_is_refused_in_one_line(shelf: Station, tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    assert "missing.csv: it doesn't exist." in shelf.refused("stock", "import", str(missing), status=2)
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "empty.csv. The file is empty." in shelf.refused("stock", "import", str(tmp_path / "empty.csv"), status=2)
    (tmp_path / "other.csv").write_text("name,size\nx,1\n")
    assert "The first line must name the columns." in shelf.refused(
        "stock", "import", str(tmp_path / "other.csv"), status=2
    )
