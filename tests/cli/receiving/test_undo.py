"""What is taken back, and that the session tells what is in the ledger."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.cli.root import root
from host.ledger import Movement
from host.ledger.movement import DESTROY
from host.service.stock import Stock
from tests.cli.conftest import Station
from tests.cli.receiving.shelf import GTIN, NOW_MS, assert_whole, copied, kits, lost, pack, receive


def test_undo_takes_the_last_back_and_says_what_is_left(shelf: Station) -> None:
    done = receive(shelf, pack(), pack(), "undo", "UNDO", "undo", pack(), status=1)
    assert "  Kit K-0002 taken back. 1 kit received." in done.stderr
    assert "  Kit K-0001 taken back. 0 kits received." in done.stderr
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
    undo = Stock.move

    def move(stock: Stock, movement: Movement) -> Any:
        if not moved:
            moved.append(movement.kit)
            undo(stock, Movement(0, NOW_MS + 100_000, DESTROY, movement.kit, reason="crushed"))
        return undo(stock, movement)

    with patch.object(Stock, "move", move):
        refused = receive(shelf, pack(), "undo", status=1)
    assert "Kit K-0001" in refused.stderr.splitlines()[1]
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
    with patch("host.cli.terminal.has_terminal", return_value=asks):
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
