"""Movements in the database: checked and written in one, never half, never two at once, and without reading all."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from host import clock
from host.access.roles import OFFICER
from host.access.vault import TagKeys
from host.errors import ClockWrong, DatabaseBusy, InputError, RuleError
from host.ledger import Movement, held_by
from host.ledger.movement import (
    CORRECT,
    COUNT,
    DESTROY,
    FIND,
    IN_STOCK,
    ISSUE,
    KINDS,
    LEAVE_BEHIND,
    LOAD,
    LOSE,
    LOST,
    QUARANTINE,
    RECEIVE,
    RELEASE,
    RETURN,
    TRANSFER,
    UNLOAD,
    USE,
    USED,
    State,
    in_words,
)
from host.phrase import Phrase
from host.service.replacing import Fate
from host.store.stock import Incoming
from tests.refusals import refused
from tests.station import Store
from tests.unit.ledger.histories import DOSES, USUAL

NOW = 1_780_000_000_000
DAY = 86_400_000
LAST_DAY = date(2028, 1, 31)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Two trained officers, two stations, a vehicle, pouches P1 and P2; kits K1 to K4, of which K3 expires first."""
    with Store.create(path, "North", "Europe/London", False, NOW) as opened:
        for officer in ("1207", "1300"):
            opened.add_officer(officer, date(2026, 1, 1), NOW)
        opened.add_place("South", "station", None, NOW)
        opened.add_place("CAR-7", "vehicle", None, NOW)
        for number in (1, 2):
            opened.enrol_tag(f"{number:016x}", f"P{number}", TagKeys.random(), NOW, lambda: None)
        boxes = [Incoming(f"K{number}", "Nyxoid", "A1", LAST_DAY) for number in (1, 2, 4)]
        opened.receive([*boxes, Incoming("K3", "Nyxoid", "A0", date(2027, 1, 31))], NOW)
        yield opened


def kinds(store: Store, kit: str) -> list[str]:
    return [each.kind for each in store.movements(kit)]


def test_several_are_moved_all_or_none(store: Store) -> None:
    store.issue_kit("K2", "1207", None, NOW)
    before = store.movements()
    for other in ("K2", "K9"):
        with pytest.raises((RuleError, InputError)):
            store.move_all(Movement(0, NOW, TRANSFER, kit, place="South") for kit in ("K1", other))
    assert store.movements() == before
    moved = store.move_all(Movement(0, NOW, TRANSFER, kit, place="South") for kit in ("K1", "K3"))
    assert [(each.before.place, each.after.place) for each in moved] == [("North", "South")] * 2


def test_transfer_to_nowhere_is_refused(store: Store) -> None:
    with refused("kit.transferred_nowhere", InputError, kit="K1"):
        store.move(Movement(0, NOW, TRANSFER, "K1"))
    with refused("place.unknown", InputError, place="East"):
        store.move(Movement(0, NOW, TRANSFER, "K1", place="East"))
    with refused("place.no_station", InputError, place="CAR-7", kind="vehicle"):
        store.move(Movement(0, NOW, TRANSFER, "K1", place="CAR-7"))
    assert kinds(store, "K1") == ["receive"]


def test_issue_goes_to_an_officer_or_a_place_and_to_no_station(store: Store) -> None:
    with refused("kit.to_officer_or_place", InputError, kit="K1"):
        store.move(Movement(0, NOW, ISSUE, "K1"))
    with refused("place.is_station", InputError, place="South"):
        store.issue_kit("K1", None, None, NOW, place="South")
    store.issue_kit("K1", None, None, NOW, place="CAR-7")
    assert store.state("K1")[:3] == ("issued", None, "CAR-7")


def test_pouch_is_in_one_hand_also_after_a_correction(store: Store) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    hers, his = (Phrase("pouch.is_with", who=held_by(State(officer=each))) for each in ("1207", "1300"))
    with refused("pouch.with_another", RuleError, pouch="P1", whom=hers):
        store.issue_kit("K2", "1300", "P1", NOW)
    with refused("pouch.with_another_than_kit", RuleError, pouch="P1", whom=hers, kit="K2"):
        store.move(Movement(0, NOW, LOAD, "K2", pouch="P1"))
    store.return_kit("K1", NOW + 1)
    store.issue_kit("K2", "1300", "P1", NOW + 2)
    with refused("pouch.again_with_another", RuleError, kit="K1", pouch="P1", whom=his):
        store.move(Movement(0, NOW + 3, CORRECT, "K1", reason="typo"))
    assert kinds(store, "K1") == ["receive", "issue", "return"]
    assert store.rolled_up() == store.recompute()


