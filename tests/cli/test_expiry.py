"""`kitdock expiry` at the command line: what people read, and what hides and comes back."""

import re

import pytest

from host import clock
from host.ledger import Movement
from host.store.stock import Incoming
from host.words import written
from tests.cli.conftest import Station, day, noon
from tests.station import Store


@pytest.fixture
def ageing(station: Station) -> Station:
    """Officer 4101 of South carries an expired kit, 4102 one that will expire, Car 1 another; two replacements."""
    then = noon(-100)
    with Store.open(station.db) as store:
        store.add_place("South", "station", None, then)
        store.add_place("Car 1", "vehicle", "Traffic", then)
        store.add_officer("4101", day(-120), then, unit="Response A", station="South")
        store.add_officer("4102", day(-120), then)
        for kit, lot, days in (("K-1", "A1", -12), ("K-2", "A2", 1), ("K-3", "A3", 0), ("K-4", "A4", -1)):
            store.receive([Incoming(kit, "Naloxone 1.8 mg", lot, day(days))], then)
        store.receive([Incoming("K-8", "Naloxone 1.8 mg", "B1", day(500))], then, station="South")
        store.receive([Incoming("K-9", "Naloxone 1.8 mg", "B1", day(500))], then)
        store.issue_kit("K-1", "4101", None, then)
        store.issue_kit("K-2", "4102", None, then)
        store.issue_kit("K-3", None, None, then, place="Car 1")
    return station


def test_list_says_who_to_call_and_what_to_bring(ageing: Station) -> None:
    lines = ageing.run("expiry").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert (
        "\n".join(" ".join(each.split()) for each in [lines[0], *lines[2:]])
        == f"""\
Kit Lot Expires Held by Pouch
K-1 A1 {written(day(-12))} expired 12 days ago 4101
Naloxone 1.8 mg, Response A, South
next: Bring kit K-8 and swap them:
`kitdock kit replace K-1 K-8 --station South`.

K-4 A4 {written(day(-1))} expired 1 day ago in stock
Naloxone 1.8 mg, North
next: `kitdock kit destroy K-4 --reason expired --document ID`

K-3 A3 {written(day(0))} today is the last day Car 1
Naloxone 1.8 mg, Traffic, North
next: Bring kit K-9 and swap them: `kitdock kit replace K-3 K-9`.

K-2 A2 {written(day(1))} in 1 day 4102
Naloxone 1.8 mg, North
next: No other kit in stock is in date for longer. See how many to order:
`kitdock expiry forecast`."""
    )


def test_known_kits_are_left_out_and_told_of_but_an_expired_one_that_is_carried_stays(ageing: Station) -> None:
    until = str(day(9))
    done = ageing.run("expiry", "acknowledge", "K-1", "K-2", "--until", until, "--reason", "on order")
    assert done.stdout == f"Hid 2 kits from the expiry list until {written(day(9))} (on order).\n"
    text = ageing.run("expiry").stdout
    shown = f"(acknowledged until {written(day(9))}: on order)"
    assert f"Naloxone 1.8 mg, Response A, South {shown}" in " ".join(text.split())
    assert "1 kit acknowledged and not shown. See `kitdock expiry --all`." in text
    assert [each["kit"] for each in ageing.json("expiry")] == ["K-1", "K-4", "K-3"]
    everything = {each["kit"]: each for each in ageing.json("expiry", "--all")}
    assert (everything["K-2"]["acknowledged_until"], everything["K-2"]["reason"]) == (until, "on order")
    assert everything["K-3"]["acknowledged_until"] is None


def test_when_all_is_known_it_says_so(ageing: Station) -> None:
    ageing.run("expiry", "acknowledge", "K-4", "--until", str(day(9)), "--reason", "to be collected")
    text = ageing.run("expiry", "--holder", "North").stdout
    assert (
        text == "No kits are out of date, or will be within 90 days.\n"
        "1 kit acknowledged and not shown. See `kitdock expiry --all`.\n"
    )


def test_list_can_be_narrowed(ageing: Station) -> None:
    assert [each["kit"] for each in ageing.json("expiry", "--station", "South")] == ["K-1"]
    assert [each["kit"] for each in ageing.json("expiry", "list", "--holder", "Car 1")] == ["K-3"]
    assert [each["kit"] for each in ageing.json("expiry", "--within", "0")] == ["K-1", "K-4", "K-3"]
    assert "no officer or place 9999" in ageing.refused("expiry", "--holder", "9999", status=2)
    assert "no place called West" in ageing.refused("expiry", "--station", "West", status=2)


def test_wrong_acknowledgements_are_refused(ageing: Station) -> None:
    arguments = ("expiry", "acknowledge", "K-1", "--reason", "known", "--until")
    assert "isn't in the future" in ageing.refused(*arguments, str(day(0)), status=2)
    assert "as a date" in ageing.refused(*arguments, "some day", status=2)
    assert "no kit K-77" in ageing.refused(
        "expiry", "acknowledge", "K-77", "--until", str(day(9)), "--reason", "known", status=2
    )
    ageing.run("expiry", "acknowledge", "--until", str(day(9)), "--reason", "known", status=2)


