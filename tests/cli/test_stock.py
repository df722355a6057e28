"""Officers and kits at the command line: what is done, what is refused, what it looks like."""

from datetime import datetime

from host import clock
from host.words import written
from tests.cli.conftest import DAY_MS, Station, day


def add(station: Station, kit: str = "K1", expires: int = 400, lot: str = "A1") -> None:
    old = ["--accept-expired"] if expires < 0 else []
    station.run("kit", "add", kit, "--product", "Nyxoid", "--lot", lot, "--expires", str(day(expires)), *old)


def test_new_station_says_what_to_do(station: Station) -> None:
    assert "kitdock kit add" in station.run("kit", "list").stdout
    assert "kitdock officer add" in station.run("officer", "list").stdout
    assert "kitdock tag provision" in station.run("tag", "list").stdout
    assert "kitdock usage file" in station.run("usage", "list").stdout
    assert "kitdock kit add" in station.run("expiry").stdout
    assert "No openings." in station.run("openings").stdout
    assert station.run("reconcile").stdout == "Everything agrees.\n"
    for command in (["kit", "list"], ["openings"], ["reconcile"], ["expiry"], ["usage", "list"], ["tag", "list"]):
        assert station.json(*command) == []
        assert station.run(*command, "--format", "csv").stdout == ""


def test_kit_goes_out_and_comes_back(station: Station) -> None:
    station.run("officer", "add", "1207", "--trained", str(day(-30)))
    add(station)
    assert station.json("kit", "list")[0]["officer"] is None
    issued = station.json("kit", "issue", "K1", "1207")
    assert (issued["kits"], issued["officer"], issued["warnings"]) == (["K1"], "1207", [])
    assert station.json("kit", "list")[0]["officer"] == "1207"
    assert station.json("officer", "list")[0]["kits"] == ["K1"]
    returned = station.json("kit", "return", "K1")
    assert (returned["returned_by"], returned["since"]) == (["officer 1207"], [issued["at"]])
    assert (returned["status"], returned["officer"], returned["place"]) == ("in_stock", None, "North")
    assert station.json("kit", "list")[0]["officer"] is None


def test_second_issue_is_refused_with_who_and_since_when(station: Station) -> None:
    for officer in ("1207", "1300"):
        station.run("officer", "add", officer, "--trained", str(day(-30)))
    add(station)
    since = written(datetime.fromisoformat(station.json("kit", "issue", "K1", "1207")["at"]))
    line = station.refused("kit", "issue", "K1", "1300", status=1)
    assert line == f"Kit K1 has been issued to officer 1207 since {since}. Take it back first: `kitdock kit return K1`."
    assert station.json("kit", "list")[0]["officer"] == "1207"


def test_unknown_things_are_refused(station: Station) -> None:
    station.run("officer", "add", "1207")
    add(station)
    assert "no kit K9" in station.refused("kit", "issue", "K9", "1207", status=2)
    assert "no officer 9" in station.refused("kit", "issue", "K1", "9", status=2)
    assert "no pouch P9" in station.refused("kit", "issue", "K1", "1207", "--pouch", "P9", status=2)
    assert "no kit K9" in station.refused("kit", "return", "K9", status=2)
    assert "in stock" in station.refused("kit", "return", "K1", status=1)
    assert "Lot B2 of Nyxoid is new." in station.refused(
        "kit", "add", "K2", "--product", "Nyxoid", "--lot", "B2", status=2
    )
    assert station.json("kit", "list")[0]["officer"] is None


def test_impossible_dates_are_refused(station: Station) -> None:
    lot = ["--product", "Nyxoid", "--lot", "A1", "--expires"]
    for text in ("2027-02-30", "2027-13-01", "soon", "27-01-01"):
        assert "as a date" in station.refused("kit", "add", "K1", *lot, text, status=2)
    assert "as a date" in station.refused("officer", "add", "1207", "--trained", "2026-02-29", status=2)
    add(station)
    assert "as a time" in station.refused("kit", "return", "K1", "--at", "2026-02-30T10:00", status=2)
    assert "future" in station.refused("kit", "return", "K1", "--at", "2190-01-01T10:00", status=2)


