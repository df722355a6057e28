"""One virtual tag: a board, the interpreter that runs its firmware, its radio and its serial port."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from host.errors import KitdockError
from host.sim import virtual_board as boards
from host.sim.air import AirLink, NativeRadio
from host.sim.inputs import Inputs
from host.sim.process import Interpreter, InterpreterFailed, Native, WebAssembly, files_of
from host.sim.rest import Rest
from host.sim.serial_port import SerialPort
from host.sim.tag_radio import TagRadio
from host.sim.timeline import Timeline
from host.sim.virtual_board import Board, Ended, PowerCut, Refusal

CALL_S = 50e-6
"""Virtual seconds that a board call takes in instant mode: a program that polls the clock comes to an end."""
PATIENCE_S = 30.0
"""Real seconds after which a firmware that does not settle or end is given up."""
HANG_S = 20.0
"""Real seconds without a board call after which a program with a watchdog is taken to hang for ever."""
_KEEP = 65536
_HANDLE = "import time\ntime.sleep_ms(1)\n"
"""A wait, in which interrupts are dealt with."""


class FirmwareFailed(KitdockError):
    """The firmware did not do what it was asked over USB, or does not come to rest."""


class VirtualTag(Inputs):
    """A tag that runs the firmware's own files. Made by `VirtualStation.add_tag`; calls without `at` mean now."""

    def __init__(
        self,
        name: str,
        timeline: Timeline,
        link: AirLink,
        files: Mapping[str, Path],
        drift: float,
        blank: bool = False,
        program: str | None = None,
        native_radio: NativeRadio | None = None,
    ) -> None:
        super().__init__(self, None)
        self.name = name
        self.timeline = timeline
        self.board = Board(timeline.now(), drift, blank)
        self.output = ""
        """The end of what the firmware has printed since the tag was made."""
        self.radio = TagRadio(name, link, self._radio_interrupt, self._radio_linked, lambda: self.board.rf_loss_db)
        self._native_radio = native_radio
        if native_radio is not None:
            native_radio.behind(lambda: self.board.rf_loss_db)
        self._interpreter: Interpreter = (
            WebAssembly(self._message)
            if program is None
            else Native(program, native_radio.path if native_radio else None, self._message)
        )
        if not blank:
            self._interpreter.install(files_of(files))
        self._state = "off"
        self._ending = ""
        self._power_again = False
        self._calling = False
        self._waiting: float | None = None
        self._slice: float | None = None
        self._in_slices = False
        """Whether the program is in a wait of which it sleeps the next slice by itself."""
        self._answering: asyncio.Task[Any] | None = None
        self._interrupted = self._deaf = False
        self._blocking = False
        self._job: tuple[str, Callable[[str, str | None], None]] | None = None
        self._job_output: list[str] | None = None
        self._printing: Callable[[str], None] = lambda text: None
        self._handling = False
        self._at_rest = Rest(self.board.now)
        self._timer: asyncio.TimerHandle | None = None
        self._barrier: asyncio.Future[None] | None = None
        self._serial: SerialPort | None = None
        self._closed = False
        self._heard = 0.0
        self._guard: asyncio.TimerHandle | None = None
        timeline.boards.append(self)

    # What tests and the demo use.

    @property
    def flash(self) -> boards.Nor:
        """The log partition; it may be altered. Raises `LookupError` if the chip has none."""
        return self.board.flash

    @property
    def state(self) -> str:
        """ "off", "asleep", "idle" (the firmware has ended, the REPL is free), "running", "blank" (with power, but
        nothing in flash that can start) or "bootloader"."""
        return self._state

    @property
    def faults(self) -> list[str]:
        """What the firmware did wrong: tracebacks of main.py and of interrupt handlers."""
        return self.board.faults

    @property
    def computed_s(self) -> float:
        """Seconds of processor time that the firmware has taken so far to compute; 0 if it is not known."""
        return self._interpreter.computed_s

    def at(self, instant: float) -> Inputs:
        """Inputs at `instant`, true Unix seconds; if that is past, now."""
        return Inputs(self, instant)

    def input(self, at: float, change: Callable[[], None]) -> None:
        """Schedule a change of the board at true Unix seconds `at`."""

        def changed() -> None:
            change()
            self._at_rest.disturb(self.board.now)

        self.board.schedule(at, changed)
        self._step()

    async def settle(self) -> None:
        """Wait until the firmware sleeps, has ended, or waits with every input of so far dealt with.

        Raises `FirmwareFailed` if it does not come to rest within 30 real seconds.
        """
        deadline = time.monotonic() + PATIENCE_S
        await asyncio.sleep(0)
        while not self._settled():
            if time.monotonic() > deadline:
                raise FirmwareFailed("sim.no_rest", tag=self.name, printed=self.output[-500:])
            await asyncio.sleep(0.005)

    def _settled(self) -> bool:
        now = self.timeline.now()
        due = self.board.next_input
        if (due is not None and due <= now) or self._ending:  # what it is doing is not what it will do
            return False
        if self._state == "running":
            return (self._waiting is not None or self._in_slices) and self._at_rest.there(now)
        return self._job is None

    def power_on(self) -> None:
        """Give it power: a cold boot."""
        if self._state == "off":
            self._catch_up()
            self._start(boards.POWER_ON)
        elif self._ending == "power":
            self._power_again = True

    def power_off(self) -> None:
        """Take the battery away, whatever it is doing."""
        self._power_again = False
        if self._state != "off":
            self._end("power")

    def reset(self, how: str = "reset") -> None:
        """Start it anew: `how` is one of `virtual_board.RESETS`."""
        if self._state != "off":
            self._end(how)

    def execute(self, code: str) -> str:
        """What `code` prints when it is run over USB, as mpremote does: what runs is stopped first.

        Blocks. Raises `FirmwareFailed` with the last line of the traceback if it fails.
        """
        outcome: list[tuple[str, str | None]] = []
        self._blocking = True
        try:
            self.submit(code, lambda printed, error: outcome.append((printed, error)))
            self._interpreter.wait_until(lambda: bool(outcome), PATIENCE_S)
        finally:
            self._blocking = False
        printed, error = outcome[0]
        if error is not None:
            raise FirmwareFailed("sim.tag_failed", tag=self.name, error=error.splitlines()[-1])
        return printed

    def enrol(self, tag_id: str, advert: bytes, session: bytes, log: bytes, replace: bool = False) -> dict[str, str]:
        """Write an identity (16 hexadecimal digits) and keys as USB does, then reset; `replace` wipes it first.

        Returns the check values that the tag printed. Blocks. Raises `FirmwareFailed` if the tag refuses.
        """
        if replace:
            self.execute("import provision\nprovision.wipe()\n")
            self.reset()
        keys = ", ".join(repr(key.hex()) for key in (advert, session, log))
        printed = self.execute(f"import provision\nprovision.enrol({tag_id!r}, {keys})\n")
        answer: dict[str, str] = json.loads(printed.strip().splitlines()[-1])
        if "error" in answer:
            raise FirmwareFailed("sim.tag_refused", tag=self.name, reason=answer["error"])
        self.reset()
        return answer

    def serial_port(self) -> str:
        """The path of a pty that speaks MicroPython's REPL, for mpremote, and the serial bootloader, for esptool.

        What comes in while the chip sleeps wakes it to the REPL, as plugging in USB does.
        """
        if self._serial is None:
            self._serial = SerialPort(self)
        return self._serial.path

    # What the serial port uses.

    @property
    def busy(self) -> bool:
        """Whether a program runs."""
        return self._state == "running"

    def interrupt(self) -> None:
        """Ctrl-C: `KeyboardInterrupt` in the program's present or next board call."""
        if self._state != "running":
            return
        self._interrupted = True
        if self._calling and self._heeds_ctrl_c() and (self._waiting is not None or self._blocking):
            self._abandon()
            self._answer([-1, ""])

    def _heeds_ctrl_c(self) -> bool:
        """Whether a Ctrl-C that has come stops the program in this call.

        While it has turned that off, Ctrl-C is a character that nobody reads. Who has code to run sends it again.
        """
        if self._deaf and self._job is None:
            self._interrupted = False
        return self._interrupted and not self._deaf

    def submit(
        self,
        code: str,
        done: Callable[[str, str | None], None],
        printing: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Stop what runs, run `code`, then call `done` with what it printed and its traceback or None.

        `printing` is called with what it prints as it does.
        """
        if self._state == "off":
            raise FirmwareFailed("sim.no_power", tag=self.name)
        if self._state in ("blank", "bootloader"):
            raise FirmwareFailed("sim.runs_nothing", tag=self.name)
        if self._job is not None:
            raise FirmwareFailed("sim.in_use", tag=self.name)
        self._job = (code, done)
        self._printing = printing
        if self._state == "running":
            self.interrupt()
        else:
            self._begin_job()

    @property
    def chip(self) -> boards.Nor:
        """The whole flash; what is changed in it counts from the next start."""
        return self.board.chip_flash.chip

    @property
    def mac(self) -> bytes:
        return self.board.mac

    def enter_bootloader(self) -> None:
        """Stop whatever runs, as a reset with the boot button held does."""
        if self._state not in ("off", "bootloader") and self._ending != "bootloader":
            self._end("bootloader")

    def soft_reset(self, run_main: bool) -> None:
        """Ctrl-D: a fresh interpreter, and main.py in it unless the raw REPL is on."""
        self._interpreter.refresh()
        self.board.forget_interrupts()
        if run_main:
            self._start(boards.SOFT_RESET)

    # Time.

    async def run_to(self, target: float) -> None:
        """Go through everything up to `target` at once (instant mode)."""
        self._cancel_timer()
        self._barrier = asyncio.get_running_loop().create_future()
        self._step()
        await self._barrier

    def resume(self) -> None:
        """Real time goes on."""
        self._barrier = None
        self._step()

    def _catch_up(self) -> None:
        """Bring the board's present up to now, or in instant mode a call further."""
        limit = self.timeline.now()
        # In instant mode this may go a little beyond the limit: a program that polls the clock must see it run.
        self.board.pass_time(self.board.now + CALL_S if self.timeline.instant else limit)

    def _step(self) -> None:
        """Let the board do what is due, until the program has to go on or nothing is due any more."""
        limit = self.timeline.now()
        board = self.board
        while not self._closed:
            if self._state == "running":
                if self._waiting is None:
                    return
                if board.interrupts or self._waiting <= board.now or (self._slice and self._slice <= board.now):
                    self._return_from_wait()
                    return
                if self._bites():
                    self._end("watchdog")
                    return
                ends = self._waiting if self._slice is None else min(self._waiting, self._slice)
            elif self._state == "asleep":
                if board.woken():
                    if self.timeline.instant:
                        if board.now >= limit:
                            self._rest(board.now)
                            return
                        board.mode = "boot"
                        board.pass_time(min(board.now + boards.BOOT_S, limit))
                    self._start(boards.DEEPSLEEP_RESET)
                    return
                ends = board.timer_wake if board.timer_wake is not None else float("inf")
            elif self._state == "idle" and self._bites():
                self._end("watchdog")
                return
            elif self._state == "idle" and board.interrupts:
                self._handle_at_prompt()
                return
            else:
                ends = float("inf")
            if self._state in ("running", "idle") and board.watchdog_at is not None:
                ends = min(ends, board.watchdog_at)
            due = board.next_input
            due = ends if due is None else min(ends, due)
            if due > limit:
                board.pass_time(limit)
                self._rest(due)
                return
            board.pass_time(due)

    def _handle_at_prompt(self) -> None:
        """Nothing runs, and the interpreter deals with an interrupt as it waits for what is typed."""
        self._handling = True
        self._running(None)
        self._interpreter.execute(_HANDLE)

    def _rest(self, until: float) -> None:
        if self.timeline.instant:
            if self._barrier is not None and not self._barrier.done():
                self._barrier.set_result(None)
            return
        self._cancel_timer()
        if until != float("inf"):
            self._timer = asyncio.get_running_loop().call_later(max(0.0, until - self.timeline.now()), self._step)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # The program.

    def _start(self, cause: int) -> None:
        if cause != boards.SOFT_RESET and not self._boots():
            return
        self._running(cause)
        self._interpreter.run("/main.py")

    def _boots(self) -> bool:
        """Whether the chip starts MicroPython from what is in its flash."""
        found = self.board.look_at_flash()
        if not found.runs:
            self._state = "blank"
            self.board.mode = "awake"
            self._ending = ""
            return False
        if found.files is not None:
            self._interpreter.install(found.files)
        return True

    def _running(self, cause: int | None) -> None:
        self._state = "running"
        self._ending = ""
        self._interrupted = self._deaf = False
        self._in_slices = False  # the program before may have been waiting: this one has yet to begin
        self._heard = time.monotonic()
        self._at_rest.disturb(self.board.now)
        if cause is not None:
            self.board.start(cause)
        if self._native_radio is not None:
            self._native_radio.appear()

    def _begin_job(self) -> None:
        assert self._job is not None
        self._catch_up()
        self._job_output = []
        self._running(boards.HARD_RESET if self._state == "asleep" else None)
        self._interpreter.execute(self._job[0])

    def _message(self, kind: str, content: Any) -> None:
        if self._closed:
            return
        self._heard = time.monotonic()
        if kind == "o":
            self._printed(content)
        elif kind in ("c", "C"):
            self._deaf = kind == "C"
            self._called(content[0], content[1:])
        else:
            self._ended(content)

    def _printed(self, text: str) -> None:
        self.output = (self.output + text)[-_KEEP:]
        if self._job_output is not None:
            self._job_output.append(text)
            self._printing(text)
        elif self._serial is not None:
            self._serial.show(text)

    def _called(self, name: str, arguments: list[Any]) -> None:
        self._calling = True
        self._in_slices = False
        self.board.counters.calls += 1
        before = self.board.now
        self._catch_up()
        if not self.timeline.instant:
            # How long this machine takes to run Python says nothing of the chip.
            self.board.spare_watchdog(self.board.now - before - CALL_S)
        if self._bites():
            self._halt(self._ending or "watchdog")
            return
        if self._ending:
            self._halt(self._ending)
            return
        if self._heeds_ctrl_c():
            self._answer([-1, ""])
            return
        try:
            if name == "wait":
                self._wait(*arguments)
            elif name.startswith("ble_"):
                if name == "ble_advertise":
                    self.board.advertising = arguments[0] is not None
                elif name == "ble_active" and arguments[0] is False:
                    self.board.advertising, self.board.links = False, 0
                    self.board.interrupts = [each for each in self.board.interrupts if each[0] != ["ble"]]
                self._radio_call(self.radio.call(name, arguments))
            else:
                self._answer([0, self.board.call(name, arguments)])
                if name == "watchdog" and self._guard is None:
                    self._watch()
        except Refusal as refusal:
            self._answer([refusal.number, refusal.text])
        except Ended as ended:
            self._halt(str(ended))
        except PowerCut:
            self._halt("power")

    def _watch(self) -> None:
        """Look now and then whether a program that has a watchdog still makes board calls."""
        self._guard = None
        if self._closed or self.board.watchdog_at is None:
            return
        if self._state == "running" and not self._calling and time.monotonic() - self._heard > HANG_S:
            self._ending = self._ending or "watchdog"
            self.board.pass_time(self.board.watchdog_at)
            self._interpreter.abandon()
            self._ended("halt")
            return
        self._guard = asyncio.get_running_loop().call_later(HANG_S / 4, self._watch)

    def _bites(self) -> bool:
        """Whether the watchdog resets the chip now."""
        at = self.board.watchdog_at
        return at is not None and at <= self.board.now

    def _wait(self, microseconds: int, deadline_us: int | None, slice_us: int | None) -> None:
        # The program keeps its deadline, so that an interrupt that sleeps has one of its own.
        board = self.board
        self._waiting = board.now + microseconds / 1e6 if deadline_us is None else deadline_us / 1e6
        if deadline_us is None or slice_us is None:
            self._at_rest.begin(board.now)
        self._slice = None
        if self._blocking:
            # Nothing else can run meanwhile, so the whole time passes at once.
            if not self.timeline.instant:
                time.sleep(max(0.0, self._waiting - board.now))
            self._catch_up()
            self._waiting = board.now
        elif slice_us is not None and not (self.timeline.instant and board.now >= self.timeline.now()):
            # A native radio is on: the interpreter sleeps by itself, and asks again after each slice.
            if self.timeline.instant:
                board.pass_time(min(board.now + slice_us / 1e6, self.timeline.now()))
            self._slice = board.now
        self._step()

    def _return_from_wait(self) -> None:
        assert self._waiting is not None
        board = self.board
        self._in_slices = self._slice is not None and self._waiting > board.now
        if not self._in_slices:
            self._at_rest.end(board.now)
        interrupts = board.interrupts[:]
        board.interrupts.clear()
        deadline_us, left_us = round(self._waiting * 1e6), max(0, round((self._waiting - board.now) * 1e6))
        self._answer([0, [deadline_us, left_us, interrupts]])

    def _radio_call(self, result: Any) -> None:
        if not inspect.iscoroutine(result):
            self._answer([0, result])
        elif self._blocking:
            result.close()  # the loop that the radio needs is held up; a program being stopped needs no radio
            self._answer([0, None])
        else:
            self._answering = asyncio.get_running_loop().create_task(self._answer_later(result))
            # If it is cancelled before it has begun, nobody else ends the radio's own coroutine.
            self._answering.add_done_callback(lambda _: result.close())

    async def _answer_later(self, result: Any) -> None:
        try:
            answer = [0, await result]
        except Refusal as refusal:
            answer = [refusal.number, refusal.text]
        except Exception as error:  # noqa: BLE001  of bumble: the program sees that its radio failed
            answer = [5, f"radio: {error}"]
        self._answering = None
        self._answer([-1, ""] if self._heeds_ctrl_c() else answer)

    def _abandon(self) -> None:
        """The call that is open will not be answered by what was to answer it."""
        self._waiting = None
        if self._answering is not None:
            self._answering.cancel()
            self._answering = None

    def _answer(self, answer: Any) -> None:
        self._calling = False
        self._waiting = None
        if answer[0] == -1:
            self._interrupted = False
        self._interpreter.answer(answer)

    def _end(self, how: str) -> None:
        """Stop the program in its present or next board call, and then do `how`."""
        if self._state != "running":
            self._ending = how
            self._after_halt()
            return
        self._ending = how
        if how == "power":
            self.radio.vanish()
        if self._calling:
            self._halt(how)

    def _halt(self, how: str) -> None:
        self._ending = self._ending if self._ending == "power" else how
        self._calling = False
        self._abandon()
        self._interpreter.halt()

    def _ended(self, result: str | None) -> None:
        self._abandon()
        self._calling = False
        halted = bool(result == "halt" or self._ending)
        self.board.stop(at_prompt=not halted)
        self.radio.vanish()
        if self._native_radio is not None:
            self._native_radio.vanish()
        if halted:
            self._finish_job(None)
            self._after_halt()
            return
        self._state = "idle"
        handled, self._handling = self._handling, False
        if self._job is not None and self._job_output is not None:
            self._finish_job(result)
        elif self._job is not None:
            self._begin_job()
            return
        else:
            if result is not None and "KeyboardInterrupt" not in result:
                self.faults.append(result)
            if self._serial is not None and not handled:
                self._serial.ended(result)
        self._step()

    def _finish_job(self, result: str | None) -> None:
        if self._job is not None and self._job_output is not None:
            (_, done), printed = self._job, "".join(self._job_output)
            self._job = self._job_output = None
            done(printed, result)

    def _after_halt(self) -> None:
        how, self._ending = self._ending, ""
        if how == "deepsleep":
            self._state = self.board.mode = "asleep"
            if self._serial is not None:
                self._serial.go_on()
        elif how in boards.RESETS:
            self._interpreter.refresh()
            self._serial_restarted()
            if self.timeline.instant:
                self.board.mode = "boot"
                self.board.pass_time(min(self.board.now + boards.BOOT_S, max(self.board.now, self.timeline.now())))
            self._start(boards.RESETS[how])
        elif how == "bootloader":
            self._interpreter.refresh()
            self._state = "bootloader"
            self.board.mode = "awake"
            if self._serial is not None:
                self._serial.go_on()
        else:
            self._state = self.board.mode = "off"
            self._interpreter.refresh()
            self._serial_restarted()
            if self._power_again:
                self._power_again = False
                self.power_on()
        if self._job is not None:
            self._take_up_job()
        self._step()

    def _serial_restarted(self) -> None:
        if self._serial is not None:
            self._serial.restarted()

    def _take_up_job(self) -> None:
        """The program that was to be stopped for it has ended by itself, by sleep, reset or lost power."""
        if self._state == "asleep":
            self._begin_job()
        elif self._state == "running":
            self.interrupt()
        else:
            self._job_output = []
            self._finish_job("the tag has lost its power" if self._state == "off" else "the tag runs no MicroPython")

    def _radio_linked(self, change: int) -> None:
        """A central has connected (1) or gone (-1). The program may hear of it later, or never."""
        self.board.links = max(0, self.board.links + change)
        if change > 0:
            self.board.advertising = False  # the controller stops by itself

    def _radio_interrupt(self, event: int, data: list[Any]) -> None:
        self.board.interrupts.append((["ble"], [event, data]))
        self._at_rest.disturb(self.board.now)
        if self._waiting is not None:
            if self.timeline.instant:
                self._catch_up()
            else:  # no further than the wait: what comes after it is this machine's delay, not the program's
                self.board.pass_time(min(self.timeline.now(), self._waiting))
            self._step()

    async def close(self) -> None:
        """End the interpreter's process and everything that belongs to it."""
        self._closed = True
        self._cancel_timer()
        if self._guard is not None:
            self._guard.cancel()
        answering = self._answering
        self._abandon()
        if answering is not None:
            await asyncio.gather(answering, return_exceptions=True)
        self.radio.vanish()
        if self._native_radio is not None:
            await self._native_radio.close()
        if self._serial is not None:
            self._serial.close()
        self._interpreter.close()
        self.timeline.boards.remove(self)


__all__ = ["FirmwareFailed", "InterpreterFailed", "VirtualTag"]
