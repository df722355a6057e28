"""Goes through the steps of the bench with a person: does, asks, judges, and notes each result at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from host.bench import procedure
from host.bench.procedure import BenchStep, Measurement
from host.bench.report import FAILED, NOT_DONE, PASSED, BenchReport, Found
from host.errors import LinkError
from host.flash.application import ExtraMissing
from host.link.errors import RadioError


class Skipped(Exception):
    """The person leaves this step out, or cannot do it; the message says why."""


class Stopped(Exception):
    """The person stops here, and goes on another day."""


class Outcome(NamedTuple):
    """How a step went: a sentence for people, and what was found."""

    passed: bool
    said: str
    found: Found


class Person(Protocol):
    """Whoever sits at the bench. All but `tell` may raise `Skipped` and `Stopped`."""

    def begin(self, step: BenchStep) -> None:
        """Say which step comes."""

    def tell(self, text: str) -> None:
        """Say something."""

    def act(self, text: str) -> None:
        """Ask for something to be done, and wait until it is."""

    def answer(self, reading: Measurement) -> float | bool | str:
        """Ask for a reading until there is one that can be."""

    def judge(self, step: BenchStep, outcome: Outcome) -> bool:
        """Say how the step ended; whether it is to be done again."""


Check = Callable[[BenchStep], Outcome]
"""What the command does for a step."""


def go_through(steps: Iterable[BenchStep], report: BenchReport, checks: Mapping[str, Check], person: Person) -> None:
    """Do `steps`, but those whose instruments are not there. Raises `Stopped`."""
    for step in steps:
        missing = procedure.lacking(step, report.have)
        if missing:
            report.record(step.id, NOT_DONE, f"needs {', '.join(missing)}")
            continue
        person.begin(step)
        while True:
            try:
                outcome = _done(step, checks, person)
            except Skipped as why:
                report.record(step.id, NOT_DONE, str(why))
                person.tell(f"not done: {why}")
                break
            except (RadioError, ExtraMissing) as error:  # of this computer, and not of the board
                report.record(step.id, NOT_DONE, str(error))
                person.tell(f"not done: {error}")
                break
            except LinkError as error:
                outcome = Outcome(False, str(error), {})
            report.record(step.id, PASSED if outcome.passed else FAILED, outcome.said, outcome.found)
            if not person.judge(step, outcome):
                break


def _done(step: BenchStep, checks: Mapping[str, Check], person: Person) -> Outcome:
    if step.does is not None:
        return checks[step.does](step)
    answers = {reading.what: person.answer(reading) for reading in step.ask}
    wrong = [reading for reading in step.ask if not reading.passes(answers[reading.what])]
    told = "; ".join(f"{reading.what}: {_shown(reading, answers[reading.what])}" for reading in wrong or step.ask)
    beside = f" (passes: {'; '.join(reading.range for reading in wrong)})" if wrong else ""
    return Outcome(not wrong, told + beside, answers)


def _shown(reading: Measurement, answer: float | bool | str) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer if isinstance(answer, str) else f"{answer:g} {reading.unit}"
