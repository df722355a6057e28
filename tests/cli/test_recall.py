"""`kitdock recall`: one command marks a lot and says who holds its kits, and where."""

from pathlib import Path

import pytest

from host import clock
from host.access.roles import AUDITOR, PROGRAMME_LEAD
from host.ledger import Movement
from host.store.stock import Incoming
from host.words import written
from tests.cli.conftest import Station, day, noon
from tests.station import Store

PRODUCT = "Naloxone 1.8 mg"


@pytest.fixture
def spread(station: Station) -> Station:
    """Lot A1: K-1 with 4101 in P-01, K-2 with 4102, K-3 in Car 1, K-4 North, K-5 South, K-6 to K-8 gone; B1: K-9."""
    then = noon(-20)
    station.tag("P-01")
    with Store.open(station.db) as store:
        store.add_place("South", "station", None, then)
        store.add_place("Car 1", "vehicle", None, then)
        for officer in ("4101", "4102"):
            store.add_officer(officer, day(-120), then)
        for number in range(1, 10):
            box = Incoming(f"K-{number}", PRODUCT, "B1" if number == 9 else "A1", day(400))
            store.receive([box], then, station="South" if number == 5 else None)
        store.issue_kit("K-1", "4101", "P-01", then)
        store.issue_kit("K-2", "4102", None, then)
        store.issue_kit("K-3", None, None, then, place="Car 1")
        for kit in ("K-6", "K-7"):
            store.issue_kit(kit, "4102", None, then)
        store.move(Movement(0, then, "use", "K-6", doses=2))
        store.move(Movement(0, then, "leave_behind", "K-7"))
        store.move(Movement(0, then, "destroy", "K-8", reason="crushed"))
        store.grant("lead", PROGRAMME_LEAD, None, then)
        store.grant("auditor", AUDITOR, None, then)
    return station


def test_one_command_marks_the_lot_and_lists_its_kits(spread: Station) -> None:
    done = spread.run("recall", "A1", "--reason", "leaking valves", "--document", "FSN-7")
    since = written(day(-20))
    lines = done.stdout.splitlines()
    assert [" ".join(line.split()) for line in lines[2:7]] == [
        f"K-1 officer 4101 P-01 {since} 2",
        f"K-2 officer 4102 {since} 2",
        f"K-3 Car 1 {since} 2",
        f"K-4 North, in stock {since} 2",
        f"K-5 South, in stock {since} 2",
    ]
    assert lines[8].startswith(f"Lot A1 of {PRODUCT} expires on {written(day(400))}. It was recalled on ")
    assert " ".join(lines[8:]) == (
        f"{lines[8]} {lines[9].partition(' (')[0]} "
        "(leaking valves, FSN-7). 8 kits; 2 with 2 officers; 1 at Car 1; in stock: 1 at North, 1 at South; 1 used up; "
        "1 left behind with a person; 1 destroyed."
    )


def test_recalled_lot_is_not_issued_until_the_recall_is_lifted(spread: Station) -> None:
    spread.run("recall", "A1", "--reason", "leaking valves", login="lead")
    assert "recalled (leaking valves)" in spread.refused("kit", "issue", "K-4", "4101", status=1)
    assert "K-4" not in [row["kit"] for row in spread.json("kit", "next")]
    line = spread.refused("recall", "A1", "--reason", "again", status=1)
    assert f"Lot A1 of {PRODUCT} was already recalled by lead on " in line
    assert "may be issued again" in spread.run("recall", "lift", "A1", "--reason", "checked").stdout
    assert "K-4" in [row["kit"] for row in spread.json("kit", "next")]
    spread.run("kit", "issue", "K-4", "4101")
    assert "isn't recalled" in spread.refused("recall", "lift", "A1", "--reason", "x", status=1)
    spread.run("recall", "A1", "--reason", "leaking again")
    assert "recalled (leaking again)" in spread.refused("kit", "issue", "K-5", "4101", status=1)
    with Store.open(spread.db) as store:
        assert [each.action for each in store.audit_entries()].count("lot.recall") == 3
        assert store.verify_audit().broken_at is None


def test_kit_of_which_the_receipt_was_taken_back_is_none_of_the_lot(spread: Station) -> None:
    spread.run("kit", "correct", "K-9", "--reason", "no such box")
    assert spread.json("recall", "show", "B1") == []
    assert "No kits to collect. In all: no kits." in spread.run("recall", "show", "B1").stdout


