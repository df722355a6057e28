"""Officers, places and settings at the command line: what is done, what is refused, what it looks like."""

from pathlib import Path

import pytest

from host import clock
from host.access.roles import OFFICER
from host.words import written
from tests.cli.conftest import Station, day
from tests.station import Store


def officer(station: Station, number: str = "4101") -> dict[str, object]:
    return {each["officer"]: each for each in station.json("officer", "list")}[number]


def test_officer_has_unit_station_and_role(station: Station) -> None:
    added = station.json(
        "officer", "add", "4101", "--trained", str(day(-30)), "--unit", "Roads", "--station", "North", "--role", "PCSO"
    )
    assert (added["unit"], added["station"], added["role"], added["training"]) == ("Roads", "North", "PCSO", "valid")
    changed = station.json("officer", "change", "4101", "--unit", "Custody")
    assert (changed["unit"], changed["station"], changed["role"]) == ("Custody", "North", "PCSO")
    assert officer(station)["unit"] == "Custody"
    assert "no officer 9" in station.refused("officer", "change", "9", "--unit", "Roads", status=2)
    assert "no place called South" in station.refused("officer", "change", "4101", "--station", "South", status=2)
    station.run("place", "add", "Car 7", "--kind", "vehicle")
    assert "isn't a station" in station.refused("officer", "add", "4102", "--station", "Car 7", status=2)
    assert "what has changed" in station.run("officer", "change", "4101", status=2).stderr


def test_last_training_counts_and_an_earlier_one_is_a_correction(station: Station) -> None:
    station.run("officer", "add", "4101", "--trained", str(day(-30)))
    station.run("officer", "change", "4101", "--trained", str(day(-2)))
    line = station.refused("officer", "change", "4101", "--trained", str(day(-10)), status=1)
    assert line == (
        f"Officer 4101 was trained on {written(day(-2))}, which is later than {written(day(-10))}, and the latest "
        "training counts. If the later date is wrong, add --correct."
    )
    assert officer(station)["trained_on"] == str(day(-2))
    station.run("officer", "change", "4101", "--trained", str(day(-10)), "--correct")
    assert officer(station)["trained_on"] == str(day(-10))
    assert "in the future" in station.refused("officer", "change", "4101", "--trained", str(day(1)), status=2)
    assert "--trained" in station.run("officer", "change", "4101", "--unit", "R", "--correct", status=2).stderr


def test_a_leaver_is_told_what_is_still_out_and_gets_nothing_more(force: Station) -> None:
    done = force.run("officer", "leave", "1207", "--on", str(day(-1)))
    assert done.stdout.splitlines() == [
        f"Officer 1207 left on {written(day(-1))}. 1 kit still out:",
        "  Kit K1 is in pouch P1. Take it back with `kitdock kit return K1`.",
    ]
    assert f"{written(day(-1))}, 1 kit out" in " ".join(force.run("officer", "list").stdout.split())
    force.run("kit", "return", "K1")
    force.run("kit", "add", "K2", "--product", "Nyxoid", "--lot", "A1")
    assert "left on" in force.refused("kit", "issue", "K2", "1207", status=1)
    assert force.json("officer", "leave", "1207")["kits"] == []
    assert force.run("officer", "leave", "1207", "--back").stdout.startswith("Officer 1207 is back.")
    assert officer(force, "1207")["left_on"] is None
    assert "hasn't left" in force.refused("officer", "leave", "1207", "--back", status=1)
    assert "not both" in force.run("officer", "leave", "1207", "--back", "--on", str(day(0)), status=2).stderr


def test_officers_are_found_by_unit_and_training(station: Station) -> None:
    for number, trained, unit in (("1", -30, "A"), ("2", -400, "A"), ("3", None, "B")):
        station.run(
            "officer", "add", number, "--unit", unit, *(["--trained", str(day(trained))] if trained is not None else [])
        )

    def found(*options: str) -> list[str]:
        return [each["officer"] for each in station.json("officer", "list", *options)]

    assert found() == ["1", "2", "3"]
    assert found("--unit", "A") == ["1", "2"]
    assert [found("--training", each) for each in ("valid", "lapsed", "unknown")] == [["1"], ["2"], ["3"]]
    assert found("--unit", "B", "--training", "valid") == []
    assert "unit 'C'" in station.refused("officer", "list", "--unit", "C", status=2)
    nobody = station.run("officer", "list", "--unit", "B", "--training", "valid").stdout
    assert nobody == "No officers match. To see them all: `kitdock officer list`.\n"


def imported(station: Station, tmp_path: Path, content: str | bytes, *options: str) -> tuple[str, ...]:
    path = tmp_path / "officers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return "officer", "import", str(path), *options