def test_officer_reads_of_the_own_kit_and_whom_to_ask(ageing: Station) -> None:
    with Store.open(ageing.db) as store:
        store.grant("own", "officer", "4102", clock.now_ms())
    text = ageing.run("expiry", login="own").stdout
    assert "next: Ask the quartermaster." in text
    assert [each["kit"] for each in ageing.json("expiry", login="own")] == ["K-2"]
    assert "can't do this" in ageing.refused("expiry", "--holder", "4101", status=1, login="own")


def test_forecast_says_how_many_to_order_by_when(ageing: Station) -> None:
    text = ageing.run("expiry", "forecast", "--months", "2").stdout
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    headings = {*lines[0].split(), *lines[1].split()}  # some are broken over two lines
    assert {"Month", "Product", "Kits", "expiring", "Likely", "use", "To", "order", "Order", "by"} <= headings
    rows = ageing.json("expiry", "forecast")
    assert len(rows) == 6
    assert sum(each["expiring_carried"] for each in rows[:2]) == 3  # two expired or expire today, one tomorrow
    assert (rows[0]["expiring_in_stock"], rows[0]["order_now"]) == (1, True)
    assert "Naloxone 1.8 mg: 4 to order for all months to" in text
    assert "no kits of 'Other'" in ageing.refused("expiry", "forecast", "--product", "Other", status=2)


def test_use_counts_kits_that_went_and_did_not_come_back(ageing: Station) -> None:
    def gone() -> int:
        supply = ageing.store(lambda store: store.supplies(day(0)))[0]
        assert supply.observed_days == 100
        return int(supply.gone)

    now = clock.now_ms()
    with Store.open(ageing.db) as store:
        for kit, kind, doses in (("K-1", "use", 1), ("K-1", "use", 1), ("K-2", "lose", None), ("K-3", "lose", None)):
            store.move(Movement(0, now, kind, kit, doses=doses, reason="so"))
    assert gone() == 3
    with Store.open(ageing.db) as store:
        store.move(Movement(0, now, "find", "K-2"))
        store.move(Movement(0, now, "correct", "K-3", reason="wrong kit"))
    assert gone() == 1


def test_kit_that_is_begun_is_no_longer_to_be_replaced_when_it_expires(ageing: Station) -> None:
    def expiring() -> int:
        return sum(each["expiring_carried"] for each in ageing.json("expiry", "forecast", "--months", "2"))

    assert expiring() == 3
    ageing.run("kit", "use", "K-1", "--doses", "1")
    assert expiring() == 2


def test_kit_that_was_found_and_then_destroyed_is_no_use(ageing: Station) -> None:
    now = clock.now_ms()
    with Store.open(ageing.db) as store:
        for kind in ("lose", "find", "destroy"):
            store.move(Movement(0, now, kind, "K-1", reason="so"))
        assert store.supplies(day(0))[0].gone == 0


def test_rate_of_use_rests_on_the_time_that_kits_were_there_not_on_when_that_was_recorded(ageing: Station) -> None:
    then = clock.now_ms() - 300 * 86_400_000
    ageing.store(lambda store: store.add_kit("K-90", "Naloxone 1.8 mg", "old", day(900), None, then))
    assert ageing.store(lambda store: store.supplies(day(0)))[0].observed_days == 300
    with Store.open(ageing.db) as store:
        store.add_kit("K-92", "Naloxone 1.8 mg", "old", None, None, then - 300 * 86_400_000)
        store.move(Movement(0, clock.now_ms(), "correct", "K-92", reason="the year was mistyped"))
    assert ageing.store(lambda store: store.supplies(day(0)))[0].observed_days == 300
    ageing.store(lambda store: store.add_kit("K-91", "Naloxone 1.8 mg", "old", None, None, then - 300 * 86_400_000))
    assert ageing.store(lambda store: store.supplies(day(0)))[0].observed_days == 365


def test_forecast_without_kits_says_what_to_do(station: Station) -> None:
    assert "kitdock kit add" in station.run("expiry", "forecast").stdout
    assert station.json("expiry", "forecast") == []


def test_what_it_says_to_do_can_be_done(ageing: Station) -> None:
    for row in ageing.json("expiry"):
        for step in re.findall(r"`kitdock (kit .*?)`", row["next_step"]):
            ageing.run(*step.split())
    assert [(each["kit"], each["replacement"]) for each in ageing.json("expiry")] == [
        ("K-1", None),  # in stock now, to be destroyed
        ("K-2", None),  # nothing was left for it
        ("K-3", None),
    ]
    assert ageing.json("expiry", "--within", "3650", "--holder", "4101")[0]["kit"] == "K-8"
    assert ageing.json("expiry", "--within", "3650", "--holder", "Car 1")[0]["kit"] == "K-9"


def test_forecast_says_when_it_has_seen_too_little(station: Station) -> None:
    station.run("kit", "add", "K1", "--product", "N", "--lot", "A", "--expires", "2090-01-01")
    assert "Its use is known for 1 day only, which is too little to go on." in station.run("expiry", "forecast").stdout
