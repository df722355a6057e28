"""A beep a kit: what is answered, asked once, typed once."""

import json
import sqlite3
from pathlib import Path

import pytest

from host.ledger.movement import RECEIVE
from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, NOW_MS, PRODUCT, assert_whole, kits, lost, pack, receive

BAD_PREFIXES = ["", "K1", "/K", "K K-", "K" * 21]


def test_a_beep_is_a_kit_and_answered_in_one_line(shelf: Station) -> None:
    done = receive(shelf, *[pack()] * 2, pack("B2", "280430"), pack())
    assert done.stderr.splitlines() == [
        "  K-0001  Naloxone X  lot A1  exp 31 May 2027  (1st of this lot)",
        "  K-0002  Naloxone X  lot A1  exp 31 May 2027  (2nd of this lot)",
        "  K-0003  Naloxone X  lot B2  exp 30 Apr 2028  (1st of this lot)",
        "  K-0004  Naloxone X  lot A1  exp 31 May 2027  (3rd of this lot)",
    ]
    assert done.stdout.splitlines() == [
        "Product     Lot    Expires      Kits    Kit numbers",
        "----------  -----  -----------  ------  ----------------------",
        "Naloxone X  A1     31 May 2027  3       K-0001, K-0002, K-0004",
        "Naloxone X  B2     30 Apr 2028  1       K-0003",
        "",
        "Received 4 kits into North.",
    ]
    assert_whole(shelf)


def test_programs_get_each_number(shelf: Station) -> None:
    assert shelf.json("stock", "receive", input=f"{pack()}\n{pack()}\n") == [
        {"product": "Naloxone X", "lot": "A1", "expires_on": "2027-05-31", "kits": ["K-0001", "K-0002"]}
    ]


def test_nothing_scanned_is_nothing_received(shelf: Station) -> None:
    done = receive(shelf)
    assert (done.stdout, done.stderr) == ("Received 0 kits into North.\n", "")


def test_empty_lines_are_passed_over_and_done_ends(shelf: Station) -> None:
    receive(shelf, "", pack() + "\r", "\r", "", "done", pack())
    assert [kit[0] for kit in kits(shelf)] == ["K-0001"]


def test_numbers_go_on_after_the_last_of_their_prefix(shelf: Station) -> None:
    for kit in ("K-0007", "K-0009", "K-20261122", "V-0001"):
        shelf.run("kit", "add", kit, "--product", PRODUCT, "--lot", "A1", "--expires", "2027-05-31")
    receive(shelf, pack(), pack())
    receive(shelf, pack(), options=("--prefix", "V-"))
    assert {"K-0010", "K-0011", "V-0002"} < {kit[0] for kit in kits(shelf)}
    assert "can't be a prefix" in shelf.refused("stock", "receive", "--prefix", "K1", status=2)


def test_a_station_numbers_its_kits_with_a_prefix_of_its_own(shelf: Station) -> None:
    changed = shelf.run("setting", "set", "kit_prefix", "NTH-")
    assert changed.stdout == "Changed kit_prefix from K- to NTH-.\n"
    receive(shelf, pack(), pack())
    receive(shelf, pack(), options=("--prefix", "K-"))
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "NTH-0001", "NTH-0002"]


def test_a_prefix_is_chosen_when_the_station_is_made(tmp_path: Path) -> None:
    made = Station(tmp_path / "south.db")
    init = ("init", "--name", "South", "--time-zone", "Europe/London", "--kit-prefix")
    for wrong in BAD_PREFIXES:
        assert f"{wrong!r} can't be a prefix" in made.refused(*init, wrong, status=2)
    assert list(tmp_path.iterdir()) == []
    assert made.json(*init, "S/")["kit_prefix"] == "S/"
    made.run("product", "add", PRODUCT, "--gtin", GTIN)
    receive(made, pack())
    assert [kit[0] for kit in kits(made)] == ["S/0001"]
    changes = made.store(lambda store: [each for each in store.audit_entries() if each.action == "setting.change"])
    assert [(each.subject, json.loads(each.detail)) for each in changes] == [
        ("kit_prefix", {"before": "K-", "after": "S/"})
    ]


def test_a_station_that_chooses_no_prefix_has_the_default(shelf: Station) -> None:
    assert (
        shelf.json("init", "--db", str(shelf.db.with_name("new.db")), "--name", "New", "--time-zone", "UTC")[
            "kit_prefix"
        ]
        == "K-"
    )


