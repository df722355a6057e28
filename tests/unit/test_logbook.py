"""What events say in words."""

from __future__ import annotations

import pytest

from host.tag.events import ALTERED, UNLINKED, VERIFIED, Event
from host.tag.logbook import explain
from kitwire import config, faults, record


def event(kind: int, aux: int = 0, flags: int = 0, verdict: str = VERIFIED) -> Event:
    return Event("00" * 8, 1, 1, verdict, record.TYPE_NAMES[kind], flags, 3900, 1, 60, 0, aux)


def words(of: Event) -> str:
    return ", ".join(map(str, explain(of)))


@pytest.mark.parametrize(
    ("kind", "aux", "said"),
    [
        (record.BOOT, 1, "power-on"),
        (record.BOOT, 3, "watchdog"),
        (record.BOOT, 9, "cause 9"),
        (record.LID_OPEN, 0, ""),
        (record.DOSE_MARK, 2, "mark 2"),
        (record.TIME_SET, 0, "first set"),
        (record.TIME_SET, 90, "put forward 90 s"),
        (record.TIME_SET, 0x10000 - 5, "put back 5 s"),
        (record.TIME_SET, 0x8000, "put back 32768 s"),
        (record.CONFIG, config.BUZZER, "buzzer"),
        (record.CONFIG, 77, "item 77"),
        (record.FAULT, faults.place("kitcore/ring", 7), "exception in kitcore/ring, line 7"),
        (record.HEARTBEAT, 0, ""),
        (record.HEARTBEAT, 96, "-4 °C"),
        (record.LID_CLOSE, 121, "21 °C"),
        (record.TEMPERATURE, 158 << 8 | 96, "-4 to 58 °C"),
        (record.TEMPERATURE, 96 << 8 | 158, "no temperature (24734)"),
        (record.LID_OPEN, 1, "no temperature (1)"),
        (record.FAULT, faults.TEMPERATURE, "reading its temperature restarted the chip: it has stopped doing so"),
    ],
)
def test_each_type_says_what_its_aux_means(kind: int, aux: int, said: str) -> None:
    assert words(event(kind, aux)) == said


def test_a_brief_edge_says_so() -> None:
    assert words(event(record.LID_OPEN, flags=record.FLAG_BRIEF | record.FLAG_LID_OPEN)) == "brief"
    assert words(event(record.LID_CLOSE, 121, flags=record.FLAG_BRIEF)) == "21 °C, brief"


@pytest.mark.parametrize("verdict", [ALTERED, UNLINKED])
def test_a_record_that_does_not_verify_says_only_that(verdict: str) -> None:
    assert words(Event("00" * 8, 1, 1, verdict, None, None, None, None, None, None, None)) == verdict
