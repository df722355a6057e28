"""Receiving at the command line: real scans, a beep a kit, what is asked and what is refused, files all or none."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host import errors
from host.cli.root import root
from host.ledger import Movement
from host.ledger.movement import DESTROY, RECEIVE
from host.store import Store
from tests.cli.conftest import Station

GTIN = "09506000134352"
SCANS = tomllib.loads((Path(__file__).parents[1] / "unit/receiving/scans.toml").read_text(encoding="utf-8"))["scan"]
NOW_MS = round(datetime(2026, 6, 1, 12, tzinfo=ZoneInfo("Europe/London")).timestamp() * 1000)
"""The day on which the corpus is read."""
KITDOCK = Path(sys.executable).parent / "kitdock"
PRODUCT = "Naloxone X"


@pytest.fixture(autouse=True)
def june() -> Iterator[None]:
    """The first of June 2026, each reading of the clock a millisecond later."""
    ticks = iter(range(NOW_MS, NOW_MS + 10_000_000))
    with patch("host.clock.now_ms", lambda: next(ticks)):
        yield


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station with a product, to be copied: making one takes longer than a test."""
    made = Station(tmp_path_factory.mktemp("template") / "station.db")
    with patch("host.clock.now_ms", lambda: NOW_MS - 1000):
        made.run("init", "--name", "North", "--time-zone", "Europe/London")
        made.run("product", "add", PRODUCT, "--gtin", GTIN)
    return made.db


@pytest.fixture
def shelf(template: Path, tmp_path: Path) -> Station:
    """A station that knows one product, `Naloxone X`."""
    return copied(template, tmp_path)


def copied(template: Path, folder: Path) -> Station:
    """A copy of the station `template`, in place of what is in the folder."""
    for suffix in ("-wal", "-shm"):
        (folder / f"station.db{suffix}").unlink(missing_ok=True)
    for suffix in ("", ".key"):
        shutil.copy2(f"{template}{suffix}", folder / f"station.db{suffix}")
    return Station(folder / "station.db")


@pytest.fixture
def terminal() -> Iterator[None]:
    """Somebody can answer."""
    with patch("host.cli.asking.has_terminal", return_value=True):
        yield


def pack(lot: str = "A1", expires: str = "270531", serial: str | None = None) -> str:
    """The code of a pack, its fields apart."""
    return f"01{GTIN}17{expires}" + (f"21{serial}\x1d" if serial else "") + f"10{lot}"


def receive(station: Station, *lines: str, options: tuple[str, ...] = (), status: int = 0) -> Result:
    return station.run("stock", "receive", *options, input="".join(f"{line}\n" for line in lines), status=status)


def kits(station: Station) -> list[tuple[str, str, str, str | None]]:
    """Number, lot, expiry and serial of every kit in stock."""

    def read(store: Store) -> list[tuple[str, str, str, str | None]]:
        return [
            (kit.id, kit.lot, store.lot_of(kit.id).expires_on.isoformat(), kit.serial)
            for kit in store.kits()
            if store.state(kit.id).status == "in_stock"
        ]

    found: list[tuple[str, str, str, str | None]] = station.store(read)
    return found


def assert_whole(station: Station) -> None:
    """The roll-ups are what the history gives."""
    with Store.open(station.db) as store:
        assert store.rolled_up() == store.recompute()


# The corpus.

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
        assert f"lot {scan['lot']}  exp {scan['expires']}  (1st of this lot)" in done.stderr
    else:
        assert kits(shelf) == []
        assert f"tells no {'expiry' if 'lot' in scan else 'lot'}" in done.stderr


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
    lines = [line for line in refused.stderr.splitlines() if line.startswith("kitdock: line 1: not received: ")]
    assert len(lines) == 1
    expired = scan.get("expires", date(2029, 1, 1)) < date(2026, 6, 1)
    assert ("expired on" if expired else scan["doubts"][0]) in lines[0]
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
        assert lines[0].startswith("kitdock: line 1: not received: ")
        assert scan["error"] in lines[0]
    assert [kit[:2] for kit in kits(shelf)] == [("K-0001", "GOOD")]


