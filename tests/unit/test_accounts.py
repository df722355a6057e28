"""The store holds the roles: who sees what is one's own, who is refused, and that both are in the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from host import clock
from host.access import identity
from host.access.roles import ADMINISTRATOR, AUDITOR, OFFICER, PROGRAMME_LEAD, QUARTERMASTER
from host.access.vault import TagKeys
from host.errors import InputError, NotAllowed, RuleError
from host.phrase import NextStep, Phrase
from host.tag.events import EventRow, Radio, StatusTold
from host.tag.verify import verified_row
from host.usage.reports import Draft
from kitwire import record
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_docking import Bench

NOW = clock.now_ms()
HOUR = 3_600_000
DAY = 24 * HOUR
TAGS = {"P1": "0000000000000001", "P2": "0000000000000002"}
PROTECTED = {"outcome": "unconscious", "substance": "heroin"}
FORM = "england_wales"

LOGINS = {
    "constable": (OFFICER, "1207"),
    "stranger": (OFFICER, "1300"),
    "dock": (OFFICER, None),
    "keeper": (QUARTERMASTER, None),
    "lead": (PROGRAMME_LEAD, None),
    "auditor": (AUDITOR, None),
}


class Force:
    """Officers 1207 and 1300 each with a kit in a pouch that was opened once; a login for each role."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Store.create(path, "North", "Europe/London", False, NOW - 30 * DAY, login="root") as store:
            for (pouch, tag), officer, kit in zip(TAGS.items(), ("1207", "1300"), ("K1", "K2"), strict=True):
                store.add_officer(officer, date(2026, 1, 1), NOW)
                store.enrol_tag(tag, pouch, TagKeys.random(), NOW - 30 * DAY, lambda: None)
                store.add_kit(kit, "Nyxoid", "A1", date(2199, 1, 31), None, NOW - 25 * DAY)
                store.issue_kit(kit, officer, pouch, NOW - 25 * DAY)
                dock(store, tag, NOW - HOUR)
            for login, (role, officer_or_none) in LOGINS.items():
                store.grant(login, role, officer_or_none, NOW)

    @contextmanager
    def store(self, login: str) -> Iterator[Store]:
        with Store.open(self.path, login=login) as store:
            yield store

    def refused(self, login: str, use: Callable[[Store], Any]) -> tuple[str, str | None]:
        """The action and subject of the one entry that a refused attempt leaves in the audit."""
        with self.store("auditor") as auditor:
            before = len(list(auditor.audit_entries(login=login, refused=True)))
        with self.store(login) as store, refused("access.not_allowed", NotAllowed, login=login):
            use(store)
        with self.store("auditor") as auditor:
            entries = list(auditor.audit_entries(login=login, refused=True))
        assert len(entries) == before + 1
        return entries[-1].action, entries[-1].subject


def dock(store: Store, tag: str, at_ms: int) -> None:
    """A docking that brings one opening of a minute, two hours before."""
    docking = store.begin_docking(tag, at_ms)
    store.set_status(docking, StatusTold(1, DAY, at_ms, 50, 3900, 80, 3))
    rows: list[EventRow] = []
    for sequence, (kind, before_s) in enumerate(
        [(record.BOOT, 86_000), (record.LID_OPEN, 7200), (record.LID_CLOSE, 7140)], 1
    ):
        flags = record.FLAG_LID_OPEN if kind == record.LID_OPEN else 0
        plain = record.Plain(kind, flags, 3900, 1, 86_400 - before_s, 0, 0)
        rows.append(verified_row(sequence, sequence.to_bytes(4, "little") + bytes(32), plain))
    store.finish_docking(docking, at_ms, "complete", None, store.add_events(docking, tag, rows))


@pytest.fixture
def force(tmp_path: Path) -> Force:
    return Force(tmp_path / "station.db")


