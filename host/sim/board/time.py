"""`time` on the virtual board: its clock, and sleeps that are the board's to make long or short."""

# ruff: noqa: F401, I001
# mypy: ignore-errors

from utime import gmtime, localtime, mktime

from _virtual import call, wait

_TICKS_PERIOD = 1 << 30
_TICKS_HALF = 1 << 29


def ticks_ms():
    return call("ticks_us") // 1000 % _TICKS_PERIOD


def ticks_us():
    return call("ticks_us") % _TICKS_PERIOD


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return (ticks + delta) % _TICKS_PERIOD


def ticks_diff(end, start):
    return (end - start + _TICKS_HALF) % _TICKS_PERIOD - _TICKS_HALF


def sleep(seconds):
    wait(seconds * 1000000)


def sleep_ms(ms):
    wait(ms * 1000)


def sleep_us(us):
    wait(us)


def time():
    return call("rtc_us") // 1000000


def time_ns():
    return call("rtc_us") * 1000
