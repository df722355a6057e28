"""What an advert that nobody's tag sent costs with 1,000 tags, on the radio's loop and beside it.

The rival is what any station has to do with an advert: find its service data and read the hint.
"""

from __future__ import annotations

import asyncio
import os
import time
from random import Random

from host.docking.sightings import Search, Sightings
from host.tag.events import Radio
from kitwire import advert
from tests.bench.held import Ticker
from tests.bench.result import Result

TAGS = 1_000
SILENT_DAYS = 30
"""How long each tag was away: so far ahead is searched."""
MOST_FIRST_MS = 100.0
MOST_MEAN_US = 50.0
MOST_HELD_MS = 50.0
FIRSTS, MANY = 5, 20_000
NOW_MS = 1_780_000_000_000


def run() -> list[Result]:
    """`first_unknown_advert_ms_1000_tags`, `unknown_advert_us_1000_tags`, and the search beside the loop."""
    known = _sightings()
    adverts = _unknown(FIRSTS + MANY)
    first_ms = max(_first_ms(each) for each in adverts[:FIRSTS])
    mean_us, bare_us = _mean_us(known, adverts[FIRSTS:])
    search_s, held_ms = asyncio.run(_search(_sightings(), adverts[-1]))
    return [
        Result("first_unknown_advert_ms_1000_tags", first_ms, f"ms, slowest of {FIRSTS}", "the goal", MOST_FIRST_MS,
               first_ms / MOST_FIRST_MS, f"at most {MOST_FIRST_MS:.0f}", first_ms <= MOST_FIRST_MS),
        Result("unknown_advert_us_1000_tags", mean_us, f"us, mean of {MANY:,}", "reading the hint alone", bare_us,
               mean_us / bare_us, f"at most {MOST_MEAN_US:.0f}", mean_us <= MOST_MEAN_US),
        Result("search_holds_loop_ms_1000_tags", held_ms, f"ms at most, in a search of {search_s:.1f} s", "the goal",
               MOST_HELD_MS, held_ms / MOST_HELD_MS, f"at most {MOST_HELD_MS:.0f}", held_ms <= MOST_HELD_MS),
    ]  # fmt: skip


def _sightings() -> Sightings:
    """A station that knows `TAGS` tags, and has heard none of them for `SILENT_DAYS`."""
    random = Random(TAGS)
    known = Sightings()
    heard_ms = NOW_MS - SILENT_DAYS * 86_400_000
    for number in range(TAGS):
        known.add(f"{number:016x}", random.randbytes(16), Radio(random.randrange(1, 50_000), 3, heard_ms), heard_ms)
    return known


def _unknown(count: int) -> list[bytes]:
    """Service data of so many adverts in a tag's form, each of another tag that is nobody's."""
    said = advert.Advert(1, 80, False, False, False, False, 10)
    return [service_data(advert.build(advert.epoch(os.urandom(16), 7), said)) for _ in range(count)]


def service_data(advertising_data: bytes) -> bytes:
    """The value of the structure of type 0x16, without its UUID of 16 bits."""
    at = 0
    while advertising_data[at + 1] != 0x16:
        at += advertising_data[at] + 1
    return advertising_data[at + 4 : at + 1 + advertising_data[at]]


def _first_ms(data: bytes) -> float:
    """What the loop spends on the first unknown advert ever, heard twice, until a search for it has begun."""
    known = _sightings()
    began = time.perf_counter()
    unknown = known.resolve(data, NOW_MS) is None and known.resolve(data, NOW_MS) is None
    search = known.begin_search(NOW_MS)
    took = time.perf_counter() - began
    if not unknown or search is None:
        raise RuntimeError("an unknown advert is not searched for as it must")
    return took * 1000


def _mean_us(known: Sightings, adverts: list[bytes]) -> tuple[float, float]:
    """What the loop spends on each of `adverts`, and on the hint of each alone."""
    began = time.perf_counter()
    for data in adverts:
        known.resolve(data, NOW_MS)
    between = time.perf_counter()
    for data in adverts:
        advert.hint_of(data)
    ended = time.perf_counter()
    return (between - began) / len(adverts) * 1e6, (ended - between) / len(adverts) * 1e6


async def _search(known: Sightings, data: bytes) -> tuple[float, float]:
    """How long a search takes beside a loop that has nothing to do, in seconds, and holds it at most, in ms."""
    known.resolve(data, NOW_MS)
    known.resolve(data, NOW_MS)
    search = known.begin_search(NOW_MS)
    assert isinstance(search, Search)
    async with Ticker() as ticker:
        await asyncio.get_running_loop().run_in_executor(None, search.run)
    known.finish(search, NOW_MS)
    return search.took_s, ticker.longest_busy_ms
