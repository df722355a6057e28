"""What becomes of a usage report after it is filed: withdrawn, the same as another, matched, restored, amended."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from host import clock, forms
from host.errors import InputError, NotAllowed, RuleError
from host.ledger import Movement
from host.ledger.movement import COUNT, DESTROY, RETURN, USE
from host.phrase import NextStep
from host.reconcile import reconcile
from host.tag.events import StatusTold
from host.tag.verify import verified_row
from host.usage.openings import Opening
from host.usage.reports import FILED, SAME, WITHDRAWN, UsageReport
from kitwire import record
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_accounts import DAY, FORM, HOUR, NOW, PROTECTED, TAGS, Force
from tests.unit.test_accounts import force as force

P1, P2 = (TAGS["P1"], 2), (TAGS["P2"], 2)
"""The opening of each pouch, three hours ago: 1207 had P1 with K1 in it, 1300 had P2 with K2."""


@pytest.fixture
def store(force: Force) -> Iterator[Store]:
    """The station, as its founder; in the end its roll-ups are what the whole history gives."""
    with force.store("root") as opened:
        yield opened
        assert opened.rolled_up() == opened.recompute()
        assert opened.verify_audit().broken_at is None


def file(
    store: Store,
    opening: tuple[str, int] | None = P1,
    officer: str = "1207",
    doses: int = 1,
    amends: int | None = None,
    kit: str | None = None,
    hours_ago: int = 3,
) -> UsageReport:
    """A report of a use, three hours ago if nothing else is said: then both pouches were opened."""
    fields = {"area": "North", "incident_at": clock.iso(NOW - hours_ago * 3_600_000, "Europe/London")}
    return store.add_report(FORM, officer, opening, doses, fields, PROTECTED, clock.now_ms(), kit, amends)


def doses(store: Store, kit: str = "K1") -> tuple[int, int, int]:
    """Left, used, unaccounted."""
    state = store.state(kit)
    return state.doses_left, state.doses_used, state.doses_unaccounted


def opening(store: Store, key: tuple[str, int] = P1) -> Opening:
    return next(each for each in store.openings() if (each.tag, each.sequence) == key)


def found(store: Store) -> dict[str, str]:
    """What is wrong: kinds, with what each is about."""
    return {each.kind: each.subject for each in reconcile(store.situation(clock.now_ms()))}


def test_a_report_keeps_the_version_of_the_form_that_was_answered(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = file(store)
    form = forms.load(FORM)
    monkeypatch.setattr("host.forms.load", lambda _: form._replace(version=2))
    second = file(store, P2, "1300")
    withdrawn = store.withdraw_report(first.id, "wrong pouch", clock.now_ms())
    assert (first.form_version, second.form_version, withdrawn.form_version) == (1, 2, 1)
    assert [each.form_version for each in store.reports()] == [1, 2]
    filed = [json.loads(each.detail) for each in store.audit_entries() if each.action == "report.file"]
    assert [(each["form"], each["form_version"]) for each in filed] == [(FORM, 1), (FORM, 2)]


def now(store: Store, kind: str, kit: str = "K1", **facts: Any) -> None:
    store.move(Movement(0, clock.now_ms(), kind, kit, **facts))


# Withdrawn and restored.


def test_withdrawn_report_gives_its_doses_back_and_the_opening_is_unexplained_again(store: Store) -> None:
    filed = file(store, doses=2)
    assert (doses(store), store.state("K1").status) == ((0, 2, 0), "used")
    assert opening(store).reports == (filed.id,)
    gone = store.withdraw_report(filed.id, "it was P2", clock.now_ms())
    assert gone == filed._replace(stands=WITHDRAWN)
    assert (doses(store), store.state("K1").status) == ((2, 0, 0), "issued")
    assert (opening(store).reports, opening(store).doses_reported) == ((), None)
    assert [each.subject for each in reconcile(store.situation(clock.now_ms()))] == [f"{tag}:2" for tag, _ in (P1, P2)]
    assert store.reports() == [gone], "it stays in the record"


def test_restore_undoes_a_withdrawal(store: Store) -> None:
    filed = file(store)
    before = store.rolled_up()["opening"]
    store.withdraw_report(filed.id, "wrong", clock.now_ms())
    assert store.restore_report(filed.id, None, clock.now_ms()) == filed
    assert (doses(store), opening(store).reports) == ((1, 1, 0), (filed.id,))
    assert store.rolled_up()["opening"] == before
    assert [each.kind for each in store.movements("K1")] == ["receive", "issue", "use", "correct", "use"]


def test_withdrawal_is_kept_with_who_and_why(store: Store) -> None:
    filed = file(store)
    store.withdraw_report(filed.id, "wrong pouch", clock.now_ms())
    store.restore_report(filed.id, "right after all", clock.now_ms())
    notes = store.rows("SELECT report, action, reason, login FROM report_note ORDER BY id")
    assert notes == [(filed.id, "withdraw", "wrong pouch", "root"), (filed.id, "restore", "right after all", "root")]
    entries = [each for each in store.audit_entries() if each.action.startswith("report.")]
    assert [(each.action, each.subject, each.outcome) for each in entries] == [
        ("report.file", "1207", "done"),
        ("report.withdraw", str(filed.id), "done"),
        ("report.restore", str(filed.id), "done"),
    ]


def test_what_was_counted_stands_whatever_becomes_of_the_report(store: Store) -> None:
    filed = file(store)
    now(store, COUNT, doses=1)
    assert doses(store) == (1, 1, 0)
    store.withdraw_report(filed.id, "wrong", clock.now_ms())
    assert doses(store) == (1, 0, 1), "one is gone, and nothing tells of it"
    assert "doses_differ" in found(store)
    store.restore_report(filed.id, None, clock.now_ms())
    assert doses(store) == (1, 1, 0)
    assert "doses_differ" not in found(store)


def test_doses_of_a_kit_that_was_destroyed_since_do_not_come_back(store: Store) -> None:
    filed = file(store, doses=2)
    now(store, DESTROY, reason="empty", document="W1")
    store.withdraw_report(filed.id, "wrong", clock.now_ms())
    assert (doses(store), store.state("K1").status) == ((0, 2, 0), "destroyed")
    store.restore_report(filed.id, None, clock.now_ms())
    assert doses(store) == (0, 2, 0)
    assert [each.kind for each in store.movements("K1")].count("use") == 1, "it was taken already"


def test_report_is_withdrawn_and_restored_once(store: Store) -> None:
    filed = file(store)
    with refused("report.counts_already", RuleError, report=filed.id):
        store.restore_report(filed.id, None, clock.now_ms())
    store.withdraw_report(filed.id, "wrong", clock.now_ms())
    for act in (
        lambda: store.withdraw_report(filed.id, "wrong", clock.now_ms()),
        lambda: store.same_use(filed.id, filed.id + 1, clock.now_ms()),
        lambda: store.match_report(filed.id, P1, clock.now_ms()),
    ):
        restore = NextStep("report.restore", report=filed.id)
        with refused("report.withdrawn", RuleError, report=filed.id, restore=restore):
            act()
    with refused("report.unknown", InputError, report=99):
        store.withdraw_report(99, "wrong", clock.now_ms())
    assert len(store.rows("SELECT 1 FROM report_note")) == 1


# The same as another.


def test_two_reports_of_the_same_use_count_once(store: Store) -> None:
    first, second = file(store), file(store, officer="1300")
    assert (doses(store), opening(store).doses_reported) == ((0, 2, 0), 2)
    assert found(store)["doses_differ"] == f"{P1[0]}:2"
    same = store.same_use(second.id, first.id, clock.now_ms())
    assert (same.stands, same.same_as) == (SAME, first.id)
    assert (doses(store), opening(store).doses_reported) == ((1, 1, 0), 1)
    assert opening(store).reports == (first.id, second.id)
    assert "doses_differ" not in found(store)
    again = store.restore_report(second.id, "two people were helped", clock.now_ms())
    assert (again.stands, again.same_as) == (FILED, None)
    assert (doses(store), opening(store).doses_reported) == ((0, 2, 0), 2)


def test_report_is_the_same_as_one_that_counts_itself(store: Store) -> None:
    first, second = file(store), file(store, officer="1300")
    with refused("report.other_counts_not", RuleError, report=first.id, other=first.id):
        store.same_use(first.id, first.id, clock.now_ms())
    store.withdraw_report(second.id, "wrong", clock.now_ms())
    with refused("report.other_counts_not", RuleError, report=first.id, other=second.id):
        store.same_use(first.id, second.id, clock.now_ms())
    with refused("report.unknown", InputError, report=99):
        store.same_use(first.id, 99, clock.now_ms())
    assert store.open_answers(first.id) == first


# Matched.


def test_report_that_names_no_opening_belongs_to_the_one_at_its_time(store: Store) -> None:
    filed = file(store, None)
    assert (filed.tag, filed.sequence, filed.kit) == (*P1, "K1")
    assert (doses(store), opening(store).reports, opening(store, P2).reports) == ((1, 1, 0), (filed.id,), ())
    assert store.open_answers(filed.id) == filed
    (entry,) = store.audit_entries(action="report.match")
    assert (entry.subject, "its time" in entry.detail) == (str(filed.id), True)


def test_report_filed_before_the_pouch_docks_belongs_to_the_opening_that_comes(force: Force) -> None:
    with force.store("root") as store:
        loose = file(store, None, hours_ago=1)
        assert (loose.tag, loose.kit, doses(store)) == (None, "K1", (1, 1, 0))
        docking = store.begin_docking(TAGS["P1"], NOW)
        store.set_status(docking, StatusTold(1, DAY + HOUR, NOW, 50, 3900, 80, 2))
        kinds = ((record.LID_OPEN, record.FLAG_LID_OPEN, 3600), (record.LID_CLOSE, 0, 3500))
        rows = [
            verified_row(
                number,
                number.to_bytes(4, "little") + bytes(32),
                record.Plain(kind, flags, 3900, 1, (DAY + HOUR) // 1000 - before_s, 0, 0),
            )
            for number, (kind, flags, before_s) in enumerate(kinds, 4)
        ]
        store.finish_docking(docking, NOW, "complete", None, store.add_events(docking, TAGS["P1"], rows))
        assert opening(store, (TAGS["P1"], 4)).reports == (loose.id,)
        assert doses(store) == (1, 1, 0)
        assert store.rolled_up() == store.recompute()


def test_report_that_names_no_opening_is_matched_and_its_doses_come_from_that_kit(store: Store) -> None:
    store.add_kit("K3", "Nyxoid", "A1", None, None, NOW - 25 * 86_400_000)
    store.issue_kit("K3", "1207", None, NOW - 25 * 86_400_000)
    loose = file(store, None, hours_ago=6)
    assert (loose.tag, loose.kit, doses(store), doses(store, "K3")) == (None, None, (2, 0, 0), (2, 0, 0))
    matched = store.match_report(loose.id, P1, clock.now_ms())
    assert (matched.tag, matched.sequence, matched.kit) == (*P1, "K1")
    assert (doses(store), doses(store, "K3")) == ((1, 1, 0), (2, 0, 0))
    assert opening(store).reports == (loose.id,)
    (use,) = [each for each in store.movements("K1") if each.kind == "use"]
    assert use.happened_ms == opening(store).began.likely_ms


def test_match_moves_the_doses_to_the_kit_that_was_in_that_pouch(store: Store) -> None:
    """1207 had P1 and K1; but it was 1300's pouch that was used."""
    for hours_ago in (3, 6):
        filed = file(store, None, hours_ago=hours_ago)
        assert (filed.kit, doses(store)) == ("K1", (1, 1, 0))
        assert store.match_report(filed.id, P2, clock.now_ms()).kit == "K2"
        assert doses(store) == (2, 0, 0)
    assert doses(store, "K2") == (0, 2, 0)
    assert (opening(store).reports, opening(store, P2).reports) == ((), (1, 2))


