"""Enrolment at the command line, with the cable's far end played; and that no key shows anywhere."""

import base64
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host import clock
from host.access.vault import TagKeys
from host.errors import LinkError
from host.phrase import NextStep
from kitwire.keys import check_value
from tests.cli.conftest import Station
from tests.station import Store

Written = tuple[str, str, TagKeys, bool]


class Cable:
    """Stands for the tag on the port: keeps what is written, and answers as `answer` makes it."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.answer: Callable[[dict[str, str]], dict[str, str]] = dict

    def provision_over_usb(self, port: str, tag_id: str, keys: TagKeys, replace: bool) -> dict[str, str]:
        self.written.append((port, tag_id, keys, replace))
        checks = {name: check_value(key).hex() for name, key in keys._asdict().items()}
        return self.answer({"tag": tag_id, **checks})


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cable]:
    played = Cable()
    monkeypatch.setattr("host.link.usb.provision_over_usb", played.provision_over_usb)
    yield played


def forms_of(key: bytes) -> list[bytes]:
    """How a key could show: as it is, in hexadecimal, in base64 at any alignment, as Python writes it."""
    encoded = [base64.b64encode(bytes(lead) + key)[4:-4] for lead in range(3)]
    return [key, key.hex().encode(), key.hex().upper().encode(), *encoded, repr(key).encode()[2:-1]]


def test_enrolment_writes_fresh_keys_and_keeps_them(station: Station, cable: Cable) -> None:
    done = station.json("tag", "provision", "P1", "--port", "/dev/ttyACM0")
    (port, tag_id, keys, replace), *_ = cable.written
    assert (port, done["tag"], replace) == ("/dev/ttyACM0", tag_id, False)
    assert done["check_values"]["log"] == check_value(keys.log).hex()
    assert station.store(lambda store: store.tag_keys(tag_id)) == keys
    listed = station.json("tag", "list")
    assert [(each["pouch"], each["tag"], each["log_check"]) for each in listed] == [
        ("P1", tag_id, done["check_values"]["log"])
    ]
    station.run("tag", "provision", "P2", "--port", "/dev/ttyACM0")
    assert len({*keys, *cable.written[1][2]}) == 6
    assert cable.written[1][1] != tag_id


def test_pouch_with_a_tag_needs_replace_and_keeps_its_history(station: Station, cable: Cable) -> None:
    old = station.json("tag", "provision", "P1", "--port", "X")["tag"]
    station.dock(old, ("lid_open", 5), ("lid_close", 4))
    assert "use --replace" in station.refused("tag", "provision", "P1", "--port", "X", status=1)
    assert len(cable.written) == 1  # the tag was not touched
    new = station.json("tag", "provision", "P1", "--port", "X", "--replace")["tag"]
    assert cable.written[1][3] is True
    assert [each["tag"] for each in station.json("tag", "list")] == [new]
    assert [each["tag"] for each in station.json("tag", "list", "--all")] == [old, new]
    assert [each["opening"] for each in station.json("openings")] == [f"{old}:1"]


def test_tag_that_was_in_another_pouch_is_a_question_there(station: Station, cable: Cable) -> None:
    old = station.json("tag", "provision", "P1", "--port", "X")["tag"]
    cable.answer = lambda told: {**told, "was": old}
    station.run("tag", "provision", "P2", "--port", "X", "--replace")
    assert [each["pouch"] for each in station.json("tag", "list")] == ["P2"]
    (found,) = station.json("reconcile")
    assert (found["name"], found["severity"]) == ("tag_moved:P1", "low")
    assert f"Its tag {old} was put into pouch P2" in found["evidence"]
    cable.answer = dict
    station.run("tag", "provision", "P1", "--port", "X")
    assert station.json("reconcile") == []


def test_tag_that_holds_other_keys_than_were_written_is_not_enrolled(station: Station, cable: Cable) -> None:
    cable.answer = lambda told: {**told, "session": "00" * 8}
    line = station.refused("tag", "provision", "P1", "--port", "X", status=4)
    assert "doesn't hold the session keys that were written" in line
    cable.answer = lambda told: {}
    assert "advert and session and log" in station.refused("tag", "provision", "P1", "--port", "X", status=4)
    assert station.json("tag", "list", "--all") == []


def test_enrolment_that_fails_on_the_cable_keeps_the_old_tag(station: Station, cable: Cable) -> None:
    old = station.json("tag", "provision", "P1", "--port", "X")["tag"]

    def unplugged(_: dict[str, str]) -> dict[str, str]:
        raise LinkError("port.missing", port="X", see=NextStep("port.list"))

    cable.answer = unplugged
    assert "no serial port X" in station.refused("tag", "provision", "P1", "--port", "X", "--replace", status=4)
    assert [each["tag"] for each in station.json("tag", "list", "--all")] == [old]


def test_a_label_is_written_once_the_tag_is_one_and_checked_before(
    station: Station, cable: Cable, tmp_path: Path
) -> None:
    line = station.refused("tag", "provision", "P1", "--port", "X", "--label", str(tmp_path / "label.pdf"), status=2)
    assert "ends in .svg or .png" in line
    assert cable.written == [], "the tag was not touched"
    path = tmp_path / "label.svg"
    done = station.json("tag", "provision", "P1", "--port", "X", "--label", str(path))
    assert done["tag"] in path.read_text()
    assert done["label"] == str(path)
    (_, _, keys, _) = cable.written[0]
    for key in keys:
        assert not any(form in path.read_bytes() for form in forms_of(key))


def test_a_label_that_cannot_be_written_is_a_warning_and_the_tag_is_enrolled(
    station: Station, cable: Cable, tmp_path: Path
) -> None:
    taken = tmp_path / "folder.svg"
    taken.mkdir()
    result = station.run("tag", "provision", "P1", "--port", "X", "--label", str(taken / "x.svg"))
    assert (taken / "x.svg").exists()
    (taken / "y.png").symlink_to(tmp_path / "nowhere" / "y.png")
    result = station.run("tag", "provision", "P2", "--port", "X", "--label", str(taken / "y.png"))
    assert "Warning: The label was not written" in result.stderr
    assert [each["pouch"] for each in station.json("tag", "list")] == ["P1", "P2"]


def test_ports_say_what_to_do_when_there_are_none(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serial.tools.list_ports.comports", list)
    assert "Plug the tag in" in station.run("tag", "ports").stdout
    assert json.loads(station.run("tag", "ports", "--format", "json").stdout) == []


def test_what_a_station_knows_of_a_tag_is_listed_without_it(station: Station) -> None:
    tag = station.tag("P1")
    assert "There are no records from the tag of pouch P1." in station.run("tag", "log", "P1").stdout
    station.dock(tag, ("lid_open", 5), ("dose_mark", 4.5), ("altered", 4.2), ("lid_close", 4))
    rows = station.json("tag", "log", "P1")
    assert [row["detail"] for row in rows] == ["", "mark 1", "altered", ""]
    assert rows[2]["at"] is None
    shown = station.run("tag", "log", "P1", "--limit", "2").stdout
    assert "2 older records are not shown. To show them all, add --limit 4." in shown
    assert "dose_mark" not in shown
    since = clock.local(clock.now_ms() - int(4.3 * 3_600_000), "Europe/London").strftime("%Y-%m-%dT%H:%M")
    assert [row["event"] for row in station.json("tag", "log", "P1", "--since", since)] == ["lid_close"]
    assert "Name a pouch, or the port" in station.run("tag", "log", status=2).stderr


def test_options_that_contradict_each_other_are_refused(station: Station) -> None:
    station.tag("P1")
    both = station.run("tag", "config", "P1", "--port", "X", "--adapter", "hci9", status=2)
    assert "Give --port or --adapter, not both." in both.stderr
    assert "as a time for heartbeat_s" in station.refused("tag", "config", "P1", "--heartbeat", "5m", status=2)


def test_no_key_shows_in_files_output_logs_or_tracebacks(
    station: Station, cable: Cable, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = [station.run("tag", "provision", "P1", "--port", "X").output]

    def breaks(_: dict[str, str]) -> dict[str, str]:
        raise LinkError("link.timed_out")

    cable.answer = breaks
    shown.append(station.run("tag", "provision", "P2", "--port", "X", status=4).output)
    shown.append(station.run("tag", "list", "--format", "json").output)
    (_, tag_id, keys, _), (_, _, lost, _) = cable.written
    with Store.open(station.db) as store:
        kept = store.tag_keys(tag_id)
        try:
            raise RuntimeError(f"a bug beside {kept!r} {kept}")
        except RuntimeError as error:
            trace = traceback.TracebackException.from_exception(error, capture_locals=True)
            shown.append("".join(trace.format()))
        # While the database is open its write-ahead log is there too.
        files = {path: path.read_bytes() for path in station.db.parent.iterdir()}
    assert station.db.with_name("station.db-wal") in files
    station_key = bytes.fromhex(station.db.with_name("station.db.key").read_text().strip())
    shown.append(caplog.text)
    text = "\n".join(shown).encode()
    for key in (*keys, *lost, station_key):
        for form in forms_of(key):
            assert form not in text
            for path, content in files.items():
                assert form not in content or (key == station_key and path.suffix == ".key"), path.name
            assert all(form not in path.name.encode() for path in files)


def test_search_for_keys_would_find_one(tmp_path: Path) -> None:
    """The test above is worth something only if it sees a key that is there."""
    key = bytes(range(32))
    for leak in (
        key,
        key.hex().encode(),
        base64.b64encode(b"x" + key),
        json.dumps(key.hex()).encode(),
        repr(key).encode(),
    ):
        assert any(form in leak for form in forms_of(key)), leak


@pytest.mark.parametrize("hours", [-24, -100 * 365 * 24], ids=["tomorrow", "in a hundred years"])
def test_an_opening_at_a_time_that_cannot_be_is_told_as_that(force: Station, hours: float) -> None:
    force.dock(f"{1:016x}", ("heartbeat", 0.1), days_ago=1)
    force.dock(f"{1:016x}", ("lid_open", hours), ("lid_close", 3), ("heartbeat", 1))
    assert "its time can't be" in force.run("tag", "log", "P1").stdout
    rows = force.json("tag", "log", "P1")
    assert [row["detail"] for row in rows] == ["", "its time can't be right", "", ""]
    assert [row["uptime_s"] for row in rows][1] > [row["uptime_s"] for row in rows][3], "kept as the tag told it"
    assert rows[0]["at"] <= rows[1]["at"] <= rows[2]["at"], "dated by its place"
    (opening,) = force.json("openings")
    assert (opening["duration_s"], opening["officers"], opening["kits"]) == (None, ["1207"], ["K1"])
    assert opening["opened_error_s"] > 3600
    text = " ".join(force.run("reconcile").stdout.split())
    assert "it told a time that can't be right, so it is dated by its place in the log." in text
    assert "P1" in force.run("openings", "--format", "csv").stdout
