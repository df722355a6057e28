"""Expiry: what is listed, in which order, what is suggested; and that the roll-ups tell what the history does."""

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host import clock
from host.errors import InputError, KitdockError, NotAllowed, RuleError
from host.ledger import Lot, by_kit, replay
from host.ledger.movement import IN_STOCK, ISSUED
from host.phrase import NextStep, Phrase
from host.stock.expiry import Expiry, Note, Stocked, demands, good_after, in_order, next_step, suggest
from host.store.expiry import EXPIRING
from host.store.stock import Incoming
from tests.oracle.expiry import expiries
from tests.refusals import refused
from tests.station import Store
from tests.unit.test_rollups import DAY, KITS, T0, History

TODAY = date(2026, 6, 1)
ZONE = "Europe/London"


def carried(kit: str, days_left: int, officer: str = "4101", station: str = "North", **more: object) -> Expiry:
    expires_on = TODAY + timedelta(days=days_left)
    row = Expiry(kit, "Nyxoid", "A1", expires_on, days_left, ISSUED, officer, None, "P1", "Response", station, 0)
    return row._replace(**more)  # type: ignore[arg-type]


def stocked(kit: str, days_left: int, **more: object) -> Expiry:
    return carried(kit, days_left, status=IN_STOCK, officer=None, place="North", pouch=None, **more)


def shelf(*kits: str, place: str = "North") -> list[Stocked]:
    return [Stocked(kit, "B1", date(2028, 1, 31), place) for kit in kits]


def test_expired_comes_first_and_carried_before_stock() -> None:
    found = in_order(
        [stocked("old", -200), carried("soon", 5), stocked("stock", 4), carried("expired", -1), carried("later", 90)]
    )
    assert [each.kit for each in found] == ["expired", "old", "soon", "later", "stock"]


def test_last_day_is_not_expired() -> None:
    assert [carried("K", days).expired for days in (-1, 0, 1)] == [True, False, False]


def test_what_is_known_is_hidden_unless_it_is_expired_and_carried() -> None:
    note = Note(date(2026, 7, 1), "ordered", "qm", T0)
    assert carried("K", 5, note=note).hidden
    assert stocked("K", -5, note=note).hidden
    assert not carried("K", -1, note=note).hidden
    assert not carried("K", 5).hidden


def test_kit_is_replaced_if_it_is_not_good_for_longer_than_it_is_carried() -> None:
    assert demands([carried("K1", 90), carried("K2", 91)], "North", carry_days=90) == {("Nyxoid", "North"): 1}


def test_replacement_is_brought_from_the_station_where_it_lies() -> None:
    advised = carried("K1", -3, replacement=Stocked("S1", "B1", date(2028, 1, 31), "South Yard"))
    step = next_step(advised, 90, "North")
    yard = {"place": "South Yard", "station": "South Yard"}
    assert step == NextStep("kit.replace", "next.bring_from", kit="K1", new="S1", **yard)


def test_replacement_comes_from_the_officers_station_or_else_from_here_and_is_suggested_once() -> None:
    found = [
        carried("K1", -3, "4101", "South"),
        carried("K2", -2, "4102", "South"),
        carried("K3", 1, "4103", "North"),
        carried("K4", 2, "4104", "North"),
    ]
    wanted = demands(found, "North", carry_days=90)
    assert wanted == {("Nyxoid", "South"): 2, ("Nyxoid", "North"): 4}
    shelves = {("Nyxoid", "South"): shelf("S1", place="South"), ("Nyxoid", "North"): shelf("N1", "N2")}
    advised = suggest(found, shelves, "North", carry_days=90)
    assert [each.replacement.kit if each.replacement else None for each in advised] == ["S1", "N1", "N2", None]
    assert [next_step(each, 90, "North") for each in advised] == [
        NextStep("kit.replace", "next.bring", kit="K1", new="S1", place="South", station="South"),
        NextStep("kit.replace", "next.bring_from", kit="K2", new="N1", place="North", station=None),
        NextStep("kit.replace", "next.bring", kit="K3", new="N2", place="North", station=None),
        NextStep("expiry.forecast", "next.nothing_to_bring"),
    ]


