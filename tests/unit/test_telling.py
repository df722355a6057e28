"""What an officer is asked, and what comes of the answers, against a real database."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from host.access.roles import OFFICER, PROGRAMME_LEAD
from host.access.vault import TagKeys
from host.errors import InputError
from host.forms import AnswersRefused
from host.phrase import NextStep
from host.tag.events import VERIFIED, EventRow, StatusTold
from host.usage.queues import Known
from host.usage.reports import CAUSES
from host.usage.whole import openings
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_forms import ANSWERS

NOW = 1_780_000_000_000
DAY = 86_400_000
TAG = "0011223344556677"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Officer 1207 carries K1 in P1; the pouch was opened at records 1 (two marks) and 5, and is open since 7."""
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, NOW) as opened:
        opened.add_officer("1207", date(2026, 1, 1), NOW)
        opened.add_officer("1300", date(2026, 1, 1), NOW)
        opened.add_kit("K1", "Nyxoid", "A1", date(2028, 1, 31), None, NOW)
        opened.enrol_tag(TAG, "P1", TagKeys.random(), NOW, lambda: None)
        opened.issue_kit("K1", "1207", "P1", NOW)
        docking = opened.begin_docking(TAG, NOW + DAY)
        opened.set_status(docking, StatusTold(1, DAY, NOW + DAY, 50, 3900, 80, 7))
        log = [
            ("lid_open", 1, 3600, 0),
            ("dose_mark", 1, 3610, 1),
            ("dose_mark", 1, 3700, 2),
            ("lid_close", 0, 3900, 0),
            ("lid_open", 1, 7200, 0),
            ("lid_close", 0, 7210, 0),
            ("lid_open", 1, 9000, 0),
        ]
        rows = [
            EventRow(n, bytes(36), VERIFIED, kind, flags, 3900, 1, at, 0, aux)
            for n, (kind, flags, at, aux) in enumerate(log, 1)
        ]
        opened.add_events(docking, TAG, rows)
        opened.finish_docking(docking, NOW + DAY + 900, "complete", None, len(rows))
        opened.grant(opened.login, PROGRAMME_LEAD, None, NOW)
        yield opened


def cause_of(store: Store, sequence: int) -> tuple[str, int | None] | None:
    explanation = next(each for each in openings(store.picture()) if each.sequence == sequence).explanation
    return (explanation.cause, explanation.doses) if explanation else None


def test_closed_unexplained_openings_are_asked_about_with_doses_from_the_marks(store: Store) -> None:
    assert [(each.sequence, each.dose_marks) for each in store.unexplained_openings(TAG)] == [(1, 2), (5, 0)]
    store.record_explanation(store.find_opening("P1:5"), "1207", "training", None, NOW + DAY)
    assert [each.sequence for each in store.unexplained_openings()] == [1]


def test_what_was_collected_is_told_once_whichever_process_collected_it(store: Store) -> None:
    with Store.open(store.path) as service:
        assert store.changed()
        assert not store.changed()
        known = store.known_since(NOW + DAY)
        tags, known = store.collected(known)
        assert tags == [TAG], "the docking ended after that"
        assert store.collected(known) == ([], known)
        docking = service.begin_docking(TAG, NOW + 2 * DAY)
        assert store.changed()
        tags, known = store.collected(known)
        assert (tags, known.under_way) == ([], (docking,))
        service.finish_docking(docking, NOW + 2 * DAY + 900, "complete", None, 0)
        assert store.collected(known)[0] == [TAG]
    assert store.known_since(NOW).docking == 0
    assert store.known_since(NOW + 3 * DAY).docking == docking


def test_a_look_takes_up_so_many_dockings_and_the_next_goes_on(store: Store) -> None:
    for number in (2, 3):
        docking = store.begin_docking(TAG, NOW + number * DAY)
        store.finish_docking(docking, NOW + number * DAY, "complete", None, 0)
    with patch("host.service.telling.MOST_DOCKINGS", 1):
        tags, known = store.collected(Known(1))
        assert (tags, known) == ([TAG], Known(2))
        assert store.collected(known) == ([TAG], Known(3))


def test_the_holder_waits_with_the_openings_and_the_missing_reports_of_the_pouch(store: Store) -> None:
    (queue,) = store.queues([TAG])
    (pouch,) = queue.pouches
    assert (queue.officer, pouch.pouch, [each.sequence for each in pouch.openings]) == ("1207", "P1", [1, 5])
    for sequence, cause in ((1, "used"), (5, "training")):
        store.record_explanation(store.find_opening(f"P1:{sequence}"), "1207", cause, None, NOW + DAY)
    (queue,) = store.queues([TAG])
    assert [(officer, each.sequence) for officer, each in queue.pouches[0].missing] == [("1207", 1)]


def test_an_officers_own_account_is_asked_for_nobody_elses_reports(store: Store) -> None:
    store.record_explanation(store.find_opening("P1:1"), "1207", "used", None, NOW + DAY)
    store.grant("constable", OFFICER, "1300", NOW)
    before = len(list(store.audit_entries()))
    with Store.open(store.path, login="constable") as own:
        assert own.queues([TAG]) == []
    assert len(list(store.audit_entries())) == before, "nothing was refused"


