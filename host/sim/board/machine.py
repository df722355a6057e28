"""`machine` of the ESP32 port on the virtual board, as far as a tag needs it.

`deepsleep` and `reset` do not return: the board ends the interpreter in the middle of the call.
"""

# ruff: noqa: UP031
# mypy: ignore-errors

import binascii

from _virtual import call, handlers, report_heap, wait
from utime import gmtime, mktime

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

PIN_WAKE = 2
EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4
TOUCHPAD_WAKE = 5
ULP_WAKE = 6


def reset_cause():
    return call("reset_cause")


def wake_reason():
    return call("wake_reason")


def wake_pins():
    return tuple(call("wake_pins"))


def unique_id():
    return binascii.unhexlify(call("unique_id"))


def freq():
    return 160000000


def idle():
    wait(1000)


def deepsleep(time_ms=0):
    report_heap("wake")
    call("deepsleep", time_ms)


def reset():
    call("reset")


class _Memory:
    """`mem32`: a word of the chip's memory by its address."""

    def __getitem__(self, address):
        return call("mem_read", address)

    def __setitem__(self, address, value):
        call("mem_write", address, value & 0xFFFFFFFF)


mem32 = _Memory()


class Pin:
    """A GPIO. Interrupts run while the program waits."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        self._id = id.id if isinstance(id, Pin) else id
        self.init(mode, pull, value=value, drive=drive, hold=hold)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        call("pin_init", self._id, mode, pull, None if value is None else int(bool(value)))

    @property
    def id(self):
        return self._id

    def __repr__(self):
        return "Pin(%d)" % self._id

    def value(self, x=None):
        if x is None:
            return call("pin_read", self._id)
        return call("pin_write", self._id, int(bool(x)))

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def toggle(self):
        self.value(1 - self.value())

    def irq(self, handler=None, trigger=IRQ_FALLING | IRQ_RISING, wake=None, hard=False):
        if wake is not None:
            raise ValueError("wake is not supported: use esp32.wake_on_ext1 or esp32.wake_on_gpio")
        handlers["pin", self._id] = handler and (lambda _: handler(self))
        call("pin_irq", self._id, trigger if handler else 0)


class ADC:
    """An analogue input, 12 bits."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_12BIT = 12

    def __init__(self, pin, *, atten=ATTN_0DB):
        self._pin = pin.id if isinstance(pin, Pin) else pin
        self._atten = atten

    def atten(self, atten):
        self._atten = atten

    def read_uv(self):
        """Microvolts at the pin, up to what the attenuation lets through."""
        return call("adc_uv", self._pin, self._atten)

    def read(self):
        return min(self.read_uv() * 4096 // 3300000, 4095)

    def read_u16(self):
        return self.read() * 65535 // 4095


class PWM:
    """A square wave on a pin; the board only notes that it is there."""

    def __init__(self, pin, *, freq=5000, duty_u16=0x8000, duty_ns=None, invert=0):
        self._pin = pin.id if isinstance(pin, Pin) else pin
        self.init(freq=freq, duty_u16=duty_u16)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, invert=0):
        self._freq = self._freq if freq is None else freq
        self._duty = self._duty if duty_u16 is None else duty_u16
        call("pwm", self._pin, self._freq, self._duty)

    def freq(self, value=None):
        if value is None:
            return self._freq
        return self.init(freq=value)

    def duty_u16(self, value=None):
        if value is None:
            return self._duty
        return self.init(duty_u16=value)

    def deinit(self):
        call("pwm", self._pin, 0, 0)


class WDT:
    """The watchdog. It cannot be stopped but by a reset or deep sleep; made again, it has another timeout."""

    def __init__(self, id=0, timeout=5000):
        if id:
            raise ValueError
        if timeout <= 0:
            raise ValueError("WDT timeout too short")
        call("watchdog", timeout)

    def feed(self):
        call("watchdog_feed")


class RTC:
    """The real-time clock, and its memory: 2048 bytes that outlive deep sleep and reset, not power-off."""

    def __init__(self, id=0):
        if id:
            raise ValueError("no such RTC")

    def datetime(self, moment=None):
        """Year, month, day, day of the week, hour, minute, second, microsecond: what it shows, or shows from now on."""
        if moment is None:
            year, month, day, hour, minute, second, weekday, _ = gmtime(call("rtc_us") // 1000000)
            return (year, month, day, weekday, hour, minute, second, call("rtc_us") % 1000000)
        year, month, day, _, hour, minute, second, microsecond = moment
        return call("rtc_set", mktime((year, month, day, hour, minute, second, 0, 0)) * 1000000 + microsecond)

    def memory(self, data=None):
        if data is None:
            return binascii.unhexlify(call("rtc_memory", None))
        if len(data) > 2048:
            raise ValueError("buffer too long")
        return call("rtc_memory", binascii.hexlify(data).decode())
