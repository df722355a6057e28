"""`kitdock dock --status`: what it shows people and programs, and when it ends with a finding; the digest's part."""

import csv
import io
import json
import re

import pytest

from host import clock
from host.tag.dock import RadioState
from host.words import written
from tests.cli.conftest import DAY_MS, HOUR_MS, Station
from tests.station import Store

WELL = RadioState("", True, None, 0)


@pytest.fixture
def docked(station: Station) -> Station:
    """A station with two tags, one of them collected just now."""
    station.tag("P1")
    station.tag("P2")
    station.dock("0000000000000001", ("heartbeat", 0.1))
    return station


def beat(station: Station, *radios: RadioState, hours_ago: float = 0) -> None:
    at_ms = clock.now_ms() - round(hours_ago * HOUR_MS)
    station.store(lambda store: store.beat([each._replace(since_ms=at_ms) for each in radios], at_ms))


def waits(station: Station, tag: int, why: str | None, hours_ago: float = 0) -> None:
    at_ms = clock.now_ms() - round(hours_ago * HOUR_MS)
    station.store(lambda store: store.waiting(f"{tag:016x}", at_ms, why))


def shown(station: Station, status: int) -> str:
    return " ".join(station.run("dock", "--status", status=status).stdout.split())


def test_a_dock_that_does_its_work_is_no_finding(docked: Station) -> None:
    beat(docked, WELL, WELL._replace(adapter="hci1"))
    text = docked.run("dock", "--status").stdout
    assert max(map(len, text.splitlines())) <= 80
    lines = [re.split(r"\s{2,}", each)[:2] for each in text.splitlines() if each and "--" not in each]
    assert lines == [
        ["What", "Status"],
        ["the dock", "running"],
        ["this computer's own Bluetooth", "listening"],
        ["adapter hci1", "listening"],
        ["latest: pouch P1", "collected"],
        ["The dock is running and listening for pouches."],
    ]


def test_one_that_never_ran_says_how_to_start_it(docked: Station) -> None:
    text = shown(docked, status=1)
    assert "the dock never started" in text
    assert "Start one with `kitdock dock`." in text
    assert "`kitdock service install`" in text


def test_one_that_has_ended_says_when_it_was_last_heard_of(docked: Station) -> None:
    beat(docked, WELL, hours_ago=3)
    text = shown(docked, status=1)
    assert "the dock not running" in text
    assert "own Bluetooth" not in text, "what it said of its adapters is long past"
    since = written(clock.Instant(clock.now_ms() - 3 * HOUR_MS, "Europe/London"), "lately")
    assert f"It last reported in {since}." in text


def test_an_adapter_that_does_not_listen_says_why(docked: Station) -> None:
    gone = RadioState("usb:0", False, "radio.not_there", 0)
    beat(docked, WELL, gone, gone._replace(adapter="hci2", why="no.such_code"))
    text = shown(docked, status=0)
    assert "There is no Bluetooth adapter usb:0. Plug it in, or check its name." in text
    assert "The adapter doesn't work at the moment. The dock tries it again every few seconds." in text
    beat(docked, gone)
    assert "The dock is running but can't hear pouches. It keeps trying by itself." in shown(docked, status=0)


@pytest.mark.parametrize(("why", "told"), [
    (None, "Put it back into the dock."),
    ("link.silent", "The last try to collect from it failed. Put it back into the dock, which tries again"),
    ("link.wrong_key", "A device that doesn't have its tag's key answers in its place."),
    ("docking.rolled_back", "Its tag's memory was put back to an earlier state."),
    ("docking.safe_mode", "Plug the tag into USB: `kitdock tag log --port PORT`."),
    ("database.full", "What it had couldn't be saved"),
])  # fmt: skip
def test_a_pouch_that_waits_says_why(docked: Station, why: str | None, told: str) -> None:
    beat(docked, WELL)
    waits(docked, 2, why)
    text = shown(docked, status=0)
    assert "pouch P2 not collected" in text
    assert told in text


def test_what_waits_too_long_is_a_finding(docked: Station) -> None:
    beat(docked, WELL)
    waits(docked, 2, "link.silent", hours_ago=25)
    assert "Pouch P2 was in the dock" in shown(docked, status=1)
    docked.run("setting", "set", "dock_alarm_hours", "48")
    assert "Pouch P2 was in the dock" not in shown(docked, status=0)


def test_a_dock_that_runs_and_has_not_listened_for_too_long_is_a_finding(station: Station) -> None:
    station.tag("P1", 3)
    beat(station, RadioState("", False, "radio.off", 0))
    assert "No dock has listened for pouches since" in shown(station, status=1)
    station.run("setting", "set", "dock_alarm_hours", "0")
    assert "No dock has listened" not in shown(station, status=0)


