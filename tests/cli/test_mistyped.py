"""What somebody types wrong: it is refused in our own words, with what was nearly meant."""

import re
from collections.abc import Iterator

import click
import pytest

from host import clock
from host.access.roles import OFFICER
from host.cli.groups import Command
from host.cli.root import root
from tests.cli.conftest import Station, day
from tests.station import Store

CLICKS_WORDS = re.compile(
    r"No such|Usage:|Try '|Missing (option|argument|parameter|command)|Invalid value|Got unexpected|Error:|"
    r"is not one of|is not in the range|requires an argument|does not take a value|Aborted|Choose from|<=|>="
)


@pytest.fixture
def named(station: Station) -> Station:
    """North with the place Car1, officer 1207 of unit Traffic, and kit K1 of lot A100."""
    station.run("officer", "add", "1207", "--unit", "Traffic", "--trained", day(-30).isoformat())
    station.run("place", "add", "Car1", "--kind", "vehicle")
    expires = day(400).isoformat()
    station.run("kit", "add", "K1", "--product", "Nyxoid", "--lot", "A100", "--expires", expires, "--doses", "2")
    station.tag("P-01")
    return station


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("recieve", "There is no command 'recieve'. Did you mean `kitdock stock receive`?"),
        ("exipry", "There is no command 'exipry'. Did you mean `kitdock expiry`?"),
        ("kit lst", "There is no command 'lst'. Did you mean `kitdock kit list`?"),
        ("frobnicate", "There is no command 'frobnicate'. `kitdock --help` lists them."),
        (
            "expiry forcast",
            "I don't know what to do with 'forcast'. Did you mean `kitdock expiry forecast`?",
        ),
        ("kit list --plcae x", "`kitdock kit list` has no option --plcae. Did you mean --place?"),
        ("kit list --xyzzy", "`kitdock kit list` has no option --xyzzy. `kitdock kit list --help` lists them."),
        ("kit list -x", "`kitdock kit list` has no option -x. `kitdock kit list --help` lists them."),
        ("kit list --to-count=3", "--to-count stands alone: leave out what follows the =."),
        ("kit list --place", "--place needs a value after it. `kitdock kit list --help` shows what to type."),
        ("kit list K1 K2", "I don't know what to do with 'K1' and 'K2'. `kitdock kit list --help` shows what to type."),
        ("kit list --status isued", "--status doesn't take 'isued'. Did you mean issued?"),
        ("report holdings --by moon", "--by takes officer or station, not 'moon'."),
        ("account grant bob oficer", "ROLE doesn't take 'oficer'. Did you mean officer?"),
        ("kit use", "`kitdock kit use` needs KIT too. `kitdock kit use --help` shows what to type."),
        ("kit use K1", "`kitdock kit use` needs --doses NUMBER too. `kitdock kit use --help` shows what to type."),
        ("kit use K1 --doses 0", "--doses takes a whole number from 1 to 99, not '0'."),
        ("kit use K1 --doses two", "--doses takes a whole number from 1 to 99, not 'two'."),
        ("kit use K1 --doses 1 --report 0", "--report takes a whole number of 1 or more, not '0'."),
        ("product storage Nyxoid --from x", "--from takes a whole number, not 'x'."),
        ("dock --wait 0", "--wait takes a number from 0.1 to 3600, not '0'."),
        ("dock --wait nan", "--wait takes a number from 0.1 to 3600, not 'nan'."),
        ("--db", "--db needs a value after it. `kitdock --help` shows what to type."),
        ("--frob kit list", "`kitdock` has no option --frob. `kitdock --help` lists them."),
    ],
)
def test_what_is_mistyped_is_said_in_our_words(station: Station, typed: str, said: str) -> None:
    assert station.refused(*typed.split(), status=2) == said


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("kit list --place Nroth", "North"),
        ("kit list --officer 1270", "1207"),
        ("kit list --lot A10", "A100"),
        ("kit next --product nixoid", "Nyxoid"),
        ("kit next --station Norht", "North"),
        ("kit issue --next 1207 --product Nyxod", "Nyxoid"),
        ("officer list --unit Trafic", "Traffic"),
        ("officer list --training valdi", "valid"),
        ("expiry --station Norht", "North"),
        ("expiry --holder Car2", "Car1"),
        ("expiry forecast --product Nixoid", "Nyxoid"),
        ("reconcile --officer 1270", "1207"),
        ("reconcile --station Norht", "North"),
        ("reconcile --severity hgh", "high"),
        ("openings P-02", "P-01"),
        ("tag log P-02", "P-01"),
        ("audit list --action kit.isue", "kit.issue"),
        ("stock labels --lot A10 --output labels.pdf", "A100"),
        ("recall show A10", "A100"),
        ("kit issue K1 1270", "1207"),
        ("kit history k1", "K1"),
        ("stocktake start Cra1", "Car1"),
        ("setting set carry_day 3", "carry_days"),
        ("usage file --officer 1207 --form england_wale", "england_wales"),
    ],
)
def test_name_that_nobody_knows_is_refused_with_the_near_one(named: Station, typed: str, near: str) -> None:
    said = named.refused(*typed.split(), status=2)
    assert re.search(rf"Did you mean ([^?]+(, | or ))?{re.escape(near)}( or |, |\?)", said), said