def test_only_what_is_out_and_short_lived_is_replaced_and_only_by_its_own_product() -> None:
    found = [
        carried("K1", 91),
        stocked("K2", -1),
        stocked("K3", 90),
        stocked("K4", 91),
        carried("K5", 5, product="Other"),
    ]
    shelves = {("Nyxoid", "North"): shelf("N1", "N2", "N3")}
    advised = suggest(found, shelves, "North", carry_days=90)
    assert [each.replacement for each in advised] == [None] * 5
    assert [next_step(each, 90, "North") for each in advised[:4]] == [
        Phrase("next.nothing_yet"),
        NextStep("kit.destroy", kit="K2", reason="expired"),
        Phrase("next.keep_back"),
        NextStep("kit.issue", "next.issue_first", kit="K4"),
    ]


def test_expired_kit_with_nothing_to_replace_it_is_taken_back() -> None:
    step = next_step(carried("K1", -1), 90, "North")
    assert step == NextStep(
        "kit.return", "next.take_back", kit="K1", why=NextStep("expiry.forecast", "next.nothing_to_bring")
    )


class Ageing(History):
    """Any history, with kits of many lots, and quartermasters who say that they know."""

    def receive(self) -> None:
        number = self.random.randrange(8)
        expires_on = date(2026, 6, 1) + timedelta(days=40 * number)
        box = Incoming(self.random.choice(KITS), "One", f"L{number}", expires_on, 1)
        self.store.receive([box], self.now, self.random.choice(["North", "South"]), accept_expired=True)

    def say(self) -> None:
        until = clock.today(self.now, ZONE) + timedelta(days=self.random.randrange(60))
        self.store.acknowledge_expiry(self.random.sample(KITS, 2), until, "known", self.now)


@given(st.randoms(use_true_random=False), st.integers(1, 60), st.integers(0, 400))
@settings(max_examples=25)
def test_after_any_history_the_rollups_tell_the_same_expiry_as_the_history(
    random: Random, steps: int, within: int
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.create(Path(folder) / "station.db", "North", ZONE, False, T0) as store,
    ):
        history = Ageing(store, random)
        store.change_officer("4102", station="South", unit="Response")
        history.play(steps)
        today = clock.today(history.now, ZONE)
        lot_of = {kit.id: store.lot_of(kit.id) for kit in store.kits()}
        people, places = store.officers(), store.places()
        found = expiries(store.movements(), lot_of, people, places, store.expiry_notes(), "North", today, within)
        assert store.expiring(today, within) == found
        wanted = demands(found, "North", 90)
        advised = suggest(found, store.shelves(wanted, today, 90), "North", 90)
        assert advised == suggest(found, whole_shelves(store, lot_of, today), "North", 90)
        suggested = [each.replacement.kit for each in advised if each.replacement]
        assert len(suggested) == len(set(suggested))