@pytest.mark.parametrize("wrong", BAD_PREFIXES)
def test_a_prefix_that_would_confuse_is_no_setting(shelf: Station, wrong: str) -> None:
    assert f"{wrong!r} can't be a prefix" in shelf.refused("setting", "set", "kit_prefix", wrong, status=2)
    receive(shelf, pack())
    assert [kit[0] for kit in kits(shelf)] == ["K-0001"]


def test_a_prefix_that_another_program_spoilt_numbers_nothing(shelf: Station) -> None:
    with sqlite3.connect(shelf.db) as other:
        other.execute("INSERT INTO setting VALUES ('kit_prefix', 'K1')")
    other.close()
    assert "'K1' can't be a prefix" in shelf.refused("stock", "receive", status=3, input=f"{pack()}\n")
    shelf.run("setting", "set", "kit_prefix", "N-")
    receive(shelf, pack())
    assert [kit[0] for kit in kits(shelf)] == ["N-0001"]


def test_document_and_station_are_kept(shelf: Station) -> None:
    shelf.run("place", "add", "South", "--kind", "station")
    shelf.run("place", "add", "Car 7", "--kind", "vehicle")
    receive(shelf, pack(), options=("--station", "South", "--document", "Delivery 118"))
    received = shelf.store(lambda store: store.movements("K-0001")[-1])
    assert (received.kind, received.place, received.document) == (RECEIVE, "South", "Delivery 118")
    assert "isn't a station" in shelf.refused("stock", "receive", "--station", "Car 7", status=2, input=pack())
    assert "no place called West" in shelf.refused("stock", "receive", "--station", "West", status=2, input=pack())
    assert len(kits(shelf)) == 1


def test_a_box_with_a_known_serial_was_received_already(shelf: Station) -> None:
    refused = receive(shelf, pack(serial="S1"), pack(serial="S1"), pack(serial="S2"), status=1)
    assert "kitdock: Line 2 was not received. This box was already received. Serial S1 is kit K-0001." in refused.stderr
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "K-0002"]
    assert "Received 2 kits into North, and refused 1 line." in refused.stdout


def test_a_lot_with_another_expiry_is_refused_with_both(shelf: Station) -> None:
    refused = receive(shelf, pack(), pack(expires="270630"), status=1)
    assert "31 May 2027" in refused.stderr.splitlines()[1]
    assert "30 Jun 2027" in refused.stderr.splitlines()[1]
    assert len(kits(shelf)) == 1


def test_a_scan_without_an_expiry_takes_that_of_its_lot(shelf: Station) -> None:
    receive(shelf, pack(), f"01{GTIN}10A1")
    assert [kit[1:3] for kit in kits(shelf)] == [("A1", "2027-05-31")] * 2


def test_an_expired_kit_is_received_only_if_that_is_said(shelf: Station) -> None:
    assert "--accept-expired" in receive(shelf, pack(expires="260531"), status=1).stderr
    assert kits(shelf) == []
    accepted = receive(shelf, pack(expires="260531"), options=("--accept-expired",))
    assert "exp 31 May 2026  (1st of this lot)  EXPIRED" in accepted.stderr
    assert len(kits(shelf)) == 1


def test_a_recalled_lot_is_told_at_each_beep(shelf: Station) -> None:
    receive(shelf, pack())
    shelf.store(lambda store: store.recall(PRODUCT, "A1", "cracked nozzle", None, NOW_MS))
    assert "RECALLED (cracked nozzle): put it aside" in receive(shelf, pack()).stderr


def test_a_lot_in_the_catalogue_keeps_its_doses(shelf: Station) -> None:
    shelf.run("kit", "add", "B1", "--product", PRODUCT, "--lot", "A1", "--expires", "2027-05-31", "--doses", "4")
    receive(shelf, pack())
    assert shelf.store(lambda store: store.state("K-0001").doses_left) == 4


@pytest.mark.usefixtures("terminal")
def test_what_is_typed_once_holds_for_the_packs_that_follow(shelf: Station) -> None:
    asked = receive(shelf, GTIN, "T1", "2028-04", *[GTIN] * 5, pack(), GTIN, "lot T2 exp 2028-05", GTIN, GTIN)
    assert asked.stderr.count("Lot printed on the pack") == 1
    assert asked.stderr.count("Expiry date printed on the pack") == 1
    assert [kit[1] for kit in kits(shelf)] == ["T1"] * 6 + ["A1", "T1", "T2", "T2"]
    assert {kit[1:3] for kit in kits(shelf)} >= {("T1", "2028-04-30"), ("T2", "2028-05-31")}