def test_programs_get_a_row_for_each(docked: Station) -> None:
    beat(docked, WELL, RadioState("usb:0", False, "radio.not_there", 0))
    waits(docked, 2, "link.silent", hours_ago=30)
    rows = json.loads(docked.run("dock", "--status", "--format", "json", status=1).stdout)
    assert [(row["kind"], row["state"], row["why"], row["overdue"]) for row in rows] == [
        ("dock", "running", None, False),
        ("adapter", "listening", None, False),
        ("adapter", "not_listening", "radio.not_there", False),
        ("pouch", "not_collected", "link.silent", True),
        ("latest", "collected", None, False),
    ]
    assert [row["name"] for row in rows[1:]] == ["", "usb:0", "P2", "P1"]
    text = docked.run("dock", "--status", "--format", "csv", status=1).stdout
    assert [row["kind"] for row in csv.DictReader(io.StringIO(text))] == [row["kind"] for row in rows]


def test_a_database_that_cannot_be_written_is_a_finding(docked: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(docked, WELL, hours_ago=1)
    monkeypatch.setattr("host.store.connecting.BUSY_TIMEOUT_S", 0.05)
    with Store.open(docked.db) as store, store.writing():
        text = shown(docked, status=1)
        rows = docked.run("dock", "--status", "--format", "json", status=1).stdout
    assert "the database can't be written" in text
    assert "Another program has locked database" in text
    assert "the dock not known" in text and "isn't running" not in text, "it can't tell so while that lasts"
    found = [(row["kind"], row["state"], row["why"], row["overdue"]) for row in json.loads(rows)][:2]
    assert found == [("dock", "not_known", None, False), ("database", "not_writable", "database.busy", True)]
    beat(docked, WELL)
    monkeypatch.setattr("host.store.database.LEAST_ROOM", 1 << 80)
    text = shown(docked, status=1)
    assert "There's no room left for database" in text
    assert "the dock running" in text and "listening for pouches" not in text


def test_it_is_for_those_who_see_stock(docked: Station) -> None:
    with Store.open(docked.db) as store:
        store.grant("shared", "officer", None, clock.now_ms())
    assert "can't do this" in docked.refused("dock", "--status", status=1, login="shared")


# In the digest.


def acknowledge(station: Station) -> None:
    made = re.search(r"`kitdock digest acknowledge (\S+)`", station.run("digest").stdout)
    assert made
    station.run("digest", "acknowledge", made[1])


def dock_in_digest(station: Station) -> list[tuple[str, str | None]]:
    return (
        [(row["kind"], row["pouch"]) for row in station.json("digest", "--only-if-new").get("dock", [])]
        if (station.run("digest", "--only-if-new").stdout)
        else []
    )


def test_a_digest_begins_with_what_the_dock_has_left_undone(docked: Station) -> None:
    assert "dock" not in docked.json("digest"), "it has collected just now"
    beat(docked, WELL, hours_ago=200)
    waits(docked, 2, None, hours_ago=25)
    found = docked.json("digest")
    assert next(iter(found)) == "dock"
    assert [(row["kind"], row["pouch"]) for row in found["dock"]] == [("not_collected", "P2")]
    text = " ".join(docked.run("digest").stdout.split())
    assert text.index("The dock needs attention") < text.index("Pouch P2 was in the dock")
    assert "next: `kitdock dock --status`" in text


def test_a_digest_tells_of_a_dead_dock_once_a_day(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = clock.midnight_after(clock.today(clock.now_ms(), "Europe/London"), "Europe/London") + 12 * HOUR_MS
    monkeypatch.setattr(clock, "now_ms", lambda: noon)
    station.tag("P1", 3)
    assert dock_in_digest(station) == [("not_listening", None)]
    assert dock_in_digest(station) == [("not_listening", None)], "until somebody has read it"
    acknowledge(station)
    assert dock_in_digest(station) == []
    monkeypatch.setattr(clock, "now_ms", lambda: noon + DAY_MS)
    assert dock_in_digest(station) == [("not_listening", None)]
    acknowledge(station)
    later = noon + DAY_MS + HOUR_MS
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    assert dock_in_digest(station) == []
    waits(station, 1, None, hours_ago=23.99)
    monkeypatch.setattr(clock, "now_ms", lambda: later + HOUR_MS)
    assert dock_in_digest(station) == [("not_collected", "P1")], (
        "what came up since is in the next one, on the same day"
    )
