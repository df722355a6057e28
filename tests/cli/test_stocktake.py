"""`kitdock stocktake`: scanned, resumed, compared, and closed only with a reason for each difference."""

import csv
import sqlite3
from pathlib import Path
from unittest.mock import patch

import pytest

from host import clock
from host.access.roles import AUDITOR, QUARTERMASTER
from host.errors import RuleError
from host.ledger import Movement
from host.store.stock import Incoming
from host.store.stocktake import StocktakeRepository
from host.words import written
from tests.cli.conftest import Station, day, noon
from tests.station import Store

GTIN = "09506000134352"


@pytest.fixture
def shelf(station: Station) -> Station:
    """North has K-1 to K-4, K-4 expired; K-5 is with officer 4101, K-6 at South, K-7 in Car 1; two may count."""
    then = noon(-100)
    with Store.open(station.db) as store:
        store.add_place("South", "station", None, then)
        store.add_place("Car 1", "vehicle", None, then)
        store.add_officer("4101", day(-120), then)
        for number in range(1, 8):
            lot, until = ("A0", -3) if number == 4 else ("A1", 400)
            box = Incoming(f"K-{number}", "Naloxone 1.8 mg", lot, day(until), None, GTIN, f"S{number}")
            store.receive([box], then, station="South" if number == 6 else None)
        store.issue_kit("K-5", "4101", None, then)
        store.issue_kit("K-7", None, None, then, place="Car 1")
        for login in ("first", "second"):
            store.grant(login, QUARTERMASTER, None, then)
        store.grant("auditor", AUDITOR, None, then)
    return station


def scan(station: Station, *lines: str, login: str = "first", options: tuple[str, ...] = ()) -> list[str]:
    """What is answered to each line."""
    done = station.run("stocktake", "scan", *options, input="".join(f"{line}\n" for line in lines), login=login)
    return done.stderr.splitlines()


def differences(station: Station, which: str = "North") -> list[str]:
    return [f"{row['kind']}:{row['kit']}" for row in station.json("stocktake", "result", which)]


