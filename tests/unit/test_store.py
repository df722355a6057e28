"""The store: nothing half-written, nothing committed lost, nothing twice; and what each failure says."""

import sqlite3
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from host import errors, ledger
from host.access.roles import PROGRAMME_LEAD
from host.access.vault import TagKeys, key_path
from host.errors import InputError, RuleError, VaultError
from host.phrase import NextStep, Phrase
from host.tag.events import ALTERED, VERIFIED, Event, EventRow, Radio, StatusTold
from host.tag.verify import unverified_row, verified_row
from kitwire import record
from tests.refusals import refused
from tests.station import Store

NOW = 1_780_000_000_000
TAG = "0011223344556677"
KEYS = TagKeys(b"\x01" * 32, b"\x02" * 32, b"\x03" * 32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, "North", "Europe/London", False, NOW) as opened:
        yield opened


@pytest.fixture
def tagged(store: Store) -> Store:
    store.grant(store.login, PROGRAMME_LEAD, None, NOW)
    store.enrol_tag(TAG, "P1", KEYS, NOW, lambda: None)
    return store


def row(sequence: int, fill: int = 0) -> EventRow:
    return EventRow(sequence, bytes([fill]) * 36, VERIFIED, "lid_open", 1, 3900, 1, sequence, 0, 0)


