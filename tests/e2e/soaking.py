"""A dock that goes on and on while things go wrong: the product's own command, pouches that come and go, and faults.

The tags are the firmware's own tag, log and session server in memory, on the virtual station's air: real HCI, link
layer and GATT. (Twenty of the interpreter would want more than two cores.) The dock is a process of its own, so that
`kill -9` is one; the database is on a file system of its own, so that a full disk is one.
"""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from host.access.vault import TagKeys
from host.sim.station import VirtualStation
from kitwire import record
from tests.bumble_tag import BleTag
from tests.memory_tag import MemoryTag
from tests.station import Store

KITDOCK = Path(sys.executable).parent / "kitdock"
DISK_MB = 64
PATIENCE_S = 120.0
"""A pouch that is not collected after so long never will be: several faults may come one after the other."""
LOOK_S = 0.05
KINDS = (record.LID_OPEN, record.LID_CLOSE, record.HEARTBEAT)


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, which can be filled. Raises `OSError` if this computer doesn't let us make one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(done.stderr)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class SoakTag(MemoryTag):
    """A tag that remembers every record that it ever logged, as it sealed it."""

    def __init__(self, tag_id: str, session_key: bytes, log_key: bytes) -> None:
        self.logged: dict[int, bytes] = {}
        super().__init__(tag_id, session_key, log_key)

    def _record(self, kind: int, aux: int = 0) -> None:
        super()._record(kind, aux)
        self.logged[self.log.last] = next(iter(self.log.records(self.log.last, 1)))


class Pouch:
    """A pouch that goes out, is opened there, and comes back to the dock."""

    def __init__(self, name: str, tag: SoakTag, device: BleTag) -> None:
        self.name = name
        self.tag = tag
        self.device = device
        self.dockings = 0

    async def comes_back(self) -> None:
        self.device.out = False
        await self.device.advertise()

    async def goes_out(self) -> None:
        await self.device.fall_silent()
        for connection in list(self.device.device.connections.values()):
            with suppress(Exception):  # it may have ended by itself
                await asyncio.wait_for(connection.disconnect(), 10)