def test_pouch_in_other_hands_takes_no_kit_back_by_a_correction_in_stock(store: Store) -> None:
    store.move(Movement(0, NOW, LOAD, "K1", pouch="P1"))
    store.move(Movement(0, NOW + 1, TRANSFER, "K1", place="South"))
    store.issue_kit("K2", "1207", "P1", NOW + 2)
    hers = Phrase("pouch.is_with", who=held_by(State(officer="1207")))
    with refused("pouch.again_with_another", RuleError, kit="K1", pouch="P1", whom=hers):
        store.move(Movement(0, NOW + 3, CORRECT, "K1", reason="stayed here"))
    assert kinds(store, "K1") == ["receive", "load", "transfer"]


def test_correction_that_moves_nothing_is_no_matter_of_the_pouch(store: Store) -> None:
    store.move(Movement(0, NOW, LOAD, "K1", pouch="P1"))
    store.issue_kit("K2", "1207", "P1", NOW + 1)  # warns of K1
    store.move(Movement(0, NOW + 2, QUARANTINE, "K1", reason="froze"))
    store.move(Movement(0, NOW + 3, CORRECT, "K1", reason="another kit froze"))
    assert store.state("K1").quarantine is None


def test_issue_warns_of_a_kit_that_stays_behind_in_the_pouch(store: Store) -> None:
    store.move_all(Movement(0, NOW, LOAD, kit, pouch="P1") for kit in ("K1", "K2"))
    assert store.issue_kit("K1", "1207", None, NOW) == [
        Phrase("pouch.also_holds", pouch="P1", kit="K2"),
        Phrase("kit.another_first", kit="K3", expires_on=date(2027, 1, 31)),
    ]
    store.return_kit("K1", NOW + 1, doses=2)
    both = [Movement(0, NOW + 2, ISSUE, kit, officer="1207", pouch="P1") for kit in ("K1", "K2")]
    assert "pouch.also_holds" not in {warning.code for each in store.move_all(both) for warning in each.warnings}


def test_first_to_expire_is_what_can_be_issued(store: Store) -> None:
    def first(station: str | None = None, product: str | None = None) -> list[str]:
        return [each.kit for each in store.next_kits(station, product, 9, NOW)]

    assert first() == ["K3", "K1", "K2", "K4"]
    assert first("South") == first(product="Narcan") == []
    store.move(Movement(0, NOW, QUARANTINE, "K3", reason="frozen"))
    store.move(Movement(0, NOW, COUNT, "K1", doses=1))
    store.move(Movement(0, NOW, LOAD, "K2", pouch="P1"))
    store.receive([Incoming("K5", "Nyxoid", "A2", date(2026, 5, 27))], NOW, accept_expired=True)
    assert first() == ["K4"]
    store.receive([Incoming("K6", "Narcan", "B1", date(2027, 6, 30))], NOW)
    assert first() == ["K6", "K4"]
    assert first(product="Nyxoid") == ["K4"]
    store.move(Movement(0, NOW, TRANSFER, "K4", place="South"))
    assert (first(), first("South")) == (["K6"], ["K4"])


def test_issue_of_the_next_takes_the_first_to_expire_and_says_if_there_is_none(store: Store) -> None:
    to = Movement(0, NOW, ISSUE, "", officer="1207", pouch="P1")
    moved = store.issue_next(to, None, None)
    assert (moved.movement.kit, moved.warnings) == ("K3", [])
    with refused("kit.none_to_issue", RuleError, product="Narcan", station="South", waiting=0):
        store.issue_next(to, "South", "Narcan")


