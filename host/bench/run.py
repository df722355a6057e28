"""Goes through the steps of the bench with a person: does, asks, judges, and notes each result at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from host.bench import procedure
from host.bench.procedure import BenchStep, Measurement
from host.bench.report import FAILED, NOT_DONE, PASSED, BenchReport, Found
from host.errors import KitdockError, LinkError
from host.flash.application import ExtraMissing
from host.link.errors import RadioError
from host.phrase import Phrase


class Skipped(Exception):
    """The person leaves this step out, or cannot do it: `why`."""

    def __init__(self, why: Phrase) -> None:
        super().__init__(why.code)
        self.why = why


class Again(Exception):
    """The person goes back to the beginning of this step."""


class Stopped(Exception):
    """The person stops here, and goes on another day."""


class Outcome(NamedTuple):
    """How a step went: a sentence for people, and what was found."""

    passed: bool
    said: Phrase | KitdockError
    found: Found


class Person(Protocol):
    """The person at the bench. All but `tell` may raise `Again`, `Skipped` and `Stopped`."""

    def begin(self, step: BenchStep) -> None:
        """Say which step comes."""

    def tell(self, what: Phrase | KitdockError) -> None:
        """Say something."""

    def act(self, what: Phrase | str) -> None:
        """Ask for something to be done, which the steps may have in words, and wait until it is."""

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
            report.record(step.id, NOT_DONE, Phrase("bench.needs", instruments=tuple(missing)))
            continue
        person.begin(step)
        while True:
            try:
                outcome = _done(step, checks, person)
            except Again:
                person.begin(step)
                continue
            except Skipped as skipped:
                report.record(step.id, NOT_DONE, skipped.why)
                person.tell(Phrase("bench.not_done", why=skipped.why))
                break
            except (RadioError, ExtraMissing) as error:  # of this computer, and not of the board
                report.record(step.id, NOT_DONE, error)
                person.tell(Phrase("bench.not_done", why=error))
                break
            except LinkError as error:
                outcome = Outcome(False, error, {})
            report.record(step.id, PASSED if outcome.passed else FAILED, outcome.said, outcome.found)
            if not person.judge(step, outcome):
                break


def _done(step: BenchStep, checks: Mapping[str, Check], person: Person) -> Outcome:
    if step.does is not None:
        return checks[step.does](step)
    answers = {reading.what: person.answer(reading) for reading in step.ask}
    wrong = [reading for reading in step.ask if not reading.passes(answers[reading.what])]
    said = Phrase(
        "bench.wrong_readings" if wrong else "bench.readings",
        readings=tuple(
            Phrase("bench.reading", what=reading.what, answer=_shown(reading, answers[reading.what]))
            for reading in wrong or step.ask
        ),
        ranges=tuple(reading.range for reading in wrong),
    )
    return Outcome(not wrong, said, answers)


def _shown(reading: Measurement, answer: float | bool | str) -> Phrase | str:
    if isinstance(answer, bool):
        return Phrase("bench.yes" if answer else "bench.no")
    return answer if isinstance(answer, str) else Phrase("bench.number", number=answer, unit=reading.unit)
