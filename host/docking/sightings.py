"""Whose advert is this? Looks rotating adverts up among the enrolled tags, and refuses old ones.

Pure: keys and what was last accepted go in, sightings come out.
"""

from __future__ import annotations

from typing import NamedTuple

from host.tag.events import Radio
from kitwire import advert
from kitwire.errors import WireError

FIRST_WINDOW = 4
"""Epochs looked at before the full window: nearly every advert is in the present or next epoch."""

SPARE_EPOCHS = (64, 256, 1024)
"""Epochs that a tag may have used beyond the passing of time: starts, and presses of its button that no station
heard. Looked at in these steps, so that an unknown device costs little at a time."""

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


class Sightings:
    """Resolves adverts for a set of tags. Add each tag once; then ask `resolve` for each advert heard."""

    def __init__(self) -> None:
        self._keys: dict[str, bytes] = {}
        self._accepted: dict[str, Radio] = {}
        self._window: dict[str, tuple[int, int]] = {}
        self._by_hint: dict[bytes, list[tuple[str, int]]] = {}

    def add(self, tag: str, advert_key: bytes, accepted: Radio | None, since_ms: int) -> None:
        """Look for `tag`; `accepted` is the last advert taken from it, or None since its enrolment at
        `since_ms` (Unix milliseconds)."""
        self._keys[tag] = advert_key
        self._accepted[tag] = accepted or Radio(0, -1, since_ms)
        first = self._accepted[tag].epoch
        self._window[tag] = (first, first)
        self._widen(tag, first + FIRST_WINDOW)

    def synchronise(self, tag: str, epoch: int, now_ms: int) -> Radio:
        """Take over the epoch that `tag` gave in an authenticated session; returns what is accepted now."""
        accepted = self._accepted[tag]
        if epoch > accepted.epoch:
            accepted = self._accepted[tag] = Radio(epoch, -1, now_ms)
            self._widen(tag, epoch + FIRST_WINDOW)
        return accepted

    def resolve(self, service_data: bytes, now_ms: int) -> Sighting | None:
        """The sighting in BTHome service data heard at `now_ms`, or None if no enrolled tag sent it."""
        hint = advert.hint_of(service_data)
        if hint is None:
            return None
        found = self._open(hint, service_data)
        for spare in SPARE_EPOCHS:
            if found is None and self._widen_all(now_ms, spare):
                found = self._open(hint, service_data)
        if found is None:
            return None
        tag, epoch, seen = found
        accepted = self._accepted[tag]
        place = (epoch, seen.index)
        last = (accepted.epoch, accepted.index)
        if place < last:
            return Sighting(tag, epoch, seen, news=False, replayed=True)
        if place > last:
            self._accepted[tag] = Radio(epoch, seen.index, now_ms)
            self._widen(tag, epoch + FIRST_WINDOW)
        return Sighting(tag, epoch, seen, news=place > last, replayed=False)

    def _open(self, hint: bytes, service_data: bytes) -> tuple[str, int, advert.Advert] | None:
        for tag, number in self._by_hint.get(hint, ()):
            try:
                return tag, number, advert.open(advert.epoch(self._keys[tag], number), service_data)
            except WireError:
                continue
        return None

    def _widen_all(self, now_ms: int, spare: int) -> bool:
        """Look as far ahead as each tag can have got with `spare` epochs; whether that added anything."""
        added = False
        for tag, accepted in self._accepted.items():
            passed_s = max(0, now_ms - accepted.heard_at_ms) / 1000
            end = accepted.epoch + int(passed_s * _FASTEST / advert.EPOCH_S) + spare
            added = self._widen(tag, end) or added
        return added

    def _widen(self, tag: str, end: int) -> bool:
        first, covered = self._window[tag]
        for number in range(covered, end):
            hint = advert.epoch(self._keys[tag], number).hint
            self._by_hint.setdefault(hint, []).append((tag, number))
        self._window[tag] = (first, max(covered, end))
        return end > covered