def test_officers_come_in_from_a_file_and_again_from_the_next(station: Station, tmp_path: Path) -> None:
    first = f"Officer;Trained;Unit;Station;Role\n4101;{day(-30)};Roads;North;constable\n4102;;;;\n"
    dry = station.json(*imported(station, tmp_path, first, "--dry-run"))
    assert (dry["added"], dry["changed"], dry["dry_run"]) == (["4101", "4102"], [], True)
    assert station.json("officer", "list") == []
    station.run(*imported(station, tmp_path, first))
    assert (officer(station)["role"], officer(station, "4102")["training"]) == ("constable", "unknown")
    again = f"officer,unit,trained\n4101,,{day(-5)}\n4102,,\n4103,Custody,\n"
    done = station.json(*imported(station, tmp_path, again))
    assert (done["added"], done["changed"], done["same"]) == (["4103"], ["4101"], ["4102"])
    assert (officer(station)["unit"], officer(station)["trained_on"]) == ("Roads", str(day(-5)))
    entries = station.json("audit", "list", "--action", "officer")
    assert [(each["action"], each["subject"]) for each in entries] == [
        ("officer.add", "4101"),
        ("officer.add", "4102"),
        ("officer.add", "4103"),
        ("officer.change", "4101"),
    ]
    assert entries[-1]["detail"] == {"imported": True, "trained_on": f"{day(-30)} -> {day(-5)}"}


def test_each_bad_line_of_a_file_is_listed_and_nothing_is_written(station: Station, tmp_path: Path) -> None:
    station.run("officer", "add", "4101", "--trained", str(day(-30)))
    content = (
        "officer,trained,station\n"
        f"4101,{day(-60)},\n"
        "41 02,,\n"
        "4103,soon,\n"
        "4104,,Nowhere\n"
        "4105,,\n"
        "4105,,\n"
        f"4106,{day(2)},\n"
        ",,North\n"
        "4107,2026-02-30,\n"
    )
    for options in ((), ("--dry-run",)):
        done = station.run(*imported(station, tmp_path, content, *options), status=2)
        lines = done.stderr.splitlines()
        assert [line.split(":")[1] for line in lines[:-1]] == [
            f" Line {number}" for number in (2, 3, 4, 5, 7, 8, 9, 10)
        ]
        for line, what in zip(
            lines,
            ("the latest training counts", "as a collar number", "as a date", "no station Nowhere", "also on line 6",
             "in the future", "Fill in officer", "no such day as", "8 lines are wrong, so nothing was imported"),
            strict=True,
        ):  # fmt: skip
            assert what in line
        assert [each["officer"] for each in station.json("officer", "list")] == ["4101"]


def test_dates_that_can_be_read_two_ways_are_asked_about_once(station: Station, tmp_path: Path) -> None:
    content = "officer,trained\n" + "".join(f"41{number:02},0{number}/04/2026\n" for number in range(1, 9))
    refused = station.run(*imported(station, tmp_path, content), status=2).stderr
    assert refused.count("can be read two ways") == 1 and len(refused.splitlines()) == 1
    assert "01/04/2026 can be 1 Apr 2026 or 4 Jan 2026" in refused
    assert station.json("officer", "list") == []
    station.run(*imported(station, tmp_path, content, "--dates", "mdy"))
    assert officer(station, "4101")["trained_on"] == "2026-01-04"


def test_a_day_is_typed_as_people_write_it_and_shown_back(station: Station) -> None:
    done = station.run("officer", "add", "4101", "--trained", "yesterday")
    assert done.stderr == f"yesterday is understood as {written(day(-1))}.\n"
    assert officer(station)["trained_on"] == str(day(-1))
    station.run("setting", "set", "date_order", "month-day")
    shown = station.run("officer", "change", "4101", "--trained", "4/3/2026", "--correct").stderr
    assert shown == "4/3/2026 is understood as 3 Apr 2026.\n"
    assert "day-month or month-day" in station.refused("setting", "set", "date_order", "year first", status=2)
    wrong = station.refused("officer", "change", "4101", "--trained", "31/11/2026", status=2)
    assert wrong.startswith("I can't read '31/11/2026' as a date.")


def test_dates_of_another_style_are_read_if_it_is_named(station: Station, tmp_path: Path) -> None:
    shown = day(-40).strftime("%d/%m/%Y")
    station.run(*imported(station, tmp_path, f"officer,trained,left\n4101,{shown},{shown}\n", "--dates", "dmy"))
    assert (officer(station)["trained_on"], officer(station)["left_on"]) == (str(day(-40)), str(day(-40)))


@pytest.mark.parametrize(("content", "what"), [
    (b"", "The file is empty"),
    (b"number,trained\n1,\n", "doesn't know the column 'number'"),
    (b"PK\x03\x04rest", "Excel workbook"),
    (b"officer,unit\n1,Roads\n2,caf\xe9\n3,caf\xc3\xa9\n", "encoded differently"),
])  # fmt: skip
def test_a_file_that_is_none_is_refused(station: Station, tmp_path: Path, content: bytes, what: str) -> None:
    assert what in station.run(*imported(station, tmp_path, content), status=2).stderr
    assert station.json("officer", "list") == []