class Soak:
    """The station, its dock, the pouches, and what goes wrong."""

    def __init__(self, station: VirtualStation, folder: Path, adapter: str, random: Random) -> None:
        self.station = station
        self.folder = folder
        self.database = folder / "station.db"
        self.adapter = adapter
        self.random = random
        self.pouches: list[Pouch] = []
        self.output = folder.parent / "dock.txt"
        """What the dock prints, beside the disk that gets full."""
        self.faults: Counter[str] = Counter()
        self.effects: Counter[str] = Counter()
        self.docked = 0
        self.each_went_wrong = asyncio.Event()
        """Every kind of fault has happened once."""
        self._dock: subprocess.Popen[bytes] | None = None
        self._reader = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, isolation_level=None)

    # The dock.

    def start_dock(self) -> None:
        with self.output.open("ab") as printed:
            self._dock = subprocess.Popen(
                [KITDOCK, "dock", "--no-prompt", "--adapter", self.adapter, "--db", self.database],
                stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
            )  # fmt: skip

    def kill_dock(self) -> None:
        assert self._dock is not None
        assert self._dock.poll() is None, f"the dock has ended: {self.output.read_text()[-2000:]}"
        self._dock.send_signal(signal.SIGKILL)
        assert self._dock.wait() == -signal.SIGKILL

    def last_collected(self, tag_id: str) -> int:
        (found,) = self._reader.execute("SELECT max(sequence) FROM event WHERE tag = ?", (tag_id,)).fetchone()
        return found or 0

    # The pouches.

    async def work(self, pouch: Pouch, rounds: int) -> None:
        """So many times: out, opened, back, collected."""
        for _ in range(rounds):
            # Often it is lifted as soon as the records are there, and the tag has not heard that they are.
            await asyncio.sleep(self.random.choice([0, 0.5]))
            await pouch.goes_out()
            await asyncio.sleep(self.random.uniform(0, len(self.pouches) / 2))
            for _ in range(self.random.randrange(1, 12)):
                pouch.tag.happen(self.random.choice(KINDS))
            due = pouch.tag.log.last
            await pouch.comes_back()
            async with asyncio.timeout(PATIENCE_S):
                while self.last_collected(pouch.tag.id) < due:
                    await asyncio.sleep(LOOK_S)
            pouch.dockings += 1
            self.docked += 1

    # What goes wrong.

    async def adapter_lost(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.station._adapters:  # of a dock that has just been started
                await asyncio.sleep(LOOK_S)
        (server,) = self.station._servers
        self.station._servers.clear()
        server.close()
        used = list(self.station._adapters)
        self.effects["adapter_lost"] += bool(used)
        for each in used:
            each.close()
        await asyncio.sleep(self.random.uniform(0.2, 3))
        await self.station.listen_hci(int(self.adapter.rpartition(":")[2]))

    async def stall(self) -> None:
        await self._spoilt("silent_after", "stall")

    async def lifted(self) -> None:
        await self._spoilt("sent_frames", "lifted")

    async def _spoilt(self, how: str, kind: str) -> None:
        """A pouch says no more, or is lifted, after some frames of its next session."""
        device = self.random.choice(self.pouches).device
        before = device.spoilt
        setattr(device, how, self.random.randrange(0, 5))
        try:
            async with asyncio.timeout(6):
                while device.spoilt == before:
                    await asyncio.sleep(LOOK_S)
            self.effects[kind] += 1
        except TimeoutError:
            pass  # it had nothing to tell meanwhile
        finally:
            setattr(device, how, None)

    async def killed(self) -> None:
        self.effects["in_mid_docking"] += self.station.connected
        self.kill_dock()
        self.effects["killed"] += 1
        await asyncio.sleep(self.random.uniform(0, 0.5))
        self.start_dock()

    async def disk_full(self) -> None:
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * 65536):
                pass
        await asyncio.sleep(self.random.uniform(1, 4))
        ballast.unlink()

    async def database_locked(self) -> None:
        connection = sqlite3.connect(self.database, timeout=10, isolation_level=None)
        try:
            # The disk may be full: then nobody gets the lock.
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(self.random.choice([1, 9]))
        finally:
            connection.close()

    def count_what_was_said(self) -> None:
        """The dock may say what was wrong with disk or database when that is over."""
        printed = self.output.read_text(errors="replace")
        for kind, words in (("disk_full", "no room left"), ("database_locked", "has locked")):
            self.effects[kind] = min(printed.count(words), self.faults[kind])

    async def go_wrong(self) -> None:
        """One fault after the other, each kind as often as the others, until it is stopped."""
        kinds: list[Callable[[], Awaitable[None]]] = [
            self.adapter_lost, self.stall, self.lifted, self.killed, self.disk_full, self.database_locked,
        ]  # fmt: skip
        while True:
            self.random.shuffle(kinds)
            for each in kinds:
                await asyncio.sleep(self.random.uniform(0.1, 0.8))
                self.faults[each.__name__] += 1
                await each()
            self.each_went_wrong.set()


@asynccontextmanager
async def soaking(folder: Path, pouches: int, random: Random) -> AsyncIterator[Soak]:
    """A dock that runs on the virtual station, with so many pouches."""
    now = datetime.now(UTC)
    async with VirtualStation(now) as station:
        now_ms = int(now.timestamp() * 1000)
        with Store.create(folder / "station.db", "Example Police", "Europe/London", False, now_ms) as store:
            soak = Soak(station, folder, await station.listen_hci(), random)
            for number in range(1, pouches + 1):
                keys = TagKeys.random()
                tag = SoakTag(random.randbytes(8).hex(), keys.session, keys.log)
                store.enrol_tag(tag.id, f"P-{number:02}", keys, now_ms, lambda: None)
                device = BleTag(station.link, tag, keys.advert)
                await device.start()
                soak.pouches.append(Pouch(f"P-{number:02}", tag, device))
        soak.start_dock()
        try:
            yield soak
        finally:
            if soak._dock is not None and soak._dock.poll() is None:
                soak._dock.terminate()
                soak._dock.wait()
            soak._reader.close()
            for pouch in soak.pouches:
                with suppress(Exception):
                    await pouch.goes_out()


async def soaked(folder: Path, pouches: int, dockings: int, seed: int) -> Soak:
    """Has that many dockings happen under faults, and returns the station when all has been collected."""
    random = Random(seed)
    async with soaking(folder, pouches, random) as soak, asyncio.TaskGroup() as tasks:
        wrong = tasks.create_task(soak.go_wrong())
        async with asyncio.TaskGroup() as work:
            for number, pouch in enumerate(soak.pouches):
                work.create_task(soak.work(pouch, len(range(number, dockings, pouches))))
        await soak.each_went_wrong.wait()
        wrong.cancel()
    soak.count_what_was_said()
    return soak