def test_match_is_to_another_opening_that_is_there(store: Store) -> None:
    filed = file(store, None)
    with refused("opening.unknown", InputError):
        store.match_report(filed.id, (TAGS["P1"], 7), clock.now_ms())
    with refused("report.of_that_opening_already", RuleError, report=filed.id):
        store.match_report(filed.id, P1, clock.now_ms())
    assert store.open_answers(filed.id) == filed


def test_match_keeps_the_kit_that_was_said(store: Store) -> None:
    """Two kits were in the pouch; who reported said which, before the pouch had docked."""
    store.add_kit("K3", "Nyxoid", "A1", None, None, NOW - 25 * 86_400_000)
    store.issue_kit("K3", "1207", "P1", NOW - 25 * 86_400_000)
    loose = file(store, None, kit="K3", hours_ago=6)
    assert (loose.kit, doses(store, "K3")) == ("K3", (1, 1, 0))
    assert store.match_report(loose.id, P1, clock.now_ms()).kit == "K3"
    assert (doses(store), doses(store, "K3")) == ((2, 0, 0), (1, 1, 0))


def test_use_counts_once_whatever_becomes_of_the_report_that_stood_for_both(store: Store) -> None:
    first, second = file(store), file(store, officer="1300")
    store.same_use(second.id, first.id, clock.now_ms())
    store.withdraw_report(first.id, "wrong time", clock.now_ms())
    assert store.open_answers(second.id).stands == FILED
    assert (doses(store), opening(store).doses_reported) == ((1, 1, 0), 1)