def test_places_are_listed_with_their_kits(station: Station) -> None:
    assert station.json("place", "list") == [{"place": "North", "kind": "station", "unit": None, "kits": 0}]
    station.run("place", "add", "Car 7", "--kind", "vehicle", "--unit", "Roads")
    station.run("place", "add", "South", "--kind", "station")
    for kit in ("K1", "K2"):
        station.run("kit", "add", kit, "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(400)))
    station.store(lambda store: store.issue_kit("K1", None, None, clock.now_ms(), "Car 7"))
    assert [(each["place"], each["kits"]) for each in station.json("place", "list")] == [
        ("North", 1),
        ("South", 0),
        ("Car 7", 1),
    ]
    assert "already a place called South" in station.refused("place", "add", "South", "--kind", "cabinet", status=1)
    assert (
        "--kind takes station, vehicle, custody or cabinet, not 'shed'."
        in station.run("place", "add", "Shed", "--kind", "shed", status=2).stderr
    )


def test_a_setting_that_another_program_spoilt_is_told_and_can_be_set(station: Station) -> None:
    with Store.open(station.db) as store:
        store.connection.execute("INSERT INTO setting VALUES ('carry_days', '-5'), ('of_another_kitdock', 'x')")
    for command in (["setting", "list"], ["expiry"], ["reconcile"]):
        told = station.refused(*command, status=3)
        assert "Setting carry_days must be a whole number from 1 to 3650, not '-5'." in told
        assert "`kitdock setting set SETTING VALUE`" in told
    assert station.json("setting", "set", "carry_days", "30") == {
        "setting": "carry_days", "value": 30, "before": "-5"
    }  # fmt: skip
    assert station.json("setting", "set", "carry_days", "31")["before"] == 30
    assert {each["setting"]: each["value"] for each in station.json("setting", "list")}["carry_days"] == 31


def test_settings_are_listed_with_their_defaults_and_changed(station: Station) -> None:
    listed = {each["setting"]: each for each in station.json("setting", "list")}
    assert (listed["carry_days"]["value"], listed["carry_days"]["default"]) == (90, 90)
    assert all(each["meaning"].endswith(".") for each in listed.values())
    assert station.run("setting", "set", "carry_days", "30").stdout == "Changed carry_days from 90 to 30.\n"
    assert {each["setting"]: each["value"] for each in station.json("setting", "list")}["carry_days"] == 30
    assert "from 1 to 3650" in station.refused("setting", "set", "carry_days", "0", status=2)
    assert "There's no setting called colour." in station.refused("setting", "set", "colour", "red", status=2)
    station.run("setting", "set", "carry_roles", "constable, PCSO")
    station.run("officer", "add", "4101", "--trained", str(day(-3)), "--role", "clerk")
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A1", "--expires", str(day(400)))
    assert "carry_roles" in station.refused("kit", "issue", "K1", "4101", status=1)
    assert (
        station.run("setting", "set", "carry_roles", "").stdout == "Changed carry_roles from constable, PCSO to none.\n"
    )


def test_people_and_thresholds_are_not_for_officers(station: Station, tmp_path: Path) -> None:
    station.run("officer", "add", "4101")
    station.store(lambda store: store.grant("constable", OFFICER, "4101", clock.now_ms()))
    for command in (
        ("officer", "list"),
        ("officer", "change", "4101", "--unit", "Roads"),
        ("officer", "leave", "4101"),
        imported(station, tmp_path, "officer\n4102\n"),
        ("place", "list"),
        ("place", "add", "Car 7", "--kind", "vehicle"),
        ("setting", "set", "carry_days", "1"),
    ):
        assert "Account constable can't do this" in station.refused(*command, status=1, login="constable")
    assert len(station.json("audit", "list", "--refused", "--login", "constable")) == 7
    assert station.json("setting", "list", login="constable")


def test_lists_fit_eighty_columns(force: Station) -> None:
    force.run("officer", "change", "1207", "--unit", "Roads Policing", "--role", "constable", "--station", "North")
    force.run("officer", "leave", "1207", "--on", str(day(-1)))
    force.run("place", "add", "Car 7", "--kind", "vehicle")
    for command in (
        ["officer", "list"],
        ["place", "list"],
        ["setting", "list"],
        ["account", "list"],
        ["audit", "list"],
    ):
        text = force.run(*command).stdout
        assert max(map(len, text.splitlines())) <= 80, text


def test_the_command_for_an_unknown_place_can_be_typed_as_it_is_told(station: Station) -> None:
    station.run("kit", "add", "K1", "--product", "N", "--lot", "A", "--expires", "2090-01-01")
    told = station.refused("kit", "issue", "K1", "--place", "Car 12", status=2)
    assert "`kitdock place add 'Car 12' --kind KIND`" in told


def test_at_a_terminal_somebody_says_once_which_comes_first(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "officer,trained\n4101,01/04/2026\n4102,02/04/2026\n"
    monkeypatch.setattr("host.cli.options.has_terminal", lambda: True)
    for answer, trained_on in (("no", "2026-01-04"), ("yes", "2026-04-01")):
        done = station.run(*imported(station, tmp_path, content), input=f"?\n{answer}\n")
        assert done.stderr.count("can be read two ways") == 1
        assert "Type yes if 01/04/2026 is 1 Apr 2026. Type no if it is 4 Jan 2026." in done.stderr
        assert officer(station, "4101")["trained_on"] == trained_on
    left = station.run(*imported(station, tmp_path, content), input="later\n", status=1)
    assert "Nothing was recorded." in left.stderr
