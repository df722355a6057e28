"""A force at work on the real commands, day after day: a clock that the script sets, and tags in memory that dock.

Every command runs in this process, as `kitdock` runs it. Tags are the firmware's own log and session server in
memory (tests/memory_tag.py); `Month.dock` is the docking that the dock does, without a radio.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

from host.access.roles import PROGRAMME_LEAD
from host.access.vault import TagKeys
from host.cli.root import root
from host.docking.keeping import Keeping
from host.docking.session import DockingReport, dock
from host.link.gatt import Link
from tests.memory_tag import MemoryLink, MemoryTag
from tests.station import Store

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


class Month:
    """The station at work: its database, the clock, and the pouches' tags by pouch."""

    def __init__(self, db: Path, began_ms: int) -> None:
        self.db = db
        self.began_ms = began_ms
        self.now_ms = began_ms
        self.tags: dict[str, MemoryTag] = {}
        self._enrolled_ms: dict[str, int] = {}

    @contextmanager
    def clock(self) -> Iterator[None]:
        """What the store and the commands take for now, until the end of the block."""
        with patch("host.clock.now_ms", lambda: self.now_ms):
            yield

    def to(self, day: int, hour: float) -> None:
        """On to that hour of a day, counted from the beginning."""
        at_ms = self.began_ms + day * DAY_MS + round(hour * HOUR_MS)
        assert at_ms >= self.now_ms, "time does not go back"
        self.now_ms = at_ms

    def run(self, *arguments: str, input: str | None = None, status: int = 0) -> str:
        """What `kitdock ARGUMENTS` prints; it must end with `status`."""
        self.now_ms += 1000
        result = CliRunner().invoke(
            root, list(arguments), input=input, env={"KITDOCK_DB": str(self.db), "COLUMNS": "100"}
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == status, f"kitdock {' '.join(arguments)}: {result.output}"
        return result.stdout

    def json(self, *arguments: str) -> Any:
        """What a command gives to programs."""
        return json.loads(self.run(*arguments, "--format", "json"))

    def enrol(self, *pouches: str) -> None:
        """A tag in each pouch, as `kitdock tag provision` leaves it."""
        with Store.open(self.db) as store:
            for pouch in pouches:
                tag_id, keys = os.urandom(8).hex(), TagKeys.random()
                store.enrol_tag(tag_id, pouch, keys, self.now_ms, lambda: None)
                self.tags[pouch] = MemoryTag(tag_id, keys.session, keys.log)
                self._enrolled_ms[pouch] = self.now_ms

    def open(self, pouch: str, marks: int = 0, seconds: int = 240) -> None:
        """The pouch is opened now, with so many dose marks, and closed again."""
        tag = self._awake(pouch)
        tag.lid(True)
        for _ in range(marks):
            tag.uptime_s += 30
            tag.press()
            tag.release()
        tag.uptime_s += seconds
        tag.lid(False)

    def dock(self, pouch: str) -> DockingReport:
        """The pouch is in the dock for a moment, and what it has logged is fetched."""
        tag = self._awake(pouch)
        tag.dock(True)
        link = MemoryLink(tag)

        @asynccontextmanager
        async def reach() -> AsyncIterator[Link]:
            yield link

        with Store.open(self.db) as store, Keeping(store) as keeping:
            report = asyncio.run(dock(keeping, store.tag(tag.id), lambda: self.now_ms, lambda step: None, reach()))
        tag.dock(False)
        return report

    def _awake(self, pouch: str) -> MemoryTag:
        tag = self.tags[pouch]
        uptime_s = (self.now_ms - self._enrolled_ms[pouch]) // 1000
        if uptime_s > tag.uptime_s:
            tag.uptime_s = uptime_s
        return tag

    def explain(self, pouch: str, cause: str) -> None:
        """The officer who has the pouch says why it was opened."""
        with Store.open(self.db) as store:
            (officer,) = store.holders_of(pouch)
        self.run("openings", "explain", pouch, "--cause", cause, "--officer", officer)

    def report(self, pouch: str, answers: Mapping[str, object]) -> int:
        """The officer files a usage report on the pouch's newest opening; its number."""
        filed = self.run(
            "usage", "file", "--opening", pouch, "--answers", "-", "--format", "json", input=json.dumps(dict(answers))
        )
        return int(json.loads(filed)["id"])


def found(month: Month, folder: Path) -> None:
    """A new force: its database, stations, places and products."""
    month.run("init", "--name", "Central", "--time-zone", "Europe/London")
    with Store.open(month.db) as store:
        store.grant(store.login, PROGRAMME_LEAD, None, month.now_ms)
    for place, kind in (
        ("Northgate", "station"),
        ("Southgate", "station"),
        ("Cells", "custody"),
        ("Car 12", "vehicle"),
    ):
        month.run("place", "add", place, "--kind", kind)