def file(store: Store, officer: str, opening: tuple[str, int] | None = None, kit: str | None = None) -> int:
    return store.add_report(FORM, officer, opening, 1, {"area": "North"}, PROTECTED, NOW, kit).id


def test_who_has_no_role_is_not_let_in_and_the_audit_shows_the_attempt(force: Force) -> None:
    why = Phrase("access.no_role", path=force.path, grant=NextStep("account.grant", login="intruder"))
    with refused("access.not_allowed", NotAllowed, login="intruder", action="database.open", why=why):
        Store.open(force.path, login="intruder")
    with force.store("auditor") as store:
        entries = list(store.audit_entries(login="intruder"))
    assert [(each.action, each.outcome) for each in entries] == [("database.open", "refused")]


def test_an_officer_sees_the_openings_of_pouches_that_were_ones_own_then(force: Force) -> None:
    with force.store("constable") as store:
        assert [(each.pouch, each.officers) for each in store.openings()] == [("P1", ("1207",))]
        assert store.openings(TAGS["P2"]) == []
        assert [each.pouch for each in store.unexplained_openings()] == ["P1"]
    with force.store("root") as store:
        store.return_kit("K1", NOW - 30 * 60_000, doses=2)
        store.issue_kit("K1", "1300", "P1", NOW - 20 * 60_000)
        assert len(store.openings()) == 2
    with force.store("constable") as store:
        assert len(store.openings()) == 1, "the pouch is another's now, the opening was hers"
    with force.store("stranger") as store:
        assert [each.pouch for each in store.openings()] == ["P2"]


def test_a_pouch_handed_over_within_the_bounds_of_an_opening_shows_it_to_both(force: Force) -> None:
    with force.store("root") as store:
        began = store.openings(TAGS["P1"])[0].began
        store.add_kit("K3", "Nyxoid", "A1", None, None, began.likely_ms)
        store.return_kit("K1", NOW)
    with force.store("root") as store:
        store.connection.execute(
            "UPDATE custody SET until_ms = ? WHERE kit = 'K1' AND officer = '1207'", (began.likely_ms,)
        )
        store.connection.execute(
            "INSERT INTO custody VALUES ('K3', 9, 'issued', '1300', NULL, 'P1', ?, NULL)", (began.likely_ms,)
        )
    for login in ("constable", "stranger"):
        with force.store(login) as store:
            (opening,) = store.openings(TAGS["P1"])
            assert set(opening.officers) == {"1207", "1300"}


def test_an_officer_explains_and_reports_in_ones_own_name_on_ones_own_openings(force: Force) -> None:
    with force.store("constable") as store:
        opening = store.find_opening("P1")
        store.record_explanation(opening, "1207", "training", None, NOW)
        number = file(store, "1207", (TAGS["P1"], 2), "K1")
        assert store.open_answers(number).officer == "1207"
    opening_of_ben = (TAGS["P2"], 2)
    for use, entry in (
        (lambda store: store.add_explanation(*opening_of_ben, "1207", "training", None, NOW), "opening.explain"),
        (lambda store: store.add_explanation(TAGS["P1"], 2, "1300", "training", None, NOW), "opening.explain"),
        (lambda store: file(store, "1300"), "report.file"),
        (lambda store: store.add_explanation(TAGS["P1"], 2, None, "training", None, NOW), "opening.explain"),
        (lambda store: store.missing_reports("1300"), "report.file"),
        (lambda store: store.kits_of_report(None, "1300", NOW), "report.file"),
        (lambda store: store.note_docked_by(TAGS["P1"], "1300", NOW), "tag.dock"),
    ):
        assert force.refused("constable", use)[0] == entry
    with force.store("root") as store:
        assert [each.officer for each in store.explanations()] == ["1207"]
        assert [each.officer for each in store.reports()] == ["1207"]
        assert store.state("K1").doses_left == 1, "the report took its dose, though an officer moves no kits"


