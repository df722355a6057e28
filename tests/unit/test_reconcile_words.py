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
            "1 dose gone that nothing tells of: 0 of 2 left, 1 recorded as used; 1 dose reported",
        ),
        (
            Phrase("found.doses_off", missing=-2, **{**OFF, "quiet": 1, "pending": 1}),
            "2 doses told of, and not gone: 0 of 2 left, 1 recorded as used, 1 of them by no report; 1 dose reported, "
            "1 said or marked as used and not reported",
        ),
        (
            Phrase("found.doses_told", said=1, marked=None, reported=3, reports=2),
            "doses told of this opening: 1 said, 3 reported in 2 reports",
        ),
        (
            Phrase("found.doses_told", said=None, marked=1, reported=2, reports=1),
            "doses told of this opening: 1 marked, 2 reported",
        ),
        (
            Phrase("found.ledger_impossible", movement=3, kind="leave_behind", at=NOON, why="it is lost"),
            "movement 3, leave behind at 2026-05-29 12:00, cannot have been: it is lost",
        ),
        (
            Phrase(
                "found.stocktake",
                stocktake=1, place="North", closed_at=NOON, difference="wrong_place", detail="at South", reason="so",
            ),
            "stocktake 1 of North, closed at 2026-05-29 12:00: wrong place, at South; the reason given: so",
        ),
        (Phrase("found.sequence_gap", tag="aa", first=1, last=3), "records 1 to 3 are gone from tag aa: openings in "
            "that time are not known"),
        (Phrase("found.records_removed", tag="aa", first=5, last=5), "record 5 is gone from tag aa, although its log "
            "was not full: only then does it drop its oldest records"),
        (Phrase("found.record_tampered", records=(2, 4), tag="aa", others=1), "record 2, 4 of tag aa is not what the "
            "tag sealed; 1 after it cannot be judged"),
        (Phrase("found.record_tampered", records=(2,), tag="aa", others=0), "record 2 of tag aa is not what the tag "
            "sealed"),
        (
            Phrase("found.tag_interrupted", stops=2, starts=1, records=(2, 5, 6), **INTERRUPTED),
            "tag aa: its program was stopped over USB twice, and it started anew once with a battery that was well "
            "(power-on, reset); records 2, 5, 6. A log can be put back that way",
        ),
        (
            Phrase("found.tag_interrupted", stops=1, starts=0, records=(2,), **{**INTERRUPTED, "more": 3}),
            "tag aa: its program was stopped over USB once; record 2 and 3 more. A log can be put back that way",
        ),
        (
            Phrase(
                "found.clock_implausible",
                dockings=7, pouches=("P1", "P2"), more=4, day=date(2026, 5, 29), first_at=NOON,
            ),
            "7 dockings of P1, P2 and 4 more noted on 2026-05-29, the first at 2026-05-29 12:00: what else is known of "
            "the same tags does not allow that time",
        ),
        (
            Phrase(
                "found.opening_unexplained",
                at=NOON, error_ms=2000, duration_s=60, dose_marks=1, officers=("1207", "1300"),
            ),
            "opened at 2026-05-29 12:00 (± 2 s), for 60 s, 1 dose mark; carried by 1207 or 1300",
        ),
        (
            Phrase(
                "found.opening_unexplained", at=NOON, error_ms=7_200_001, duration_s=None, dose_marks=0, officers=()
            ),
            "opened at 2026-05-29 12:00 (± 3 h); carried by nobody on record",
        ),
        (Phrase("found.limits", least_c=None, most_c=25), "at most 25 °C"),
        (Phrase("found.limits", least_c=2, most_c=None), "at least 2 °C"),
        (Phrase("found.limits", least_c=2, most_c=25), "2 to 25 °C"),
        (Phrase("found.between", began=NOON, ended=NOON), "at 2026-05-29 12:00"),
        (
            Phrase("found.between", began=NOON, ended=LATER),
            "at some time between 2026-05-29 12:00 and 2026-05-29 13:00",
        ),
        (Phrase("fact.movement", kind="receive", **MOVED), "receive of kit K1"),
        (
            Phrase(
                "fact.movement",
                kind="leave_behind", kit="K1", officer="1207", place="Car 1", pouch="P1", doses=1, reason="so",
                document="7", login="qm",
            ),
            "leave behind of kit K1, officer 1207, Car 1, pouch P1, 1 dose, so, document 7, recorded by qm",
        ),
        (Phrase("fact.record", kind=None, verdict="altered", docking=1), "record, altered; came with docking 1"),
        (
            Phrase("fact.report", form="england_wales", officer="1207", doses=2, opening=None, stands="filed"),
            "england_wales, filed by officer 1207, 2 doses, no opening named",
        ),
        (
            Phrase("fact.report", form="england_wales", officer="1207", doses=1, opening="aa:1", stands="same"),
            "england_wales, filed by officer 1207, 1 dose, opening aa:1, the same as another",
        ),
        (
            Phrase("fact.docking", pouch="P1", outcome=None, detail=None, added=0, battery=None),
            "pouch P1, not ended, 0 new records",
        ),
        (
            Phrase("fact.docking", pouch="P1", outcome="failed", detail="it went away", added=1, battery=60),
            "pouch P1, failed, it went away, 1 new record, battery 60 %",
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