def test_what_was_the_same_as_a_report_of_another_opening_counts_itself(store: Store) -> None:
    first, second = file(store), file(store, officer="1300")
    store.same_use(second.id, first.id, clock.now_ms())
    store.match_report(first.id, P2, clock.now_ms())
    assert store.open_answers(second.id).stands == FILED
    assert (doses(store), doses(store, "K2")) == ((1, 1, 0), (1, 1, 0))


def test_what_was_the_same_as_a_report_follows_the_one_that_stands_for_it(store: Store) -> None:
    first, second, third = file(store), file(store, officer="1300"), file(store)
    store.same_use(second.id, first.id, clock.now_ms())
    store.same_use(first.id, third.id, clock.now_ms())
    assert [each.same_as for each in store.reports()] == [third.id, third.id, None]
    better = file(store, doses=2, amends=third.id)
    assert [(each.stands, each.same_as) for each in store.reports()] == [
        (SAME, better.id), (SAME, better.id), (WITHDRAWN, None), (FILED, None)
    ]  # fmt: skip
    assert (doses(store), opening(store).doses_reported) == ((0, 2, 0), 2)


def test_report_that_says_which_kit_is_of_no_pouch_in_which_that_was_not(store: Store) -> None:
    """1207 had K1 in P1, which was opened about then, and K3 in no pouch; it was K3."""
    store.add_kit("K3", "Nyxoid", "A1", None, None, NOW - 25 * 86_400_000)
    store.issue_kit("K3", "1207", None, NOW - 25 * 86_400_000)
    filed = file(store, None, kit="K3")
    assert (filed.tag, filed.kit) == (None, "K3")
    assert (doses(store), doses(store, "K3")) == ((2, 0, 0), (1, 1, 0))


