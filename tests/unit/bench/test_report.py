"""The report of the bench: whole after each step, gone on with later, and never of two boards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from host.bench.report import FAILED, NOT_DONE, PASSED, BenchReport
from host.errors import InputError
from host.phrase import Phrase
from tests.refusals import refused

BOARD = {"chip": "0123abcd", "micropython": "1.29.0"}


def begun(folder: Path) -> BenchReport:
    return BenchReport.begin(folder / "r.json", "0.1.0", ("wires",))


def test_what_was_found_is_in_the_file_after_each_step(tmp_path: Path) -> None:
    report = begun(tmp_path)
    assert not report.path.exists(), "nothing was found yet"
    report.met(BOARD)
    report.record("W4", FAILED, Phrase("bench.no"), {"longest": 1.5})
    report.record("F1", PASSED, Phrase("bench.yes"))
    read = json.loads(report.path.read_text())
    assert (read["form"], read["kitdock"], read["board"], read["have"]) == (1, "0.1.0", BOARD, ["wires"])
    assert [(each["id"], each["status"], each["tries"]) for each in read["steps"]] == [
        ("F1", "passed", 1),
        ("W4", "failed", 1),
    ], "in the order of the steps"
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


def test_it_is_gone_on_with(tmp_path: Path) -> None:
    report = begun(tmp_path)
    report.met(BOARD)
    report.record("F1", FAILED, Phrase("bench.no"))
    report.record("F2", NOT_DONE, Phrase("bench.skipped"))
    again = BenchReport.resume(report.path)
    assert again.results == report.results
    again.met(BOARD)
    again.record("F1", PASSED, Phrase("bench.yes"))
    assert (again.results["F1"].tries, again.results["F2"].tries) == (2, 0)
    assert BenchReport.resume(report.path).results["F1"].said == "yes"


def test_another_board_has_another_report(tmp_path: Path) -> None:
    report = begun(tmp_path)
    report.met(BOARD)
    before = report.path.read_bytes()
    with refused("bench.report_of_another_board", InputError, path=report.path):
        BenchReport.resume(report.path).met(BOARD | {"chip": "99999999"})
    assert report.path.read_bytes() == before


def test_no_file_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text("mine")
    with refused("bench.report_exists", InputError, path=tmp_path / "r.json"):
        begun(tmp_path)
    with refused("bench.no_folder_for_report", InputError, folder=tmp_path / "none"):
        BenchReport.begin(tmp_path / "none" / "r.json", "", ())


def test_a_write_that_fails_leaves_the_report_from_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = begun(tmp_path)
    report.met(BOARD)
    before = report.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with refused("bench.report_not_written", InputError, reason=Phrase("os.full")):
        report.record("F1", PASSED, Phrase("bench.yes"))
    assert report.path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def changed(**new: Any) -> dict[str, Any]:
    step = {"id": "F1", "status": "passed", "at": "", "said": "", "found": {}, "tries": 1}
    whole = {"form": 1, "kitdock": "0", "began": "", "board": {}, "have": [], "steps": [step]}
    return {**whole, **{name: value for name, value in new.items() if name in whole}} | (
        {"steps": [{**step, **new["step"]}]} if "step" in new else {}
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "bench.no_report"),
        ("[]", "bench.no_report"),
        (json.dumps(changed(form=2)), "bench.no_report"),
        *(
            (json.dumps(content), "bench.report_changed")
            for content in (
                changed(step={"id": "Z9"}),
                changed(step={"status": "splendid"}),
                changed(step={"tries": "many"}),
                changed(step={"more": 1}),
                changed(have=["hammer"]),
                changed(board=3),
                changed(steps=3),
            )
        ),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    with refused(code, InputError, path=path):
        BenchReport.resume(path)
    with refused("bench.report_unreadable", InputError):
        BenchReport.resume(tmp_path / "none.json")


def test_the_form_in_that_test_is_a_report(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(changed()))
    assert BenchReport.resume(path).results["F1"].status == PASSED