def test_issue_of_a_later_one_warns_unless_the_first_goes_too(store: Store) -> None:
    out = [Movement(0, NOW, ISSUE, kit, officer="1207") for kit in ("K1", "K3")]
    has = Phrase("officer.has_kit", officer="1207", kits=("K1",))
    assert [each.warnings for each in store.move_all(out)] == [[], [has]]
    store.move_all(Movement(0, NOW + 1, RETURN, kit) for kit in ("K1", "K3"))
    assert store.issue_kit("K1", "1207", None, NOW + 2) == [
        Phrase("kit.another_first", kit="K3", expires_on=date(2027, 1, 31))
    ]


def test_serial_is_received_once_unless_its_receipt_was_corrected(store: Store) -> None:
    box = Incoming("K5", "Nyxoid", "A1", gtin="0" * 14, serial="S1")
    store.receive([box], NOW)
    with refused("serial.received_already", RuleError, serial="S1", kit="K5"):
        store.receive([box._replace(kit="K6")], NOW)
    store.move(Movement(0, NOW, CORRECT, "K5", reason="undone"))
    store.receive([box._replace(kit="K6")], NOW)
    with refused("serial.received_already", RuleError, serial="S1", kit="K6"):
        store.receive([box], NOW)


def test_number_of_a_receipt_that_was_corrected_can_be_given_again_to_a_box_of_the_lot(store: Store) -> None:
    store.move(Movement(0, NOW, CORRECT, "K1", reason="not delivered"))
    with refused("kit.number_was_of_another", RuleError, number="K1", product="Nyxoid", lot="A1"):
        store.receive([Incoming("K1", "Nyxoid", "A0")], NOW)
    store.receive([Incoming("K1", "Nyxoid", "A1", serial="S7")], NOW)
    assert (store.state("K1").status, store.kit("K1").serial) == ("in_stock", "S7")
    assert kinds(store, "K1") == ["receive", "correct", "receive"]
    assert store.rolled_up() == store.recompute()


def test_expired_kit_is_not_received_unseen(store: Store) -> None:
    old = Incoming("K5", "Nyxoid", "A2", date(2026, 5, 27))
    with refused("kit.received_expired", RuleError, kit="K5", expires_on=date(2026, 5, 27)):
        store.receive([Incoming("K6", "Nyxoid", "A1"), old], NOW)
    assert [each.id for each in store.kits()] == ["K1", "K2", "K3", "K4"]
    assert [each.lot for each in store.lots()] == ["A0", "A1"]
    store.receive([old], NOW, accept_expired=True)
    with refused("kit.expired", RuleError, kit="K5", expires_on=date(2026, 5, 27)):
        store.issue_kit("K5", "1207", None, NOW)


def test_report_takes_its_doses_from_a_kit_once(store: Store) -> None:
    report = store.add_report("england_wales", "1207", None, 1, {}, {}, NOW).id
    store.issue_kit("K1", "1207", None, NOW)
    with refused("report.unknown", InputError, report=9):
        store.move(Movement(0, NOW, USE, "K1", doses=1, report=9))
    store.move(Movement(0, NOW, USE, "K1", doses=1, report=report))
    with refused("report.tells_of_fewer", RuleError, report=report, doses=1, lacking=0):
        store.move(Movement(0, NOW, USE, "K1", doses=1, report=report))
    store.move(Movement(0, NOW, CORRECT, "K1", reason="it was K2"))
    assert store.state("K1").doses_left == 2
    store.move(Movement(0, NOW, USE, "K1", doses=1, report=report))
    assert store.state("K1").doses_left == 1