def raw(path: Path, sql: str) -> list[tuple[object, ...]]:
    """A second connection, as another program has it."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(sql).fetchall()
        connection.commit()
    finally:
        connection.close()
    return rows


def test_new_database_and_its_key_are_for_their_owner(store: Store, path: Path) -> None:
    assert store.station[:3] == ("North", "Europe/London", False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path(path).stat().st_mode) == 0o600
    assert raw(path, "PRAGMA journal_mode") == [("wal",)]
    assert raw(path, "PRAGMA integrity_check") == [("ok",)]


def test_what_is_committed_is_on_the_disk(store: Store, path: Path) -> None:
    full = (2,)
    assert store.row("PRAGMA synchronous") == full
    with Store.open(path) as again:
        assert again.row("PRAGMA synchronous") == full


def test_create_overwrites_neither_file(path: Path) -> None:
    path.write_text("precious")
    with refused("database.exists", InputError, path=path):
        Store.create(path, "North", "Europe/London", False, NOW)
    assert path.read_text() == "precious"
    path.unlink()
    key_path(path).write_text("precious")
    with refused("key.there_already", InputError, path=key_path(path)):
        Store.create(path, "North", "Europe/London", False, NOW)
    assert key_path(path).read_text() == "precious"
    assert not path.exists()


def test_create_in_a_folder_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "x.db"
    with refused("database.cannot_make", errors.DatabaseReadOnly, path=path, why=Phrase("os.missing")):
        Store.create(path, "North", "Europe/London", False, NOW)
    assert list(tmp_path.iterdir()) == []


def test_create_that_fails_half_way_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise errors.DatabaseFull("database.full", path=path)

    monkeypatch.setattr("host.store.migrations.migrations.apply", full)
    with pytest.raises(errors.DatabaseFull):
        Store.create(path, "North", "Europe/London", False, NOW)
    assert list(path.parent.iterdir()) == []


def test_missing_database_says_how_to_make_one(path: Path) -> None:
    with refused("database.missing", errors.DatabaseMissing, create=NextStep("database.create_at", db=path)):
        Store.open(path)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"not a database at all, just text" * 40])
def test_other_file_is_not_kitdock(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with refused("database.not_kitdock", errors.NotKitdock, path=path):
        Store.open(path)
    assert path.read_bytes() == content


def test_database_of_another_program_is_left_alone(path: Path) -> None:
    raw(path, "CREATE TABLE other (x)")
    before = path.read_bytes()
    with refused("database.not_kitdock", errors.NotKitdock, path=path):
        Store.open(path)
    assert path.read_bytes() == before


def test_newer_layout_is_refused(store: Store, path: Path) -> None:
    store.close()
    raw(path, "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kitdock', '999_later', '')")
    with refused("database.newer", errors.NewerSchema, path=path, layout="999_later"):
        Store.open(path)


def test_damaged_database_is_said_to_be(tagged: Store, path: Path) -> None:
    tagged.add_events(tagged.begin_docking(TAG, NOW), TAG, [row(n) for n in range(1, 2000)])
    tagged.close()
    content = bytearray(path.read_bytes())
    content[4096 * 10 :] = b"\xa5" * (len(content) - 4096 * 10)
    path.write_bytes(content)
    with refused("database.not_whole", errors.DatabaseDamaged, path=path), Store.open(path) as damaged:
        damaged.events()


def test_locked_database_gives_up_after_a_short_wait_and_writes_nothing(store: Store, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Store.open(path, busy_timeout_s=0.05) as waiting, refused("database.busy", errors.DatabaseBusy):
        waiting.add_officer("1207", None, NOW)
    other.execute("ROLLBACK")
    other.close()
    assert store.officers() == []


def test_full_database_keeps_what_was_committed_and_nothing_of_the_rest(tagged: Store, path: Path) -> None:
    docking = tagged.begin_docking(TAG, NOW)
    tagged.add_events(docking, TAG, [row(1), row(2)])
    tagged.connection.execute("PRAGMA max_page_count = 40")
    with refused("database.full", errors.DatabaseFull, path=path):
        tagged.add_events(docking, TAG, [row(n) for n in range(3, 20_000)])
    assert tagged.last_record(TAG) == (2, bytes(36))
    tagged.connection.execute("PRAGMA max_page_count = 100000")
    assert tagged.add_events(docking, TAG, [row(3)]) == 1


def test_read_only_database_can_be_read_and_says_why_it_cannot_be_written(store: Store) -> None:
    store.connection.execute("PRAGMA query_only = ON")
    assert store.officers() == []
    with refused("database.read_only", errors.DatabaseReadOnly):
        store.add_officer("1207", None, NOW)


def test_received_records_are_immutable(tagged: Store, path: Path) -> None:
    tagged.add_events(tagged.begin_docking(TAG, NOW), TAG, [row(1)])
    for statement in ("UPDATE event SET verdict = 'altered'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw(path, statement)


def test_ledger_and_explanations_only_grow(tagged: Store, path: Path) -> None:
    tagged.add_events(tagged.begin_docking(TAG, NOW), TAG, [row(1)])
    tagged.add_officer("1207", None, NOW)
    tagged.add_kit("K1", "Nyxoid", "A1", date(2028, 1, 31), None, NOW)
    tagged.add_explanation(TAG, 1, "1207", "training", None, NOW)
    for table in ("movement", "explanation"):
        for statement in (f"UPDATE {table} SET at_ms = 0", f"DELETE FROM {table}"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw(path, statement)


def test_same_records_twice_are_one_row_each_and_the_first_stays(tagged: Store) -> None:
    docking = tagged.begin_docking(TAG, NOW)
    assert tagged.add_events(docking, TAG, [row(1), row(2)]) == 2
    assert tagged.add_events(docking, TAG, [row(2, fill=9), row(3)]) == 1
    assert tagged.records(TAG) == [(n, bytes(36)) for n in (1, 2, 3)]


def test_batch_with_a_bad_record_is_not_kept_at_all(tagged: Store) -> None:
    docking = tagged.begin_docking(TAG, NOW)
    with pytest.raises(sqlite3.IntegrityError):
        tagged.add_events(docking, TAG, [row(1), row(2)._replace(record=b"short")])
    assert tagged.last_record(TAG) is None


def test_record_comes_back_as_it_was_received(tagged: Store) -> None:
    docking = tagged.begin_docking(TAG, NOW)
    plain = record.Plain(record.DOSE_MARK, record.FLAG_LID_OPEN, 3812, 2, 77, 1_780_000_000, 1)
    tagged.add_events(docking, TAG, [verified_row(1, b"a" * 36, plain), unverified_row(2, b"b" * 36, ALTERED)])
    assert tagged.events(TAG) == [
        Event(TAG, docking, 1, VERIFIED, "dose_mark", 1, 3812, 2, 77, 1_780_000_000, 1),
        Event(TAG, docking, 2, ALTERED, None, None, None, None, None, None, None),
    ]
    assert tagged.last_record(TAG) == (2, b"b" * 36)
    assert tagged.last_verdict(TAG) == ALTERED


def test_keys_survive_and_are_shut_without_the_key_file(tagged: Store, path: Path) -> None:
    tagged.close()
    with Store.open(path) as again:
        assert again.tag_keys(TAG) == KEYS
    key_path(path).unlink()
    with Store.open(path) as again:
        assert [each.pouch for each in again.tags()] == ["P1"]  # what is not sealed can be read
        with refused("key.missing", VaultError, path=key_path(path)):
            again.tag_keys(TAG)


def test_enrolment_that_fails_at_the_tag_is_not_kept(store: Store) -> None:
    def unplugged() -> None:
        raise errors.LinkError("board.gone", port="COM9")

    with pytest.raises(errors.LinkError):
        store.enrol_tag(TAG, "P1", KEYS, NOW, unplugged)
    assert store.tags(retired=True) == []
    store.enrol_tag(TAG, "P1", KEYS, NOW, lambda: None)


def test_replaced_tag_keeps_its_history_and_frees_its_pouch(tagged: Store) -> None:
    tagged.add_events(tagged.begin_docking(TAG, NOW), TAG, [row(1)])
    other = "8899aabbccddeeff"
    with refused("pouch.has_tag", RuleError, pouch="P1", tag=TAG):
        tagged.enrol_tag(other, "P1", KEYS, NOW + 5, lambda: None)
    tagged.enrol_tag(other, "P1", KEYS, NOW + 5, lambda: None, replace=True)
    assert [each.id for each in tagged.tags()] == [other]
    assert [(each.id, each.pouch, each.retired_at_ms) for each in tagged.tags(retired=True)] == [
        (TAG, "P1", NOW + 5),
        (other, "P1", None),
    ]
    assert tagged.tag("P1").id == other
    assert tagged.tag(TAG).id == TAG
    assert len(tagged.events(TAG)) == 1
    assert tagged.tag_keys(TAG) == KEYS


def test_last_advert_is_remembered(tagged: Store) -> None:
    assert tagged.radio(TAG) is None
    tagged.set_radios({TAG: Radio(5, 7, NOW)})
    tagged.set_radios({TAG: Radio(6, 0, NOW + 1)})
    assert tagged.radio(TAG) == Radio(6, 0, NOW + 1)


def test_docking_keeps_its_anchor_and_outcome(tagged: Store) -> None:
    docking = tagged.begin_docking(TAG, NOW)
    assert tagged.dockings()[0].outcome is None
    tagged.set_status(docking, StatusTold(2, 99_000, NOW + 5, 40, 3800, 71, 12))
    tagged.finish_docking(docking, NOW + 900, "complete", None, 12)
    assert tagged.dockings() == [
        (docking, TAG, NOW, NOW + 900, "complete", None, 12, 2, 99_000, NOW + 5, 40, 3800, 71, 12)
    ]


def test_refused_issue_writes_no_movement(store: Store) -> None:
    store.add_officer("1207", date(2026, 1, 1), NOW)
    store.add_kit("K1", "Nyxoid", "A1", date(2028, 1, 31), None, NOW)
    with refused("pouch.has_no_tag", InputError, pouch="P9"):
        store.issue_kit("K1", "1207", "P9", NOW)
    with refused("officer.unknown", InputError, officer="9"):
        store.issue_kit("K1", "9", None, NOW)
    with refused("kit.unknown", InputError, kit="K9"):
        store.return_kit("K9", NOW)
    store.issue_kit("K1", "1207", None, NOW)
    with refused("kit.already_issued", RuleError, kit="K1", back=NextStep("kit.return", kit="K1")):
        store.issue_kit("K1", "1207", None, NOW)
    assert [each.kind for each in store.movements()] == ["receive", "issue"]


def test_refused_kit_leaves_no_lot_behind(store: Store) -> None:
    store.add_kit("K1", "Nyxoid", "A1", date(2028, 1, 31), None, NOW)
    with refused("kit.known_already", RuleError, kit="K1"):
        store.add_kit("K1", "Nyxoid", "B2", date(2029, 1, 31), None, NOW)
    with refused("lot.other_expiry", RuleError, lot="A1", known=date(2028, 1, 31), expires_on=date(2029, 1, 31)):
        store.add_kit("K2", "Nyxoid", "A1", date(2029, 1, 31), None, NOW)
    assert [each.lot for each in store.lots()] == ["A1"]
    assert [each.id for each in store.kits()] == ["K1"]


def test_report_is_no_explanation_and_an_opening_may_have_several(tagged: Store) -> None:
    tagged.add_events(tagged.begin_docking(TAG, NOW), TAG, [row(1)])
    tagged.add_officer("1207", None, NOW)
    filed = tagged.add_report("england_wales", "1207", (TAG, 1), 3, {"area": "North"}, {"outcome": "unconscious"}, NOW)
    assert tagged.explanations() == []
    report, protected = tagged.report(filed.id)
    assert (report.doses, report.fields, protected) == (3, {"area": "North"}, {"outcome": "unconscious"})
    assert (report, report.login) == (filed, tagged.login)
    second = tagged.add_report("england_wales", "1207", (TAG, 1), 1, {}, {}, NOW)
    assert tagged.reports() == [filed, second]
    (opening,) = tagged.openings()
    assert (opening.explanation, opening.reports, opening.doses_reported) == (None, (filed.id, second.id), 4)


def test_report_on_an_opening_that_is_not_there_is_not_kept(tagged: Store) -> None:
    tagged.add_officer("1207", None, NOW)
    with pytest.raises(sqlite3.IntegrityError):
        tagged.add_report("england_wales", "1207", (TAG, 7), 3, {}, {}, NOW)
    assert tagged.reports() == []
    assert tagged.explanations() == []


def test_protected_answers_are_not_in_the_file_and_are_bound_to_their_report(tagged: Store, path: Path) -> None:
    tagged.add_officer("1207", None, NOW)
    for secret in ("unconscious-and-alone", "responsive-again"):
        tagged.add_report("england_wales", "1207", None, 1, {}, {"outcome": secret}, NOW)
    for file in path.parent.iterdir():
        assert b"unconscious-and-alone" not in file.read_bytes()
    raw(path, "UPDATE usage_report SET sealed = (SELECT sealed FROM usage_report WHERE id = 2) WHERE id = 1")
    with refused("sealed.altered", VaultError, what="usage report 1"):
        tagged.report(1)
    with refused("report.unknown", InputError, report=3):
        tagged.report(3)


def test_nobody_slips_in_between_the_check_and_the_issue(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for officer in ("1207", "1300"):
        store.add_officer(officer, date(2026, 1, 1), NOW)
    store.add_kit("K1", "Nyxoid", "A1", date(2028, 1, 31), None, NOW)
    check = ledger.check_issue

    def while_another_process_tries(*facts: object) -> list[str]:
        monkeypatch.setattr(ledger, "check_issue", check)
        with Store.open(path, busy_timeout_s=0.01) as other, pytest.raises(errors.DatabaseBusy):
            other.issue_kit("K1", "1300", None, NOW)
        return check(*facts)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "check_issue", while_another_process_tries)
    store.issue_kit("K1", "1207", None, NOW)
    assert [(each.kind, each.officer) for each in store.movements()] == [("receive", None), ("issue", "1207")]