def test_an_officer_who_was_there_reports_on_the_pouch_that_another_carried(force: Force) -> None:
    with force.store("constable") as store:
        filed = store.open_answers(file(store, "1207", (TAGS["P2"], 2)))
        assert (filed.officer, filed.kit, filed.login) == ("1207", "K2", "constable")
        assert [each.pouch for each in store.openings()] == ["P1"], "the opening itself stays the other's"
    with force.store("root") as store:
        assert (store.state("K1").doses_left, store.state("K2").doses_left) == (2, 1)


def test_an_officer_with_another_role_speaks_and_files_for_nobody_else(force: Force) -> None:
    """What an auditor may see does not widen what an officer may say."""
    with force.store("root") as store:
        store.grant("constable", AUDITOR, None, NOW)
    with force.store("dock") as store:
        his = file(store, "1300")
    with force.store("constable") as store:
        assert len(store.openings()) == 2
    for use, entry in (
        (lambda store: store.add_explanation(TAGS["P2"], 2, "1300", "training", None, NOW), "opening.explain"),
        (lambda store: store.add_explanation(TAGS["P2"], 2, "1207", "training", None, NOW), "opening.explain"),
        (lambda store: store.add_explanation(TAGS["P1"], 2, None, "training", None, NOW), "opening.explain"),
        (lambda store: file(store, "1300"), "report.file"),
        (lambda store: store.withdraw_report(his, "wrong", NOW), "report.withdraw"),
        (lambda store: store.report(his), "report.read"),
    ):
        assert force.refused("constable", use)[0] == entry
    with force.store("root") as store:
        assert [each.officer for each in store.reports()] == ["1300"]
        assert store.explanations() == []


def test_who_keeps_the_stock_files_and_speaks_for_officers(force: Force) -> None:
    """As where the constable has told the quartermaster: who said it and who entered it are both kept."""
    with force.store("root") as store:
        store.grant("constable", QUARTERMASTER, None, NOW)
    with force.store("constable") as store:
        file(store, "1300", (TAGS["P2"], 2))
        store.add_explanation(TAGS["P2"], 2, "1300", "used", 1, NOW)
    with force.store("root") as store:
        assert [(each.officer, each.login) for each in store.reports()] == [("1300", "constable")]
        assert [(each.officer, each.login) for each in store.explanations()] == [("1300", "constable")]


def test_an_officer_reads_ones_own_report_and_no_other(force: Force) -> None:
    with force.store("dock") as store:
        hers, his = file(store, "1207"), file(store, "1300")
    with force.store("constable") as store:
        assert [each.id for each in store.reports()] == [hers]
        report, protected = store.report(hers)
        assert (report.officer, protected) == ("1207", PROTECTED)
    assert force.refused("constable", lambda store: store.report(his)) == ("report.read", str(his))
    assert force.refused("constable", lambda store: store.open_answers(his)) == ("report.read", str(his))


@pytest.mark.parametrize("login", ["keeper", "root", "auditor"])
def test_health_fields_are_not_for_quartermasters_auditors_and_administrators(force: Force, login: str) -> None:
    with force.store("dock") as store:
        number = file(store, "1207")
    assert force.refused(login, lambda store: store.report(number)) == ("report.read", str(number))
    with force.store(login) as store:
        assert [each.fields for each in store.reports()] == [{"area": "North"}], "what is not protected may be listed"


def test_a_programme_lead_reads_protected_answers_and_the_audit_tells_which(force: Force) -> None:
    with force.store("dock") as store:
        number = file(store, "1207")
    with force.store("lead") as store:
        assert store.report(number)[1] == PROTECTED
    with force.store("auditor") as store:
        (entry,) = store.audit_entries(action="report.read")
        assert (entry.login, entry.outcome, entry.subject) == ("lead", "done", str(number))
        assert entry.detail == '{"fields":["outcome","substance"]}'
        everything = "".join(map(str, store.audit_entries()))
    assert "heroin" not in everything
    assert "unconscious" not in everything


