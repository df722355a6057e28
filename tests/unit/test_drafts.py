"""Reports that are left for later: kept sealed, offered to who may read them, and gone in time."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from host import clock, forms
from host.access.roles import OFFICER, PROGRAMME_LEAD
from host.access.vault import TagKeys, key_path
from host.errors import NotAllowed, VaultError
from host.store.drafts import _seal_of
from host.usage.reports import Draft, Unseen
from tests.station import Store
from tests.unit.test_forms import ANSWERS

DAY_MS = clock.DAY_MS
FORM = forms.DEFAULT
TAG = "0000000000000001"
HEALTH = Draft(
    {"area": "Nordhafen", "substance": "heroin", "outcome": "unconscious", "tilted_head": True}, "used", "K1"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    now = clock.now_ms()
    with Store.create(tmp_path / "station.db", "North", "Europe/London", False, now - 40 * DAY_MS) as made:
        for officer in ("1207", "1300"):
            made.add_officer(officer, None, now - 40 * DAY_MS)
        made.enrol_tag(TAG, "P1", TagKeys.random(), now - 40 * DAY_MS, lambda: None)
        made.grant("constable", OFFICER, "1207", now)
        made.grant("dock", OFFICER, None, now)
        made.grant("lead", PROGRAMME_LEAD, None, now)
        yield made


def left(store: Store) -> int:
    (row,) = store.rows("SELECT count(*) FROM report_draft")
    return int(row[0])


def later(days: float) -> AbstractContextManager[object]:
    at_ms = clock.now_ms() + round(days * DAY_MS)
    return patch("host.clock.now_ms", lambda: at_ms)


def test_an_officer_goes_on_with_what_was_answered(store: Store) -> None:
    with Store.open(store.path, login="constable") as own:
        own.keep_draft(FORM, "1207", None, HEALTH)
        assert own.kept_draft(FORM, "1207", None) == HEALTH
        assert own.kept_draft("another", "1207", None) is None
        own.keep_draft(FORM, "1207", None, HEALTH._replace(answers={"area": "South"}))
        assert own.kept_draft(FORM, "1207", None) == HEALTH._replace(answers={"area": "South"})
        assert left(own) == 1


def test_a_draft_is_kept_after_each_answer_and_is_one_entry_of_the_audit(store: Store) -> None:
    for answers in ({"area": "Nord"}, {"area": "Nord", "substance": "heroin"}, HEALTH.answers):
        store.keep_draft(FORM, "1207", None, HEALTH._replace(answers=answers))
    assert store.kept_draft(FORM, "1207", None) is not None
    kept = [each.detail for each in store.audit_entries() if each.action == "report.draft"]
    assert ["kept" in each for each in kept] == [True, False], "then it was offered"


def test_nothing_of_it_is_readable_in_the_file_or_the_audit(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    files = [path for path in store.path.parent.iterdir() if path.suffix != ".key"]
    kept = b"".join(path.read_bytes() for path in files)
    assert b"report_draft" in kept
    for word in (b"Nordhafen", b"heroin", b"unconscious", b"tilted_head", b"substance"):
        assert word not in kept
    (entry,) = (each for each in store.audit_entries() if each.action == "report.draft")
    assert (entry.subject, "kept" in entry.detail, "area" in entry.detail) == ("1207", True, False)


def test_a_draft_that_is_moved_to_another_does_not_open(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE report_draft SET officer = '1300'")
    with pytest.raises(VaultError):
        store.kept_draft(FORM, "1300", None)


@pytest.mark.parametrize("login", ["dock", None])
def test_who_may_not_read_the_report_hands_in_what_was_answered_and_does_not_see_it(
    store: Store, login: str | None
) -> None:
    whole = {**ANSWERS, "incident_at": "2020-01-05T18:30"}
    with Store.open(store.path, login=login) as shared:
        shared.keep_draft(FORM, "1207", None, Draft(dict(whole)))
        kept = shared.kept_draft(FORM, "1207", None)
        unseen = {key for key, each in kept.answers.items() if isinstance(each, Unseen)}
        assert "outcome" in unseen
        assert unseen.isdisjoint({"area", "doses", "incident_at", "resupply_needed"})
        shared.keep_draft(FORM, "1207", None, kept)  # left once more, without a look at it
        filed = shared.file_report(FORM, None, "1207", kept.answers, clock.now_ms())
        assert left(shared) == 0
    with Store.open(store.path, login="lead") as lead:
        assert lead.report(filed.id)[1]["outcome"] == "conscious_and_responsive"


def of_version(number: int) -> AbstractContextManager[object]:
    form = forms.load(FORM)._replace(version=number)
    return patch("host.forms.load", lambda _: form)


def test_a_draft_on_another_version_of_the_form_is_begun_anew(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    with of_version(2):
        assert store.kept_draft(FORM, "1207", None) is None
        store.keep_draft(FORM, "1207", None, HEALTH._replace(answers={"area": "South"}))
        assert store.kept_draft(FORM, "1207", None) == HEALTH._replace(answers={"area": "South"})
    assert store.kept_draft(FORM, "1207", None) is None
    assert left(store) == 1
    kept = [each.detail for each in store.audit_entries() if "kept" in each.detail]
    assert len(kept) == 2, "each is a draft of its own"


def _old(store: Store, clear: bytes, label: str) -> bytes:
    """A value as it was sealed before layout 009."""
    key = bytes.fromhex(key_path(store.path).read_text().strip())
    return bytes(12) + AESGCM(key).encrypt(bytes(12), clear, b"kitdock vault 1 " + label.encode())


def test_a_draft_from_before_it_said_its_version_is_of_the_first(store: Store) -> None:
    sealed = _old(store, json.dumps(HEALTH._asdict()).encode(), _seal_of(FORM, "1207", None))
    store.keep_draft(FORM, "1207", None, Draft({}))
    with sqlite3.connect(store.path) as other:
        other.execute("UPDATE report_draft SET sealed = ?", (sealed,))
    other.close()
    with Store.open(store.path, login="constable") as own:
        assert own.kept_draft(FORM, "1207", None) == HEALTH
        with of_version(2):
            assert own.kept_draft(FORM, "1207", None) is None


def test_another_officers_account_is_not_given_it(store: Store) -> None:
    store.keep_draft(FORM, "1300", None, HEALTH)
    with Store.open(store.path, login="constable") as other:
        with pytest.raises(NotAllowed):
            other.kept_draft(FORM, "1300", None)
        with pytest.raises(NotAllowed):
            other.keep_draft(FORM, "1300", None, HEALTH)


def test_it_is_audited_that_somebody_was_given_it(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    with Store.open(store.path, login="lead") as lead:
        assert lead.kept_draft(FORM, "1207", None) == HEALTH
    entry = list(store.audit_entries())[-1]
    assert (entry.login, entry.action) == ("lead", "report.draft")
    assert "offered" in entry.detail and "substance" in entry.detail and "heroin" not in entry.detail


def test_it_goes_with_its_age_whatever_the_policy(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    with later(29):
        assert set(store.kept_draft(FORM, "1207", None).answers) == set(HEALTH.answers)
    with later(31):
        assert store.kept_draft(FORM, "1207", None) is None
        store.begin_docking(TAG, clock.now_ms())
        assert left(store) == 0


def test_a_shorter_policy_for_answers_holds_for_drafts(store: Store) -> None:
    store.set_setting("retain_answers_days", "7")
    store.keep_draft(FORM, "1207", None, HEALTH)
    with later(8):
        assert store.kept_draft(FORM, "1207", None) is None
        assert [each.rows for each in store.retention_plan() if each.kind == "answers"] == [1]
        assert left(store) == 1
        store.retain()
        assert left(store) == 0


def test_retention_without_a_policy_destroys_drafts_that_are_too_old(store: Store) -> None:
    store.keep_draft(FORM, "1207", None, HEALTH)
    with later(31):
        store.retain()
    assert left(store) == 0