def whole_shelves(store: Store, lot_of: dict[str, Lot], today: date) -> dict[tuple[str, str], list[Stocked]]:
    """All that can be handed out, from the history; not what needs counting, or does not add up."""
    found: dict[tuple[str, str], list[Stocked]] = {}
    follows = store.recompute()
    in_doubt = {row[0] for table in ("to_count", "doses_off") for row in follows[table]}
    for kit, movements in by_kit(store.movements()).items():
        lot = lot_of[kit]
        state = replay(movements, lot.doses_per_kit)[-1].state
        whole = state.doses_left == lot.doses_per_kit and state.quarantine is None and state.pouch is None
        if state.status == IN_STOCK and whole and kit not in in_doubt and lot.expires_on > good_after(today, 90):
            place = str(state.place)
            found.setdefault((lot.product, place), []).append(Stocked(kit, lot.lot, lot.expires_on, place))
    return {key: sorted(kits, key=lambda each: (each.expires_on, each.kit)) for key, kits in found.items()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Officer 4101 of South carries K1, which expires on 2026-06-10; K2, of the same lot, is in stock."""
    with Store.create(tmp_path / "station.db", "North", ZONE, False, T0) as made:
        made.add_place("South", "station", None, T0)
        made.add_place("Car 1", "vehicle", "Traffic", T0)
        made.add_officer("4101", date(2026, 5, 1), T0, unit="Response", station="South")
        made.receive([Incoming(kit, "Nyxoid", "A1", date(2026, 6, 10)) for kit in ("K1", "K2")], T0)
        made.issue_kit("K1", "4101", None, T0)
        yield made


def shown(store: Store, today: date = TODAY) -> list[str]:
    return [each.kit for each in store.expiring(today, 90) if not each.hidden]


def test_acknowledged_kit_comes_back_on_its_day_and_when_it_moves(store: Store) -> None:
    store.acknowledge_expiry(["K1", "K2"], date(2026, 6, 5), "ordered", T0 + DAY)
    assert shown(store) == []
    assert shown(store, date(2026, 6, 4)) == []
    assert shown(store, date(2026, 6, 5)) == ["K1", "K2"]
    store.return_kit("K1", T0 + 2 * DAY)
    assert shown(store) == ["K1"]


def test_the_last_note_counts(store: Store) -> None:
    store.acknowledge_expiry(["K1"], date(2026, 9, 1), "later", T0 + DAY)
    store.acknowledge_expiry(["K1"], date(2026, 6, 2), "sooner", T0 + DAY)
    assert shown(store, date(2026, 6, 3)) == ["K1", "K2"]
    assert store.expiry_notes()["K1"].reason == "sooner"


def test_wrong_acknowledgements_are_refused_and_nothing_of_them_is_kept(store: Store) -> None:
    with refused("kit.unknown", InputError, kit="K9"):
        store.acknowledge_expiry(["K1", "K9"], date(2026, 9, 1), "known", T0)
    with refused("expiry.no_day_to_come", InputError, until=clock.today(T0, ZONE), today=clock.today(T0, ZONE)):
        store.acknowledge_expiry(["K1"], clock.today(T0, ZONE), "known", T0)
    store.return_kit("K1", T0)
    store.move(store.movements("K1")[-1]._replace(kind="destroy", place=None, reason="torn"))
    with refused("expiry.is_gone", RuleError, kit="K1"):
        store.acknowledge_expiry(["K2", "K1"], date(2026, 9, 1), "known", T0)
    assert store.expiry_notes() == {}


def test_expiry_can_be_narrowed_to_a_holder_or_a_station(store: Store) -> None:
    store.issue_kit("K2", None, None, T0, place="Car 1")
    assert [each.kit for each in store.expiring(TODAY, 90, holder="4101")] == ["K1"]
    assert [(each.kit, each.unit) for each in store.expiring(TODAY, 90, holder="Car 1")] == [("K2", "Traffic")]
    assert [each.kit for each in store.expiring(TODAY, 90, station="South")] == ["K1"]
    assert [each.kit for each in store.expiring(TODAY, 90, station="North")] == ["K2"]
    with refused("expiry.no_such_holder", InputError, holder="Nobody"):
        store.expiring(TODAY, 90, holder="Nobody")
    with refused("place.no_station", InputError, place="Car 1", kind="vehicle"):
        store.expiring(TODAY, 90, station="Car 1")


def test_officer_sees_the_own_kits_only(store: Store) -> None:
    store.add_officer("4102", date(2026, 5, 1), T0)
    store.issue_kit("K2", "4102", None, T0)
    store.grant("own", "officer", "4101", T0)
    store.grant("dock", "officer", None, T0)
    with Store.open(store.path, login="own") as own:
        assert [each.kit for each in own.expiring(TODAY, 90)] == ["K1"]
        for narrowed in ({"holder": "4102"}, {"station": "North"}):
            with pytest.raises(NotAllowed):
                own.expiring(TODAY, 90, **narrowed)
        with pytest.raises(NotAllowed):
            own.acknowledge_expiry(["K1"], date(2026, 9, 1), "known", T0)
    with Store.open(store.path, login="dock") as dock, pytest.raises(NotAllowed):
        dock.expiring(TODAY, 90)


def test_expiry_goes_by_indexes(store: Store) -> None:
    for status, index in ((ISSUED, "kit_issued"), (IN_STOCK, "kit_in_stock_expires")):
        plan = [row[3] for row in store.rows("EXPLAIN QUERY PLAN " + EXPIRING[status], ("2026-09-01",))]
        assert any(f"USING INDEX {index} (expires_on<?)" in line for line in plan), plan
        assert not [line for line in plan if line.startswith("SCAN")], plan


def test_everything_that_ever_expires_can_be_asked_for(store: Store) -> None:
    assert [each.kit for each in store.expiring(TODAY, 10_000_000)] == ["K1", "K2"]
    with pytest.raises(KitdockError):
        store.expiring(TODAY, 90, station="Nowhere")
