"""What a tag's events say, in words."""

from host.phrase import Phrase
from host.tag import temperature
from host.tag.events import ALTERED, UNLINKED, VERIFIED, Event
from kitwire import config, faults, record
from kitwire.errors import WireError

_CAUSES = {
    0: Phrase("start.usb"),
    1: Phrase("start.power_on"),
    2: Phrase("start.reset"),
    3: Phrase("start.watchdog"),
    4: Phrase("start.deep_sleep"),
    5: Phrase("start.soft_reset"),
}
"""`machine.reset_cause()` of MicroPython on the ESP32; 4 also if the chip's clock was set while the tag slept."""

_VERDICTS = {ALTERED: Phrase("record.altered"), UNLINKED: Phrase("record.unlinked")}

_NAMES = record.TYPE_NAMES


def cause_of_start(aux: int) -> Phrase:
    """Why a tag started, by the aux of its boot record."""
    return _CAUSES.get(aux, Phrase("start.other", cause=aux))


def explain(event: Event, doubtful: bool = False) -> list[Phrase]:
    """What the event's aux and flags add to its type; for a record that does not verify, its verdict.

    If it is `doubtful` when it was, that as well.
    """
    if event.verdict != VERIFIED:
        return [_VERDICTS[event.verdict]]
    aux = event.aux or 0
    said = []
    if event.type == _NAMES[record.BOOT]:
        said.append(cause_of_start(aux))
    elif event.type == _NAMES[record.DOSE_MARK]:
        said.append(Phrase("event.mark", mark=aux))
    elif event.type == _NAMES[record.TIME_SET]:
        said.append(_time_set(aux - 0x10000 if aux & 0x8000 else aux))
    elif event.type == _NAMES[record.CONFIG]:
        item = config.BY_NUMBER.get(aux)
        said.append(Phrase("event.item", item=item.name) if item else Phrase("event.unknown_item", item=aux))
    elif event.type == _NAMES[record.STOPPED]:
        said.append(Phrase("event.over_usb_times" if aux > 1 else "event.over_usb", times=aux))
    elif event.type == _NAMES[record.FAULT]:
        said.append(Phrase("event.fault", fault=faults.describe(aux)))
    said += _warm(event)
    if (event.flags or 0) & record.FLAG_BRIEF:
        said.append(Phrase("event.brief"))
    if doubtful:
        said.append(Phrase("event.doubtful_time"))
    return said


def _time_set(correction_s: int) -> Phrase:
    if correction_s == 0:
        return Phrase("event.first_set")
    return Phrase("event.put_forward" if correction_s > 0 else "event.put_back", seconds=abs(correction_s))


def _warm(event: Event) -> list[Phrase]:
    try:
        told = temperature.told(event)
    except WireError:
        return [Phrase("event.no_temperature", aux=event.aux)]
    if told is None:
        return []
    coldest, warmest = told
    code = "event.temperature" if event.type != _NAMES[record.TEMPERATURE] else "event.temperatures"
    return [Phrase(code, coldest_c=coldest, warmest_c=warmest)]
