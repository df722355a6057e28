"""Each rule of reconciliation: when it speaks, what it says, and what silences it."""

import re
from datetime import date

import click
import pytest

from host import clock
from host.cli import steps
from host.cli.root import root
from host.clock import Instant
from host.phrase import NextStep, Phrase
from host.picture import Picture
from host.reconcile import RULES, SEVERITIES, Discrepancy
from host.reconcile import reconcile as judge
from host.settings import DEFAULTS, Settings
from kitwire import faults, record
from tests.force import DAY, HOUR, T0, Force, carried_pouch
from tests.oracle.situation import situation_of

NOW = T0 + 2 * DAY


ACCUSING = re.compile(r"\b(stole|stolen|theft|misuse|misconduct|blame|fault|guilty|failed to|negligen)", re.I)


def reconcile(picture: Picture, now_ms: int, settings: Settings = DEFAULTS) -> list[Discrepancy]:
    """What the rules find; whatever it is, its words state facts and a next step, and none accuses."""
    found = judge(situation_of(picture, now_ms, settings))
    for each in found:
        evidence, next_step = steps.told(each.evidence), steps.told(each.next_step)
        assert not ACCUSING.search(evidence + next_step)
        assert_commands_are_there(next_step)
        assert evidence
        assert next_step
        assert each.since_ms <= now_ms
    return found


def assert_commands_are_there(text: str) -> None:
    """Each command in backticks is one that there is, with the options it has."""
    for line in re.findall(r"`kitdock ([^`]+)`", text):
        command: click.Command = root
        words = line.split()
        while isinstance(command, click.Group):
            found = command.get_command(click.Context(command), words.pop(0))
            assert found is not None, line
            command = found
        options = {option for parameter in command.params for option in parameter.opts}
        assert {each for each in words if each.startswith("--")} <= options, line


def kinds(force: Force, now_ms: int = NOW) -> list[str]:
    return [each.kind for each in reconcile(force.picture, now_ms)]


def one(force: Force, kind: str, now_ms: int = NOW) -> Discrepancy:
    found = [each for each in reconcile(force.picture, now_ms) if each.kind == kind]
    assert len(found) == 1
    return found[0]


def saying(what: Phrase, *names: str) -> tuple[object, ...]:
    """The code of a phrase, and some of its fields."""
    return (what.code, *(what.fields[name] for name in names))


def when(time: str) -> Instant:
    """A time in London."""
    return Instant(clock.parse_instant(time, "Europe/London"), "Europe/London")


def opened(at: int = HOUR, marks: int = 1) -> tuple[Force, str]:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    marked = [(f"dose_mark+{number}", at + 1000 * number) for number in range(1, marks + 1)]
    force.log(tag, ("lid_open", at), *marked, ("lid_close", at + 60_000))
    return force, tag


def test_pouch_that_is_docked_and_never_opened_agrees() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0), ("dock", DAY))
    assert kinds(force) == []


def test_opening_that_nobody_explained_is_a_question_with_its_evidence() -> None:
    force, _ = opened()
    found = one(force, "opening_unexplained")
    assert (found.pouch, found.kit, found.officer) == ("P1", "K1", "1207")
    assert abs(found.since_ms - (T0 + HOUR)) < 0.02 * DAY
    fields = ("duration_s", "dose_marks", "officers")
    assert saying(found.evidence, *fields) == ("found.opening_unexplained", 60, 1, ("1207",))
    assert found.evidence.fields["at"] == Instant(found.since_ms, "Europe/London")
    assert found.next_step == NextStep("opening.explain", "next.opening_unexplained", opening="P1:1", officer="1207")


def test_explanation_silences_the_opening() -> None:
    force, tag = opened(marks=0)
    assert kinds(force) == ["opening_unexplained"]
    force.explain(tag, 1, "1207", "training")
    assert kinds(force) == []


