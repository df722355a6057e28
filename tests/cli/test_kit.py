"""Every kind of movement at the command line: what is done, what is refused, what it looks like."""

import json
from datetime import datetime

import pytest

from host import clock
from host.words import written
from tests.cli.conftest import DAY_MS, Station, day, noon
from tests.station import Store


@pytest.fixture
def shelf(station: Station) -> Station:
    """Officers 1207 and 1300, stations North and South, vehicle CAR-7, pouch P1; kits K1, K2 and K3, first to expire.

    All was there ten days ago.
    """
    then = noon(-10)
    station.tag("P1")
    with Store.open(station.db) as store:
        for officer in ("1207", "1300"):
            store.add_officer(officer, day(-60), then)
        store.add_place("South", "station", None, then)
        store.add_place("CAR-7", "vehicle", None, then)
        store.add_kit("K1", "Nyxoid", "A1", day(400), None, then)
        store.add_kit("K2", "Nyxoid", "A1", None, None, then)
        store.add_kit("K3", "Nyxoid", "A0", day(200), None, then)
    return station


def told(station: Station, *arguments: str) -> str:
    return station.run("kit", *arguments).stdout.rstrip("\n")


def status(station: Station, kit: str) -> str:
    return str(next(each["status"] for each in station.json("kit", "list") if each["kit"] == kit))


def ago(days: int) -> str:
    return clock.iso(clock.now_ms() - days * DAY_MS, "Europe/London")[:16]


def test_life_of_a_kit_is_told_line_by_line(shelf: Station) -> None:
    assert told(shelf, "transfer", "K1", "K2", "South") == "Transferred 2 kits (K1, K2) to South."
    assert told(shelf, "load", "K1", "P1") == "Put kit K1 into pouch P1."
    assert told(shelf, "unload", "K1") == "Took kit K1 out of its pouch."
    assert told(shelf, "quarantine", "K1", "K2", "--reason", "shelf at 43 °C") == "Put 2 kits (K1, K2) into quarantine."
    assert (
        told(shelf, "release", "K1", "K2", "--reason", "maker says so") == "Released 2 kits (K1, K2) from quarantine."
    )
    assert told(shelf, "issue", "K1", "1207", "--pouch", "P1") == "Issued kit K1 to officer 1207 in pouch P1."
    assert told(shelf, "use", "K1", "--doses", "1") == "Recorded 1 dose used from kit K1. It has 1 dose left."
    assert told(shelf, "use", "K1", "--doses", "1") == "Recorded 1 dose used from kit K1. It is used up."
    assert told(shelf, "destroy", "K1", "--reason", "empty", "--document", "W1") == "Recorded kit K1 as destroyed."
    assert told(shelf, "issue", "K2", "--place", "CAR-7") == "Issued kit K2 to CAR-7."
    assert told(shelf, "leave-behind", "K2") == "Recorded kit K2 as left behind."
    assert told(shelf, "return", "K2", "--doses", "2").startswith("Kit K2 is back. It had been with CAR-7 since ")
    assert told(shelf, "lose", "K2", "--reason", "not on the shelf") == "Recorded kit K2 as lost."
    assert told(shelf, "find", "K2", "--station", "South") == "Recorded kit K2 as found. It is in stock at South."
    assert told(shelf, "count", "K2", "--doses", "2") == "Counted 2 doses in kit K2, as the ledger has it."
    assert told(shelf, "count", "K2", "--doses", "1") == "Counted 1 dose in kit K2, 1 fewer than in the ledger."
    assert told(shelf, "correct", "K2", "--reason", "wrong box").startswith("Reversed movement ")
    assert status(shelf, "K2") == "in_stock"


def test_what_programs_get_of_a_movement(shelf: Station) -> None:
    moved = shelf.json("kit", "transfer", "K1", "K2", "K1", "South", "--document", "T-9")
    assert moved.pop("at")[:10] == str(day(0))
    assert moved == {
        "kits": ["K1", "K2"],
        "movements": [4, 5],
        "status": "in_stock",
        "officer": None,
        "place": "South",
        "pouch": None,
        "doses_left": 2,
        "to_count": [],
        "warnings": [],
    }


def test_all_or_none_are_moved(shelf: Station) -> None:
    shelf.run("kit", "issue", "K2", "1207")
    destroy = ["kit", "destroy", "K1", "K2", "--reason", "old", "--document", "W1"]
    line = shelf.refused(*destroy, status=1)
    assert line == "Kit K2 is issued, so it can't be destroyed. Do this first: `kitdock kit return K2`."
    assert status(shelf, "K1") == "in_stock"


