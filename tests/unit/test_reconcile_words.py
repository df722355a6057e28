"""What is found and what it rests on, as people read it, where the words depend on what is known."""

from datetime import date

import pytest

from host.cli import steps
from host.clock import Instant
from host.phrase import NextStep, Phrase

NOON = Instant(1_780_052_400_000, "Europe/London")
LATER = Instant(1_780_056_000_000, "Europe/London")
OFF = {"left": 0, "of": 2, "used": 1, "quiet": 0, "reported": 1, "pending": 0}
INTERRUPTED = {"tag": "aa", "causes": ("power-on", "reset"), "more": 0}
MOVED = {
    "kit": "K1", "officer": None, "place": None, "pouch": None, "doses": None, "reason": None, "document": None,
    "login": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (
            Phrase("found.doses_off", missing=1, **OFF),
            "1 dose is gone and we don't know why yet. The kit has 0 of its 2 doses left. Recorded as used: 1. "
            "Reported as used: 1.",
        ),
        (
            Phrase("found.doses_off", missing=-2, **{**OFF, "quiet": 1, "pending": 1}),
            "More doses were said to be used than are gone from the kit: 2 more. The kit has 0 of its 2 doses "
            "left. Recorded as used: 1 (1 without a report). Reported as used: 1. Said or marked as used but not "
            "reported yet: 1.",
        ),
        (
            Phrase("found.doses_told", said=1, marked=None, reported=3, reports=2),
            "Doses used in this opening: 1 in the explanation, 3 in 2 usage reports.",
        ),
        (
            Phrase("found.doses_told", said=None, marked=1, reported=2, reports=1),
            "Doses used in this opening: 1 marked on the pouch, 2 in the usage report.",
        ),
        (
            Phrase("found.ledger_impossible", movement=3, kind="leave_behind", at=NOON, why="It is lost."),
            "Movement 3 (left behind on 29 May 2026 at 12:00) can't have happened. It is lost.",
        ),
        (
            Phrase(
                "found.stocktake",
                stocktake=1, place="North", closed_at=NOON, difference="wrong_place", detail="at South", reason="so",
            ),
            "Stocktake 1 of North, closed on 29 May 2026 at 12:00, found: wrong place, at South. The reason given"
            " was 'so'.",
        ),
        (
            Phrase("found.sequence_gap", tag="aa", first=1, last=3),
            "Entries 1 to 3 are missing from the log of tag aa. We don't know whether the pouch was opened at "
            "that time.",
        ),
        (
            Phrase("found.records_removed", tag="aa", first=5, last=5),
            "Entry 5 is missing from the log of tag aa, although it wasn't full. A tag only drops its oldest "
            "entries when its log is full.",
        ),
        (
            Phrase("found.record_tampered", records=(2, 4), tag="aa", others=1),
            "Entries 2 and 4 in the log of tag aa are not what the tag wrote. 1 later entry can't be checked "
            "because of this.",
        ),
        (
            Phrase("found.record_tampered", records=(2,), tag="aa", others=0),
            "Entry 2 in the log of tag aa is not what the tag wrote.",
        ),
        (
            Phrase("found.tag_interrupted", stops=2, starts=1, records=(2, 5, 6), **INTERRUPTED),
            "Tag aa was stopped over USB twice and restarted once although its battery was good (power-on, "
            "reset): entries 2, 5 and 6 in its log. A log can be put back to an earlier state this way.",
        ),
        (
            Phrase("found.tag_interrupted", stops=1, starts=0, records=(2,), **{**INTERRUPTED, "more": 3}),
            "Tag aa was stopped over USB once: entries 2 and 3 more in its log. A log can be put back to an "
            "earlier state this way.",
        ),
        (
            Phrase(
                "found.clock_implausible",
                dockings=7, pouches=("P1", "P2"), more=4, day=date(2026, 5, 29), first_at=NOON,
            ),
            "7 visits to the dock (pouches P1, P2 and 4 more) were recorded at times that don't fit with the "
            "tags' other visits, the first on 29 May 2026 at 12:00.",
        ),
        (
            Phrase(
                "found.opening_unexplained",
                at=NOON, error_ms=2000, duration_s=60, dose_marks=1, officers=("1207", "1300"),
            ),
            "It was opened on 29 May 2026 at 12:00 (within about 2 s) for 60 seconds, with 1 dose mark. Officer "
            "1207 or 1300 had it.",
        ),
        (
            Phrase(
                "found.opening_unexplained", at=NOON, error_ms=7_200_001, duration_s=None, dose_marks=0, officers=()
            ),
            "It was opened on 29 May 2026 at 12:00 (within about 3 h). We don't know who had it.",
        ),
        (Phrase("found.limits", least_c=None, most_c=25), "at most 25 °C"),
        (Phrase("found.limits", least_c=2, most_c=None), "at least 2 °C"),
        (Phrase("found.limits", least_c=2, most_c=25), "2 to 25 °C"),
        (Phrase("found.between", began=NOON, ended=NOON), "on 29 May 2026 at 12:00"),
        (
            Phrase("found.between", began=NOON, ended=LATER),
            "some time between 29 May 2026, 12:00 and 29 May 2026, 13:00",
        ),
        (Phrase("fact.movement", kind="receive", **MOVED), "kit K1 received"),
        (
            Phrase(
                "fact.movement",
                kind="leave_behind", kit="K1", officer="1207", place="Car 1", pouch="P1", doses=1, reason="so",
                document="7", login="qm",
            ),
            "kit K1 left behind, officer 1207, Car 1, pouch P1, 1 dose, so, document 7, recorded by qm",
        ),
        (
            Phrase("fact.record", kind=None, verdict="altered", docking=1),
            "entry in the log, altered, collected with docking 1",
        ),
        (
            Phrase("fact.report", form="england_wales", officer="1207", doses=2, opening=None, stands="filed"),
            "england_wales, filed by officer 1207, 2 doses, no opening named",
        ),
        (
            Phrase("fact.report", form="england_wales", officer="1207", doses=1, opening="aa:1", stands="same"),
            "england_wales, filed by officer 1207, 1 dose, opening aa:1, about the same doses as another report",
        ),
        (
            Phrase("fact.docking", pouch="P1", outcome=None, detail=None, added=0, battery=None),
            "pouch P1, not finished, 0 new entries",
        ),
        (
            Phrase("fact.docking", pouch="P1", outcome="failed", detail="it went away", added=1, battery=60),
            "pouch P1, failed, it went away, 1 new entry, battery 60%",
        ),
    ],
)  # fmt: skip
def test_a_sentence_tells_what_is_known_and_no_more(what: Phrase, sentence: str) -> None:
    assert steps.told(what) == sentence