def test_lot_with_another_expiry_is_refused(station: Station) -> None:
    add(station)
    line = station.refused(
        "kit", "add", "K2", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(401)), status=1
    )
    assert f"expire on {written(day(400))}, not on {written(day(401))}" in line
    station.run("kit", "add", "K2", "--product", "Nyxoid", "--lot", "A1")
    assert [each["expires_on"] for each in station.json("kit", "list")] == [str(day(400))] * 2


def test_expired_kit_is_received_only_if_that_is_said_and_never_issued(station: Station) -> None:
    station.run("officer", "add", "1207", "--trained", str(day(-30)))
    old = ["kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(-1))]
    assert "add --accept-expired" in station.refused(*old, status=1)
    assert station.json("kit", "list") == []
    assert "Warning: Kit K1 expired on " in station.run(*old, "--accept-expired").stderr
    assert "so it can't be issued" in station.refused("kit", "issue", "K1", "1207", status=1)


def test_issue_warns_of_training_and_expiry_and_is_done(station: Station) -> None:
    station.run("officer", "add", "1207")
    add(station, expires=30)
    done = station.run("kit", "issue", "K1", "1207")
    assert done.stdout == "Issued kit K1 to officer 1207.\n"
    assert "Warning: Kit K1 expires on" in done.stderr
    assert "Warning: No training is recorded for officer 1207." in done.stderr


def test_movement_may_be_noted_afterwards_but_not_before_the_last(station: Station) -> None:
    station.run("officer", "add", "1207", "--trained", str(day(-30)))
    before = clock.iso(clock.now_ms() - 3 * DAY_MS, "Europe/London")[:16]
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(400)), "--at", before)
    station.run("kit", "issue", "K1", "1207")
    assert "after the time you gave" in station.refused("kit", "return", "K1", "--at", before, status=1)


def test_officer_is_added_once_and_refreshes_training(station: Station) -> None:
    station.run("officer", "add", "1207", "--trained", str(day(-400)))
    assert station.json("officer", "list")[0]["training"] == "lapsed"
    assert "already an officer 1207" in station.refused("officer", "add", "1207", status=1)
    station.run("officer", "add", "1207", "--trained", str(day(0)), "--update")
    assert station.json("officer", "list")[0]["training"] == "valid"
    assert "no officer 1300" in station.refused(
        "officer", "add", "1300", "--trained", str(day(0)), "--update", status=2
    )
    station.run("officer", "add", "1300", "--trained", str(day(1)), status=2)


def test_names_that_cannot_be_typed_are_refused(station: Station) -> None:
    for name in ("", "a b", "x" * 33, "a:b", "-\n", "K\x1b[1m"):
        assert "as a collar number" in station.refused("officer", "add", "--", name, status=2)
    assert "as a lot" in station.refused("kit", "add", "K1", "--product", "N", "--lot", " ", status=2)


def test_kits_are_listed_first_to_expire_first(station: Station) -> None:
    add(station, "K1", 400, "A1")
    add(station, "K2", 100, "A2")
    add(station, "K3", -5, "A3")
    assert [each["kit"] for each in station.json("kit", "list")] == ["K3", "K2", "K1"]
    assert "expired" in station.run("kit", "list").stdout
    assert [each["kit"] for each in station.json("expiry", "--within", "100")] == ["K3", "K2"]


def test_tables_fit_eighty_columns(force: Station) -> None:
    force.dock("0000000000000001", ("lid_open", 5), ("dose_mark", 4.9), ("lid_close", 4.8))
    for command in (["kit", "list"], ["officer", "list"], ["tag", "list"], ["openings"], ["reconcile"], ["expiry"]):
        text = force.run(*command).stdout
        assert max(map(len, text.splitlines())) <= 80, text


def test_csv_has_a_line_for_each_row(force: Station) -> None:
    lines = force.run("kit", "list", "--format", "csv").stdout.splitlines()
    assert lines[0] == (
        "kit,product,lot,expires_on,expired,doses,doses_left,status,officer,place,pouch,since,quarantine,recalled,to_count"
    )
    assert lines[1].startswith(f"K1,Nyxoid,A1,{day(400)},False,2,2,issued,1207,,P1,")