def test_every_row_of_the_corpus_is_in_one_of_these() -> None:
    assert len(READ) + len(DOUBTFUL) + len(MALFORMED) == len(LINES) >= 100
    assert [scan["name"] for scan in SCANS if scan not in LINES] == ["two scans on two lines"]
    assert min(map(len, (READ, DOUBTFUL, MALFORMED, CHOICES))) >= 10


# A beep a kit.


def test_a_beep_is_a_kit_and_answered_in_one_line(shelf: Station) -> None:
    done = receive(shelf, *[pack()] * 2, pack("B2", "280430"), pack())
    assert done.stderr.splitlines() == [
        "  K-0001  Naloxone X  lot A1  exp 2027-05-31  (1st of this lot)",
        "  K-0002  Naloxone X  lot A1  exp 2027-05-31  (2nd of this lot)",
        "  K-0003  Naloxone X  lot B2  exp 2028-04-30  (1st of this lot)",
        "  K-0004  Naloxone X  lot A1  exp 2027-05-31  (3rd of this lot)",
    ]
    assert done.stdout.splitlines() == [
        "product     lot    expires     kits    numbers",
        "----------  -----  ----------  ------  ----------------------",
        "Naloxone X  A1     2027-05-31  3       K-0001, K-0002, K-0004",
        "Naloxone X  B2     2028-04-30  1       K-0003",
        "",
        "4 kits received into North",
    ]
    assert_whole(shelf)


def test_programs_get_each_number(shelf: Station) -> None:
    assert shelf.json("stock", "receive", input=f"{pack()}\n{pack()}\n") == [
        {"product": "Naloxone X", "lot": "A1", "expires_on": "2027-05-31", "kits": ["K-0001", "K-0002"]}
    ]


def test_nothing_scanned_is_nothing_received(shelf: Station) -> None:
    done = receive(shelf)
    assert (done.stdout, done.stderr) == ("0 kits received into North\n", "")


def test_empty_lines_are_passed_over_and_done_ends(shelf: Station) -> None:
    receive(shelf, "", pack() + "\r", "\r", "", "done", pack())
    assert [kit[0] for kit in kits(shelf)] == ["K-0001"]


def test_numbers_go_on_after_the_last_of_their_prefix(shelf: Station) -> None:
    for kit in ("K-0007", "K-0009", "K-20261122", "V-0001"):
        shelf.run("kit", "add", kit, "--product", PRODUCT, "--lot", "A1", "--expires", "2027-05-31")
    receive(shelf, pack(), pack())
    receive(shelf, pack(), options=("--prefix", "V-"))
    assert {"K-0010", "K-0011", "V-0002"} < {kit[0] for kit in kits(shelf)}
    assert "is no prefix" in shelf.refused("stock", "receive", "--prefix", "K1", status=2)


def test_document_and_station_are_kept(shelf: Station) -> None:
    shelf.run("place", "add", "South", "--kind", "station")
    shelf.run("place", "add", "Car 7", "--kind", "vehicle")
    receive(shelf, pack(), options=("--station", "South", "--document", "Delivery 118"))
    received = shelf.store(lambda store: store.movements("K-0001")[-1])
    assert (received.kind, received.place, received.document) == (RECEIVE, "South", "Delivery 118")
    assert "not a station" in shelf.refused("stock", "receive", "--station", "Car 7", status=2, input=pack())
    assert "no place West" in shelf.refused("stock", "receive", "--station", "West", status=2, input=pack())
    assert len(kits(shelf)) == 1


def test_a_box_with_a_known_serial_was_received_already(shelf: Station) -> None:
    refused = receive(shelf, pack(serial="S1"), pack(serial="S1"), pack(serial="S2"), status=1)
    assert "kitdock: line 2: not received: serial S1 is kit K-0001: this box was received already" in refused.stderr
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "K-0002"]
    assert "2 kits received into North; 1 line refused" in refused.stdout


def test_a_lot_with_another_expiry_is_refused_with_both(shelf: Station) -> None:
    refused = receive(shelf, pack(), pack(expires="270630"), status=1)
    assert "2027-05-31" in refused.stderr.splitlines()[1]
    assert "2027-06-30" in refused.stderr.splitlines()[1]
    assert len(kits(shelf)) == 1