def test_who_was_there_reports_on_another_officers_pouch_of_which_the_openings_are_not_told(force: Force) -> None:
    with force.store("constable") as store:
        assert store.who_reports("P1", None)[:2] == ("1207", store.find_opening("P1"))
        for name in ("P2", "P2:2"):
            assert store.who_reports(name, None) == ("1207", None, TAGS["P2"])
    with force.store("root") as store, refused("opening.no_such_number", InputError, pouch="P2"):
        store.who_reports("P2:99", None)


def test_a_shared_dock_sees_openings_of_pouches_that_docked_lately_and_reads_no_report(
    force: Force, monkeypatch: pytest.MonkeyPatch
) -> None:
    with force.store("dock") as store:
        assert [each.pouch for each in store.openings()] == ["P1", "P2"]
        store.record_explanation(store.find_opening("P2"), "1300", "inspection", None, NOW)
        number = file(store, "1300", (TAGS["P2"], 2))
        assert store.reports() == []
    for use in (lambda store: store.report(number), lambda store: store.open_answers(number)):
        assert force.refused("dock", use) == ("report.read", str(number))
    later = clock.now_ms() + 12 * HOUR
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    with force.store("dock") as store:
        assert store.openings() == []
        with refused("opening.none_unexplained", InputError, pouch="P1"):
            store.find_opening("P1")
    assert force.refused("dock", lambda store: file(store, "1207", (TAGS["P1"], 2))) == (
        "report.file",
        f"{TAGS['P1']}:2",
    )


WHOLE: dict[str, Callable[[Store], Any]] = {
    "picture": Store.picture,
    "kits": Store.kits,
    "lots": Store.lots,
    "movements": Store.movements,
    "movements of a kit": lambda store: store.movements("K1"),
    "officers": Store.officers,
    "what officers carry": Store.carrying,
    "another officer": lambda store: store.officer("1300"),
    "state of another's kit": lambda store: store.state("K2"),
    "dockings": Store.dockings,
    "events": Store.events,
    "records": lambda store: store.records(TAGS["P1"]),
    "explanations": Store.explanations,
    "places": Store.stocked_places,
    "accounts": Store.accounts,
    "audit": Store.audit_entries,
}


@pytest.mark.parametrize("what", WHOLE)
def test_an_officer_reads_nothing_as_a_whole(force: Force, what: str) -> None:
    assert force.refused("constable", WHOLE[what])[0] in ("stock.read", "audit.read")


def test_an_officer_sees_where_ones_own_kit_is(force: Force) -> None:
    with force.store("constable") as store:
        assert (store.state("K1").officer, store.officer("1207").id) == ("1207", "1207")
        assert store.expiry_of_pouch("P1") == date(2199, 1, 31)
    assert force.refused("dock", lambda store: store.state("K1"))[0] == "stock.read"


CHANGES: dict[str, tuple[str, Callable[[Store], Any]]] = {
    "kit.receive": ("constable", lambda store: store.add_kit("K9", "Nyxoid", "A1", None, None, NOW)),
    "kit.return": ("lead", lambda store: store.return_kit("K1", NOW)),
    "officer.add": ("lead", lambda store: store.add_officer("9", None, NOW)),
    "officer.change": ("constable", lambda store: store.change_officer("1207", unit="South")),
    "place.add": ("constable", lambda store: store.add_place("Car 7", "vehicle", None, NOW)),
    "setting.retention": ("keeper", lambda store: store.set_setting("retain_answers_days", "30")),
    "setting.change": ("constable", lambda store: store.set_setting("carry_days", "1")),
    "account.grant": ("keeper", lambda store: store.grant("keeper", ADMINISTRATOR, None, NOW)),
    "account.revoke": ("keeper", lambda store: store.revoke("root", QUARTERMASTER)),
    "tag.enrol": ("constable", lambda store: store.enrol_tag("f" * 16, "P9", TagKeys.random(), NOW, lambda: None)),
    "tag.retire": ("constable", lambda store: store.retire_tag(TAGS["P1"], NOW)),
    "tag.dock": ("auditor", lambda store: store.begin_docking(TAGS["P1"], NOW)),
    "opening.explain": ("auditor", lambda store: store.add_explanation(TAGS["P1"], 2, "1207", "training", None, NOW)),
    "report.file": ("auditor", lambda store: file(store, "1207")),
    "report.draft": ("auditor", lambda store: store.keep_draft(FORM, "1207", None, Draft({"area": "North"}))),
    "clock.accept": ("keeper", Store.accept_clock),
}


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_without_the_role_is_refused_and_noted_and_nothing_changes(force: Force, action: str) -> None:
    login, use = CHANGES[action]
    before = content(force)
    assert force.refused(login, use)[0] == action
    assert content(force) == before


