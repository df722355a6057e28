"""What officers say of an opening: explanations and usage reports, as plain values."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from host.phrase import Phrase

USED = "used"
"""Naloxone was given to a person."""

MAX_DOSES = 99
"""More doses than this in one opening are a slip of the keyboard. There is no cap at the two of a kit."""

CAUSES = {
    USED: Phrase("cause.used"),
    "training": Phrase("cause.training"),
    "inspection": Phrase("cause.inspection"),
    "restocking": Phrase("cause.restocking"),
    "accidental": Phrase("cause.accidental"),
}
"""Why a pouch was opened, and the words for people."""


FILED = "filed"
WITHDRAWN = "withdrawn"
"""It was wrong, or another report took its place."""
SAME = "same"
"""Its doses are those that another report tells of as well: two who were there have both reported."""
STANDS = (FILED, WITHDRAWN, SAME)


class Explanation(NamedTuple):
    """What was said of the opening that begins with record `sequence` of `tag`; `doses` if used.

    `officer` is who said it, None if the account `login` spoke for itself; `login` is who entered it.
    """

    id: int
    tag: str
    sequence: int
    at_ms: int
    officer: str | None
    cause: str
    doses: int | None
    login: str = ""

    @property
    def said_by(self) -> Phrase:
        """Who said it, for people."""
        if self.officer is not None:
            return Phrase("who.officer", officer=self.officer)
        return Phrase("who.login", login=self.login) if self.login else Phrase("who.somebody")


class Filed(NamedTuple):
    """What counts of a usage report on an opening; `kit` is the one that its doses came from, if that was said."""

    id: int
    officer: str
    doses: int
    stands: str = FILED
    kit: str | None = None


class UsageReport(NamedTuple):
    """A filed form without its protected fields; `tag` and `sequence` name the opening, if there was one.

    `form_version` is the one that was answered, whatever the form has become since.
    `fields` are the open answers by the form's keys. `login` entered it; `kit` is the one that its doses came from, as
    was said or was clear when it was filed. `stands` is one of `STANDS`; `same_as` the report that tells of the same.
    """

    id: int
    form: str
    form_version: int
    filed_at_ms: int
    officer: str
    tag: str | None
    sequence: int | None
    doses: int
    fields: dict[str, object]
    login: str = ""
    kit: str | None = None
    stands: str = FILED
    same_as: int | None = None


class Draft(NamedTuple):
    """What was answered of a report that is not filed yet: by the form's keys, why the pouch was opened, which kit.

    An answer that is `Unseen` is one that the account may hand in and not read.
    """

    answers: dict[str, object]
    cause: str | None = None
    kit: str | None = None


class Unseen:
    """Stands for an answer of a draft that is for other roles to read."""


def filled(answers: Mapping[str, object], kept: Draft | None) -> dict[str, object]:
    """Answers, with each that is `Unseen` as the draft has it; one that it does not have is left out."""
    known = kept.answers if kept else {}
    whole = {key: known.get(key) if isinstance(each, Unseen) else each for key, each in answers.items()}
    return {key: each for key, each in whole.items() if each is not None}


def incident_ms(report: UsageReport) -> int:
    """When the incident was, in Unix milliseconds; the time of filing if the form does not ask for it."""
    text = report.fields.get("incident_at")
    return round(datetime.fromisoformat(text).timestamp() * 1000) if isinstance(text, str) else report.filed_at_ms


def latest(explanations: Iterable[Explanation]) -> dict[tuple[str, int], Explanation]:
    """The explanation that counts for each opening (tag, sequence): the last one given."""
    return {(each.tag, each.sequence): each for each in sorted(explanations, key=lambda each: each.id)}
