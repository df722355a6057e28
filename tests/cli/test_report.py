"""`kitdock report`: holdings and the month, as people and programs read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from host.ledger import Movement
from host.store.stock import Incoming
from tests.cli.conftest import Station, day
from tests.station import Store


def at(text: str) -> int:
    """Unix milliseconds of a time in London."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).timestamp() * 1000)


def move(store: Store, when: str, kind: str, kit: str, **more: object) -> None:
    store.move(Movement(0, at(when), kind, kit, reason="so")._replace(**more))  # type: ignore[arg-type]


@pytest.fixture
def spring(station: Station) -> Station:
    """March to May 2026. In April: K5 comes, K1 goes out, is half used, K2 is lost, K3 expires, K4 was a mistake."""
    with Store.open(station.db) as store:
        store.add_place("South", "station", None, at("2026-03-01T08:00"))
        store.add_place("Car 1", "vehicle", "Traffic", at("2026-03-01T08:00"))
        store.add_officer("4101", day(0), at("2026-03-01T08:00"), unit="Response A", station="South")
        old = [Incoming(kit, "Nyxoid", "A1", day(400)) for kit in ("K1", "K2")]
        store.receive([*old, Incoming("K3", "Nyxoid", "A0", datetime(2026, 4, 30).date())], at("2026-03-02T09:00"))
        store.receive([Incoming("K4", "Nyxoid", "A1", None)], at("2026-03-03T09:00"))
        move(store, "2026-03-04T09:00", "issue", "K2", officer="4101")
        store.receive([Incoming("K5", "Nyxoid", "A1", None)], at("2026-04-01T00:00"))
        move(store, "2026-04-02T09:00", "issue", "K1", place="Car 1")
        move(store, "2026-04-03T09:00", "use", "K1", doses=1)
        move(store, "2026-04-04T09:00", "lose", "K2")
        move(store, "2026-04-05T09:00", "issue", "K4", officer="4101")
        move(store, "2026-04-05T09:05", "correct", "K4")
        move(store, "2026-05-01T00:00", "destroy", "K3")
        move(store, "2026-05-02T09:00", "find", "K2")
        move(store, "2026-05-02T09:00", "issue", "K4", officer="4101")
    return station


def test_month_counts_what_moved_in_it_and_balances(spring: Station) -> None:
    april = spring.json("report", "month", "2026-04")
    moved = {each["what"]: (each["kits"], each["doses"]) for each in april["movements"]}
    assert moved == {
        "receive": (1, 2),
        "issue": (1, 2),
        "return": (0, 0),
        "use": (1, 1),
        "leave_behind": (0, 0),
        "lose": (1, 2),
        "destroy": (0, 0),
        "expired": (1, 2),
        "correct": (1, 2),
    }
    stock = {each["what"]: tuple(each.values())[1:] for each in april["stock"]}
    assert stock["in_stock"] == (3, 3, 6, 6)
    assert stock["issued"] == (1, 1, 2, 1)
    assert stock["lost"] == (0, 1, 0, 2)
    assert stock["doses_used"] == (None, None, 0, 1)
    assert stock["doses_received"] == (None, None, 8, 10)


def test_months_meet_end_to_start(spring: Station) -> None:
    ends = {each["what"]: (each["kits_at_end"], each["doses_at_end"]) for each in month(spring, "2026-04")}
    starts = {each["what"]: (each["kits_at_start"], each["doses_at_start"]) for each in month(spring, "2026-05")}
    assert ends == starts
    assert all(not each["kits_at_start"] for each in month(spring, "2026-03"))


def month(station: Station, text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = station.json("report", "month", text)["stock"]
    return found


def test_month_on_paper(spring: Station) -> None:
    text = spring.run("report", "month", "2026-04").stdout
    assert text.startswith("North, April 2026\n1 Apr 2026, 00:00 to 1 May 2026, 00:00\n")
    assert max(map(len, text.splitlines())) <= 80
    assert "The doses add up: 10 doses received = 9 in kits + 1 given + 0 unaccounted for." in text
    assert "unexplained" in text
    assert "4101" not in text


def test_month_defaults_to_the_last_that_is_over_and_refuses_what_is_none(spring: Station) -> None:
    first = day(0).replace(day=1)
    last = f"{day(-day(0).day):%B %Y}"
    assert spring.run("report", "month").stdout.startswith(f"North, {last}\n")
    assert spring.run("report", "month", f"{first:%Y-%m}").stdout.startswith(f"North, {first:%B %Y}, so far\n")
    assert "as a month" in spring.refused("report", "month", "April", status=2)
    assert "as a month" in spring.refused("report", "month", "2026-13", status=2)
    assert "hasn't begun" in spring.refused("report", "month", f"{first.year + 1}-12", status=2)


def test_openings_are_counted_by_cause(force: Station) -> None:
    force.dock("0000000000000001", ("lid_open", 5), ("lid_close", 4.9), ("lid_open", 3), ("lid_close", 2.9))
    force.run("openings", "explain", "P1:1", "--cause", "training", "--officer", "1207")
    found = [
        {each["cause"]: each["openings"] for each in force.json("report", "month", f"{day(back):%Y-%m}")["openings"]}
        for back in {0, -day(0).day}  # an opening five hours ago may be of the month before
    ]
    assert sum(each["training"] for each in found) == 1
    assert sum(each["unexplained"] for each in found) == 1
    assert list(found[0]) == ["used", "training", "inspection", "restocking", "accidental", "unexplained"]


def test_holdings_by_officer_and_place(spring: Station) -> None:
    by_officer = spring.json("report", "holdings")
    assert [(each["officer"], each["place"], each["kits"], each["doses"]) for each in by_officer] == [
        ("4101", None, ["K4"], 2),
        (None, "Car 1", ["K1"], 1),
    ]
    assert by_officer[0]["unit"] == "Response A"
    text = spring.run("report", "holdings").stdout
    assert max(map(len, text.splitlines())) <= 80


def test_holdings_by_station(spring: Station) -> None:
    north, south = spring.json("report", "holdings", "--by", "station")
    assert (north["station"], north["in_stock"], north["doses"], north["out"]) == ("North", 2, 4, 1)
    assert (south["in_stock"], south["out"], south["expires_next"]) == (0, 1, None)
    assert max(map(len, spring.run("report", "holdings", "--by", "station").stdout.splitlines())) <= 80


def test_officer_sees_own_holdings_and_no_station(spring: Station) -> None:
    with Store.open(spring.db) as store:
        store.grant("own", "officer", "4101", at("2026-05-03T09:00"))
    assert [each["officer"] for each in spring.json("report", "holdings", login="own")] == ["4101"]
    assert "can't do this" in spring.refused("report", "holdings", "--by", "station", status=1, login="own")
    assert "can't do this" in spring.refused("report", "month", status=1, login="own")


def test_holdings_of_a_new_station_say_what_to_do(station: Station) -> None:
    assert "kitdock kit issue" in station.run("report", "holdings").stdout