@pytest.mark.parametrize(
    ("step", "command"),
    [
        (NextStep("kit.issue"), "kitdock kit issue"),
        (NextStep("kit.issue_next", officer="1207"), "kitdock kit issue --next 1207"),
        (NextStep("kit.issue_next", officer="1207", pouch="P1"), "kitdock kit issue --next 1207 --pouch P1"),
        (NextStep("kit.issue_next", place="Car 1", pouch="P1"), "kitdock kit issue --next --place 'Car 1' --pouch P1"),
        (NextStep("kit.return"), "kitdock kit return"),
        (NextStep("kit.load", pouch="P1"), "kitdock kit load KIT P1"),
        (NextStep("kit.use", doses=1, report=3), "kitdock kit use KIT --doses 1 --report 3"),
        (NextStep("kit.replace", kit="K1", new="K2"), "kitdock kit replace K1 K2"),
        (NextStep("kit.destroy", kit="K1", reason="expired"), "kitdock kit destroy K1 --reason expired --document ID"),
        (NextStep("opening.doses", opening="P1:1"), "kitdock openings explain P1:1 --cause used --doses DOSES"),
        (NextStep("opening.doses", opening="P1:1", doses=2), "kitdock openings explain P1:1 --cause used --doses 2"),
        (NextStep("opening.explain", opening="P1:1"), "kitdock openings explain P1:1 --officer OFFICER --cause CAUSE"),
        (
            NextStep("opening.used", opening="P1:1", officer="1207"),
            "kitdock openings explain P1:1 --officer 1207 --cause used --doses DOSES",
        ),
    ],
)
def test_a_step_is_the_command_that_does_it(step: NextStep, command: str) -> None:
    assert steps.told(step) == f"`{command}`"
