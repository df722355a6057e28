"""Sheets of labels, and how much is in stock where."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.cli.conftest import Station
from tests.cli.receiving.shelf import kits, pack, receive


def test_labels_of_what_was_received_are_written_at_the_end(shelf: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "labels.pdf"
    done = receive(shelf, pack(), pack(), "undo", pack(), options=("--labels", str(sheet)))
    assert f"Wrote 2 labels to {sheet}." in done.stderr
    assert sheet.read_bytes().startswith(b"%PDF")
    again = shelf.refused("stock", "receive", "--labels", str(sheet), input=pack(), status=2)
    assert "already exists" in again
    assert "ends in .pdf" in shelf.refused("stock", "receive", "--labels", "labels.png", input=pack(), status=2)
    assert len(kits(shelf)) == 2
    none = tmp_path / "none.pdf"
    receive(shelf, options=("--labels", str(none)))
    assert not none.exists()


def test_labels_that_cannot_be_written_lose_no_kit(shelf: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "labels.pdf"
    with patch("host.sheets.whole.write_whole", side_effect=OSError(28, "No space left on device")):
        failed = receive(shelf, pack(), options=("--labels", str(sheet)), status=1)
    assert "there's no room left on the disk" in failed.stderr
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
        ([], "Say which kits"),
        (["K-0001", "--lot", "A1"], "Say which kits"),
        (["K-9999"], "no kit K-9999"),
        (["K-0002"], "has no label, because its receipt was taken back"),
        (["--lot", "Z9"], "There are no kits of lot 'Z9' here."),
        (["--since", "2026-06-02"], "There are no kits to print labels for."),
    ],
)
def test_labels_of_nothing_are_refused(shelf: Station, tmp_path: Path, arguments: list[str], wrong: str) -> None:
    receive(shelf, pack(), pack(), "undo")
    sheet = tmp_path / "x.pdf"
    assert wrong in shelf.refused("stock", "labels", *arguments, "--output", str(sheet), status=2)
    assert not sheet.exists()


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