def test_what_somebody_recorded_from_another_kit_stays_and_is_restored(store: Store) -> None:
    """Three doses, two of them from K1, the third from K3: that was said by hand."""
    filed = file(store, doses=3)
    store.add_kit("K3", "Nyxoid", "A1", None, None, NOW - 25 * 86_400_000)
    store.issue_kit("K3", "1207", None, NOW - 25 * 86_400_000)
    now(store, USE, "K3", doses=1, report=filed.id)
    store.match_report(filed.id, P2, clock.now_ms())
    assert (doses(store), doses(store, "K2"), doses(store, "K3")) == ((2, 0, 0), (0, 2, 0), (1, 1, 0))
    store.withdraw_report(filed.id, "wrong", clock.now_ms())
    assert (doses(store, "K2"), doses(store, "K3")) == ((2, 0, 0), (2, 0, 0))
    store.restore_report(filed.id, None, clock.now_ms())
    assert (doses(store, "K2"), doses(store, "K3")) == ((0, 2, 0), (1, 1, 0))


# Amended.


def test_report_that_amends_another_takes_its_place(store: Store) -> None:
    first = file(store, doses=2)
    second = file(store, doses=1, amends=first.id)
    assert [(each.id, each.stands) for each in store.reports()] == [(first.id, WITHDRAWN), (second.id, FILED)]
    assert (doses(store), opening(store).reports) == ((1, 1, 0), (second.id,))
    notes = store.rows("SELECT action, reason FROM report_note")
    assert notes == [("withdraw", "another report takes its place")]