def test_a_scan_without_an_expiry_takes_that_of_its_lot(shelf: Station) -> None:
    receive(shelf, pack(), f"01{GTIN}10A1")
    assert [kit[1:3] for kit in kits(shelf)] == [("A1", "2027-05-31")] * 2


def test_an_expired_kit_is_received_only_if_that_is_said(shelf: Station) -> None:
    assert "--accept-expired" in receive(shelf, pack(expires="260531"), status=1).stderr
    assert kits(shelf) == []
    accepted = receive(shelf, pack(expires="260531"), options=("--accept-expired",))
    assert "exp 2026-05-31  (1st of this lot)  EXPIRED" in accepted.stderr
    assert len(kits(shelf)) == 1


def test_a_recalled_lot_is_told_at_each_beep(shelf: Station) -> None:
    receive(shelf, pack())
    shelf.store(lambda store: store.recall(PRODUCT, "A1", "cracked nozzle", None, NOW_MS))
    assert "RECALLED (cracked nozzle): put it aside" in receive(shelf, pack()).stderr


def test_a_lot_in_the_catalogue_keeps_its_doses(shelf: Station) -> None:
    shelf.run("kit", "add", "B1", "--product", PRODUCT, "--lot", "A1", "--expires", "2027-05-31", "--doses", "4")
    receive(shelf, pack())
    assert shelf.store(lambda store: store.state("K-0001").doses_left) == 4


# Packs whose code does not tell lot and expiry.


@pytest.mark.usefixtures("terminal")
def test_what_is_typed_once_holds_for_the_packs_that_follow(shelf: Station) -> None:
    asked = receive(shelf, GTIN, "T1", "2028-04", *[GTIN] * 5, pack(), GTIN, "lot T2 exp 2028-05", GTIN, GTIN)
    assert asked.stderr.count("Lot printed on the pack") == 1
    assert asked.stderr.count("Expiry printed on the pack") == 1
    assert [kit[1] for kit in kits(shelf)] == ["T1"] * 6 + ["A1", "T1", "T2", "T2"]
    assert {kit[1:3] for kit in kits(shelf)} >= {("T1", "2028-04-30"), ("T2", "2028-05-31")}


def test_what_is_typed_before_needs_no_terminal(shelf: Station) -> None:
    receive(shelf, "lot T1 exp 2028-04-30", GTIN, GTIN, "lot T2 exp 2028-05-31", GTIN)
    assert [kit[1] for kit in kits(shelf)] == ["T1", "T1", "T2"]


def test_a_lot_that_cannot_be_is_refused(shelf: Station) -> None:
    refused = receive(shelf, "lot", "lot A1 exp 30/04/2028", "lot A1", GTIN, status=1)
    lines = refused.stderr.splitlines()
    assert "write `lot A1 exp 2028-04-30`" in lines[0]
    assert "does not tell day from month" in lines[1]
    assert "lot A1 of Naloxone X is new and the code tells no expiry" in lines[3]
    assert kits(shelf) == []


@pytest.mark.usefixtures("terminal")
def test_answers_that_do_not_fit_are_asked_again(shelf: Station) -> None:
    asked = receive(shelf, GTIN, "", "T1 exp soon", "T1", "", "31/04/2028", "2028-04-31", "2028-04-30")
    assert asked.stderr.count("Lot printed on the pack") == 3
    assert asked.stderr.count("Expiry printed on the pack") == 4
    assert [kit[1:3] for kit in kits(shelf)] == [("T1", "2028-04-30")]


@pytest.mark.usefixtures("terminal")
def test_the_next_beep_is_no_answer(shelf: Station) -> None:
    asked = receive(shelf, GTIN, pack("A9"), GTIN, "T1", pack("A9"), "2028-04-30")
    assert asked.stderr.count("that is a scan, and was not received") == 3
    assert [kit[1:3] for kit in kits(shelf)] == [("T1", "2028-04-30")]


# Doubts are asked about once.


def lost(serial: int, lot: str = "AC3453G3") -> str:
    """A pack whose separator between lot and serial was lost."""
    return f"01{GTIN}17270531" + f"10{lot}21{serial}"


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