def test_number_too_like_another_is_not_given(shelf: Station) -> None:
    box = ("--product", "Nyxoid", "--lot", "A1")
    why = "Number k1 is too much like kit K1. Give the new box another number."
    assert shelf.refused("kit", "add", "k1", *box, status=1) == why
    assert "Type K1 instead." in shelf.refused("kit", "add", "\uff2b1", *box, status=2)
    assert len(shelf.refused("kit", "add", "K" * 5000, *box, status=2)) < 150
    assert {each["kit"] for each in shelf.json("kit", "list")} == {"K1", "K2", "K3"}


def test_product_in_other_capitals_is_the_one_that_is_known(shelf: Station) -> None:
    box = ("kit", "add", "K9", "--lot", "A9", "--expires", "2030-01-31", "--product")
    why = "Product NYXOID is already known as Nyxoid. Use that name: --product 'Nyxoid'."
    assert shelf.refused(*box, "NYXOID", status=1) == why
    shelf.run("product", "add", "Narcan")
    assert "is already known as Narcan" in shelf.refused(*box, "narcan", status=1)
    shelf.run(*box, "Narcan")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (["kit", "history", "K\udcff"], "isn't UTF-8 text"),
        (["kit", "issue", "K1", "K\udcff"], "isn't UTF-8 text"),
        (["kit", "use", "K1", "--doses", "1", "--report", "9" * 20], f"Number {'9' * 20} is too large. Check"),
        (["stocktake", "result", "9" * 20], f"Number {'9' * 20} is too large. Check"),
    ],
)
def test_what_no_database_can_hold_is_refused(shelf: Station, command: list[str], why: str) -> None:
    assert why in shelf.refused(*command, status=2)


def test_destruction_needs_a_reason_and_a_document(shelf: Station) -> None:
    assert "--document" in shelf.run("kit", "destroy", "K1", "--reason", "old", status=2).stderr
    assert "--reason" in shelf.run("kit", "destroy", "K1", "--document", "W1", status=2).stderr


def test_first_to_expire_is_shown_issued_and_missed(shelf: Station) -> None:
    assert [each["kit"] for each in shelf.json("kit", "next")] == ["K3", "K1", "K2"]
    done = shelf.run("kit", "issue", "K1", "1300")
    assert f"Warning: Kit K3 expires first, on {written(day(200))}. Issue that one instead if you can." in done.stderr
    assert told(shelf, "issue", "--next", "1207") == "Issued kit K3 to officer 1207."
    assert "No kit at South can be issued." in told(shelf, "next", "--station", "South")
    line = shelf.refused("kit", "issue", "--next", "1207", "--station", "South", status=1)
    assert line.startswith("No kit at South can be issued. See `kitdock kit list --place South`")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "Say who gets it"),
        (["1207"], "use --next"),
        (["--next", "K1", "1207"], "Leave out K1"),
        (["--place", "CAR-7"], "use --next"),
        (["K1", "1207", "--product", "Nyxoid"], "together with --next"),
    ],
)
def test_issue_says_what_is_missing(shelf: Station, arguments: list[str], why: str) -> None:
    assert why in shelf.run("kit", "issue", *arguments, status=2).stderr
    assert {each["status"] for each in shelf.json("kit", "list")} == {"in_stock"}


def test_return_counts_the_doses_of_each_kit_and_says_what_is_missing(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "K2", "K3", "1207")
    done = shelf.run("kit", "return", "K1", "--doses", "0")
    assert "Warning: Kit K1 has 2 doses unaccounted for. Is a usage report due?" in done.stderr
    assert "It came with 2 doses, so it can't hold 3." in shelf.refused(
        "kit", "return", "K3", "K2", "--doses", "3", status=1
    )
    done = shelf.run("kit", "return", "K2", "K3", "--doses", "1")
    assert [line for line in done.stderr.splitlines() if "unaccounted" in line] == [
        f"kitdock: Warning: Kit {kit} has 1 dose unaccounted for. Is a usage report due?" for kit in ("K2", "K3")
    ]
    assert {each["kit"]: each["doses_left"] for each in shelf.json("kit", "list")} == {"K1": 0, "K2": 1, "K3": 1}