def test_report_that_amends_one_that_cannot_be_is_not_filed(store: Store) -> None:
    first = file(store)
    store.withdraw_report(first.id, "wrong", clock.now_ms())
    with refused("report.withdrawn", RuleError, report=first.id):
        file(store, amends=first.id)
    with refused("report.unknown", InputError, report=99):
        file(store, amends=99)
    assert len(store.reports()) == 1
    assert doses(store) == (2, 0, 0)


# Which kit.


def test_doses_come_from_the_kit_that_was_in_the_pouch_wherever_it_is_now(store: Store) -> None:
    now(store, RETURN, doses=0)
    store.add_kit("K3", "Nyxoid", "A1", None, None, clock.now_ms())
    store.issue_kit("K3", "1207", "P1", clock.now_ms())
    assert doses(store) == (0, 0, 2)
    assert file(store, doses=2).kit == "K1"
    assert (doses(store), doses(store, "K3")) == ((0, 2, 0), (2, 0, 0))


def test_kit_is_said_where_two_were_in_the_pouch(store: Store) -> None:
    store.add_kit("K3", "Nyxoid", "A1", None, None, NOW - 25 * 86_400_000)
    store.issue_kit("K3", "1207", "P1", NOW - 25 * 86_400_000)
    assert store.kits_of_report(opening(store), "1207", NOW) == ["K1", "K3"]
    open_ended = file(store)
    assert (open_ended.kit, doses(store), doses(store, "K3")) == (None, (2, 0, 0), (2, 0, 0))
    with refused("report.kit_not_in_pouch", InputError, kit="K2", pouch="P1", possible=("K1", "K3")):
        file(store, kit="K2")
    assert file(store, amends=open_ended.id, kit="K3").kit == "K3"
    assert (doses(store), doses(store, "K3")) == ((2, 0, 0), (1, 1, 0))


# Whose.

ACTS: dict[str, Callable[[Store, int], Any]] = {
    "report.withdraw": lambda store, number: store.withdraw_report(number, "wrong", clock.now_ms()),
    "report.same": lambda store, number: store.same_use(number, 1, clock.now_ms()),
    "report.match": lambda store, number: store.match_report(number, P2, clock.now_ms()),
    "report.restore": lambda store, number: store.restore_report(number, None, clock.now_ms()),
}


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize("login", ["stranger", "dock", "auditor"])
def test_nothing_becomes_of_another_officers_report(force: Force, action: str, login: str) -> None:
    with force.store("constable") as store:
        file(store)
        number = file(store, None).id
        if action == "report.restore":
            store.withdraw_report(number, "wrong", clock.now_ms())
    with force.store("root") as store:
        before = store.reports()
    assert force.refused(login, lambda store: ACTS[action](store, number))[0] == action
    with force.store("root") as store:
        assert store.reports() == before
        assert store.rolled_up() == store.recompute()


@pytest.mark.parametrize("action", ACTS)
@pytest.mark.parametrize("login", ["constable", "keeper", "root", "lead"])
def test_ones_own_report_is_ones_own_to_put_right_and_the_keepers(force: Force, action: str, login: str) -> None:
    with force.store("constable") as store:
        file(store)
        number = file(store, None).id
        if action == "report.restore":
            store.withdraw_report(number, "wrong", clock.now_ms())
    with force.store(login) as store:
        ACTS[action](store, number)
    with force.store("root") as store:
        assert store.rolled_up() == store.recompute()
        (entry,) = [each for each in store.audit_entries(action=action) if each.login == login]
        assert (entry.subject, entry.outcome) == (str(number), "done")


def test_no_report_takes_the_place_of_another_officers(force: Force) -> None:
    with force.store("constable") as store:
        number = file(store).id
    for login in ("stranger", "dock"):
        with force.store(login) as store, pytest.raises(NotAllowed):
            file(store, P2, "1300", amends=number)
    with force.store("root") as store:
        assert [(each.id, each.stands) for each in store.reports()] == [(number, FILED)]