def test_history_tells_states_and_openings_only_while_the_kit_was_in_the_pouch(store: Store) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    store.return_kit("K1", NOW + DAY)
    rows = [(f"{1:016x}", n, NOW + hours * DAY // 24) for n, hours in ((1, -1), (2, 5), (3, 30))]
    for tag, sequence, at_ms in rows:
        store.connection.execute(
            "INSERT INTO opening VALUES (?, ?, 'P1', ?, ?, ?, NULL, NULL, NULL, NULL, 0, 0, 'training', 0)",
            (tag, sequence, at_ms, at_ms, at_ms),
        )
    found, steps, evidence = store.history("K1")
    assert (found.state.status, [each.state.status for each in steps]) == (
        "in_stock",
        ["in_stock", "issued", "in_stock"],
    )
    assert [(each.sequence, each.pouch, each.cause, each.reports) for each in evidence] == [(2, "P1", "training", [])]


def test_kits_as_they_were_then(store: Store) -> None:
    store.issue_kit("K1", "1207", None, NOW + DAY)
    store.move(Movement(0, NOW + 2 * DAY, LOSE, "K1"))
    seen = [
        {each.kit.id: each.state.status for each in store.kit_states(at_ms)}.get("K1")
        for at_ms in (NOW - 1, NOW, NOW + DAY, NOW + 2 * DAY - 1, NOW + 2 * DAY, None)
    ]
    assert seen == [None, "in_stock", "issued", "issued", "lost", "lost"]


def test_kits_of_an_officer_are_found_without_the_others(store: Store) -> None:
    store.issue_kit("K1", "1207", None, NOW + DAY)
    store.issue_kit("K2", "1300", None, NOW + DAY)
    store.move(Movement(0, NOW + 2 * DAY, RETURN, "K1"))
    store.grant("overseer", OFFICER, "1207", NOW)
    with Store.open(store.path, login="overseer") as own:
        for reader, wanted in ((store, "1207"), (own, None), (own, "1207")):
            assert [each.kit.id for each in reader.kit_states(NOW + DAY, wanted)] == ["K1"]
            assert reader.kit_states(None, wanted) == []
        assert own.kit_states(NOW + DAY, "1300") == []
    assert [each.kit.id for each in store.kit_states(None, "1300")] == ["K2"]


def replaced(store: Store, who: str, fate: Fate = Fate(), new: str | None = None) -> list[tuple[str, str]]:  # noqa: B008
    return [(each.movement.kind, each.movement.kit) for each in store.replace(who, new, fate, NOW + DAY)]


@pytest.mark.parametrize(
    ("fate", "movements", "status"),
    [
        (Fate(), ["return"], "in_stock"),
        (Fate(RETURN, 1), ["return"], "in_stock"),
        (Fate(USE, 2), ["use"], "used"),
        (Fate(USE, 1), ["use", "return"], "in_stock"),
        (Fate(LOSE), ["lose"], "lost"),
        (Fate(LEAVE_BEHIND), ["leave_behind"], "left_behind"),
    ],
)
@pytest.mark.parametrize("who", ["1207", "P1", "K1"])
def test_replacement_is_one_step(store: Store, who: str, fate: Fate, movements: list[str], status: str) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    assert replaced(store, who, fate) == [*((kind, "K1") for kind in movements), ("issue", "K3")]
    assert store.state("K1").status == status
    assert store.state("K3")[:4] == ("issued", "1207", None, "P1")


def test_replacement_does_not_give_the_same_kit_out_again(store: Store) -> None:
    store.issue_kit("K3", "1207", "P1", NOW)
    moved = store.replace("1207", None, Fate(), NOW + DAY)
    assert (moved[-1].movement.kit, moved[-1].warnings) == ("K1", [])


def test_replacement_that_cannot_be_finished_is_not_begun(store: Store) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    store.issue_kit("K2", "1300", None, NOW)
    with refused("kit.already_issued", RuleError, kit="K2"):
        replaced(store, "1207", new="K2")
    with refused("kit.impossible", RuleError, why=Phrase("ledger.fewer_left", left=2, doses=3)):
        replaced(store, "1207", Fate(USE, 3))
    assert kinds(store, "K1") == ["receive", "issue"]
    assert kinds(store, "K3") == ["receive"]


def test_kit_that_a_report_used_up_is_replaced_by_an_issue_alone_into_the_same_pouch(store: Store) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    store.add_report("england_wales", "1207", None, 2, {}, {}, NOW, kit="K1")
    with refused("replace.ended_already", RuleError, kit="K1", status=in_words(USED)):
        replaced(store, "1207", Fate(LOSE))
    assert replaced(store, "P1") == [("issue", "K3")]
    assert store.state("K3")[:4] == ("issued", "1207", None, "P1")
    with refused("replace.done_already", RuleError, officer="1207", other="K3", kit="K1"):
        replaced(store, "K1")


def test_replacement_asks_which_kit_and_whose(store: Store) -> None:
    with refused("replace.unknown", InputError, who="9999"):
        replaced(store, "9999")
    her = Phrase("holder.officer", officer="1207")
    with refused("replace.none", RuleError, holder=her):
        replaced(store, "1207")
    with refused("replace.not_out", RuleError, kit="K1", status=in_words(IN_STOCK)):
        replaced(store, "K1")
    store.move_all(Movement(0, NOW, ISSUE, kit, officer="1207") for kit in ("K1", "K2"))
    with refused("replace.several", RuleError, holder=her, kits=("K1", "K2")):
        replaced(store, "1207")
    assert replaced(store, "K2") == [("return", "K2"), ("issue", "K3")]
    store.move(Movement(0, NOW, LOSE, "K4"))
    with refused("replace.not_out", RuleError, kit="K4", status=in_words(LOST)):
        replaced(store, "K4")


def test_replacement_takes_nothing_from_who_has_the_kit_now(store: Store) -> None:
    for number, officer in enumerate(("1207", "1300")):
        store.issue_kit("K1", officer, f"P{number + 1}", NOW + 2 * number)
        if officer == "1207":
            store.return_kit("K1", NOW + 1, doses=2)
    before = store.movements()
    her = Phrase("holder.officer", officer="1207")
    for who, holder in (("1207", her), ("P1", Phrase("holder.pouch", pouch="P1"))):
        with refused("replace.none", RuleError, holder=holder):
            store.replace(who, None, Fate(), NOW + DAY)
    store.move(Movement(0, NOW + 3, LOSE, "K1"))
    with refused("replace.none", RuleError, holder=her):
        store.replace("1207", None, Fate(), NOW + DAY)
    assert store.movements()[:-1] == before
    assert store.replace("1300", None, Fate(), NOW + DAY)[-1].after[:4] == ("issued", "1300", None, "P2")


def test_kit_does_not_replace_itself(store: Store) -> None:
    store.issue_kit("K1", "1207", None, NOW)
    with refused("kit.replaces_itself", RuleError, kit="K1"):
        store.replace("1207", "K1", Fate(), NOW + 1)
    assert kinds(store, "K1") == ["receive", "issue"]


def test_replacement_leaves_out_a_pouch_that_has_no_tag_any_more(store: Store) -> None:
    store.issue_kit("K1", "1207", "P1", NOW)
    store.move(Movement(0, NOW, USE, "K1", doses=2))
    store.retire_tag(f"{1:016x}", NOW)
    assert store.replace("1207", None, Fate(), NOW + 1)[-1].after[:4] == ("issued", "1207", None, None)


def test_kit_of_a_place_is_replaced_there(store: Store) -> None:
    store.issue_kit("K1", None, "P1", NOW, place="CAR-7")
    assert replaced(store, "P1") == [("return", "K1"), ("issue", "K3")]
    assert store.state("K3")[:4] == ("issued", None, "CAR-7", "P1")


def test_of_two_quartermasters_who_move_one_kit_the_second_is_refused(store: Store, path: Path) -> None:
    with Store.open(path, busy_timeout_s=0.01) as other:
        assert other.state("K1").status == "in_stock"
        store.issue_kit("K1", "1207", None, NOW)
        with refused("kit.already_issued", RuleError, holder=Phrase("who.officer", officer="1207")):
            other.issue_kit("K1", "1300", None, NOW)
        with store.writing(), refused("database.busy", DatabaseBusy, path=path):
            other.return_kit("K1", NOW)
        other.return_kit("K1", NOW)
    assert kinds(store, "K1") == ["receive", "issue", "return"]


def test_clock_that_was_set_back_a_year_records_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = store.movements()
    late = clock.now_ms() - 365 * DAY
    monkeypatch.setattr(clock, "now_ms", lambda: late)
    attempts: tuple[Callable[[], object], ...] = (
        lambda: store.issue_next(Movement(0, late, ISSUE, "", officer="1207"), None, None),
        lambda: store.issue_kit("K1", "1207", None, late),
        lambda: store.receive([Incoming("K5", "Nyxoid", "A1")], late),
        lambda: store.replace("1207", None, Fate(), late),
    )
    for attempt in attempts:
        with refused("clock.behind", ClockWrong, now=clock.Instant(late, "Europe/London")):
            attempt()
    assert store.movements() == before
    monkeypatch.undo()
    store.issue_kit("K1", "1207", None, NOW)


# What a movement reads.

SMALL = {"station", "setting", "account", "place", "rollup", "stale_tag"}
"""Tables that have a few rows whatever happens."""

LIFE: list[Movement] = [
    # What was lost is counted before it goes out again.
    USUAL[each] if before != FIND else USUAL[COUNT]._replace(doses=DOSES)
    for before, each in pairwise(
        (
            RECEIVE,
            LOAD,
            UNLOAD,
            TRANSFER,
            QUARANTINE,
            RELEASE,
            COUNT,
            CORRECT,
            ISSUE,
            LEAVE_BEHIND,
            RETURN,
            LOSE,
            FIND,
            COUNT,
            ISSUE,
            USE,
            DESTROY,
        )
    )
]


def test_no_movement_reads_a_whole_table(store: Store) -> None:
    said: set[str] = set()
    store.connection.set_trace_callback(said.add)
    for number, each in enumerate(LIFE):
        store.move(each._replace(at_ms=NOW + number))
    store.receive([Incoming("K5", "Nyxoid", "A1", gtin="0" * 14, serial="S1")], NOW)
    store.issue_next(Movement(0, NOW, ISSUE, "", officer="1207", pouch="P1"), None, None)
    store.replace("P1", None, Fate(), NOW + 50)
    store.connection.set_trace_callback(None)
    assert {each.kind for each in LIFE} == set(KINDS) - {"receive"}
    queries = {each for each in said if re.match("SELECT|INSERT|UPDATE|DELETE", each)}
    assert len(queries) > 30
    tables = {row[0] for row in store.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables > SMALL
    for query in queries:
        assert scanned(store.connection, query) <= SMALL, query


def scanned(connection: sqlite3.Connection, query: str) -> set[str]:
    """The tables that a query reads from one end, unless it is for the newest row alone; or what it has to sort."""
    if query.endswith("ORDER BY id DESC LIMIT 1"):
        return set()
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    found = [re.match(r"SCAN (?!\d+ CONSTANT ROW)(\w+)(?! VIRTUAL)", step) for step in plan]
    sorts = {step for step in plan if "TEMP B-TREE" in step}
    parts = {step.split()[1] for step in plan if step.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    return {each[1] for each in found if each and each[1] != "CONSTANT"} - parts | sorts


def test_a_reading_of_a_whole_table_would_be_noticed(store: Store) -> None:
    assert scanned(store.connection, "SELECT * FROM kit_state WHERE doses_left = 1") == {"kit_state"}
    assert scanned(store.connection, "SELECT * FROM kit_state WHERE kit = 'K1'") == set()
    assert scanned(store.connection, "SELECT * FROM movement WHERE kit = 'K1' ORDER BY doses")


def test_a_kit_that_would_expire_while_carried_goes_out_after_all_others(store: Store) -> None:
    soon = date(2026, 8, 26)  # the ninetieth day
    store.receive([Incoming("K5", "Nyxoid", "A2", soon), Incoming("K6", "Nyxoid", "A3", soon.replace(day=27))], NOW)
    assert [each.kit for each in store.next_kits(None, None, 9, NOW)] == ["K6", "K3", "K1", "K2", "K4", "K5"]
    to = Movement(0, NOW, ISSUE, "", officer="1207")
    assert store.issue_next(to, None, None).movement.kit == "K6"
    assert store.issue_kit("K3", "1300", None, NOW) == []
    store.move_all(Movement(0, NOW, LOSE, kit) for kit in ("K1", "K2", "K4"))
    moved = store.issue_next(to._replace(officer="1300"), None, None)
    assert moved.movement.kit == "K5"
    assert moved.warnings == [
        Phrase("kit.expires_soon", kit="K5", expires_on=soon, days=90),
        Phrase("officer.has_kit", officer="1300", kits=("K3",)),
    ]


def test_a_kit_that_would_expire_while_carried_need_not_go_first(store: Store) -> None:
    store.receive([Incoming("K5", "Nyxoid", "A2", date(2026, 8, 26))], NOW)
    store.move_all(Movement(0, NOW, LOSE, kit) for kit in ("K1", "K2", "K3"))
    assert store.issue_kit("K4", "1207", None, NOW) == []