def test_replacement_in_one_step(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207", "--pouch", "P1")
    assert told(shelf, "replace", "1207").splitlines() == [
        "Took kit K1 back from officer 1207.",
        "Issued kit K3 to officer 1207 in pouch P1.",
    ]
    assert told(shelf, "replace", "P1", "K2", "--used", "1").splitlines() == [
        "Recorded 1 dose used from kit K3.",
        "Took kit K3 back from officer 1207 with 1 dose in it.",
        "Issued kit K2 to officer 1207 in pouch P1.",
    ]
    line = shelf.refused("kit", "replace", "K2", "K1", "--lost", status=1)
    assert "Kit K1 must be counted first: it left pouch P1 on " in line
    assert "and the pouch hasn't been in the dock since. Count it with `kitdock kit count K1 --doses DOSES`" in line
    shelf.run("kit", "count", "K1", "--doses", "2")
    assert told(shelf, "replace", "K2", "K1", "--lost").splitlines() == [
        "Recorded kit K2 of officer 1207 as lost.",
        "Issued kit K1 to officer 1207 in pouch P1.",
    ]
    assert "No kit of Nyxoid at North can be issued." in shelf.refused("kit", "replace", "1207", status=1)
    assert (
        "Choose one of --used, --lost, --left-behind and --doses."
        in shelf.run("kit", "replace", "1207", "--lost", "--used", "1", status=2).stderr
    )
    assert "together with --used" in shelf.run("kit", "replace", "1207", "--report", "1", status=2).stderr


def test_correction_says_what_it_reversed_and_leaves_it_in_the_history(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207", "--at", ago(5))
    line = shelf.refused("kit", "correct", "K1", "--reason", "typo", "--movement", "1", status=1)
    assert "Only its last movement can be corrected: number 4 (issued)." in line
    at = written(datetime.fromisoformat(ago(5)))
    assert told(shelf, "correct", "K1", "--reason", "typo") == f"Reversed movement 4 of kit K1 (issue, {at})."
    rows = shelf.json("kit", "history", "K1")
    assert [(row["kind"], row["status"], row["reversed_by"]) for row in rows] == [
        ("receive", "in_stock", None),
        ("issue", "issued", 5),
        ("correct", "in_stock", None),
    ]
    line = shelf.refused("kit", "correct", "K1", "--reason", "typo", status=1)
    assert "already reverses movement 4. To reverse movement 1 as well, name it with --movement." in line
    assert len(shelf.json("kit", "history", "K1")) == 3, "typed twice it reverses once"
    gone = told(shelf, "correct", "K1", "--reason", "never came", "--movement", "1")
    assert gone.endswith(" The kit is no longer in the ledger.")
    assert [each["kit"] for each in shelf.json("kit", "list")] == ["K3", "K2"]
    line = shelf.refused("kit", "issue", "K1", "1207", status=1)
    assert line.endswith("Its receipt was corrected. If the box is here, receive it again: `kitdock kit add K1`.")


def test_history_tells_who_when_why_and_what_the_pouch_logged(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207", "--pouch", "P1", "--at", ago(5), "--document", "ISS-4")
    shelf.dock("0000000000000001", ("lid_open", 5), ("lid_close", 4.8))
    shelf.run("kit", "return", "K1", "--doses", "1", "--reason", "end of tour")
    rows = shelf.json("kit", "history", "K1")
    assert [row["kind"] for row in rows] == ["receive", "issue", "opening", "return"]
    assert (rows[1]["document"], rows[1]["recorded_at"][:10], rows[1]["officer"]) == ("ISS-4", str(day(0)), "1207")
    assert (rows[2]["pouch"], rows[2]["reports"], rows[2]["movement"]) == ("P1", [], None)
    assert (rows[3]["reason"], rows[3]["doses_unaccounted"], rows[3]["recorded_at"]) == ("end of tour", 1, None)
    assert rows[3]["recorded_by"]
    text = told(shelf, "history", "K1")
    for words in (
        "pouch opened",
        "P1: unexplained",
        f"document: ISS-4; recorded {written(day(0))}",
        "1 counted; 1 unaccounted for; end of",
    ):
        assert words in text
    assert "Nyxoid lot A1 expires on " in text.splitlines()[-1]
    assert "There's no kit K9." in shelf.refused("kit", "history", "K9", status=2)


def issued_and_opened(shelf: Station) -> Station:
    """1207 has had K1 in P1 for five days; the pouch was opened two days ago, and docked a day ago."""
    shelf.run("kit", "issue", "K1", "1207", "--pouch", "P1", "--at", ago(5))
    shelf.dock("0000000000000001", ("lid_open", 24), ("lid_close", 23.9), days_ago=1)
    return shelf


def test_movement_of_the_past_that_gives_an_opening_to_another_is_asked_about(
    shelf: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued_and_opened(shelf)
    back = ("kit", "return", "K1", "--doses", "2", "--at", ago(3))
    why, which, instead = shelf.run(*back, status=2).stderr.splitlines()
    assert why == "kitdock: That time changes who had the pouch when it was opened:"
    assert which.startswith("kitdock:   Opening P1:1 (")
    assert which.endswith(") moves from 1207 to nobody.")
    assert instead == "kitdock: Nothing was recorded. If that's right, add --yes. If not, check the time."
    assert status(shelf, "K1") == "issued"
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
    done = shelf.run(*back, input="\n", status=2)
    assert "Record it? (yes/no) [no]" in done.stderr
    assert "Nothing was recorded. Check the time given with --at." in done.stderr
    assert status(shelf, "K1") == "issued"
    done = shelf.run(*back, input="y\n")
    assert done.stdout.startswith("Kit K1 is back. It had been with officer 1207 since ")
    assert status(shelf, "K1") == "in_stock"
    assert shelf.json("openings")[0]["officers"] == []


def test_after_a_wrong_issue_was_reversed_the_right_officer_has_had_it_since_then(
    shelf: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1207 was typed for 1300, and the pouch was opened before anybody noticed."""
    issued_and_opened(shelf)
    shelf.run("kit", "correct", "K1", "--reason", "1207 typed for 1300")
    assert shelf.json("openings")[0]["officers"] == []
    line = shelf.refused("kit", "issue", "K1", "1300", "--pouch", "P1", status=1)
    assert "Kit K1 must be counted first: pouch P1 was opened on " in line
    assert line.endswith(" if this holder has had it since then.")
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
    done = shelf.run("kit", "issue", "K1", "1300", "--pouch", "P1", input="\n")
    assert "The issue of kit K1 to officer 1207 on " in done.stderr
    assert "Has officer 1300 had it since then? (yes/no) [yes]" in done.stderr
    assert shelf.json("openings")[0]["officers"] == ["1300"]


def test_yes_records_what_gives_openings_to_others_and_says_which(shelf: Station) -> None:
    issued_and_opened(shelf)
    done = shelf.run("kit", "return", "K1", "--doses", "2", "--at", ago(3), "--yes")
    assert "Warning: Opening P1:1 (" in done.stderr
    assert ") moves from 1207 to nobody." in done.stderr
    done = shelf.run("kit", "issue", "K2", "1300", "--pouch", "P1", "--at", ago(3), "--yes")
    assert " moves from nobody to 1300." in done.stderr


def test_movement_of_the_past_that_changes_no_opening_is_recorded_unasked(shelf: Station) -> None:
    issued_and_opened(shelf)
    assert "opening" not in shelf.run("kit", "return", "K1", "--doses", "2", "--at", ago(0)).stderr
    line = shelf.refused("kit", "issue", "K2", "1300", "--pouch", "P1", "--at", ago(4), status=1)
    assert line.startswith("Pouch P1 was with officer 1207 until ")
    assert line.endswith(". Check the time you gave with --at.")


def test_return_of_a_kit_that_may_have_been_used_asks_how_many_are_in_it(
    shelf: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued_and_opened(shelf)
    line = shelf.refused("kit", "return", "K1", status=2)
    assert line.startswith("Kit K1 needs counting: pouch P1 was opened on ")
    assert line.endswith(" Say how many are in it with --doses. Nothing was recorded.")
    line = shelf.refused("kit", "replace", "1207", status=2)
    assert line.endswith(" Say how many are in it with --doses. Nothing was recorded.")
    assert status(shelf, "K1") == "issued"
    monkeypatch.setattr("host.cli.terminal.has_terminal", lambda: True)
    done = shelf.run("kit", "replace", "1207", "K3", input="1\n")
    assert "Doses in it now: 1" in done.stderr
    assert done.stdout.splitlines() == [
        "Took kit K1 back from officer 1207 with 1 dose in it.",
        "Issued kit K3 to officer 1207 in pouch P1.",
    ]
    row = shelf.json("kit", "list", "--lot", "A1")[0]
    assert (row["kit"], row["doses_left"]) == ("K1", 1)


def test_kit_that_came_back_uncounted_from_a_pouch_is_named_and_kept_until_the_pouch_docks(shelf: Station) -> None:
    shelf.run("kit", "issue", "K3", "1207", "--pouch", "P1", "--at", ago(5))
    done = shelf.run("kit", "return", "K3", "--at", ago(1), "--format", "json")
    assert json.loads(done.stdout)["to_count"] == ["K3"]
    assert "Warning: Kit K3 must be counted before it is issued again: it left pouch P1 on " in done.stderr
    assert [each["kit"] for each in shelf.json("kit", "next")] == ["K1", "K2"]
    (row,) = shelf.json("kit", "list", "--to-count")
    assert (row["kit"], row["to_count"].startswith("it left pouch P1 on ")) == ("K3", True)
    assert "Leave out --at." in shelf.run("kit", "list", "--to-count", "--at", ago(2), status=2).stderr
    assert "Kit K3 must be counted first" in shelf.refused("kit", "issue", "K3", "1300", status=1)
    shelf.dock("0000000000000001")
    assert shelf.json("kit", "list", "--to-count") == []
    assert [each["kit"] for each in shelf.json("kit", "next")] == ["K3", "K1", "K2"]
    shelf.run("kit", "issue", "K3", "1300")


def test_what_must_not_go_out_again_and_a_second_kit_are_warned_of(shelf: Station) -> None:
    shelf.run("kit", "issue", "K3", "1207")
    assert "Warning: Officer 1207 already has kit K3." in shelf.run("kit", "issue", "K1", "1207").stderr
    shelf.run("recall", "mark", "A0", "--reason", "bad seals")
    shelf.run("kit", "quarantine", "K1", "--reason", "frozen")
    done = shelf.run("kit", "return", "K1", "K3")
    assert "Warning: Put kit K3 aside, because its lot A0 is recalled (bad seals)." in done.stderr
    assert "Warning: Put kit K1 aside, because it is quarantined (frozen)." in done.stderr


def test_use_is_corrected_after_the_kit_came_back(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207")
    shelf.run("kit", "use", "K1", "--doses", "1")
    shelf.run("kit", "return", "K1")
    use = next(row["movement"] for row in shelf.json("kit", "history", "K1") if row["kind"] == "use")
    done = told(shelf, "correct", "K1", "--reason", "it was K2", "--movement", str(use))
    assert done.startswith(f"Reversed movement {use} of kit K1 (use, ")
    assert {each["kit"]: each["doses_left"] for each in shelf.json("kit", "list")}["K1"] == 2


def test_history_is_in_order_when_the_clocks_go_back(station: Station) -> None:
    for at, kit in (("2025-10-25T12:00", ["add", "K1", "--product", "N", "--lot", "A", "--expires", str(day(400))]),
                    ("2025-10-26T01:50+01:00", ["quarantine", "K1", "--reason", "frozen"]),
                    ("2025-10-26T01:10+00:00", ["release", "K1", "--reason", "thawed by mistake"])):  # fmt: skip
        station.run("kit", *kit, "--at", at)
    assert [row["kind"] for row in station.json("kit", "history", "K1")] == ["receive", "quarantine", "release"]


def test_help_shows_examples_within_eighty_columns(station: Station) -> None:
    for command in ("issue", "replace"):
        text = station.run("kit", command, "--help").stdout
        assert f"kitdock kit {command} " in text
        assert max(map(len, text.splitlines())) <= 80


def test_list_is_filtered_and_knows_the_past(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207", "--pouch", "P1", "--at", ago(5))
    shelf.run("kit", "transfer", "K2", "South", "--at", ago(4))
    shelf.run("kit", "lose", "K1", "--at", ago(2))
    shelf.run("kit", "destroy", "K3", "--reason", "crushed", "--document", "W1")

    def kits(*arguments: str) -> list[str]:
        return [each["kit"] for each in shelf.json("kit", "list", *arguments)]

    assert kits() == ["K1", "K2"]
    assert kits("--status", "destroyed") == ["K3"]
    assert kits("--status", "lost", "--status", "destroyed") == ["K3", "K1"]
    assert kits("--officer", "1207") == ["K1"]
    assert kits("--place", "South") == ["K2"]
    assert kits("--lot", "A0", "--status", "destroyed") == ["K3"]
    assert kits("--place", "North") == []
    assert kits("--place", "North", "--at", ago(6)) == ["K3", "K1", "K2"]
    assert kits("--status", "issued", "--at", ago(3)) == ["K1"]
    assert "No kits match." in told(shelf, "list", "--place", "North")
    assert f"No kits were in the ledger at {ago(20)}" in told(shelf, "list", "--at", ago(20))
    assert "future" in shelf.refused("kit", "list", "--at", "2190-01-01T10:00", status=2)


def test_list_notes_what_is_not_as_usual(shelf: Station) -> None:
    shelf.run("kit", "quarantine", "K1", "--reason", "frozen")
    shelf.run("kit", "count", "K2", "--doses", "1")
    lines = {line.split()[0]: line for line in told(shelf, "list").splitlines()[2:]}
    assert "stock, North" in lines["K1"]
    assert lines["K1"].endswith("quarantined")
    assert lines["K2"].endswith("1 of 2 doses")
    assert lines["K3"].endswith("stock, North")


def test_reason_is_one_line_of_words(shelf: Station) -> None:
    assert "as a reason" in shelf.refused("kit", "quarantine", "K1", "--reason", "a\nb", status=2)
    assert "as a reason" in shelf.refused("kit", "quarantine", "K1", "--reason", "x" * 201, status=2)


def test_auditor_reads_and_moves_nothing(shelf: Station) -> None:
    with Store.open(shelf.db) as store:
        store.grant("watch", "auditor", None, clock.now_ms())
        store.grant("overseer", "officer", "1207", clock.now_ms())
    shelf.run("kit", "issue", "K1", "1207")
    assert len(shelf.json("kit", "list", login="watch")) == 3
    assert len(shelf.json("kit", "history", "K1", login="watch")) == 2
    assert "Account watch can't do this" in shelf.refused("kit", "return", "K1", status=1, login="watch")
    assert [each["kit"] for each in shelf.json("kit", "list", login="overseer")] == ["K1"]
    assert "Account overseer can't do this" in shelf.refused("kit", "history", "K2", status=1, login="overseer")
    assert "Account overseer can't do this" in shelf.refused(
        "kit", "issue", "--next", "1207", status=1, login="overseer"
    )


def test_balance_adds_up_now_and_then_or_names_the_kit(shelf: Station) -> None:
    shelf.run("kit", "issue", "K1", "1207", "--at", ago(5))
    shelf.run("kit", "use", "K1", "--doses", "1", "--at", ago(4))
    shelf.run("kit", "return", "K1", "--doses", "0")
    found = shelf.json("stock", "balance")
    assert found["kits"] == [{"status": "in_stock", "where": "North", "kits": 3, "doses_left": 4}]
    doses = {"received": 6, "left": 4, "used": 1, "unaccounted": 1, "balances": True, "wrong_kits": []}
    assert found["doses"] == [doses]
    then = shelf.json("stock", "balance", "--at", ago(3))
    assert then["kits"] == [
        {"status": "in_stock", "where": "North", "kits": 2, "doses_left": 4},
        {"status": "issued", "where": "officers", "kits": 1, "doses_left": 1},
    ]
    assert then["doses"] == [{**doses, "left": 5, "unaccounted": 0}]
    text = shelf.run("stock", "balance").stdout
    assert max(map(len, text.splitlines())) <= 80
    with Store.open(shelf.db) as store, store.writing() as connection:
        connection.execute("UPDATE kit_state SET doses_left = 9 WHERE kit = 'K2'")
    assert shelf.json("stock", "balance")["doses"][0]["wrong_kits"] == ["K2"]
    assert (
        "The doses of these kits don't add up: K2. See `kitdock kit history`." in shelf.run("stock", "balance").stdout
    )


@pytest.mark.parametrize("command", [["kit", "list"], ["kit", "next"], ["kit", "history", "K1"]])
def test_tables_fit_eighty_columns(shelf: Station, command: list[str]) -> None:
    shelf.run("kit", "quarantine", "K2", "--reason", "temperature excursion: the cupboard was at 43 °C for a weekend")
    shelf.run("kit", "issue", "K1", "1207", "--pouch", "P1", "--document", "D" * 60)
    shelf.run("kit", "quarantine", "K1", "--reason", "r" * 40)
    text = shelf.run(*command).stdout
    assert max(map(len, text.splitlines())) <= 80, text


def test_next_says_how_many_kits_wait_to_be_counted(shelf: Station) -> None:
    assert "must be counted" not in shelf.run("kit", "next").stdout
    shelf.run("kit", "lose", "K3")
    shelf.run("kit", "find", "K3")
    told = shelf.run("kit", "next").stdout
    assert "1 kit here must be counted first. See `kitdock kit list --to-count`." in told
    assert "K3" not in told
