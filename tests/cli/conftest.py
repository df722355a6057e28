"""A station to run commands against, and a log put into it as a docking does."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result

from host import clock
from host.access.vault import TagKeys
from host.cli.root import root
from host.tag.events import ALTERED, EventRow, StatusTold
from host.tag.verify import unverified_row, verified_row
from kitwire import record
from tests.station import Store

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
TYPES = {name: number for number, name in record.TYPE_NAMES.items()}


class Station:
    """A database and its command line."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self.began_ms = clock.now_ms()

    def run(self, *arguments: str, input: str | None = None, status: int = 0, login: str | None = None) -> Result:
        """Runs `kitdock ARGUMENTS`, as another login if one is given.

        It must end with `status` and without a traceback.
        """
        result = self.run_any(*arguments, input=input, login=login)
        assert result.exit_code == status, result.output
        return result

    def run_any(self, *arguments: str, input: str | None = None, login: str | None = None) -> Result:
        """As `run`, whatever the exit status is."""
        with patch("host.access.identity.login", return_value=login) if login else nullcontext():
            result = CliRunner().invoke(
                root, list(arguments), input=input, env={"KITDOCK_DB": str(self.db), "COLUMNS": "80"}
            )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def json(self, *arguments: str, input: str | None = None, login: str | None = None) -> Any:
        """What the command gives to programs."""
        return json.loads(self.run(*arguments, "--format", "json", input=input, login=login).stdout)

    def refused(self, *arguments: str, status: int, input: str | None = None, login: str | None = None) -> str:
        """The one line that says why not."""
        result = self.run(*arguments, input=input, status=status, login=login)
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, result.stderr
        assert lines[0].startswith("kitdock: ")
        return lines[0].removeprefix("kitdock: ")

    def tag(self, pouch: str, enrolled_days_ago: float = 30) -> str:
        """Enrols a tag without USB, and returns its id."""
        tag_id = f"{len(self.store(Store.tags)) + 1:016x}"
        at_ms = clock.now_ms() - round(enrolled_days_ago * DAY_MS)
        self.store(lambda store: store.enrol_tag(tag_id, pouch, TagKeys.random(), at_ms, lambda: None))
        return tag_id

    def store(self, use: Callable[[Store], Any]) -> Any:
        """What `use` gives on the open store."""
        with Store.open(self.db) as store:
            return use(store)

    def note(self) -> None:
        """Notes what is found, as the dock does every now and then."""
        self.store(lambda store: store.note_what_is_found(clock.now_ms()))

    def dock(self, tag: str, *log: tuple[str, float], days_ago: float = 0, uptime_days: float = 20) -> None:
        """A complete docking that brings `log`: types, and hours before the docking. 'altered' does not open.

        The tag's uptime runs on from one docking to the next; `uptime_days` is what it would be now.
        """
        at_ms = clock.now_ms() - round(days_ago * DAY_MS)
        uptime_ms = at_ms - self.began_ms + round(uptime_days * DAY_MS)
        with Store.open(self.db) as store:
            docking = store.begin_docking(tag, at_ms)
            last = store.last_record(tag)
            ends_at = (last[0] if last else 0) + len(log)
            store.set_status(docking, StatusTold(1, uptime_ms, at_ms, 50, 3900, 80, ends_at))
            rows: list[EventRow] = []
            marks = 0
            for sequence, (kind, hours) in enumerate(log, last[0] + 1 if last else 1):
                sealed = sequence.to_bytes(4, "little") + bytes(32)
                if kind == ALTERED:
                    rows.append(unverified_row(sequence, sealed, ALTERED))
                    continue
                is_open = kind in ("lid_open", "dose_mark")
                marks = marks + 1 if kind == "dose_mark" else 0
                uptime_s = (uptime_ms - round(hours * HOUR_MS)) // 1000
                flags = record.FLAG_LID_OPEN if is_open else 0
                rows.append(
                    verified_row(sequence, sealed, record.Plain(TYPES[kind], flags, 3900, 1, uptime_s, 0, marks))
                )
            added = store.add_events(docking, tag, rows)
            store.finish_docking(docking, at_ms + 800, "complete", None, added)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """A new station in London, with nothing in it."""
    made = Station(tmp_path / "station.db")
    made.run("init", "--name", "North", "--time-zone", "Europe/London")
    return made


@pytest.fixture
def force(station: Station) -> Station:
    """Officer 1207, trained, has carried kit K1 in pouch P1, which has a tag, for 25 days."""
    station.tag("P1")
    moved = noon(-25)
    with Store.open(station.db) as store:
        store.add_officer("1207", day(-60), moved)
        store.add_kit("K1", "Nyxoid", "A1", day(400), None, moved)
        store.issue_kit("K1", "1207", "P1", moved)
    return station


def day(offset: int) -> date:
    """The day so many days from today."""
    return clock.today(clock.now_ms(), "Europe/London") + timedelta(days=offset)


def noon(offset: int) -> int:
    """Noon of that day, in Unix milliseconds: on that day whatever the hour is now and whatever the clocks do."""
    return clock.parse_instant(f"{day(offset)}T12:00", "Europe/London")
