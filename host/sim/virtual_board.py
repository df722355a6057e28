"""The virtual board: the circuit, clock, memories and sleep of a tag on a XIAO ESP32C6.

It knows nothing of interpreters, radio or real time: `tag` tells it when it is. What the firmware asks
for comes through `call`; the answers are those of stock MicroPython 1.29.

The circuit, as in the hardware description: GPIO 0 the button to ground, which the dock's 5 V pull low
too; GPIO 1 half the cell's voltage; GPIO 2 the Hall switch of the lid, low while closed; GPIO 21 dock
sense, high while the dock's or USB's 5 V are there; GPIO 18 the light, GPIO 19 the piezo.

What the chip does that a program would not expect is modelled from MicroPython 1.29 and ESP-IDF 5.5, whose lines are
named where it is done.
"""

from __future__ import annotations

import errno
import heapq
import itertools
import secrets
from collections.abc import Callable
from typing import Any

from host.sim.bootloader import EFUSE_BLOCK1, PACKAGE_AND_REVISION
from host.sim.chip_flash import ChipFlash, Start
from host.sim.nor import SECTOR, Nor, PowerCut
from host.sim.nvs import Nvs, NvsError
from host.sim.thermometer import BadReading, Thermometer

BUTTON, VBAT, LID, LIGHT, BUZZER, DOCK_SENSE = 0, 1, 2, 18, 19, 21
RF_POWER, RF_SELECT = 3, 14
"""The XIAO's antenna switch: GPIO 3 low powers it, GPIO 14 low selects the antenna on the board (Seeed Studio, wiki of
the XIAO ESP32C6; in MicroPython's boards/SEEED_XIAO_ESP32C6/pins.csv they are names, and nothing drives them)."""
RF_LOSS_DB = 17.1
"""What is lost while the switch has no power (measured by a user: -64.6 against -47.5 dBm)."""
WAKE_CAPABLE = frozenset(range(8))
"""GPIOs of the ESP32-C6 that can end deep sleep."""
CELL, DOCK = "cell", "dock"
"""What a tag is powered from."""
STATES = ("off", "asleep", "boot", "awake", "advertising", "linked", "light", "buzzer")
LOG = "kitlog"
"""Label of the partition that holds the log."""
PRESS_S = 0.15
"""Seconds for which a press of the button lasts."""
BOOT_S = 0.25
"""Seconds from a wake to the first line of main.py on a stock build (model: 26 mC at some 100 mA)."""
RTC_MEMORY = 2048

UNKNOWN_RESET, POWER_ON, HARD_RESET, WATCHDOG_RESET, DEEPSLEEP_RESET, SOFT_RESET = range(6)
RESETS = {"reset": HARD_RESET, "panic": HARD_RESET, "watchdog": WATCHDOG_RESET, "lock-up": UNKNOWN_RESET}
"""How a chip starts again, and the cause that MicroPython gives: a panic is a hard reset; what ESP-IDF calls USB, JTAG,
CPU_LOCKUP and PWR_GLITCH is 0 (ports/esp32/modmachine.c, `mp_machine_reset_cause`). RTC memory outlives all of these
(`RTC_NOINIT_ATTR` in machine_rtc.c)."""
WAKE_EXT1, WAKE_TIMER, WAKE_GPIO = 3, 4, 7