def test_opening_of_a_pouch_that_nobody_carried_weighs_less() -> None:
    force, _ = opened()
    force.movements = force.movements[:1]
    assert one(force, "opening_unexplained").severity == "low"


def test_use_without_report_is_missing_its_report_and_weighs_more_once_that_is_overdue() -> None:
    force, tag = opened(marks=2)
    force.explain(tag, 1, "1207", "used", 2)
    due, overdue = one(force, "report_missing", T0 + 20 * HOUR), one(force, "report_missing")
    due_at = Instant(due.since_ms + DAY, "Europe/London")
    assert saying(due.evidence, "by", "doses", "due") == (
        "found.report_due",
        Phrase("who.officer", officer="1207"),
        2,
        due_at,
    )
    assert saying(overdue.evidence, "by", "doses", "due") == (
        "found.report_overdue",
        Phrase("who.officer", officer="1207"),
        2,
        due_at,
    )
    assert due.next_step == NextStep("report.file", "next.report_missing", opening="P1:1")
    assert (due.severity, overdue.severity) == ("low", "medium")
    assert due.occurrence != overdue.occurrence
    force.report("1207", tag, 1, kit="K1")
    assert kinds(force) == ["pouch_without_kit"]


def test_report_that_names_no_opening_belongs_to_the_one_at_its_time() -> None:
    force, tag = opened(marks=2)
    force.explain(tag, 1, "1207", "used", 2)
    force.report("1207", None, None, incident="2026-05-28T22:40:00+01:00", kit="K1")
    assert kinds(force) == ["pouch_without_kit"]


def test_report_explains_the_opening_at_its_time() -> None:
    force, _ = opened(marks=2)
    force.report("1207", None, None, incident="2026-05-28T22:40:00+01:00", kit="K1")
    assert kinds(force) == ["pouch_without_kit"]


def test_two_reports_do_not_share_one_opening() -> None:
    force, _ = opened()
    for _ in range(2):
        force.report("1207", None, None, doses=1, incident="2026-05-28T22:40:00+01:00", kit="K1")
    assert sorted(kinds(force)) == ["pouch_without_kit", "use_without_opening"]


def test_of_two_openings_a_report_belongs_to_the_nearest_in_time() -> None:
    force, tag = opened(HOUR, marks=2)
    force.log(tag, ("lid_open", HOUR + 30 * 60_000), ("lid_close", HOUR + 31 * 60_000), first=5)
    force.report("1207", None, None, incident="2026-05-28T22:56:00+01:00", kit="K1")
    found = {each.kind: each.subject for each in reconcile(force.picture, NOW)}
    assert found["opening_unexplained"] == f"{tag}:1"


def test_report_by_somebody_else_does_not_explain_the_opening() -> None:
    force, _ = opened()
    force.officer("1300")
    force.report("1300", None, None, incident="2026-05-28T22:40:00+01:00")
    assert sorted(kinds(force)) == ["opening_unexplained", "use_without_opening"]


def test_report_without_any_opening_is_use_without_opening() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0))
    force.report("1207", None, None, doses=3, incident="2026-05-29T10:00:00+01:00")
    found = one(force, "use_without_opening")
    assert (found.officer, found.pouch, found.kit) == ("1207", "P1", "K1")
    assert found.evidence == Phrase("found.use_not_logged", report=1, doses=3, at=when("2026-05-29T10:00"))
    assert saying(found.next_step, "report", "use") == (
        "next.opening_or_kit",
        1,
        NextStep("kit.use", doses=3, report=1),
    )


def test_report_is_not_without_an_opening_until_the_pouch_has_docked_after_it() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0))
    force.report("1207", None, None, doses=1, incident="2026-05-30T10:00:00+01:00", kit="K1")
    assert "use_without_opening" not in kinds(force)
    force.docking(tag, 2 * DAY)
    assert "use_without_opening" in kinds(force, T0 + 2 * DAY + HOUR)