@pytest.mark.parametrize(
    "typed",
    ["kit list --place Moon", "kit list --lot Z", "officer list --unit Zoo", "audit list --login nemo", "openings Q"],
)
def test_name_with_nothing_near_is_refused_all_the_more(named: Station, typed: str) -> None:
    assert "Did you mean" not in named.refused(*typed.split(), status=2)


def test_known_names_narrow_as_ever(named: Station) -> None:
    assert [each["kit"] for each in named.json("kit", "list", "--place", "North", "--lot", "A100")] == ["K1"]
    assert named.json("kit", "list", "--officer", "1207") == []
    assert [each["officer"] for each in named.json("officer", "list", "--unit", "Traffic")] == ["1207"]
    assert named.json("reconcile", "--officer", "1207") == []
    login = named.store(lambda store: store.login)
    assert named.json("audit", "list", "--login", login, "--action", "kit")


def test_account_that_may_not_see_the_stock_is_told_no_names(named: Station) -> None:
    with Store.open(named.db) as store:
        store.grant("1207", OFFICER, "1207", clock.now_ms())
    assert named.json("kit", "list", "--place", "Nroth", login="1207") == []
    said = named.run("kit", "history", "k1", status=1, login="1207").stderr
    assert "K1" not in said.replace("k1", "")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, by what is typed for it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert isinstance(command, Command)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_no_command_lets_clicks_own_words_through(station: Station) -> None:
    for path, command in commands(root):
        if path == ("demo",):
            continue
        ways = [["--no-such-option"], ["--format", "moon"]]
        if not isinstance(command, click.Group):
            ways += [["--db"], [*["1"] * 9, "extra"]]
            ways += [[each.opts[-1], "no number"] for each in command.params if isinstance(each.type, click.IntRange)]
            ways += [[]] if any(each.required and each.name != "db" for each in command.params) else []
        for way in ways:
            if isinstance(command, click.Group) and way[0] == "--format":
                continue
            result = station.run_any(*path, *way)
            assert result.exit_code in (1, 2, 4), (path, way, result.output)
            assert not CLICKS_WORDS.search(result.stderr), (path, way, result.stderr)


def test_database_may_stand_before_or_after_the_command(station: Station) -> None:
    db, other = str(station.db), str(station.db.with_name("other.db"))
    station.run("--db", other, "init", "--name", "South", "--time-zone", "Europe/London")

    def home(*typed: str) -> str:
        places = station.json(*typed)
        assert isinstance(places, list)
        return str(places[0]["place"])

    assert home("place", "list") == "North", "as KITDOCK_DB says"
    assert home("--db", other, "place", "list") == "South"
    assert home(f"--db={other}", "place", "list") == "South"
    assert home("place", "--db", other, "list") == "South"
    assert home("place", "list", "--db", other) == "South"
    assert home("--db", db, "place", "list", "--db", other) == "South", "the latter wins"
    assert home("--db", other, "place", "list", "--db", db) == "North"
    assert station.json("expiry", "--db", other, "forecast") == []
    assert station.json("--db", other, "reconcile") == []


def test_database_before_the_command_is_what_a_missing_one_asks_for(station: Station) -> None:
    said = station.refused("--db", str(station.db.with_name("none.db")), "kit", "list", status=3)
    assert "none.db" in said
