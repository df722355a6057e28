"""What a discrepancy is, and what is known of each."""

from typing import NamedTuple

from host.phrase import Phrase

HIGH = "high"
MEDIUM = "medium"
LOW = "low"
SEVERITIES = (HIGH, MEDIUM, LOW)
"""Worst first."""


class Discrepancy(NamedTuple):
    """One thing that does not agree: a question, never a verdict on a person.

    kind        the rule that found it
    subject     what it is about, for good: K-0004, or the tag and the sequence of a record; one of each kind
    occurrence  what began it: if the same subject comes with another occurrence, it has returned
    shown       the subject as people write it: P-01:7
    kit, pouch, officer, place   as far as it concerns any; nobody if it may be several
    since_ms    since when, in Unix milliseconds
    evidence    what is known
    facts       what that rests on: movement:12, record:TAG:7, report:3, docking:5, stocktake:2
    next_step   what to do: a `NextStep`, but a mere phrase if Kitdock has no part in it
    """

    kind: str
    severity: str
    subject: str
    occurrence: str
    since_ms: int
    evidence: Phrase
    next_step: Phrase
    facts: tuple[str, ...] = ()
    kit: str | None = None
    pouch: str | None = None
    officer: str | None = None
    place: str | None = None
    shown: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Kind and subject: at any time there is one of each."""
        return self.kind, self.subject

    @property
    def name(self) -> str:
        """Its name for programs."""
        return f"{self.kind}:{self.about}"

    @property
    def about(self) -> str:
        """What it is about, as people write it."""
        return self.shown or self.subject

    @property
    def typed(self) -> str:
        """Its name as people type it, where what it is about is not enough: pouch-without-kit:P-02."""
        return f"{self.kind.replace('_', '-')}:{self.about}"

    @property
    def title(self) -> Phrase:
        """What stands over it, for people: Pouch P-02 has no kit."""
        return Phrase(
            f"is.{self.kind}",
            kit=self.kit,
            pouch=self.pouch,
            officer=self.officer,
            place=self.place,
            subject=self.about,
        )

    @property
    def names(self) -> tuple[str, str]:
        """All names that it answers to."""
        return self.name, f"{self.kind}:{self.subject}"


def movement(number: int) -> str:
    """A movement as a fact."""
    return f"movement:{number}"


def record(tag: str, sequence: int) -> str:
    """A record of a tag's log as a fact."""
    return f"record:{tag}:{sequence}"


def report(number: int) -> str:
    """A usage report as a fact."""
    return f"report:{number}"


def docking(number: int) -> str:
    """A docking as a fact."""
    return f"docking:{number}"


def stocktake(number: int) -> str:
    """A stocktake as a fact."""
    return f"stocktake:{number}"