def test_expired_kit_counts_only_while_somebody_carries_it() -> None:
    force, tag = carried_pouch()
    force.lots[0] = force.lots[0]._replace(expires_on=date(2026, 5, 29))
    force.docking(tag, DAY)
    on_its_last_day, after = T0 + 13 * HOUR, T0 + 27 * HOUR
    assert kinds(force, on_its_last_day) == []
    found = one(force, "expired_carried", after)
    assert found.severity == "high"
    assert found.since_ms == 1_780_095_600_000  # midnight in London
    force.give_back("K1", 2 * DAY)
    assert kinds(force, 3 * DAY + T0) == []


def test_training_older_than_twelve_months_is_lapsed() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.officers = []
    force.officer("1207", date(2025, 5, 30))
    assert kinds(force, T0 + 2 * DAY) == []
    assert kinds(force, T0 + 3 * DAY) == ["training_lapsed"]


def test_carried_pouch_that_has_not_docked_for_a_week_is_not_docked() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    assert kinds(force, T0 + 8 * DAY) == []
    found = one(force, "not_docked", T0 + 8 * DAY + HOUR)
    assert found.since_ms == T0 + DAY + 1000
    assert saying(found.evidence, "last", "days") == ("found.not_docked", Instant(found.since_ms, "Europe/London"), 7)
    force.give_back("K1", 8 * DAY)
    assert kinds(force, T0 + 20 * DAY) == []


def test_days_without_docking_can_be_chosen() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    assert [each.kind for each in reconcile(force.picture, T0 + 4 * DAY, DEFAULTS._replace(not_docked_days=2))] == [
        "not_docked"
    ]


def test_pouch_that_never_docked_counts_from_its_issue() -> None:
    force, _ = carried_pouch()
    force.movements[-1] = force.movements[-1]._replace(at_ms=T0 + 5 * DAY)
    assert kinds(force, T0 + 11 * DAY) == []
    assert one(force, "not_docked", T0 + 13 * DAY).evidence == Phrase("found.never_docked", days=8)


def test_altered_record_is_tampering_and_names_what_follows_it() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY)
    force.log(tag, ("boot", 0), ("altered", 0), ("unlinked", 0), ("dock", DAY), ("altered", 0))
    found = [each for each in reconcile(force.picture, NOW) if each.kind == "record_tampered"]
    assert [each.severity for each in found] == ["high", "high"]
    assert found[0].evidence == Phrase("found.record_tampered", records=(2,), tag=tag, others=1)
    assert found[1].evidence == Phrase("found.record_tampered", records=(5,), tag=tag, others=0)
    assert found[0].next_step == NextStep("tag.enrol", "next.keep_as_evidence", pouch="P1")
    assert found[0].since_ms == T0 + DAY
    assert found[0].officer == "1207"


def test_records_that_never_came_are_a_gap() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, ends_at=6 + record.LEAST_KEPT)
    force.log(tag, ("dock", HOUR), first=4)
    force.log(tag, ("undock", 2 * HOUR), first=6)
    found = [each.evidence for each in reconcile(force.picture, NOW) if each.kind == "sequence_gap"]
    assert found == [
        Phrase("found.sequence_gap", tag=tag, first=1, last=3),
        Phrase("found.sequence_gap", tag=tag, first=5, last=5),
    ]


@pytest.mark.parametrize(
    ("kept", "kind"), [(record.LEAST_KEPT, "sequence_gap"), (record.LEAST_KEPT - 1, "records_removed")]
)
def test_only_a_full_log_drops_its_oldest_records(kept: int, kind: str) -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, ends_at=4 + kept - 1)
    force.log(tag, ("dock", HOUR), first=4)
    found = one(force, kind)
    assert (found.severity, found.officer) == ("high" if kind == "records_removed" else "medium", "1207")
    assert found.evidence == Phrase(f"found.{kind}", tag=tag, first=1, last=3)