def test_recalls_are_listed_with_what_is_still_out(spread: Station) -> None:
    assert "No lot was ever recalled." in spread.run("recall").stdout
    spread.run("recall", "A1", "--reason", "leaking valves")
    spread.run("recall", "B1", "--reason", "wrong leaflet")
    spread.run("recall", "lift", "B1", "--reason", "new leaflet")
    found = [
        (row["lot"], row["recalled"], row["issued"], row["in_stock"], row["reason"])
        for row in spread.json("recall", "list")
    ]
    assert found == [("A1", True, 3, 2, "leaking valves"), ("B1", False, 0, 1, "new leaflet")]
    text = spread.run("recall").stdout
    assert "lifted: new leaflet" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80


def test_kits_are_shown_without_a_recall_and_none_may_be_left(spread: Station) -> None:
    assert [row["kit"] for row in spread.json("recall", "show", "A1")] == ["K-1", "K-2", "K-3", "K-4", "K-5"]
    assert "It isn't recalled." in spread.run("recall", "show", "A1").stdout
    assert spread.json("recall", "show", "B1")[0]["recalled"] is None
    with Store.open(spread.db) as store:
        store.move(Movement(0, clock.now_ms(), "destroy", "K-9", reason="crushed"))
    assert (
        spread.run("recall", "show", "B1").stdout.splitlines()[1] == "No kits to collect. In all: 1 kit; 1 destroyed."
    )


def test_lot_of_two_products_must_be_named(spread: Station) -> None:
    with Store.open(spread.db) as store:
        store.receive([Incoming("K-20", "Nasal 4 mg", "A1", day(300))], clock.now_ms())
    line = spread.refused("recall", "A1", "--reason", "x", status=2)
    assert line == f'There\'s a lot A1 of "{PRODUCT}" and of "Nasal 4 mg". Say which with --product.'
    assert spread.json("recall", "list") == []
    rows = spread.json("recall", "A1", "--product", "nasal 4 MG", "--reason", "x")
    assert [row["kit"] for row in rows] == ["K-20"]
    assert [row["product"] for row in spread.json("recall", "list")] == ["Nasal 4 mg"]


def test_unknown_lot_is_refused_with_what_is_like_it(spread: Station) -> None:
    recall = ["--reason", "x"]
    assert f"Do you mean A1 of {PRODUCT}?" in spread.refused("recall", "a 1", *recall, status=2)
    assert f"Do you mean A1 of {PRODUCT}?" in spread.refused("recall", "A1", "--product", "Other", *recall, status=2)
    assert spread.refused("recall", "Z9", *recall, status=2) == ("No lot Z9 was ever received. See `kitdock kit list`.")
    assert spread.json("recall", "list") == []


def test_who_may_not_recall_reads_and_the_attempt_is_noted(spread: Station) -> None:
    line = spread.refused("recall", "A1", "--reason", "x", login="auditor", status=1)
    assert "It needs the role quartermaster or programme lead." in line
    assert len(spread.json("recall", "show", "A1", login="auditor")) == 5
    with Store.open(spread.db) as store:
        refused = [each for each in store.audit_entries() if each.outcome == "refused"]
    assert [(each.action, each.login) for each in refused] == [("lot.recall", "auditor")]


def test_list_to_print_is_written_to_a_file(spread: Station, tmp_path: Path) -> None:
    path = tmp_path / "list.html"
    spread.run("recall", "A1", "--reason", "leaking valves", "--output", str(path))
    text = path.read_text(encoding="utf-8")
    assert f"Lot A1 of {PRODUCT}, recalled" in text
    assert "officer 4101" in text
    assert "leaking valves" in text


def test_recall_table_fits_eighty_columns(spread: Station) -> None:
    spread.run("recall", "A1", "--reason", "leaking valves")
    table = spread.run("recall", "show", "A1").stdout.split("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80


def test_recall_needs_a_lot_and_a_reason(spread: Station) -> None:
    assert "Give a reason with --reason." in spread.run("recall", "A1", status=2).stderr
    assert "Name the lot." in spread.run("recall", "--reason", "x", status=2).stderr
    assert spread.json("recall") == []


def test_lot_may_be_named_as_a_command_is(spread: Station) -> None:
    with Store.open(spread.db) as store:
        store.receive([Incoming("K-21", PRODUCT, "list", day(300))], clock.now_ms())
    spread.run("recall", "mark", "list", "--reason", "x")
    assert [row["lot"] for row in spread.json("recall")] == ["list"]