# Products.


@pytest.mark.usefixtures("terminal")
def test_an_unknown_product_is_asked_once_and_is_in_the_catalogue(shelf: Station) -> None:
    other = "0100614141000036" + "1727053110C1"
    asked = receive(shelf, other, "", "99", "Nyxoid", "0", "2", other, other)
    assert asked.stderr.count("GTIN 00614141000036 is of no known product. Which is it?") == 1
    assert "99 is none of these" in asked.stderr
    assert shelf.json("product", "list") == [
        {"product": "Naloxone X", "doses": 2, "gtins": [GTIN]},
        {"product": "Nyxoid", "doses": 2, "gtins": ["00614141000036"]},
    ]
    assert len(kits(shelf)) == 3


@pytest.mark.parametrize("answer", ["1", "naloxone x"])
@pytest.mark.usefixtures("terminal")
def test_an_unknown_number_may_be_a_known_product(shelf: Station, answer: str) -> None:
    receive(shelf, "0100614141000036" + "1727053110C1", answer)
    assert shelf.json("product", "list") == [
        {"product": "Naloxone X", "doses": 2, "gtins": ["00614141000036", GTIN]},
    ]


def test_an_unknown_product_is_refused_with_the_command_to_run(shelf: Station) -> None:
    refused = receive(shelf, "0100614141000036" + "1727053110C1", pack(), "0119506000134359" + "10A1", status=1)
    lines = refused.stderr.splitlines()
    assert "`kitdock product add NAME --gtin 00614141000036`" in lines[0]
    assert "case of several packs?" in lines[2]
    assert len(kits(shelf)) == 1


# Undo.


def test_undo_takes_the_last_back_and_says_what_is_left(shelf: Station) -> None:
    done = receive(shelf, pack(), pack(), "undo", "UNDO", "undo", pack(), status=1)
    assert "  K-0002 taken back; 1 kit received" in done.stderr
    assert "  K-0001 taken back; 0 kits received" in done.stderr
    assert "nothing to take back" in done.stderr
    assert [kit[0] for kit in kits(shelf)] == ["K-0003"]
    assert "(1st of this lot)" in done.stderr.splitlines()[-1]
    assert [each.kind for each in shelf.store(lambda store: store.movements("K-0002"))] == ["receive", "correct"]
    assert_whole(shelf)


def test_a_box_taken_back_gets_its_number_again(shelf: Station) -> None:
    receive(shelf, pack(serial="S1"), pack(serial="S2"), "undo", "undo", pack(serial="S2"), pack(serial="S1"))
    assert {(kit[0], kit[3]) for kit in kits(shelf)} == {("K-0001", "S1"), ("K-0002", "S2")}
    receive(shelf, pack("B2", serial="S3"), "undo", pack("B3", serial="S3"))
    assert kits(shelf)[-1] == ("K-0004", "B3", "2027-05-31", "S3")
    assert_whole(shelf)


def test_a_mistyped_expiry_is_mended_after_undo(shelf: Station) -> None:
    receive(shelf, "lot T1 exp 2028-04-30", GTIN, "undo", "lot T1 exp 2029-04-30", GTIN, GTIN)
    assert [kit[1:3] for kit in kits(shelf)] == [("T1", "2029-04-30")] * 2
    assert_whole(shelf)
    entry = next(each for each in shelf.json("audit", "list") if each["action"] == "lot.correct")
    assert "2028-04-30" in str(entry)
    shelf.run("audit", "verify")


def test_a_kit_that_somebody_moved_is_not_taken_back(shelf: Station) -> None:
    """Between the beep and `undo`, another quartermaster destroys the kit."""
    moved: list[str] = []
    undo = Store.move

    def move(store: Store, movement: Movement) -> Any:
        if not moved:
            moved.append(movement.kit)
            undo(store, Movement(0, NOW_MS + 100_000, DESTROY, movement.kit, reason="crushed"))
        return undo(store, movement)

    with patch.object(Store, "move", move):
        refused = receive(shelf, pack(), "undo", status=1)
    assert "kit K-0001" in refused.stderr.splitlines()[1]
    assert shelf.store(lambda store: store.state("K-0001").status) == "destroyed"


