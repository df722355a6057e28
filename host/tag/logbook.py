"""What a tag's events say, in words."""

from host.tag import temperature
from host.tag.events import VERIFIED, Event
from host.words import times
from kitwire import config, faults, record
from kitwire.errors import WireError

_CAUSES = {
    0: "USB, crash or power glitch",
    1: "power-on",
    2: "reset or crash",
    3: "watchdog",
    4: "deep sleep",
    5: "soft reset",
}
"""`machine.reset_cause()` of MicroPython on the ESP32; 4 also if the chip's clock was set while the tag slept."""

_NAMES = record.TYPE_NAMES


def cause_of_start(aux: int) -> str:
    """Why a tag started, by the aux of its boot record."""
    return _CAUSES.get(aux, f"cause {aux}")


def explain(event: Event) -> str:
    """What the event's aux and flags add to its type; for a record that does not verify, its verdict."""
    if event.verdict != VERIFIED:
        return event.verdict
    aux = event.aux or 0
    said = []
    if event.type == _NAMES[record.BOOT]:
        said.append(cause_of_start(aux))
    elif event.type == _NAMES[record.DOSE_MARK]:
        said.append(f"mark {aux}")
    elif event.type == _NAMES[record.TIME_SET]:
        correction_s = aux - 0x10000 if aux & 0x8000 else aux
        moved = f"put forward {correction_s} s" if correction_s > 0 else f"put back {-correction_s} s"
        said.append(moved if correction_s else "first set")
    elif event.type == _NAMES[record.CONFIG]:
        item = config.BY_NUMBER.get(aux)
        said.append(item.name if item else f"item {aux}")
    elif event.type == _NAMES[record.STOPPED]:
        said.append(f"over USB {times(aux)}" if aux > 1 else "over USB")
    elif event.type == _NAMES[record.FAULT]:
        said.append(faults.describe(aux))
    said += _warm(event)
    if (event.flags or 0) & record.FLAG_BRIEF:
        said.append("brief")
    return ", ".join(said)


def _warm(event: Event) -> list[str]:
    try:
        told = temperature.told(event)
    except WireError:
        return [f"no temperature ({event.aux})"]
    if told is None:
        return []
    coldest, warmest = told
    return [f"{coldest} °C"] if event.type != _NAMES[record.TEMPERATURE] else [f"{coldest} to {warmest} °C"]
