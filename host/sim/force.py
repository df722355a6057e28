"""The fictional force of `kitdock demo`: six officers and pouches, nine days, one of each thing that matters.

Every tag is the firmware itself in a MicroPython of its own; what happens to the pouches is pressed into
its virtual pins. No person or force is meant.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from host import service
from host.access.vault import TagKeys
from host.docking.service import Dock
from host.docking.session import DockingReport, DockingStep
from host.link.adapter import Adapter
from host.sim.nor import SECTOR, Nor
from host.sim.station import VirtualStation, VirtualTag
from host.tag.events import Tag
from kitwire import record
from kitwire.keys import TAG_ID_SIZE

NAME = "Example Police"
TIME_ZONE = "Europe/London"
PRODUCT = "Naloxone 1.8 mg"

DAY_S = 86_400.0
FIRST_DOCKING_AGO_S = 9 * DAY_S + 4 * 3600
QUIET_S = 1.5
"""How long the demo's dock waits for another tag, in seconds: all of them are there from the start."""


class ForcePouch(NamedTuple):
    """One officer's pouch: kit, days until the kit expires, the error of the tag's clock, what it stands for."""

    name: str
    officer: str
    kit: str
    lot: str
    expires_in_days: int
    drift: float
    story: str


POUCHES = (
    ForcePouch("P-01", "4101", "K-0001", "A101", 410, +0.0031, "never opened"),
    ForcePouch("P-02", "4102", "K-0002", "A101", 410, -0.0046, "opened and used, two dose marks"),
    ForcePouch("P-03", "4103", "K-0003", "A102", 45, +0.0012, "opened, and nobody has said why"),
    ForcePouch("P-04", "4104", "K-0004", "B077", -3, -0.0008, "its kit has expired and is still carried"),
    ForcePouch("P-05", "4105", "K-0005", "A101", 410, +0.0072, "has not come to the dock for nine days"),
    ForcePouch("P-06", "4106", "K-0006", "A101", 410, -0.0021, "somebody altered a record in its flash"),
)
SPARE_KIT = "K-0007"

ANSWERS = {
    "area": "Example North",
    "person_gender": "unknown",
    "person_age": 40,
    "substance": "unknown",
    "tried_to_wake": True,
    "tilted_head": True,
    "checked_breathing": True,
    "recovery_position": True,
    "chest_compressions": False,
    "rescue_breaths": False,
    "cleared_airway": True,
    "checked_pulse": True,
    "outcome": "conscious_and_responsive",
    "ambulance_minutes": 11,
    "seen_by_paramedics": True,
    "resupply_needed": True,
    "resupply_kits": 1,
}
"""What officer 4102 reports when nobody is at the terminal to do it. Fictional."""


def place_of_record(flash: Nor, sequence: int) -> int:
    """Where in the flash of a tag the record with `sequence` begins: at a slot, as docs/firmware.md lays them out.

    Raises `ValueError` if it is not there.
    """
    for sector in range(0, len(flash.bytes), SECTOR):
        for place in range(sector + 32, sector + 32 + 50 * 80, 80):
            if flash.read(place, 4) == sequence.to_bytes(4, "little"):
                return place
    raise ValueError(f"no record {sequence} in flash")


class Force:
    """The force at work: a store, a virtual station, and the radio between them."""

    def __init__(
        self,
        store: service.Database,
        station: VirtualStation,
        adapter: Adapter,
        progress: Callable[[DockingStep], None],
        now: datetime,
    ) -> None:
        self.store = store
        self._station = station
        self._adapter = adapter
        self._progress = progress
        self._now_s = now.timestamp()
        self._tags: dict[str, VirtualTag] = {}

    def now_ms(self) -> int:
        """The virtual station's present in Unix milliseconds."""
        return int(self._station.clock.now() * 1000)

    async def equip(self) -> None:
        """Receive the kits, enrol a tag in each pouch, and issue them to the officers."""
        at_ms = self.now_ms()
        today = datetime.fromtimestamp(self._now_s, UTC).date()
        for pouch in POUCHES:
            service.People(self.store).add_officer(pouch.officer, today - timedelta(days=120), at_ms)
            service.Receiving(self.store).add_kit(
                pouch.kit, PRODUCT, pouch.lot, _in_days(today, pouch.expires_in_days), 2, at_ms
            )
            tag = await self._station.add_tag(pouch.name, drift=pouch.drift)
            self._enrol(pouch, tag, at_ms)
            self._tags[pouch.name] = tag
            service.Stock(self.store).issue_kit(pouch.kit, pouch.officer, pouch.name, at_ms)
        service.Receiving(self.store).add_kit(SPARE_KIT, PRODUCT, "A101", None, 2, at_ms)

    def _enrol(self, pouch: ForcePouch, tag: VirtualTag, at_ms: int) -> None:
        tag_id, keys = secrets.token_hex(TAG_ID_SIZE), TagKeys.random()
        service.Tags(self.store).enrol_tag(tag_id, pouch.name, keys, at_ms, lambda: tag.enrol(tag_id, *keys))

    async def first_docking(self) -> list[DockingReport]:
        """Nine days ago: every pouch docks, and goes out again."""
        await self._settle()
        for tag in self._tags.values():
            tag.dock()
        await self._settle()
        reports = await self.dock()
        for tag in self._tags.values():
            tag.undock()
        await self._settle()
        return reports

    async def _settle(self) -> None:
        """Until every tag sleeps, or waits at the dock."""
        await asyncio.gather(*(tag.settle() for tag in self._tags.values()))

    async def nine_days(self) -> None:
        """What happens in the field, and then the pouches come back; P-05 does not."""
        used, opened, altered = (self._tags[name] for name in ("P-02", "P-03", "P-06"))
        at = self._now_s - 1.6 * DAY_S
        used.at(at).lid_open()
        used.at(at + 70).press()
        used.at(at + 250).press()
        used.at(at + 420).lid_close()
        at = self._now_s - 0.9 * DAY_S
        opened.at(at).lid_open()
        opened.at(at + 35).lid_close()
        at = self._now_s - 5 * DAY_S
        altered.at(at).lid_open()
        altered.at(at + 30).lid_close()
        await self._station.clock.advance(self._now_s)
        self._alter_a_record(altered, service.Tags(self.store).tag("P-06"))
        for name, tag in self._tags.items():
            if name != "P-05":
                tag.dock()
        await self._settle()

    def _alter_a_record(self, tag: VirtualTag, enrolled: Tag) -> None:
        """Change one byte of an opening that is not collected yet, as with a programmer on the board."""
        last = service.Tags(self.store).last_record(enrolled.id)
        after_undock_and_heartbeats = 6
        place = place_of_record(tag.flash, (last[0] if last else 0) + after_undock_and_heartbeats)
        tag.flash.bytes[place + record.SIZE // 2] ^= 0x10

    async def dock(self, everything: bool = False) -> list[DockingReport]:
        """Dock what is at the dock now; with `everything` also tags that have nothing new."""
        with Dock(self.store, self._progress, self.now_ms) as here:
            return await here.collect(self._adapter, quiet_s=QUIET_S, everything=everything)


def _in_days(today: date, days: int) -> date:
    return today + timedelta(days=days)
