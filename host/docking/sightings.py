"""Whose advert is this? Looks rotating adverts up among the enrolled tags, and refuses old ones.

Pure: keys and what was last accepted go in, sightings come out. `Sightings` belongs to one thread, the radio's;
a `Search` is a snapshot, and `Search.run` may run in any other.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from host.tag.events import Radio
from kitwire import advert
from kitwire.errors import WireError

NEAR_EPOCHS = 64
"""Epochs ahead of the last accepted that are known at once: a tag begins one when it is undocked and one when it is
docked, and one for each 900 s on the air. So nearly every advert is in one of them."""

PAST_EPOCHS = 4
"""Epochs behind the last accepted that are known at once, to tell what is repeated."""

SPARE_EPOCHS = 1024
"""Epochs that a tag may have used beyond the passing of time: starts, and presses of its button that no station
heard."""

LAST_EPOCH = 2**32 - 1
"""Epochs are numbers of 32 bits."""

MOST_ELAPSED_S = 5 * 365 * 86400
"""Time for which a tag is looked ahead at most, in seconds: a clock that jumps must not make a search endless."""

MOST_SEARCHED = 2048
"""Hints kept that were heard once, and that were heard again and are searched for: a second of a flood, in which a tag
sends its own four times."""

FRAMES = 3
"""Frames kept of one hint: who forges one with a tag's hint doesn't hide the tag's own."""

MOST_STRANGERS = 16384
"""Hints remembered as nobody's."""

STRANGER_S = 600.0
"""How long a hint that a whole search did not find is left alone, in seconds."""

REST_FACTOR = 10
"""The next search waits this many times as long as the last took: at most a tenth of one processor."""

_STRIDE = 64
"""Epochs of one tag that are tried before the next tag's: the near ones of all tags go first."""

_FASTEST = 1.02
"""How fast a tag's clock can run: its RC oscillator is within 1 % or so, and 2 % is allowed for."""


class Sighting(NamedTuple):
    """One advert of an enrolled tag.

    `news` is False for a frame that is still being sent as it was, and `replayed` True for one older
    than the last accepted: it proves that somebody recorded it, not that the tag is here.
    """

    tag: str
    epoch: int
    advert: advert.Advert
    news: bool
    replayed: bool


class Hints:
    """The hints of one tag's epochs: `advert.epoch(key, number).hint` with the key's HMAC states made once."""

    def __init__(self, advert_key: bytes) -> None:
        padded = advert_key.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(each ^ 0x36 for each in padded) + b"kitdock epoch 1")
        self._outer = hashlib.sha256(bytes(each ^ 0x5C for each in padded))

    def of(self, number: int) -> bytes:
        """The 3 bytes for the epoch `number`."""
        inner = self._inner.copy()
        inner.update(struct.pack("<I", number) + b"\x01")
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[22:25]


class _Known(NamedTuple):
    key: bytes
    hints: Hints


class _Found(NamedTuple):
    tag: str
    epoch: int
    service_data: bytes


class Search:
    """One search for all hints that were unknown, over every epoch that each tag can have reached.

    A snapshot: `run` may be called in any thread, once; then hand the search to `Sightings.finish`.
    """

    def __init__(self, wanted: dict[bytes, tuple[bytes, ...]], tags: list[tuple[str, _Known, int, int]]) -> None:
        self.wanted = wanted
        self.stopped = False
        """Set by who does not want the rest any more."""
        self.found: list[_Found] = []
        self.took_s = 0.0
        self._tags = tags

    def run(self) -> None:
        """Look for all of it, the nearest epochs of all tags first; keeps nothing of what does not match."""
        began = time.perf_counter()
        left = self._tags
        while left and not self.stopped:
            further = []
            for tag, known, first, end in left:
                stop = min(first + _STRIDE, end)
                self._look(tag, known, first, stop)
                if stop < end:
                    further.append((tag, known, stop, end))
                time.sleep(0)  # the radio's loop goes before
            left = further
        self.took_s = time.perf_counter() - began

    def _look(self, tag: str, known: _Known, first: int, stop: int) -> None:
        for number in range(first, stop):
            for data in self.wanted.get(known.hints.of(number), ()):
                if _opened(known.key, number, data):
                    self.found.append(_Found(tag, number, data))