_NVS_NO_PARTITION = (-0x110F, "ESP_ERR_NVS_PART_NOT_FOUND")
_NVS_NOT_FOUND = (-0x1102, "ESP_ERR_NVS_NOT_FOUND")
_NVS_INVALID_NAME = (-0x1106, "ESP_ERR_NVS_INVALID_NAME")
_NVS_KEY_TOO_LONG = (-0x1109, "ESP_ERR_NVS_KEY_TOO_LONG")
_NVS_INVALID_LENGTH = (-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
_ESP_INVALID_SIZE = (-0x104, "ESP_ERR_INVALID_SIZE")
_ADC_FULL_SCALE_UV = (950_000, 1_250_000, 1_750_000, 3_300_000)
_RISING, _FALLING = 1, 2
_INPUT = 1
_IMPORTS_OF_A_WAKE = 8
"""More often than this no wake tries to import one module."""

LP_AON_GPIO_MUX = 0x600B1028
"""Register with a bit for each of GPIO 0 to 7, 1: the pad is routed to the low-power side (ESP-IDF,
components/soc/esp32c6/include/soc/lp_aon_reg.h)."""
FUSES = {EFUSE_BLOCK1 + 12: PACKAGE_AND_REVISION}
"""Registers that a program can only read."""


class Refusal(Exception):
    """A board call that fails in MicroPython with `OSError(number, text)`."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.number = number
        self.text = text


class Ended(Exception):
    """A board call that does not return: the chip sleeps, resets or has lost its power."""


def checked_drift(drift: float) -> float:
    """`drift`. Raises `ValueError` if no RTC is as wrong as that."""
    if not -0.02 <= drift <= 0.02:
        raise ValueError(f"an RTC does not drift by {drift}")
    return drift


class Counters:
    """What the tag has used since it was made, for budgets and the charge model; the flash counts for itself.

    By supply, `CELL` or `DOCK`: `boots`, how often it has started, and `seconds` in each state. "off", "asleep",
    "boot" (from a wake to main.py, in instant mode) and "awake" follow each other; "advertising", "linked", "light"
    and "buzzer" come on top. Python takes no time here but 50 µs for a board call, and waits in full: the seconds are
    exact in instant mode, and what they do not hold is the time that the chip takes to compute.

    `heap_wake` and `heap_session` are the most bytes of heap in use at the end of a wake and of a radio link. The
    WebAssembly build frees nothing while a program runs, so they are upper bounds of the peak: all that was ever
    allocated, this board's own modules and their messages included. 0 with another interpreter.
    """

    def __init__(self) -> None:
        self.boots = {CELL: 0, DOCK: 0}
        self.seconds = {CELL: dict.fromkeys(STATES, 0.0), DOCK: dict.fromkeys(STATES, 0.0)}
        self.calls = 0
        """Board calls."""
        self.heap_wake = 0
        self.heap_session = 0

    @property
    def wakes(self) -> int:
        """How often it has started."""
        return sum(self.boots.values())

    @property
    def awake_s(self) -> float:
        """Seconds awake on either supply."""
        return sum(by_state["awake"] for by_state in self.seconds.values())


class Board:
    """One tag's hardware. `now` is its present in true Unix seconds and only rises.

    `drift` is the relative error of its RTC: 0.01 counts 1 % too many seconds. `blank`: with nothing in its
    flash; else it comes flashed, with the product's layout.
    """

    def __init__(self, now: float, drift: float = 0.0, blank: bool = False) -> None:
        self.now = now
        self.rf_switch = True
        """Whether its antenna is behind the XIAO's switch; the custom board's is not."""
        self._drift = checked_drift(drift)
        self.chip_flash = ChipFlash(blank)
        self.nvs = Nvs()
        """Non-volatile storage: (namespace, key, "i32" or "blob") to number or hexadecimal text."""
        self.thermometer = Thermometer()
        self.counters = Counters()
        self.faults: list[str] = []
        """What the firmware did wrong: exceptions in interrupts, impossible calls, a crash of main.py."""
        self._failing: dict[str, tuple[int, Refusal]] = {}
        self.outputs: dict[int, int] = {}
        """Levels that the firmware drives, by GPIO."""
        self.tones: dict[int, int] = {}
        """Frequencies in Hz of the PWM outputs that are on, by GPIO."""
        self.lid_open = False
        self.docked = False
        self.pressed = False
        self.battery_mv = 3900
        self.reset_cause = POWER_ON
        self.wake_reason = 0
        self.wake_pins: list[int] = []
        self.mode = "off"
        """"off", "asleep", "boot" or "awake"."""
        self.advertising = False
        self.links = 0
        """Connections to centrals."""
        self.interrupts: list[tuple[list[Any], Any]] = []
        """Interrupts that wait for the program to wait: source and arguments."""
        self.mac = secrets.token_bytes(6)
        """The chip's factory address and unique id."""
        self._rtc_memory = ""
        self._rtc_s, self._rtc_since = 0.0, now
        self._started = now
        self._wake_on: dict[str, tuple[list[int], int]] = {}
        self._pin_triggers: dict[int, int] = {}
        self._pulls: dict[int, int] = {}
        self._registers = {LP_AON_GPIO_MUX: 0}
        self._timer_wake: float | None = None
        self._watchdog_s: float | None = None
        self._watchdog_at: float | None = None
        self._inputs: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    @property
    def flash(self) -> Nor:
        """The partition of the log. Raises `LookupError` if the chip has none."""
        log = self.chip_flash.partition(LOG)
        if log is None:
            raise LookupError(f"the virtual chip has no partition {LOG}")
        return self.chip_flash.at(log.offset)

    # What the world does to the board.

    def schedule(self, at: float, change: Callable[[], None]) -> None:
        """Do `change` when the board's present reaches `at`."""
        heapq.heappush(self._inputs, (at, next(self._order), change))

    @property
    def next_input(self) -> float | None:
        """When the next scheduled change is due, or None."""
        return self._inputs[0][0] if self._inputs else None

    def pass_time(self, to: float) -> None:
        """Let the present become `to`, with all changes that are due on the way."""
        while self._inputs and self._inputs[0][0] <= to:
            at, _, change = heapq.heappop(self._inputs)
            self._reach(at)
            self._change(change)
        self._reach(to)

    def _reach(self, instant: float) -> None:
        seconds = self.counters.seconds[self._supply]
        passed = max(0.0, instant - self.now)
        for state in self._states():
            seconds[state] += passed
        self.thermometer.pass_time(passed, self.mode, self.docked)
        self.now += passed

    @property
    def _supply(self) -> str:
        return DOCK if self.docked else CELL

    def _states(self) -> list[str]:
        """The states it is in."""
        states = [self.mode]
        if self.advertising:
            states.append("advertising")
        if self.links:
            states.append("linked")
        if self.outputs.get(LIGHT) or LIGHT in self.tones:
            states.append("light")
        if BUZZER in self.tones:
            states.append("buzzer")
        return states

    def _change(self, change: Callable[[], None]) -> None:
        before = {pin: self._read(pin) for pin in self._pin_triggers}
        change()
        for pin, old in before.items():
            new = self._read(pin)
            if new != old and self._pin_triggers[pin] & (_RISING if new else _FALLING):
                self.interrupts.append((["pin", pin], None))

    def level(self, pin: int) -> int:
        """The level at `pin`, 0 or 1."""
        if pin == BUTTON:
            return int(not (self.pressed or self.docked))
        if pin == LID:
            return int(self.lid_open)
        if pin == DOCK_SENSE:
            return int(self.docked)
        return self.outputs.get(pin, int(self._pulls.get(pin, 0) == 2))

    def _read(self, pin: int) -> int:
        """What a program reads at `pin`: 0 while its pad is routed to the low-power side."""
        return 0 if self._registers[LP_AON_GPIO_MUX] >> pin & 1 else self.level(pin)

    @property
    def rf_loss_db(self) -> float:
        """What the antenna switch takes from the signal, both ways, in dB."""
        connected = self.outputs.get(RF_POWER) == 0 and self.outputs.get(RF_SELECT) == 0
        return 0.0 if connected or not self.rf_switch else RF_LOSS_DB

    @property
    def drift(self) -> float:
        """The RTC's present error. A new one counts from now on, for a sleep that has begun too."""
        return self._drift

    @drift.setter
    def drift(self, drift: float) -> None:
        slower = (1 + self._drift) / (1 + checked_drift(drift))
        if self._timer_wake is not None:
            self._timer_wake = self.now + (self._timer_wake - self.now) * slower
        self._rtc_s, self._rtc_since = self._counted_s(), self.now
        self._drift = drift

    def _counted_s(self) -> float:
        """Seconds that the RTC has counted since it last had no power."""
        return self._rtc_s + (self.now - self._rtc_since) * (1 + self._drift)

    # Power, sleep and wake.

    def look_at_flash(self) -> Start:
        """What the chip finds in its flash before it starts anything."""
        return self.chip_flash.start()

    def start(self, cause: int) -> None:
        """Power-on, reset or wake: everything is gone but flash and (but at power-on) the RTC."""
        if cause != SOFT_RESET:
            self.thermometer.adc_used = False
            self._watchdog_s = self._watchdog_at = None
            nvs = self.chip_flash.partition("nvs")
            self.nvs.mount(None if nvs is None else self.chip_flash.at(nvs.offset))
        if cause == POWER_ON:
            self._rtc_memory = ""
            self._rtc_s, self._rtc_since = 0.0, self.now
            self._registers = dict.fromkeys(self._registers, 0)
        if cause != DEEPSLEEP_RESET:
            self.wake_reason, self.wake_pins = 0, []
        self.reset_cause = cause
        self._wake_on.clear()
        self._pin_triggers.clear()
        self._pulls.clear()
        self.outputs.clear()
        self.tones.clear()
        self.interrupts.clear()
        self._timer_wake = None
        self._started = self.now
        self.mode = "awake"
        self.counters.boots[self._supply] += 1

    def stop(self, at_prompt: bool = False) -> None:
        """The program has ended, by sleep, reset or lost power; or `at_prompt`, where interrupts of pins go on."""
        self.advertising, self.links = False, 0
        if at_prompt:
            self.interrupts[:] = [each for each in self.interrupts if each[0][0] == "pin"]
        else:
            self.forget_interrupts()
        self.outputs.clear()
        self.tones.clear()

    def forget_interrupts(self) -> None:
        """What had asked for them is gone."""
        self.interrupts.clear()
        self._pin_triggers.clear()

    def woken(self) -> bool:
        """Whether a wake source is there now; if so, why is noted for the firmware. ext1 and GPIO wake by level.

        Of several at once the chip names one: the timer before GPIO before ext1 (`esp_sleep_get_wakeup_cause` in
        ESP-IDF's sleep_modes.c), and the pins of no other (`esp_sleep_get_ext1_wakeup_status`, likewise for GPIO).
        """
        if self._timer_wake is not None and self.now >= self._timer_wake:
            self.wake_reason, self.wake_pins = WAKE_TIMER, []
            return True
        for source, reason in (("gpio", WAKE_GPIO), ("ext1", WAKE_EXT1)):
            pins, level = self._wake_on.get(source, ([], 0))
            there = [pin for pin in pins if self.level(pin) == level]
            if there:
                self.wake_reason, self.wake_pins = reason, there
                return True
        return False

    @property
    def timer_wake(self) -> float | None:
        """When the sleep timer ends, or None."""
        return self._timer_wake

    @property
    def watchdog_at(self) -> float | None:
        """When the watchdog resets the chip unless it is fed before, or None."""
        return self._watchdog_at

    def spare_watchdog(self, seconds: float) -> None:
        """Put off the watchdog: so long was this machine busy, which the chip would not have been."""
        if self._watchdog_at is not None:
            self._watchdog_at += max(0.0, seconds)

    # What the firmware calls.

    def call(self, name: str, arguments: list[Any]) -> Any:
        """The answer to a board call. Raises `Refusal`, `Ended`, or `PowerCut` from the flash."""
        self._perhaps_fail(name)
        method = getattr(self, "_on_" + name, None)
        if method is None:
            raise Refusal(errno.ENOSYS, f"the virtual board has no {name}")
        return method(*arguments)

    def fail(self, name: str, times: int = 1, number: int = errno.EIO, text: str = "EIO") -> None:
        """Let the board call `name` fail with `OSError(number, text)` so many times from now on.

        "import X" stands for the import of a module by that name: its file cannot be read. That is MicroPython's
        `OSError` from the file system (py/reader.c, extmod/vfs_reader.c); a module that failed is forgotten, and
        can be imported again (`unregister_module_from_nlr_jump_callback` in py/builtinimport.c).
        """
        self._failing[name] = (times, Refusal(number, text))

    def _perhaps_fail(self, name: str) -> None:
        left, refusal = self._failing.get(name, (0, None))
        if refusal is not None:
            if left > 1:
                self._failing[name] = (left - 1, refusal)
            else:
                del self._failing[name]
            raise refusal

    def _on_spoilt_imports(self) -> list[str]:
        """Modules of which the next imports of this wake fail, a name for each time."""
        spoilt = [(name, left) for name, (left, _) in self._failing.items() if name.startswith("import ")]
        return [name.removeprefix("import ") for name, left in spoilt for _ in range(min(left, _IMPORTS_OF_A_WAKE))]

    def _on_import_failed(self, module: str) -> None:
        self._perhaps_fail(f"import {module}")

    def _on_fault(self, text: str) -> None:
        self.faults.append(text)

    def _on_ticks_us(self) -> int:
        return int((self.now - self._started) * 1e6)

    def _on_rtc_us(self) -> int:
        return int(self._counted_s() * 1e6)

    def _on_rtc_set(self, microseconds: int) -> None:
        """Anybody can set the clock (machine_rtc.c, `settimeofday`), and its RTC keeps that over deep sleep."""
        self._rtc_s, self._rtc_since = microseconds / 1e6, self.now

    def _on_reset_cause(self) -> int:
        return self.reset_cause

    def _on_wake_reason(self) -> int:
        return self.wake_reason

    def _on_wake_pins(self) -> list[int]:
        return self.wake_pins

    def _on_unique_id(self) -> str:
        return self.mac.hex()

    def _on_heap(self, at_the_end_of: str, in_use: int) -> None:
        name = f"heap_{at_the_end_of}"
        setattr(self.counters, name, max(getattr(self.counters, name), in_use))

    def _on_deepsleep(self, milliseconds: int) -> None:
        # The timer counts with the RTC's clock, so it is as wrong as that is.
        self._timer_wake = self.now + milliseconds / 1000 / (1 + self.drift) if milliseconds else None
        # ESP-IDF's ext1_wakeup_prepare (sleep_modes.c) routes each armed pad to the low-power side. On wake
        # esp_deep_sleep_wakeup_io_reset (sleep_gpio.c) ends its hold and leaves it there; MicroPython's
        # machine_pin.c compiles rtc_gpio_deinit out for the C6 (micropython issue 17334).
        for pin in self._wake_on.get("ext1", ([], 0))[0]:
            self._registers[LP_AON_GPIO_MUX] |= 1 << pin
        raise Ended("deepsleep")

    def _on_mem_read(self, address: int) -> int:
        return FUSES[address] if address in FUSES else self._registers[self._register(address)]

    def _on_mem_write(self, address: int, value: int) -> None:
        self._registers[self._register(address)] = value & 0xFF

    def _register(self, address: int) -> int:
        """`address`, if there is a register. On the chip most of the others are a bus error, which is a crash."""
        if address not in self._registers:
            self.faults.append(f"no register at 0x{address:08x}")
            raise Ended("panic")
        return address

    def _on_reset(self) -> None:
        raise Ended("reset")

    def _on_watchdog(self, timeout_ms: int) -> None:
        self._watchdog_s = timeout_ms / 1000
        self._on_watchdog_feed()

    def _on_watchdog_feed(self) -> None:
        if self._watchdog_s is not None:
            self._watchdog_at = self.now + self._watchdog_s

    def _on_rtc_memory(self, data: str | None) -> str | None:
        if data is None:
            return self._rtc_memory
        self._rtc_memory = data
        return None

    def _on_pin_init(self, pin: int, mode: int, pull: int, value: int | None) -> None:
        if not 0 <= pin <= 30:
            raise Refusal(errno.EINVAL, "invalid pin")
        if pull >= 0:
            self._pulls[pin] = pull
        if value is not None:
            self.outputs[pin] = value
        if mode == _INPUT:
            self.outputs.pop(pin, None)

    def _on_pin_read(self, pin: int) -> int:
        return self._read(pin)

    def _on_pin_write(self, pin: int, value: int) -> None:
        self.outputs[pin] = value

    def _on_pin_irq(self, pin: int, trigger: int) -> None:
        if trigger:
            self._pin_triggers[pin] = trigger
        else:
            self._pin_triggers.pop(pin, None)

    def _on_adc_uv(self, pin: int, attenuation: int) -> int:
        if pin not in range(7):
            raise Refusal(errno.EINVAL, "invalid pin")
        self.thermometer.adc_used = True
        microvolts = self.battery_mv * 500 if pin == VBAT else self.level(pin) * 3_300_000
        return min(microvolts, _ADC_FULL_SCALE_UV[attenuation])

    def _on_mcu_temperature(self) -> int:
        try:
            return self.thermometer.read(self.now)
        except BadReading:
            raise Ended("panic") from None

    def _on_pwm(self, pin: int, frequency: int, duty: int) -> None:
        if frequency and duty:
            self.tones[pin] = frequency
        else:
            self.tones.pop(pin, None)

    def _on_wake_on(self, source: str, pins: list[int], level: int) -> None:
        if not WAKE_CAPABLE.issuperset(pins):
            raise Refusal(errno.EINVAL, "invalid pin")
        self._wake_on[source] = (pins, level)

    def _on_nvs_open(self, namespace: str) -> None:
        if self.chip_flash.partition("nvs") is None:
            raise Refusal(*_NVS_NO_PARTITION)
        if not 0 < len(namespace) <= 15:
            raise Refusal(*_NVS_INVALID_NAME)
        self._nvs(self.nvs.open, namespace)

    def _on_nvs_get(self, namespace: str, key: str, kind: str, room: int = 0) -> Any:
        value = self.nvs.get((namespace, key, kind))
        if value is None:
            raise Refusal(*_NVS_NOT_FOUND)
        if isinstance(value, str) and len(value) > room * 2:
            raise Refusal(*_NVS_INVALID_LENGTH)
        return value

    def _on_nvs_set(self, namespace: str, key: str, kind: str, value: Any) -> None:
        if len(key) > 15:
            raise Refusal(*_NVS_KEY_TOO_LONG)
        self._nvs(self.nvs.__setitem__, (namespace, key, kind), value)

    def _on_nvs_erase(self, namespace: str, key: str) -> None:
        there = [entry for entry in ((namespace, key, kind) for kind in ("i32", "blob")) if entry in self.nvs]
        if not there:
            raise Refusal(*_NVS_NOT_FOUND)
        for entry in there:
            del self.nvs[entry]

    def _on_nvs_commit(self, namespace: str) -> None:
        """Nothing is left to do: ESP-IDF writes at once (nvs_storage.cpp, `Storage::writeItem`)."""

    def _nvs(self, operation: Callable[..., Any], *arguments: Any) -> None:
        try:
            operation(*arguments)
        except NvsError as error:
            raise Refusal(error.number, error.text) from None

    def _on_file_blocks(self) -> int:
        """How many sectors the file system has."""
        files = self.chip_flash.partition("vfs")
        if files is None:
            raise Refusal(errno.ENODEV, "ENODEV")
        return files.size // SECTOR

    def _on_partitions(self) -> list[tuple[int, int, int, int, str, bool]]:
        return [
            (each.type, each.subtype, each.offset, each.size, each.label, False) for each in self.chip_flash.partitions
        ]

    def _flash(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return operation(*arguments)
        except ValueError:
            raise Refusal(*_ESP_INVALID_SIZE) from None

    def _on_flash_read(self, partition: int, offset: int, size: int) -> str:
        return bytes(self._flash(self.chip_flash.at(partition).read, offset, size)).hex()

    def _on_flash_program(self, partition: int, offset: int, data: str) -> None:
        self._flash(self.chip_flash.at(partition).program, offset, bytes.fromhex(data))

    def _on_flash_erase(self, partition: int, offset: int, size: int) -> None:
        for sector in range(offset, offset + size, SECTOR):
            self._flash(self.chip_flash.at(partition).erase, sector)


__all__ = ["Board", "Counters", "Ended", "Nor", "PowerCut", "Refusal"]
