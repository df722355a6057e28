"""What events say."""

from __future__ import annotations

import pytest

from host.phrase import Phrase
from host.tag.events import ALTERED, UNLINKED, VERIFIED, Event
from host.tag.logbook import explain
from kitwire import config, faults, record

RING_7 = faults.place("kitcore/ring", 7)


def event(kind: int, aux: int = 0, flags: int = 0, verdict: str = VERIFIED) -> Event:
    return Event("00" * 8, 1, 1, verdict, record.TYPE_NAMES[kind], flags, 3900, 1, 60, 0, aux)


@pytest.mark.parametrize(
    ("kind", "aux", "code", "fields"),
    [
        (record.BOOT, 1, "start.power_on", {}),
        (record.BOOT, 3, "start.watchdog", {}),
        (record.BOOT, 9, "start.other", {"cause": 9}),
        (record.LID_OPEN, 0, None, {}),
        (record.DOSE_MARK, 2, "event.mark", {"mark": 2}),
        (record.TIME_SET, 0, "event.first_set", {}),
        (record.TIME_SET, 90, "event.put_forward", {"seconds": 90}),
        (record.TIME_SET, 0x10000 - 5, "event.put_back", {"seconds": 5}),
        (record.TIME_SET, 0x8000, "event.put_back", {"seconds": 32768}),
        (record.CONFIG, config.BUZZER, "event.item", {"item": "buzzer"}),
        (record.CONFIG, 77, "event.unknown_item", {"item": 77}),
        (
            record.FAULT,
            faults.place("kitcore/ring", 7),
            "event.fault",
            {"fault": faults.describe(faults.place("kitcore/ring", 7))},
        ),
        (record.HEARTBEAT, 0, None, {}),
        (record.HEARTBEAT, 96, "event.temperature", {"coldest_c": -4, "warmest_c": -4}),
        (record.LID_CLOSE, 121, "event.temperature", {"coldest_c": 21, "warmest_c": 21}),
        (record.TEMPERATURE, 158 << 8 | 96, "event.temperatures", {"coldest_c": -4, "warmest_c": 58}),
        (record.TEMPERATURE, 96 << 8 | 158, "event.no_temperature", {"aux": 24734}),
        (record.LID_OPEN, 1, "event.no_temperature", {"aux": 1}),
        (record.FAULT, faults.TEMPERATURE, "event.fault", {"fault": faults.describe(faults.TEMPERATURE)}),
    ],
)
def test_each_type_says_what_its_aux_means(kind: int, aux: int, code: str | None, fields: dict[str, object]) -> None:
    assert explain(event(kind, aux)) == ([Phrase(code, **fields)] if code else [])


def test_a_brief_edge_says_so() -> None:
    brief = Phrase("event.brief")
    assert explain(event(record.LID_OPEN, flags=record.FLAG_BRIEF | record.FLAG_LID_OPEN)) == [brief]
    warm = Phrase("event.temperature", coldest_c=21, warmest_c=21)
    assert explain(event(record.LID_CLOSE, 121, flags=record.FLAG_BRIEF)) == [warm, brief]


@pytest.mark.parametrize("verdict", [ALTERED, UNLINKED])
def test_a_record_that_does_not_verify_says_only_that(verdict: str) -> None:
    altered = Event("00" * 8, 1, 1, verdict, None, None, None, None, None, None, None)
    assert explain(altered) == [Phrase(f"record.{verdict}")]