def test_opening_is_found_by_pouch_tag_and_sequence(store: Store) -> None:
    assert store.find_opening("P1:5").sequence == 5
    assert store.find_opening(f"{TAG}:1").sequence == 1
    assert store.find_opening(TAG.upper()).sequence == 7
    assert store.find_opening("P1").sequence == 7  # the newest that nobody explained
    for name in ("P1:2", "P1:99"):
        see = NextStep("opening.list", pouch="P1")
        with refused("opening.no_such_number", InputError, pouch="P1", sequence=int(name[3:]), see=see):
            store.find_opening(name)
    for name in ("P9", "P9:1", "P1:x", ""):
        with refused("tag.unknown_name", InputError, see=NextStep("tag.list")):
            store.find_opening(name)


def test_pouch_with_every_opening_explained_needs_a_sequence(store: Store) -> None:
    for sequence in (1, 5, 7):
        store.record_explanation(store.find_opening(f"P1:{sequence}"), "1207", "inspection", None, NOW + DAY)
    with refused("opening.none_unexplained", InputError, pouch="P1", named="P1"):
        store.find_opening("P1")


def test_used_takes_the_dose_marks_unless_told_otherwise(store: Store) -> None:
    opening = store.find_opening("P1:1")
    assert store.record_explanation(opening, "1207", "used", None, NOW + DAY) == 2
    assert store.record_explanation(opening, "1207", "used", 8, NOW + DAY) == 8
    assert cause_of(store, 1) == ("used", 8)
    assert [each.doses for each in store.explanations()] == [2, 8]


@pytest.mark.parametrize(
    ("officer", "cause", "doses", "code", "fields"),
    [
        ("9999", "training", None, "officer.unknown", {"officer": "9999"}),
        ("1207", "party", None, "opening.unknown_cause", {"cause": "party", "causes": tuple(CAUSES)}),
        ("1207", "training", 2, "opening.doses_of_another_cause", {"used": "used", "cause": "training"}),
        ("1207", "used", None, "opening.no_dose_marks", {"opening": "P1:5"}),
        ("1207", "used", 0, "opening.impossible_doses", {"doses": 0, "most": 99}),
        ("1207", "used", 100, "opening.impossible_doses", {"doses": 100, "most": 99}),
    ],
)
def test_wrong_explanation_is_refused_and_not_kept(
    store: Store, officer: str, cause: str, doses: int | None, code: str, fields: dict[str, object]
) -> None:
    with refused(code, InputError, **fields):
        store.record_explanation(store.find_opening("P1:5"), officer, cause, doses, NOW + DAY)
    assert store.explanations() == []


def test_who_is_named_speaks_or_whose_account_it_is(store: Store) -> None:
    opening = store.find_opening("P1:1")
    assert store.speaker(opening, "1300") == "1300"
    for carriers in (("1207",), ("1207", "1300")):
        with refused("opening.carried_by", InputError, opening="P1:1", officers=carriers):
            store.speaker(opening._replace(officers=carriers), None)
    with refused("opening.carried_by_nobody", InputError, opening="P1:1"):
        store.speaker(opening._replace(officers=()), None)
    store.grant("constable", OFFICER, "1207", NOW)
    with Store.open(store.path, login="constable") as own:
        assert own.speaker(opening._replace(officers=("1300",)), None) == "1207"


def test_who_carried_the_pouch_reports_unless_somebody_is_named(store: Store) -> None:
    opening = store.find_opening("P1:1")
    assert store.who_reports("P1:1", None) == ("1207", opening, None)
    assert store.who_reports("P1:1", "1300") == ("1300", opening, None)
    assert store.who_reports(None, None) == (None, None, None)
    with refused("opening.no_such_number", InputError, sequence=9):
        store.who_reports("P1:9", "1207")
    with refused("officer.unknown", InputError):
        store.who_reports("P1:1", "9")


def test_report_is_prefilled_from_the_log_and_settles_the_opening(store: Store) -> None:
    opening = store.find_opening("P1:1")
    known = store.prefilled(opening)
    assert known["doses"] == 2
    answers = {key: value for key, value in ANSWERS.items() if key not in ("doses", "incident_at")}
    filed = store.file_report("england_wales", opening, "1207", answers, NOW + DAY)
    report, protected = store.report(filed.id)
    assert report == filed
    assert (report.doses, report.tag, report.sequence, report.kit) == (2, TAG, 1, "K1")
    assert report.fields["incident_at"] == known["incident_at"]
    assert protected["outcome"] == "conscious_and_responsive"
    assert cause_of(store, 1) is None, "a report says for itself what it was"
    assert store.find_opening("P1:1").reports == (filed.id,)
    assert [each.sequence for each in store.unexplained_openings()] == [5]
    (use,) = [each for each in store.movements("K1") if each.kind == "use"]
    assert (use.doses, use.report, use.happened_ms) == (2, filed.id, opening.began.likely_ms)


def test_explained_doses_go_before_the_marks(store: Store) -> None:
    store.record_explanation(store.find_opening("P1:1"), "1207", "used", 4, NOW + DAY)
    assert store.prefilled(store.find_opening("P1:1"))["doses"] == 4
    assert "doses" not in store.prefilled(store.find_opening("P1:5"))
    assert store.prefilled(None) == {}


def test_refused_report_writes_nothing(store: Store) -> None:
    with pytest.raises(AnswersRefused):
        store.file_report("england_wales", store.find_opening("P1:1"), "1207", {"doses": 0}, NOW + DAY)
    with refused("officer.unknown", InputError, officer="9"):
        store.file_report("england_wales", None, "9", ANSWERS, NOW + DAY)
    assert store.reports() == []
    assert store.explanations() == []
