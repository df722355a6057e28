"""Whose turn it is at the dock: fresh pouches first, in the order in which they came; who fails or drags, last.

Pure: what was heard and how dockings ended goes in, the next visit comes out. Times are seconds of a clock that only
goes forward.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

Device = TypeVar("Device")

ATTEMPTS = 3
"""How often a tag is tried in a row, with little time between, before it is left alone for longer."""

FIRST_REST_S = 1.0
"""Wait before the second attempt, in seconds; doubled before each further one."""

LONG_REST_S = 60.0
"""How long one that failed all its attempts is left alone, in seconds; doubled at each further failure."""

LONGEST_REST_S = 3600.0
"""The most of that, and the wait at once if trying again cannot help: another key, a log that was put back. So the
history grows by some 30 failed dockings a day, whatever a tag does."""

LONGEST_PUT_OFF_S = 60.0
"""The most that a tag waits if the station itself can't go on, as with a full disk, in seconds: so it is collected soon
after that is mended, and its cell pays for no more than a connection a minute until then."""

HANDICAP_S = 60.0
"""By how much each failure puts a tag behind others: so a fresh one goes first, and nobody waits for ever."""

ADDRESSES = 16
"""Of how many addresses one tag is believed to be heard at a time, those heard last, and of how many failures are
remembered: it has one, and somebody who repeats its signal may have any number. A tag sends four times a second, so 60
new ones a second do not hide it."""

STEADY_S = 3.0
"""An address heard for so long goes before others of the same tag, in seconds: a tag keeps its own while it is in the
dock, and who takes a new one each second never gets there."""

GONE_S = 60.0
"""A tag that was not heard for so long has been away, in seconds: its wait begins anew."""

ITSELF = ""
"""In place of an address: the tag that has proved who it is."""


class Visit(NamedTuple, Generic[Device]):
    """A tag that a radio hears now: what to connect to, at which address, and whether it says that it has news."""

    tag: str
    address: str
    device: Device
    news: bool


class _Failures(NamedTuple):
    times: int
    rests_until: float


class Turns(Generic[Device]):
    """Who is here, who was tried and who is being docked, for all radios of one dock.

    What fails before a tag has proved who it is, is held against the address: it may be somebody else's.
    """

    def __init__(self) -> None:
        self._here: dict[str, dict[tuple[str, str], Visit[Device]]] = {}
        self._waits: dict[str, tuple[float, float]] = {}
        self._addresses: dict[str, dict[str, float]] = {}
        self._doubted: dict[str, float] = {}
        self._failures: dict[str, dict[str, _Failures]] = {}
        self._put_off: dict[str, _Failures] = {}
        self._busy: set[str] = set()
        self._docked: set[str] = set()

    def begin(self, radio: str) -> None:
        """`radio` begins to listen: who is still here is heard again."""
        self._here[radio] = {}

    def heard(self, radio: str, visit: Visit[Device], now: float) -> None:
        """Notes a visit that `radio` hears."""
        since, last = self._waits.get(visit.tag, (now, now))
        self._waits[visit.tag] = (since if now - last <= GONE_S else now, now)
        addresses = self._addresses.setdefault(visit.tag, {})
        addresses[visit.address] = addresses.pop(visit.address, now)  # who was heard last is last
        self._here.setdefault(radio, {})[visit.tag, visit.address] = visit
        if len(addresses) > ADDRESSES:
            forgotten = next(iter(addresses))
            del addresses[forgotten]
            for here in self._here.values():
                here.pop((visit.tag, forgotten), None)

    def away(self, tag: str) -> None:
        """`tag` takes no connection now, is no longer in use, or has to be heard again: its wait begins anew."""
        self._waits.pop(tag, None)
        for here in self._here.values():
            for key in [each for each in here if each[0] == tag]:
                del here[key]

    def take(self, radio: str, now: float, everything: bool, most: int | None) -> Visit[Device] | None:
        """The visit whose turn it is on `radio`, or None. Its tag is nobody else's until that is over.

        Wanted are tags that have news, and with `everything` those not docked yet; with `most`, only those that
        failed less often in a row.
        """
        due = [
            visit
            for visit in self._wanted(radio, everything, most)
            if visit.tag not in self._busy and self._rests_until(visit) <= now
        ]
        if not due:
            return None
        visit = min(due, key=lambda each: (self._stands(each), not self._steady(each, now)))
        self._busy.add(visit.tag)
        return visit

    def pending(self, radio: str, everything: bool, most: int | None) -> bool:
        """Whether the turn of somebody whom `radio` hears is still to come."""
        return bool(self._wanted(radio, everything, most))

    def docking(self, tag: str) -> bool:
        """Whether `tag` is being docked."""
        return tag in self._busy

    def ended(self, visit: Visit[Device]) -> None:
        """A docking was complete, or has brought something and goes on later."""
        self._free(visit)
        self._docked.add(visit.tag)
        self._failures.pop(visit.tag, None)
        self._put_off.pop(visit.tag, None)
        self._doubted.pop(visit.tag, None)

    def failed(self, visit: Visit[Device], now: float, proved: bool, hopeless: bool) -> None:
        """A docking failed, after the tag had `proved` who it is or before; `hopeless` if trying again can't help."""
        self._free(visit)
        failures = self._failures.setdefault(visit.tag, {})
        name = ITSELF if proved else visit.address
        if not proved:
            self._doubted[visit.tag] = now + FIRST_REST_S  # first it is heard who else is there
        times = failures.pop(name, _NONE).times + 1
        if hopeless:
            times = max(times, ATTEMPTS)
        failures[name] = _Failures(times, now + (LONGEST_REST_S if hopeless else _rest_s(times)))
        if len(failures) > ADDRESSES:
            del failures[next(each for each in failures if each != ITSELF)]

    def put_off(self, visit: Visit[Device], now: float) -> None:
        """A docking failed for a reason of the station's own: nothing is held against the tag."""
        self._free(visit)
        times = self._put_off.get(visit.tag, _NONE).times + 1
        rest_s = min(FIRST_REST_S * 2.0 ** min(times - 1, 10), LONGEST_PUT_OFF_S)
        self._put_off[visit.tag] = _Failures(times, now + rest_s)

    def _free(self, visit: Visit[Device]) -> None:
        """It is over with a visit. What any radio heard of the tag before is old: it may have been lifted."""
        self._busy.discard(visit.tag)
        self.away(visit.tag)

    def _rests_until(self, visit: Visit[Device]) -> float:
        put_off = self._put_off.get(visit.tag, _NONE)
        return max(self._failed(visit).rests_until, put_off.rests_until, self._doubted.get(visit.tag, 0.0))

    def _steady(self, visit: Visit[Device], now: float) -> bool:
        """Whether the tag has had this address for a while."""
        return now - self._addresses[visit.tag][visit.address] >= STEADY_S

    def _stands(self, visit: Visit[Device]) -> float:
        """Its place in the queue, as a time: the earliest is next."""
        return self._waits[visit.tag][0] + HANDICAP_S * self._failed(visit).times

    def _failed(self, visit: Visit[Device]) -> _Failures:
        """How the tag and its address have failed so far."""
        failures = self._failures.get(visit.tag, {})
        return max(failures.get(ITSELF, _NONE), failures.get(visit.address, _NONE))

    def _wanted(self, radio: str, everything: bool, most: int | None) -> list[Visit[Device]]:
        return [
            visit
            for visit in self._here.get(radio, {}).values()
            if (visit.news or (everything and visit.tag not in self._docked))
            and (most is None or max(self._failed(visit).times, self._put_off.get(visit.tag, _NONE).times) < most)
        ]


_NONE = _Failures(0, 0.0)


def _rest_s(times: int) -> float:
    """How long one that has failed `times` times in a row is left alone, in seconds."""
    if times < ATTEMPTS:
        return FIRST_REST_S * 2.0 ** (times - 1)
    return float(min(LONG_REST_S * 2.0 ** min(times - ATTEMPTS, 10), LONGEST_REST_S))
