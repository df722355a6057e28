"""A dock that runs for months: radios that go are noticed, told of once, and used again when they are back.

Collecting and everything that a dock does beside it: it notes what doesn't agree, and tells in the store that it lives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from host import service
from host.clock import Instant
from host.docking.keeping import Keeping
from host.docking.service import Dock
from host.docking.session import DockingReport
from host.docking.unsaved import unsaved
from host.errors import KitdockError, StoreError
from host.link.adapter import open_adapter
from host.link.errors import RadioError
from host.phrase import Phrase
from host.tag.dock import RadioState

WAIT_S = 1.0
"""Wait before a radio that has gone is looked for, in seconds. A pouch in the dock is to be collected within 15 s of
its return, and Linux first finishes the search of a `bluetoothd` that died, which takes 10 s and more."""

BEAT_S = 15.0
"""How often the dock tells in the store that it lives, in seconds."""

NOTE_S = 60.0
"""How often what doesn't agree is noted, in seconds: time alone changes it."""

ANSWERING_S = 300.0
"""For how long after a docking nothing is noted, in seconds: what the officer answers meanwhile is never a question."""

LATEST_NOTE_S = 900.0
"""After so long it is noted anyway, in seconds: at a shift change there's always somebody."""


LOOK_AT_CLOCK_S = 2.0
"""How often it is looked whether somebody has set this computer's clock, in seconds."""

LEAST_STEP_MS = 60_000
"""A smaller step of the clock is not mentioned, in milliseconds: an opening's time is off by less the day after."""

NEVER = ("radio.no_stack", "radio.no_such_name", "radio.part_missing", "radio.no_usb")
"""Why a radio can't be had however long it is waited for: somebody has to type or to install something."""


class Supervision:
    """Keeps a dock collecting on each of its radios. Use `run`, which ends only when it is cancelled.

    `names` are those of `open_adapter`. `told` is called once when a radio is lost, and when it listens again;
    `alive` whenever a radio has just been found to listen, and at no other time; `docked` after each docking, in a
    thread and with a store of its own. With `everything`, tags that have nothing new are docked as well, once.
    """

    def __init__(
        self,
        dock: Dock,
        names: Sequence[str | None],
        told: Callable[[Phrase], None],
        alive: Callable[[], None] = lambda: None,
        docked: Callable[[DockingReport, service.Database], None] | None = None,
        everything: bool = False,
    ) -> None:
        self._dock = dock
        self._names = names
        self._told = told
        self._alive = alive
        self._docked = docked
        self._everything = everything
        self._ended: asyncio.Queue[DockingReport] = asyncio.Queue()
        self._radios: dict[str, RadioState] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Collects until it is cancelled.

        Raises `RadioError` if a radio can never be had by that name, and any other `KitdockError` that does not pass.
        """
        try:
            with Keeping(self._dock.store) as beside:
                async with asyncio.TaskGroup() as group:
                    for name in self._names:
                        group.create_task(self._keep(name))
                    group.create_task(self._beat(beside))
                    group.create_task(self._note(beside))
                    group.create_task(self._tell(beside))
                    group.create_task(self._watch_clock())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _keep(self, name: str | None) -> None:
        """Collects on one radio, again and again."""
        while True:
            try:
                async with open_adapter(name) as adapter:
                    await self._dock.collect(
                        adapter,
                        everything=self._everything,
                        working=lambda: self._found(name or ""),
                        docked=self._ended.put_nowait,
                    )
            except (RadioError, StoreError) as error:
                if _code(error) in NEVER:
                    raise
                self._lost(name or "", error)
            await asyncio.sleep(WAIT_S)

    def _found(self, name: str) -> None:
        """A radio listens."""
        self._alive()
        before = self._radios.get(name)
        if before is None or not before.listening:
            self._set(RadioState(name, True, None, self._dock.now_ms()))
            if before is not None and (before.why or "").startswith("database."):
                self._told(Phrase("dock.saves_again"))
            elif before is not None:
                self._told(Phrase("radio.back", adapter=name))

    def _lost(self, name: str, error: KitdockError) -> None:
        """A radio does not listen, or the store can't be read. What is wrong may change until it does again."""
        before, why = self._radios.get(name), _code(error)
        if before is None or before.listening:
            self._set(RadioState(name, False, why, self._dock.now_ms()))
            full = unsaved(error)
            self._told(Phrase("dock.unsaved", why=full) if full else Phrase("radio.lost", adapter=name, error=error))
        elif before.why != why:
            self._set(before._replace(why=why))

    def _set(self, state: RadioState) -> None:
        self._radios[state.adapter] = state
        self._changed.set()

    async def _beat(self, beside: Keeping) -> None:
        """Tells in the store how the radios are: at each change, and every now and then."""
        while True:
            self._changed.clear()
            states, now_ms = list(self._radios.values()), self._dock.now_ms()
            rest_s = BEAT_S
            try:
                await beside.do(partial(_beat, states, now_ms))
            except StoreError:
                rest_s = WAIT_S  # who asks hears that it lives as soon as the store can be written again
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._changed.wait()

    async def _watch_clock(self) -> None:
        """Says when this computer's clock is set while the dock is open: nothing is dated wrongly in silence."""
        before_ms, before_s = self._dock.now_ms(), steady_s()
        while True:
            await asyncio.sleep(LOOK_AT_CLOCK_S)
            now_ms, now_s = self._dock.now_ms(), steady_s()
            step_ms = now_ms - before_ms - round((now_s - before_s) * 1000)
            before_ms, before_s = now_ms, now_s
            if abs(step_ms) >= LEAST_STEP_MS:
                now = Instant(now_ms, self._dock.store.station.time_zone)
                self._told(Phrase("dock.clock_set", step_s=round(step_ms / 1000), now=now))

    async def _tell(self, beside: Keeping) -> None:
        """Tells of each docking that has ended."""
        while True:
            report = await self._ended.get()
            if self._docked is not None:
                with suppress(StoreError):  # the next time tells of what is missing
                    await beside.do(partial(self._docked, report))

    async def _note(self, beside: Keeping) -> None:
        """Notes what doesn't agree: when the dock begins, once those who came have answered, and every now and then."""
        loop = asyncio.get_running_loop()
        noted: float | None = None
        while True:
            now = loop.time()
            answering = now - self._dock.docked_at < ANSWERING_S
            if noted is None or now - noted >= (LATEST_NOTE_S if answering else NOTE_S):
                noted = now
                with suppress(StoreError):
                    await beside.do(partial(_note_what_is_found, self._dock.now_ms()))
            await asyncio.sleep(NOTE_S / 12)


def steady_s() -> float:
    """Seconds that only rise, and on Linux go on while the computer sleeps, as its clock does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _code(error: KitdockError) -> str:
    """What is wrong, as a code: that of the reason where there is one."""
    why = error.fields.get("why")
    return why.code if isinstance(why, Phrase) else error.code


def _beat(states: list[RadioState], now_ms: int, store: service.Database) -> None:
    service.Docks(store).beat(states, now_ms)


def _note_what_is_found(now_ms: int, store: service.Database) -> None:
    service.Reconciling(store).note_what_is_found(now_ms)