def test_a_log_that_ends_before_what_was_collected_was_put_back() -> None:
    force, tag = carried_pouch()
    first = force.docking(tag, HOUR, ends_at=5)
    force.log(tag, ("boot", 0), ("dock", HOUR), ("undock", HOUR), ("dock", HOUR), ("undock", HOUR), docking=first)
    for after in range(3):  # it is tried again and again
        force.docking(tag, DAY + after * HOUR, ends_at=2)
        force.dockings[-1] = force.dockings[-1]._replace(outcome="failed", detail="put back")
    found = one(force, "log_put_back")
    assert (found.severity, found.pouch, found.subject) == ("high", "P1", f"{tag}:5")
    assert saying(found.evidence, "tag", "last", "collected") == ("found.log_put_back", tag, 2, 5)


STARTS = {
    "a start with a battery that is well": (("dock", 1), ("boot", 0), 2, "tag_interrupted"),
    "the first start of all": (None, ("boot", 0), 1, None),
    "a flat cell that was charged": (("heartbeat@3400", 1), ("boot@3700", 0), 2, None),
    "a cell that is flat at the start": (("heartbeat@3550", 1), ("boot@3300", 0), 2, None),
    "another start that no record tells of": (("dock", 1), ("undock", 0), 2, "start_missing"),
    "the same, of a flat cell, which cannot record its start": (("dock@3400", 1), ("undock@3400", 0), 2, None),
    "a start that counts back": (("dock", 1), ("boot", 0), 65000, "start_missing"),
    "a start that is not counted": (("dock", 1), ("boot", 0), 1, "tag_interrupted"),
    "a record of the same start": (("dock", 1), ("undock", 1), 1, None),
}


@pytest.mark.parametrize("case", STARTS)
def test_a_start_is_asked_about_unless_the_battery_was_the_reason(case: str) -> None:
    before, after, boot_count, kind = STARTS[case]
    force, tag = carried_pouch()
    force.docking(tag, DAY, ends_at=2)
    if before is not None:
        force.log(tag, before)
    force.log(tag, after, first=2 if before else 1, boot_count=boot_count)
    assert kinds(force) == ([kind] if kind else [])


def test_stops_and_starts_between_two_dockings_are_one_question_and_the_stations_own_is_none() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, ends_at=7)
    force.log(tag, ("dock", 1), ("stopped+1", 1), ("stopped+1", 1), ("heartbeat", 1), ("stopped+1", 1))
    force.log(tag, ("boot+1", 0), first=6, boot_count=2)
    force.own_stops[tag] = [3]
    found = one(force, "tag_interrupted")
    fields = ("stops", "starts", "causes", "records", "more")
    assert saying(found.evidence, *fields) == ("found.tag_interrupted", 2, 1, (Phrase("start.power_on"),), (2, 5, 6), 0)
    assert found.next_step == NextStep("kit.count", "next.tag_interrupted", kit="K1")
    assert (found.severity, found.officer, found.kit) == ("medium", "1207", "K1")
    force.own_stops[tag] = [2, 3, 5]
    assert saying(one(force, "tag_interrupted").evidence, "stops", "starts", "records")[1:] == (0, 1, (6,))


def test_failed_docking_is_cleared_by_the_next_that_succeeds() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, "failed", "the tag stopped answering")
    assert saying(one(force, "docking_failed").evidence, "detail") == (
        "found.docking_failed",
        "the tag stopped answering",
    )
    force.docking(tag, DAY + HOUR)
    assert kinds(force) == []


def test_docking_that_never_ended_was_broken_off() -> None:
    force, tag = carried_pouch()
    force.docking(tag, DAY, None)
    assert kinds(force, T0 + DAY + 60_000) == []  # still under way
    assert one(force, "docking_failed", T0 + DAY + HOUR).evidence.code == "found.docking_broken_off"