class Sightings:
    """Resolves adverts for a set of tags. Add each tag once; then ask `resolve` for each advert heard, and
    `begin_search` now and then.

    `clock` gives seconds that only rise, for the rests between searches.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._accepted: dict[str, Radio] = {}
        self._near: dict[str, range] = {}
        self._by_hint: dict[bytes, list[tuple[str, int]]] = {}
        self._once: OrderedDict[bytes, tuple[bytes, ...]] = OrderedDict()
        self._again: OrderedDict[bytes, tuple[bytes, ...]] = OrderedDict()
        self._strangers: OrderedDict[bytes, float] = OrderedDict()
        self._not_before = 0.0

    def add(self, tag: str, advert_key: bytes, accepted: Radio | None, since_ms: int) -> None:
        """Look for `tag`; `accepted` is the last advert taken from it, or None since its enrolment at
        `since_ms` (Unix milliseconds)."""
        self.remove(tag)
        self._known[tag] = _Known(advert_key, Hints(advert_key))
        self._accept(tag, accepted or Radio(0, -1, since_ms))
        self._strangers.clear()

    def remove(self, tag: str) -> None:
        """Forget `tag`, if it is known."""
        if self._known.get(tag):
            self._move(tag, range(0))
            del self._known[tag], self._accepted[tag], self._near[tag]

    def synchronise(self, tag: str, epoch: int, now_ms: int) -> Radio:
        """Take over the epoch that `tag` claims in an authenticated session; returns what is accepted now.

        An epoch that it cannot have reached changes nothing: then what is returned is below `epoch`.
        """
        if self._accepted[tag].epoch < epoch < self._end(tag, now_ms):
            self._accept(tag, Radio(epoch, -1, now_ms))
        return self._accepted[tag]

    def resolve(self, service_data: bytes, now_ms: int) -> Sighting | None:
        """The sighting in BTHome service data heard at `now_ms`, or None if no enrolled tag near its last epoch
        sent it; what has a tag's form is then kept for the next search."""
        hint = advert.hint_of(service_data)
        if hint is None:
            return None
        for tag, number in self._by_hint.get(hint, ()):
            seen = _opened(self._known[tag].key, number, service_data)
            if seen:
                return self._sighting(tag, number, seen, now_ms)
        self._want(hint, service_data)
        return None

    def begin_search(self, now_ms: int) -> Search | None:
        """A search for what was heard at least twice and is unknown, or None while nothing was, or the last one is
        too recent.

        Until it is handed to `finish` there is no other.
        """
        if not self._again or self._clock() < self._not_before:
            return None
        self._not_before = float("inf")
        wanted = dict(self._again)
        self._again.clear()
        reach = [(tag, known, self._accepted[tag].epoch, self._end(tag, now_ms)) for tag, known in self._known.items()]
        return Search(wanted, reach)

    def finish(self, search: Search, now_ms: int) -> list[Sighting]:
        """Take over what `search` found; the sightings in it. What it did not find is a stranger's for a while."""
        self._not_before = self._clock() + REST_FACTOR * search.took_s
        sightings = []
        for tag, number, service_data in search.found:
            seen = tag in self._known and _opened(self._known[tag].key, number, service_data)
            if seen:
                sightings.append(self._sighting(tag, number, seen, now_ms))
        ours = {advert.hint_of(each.service_data) for each in search.found}
        until = self._clock() + STRANGER_S
        for hint in [] if search.stopped else search.wanted.keys() - ours:
            self._strangers[hint] = until
        while len(self._strangers) > MOST_STRANGERS:
            self._strangers.popitem(last=False)
        return sightings

    def _sighting(self, tag: str, epoch: int, seen: advert.Advert, now_ms: int) -> Sighting:
        accepted = self._accepted[tag]
        place, last = (epoch, seen.index), (accepted.epoch, accepted.index)
        if place > last:
            self._accept(tag, Radio(epoch, seen.index, now_ms))
        return Sighting(tag, epoch, seen, news=place > last, replayed=place < last)

    def _want(self, hint: bytes, service_data: bytes) -> None:
        until = self._strangers.get(hint)
        if until is not None and self._clock() < until:
            return
        before = self._again.get(hint) or self._once.pop(hint, None)
        kept = self._once if before is None else self._again
        kept[hint] = tuple(dict.fromkeys((service_data, *(before or ()))))[:FRAMES]
        if len(kept) > MOST_SEARCHED:
            kept.popitem(last=False)

    def _end(self, tag: str, now_ms: int) -> int:
        """The first epoch that `tag` cannot have reached."""
        accepted = self._accepted[tag]
        passed_s = min(max(0, now_ms - accepted.heard_at_ms) / 1000, MOST_ELAPSED_S)
        reached = accepted.epoch + int(passed_s * _FASTEST / advert.EPOCH_S) + SPARE_EPOCHS
        return min(reached, LAST_EPOCH) + 1

    def _accept(self, tag: str, accepted: Radio) -> None:
        self._accepted[tag] = accepted
        first = max(0, accepted.epoch - PAST_EPOCHS)
        self._move(tag, range(first, min(accepted.epoch + NEAR_EPOCHS, LAST_EPOCH) + 1))

    def _move(self, tag: str, near: range) -> None:
        hints, before = self._known[tag].hints, self._near.get(tag, range(0))
        for number in (each for each in before if each not in near):
            hint = hints.of(number)
            self._by_hint[hint].remove((tag, number))
            if not self._by_hint[hint]:
                del self._by_hint[hint]
        for number in (each for each in near if each not in before):
            self._by_hint.setdefault(hints.of(number), []).append((tag, number))
        self._near[tag] = near


def _opened(key: bytes, number: int, service_data: bytes) -> advert.Advert | None:
    try:
        return advert.open(advert.epoch(key, number), service_data)
    except WireError:
        return None