def content(force: Force) -> list[Any]:
    """Every row of every table but the audit."""
    with force.store("root") as store:
        tables = [row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return [store.rows(f'SELECT * FROM "{table}"') for table in tables if table not in ("journal", "fact")]


@pytest.mark.parametrize("use", [
    lambda store: store.set_radios({TAGS["P1"]: Radio(1, 1, NOW)}),
    lambda store: store.set_status(1, StatusTold(1, 1, 1, 1, 1, 1, 1)),
    lambda store: store.add_events(1, TAGS["P1"], []),
    lambda store: store.tag_keys(TAGS["P1"]),
])  # fmt: skip
def test_machine_data_and_keys_are_for_those_who_dock(force: Force, use: Callable[[Store], Any]) -> None:
    assert force.refused("auditor", use)[0] == "tag.dock"


def test_a_role_that_is_revoked_meanwhile_allows_nothing_more(force: Force) -> None:
    with force.store("keeper") as store:
        store.add_place("Car 7", "vehicle", None, NOW)
        with force.store("root") as administrator:
            administrator.revoke("keeper", QUARTERMASTER)
        with pytest.raises(NotAllowed):
            store.add_place("Car 8", "vehicle", None, NOW)
    with force.store("root") as administrator:
        assert "Car 8" not in [each.id for each in administrator.places()]


def test_a_role_revoked_between_question_and_change_is_gone(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check before the write lock is held would let this one through."""
    with force.store("keeper") as store:
        begin = store.writing

        def revoked_just_before() -> Any:
            monkeypatch.undo()
            with force.store("root") as administrator:
                administrator.revoke("keeper", QUARTERMASTER)
            return begin()

        monkeypatch.setattr(store, "writing", revoked_just_before)
        with pytest.raises(NotAllowed):
            store.return_kit("K1", NOW)
    with force.store("root") as administrator:
        assert administrator.state("K1").officer == "1207"


def test_who_lost_the_last_role_reads_nothing_more_through_an_open_store(force: Force) -> None:
    with force.store("constable") as store:
        mine = file(store, "1207")
        with force.store("root") as administrator:
            his = file(administrator, "1300")
            administrator.revoke("constable", OFFICER)
        for use in (
            lambda: store.reports(),
            lambda: store.openings(),
            lambda: store.open_answers(mine),
            lambda: store.open_answers(his),
            lambda: store.report(mine),
            lambda: store.officer("1300"),
            lambda: store.kit_states(),
            lambda: store.state("K1"),
            lambda: store.held(),
        ):
            with refused("access.not_allowed", NotAllowed, login="constable"):
                use()


def test_a_role_revoked_while_a_report_is_fetched_opens_no_field(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    with force.store("root") as administrator:
        his = file(administrator, "1300")
        administrator.grant("constable", PROGRAMME_LEAD, None, NOW)
    with force.store("constable") as store:
        begin = store.writing

        def revoked_just_before() -> Any:
            monkeypatch.undo()
            with force.store("root") as administrator:
                administrator.revoke("constable", PROGRAMME_LEAD)
            return begin()

        monkeypatch.setattr(store, "writing", revoked_just_before)
        with refused("access.not_allowed", NotAllowed, why=Phrase("access.report_of_another")):
            store.report(his)


def test_a_role_revoked_just_before_accepts_no_clock(force: Force, monkeypatch: pytest.MonkeyPatch) -> None:
    with force.store("root") as administrator:
        administrator.grant("auditor", ADMINISTRATOR, None, NOW)
    with force.store("auditor") as store:
        begin = store.writing

        def revoked_just_before() -> Any:
            monkeypatch.undo()
            with force.store("root") as administrator:
                administrator.revoke("auditor", ADMINISTRATOR)
            return begin()

        monkeypatch.setattr(store, "writing", revoked_just_before)
        with pytest.raises(NotAllowed):
            store.accept_clock()


def test_the_last_administrator_stays(force: Force) -> None:
    with force.store("root") as store:
        with refused("account.last_administrator", RuleError, login="root"):
            store.revoke("root", ADMINISTRATOR)
        store.grant("auditor", ADMINISTRATOR, None, NOW)
        store.revoke("root", ADMINISTRATOR)
        with pytest.raises(NotAllowed):
            store.grant("root", ADMINISTRATOR, None, NOW)
    with force.store("auditor") as store, refused("account.last_administrator", RuleError, login="auditor"):
        store.revoke("auditor", ADMINISTRATOR)


def test_the_audit_is_not_asked_by_whom_it_is_not_for(force: Force) -> None:
    with force.store("auditor") as store:
        head = store.verify_audit().head
    for use in (lambda store: store.audit_holds(head), Store.verify_audit, Store.accounts):
        assert force.refused("keeper", use)[0] == "audit.read"


def test_grants_that_cannot_be_are_refused(force: Force) -> None:
    with force.store("root") as store:
        with refused("account.no_such_role", InputError, role="boss"):
            store.grant("lead", "boss", None, NOW)
        with refused("account.no_officers_role", InputError, needed=OFFICER, role=AUDITOR):
            store.grant("lead", AUDITOR, "1207", NOW)
        with refused("officer.unknown", InputError, officer="9"):
            store.grant("lead", OFFICER, "9", NOW)
        with refused("account.has_role", RuleError, login="lead", role=PROGRAMME_LEAD):
            store.grant("lead", PROGRAMME_LEAD, None, NOW)
        with refused("account.has_no_such_role", RuleError, login="lead", role=AUDITOR):
            store.revoke("lead", AUDITOR)


@pytest.mark.parametrize("officer", [None, "1207"])
def test_an_officers_account_docks_a_tag(tmp_path: Path, officer: str | None) -> None:
    path = tmp_path / "station.db"
    with Store.create(path, "North", "Europe/London", False, NOW, login="root") as founder:
        bench = Bench(founder)
        founder.add_officer("1207", None, NOW)
        founder.grant("constable", OFFICER, officer, NOW)
    for kind in (record.BOOT, record.DOCK, record.LID_OPEN, record.LID_CLOSE):
        bench.tag.happen(kind)
    with Store.open(path, login="constable") as store:
        bench.store = store
        report = bench.dock()
        assert (report.error, report.added) == (None, 5)
        assert bench.dock().added == 0
    with Store.open(path, login="root") as founder:
        assert [each.login for each in founder.audit_entries(action="tag.dock")] == ["constable"] * 4
        docked = [each for each in founder.journal() if each.action == "tag.dock"]
        assert {each.login for each in docked} == {"constable"}
        assert len(docked) == 8, "also when the tag has told of itself, and whenever records of it came"
        assert len(founder.openings()) == 1


def test_no_variable_says_who_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    known = identity.login()
    for variable in ("USER", "LOGNAME", "USERNAME", "LNAME", "SUDO_USER", "SUDO_UID"):
        monkeypatch.setenv(variable, "4201")
    assert identity.login() == known