def rows(station: Station, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(station.db)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_each_scan_is_answered_in_one_line(shelf: Station) -> None:
    assert "4 kits expected" in shelf.run("stocktake", "start").stdout
    said = scan(shelf, "K-1", "", "K-5", "K-6", "K-4", "K-1", "K-99", "k-2", "K-2 1", "K 3 x")
    since = written(day(-100))
    assert said == [
        "  K-1  ok",
        f"! K-5  Not expected here (recorded as carried by officer 4101 since {since}).",
        f"! K-6  Not expected here (recorded as at South since {since}).",
        f"! K-4  Went out of date on {written(day(-3))}.",
        "! K-1  You have already counted it.",
        "! K-99  Unknown kit.",
        "! not counted  There's no kit k-2, but there is a kit K-2. Is caps lock on? Scan again.",
        "! K-2  You counted 1 dose, but the ledger has 2.",
        "! not counted  You can't use 'K 3 x' as a kit number. Use 1 to 32 letters, digits, dots, dashes or slashes.",
    ]
    assert differences(shelf) == [
        "missing:K-3",
        "unexpected:K-5",
        "unknown:K-99",
        "wrong_place:K-6",
        "expired:K-4",
        "doses:K-2",
    ]


def test_code_of_a_pack_is_its_kit_if_it_has_a_serial(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    said = scan(shelf, f"]d201{GTIN}10A1\x1d21S2", f"(01){GTIN}(21)S3", f"(01){GTIN}(21)S9(10)A1", f"(01){GTIN}(10)A1")
    assert said[:2] == ["  K-2  ok", "  K-3  ok"]
    assert said[2].startswith("! not counted  No single kit has this pack's serial (lot A1).")
    assert (
        said[3] == "! not counted  The code of this pack (lot A1) has no serial. Scan the label with the kit's number."
    )
    assert scan(shelf, GTIN) == [
        f"! not counted  The code of this pack (product {GTIN}) has no serial. Scan the label with the kit's number."
    ]
    assert "ends in 3 where 2 should be" in scan(shelf, "0109506000134353")[0]


def test_code_of_a_pack_is_not_the_kit_of_a_receipt_that_was_taken_back(shelf: Station) -> None:
    with Store.open(shelf.db) as store:
        store.move(Movement(0, clock.now_ms(), "correct", "K-2", reason="wrong lot"))
        store.receive([Incoming("K-20", "Naloxone 1.8 mg", "B9", day(300), gtin=GTIN, serial="S2")], clock.now_ms())
    shelf.run("stocktake", "start")
    assert scan(shelf, f"]d201{GTIN}10B9\x1d21S2") == ["  K-20  ok"]


def test_number_of_digits_is_a_kit_if_it_is_no_product(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    assert scan(shelf, "12345678") == ["! 12345678  Unknown kit."]


def test_undo_takes_back_the_last_scan_of_the_same_counter(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1", "K-5")
    scan(shelf, "K-2", login="second")
    assert scan(shelf, "undo", "UNDO", "undo") == [
        "  K-5  taken back",
        "  K-1  taken back",
        "! undo  nothing left to undo for first",
    ]
    assert differences(shelf) == ["missing:K-1", "missing:K-3", "missing:K-4"]


def test_count_goes_on_after_a_break_and_tells_how_far_it_is(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1", "done", "K-2")
    done = shelf.run("stocktake", "scan", input="K-3\n", login="second")
    assert done.stdout.splitlines()[0] == "Counter second scanned 1 kit. Found 2 of 4 kits in North."
    (row,) = shelf.json("stocktake", "status")
    assert (row["found"], row["expected"], row["counters"]) == (2, 4, {"first": 1, "second": 1})
    assert "2 of 4" in shelf.run("stocktake", "status").stdout


def test_two_logins_share_the_shelves_and_a_kit_scanned_by_both_is_double(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1", "K-2", "K-4", login="first")
    assert scan(shelf, "K-3", "K-1", login="second") == ["  K-3  ok", "! K-1  Already counted by first."]
    assert differences(shelf) == ["double:K-1", "expired:K-4"]


def test_blind_count_needs_two_and_compares_them(shelf: Station) -> None:
    shelf.run("stocktake", "start", "--blind")
    scan(shelf, "K-1", "K-2", "K-3", options=("--counter", "A"))
    close = ["stocktake", "close", "--reason", "missing:K-4=gone"]
    assert "so two people must count" in shelf.refused(*close, status=1)
    assert scan(shelf, "K-1", "K-2", options=("--counter", "B")) == ["  K-1  ok", "  K-2  ok"]
    assert differences(shelf) == ["missing:K-4", "counted_once:K-3"]


def test_kits_that_move_meanwhile_are_no_difference(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    with Store.open(shelf.db) as store:
        store.issue_kit("K-1", "4101", None, clock.now_ms())
        store.return_kit("K-5", clock.now_ms())
    scan(shelf, "K-2", "K-3")
    assert differences(shelf) == ["missing:K-4"]
    assert (
        "These came in during the count, and may be on a shelf that was already counted:\nK-5."
        in shelf.run("stocktake", "result").stdout
    )


def test_vehicle_is_counted_as_a_station_is(shelf: Station) -> None:
    assert "1 kit expected" in shelf.run("stocktake", "start", "Car 1").stdout
    assert scan(shelf, "K-7", "K-1") == [
        "  K-7  ok",
        f"! K-1  Not expected here (recorded as at North since {written(day(-100))}).",
    ]
    assert differences(shelf, "Car 1") == ["wrong_place:K-1"]


def test_close_is_refused_with_what_lacks_a_reason_and_writes_nothing(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1 1", "K-2", "K-3")
    before = rows(shelf, "SELECT count(*) FROM movement")
    done = shelf.run("stocktake", "close", "--reason", "doses:K-1=one was opened", status=1)
    lines = done.stderr.splitlines()
    assert "Stocktake 1 of North has 1 difference without a reason. Nothing was closed." in lines[0]
    assert lines[1:] == [f"kitdock:   missing:K-4  recorded here since {written(day(-100))}"]
    wrong = shelf.refused("stocktake", "close", "--reason", "missing:K-1=why", status=2)
    assert "has no difference called missing:K-1" in wrong
    assert "There's no difference named in" in shelf.refused("stocktake", "close", "--reason", "K-4=why", status=2)
    assert "as a reason" in shelf.refused("stocktake", "close", "--reason", "missing:K-4= ", status=2)
    assert rows(shelf, "SELECT count(*) FROM movement") == before
    assert rows(shelf, "SELECT count(*) FROM stocktake_difference") == [(0,)]
    assert len(shelf.json("stocktake", "status")) == 1


def test_close_records_differences_and_counted_doses_and_loses_nothing(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1 1", "K-2", "K-3")
    done = shelf.run(
        "stocktake", "close", "--reason", "doses:K-1=one was opened", "--reason", "missing:K-4=a=b", login="first"
    )
    assert done.stdout.splitlines() == [
        "Closed stocktake 1 of North: found 3 of 4 kits, 2 differences.",
        "  missing:K-4  Look for it. If it is gone, record it as lost: `kitdock kit lose K-4`.",
        "  doses:K-1  1 dose recorded",
    ]
    with Store.open(shelf.db) as store:
        counted = store.movements("K-1")[-1]
        assert (counted.kind, counted.doses, counted.reason, counted.document, counted.login) == (
            "count", 1, "one was opened", "stocktake 1", "first",
        )  # fmt: skip
        assert store.state("K-1").doses_unaccounted == 1
        assert store.state("K-4").status == "in_stock"
        assert store.verify_audit().broken_at is None
        assert store.rolled_up() == store.recompute()
    assert rows(shelf, "SELECT kind, kit, reason, login FROM stocktake_difference ORDER BY kind") == [
        ("doses", "K-1", "one was opened", "first"),
        ("missing", "K-4", "a=b", "first"),
    ]
    assert [row["reason"] for row in shelf.json("stocktake", "result", "1")] == ["a=b", "one was opened"]
    assert "No stocktake is under way." in shelf.refused("stocktake", "scan", status=2)
    assert [row["differences"] for row in shelf.json("stocktake", "list")] == [2]


def test_closing_that_breaks_off_writes_nothing(shelf: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1 1", "K-2", "K-3")
    tables = ("movement", "stocktake_difference", "journal", "fact")
    before = [rows(shelf, f"SELECT count(*) FROM {table}") for table in tables]

    def broken(*_: object) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(StocktakeRepository, "end", broken)
    with Store.open(shelf.db) as store, pytest.raises(OSError, match="power cut"):
        store.close_stocktake(1, {("doses", "K-1"): "opened", ("missing", "K-4"): "gone"}, clock.now_ms())
    assert [rows(shelf, f"SELECT count(*) FROM {table}") for table in tables] == before
    assert differences(shelf) == ["missing:K-4", "doses:K-1"]


def test_reasons_come_from_the_result_as_a_file(shelf: Station, tmp_path: Path) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1", "K-2", "K-4")
    path = tmp_path / "differences.csv"
    shelf.run("stocktake", "result", "--output", str(path))
    with path.open(newline="", encoding="utf-8-sig") as file:
        found = list(csv.DictReader(file))
    assert [row["kind"] for row in found] == ["missing", "expired"]
    assert "2 differences without a reason" in shelf.run("stocktake", "close", "--reasons", str(path), status=1).stderr
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(found[0]))
        writer.writeheader()
        writer.writerows(row | {"reason": f"seen to, {row['kit']}"} for row in found)
    shelf.run("stocktake", "close", "--reasons", str(path))
    assert [row["reason"] for row in shelf.json("stocktake", "result", "1")] == ["seen to, K-3", "seen to, K-4"]


def test_bad_file_of_reasons_is_refused_by_its_line(shelf: Station, tmp_path: Path) -> None:
    shelf.run("stocktake", "start")
    path = tmp_path / "reasons.csv"
    close = ["stocktake", "close", "--reasons", str(path)]
    path.write_text("kind,kit,reason\nmissing,,why\n")
    assert "line 2: Fill in kit." in shelf.refused(*close, status=2)
    path.write_text("kind,kit,reason\nmissing,K-1,a\nMissing,K-1,b\n")
    assert "line 3: Difference missing:K-1 already has a reason." in shelf.refused(*close, status=2)
    path.write_text(f"kind,kit,reason\nmissing,K-1,{'x' * 201}\n")
    assert "line 2:" in shelf.refused(*close, status=2)
    path.write_text("nothing\n")
    assert "The first line must name the columns." in shelf.refused(*close, status=2)


def test_reasons_are_asked_for_at_the_terminal(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1", "K-2")
    with patch("host.cli.terminal.has_terminal", return_value=True):
        half = shelf.run("stocktake", "close", input="on the desk\n\n", status=1)
        assert "1 difference without a reason" in half.stderr
        done = shelf.run("stocktake", "close", input=f"on the desk\n{'x' * 201}\ncollected\n")
    assert "2 differences" in done.stdout
    assert [row["reason"] for row in shelf.json("stocktake", "result", "1")] == ["on the desk", "collected"]


def test_one_stocktake_of_a_place_at_a_time(shelf: Station) -> None:
    assert "No stocktake is under way." in shelf.run("stocktake", "status").stdout
    assert "No stocktakes yet." in shelf.run("stocktake", "list").stdout
    shelf.run("stocktake", "start", "Car 1", login="first")
    shelf.run("stocktake", "start", "South", login="first")
    line = shelf.refused("stocktake", "start", "South", login="second", status=1)
    assert "Stocktake 2 of South is under way. It was started by first on " in line
    assert "Name the place: Car 1 or South." in shelf.refused("stocktake", "scan", status=2)
    assert "no place called Nowhere" in shelf.refused("stocktake", "start", "Nowhere", status=2)
    assert "There's no stocktake North under way." in shelf.refused("stocktake", "result", "North", status=2)
    shelf.run("stocktake", "start")
    assert shelf.json("stocktake", "scan", input="K-1\n")["place"] == "North"
    assert shelf.json("stocktake", "scan", "2", input="K-6\n")["place"] == "South"


def test_cancelled_stocktake_ends_without_a_result_and_says_why(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1")
    shelf.run("stocktake", "cancel", "--reason", "fire alarm", login="second")
    assert "given up by second" in shelf.run("stocktake", "result", "1").stdout
    assert shelf.json("stocktake", "list")[0]["cancelled"] == "fire alarm"
    assert "given up: fire alarm" in shelf.run("stocktake", "list").stdout
    shelf.run("stocktake", "start")
    assert differences(shelf) == ["missing:K-1", "missing:K-2", "missing:K-3", "missing:K-4"]


def test_closed_stocktake_takes_no_more_scans(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    with Store.open(shelf.db) as store:
        store.cancel_stocktake(1, "fire alarm", clock.now_ms())
        with pytest.raises(RuleError, match=r"was given up by .*\. Start another"):
            store.scan_kit(1, "first", "K-1", None, clock.now_ms())
        assert store.stocktakes()[0].scanned == 0


def test_who_looks_over_the_stock_reads_but_does_not_count(shelf: Station) -> None:
    shelf.run("stocktake", "start")
    scan(shelf, "K-1")
    assert len(shelf.json("stocktake", "result", login="auditor")) == 3
    refused = shelf.run("stocktake", "scan", input="K-2\n", login="auditor", status=1)
    assert "It needs the role quartermaster." in refused.stderr
    assert "It needs the role quartermaster." in shelf.refused("stocktake", "start", login="auditor", status=1)
    assert "It needs the role quartermaster." in shelf.refused(
        "stocktake", "cancel", "--reason", "x", login="auditor", status=1
    )
    assert len(differences(shelf)) == 3


def test_tables_fit_eighty_columns(shelf: Station) -> None:
    shelf.run("stocktake", "start", "--blind")
    scan(shelf, "K-5", "K-6", "K-4", "K-99", "K-2 1")
    scan(shelf, "K-5", "K-6", "K-2 0", login="second")
    for command in ("status", "result", "list"):
        text = shelf.run("stocktake", command).stdout
        assert len(text.splitlines()) > 2
        assert max(map(len, text.splitlines())) <= 80, text


def test_help_is_no_scan(station: Station) -> None:
    station.run("stocktake", "start")
    said = station.run("stocktake", "scan", input="help\ndone\n")
    assert "Type undo to take back the last scan, or done to finish." in said.stderr
    assert station.json("stocktake", "result") == []
