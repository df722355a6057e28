"""`kitdock digest`: what is new, once; what a mail of it holds; how it is acknowledged."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from host import clock
from host.store.stock import Incoming
from host.words import written
from tests.cli.conftest import DAY_MS, Station, day, noon
from tests.cli.test_expiry import ageing as ageing
from tests.station import Store

TAG = "0000000000000001"


@pytest.fixture
def busy(ageing: Station) -> Station:
    """Also: officer 4103 used P1 two days ago and filed no report, and opened it again five hours ago."""
    then = noon(-99)
    ageing.tag("P1", 100)
    with Store.open(ageing.db) as store:
        store.add_officer("4103", day(-120), then)
        store.receive([Incoming("K-5", "Naloxone 1.8 mg", "B2", day(600))], then)
        store.issue_kit("K-5", "4103", "P1", then)
    ageing.dock(TAG, ("lid_open", 50), ("lid_close", 49.9), ("lid_open", 5), ("lid_close", 4.9))
    ageing.run("openings", "explain", "P1:1", "--cause", "used", "--doses", "1", "--officer", "4103")
    return ageing


def names(station: Station) -> dict[str, list[str]]:
    """The kits or names in each section."""
    found = station.json("digest")
    return {
        section: [row.get("name") or row.get("kit") or row["kind"] for row in rows] for section, rows in found.items()
    }


def test_digest_has_what_is_new_by_sections(busy: Station) -> None:
    assert names(busy) == {
        "expired_carried": ["K-1"],
        "expiring": ["K-4", "K-3", "K-2"],
        "overdue_reports": ["report_missing:P1:1"],
        "discrepancies": [
            "opening_unexplained:P1:3",
            *(f"kit_without_pouch:{kit}" for kit in ("K-1", "K-2")),
        ],
    }


def test_digest_as_text_says_next_steps_and_how_to_acknowledge_each(busy: Station) -> None:
    text = busy.run("digest").stdout
    assert max(map(len, text.splitlines())) <= 80
    assert text.startswith(
        "North: 8 new items\nHave you read it all? Mark it as read with\n`kitdock digest acknowledge "
    )
    section = text[text.index("Out of date and being carried") : text.index("Expiring soon")]
    lines = [" ".join(line.split()) for line in section.splitlines()]
    assert [line for line in lines if not line.startswith("--")] == [
        "Out of date and being carried",
        "",
        "Kit Lot Expires Held by Pouch",
        f"K-1 A1 {written(day(-12))} expired 12 days ago 4101",
        "Naloxone 1.8 mg, Response A, South",
        "next: Bring kit K-8 and swap them:",
        "`kitdock kit replace K-1 K-8 --station South`.",
        "known? `kitdock expiry acknowledge K-1 --until DATE --reason TEXT`",
        "",
        "",
    ]
    assert "known? `kitdock reconcile acknowledge P1:1 --reason TEXT`" in text
    assert text.count("next: ") == text.count("known?") == 8


def test_what_is_acknowledged_is_left_out_and_counted(busy: Station) -> None:
    busy.run("expiry", "acknowledge", "K-1", "K-4", "--until", str(day(9)), "--reason", "on order")
    busy.run("reconcile", "acknowledge", "report_missing:P1:1", "--reason", "on sick leave")
    busy.run("reconcile", "resolve", "kit_without_pouch:K-1", "--reason", "kept in the car")
    assert names(busy) == {
        "expiring": ["K-3", "K-2"],
        "discrepancies": ["opening_unexplained:P1:3", "kit_without_pouch:K-2"],
    }
    assert "4 items acknowledged and still not settled. See `kitdock expiry` and" in busy.run("digest").stdout


def test_expired_kit_that_is_known_as_a_discrepancy_is_known(busy: Station) -> None:
    busy.run("reconcile", "acknowledge", "expired_carried:K-1", "--reason", "on leave")
    assert "expired_carried" not in names(busy)


def test_digest_that_was_read_is_not_told_again_but_what_came_up_since(
    busy: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = acknowledged(busy)
    assert (
        f"Marked the digest of {written(datetime.fromisoformat(made))} as read."
        in busy.run("digest", "acknowledge", made).stdout
    )
    text = busy.run("digest").stdout
    assert text.splitlines() == [
        "North: nothing new",
        "8 items acknowledged and still not settled. See `kitdock expiry` and",
        "`kitdock reconcile`.",
    ]
    assert busy.run("digest", "--only-if-new").stdout == ""
    assert len(busy.json("digest", "--all")["expiring"]) == 3
    later = clock.now_ms() + 2 * DAY_MS
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    found = names(busy)
    assert found["expired_carried"] == ["K-3", "K-2"]  # known to expire soon; that they have is new
    assert "overdue_reports" not in found


def test_what_came_up_after_a_digest_is_in_the_next_one_even_if_nobody_had_noted_what_was_in_it(
    busy: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = acknowledged(busy)
    later = clock.now_ms() + 5000
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    busy.run("officer", "add", "4199", "--trained", str(day(-1)))
    busy.run("digest", "acknowledge", made)
    assert "discrepancies" in names(busy), "nobody can tell what was in it"
    later += 5000
    busy.run("digest", "acknowledge", acknowledged(busy))
    assert names(busy) == {}


def test_what_the_dock_has_noted_before_a_digest_is_known_by_it_whatever_came_since(
    busy: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.note()
    later = clock.now_ms() + 5000
    monkeypatch.setattr(clock, "now_ms", lambda: later)
    made = acknowledged(busy)
    later += 5000
    busy.run("officer", "add", "4199", "--trained", str(day(-1)))
    busy.run("digest", "acknowledge", made)
    assert names(busy) == {}


def acknowledged(station: Station) -> str:
    """The time by which the digest is acknowledged."""
    found = re.search(r"`kitdock digest acknowledge (\S+)`", station.run("digest").stdout)
    assert found
    return found[1]


def test_only_a_digest_that_was_made_can_be_read(busy: Station) -> None:
    assert "is in the future" in busy.refused("digest", "acknowledge", f"{day(2)}T10:00", status=2)
    assert "as a time" in busy.refused("digest", "acknowledge", "today", status=2)
    assert len(names(busy)["expiring"]) == 3


def test_mail_is_whole_and_both_its_parts_say_the_same(busy: Station, tmp_path: Path) -> None:
    file = tmp_path / "digest.eml"
    assert busy.run("digest", "--output", str(file)).stderr == f"Wrote 8 rows in 4 tables to {file}.\n"
    content = file.read_bytes()
    assert content.isascii()
    assert max(map(len, content.splitlines())) <= 998
    mail = message_from_bytes(content, policy=policy.default)
    assert mail.defects == []
    assert mail["Subject"] == "North: 8 new items"
    assert mail["From"].addresses[0].username == "kitdock"
    assert mail["Date"].datetime.utcoffset() == clock.local(clock.now_ms(), "Europe/London").utcoffset()
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    for part in (text.get_content(), html.get_content()):
        assert "kitdock reconcile acknowledge P1:1 --reason TEXT" in part
        assert "Times are in the time zone Europe/London." in part
        assert "K-8" in part


def test_nothing_new_writes_no_file_if_so_asked(station: Station, tmp_path: Path) -> None:
    file = tmp_path / "digest.eml"
    done = station.run("digest", "--only-if-new", "--output", str(file))
    assert (done.output, file.exists()) == ("", False)
    assert station.run("digest").stdout.strip() == "North: nothing new"
    assert station.json("digest") == {}


def test_long_sections_are_cut_and_say_so(busy: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("host.cli.digest.MOST", 2)
    text = busy.run("digest").stdout
    assert "1 more. See `kitdock expiry`." in text
    assert len(busy.json("digest")["expiring"]) == 2
    assert text.startswith("North: 8 new items\n")


def test_digest_is_for_those_who_see_stock_and_acknowledging_for_those_who_judge(busy: Station) -> None:
    with Store.open(busy.db) as store:
        store.grant("own", "officer", "4101", clock.now_ms())
        store.grant("auditor", "auditor", None, clock.now_ms())
    assert "can't do this" in busy.refused("digest", status=1, login="own")
    assert busy.run("digest", login="auditor").stdout.startswith("North: 8 new items\n")
    assert "can't do this" in busy.refused("digest", "acknowledge", acknowledged(busy), status=1, login="auditor")
