"""How the steps are gone through: what is left out, skipped, repeated and judged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.bench.procedure import BenchStep, Measurement
from host.bench.report import BenchReport
from host.bench.run import Outcome, Skipped, Stopped, go_through
from host.errors import KitdockError
from host.link.errors import PortError, RadioError
from host.phrase import Phrase


def step(id: str, does: str | None = None, needs: tuple[str, ...] = (), ask: tuple[Measurement, ...] = ()) -> BenchStep:
    return BenchStep(id, "", "", "", "", "", needs, "", does, {}, ask, "")


class Scripted:
    """A person whose answers are given; an exception among them is raised."""

    def __init__(self, *answers: float | bool | str | type[Exception], again: tuple[bool, ...] = ()) -> None:
        self._answers: Iterator[float | bool | str | type[Exception]] = iter(answers)
        self._again = iter(again)
        self.begun: list[str] = []
        self.heard: list[Phrase | KitdockError] = []

    def begin(self, step: BenchStep) -> None:
        self.begun.append(step.id)

    def tell(self, what: Phrase | KitdockError) -> None:
        self.heard.append(what)

    def act(self, what: Phrase | str) -> None: ...

    def answer(self, reading: Measurement) -> float | bool | str:
        answer = next(self._answers)
        if isinstance(answer, type):
            raise answer(Phrase("bench.skipped"))
        return answer

    def judge(self, step: BenchStep, outcome: Outcome) -> bool:
        self.heard.append(outcome.said)
        return next(self._again, False)


CURRENT = Measurement("current", unit="µA", least=5, most=25)
WHOLE = Measurement("is it whole?", "yes")


@pytest.fixture
def report(tmp_path: Path) -> BenchReport:
    return BenchReport.begin(tmp_path / "r.json", "0", ("tag",))


def reading(what: str, answer: Phrase) -> Phrase:
    return Phrase("bench.reading", what=what, answer=answer)


def amount(number: float) -> Phrase:
    return Phrase("bench.number", number=number, unit="µA")


def test_readings_are_judged_and_what_is_wrong_is_said(report: BenchReport) -> None:
    person = Scripted(17.7, True, 30, False)
    go_through([step("C1", ask=(CURRENT, WHOLE)), step("C2", ask=(CURRENT, WHOLE))], report, {}, person)
    right = (reading("current", amount(17.7)), reading("is it whole?", Phrase("bench.yes")))
    wrong = (reading("current", amount(30)), reading("is it whole?", Phrase("bench.no")))
    assert person.heard == [
        Phrase("bench.readings", readings=right, ranges=()),
        Phrase("bench.wrong_readings", readings=wrong, ranges=(CURRENT.range, WHOLE.range)),
    ]
    assert [each.said for each in report.results.values()] == [str(each) for each in person.heard]
    assert [each.status for each in report.results.values()] == ["passed", "failed"]
    assert report.results["C2"].found == {"current": 30, "is it whole?": False}


def test_one_wrong_reading_fails_the_step(report: BenchReport) -> None:
    person = Scripted(17.7, False)
    go_through([step("C1", ask=(CURRENT, WHOLE))], report, {}, person)
    wrong = (reading("is it whole?", Phrase("bench.no")),)
    assert person.heard == [Phrase("bench.wrong_readings", readings=wrong, ranges=(WHOLE.range,))]
    assert report.results["C1"].status == "failed"


def test_what_cannot_be_done_is_not_done_and_never_passed(report: BenchReport) -> None:
    person = Scripted(Skipped)
    steps = [step("C1", needs=("pa", "tag"), ask=(CURRENT,)), step("C2", ask=(CURRENT,)), step("F9", needs=("wires",))]
    go_through(steps[:2], report, {}, person)
    assert {each.id: (each.status, each.said, each.tries) for each in report.results.values()} == {
        "C1": ("not done", str(Phrase("bench.needs", instruments=("pa",))), 0),
        "C2": ("not done", str(Phrase("bench.skipped")), 0),
    }
    assert person.begun == ["C2"]


def test_a_board_that_goes_away_fails_and_a_computer_that_cannot_does_not(report: BenchReport) -> None:
    def gone(_: BenchStep) -> Outcome:
        raise PortError("board.gone", port="COM9")

    def deaf(_: BenchStep) -> Outcome:
        raise RadioError("radio.cannot_open", why="Bluetooth is off")

    person = Scripted()
    go_through([step("F1", "gone"), step("F2", "deaf")], report, {"gone": gone, "deaf": deaf}, person)
    first, second = person.heard
    assert (first.code, first.fields["port"]) == ("board.gone", "COM9")
    assert (second.code, second.fields["why"].code) == ("bench.not_done", "radio.cannot_open")
    assert [each.status for each in report.results.values()] == ["failed", "not done"]


def test_a_step_is_repeated_as_often_as_somebody_wants(report: BenchReport) -> None:
    go_through([step("C1", ask=(CURRENT,))], report, {}, Scripted(30, 40, 20, again=(True, True)))
    assert (report.results["C1"].status, report.results["C1"].tries) == ("passed", 3)


def test_stopping_keeps_what_there_is(report: BenchReport) -> None:
    with pytest.raises(Stopped):
        go_through(
            [step("C1", ask=(CURRENT,)), step("C2", ask=(CURRENT,)), step("C3", ask=(CURRENT,))],
            report,
            {},
            Scripted(20, Stopped),
        )
    assert [each.id for each in BenchReport.resume(report.path).results.values()] == ["C1"]