LINES_OF_A_DAY = st.lists(
    st.sampled_from(
        [
            pack(),
            pack("B2", "280430"),
            pack("B2", "280531"),
            pack(serial="S1"),
            pack("B2", "280430", serial="S1"),
            pack(expires="240531"),
            lost(1234),
            lost(1235),
            GTIN,
            "614141000036",
            "lot T1 exp 2028-04-30",
            "lot T1 exp 2029-04-30",
            "T1",
            "2028-04",
            "Nyxoid",
            "undo",
            "skip",
            "help",
            "",
            "1",
            "2",
            "yes",
        ]
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES_OF_A_DAY, asks=st.booleans())
def test_whatever_is_scanned_the_session_tells_what_is_in_the_ledger(
    template: Path, tmp_path: Path, lines: list[str], asks: bool
) -> None:
    station = copied(template, tmp_path)
    with patch("host.cli.asking.has_terminal", return_value=asks):
        done = CliRunner().invoke(
            root,
            ["stock", "receive", "--format", "json"],
            input="".join(f"{line}\n" for line in lines),
            env={"KITDOCK_DB": str(station.db)},
        )
    assert done.exit_code in (0, 1), done.output
    told = {(row["lot"], row["expires_on"], kit) for row in json.loads(done.stdout) for kit in row["kits"]}
    assert told == {(kit[1], kit[2], kit[0]) for kit in kits(station)}
    assert done.exit_code == int("not received" in done.stderr and not asks)
    assert_whole(station)


# What ends a session.


def test_a_busy_database_costs_one_beep(shelf: Station) -> None:
    take = Store.receive_next
    calls: list[int] = []

    def busy_once(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise errors.DatabaseBusy("database is locked by another process: nothing was written")
        return take(*arguments, **named)

    with patch.object(Store, "receive_next", busy_once):
        refused = receive(shelf, *[pack()] * 3, status=1)
    assert "line 2: not received: database is locked" in refused.stderr
    assert [kit[0] for kit in kits(shelf)] == ["K-0001", "K-0002"]


def test_a_full_disk_ends_the_session_and_says_what_stays(shelf: Station) -> None:
    take = Store.receive_next
    calls: list[int] = []

    def full_at_last(*arguments: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise errors.DatabaseFull("no room left for database")
        return take(*arguments, **named)

    with patch.object(Store, "receive_next", full_at_last):
        ended = receive(shelf, *[pack()] * 4, status=3)
    assert "kitdock: no room left for database: 2 kits received before that stay" in ended.stderr
    assert "2 kits received into North" in ended.stdout
    assert len(kits(shelf)) == 2


def test_who_may_not_receive_is_refused_before_a_scan(shelf: Station) -> None:
    shelf.run("account", "grant", "auditor1", "auditor")
    refused = shelf.refused("stock", "receive", input=f"{pack()}\n", login="auditor1", status=1)
    assert "that is for quartermaster" in refused
    assert kits(shelf) == []
    assert shelf.run("stock", "list", login="auditor1").exit_code == 0


def test_bytes_that_are_no_text_are_one_bad_line(shelf: Station) -> None:
    scans = b"\xff\xfe\x00\n" + b"A" * 30_000 + b"\n" + pack().encode() + b"\n"
    done = CliRunner().invoke(root, ["stock", "receive"], input=scans, env={"KITDOCK_DB": str(shelf.db)})
    assert done.exit_code == 1
    assert all(line.startswith("kitdock: line ") for line in done.stderr.splitlines()[:-1])
    assert len(kits(shelf)) == 1


# Real processes.


def started(db: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [KITDOCK, "stock", "receive"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"KITDOCK_DB": str(db), "COLUMNS": "80"},
    )


def beep(process: "subprocess.Popen[bytes]", scan: str) -> str:
    """The answer to a scan."""
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(f"{scan}\n".encode())
    process.stdin.flush()
    return process.stderr.readline().decode()


@pytest.mark.parametrize(
    "command", ["stock receive", "stocktake scan"], ids=lambda command: str(command).replace(" ", "-")
)
def test_closed_input_is_an_empty_one(shelf: Station, command: str) -> None:
    shelf.run("stocktake", "start")
    done = subprocess.run(
        f"exec '{KITDOCK}' {command} <&-",
        shell=True,
        capture_output=True,
        text=True,
        env=os.environ | {"KITDOCK_DB": str(shelf.db)},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 kits ")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Station, str]]:
    """A station made by the real clock, and a scan that is good for years by it."""
    made = Station(tmp_path / "real.db")
    with patch("host.clock.now_ms", lambda: time.time_ns() // 1_000_000):
        made.run("init", "--name", "North", "--time-zone", "Europe/London")
        made.run("product", "add", PRODUCT, "--gtin", GTIN)
        year = datetime.now(tz=ZoneInfo("Europe/London")).year + 2
        yield made, pack(expires=f"{year % 100:02}0131")


def test_a_kill_between_beeps_keeps_what_was_answered(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as process:
        assert "K-0001" in beep(process, scan)
        assert "K-0002" in beep(process, scan)
        process.kill()
    assert [kit[0] for kit in kits(station)] == ["K-0001", "K-0002"]
    assert "K-0003" in receive(station, scan).stderr
    assert_whole(station)


def test_ctrl_c_keeps_what_was_answered_and_says_how_many(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as process:
        assert "K-0001" in beep(process, scan)
        assert "K-0002" in beep(process, scan)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "kitdock: interrupted: 2 kits received before that stay" in err.decode()
    assert "Traceback" not in err.decode()
    assert "2 kits received into North" in out.decode()
    assert [kit[0] for kit in kits(station)] == ["K-0001", "K-0002"]


def test_two_receivers_at_once_share_the_numbers(real: tuple[Station, str]) -> None:
    station, scan = real
    with started(station.db) as first, started(station.db) as second:
        scans = f"{scan}\n".encode() * 25
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write(scans)
            process.stdin.close()
            process.stdin = None
        said = [process.communicate(timeout=120)[1].decode().splitlines() for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    numbers = [[line.split()[0] for line in lines] for lines in said]
    assert [len(each) for each in numbers] == [25, 25]
    assert sorted(numbers[0] + numbers[1]) == [f"K-{at:04}" for at in range(1, 51)]
    assert_whole(station)


# Labels.


def test_labels_of_what_was_received_are_written_at_the_end(shelf: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "labels.pdf"
    done = receive(shelf, pack(), pack(), "undo", pack(), options=("--labels", str(sheet)))
    assert f"2 labels written to {sheet}" in done.stderr
    assert sheet.read_bytes().startswith(b"%PDF")
    again = shelf.refused("stock", "receive", "--labels", str(sheet), input=pack(), status=2)
    assert "exists already" in again
    assert "end in .pdf" in shelf.refused("stock", "receive", "--labels", "labels.png", input=pack(), status=2)
    assert len(kits(shelf)) == 2
    none = tmp_path / "none.pdf"
    receive(shelf, options=("--labels", str(none)))
    assert not none.exists()


def test_labels_that_cannot_be_written_lose_no_kit(shelf: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "labels.pdf"
    with patch("host.cli.saving.write_whole", side_effect=OSError(28, "No space left on device")):
        failed = receive(shelf, pack(), options=("--labels", str(sheet)), status=1)
    assert "No space left on device" in failed.stderr
    assert "`kitdock stock labels KIT... --output FILE.pdf`" in failed.stderr
    assert len(kits(shelf)) == 1


def test_labels_by_number_lot_and_day(shelf: Station, tmp_path: Path) -> None:
    receive(shelf, pack(), pack("B2"), pack("B2"), "undo", pack("B2"))
    shelf.run("kit", "destroy", "K-0002", "--reason", "crushed", "--document", "Note 9")

    def labels(*arguments: str) -> Any:
        return shelf.json("stock", "labels", *arguments, "--output", str(tmp_path / "x.pdf"), "--overwrite")["kits"]

    assert labels("K-0004", "K-0001") == ["K-0004", "K-0001"]
    assert labels("--lot", "B2") == ["K-0004"]
    assert labels("K-0002") == ["K-0002"]
    assert labels("--since", "2026-06-01") == ["K-0001", "K-0004"]
    assert labels("--since", "2026-06-01", "--lot", "A1", "--first", "24") == ["K-0001"]


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        ([], "say which kits"),
        (["K-0001", "--lot", "A1"], "say which kits"),
        (["K-9999"], "no kit K-9999"),
        (["K-0002"], "was taken back: it has no label"),
        (["--lot", "Z9"], "no kits to print labels for"),
        (["--since", "2026-06-02"], "no kits to print labels for"),
    ],
)
def test_labels_of_nothing_are_refused(shelf: Station, tmp_path: Path, arguments: list[str], wrong: str) -> None:
    receive(shelf, pack(), pack(), "undo")
    sheet = tmp_path / "x.pdf"
    assert wrong in shelf.refused("stock", "labels", *arguments, "--output", str(sheet), status=2)
    assert not sheet.exists()


# Levels.


def test_levels_by_station_and_lot(shelf: Station) -> None:
    assert "kitdock stock receive" in shelf.run("stock", "list").stdout
    shelf.run("place", "add", "South", "--kind", "station")
    shelf.run("officer", "add", "4101", "--trained", "2026-05-01")
    receive(shelf, *[pack()] * 3, *[pack("B2", "260731")] * 2, *[pack("C3", "260501")], options=("--accept-expired",))
    receive(shelf, pack(), options=("--station", "South"))
    shelf.run("kit", "quarantine", "K-0001", "--reason", "left in the sun")
    shelf.run("kit", "issue", "K-0002", "4101")
    rows = shelf.json("stock", "list")
    keys = ("station", "status", "lot", "kits", "quarantined", "expired", "expiring")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("North", "in_stock", "C3", 1, 0, 1, 0),
        ("North", "in_stock", "B2", 2, 0, 0, 2),
        ("North", "in_stock", "A1", 2, 1, 0, 0),
        ("South", "in_stock", "A1", 1, 0, 0, 0),
        (None, "issued", "A1", 1, 0, 0, 0),
    ]
    text = shelf.run("stock", "list").stdout
    assert "6 kits in stock, 1 issued" in text
    assert "1 quarantined" in text
    assert max(map(len, text.splitlines())) <= 80


# Files.

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
    assert "dry run: 3 kits would be received into North" in dry.stdout
    assert kits(shelf) == []
    done = imported(shelf, tmp_path / "kits.csv", *GOOD, options=("--document", "Delivery 118"))
    assert done.stdout.splitlines()[2:] == [
        "Naloxone X  A1     2027-05-31  2       B1, B2",
        "Naloxone X  C3     2028-04-30  1       B3",
        "",
        "3 kits received into North",
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
    "K-0001,Naloxone X,,A1,,,,": "kit K-0001 is known already",
    "B9,Naloxone X,,A1,2027-06-30,,,": "known to expire on 2027-05-31, not 2027-06-30",
    "B9,Naloxone X,,C3,2028-05,,,": "known to expire on 2028-04-30, not 2028-05-31",  # by line 4 of the file
    "B9,Naloxone X,,A1,,4,,": "2 doses a kit, not 4",
    "B9,Naloxone X,,Z9,,,,": "lot Z9 of Naloxone X is new: fill in the column expires",
    "B9,Nyxoid,,Z9,2028-01-31,,,": "no product Nyxoid: see `kitdock product list`",
    "B9,,614141000036,Z9,2028-01-31,,,": "`kitdock product add NAME --gtin 00614141000036`",
    "B9,Naloxone X,614141000036,Z9,2028-01-31,,,": "`kitdock product gtin 'Naloxone X' 00614141000036`",
    "B9,Nyxoid,9506000134352,Z9,2028-01-31,,,": "GTIN 09506000134352 is that of Naloxone X, not of Nyxoid",
    "B9,,9506000134353,Z9,2028-01-31,,,": "check digit 3 where 2 must be",
    "B9,Naloxone X,,Z9,2026-05-31,,,": "expired on 2026-05-31",
    "B9,Naloxone X,,Z9,2044-05-31,,,": "more than 10 years ahead",
    "B9,Naloxone X,,Z9,03/04/2028,,,": "does not tell day from month",
    "B9,,9506000134352,A1,,,TAKEN,": "serial TAKEN is kit K-0001",
    "B9,,9506000-134352,A1,,,S1,": "serial S1 is on line 2 too",
    "b1,Naloxone X,,A1,,,,": "is on line 2 too",
    "k-0001,Naloxone X,,A1,,,,": "number k-0001 is too like that of kit K-0001",
    "\uff2b1,Naloxone X,,A1,,,,": "write it in plain letters, K1",
    "B 9,Naloxone X,,A1,,,,": "is no kit number",
}


def test_serials_are_told_apart_by_product_if_no_gtin_is_known(shelf: Station, tmp_path: Path) -> None:
    shelf.run("product", "add", "Naloxone Y")
    one, other = "B1,Naloxone X,,A1,2027-05-31,,S1,", "B2,Naloxone Y,,A1,2027-05-31,,S1,"
    assert "2 kits received" in imported(shelf, tmp_path / "kits.csv", one, other).stdout
    again = "B3,Naloxone X,,A1,,,S1,"
    refused = imported(shelf, tmp_path / "kits.csv", again, options=("--dry-run",), status=2)
    assert "serial S1 is kit B1" in refused.stderr
    twice = ("B4,Naloxone X,,A1,,,S2,", "B5,Naloxone X,,A1,,,S2,")
    assert "serial S2 is on line 2 too" in imported(shelf, tmp_path / "kits.csv", *twice, status=2).stderr


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
        told = [each for each in refused.stderr.splitlines() if each.startswith("kitdock: line 5: ")]
        assert len(told) == 1, refused.stderr
        assert BAD[line] in told[0]
        assert [kit[0] for kit in kits(shelf)] == ["K-0001"]
    assert "to mend, so nothing would be received into North" in refused.stdout
    assert "K-0001" not in refused.stdout


def test_every_bad_line_is_told_and_the_good_ones_summed_up(shelf: Station, tmp_path: Path) -> None:
    wrong = ("B4,Naloxone X,,,2028-01-31,,,", "B5,,,A1,,,,", "B6,Nyxoid,,A1,2028-01-31,,,", 'B7,"Naloxone X,,A1,,,,')
    dry = imported(shelf, tmp_path / "kits.csv", *GOOD, *wrong, options=("--dry-run",), status=2)
    assert [line.split(": ")[1] for line in dry.stderr.splitlines()] == ["line 5", "line 6", "line 7", "line 8"]
    assert "Naloxone X  A1     2027-05-31  2       B1, B2" in dry.stdout
    refused = imported(shelf, tmp_path / "kits.csv", *GOOD, *wrong, status=2)
    assert refused.stdout == ""
    assert refused.stderr.splitlines()[-1].endswith("kits.csv: nothing received: 4 lines to mend")
    assert kits(shelf) == []


def test_dates_in_numbers_need_their_style_named(shelf: Station, tmp_path: Path) -> None:
    imported(shelf, tmp_path / "kits.csv", "B1,Naloxone X,,A1,03/04/2028,,,", options=("--dates", "dmy"))
    assert kits(shelf) == [("B1", "A1", "2028-04-03", None)]


def test_a_file_with_a_mistyped_lot_is_taken_back_and_imported_again(shelf: Station, tmp_path: Path) -> None:
    imported(shelf, tmp_path / "kits.csv", "B1,Naloxone X,,A1,2027-05-31,2,,", "B2,Naloxone X,,A1,,,,")
    again = ("B1,Naloxone X,,A1,2028-05-31,4,,", "B2,Naloxone X,,A1,,,,")
    shelf.run("kit", "correct", "B1", "--reason", "wrong expiry")
    refused = imported(shelf, tmp_path / "kits.csv", again[0], status=2)
    assert "known to expire on 2027-05-31, not 2028-05-31" in refused.stderr
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
    assert "cannot be read: No such file" in shelf.refused("stock", "import", str(missing), status=2)
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "empty.csv: the file is empty" in shelf.refused("stock", "import", str(tmp_path / "empty.csv"), status=2)
    (tmp_path / "other.csv").write_text("name,size\nx,1\n")
    assert "does not name the columns" in shelf.refused("stock", "import", str(tmp_path / "other.csv"), status=2)
