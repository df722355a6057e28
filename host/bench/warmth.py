"""The chip's thermometer beside another one: what is to be added to its readings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from host import service
from host.bench.board import Bench
from host.bench.procedure import BenchStep, Measurement
from host.bench.run import Outcome, Skipped
from host.errors import InputError
from host.link.tag_session import TagSession
from host.link.wired import WiredLink, wired
from host.phrase import Phrase
from host.tag import config
from host.tag.config import ConfigChange
from host.tag.events import Event
from host.tag.temperature import error_c
from kitwire import config as items
from kitwire import record

_TEMPERATURE = record.TYPE_NAMES[record.TEMPERATURE]


def thermometer(bench: Bench, step: BenchStep) -> Outcome:
    """What the chip reads at rest, against what is typed; the offset that follows is for the tag that this becomes."""
    rest_s = int(step.limits["rest_s"])
    _configure(bench, [config.read_offset("0"), ConfigChange(items.BY_NUMBER[items.TEMPERATURE_S], rest_s)])
    bench.fetch()
    bench.act("away")
    try:
        bench.person.act(Phrase("bench.lay_to_rest", minutes=rest_s / 60 + 15))
        what = str(Phrase("bench.thermometer_shows"))
        shown = bench.person.answer(Measurement(what, unit="°C", least=-20, most=50))
    except Skipped:
        bench.act("back")
        raise
    bench.act("back")
    told = _told(bench.fetch())
    assert isinstance(shown, int | float)
    if told is None:
        return Outcome(False, Phrase("bench.no_temperature"), {})
    coldest, warmest = told
    found: dict[str, Any] = {"thermometer_c": shown, "coldest_c": coldest, "warmest_c": warmest}
    if warmest - coldest > step.limits["most_apart_c"]:
        return Outcome(False, Phrase("bench.not_at_rest", coldest_c=coldest, warmest_c=warmest), found)
    try:
        offset_c = (config.offset(shown, warmest, 0).value - items.NO_OFFSET) / 10
    except InputError as error:
        return Outcome(False, error, found)
    found |= {"offset_c": offset_c, "error_c": error_c(warmest)}
    right = abs(offset_c) <= step.limits["most_c"]
    reads = Phrase("bench.chip_reads", warmest_c=warmest, measured_c=shown, offset_c=offset_c, error_c=error_c(warmest))
    return Outcome(right, Phrase("bench.offset_found" if right else "bench.offset_too_large", reads=reads), found)


def _told(events: Sequence[Event]) -> tuple[int, int] | None:
    """The coldest and the warmest that the last of these records tells."""
    last = next((each for each in reversed(events) if each.type == _TEMPERATURE), None)
    return None if last is None or last.aux is None else record.temperatures_of(record.TEMPERATURE, last.aux)


def _configure(bench: Bench, changes: Sequence[ConfigChange]) -> None:
    """Set items of the tag over the cable. Raises `LinkError`."""
    tag = bench.tag()
    keys = service.Tags(bench.store).tag_keys(tag.id)

    async def talk(link: WiredLink) -> None:
        session = await TagSession.open(link, keys.session)
        for change in changes:
            session.ask_set_config(change.item.number, change.value)
        for _ in changes:
            await session.config_set()

    with bench.repl():
        pass  # it may be on its way back
    with wired(bench.port) as link:
        asyncio.run(talk(link))
