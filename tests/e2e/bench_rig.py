"""A virtual board at the bench, and hands that do to it what the steps ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from host.bench import checks, procedure
from host.bench.board import Bench
from host.bench.procedure import BenchStep, Measurement
from host.bench.report import BenchReport, StepResult
from host.bench.run import Outcome, Skipped, go_through
from host.errors import KitdockError
from host.phrase import Phrase
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag
from tests.e2e.stage import START

SHORT = {
    "F6": {"seconds": 2, "most_percent": 10.0},  # a busy machine is late by a tenth of a second
    "F8": {"seconds": 6},
    "F10": {"seconds": 2},
    "F11": {"openings": 2, "hold_s": 5},
}
"""Limits by which a test needs less time than a person."""


WAKE_S = 3.0
"""How long hands wait for a wake to end, in seconds."""

MOST_TRIES = 3
"""How often hands connect a board that does not answer."""


class Hands:
    """A `host.bench.run.Person` with hands at the virtual tag's lid, button and dock."""

    def __init__(self, tag: VirtualTag, loop: asyncio.AbstractEventLoop, complete: bool) -> None:
        self._tag = tag
        self._loop = loop
        self.asked: list[str] = []
        self.judged: list[str] = []
        self.meter_mv = 1950.0
        self.refuses = ""
        """A gesture that is left out, the first `refusals` times."""
        self.refusals = 0
        gestures = self._gestures = procedure.gestures(complete)
        self._does: dict[str, Callable[[], object]] = {
            gestures["ready"]: tag.dock if complete else lambda: (tag.dock(), tag.reset()),
            gestures["open"]: tag.lid_open,
            gestures["close"]: tag.lid_close,
            gestures["away"]: tag.undock,
            gestures["press"]: tag.press,
            gestures["back"]: tag.dock,
        }

    def begin(self, step: BenchStep) -> None: ...

    def tell(self, what: Phrase | KitdockError) -> None: ...

    def act(self, what: Phrase | str) -> None:
        text = str(what)
        self.asked.append(text)
        if self.asked.count(self._gestures["ready"]) > MOST_TRIES:
            raise Skipped(Phrase("bench.nobody_to_ask"))
        if self.refusals and text == self._gestures[self.refuses]:
            self.refusals -= 1
            raise Skipped(Phrase("bench.skipped"))
        gesture = self._does.get(text)
        if gesture is not None:
            asyncio.run_coroutine_threadsafe(self._do(gesture), self._loop).result()

    async def _do(self, gesture: Callable[[], object]) -> None:
        gesture()
        await asyncio.sleep(0.5)  # a hand is not faster, and this machine may be slower than a chip
        with suppress(TimeoutError):  # at the dock it stays awake
            async with asyncio.timeout(WAKE_S):
                while self._tag.state == "running":
                    await asyncio.sleep(0.05)

    def answer(self, reading: Measurement) -> float | bool | str:
        return self.meter_mv

    def judge(self, step: BenchStep, outcome: Outcome) -> bool:
        self.judged.append(f"{step.id} {'passed' if outcome.passed else 'FAILED'}: {outcome.said}")
        return False


def port_that_sleeps(tag: VirtualTag, path: Path) -> str:
    """A name for the tag's serial port that is gone while the chip sleeps, as the port of its own USB is."""
    board = tag.board
    sleep, start = board._on_deepsleep, board.start

    def asleep(milliseconds: int) -> None:
        path.unlink(missing_ok=True)
        sleep(milliseconds)

    def awake(cause: int) -> None:
        start(cause)
        if not path.is_symlink():
            path.symlink_to(tag.serial_port())

    board._on_deepsleep = asleep  # type: ignore[method-assign]
    board.start = awake  # type: ignore[method-assign]
    return str(path)


class Rig(NamedTuple):
    """One virtual board at the bench."""

    station: VirtualStation
    tag: VirtualTag
    hands: Hands
    bench: Bench
    report: BenchReport

    async def go_through(self, only: str) -> dict[str, StepResult]:
        """Do the steps that `only` names, in a thread; their results."""
        steps = [_shortened(step) for step in procedure.chosen(only)]

        def work() -> None:
            try:
                self.report.met(self.bench.begin(True))
                go_through(steps, self.report, checks.of(self.bench), self.hands)
            finally:
                self.bench.close()

        await asyncio.to_thread(work)
        return self.report.results


def _shortened(step: BenchStep) -> BenchStep:
    return step._replace(limits={**step.limits, **SHORT.get(step.id, {})})


def play(
    folder: Path,
    scene: Callable[[Rig], Awaitable[None]],
    files: Mapping[str, Path] | None = None,
    complete: bool = False,
) -> None:
    """Run `scene` with a fresh board, which has the firmware and no keys; `files` are in place of the firmware's.

    It is asleep, and its port is away, until somebody connects it: a bare board, or a `complete` tag.
    """

    async def run() -> None:
        async with VirtualStation(START, files=files) as station:
            tag = await station.add_tag("1")
            await tag.settle()
            hands = Hands(tag, asyncio.get_running_loop(), complete)
            port = port_that_sleeps(tag, folder / "ttyACM0")
            bench = Bench(port, await station.listen_hci(), complete, hands)
            have = ("tag" if complete else "wires", "bluetooth", "dmm", "thermometer")
            report = BenchReport.begin(folder / "report.json", "0", have)
            await scene(Rig(station, tag, hands, bench, report))

    asyncio.run(run())