def test_what_is_typed_before_needs_no_terminal(shelf: Station) -> None:
    receive(shelf, "lot T1 exp 2028-04-30", GTIN, GTIN, "lot T2 exp 2028-05-31", GTIN)
    assert [kit[1] for kit in kits(shelf)] == ["T1", "T1", "T2"]


def test_a_lot_that_cannot_be_is_refused(shelf: Station) -> None:
    refused = receive(shelf, "lot", "lot A1 exp 30/04/2028", "lot A1", GTIN, status=1)
    lines = refused.stderr.splitlines()
    assert "Type `lot A1 exp 2028-04-30`" in lines[0]
    assert "which part of 30/04/2028 is the day" in lines[1]
    assert "Lot A1 of Naloxone X is new, and the code has no expiry date." in lines[3]
    assert kits(shelf) == []


@pytest.mark.usefixtures("terminal")
def test_answers_that_do_not_fit_are_asked_again(shelf: Station) -> None:
    asked = receive(shelf, GTIN, "", "T1 exp soon", "T1", "", "31/04/2028", "2028-04-31", "2028-04-30")
    assert asked.stderr.count("Lot printed on the pack") == 3
    assert asked.stderr.count("Expiry date printed on the pack") == 4
    assert [kit[1:3] for kit in kits(shelf)] == [("T1", "2028-04-30")]


@pytest.mark.usefixtures("terminal")
def test_the_next_beep_is_no_answer(shelf: Station) -> None:
    asked = receive(shelf, GTIN, pack("A9"), GTIN, "T1", pack("A9"), "2028-04-30")
    assert asked.stderr.count("That was a scan, and it wasn't received.") == 3
    assert [kit[1:3] for kit in kits(shelf)] == [("T1", "2028-04-30")]


@pytest.mark.usefixtures("terminal")
def test_a_lot_is_confirmed_once_not_at_each_beep(shelf: Station) -> None:
    asked = receive(shelf, lost(455777), "0", "x", "", "2", *[lost(455778 + at) for at in range(50)])
    assert asked.stderr.count("What does the pack say?") == 4  # the first beep, until it is answered
    assert {kit[1] for kit in kits(shelf)} == {"AC3453G3"}
    assert [kit[3] for kit in kits(shelf)] == [str(455777 + at) for at in range(51)]


@pytest.mark.usefixtures("terminal")
def test_another_lot_is_asked_about_again(shelf: Station) -> None:
    asked = receive(shelf, lost(1234), "2", lost(1235), lost(1236, "AC9999"), "skip", lost(1236, "AC9999"), "2")
    assert asked.stderr.count("What does the pack say?") == 3
    assert [kit[1] for kit in kits(shelf)] == ["AC3453G3", "AC3453G3", "AC9999"]


@pytest.mark.usefixtures("terminal")
def test_the_end_at_a_question_adds_nothing(shelf: Station) -> None:
    receive(shelf, pack(), lost(1234))
    receive(shelf, lost(1234), "done")
    assert [kit[1] for kit in kits(shelf)] == ["A1"]


@pytest.mark.usefixtures("terminal")
def test_an_unknown_product_is_asked_once_and_is_in_the_catalogue(shelf: Station) -> None:
    other = "0100614141000036" + "1727053110C1"
    asked = receive(shelf, other, "", "99", "Nyxoid", "0", "2", other, other)
    assert asked.stderr.count("No product has GTIN 00614141000036. Which product is it?") == 1
    assert "Number 99 isn't in the list" in asked.stderr
    assert [(row["product"], row["doses"], row["gtins"]) for row in shelf.json("product", "list")] == [
        ("Naloxone X", 2, [GTIN]),
        ("Nyxoid", 2, ["00614141000036"]),
    ]
    assert len(kits(shelf)) == 3


@pytest.mark.parametrize("answer", ["1", "naloxone x"])
@pytest.mark.usefixtures("terminal")
def test_an_unknown_number_may_be_a_known_product(shelf: Station, answer: str) -> None:
    receive(shelf, "0100614141000036" + "1727053110C1", answer)
    (row,) = shelf.json("product", "list")
    assert (row["product"], row["gtins"]) == ("Naloxone X", ["00614141000036", GTIN])


def test_an_unknown_product_is_refused_with_the_command_to_run(shelf: Station) -> None:
    refused = receive(shelf, "0100614141000036" + "1727053110C1", pack(), "0119506000134359" + "10A1", status=1)
    lines = refused.stderr.splitlines()
    assert "`kitdock product add NAME --gtin 00614141000036`" in lines[0]
    assert "case of several packs." in lines[2]
    assert len(kits(shelf)) == 1