def test_worst_comes_first() -> None:
    force, tag = opened()
    force.log(tag, ("altered", 0), first=4)
    force.lots[0] = force.lots[0]._replace(expires_on=date(2026, 5, 1))
    found = reconcile(force.picture, T0 + 20 * DAY)
    assert [each.kind for each in found] == ["record_tampered", "expired_carried", "opening_unexplained", "not_docked"]
    order = [SEVERITIES.index(each.severity) for each in found]
    assert order == sorted(order)


def test_several_possible_holders_mean_that_no_officer_is_named() -> None:
    force, tag = carried_pouch()
    force.officer("1300")
    force.give_back("K1", 5 * DAY)
    force.issue("K1", "1300", "P1", 5 * DAY + 1)
    force.docking(tag, 9 * DAY)
    force.log(tag, ("lid_open", 5 * DAY), ("lid_close", 5 * DAY + 5000))
    found = one(force, "opening_unexplained", T0 + 9 * DAY)
    assert found.officer is None
    assert found.evidence.fields["officers"] == ("1207", "1300")
    assert found.next_step.fields["officer"] is None


def test_fault_of_the_tag_itself_is_shown_with_what_it_was_for_two_weeks() -> None:
    force, tag = carried_pouch()
    docking = force.docking(tag, DAY)
    place = faults.place("kitcore/ring", 12)
    force.log(tag, ("boot", 0), (f"fault+{faults.WATCHDOG}", HOUR), (f"fault+{place}", 2 * HOUR), docking=docking)
    found = one(force, "tag_faulty")
    assert (found.pouch, found.kit, found.since_ms) == ("P1", "K1", T0 + DAY)
    what = "exception in kitcore/ring, line 12"
    assert found.evidence == Phrase("found.tag_faulty", tag=tag, errors=2, days=14, record=3, what=what)
    assert "tag_faulty" in kinds(force, T0 + 15 * DAY)
    assert "tag_faulty" not in kinds(force, T0 + 15 * DAY + 1)


def test_tag_that_was_replaced_is_not_shown_as_faulty() -> None:
    force, tag = carried_pouch()
    force.log(tag, (f"fault+{faults.WATCHDOG}", HOUR), docking=force.docking(tag, DAY))
    force.tag("P1", at=DAY + 1)
    assert "tag_faulty" not in kinds(force)


def test_each_rule_says_what_it_finds_how_much_that_weighs_and_what_it_goes_by() -> None:
    assert len({rule.kind for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.text == Phrase(f"rule.{rule.kind}")
        assert steps.told(rule.text).endswith(".")
        assert rule.severities
        assert {*rule.severities} <= {*SEVERITIES}
        assert {*rule.settings} <= {*Settings._fields}


def test_no_rule_passes_a_verdict_on_a_person() -> None:
    """`reconcile` here reads the words of everything that is found."""
    force, tag = opened()
    force.log(tag, ("altered", 0), first=5)
    force.lots[0] = force.lots[0]._replace(expires_on=date(2026, 5, 1))
    force.officers = []
    force.officer("1207", date(2025, 1, 1))
    force.report("1207", None, None, incident="2026-05-29T10:00:00+01:00")
    force.docking(tag, 2 * DAY, "failed", "the tag stopped answering")
    tag_2 = force.tag("P2")
    force.kit("K2")
    force.issue("K2", "1207", "P2")
    force.log(tag_2, ("lid_open", HOUR), ("lid_close", 2 * HOUR), docking=1)
    force.explain(tag_2, 1, "1207", "used", 1)
    force.log(tag_2, (f"fault+{faults.WATCHDOG}", 3 * HOUR), first=3, docking=force.docking(tag_2, 19 * DAY))
    force.log(tag_2, ("stopped+1", 3 * HOUR), first=4, docking=len(force.dockings))
    found = {each.kind for each in reconcile(force.picture, T0 + 20 * DAY)}
    assert found == {
        "record_tampered", "expired_carried", "training_lapsed", "use_without_opening", "docking_failed", "not_docked",
        "report_missing", "opening_unexplained", "records_removed", "tag_faulty", "tag_interrupted",
    }  # fmt: skip
