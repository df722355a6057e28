"""What is on the air: one advertisement, its epoch and its index.

In the rotating form, address, hint and payload change together: an epoch begins with each new address of
the radio, and ends after 900 s, after its last index, or with the radio. Its number only rises: the caller
keeps it where no power cut can take it back, before it is used. In profile `open` the address stays, and
epoch and index make up BTHome's own counter.
"""

from collections import namedtuple

from kitwire import advert

State = namedtuple("State", ("battery_percent", "lid_open", "battery_low", "problem", "tamper", "count"))
"""What a tag says of itself; `count` is its last sequence, of which the low 16 bits are sent."""


class Beacon:
    """The advertisements of one tag while its radio is on."""

    def __init__(self, advert_key: bytes) -> None:
        self._key = advert_key
        self._number: int | None = None
        self._epoch: advert.Epoch | None = None
        self._address = b""
        self._bind_key: bytes | None = None
        self._began_ms = 0
        self._index = 0
        self._said: State | None = None

    def stale(self, uptime_ms: int, state: State) -> bool:
        """Whether a new epoch must begin before `state` is said."""
        if self._number is None or uptime_ms - self._began_ms >= advert.EPOCH_S * 1000:
            return True
        return state != self._said and self._index > advert.LAST_INDEX

    def begin(self, number: int, uptime_ms: int) -> None:
        """Begin the epoch `number`, under a new address."""
        self._epoch = advert.epoch(self._key, number)
        self._start(number, uptime_ms)

    def begin_open(self, number: int, uptime_ms: int, address: bytes, bind_key: "bytes | None") -> None:
        """Begin the epoch `number` of profile `open` under the radio's own `address`, sealed if there is a key."""
        self._epoch = None
        self._address = address
        self._bind_key = bind_key
        self._start(number, uptime_ms)

    def _start(self, number: int, uptime_ms: int) -> None:
        self._number = number
        self._began_ms = uptime_ms
        self._index = 0
        self._said = None

    def frame(self, state: State) -> "bytes | None":
        """The advertising data that says `state`, or None if it is on the air already.

        Not to be called while `stale`.
        """
        if self._number is None or state == self._said:
            return None
        said = advert.Advert(self._index, *state[:-1], state.count & 0xFFFF)
        if self._epoch is not None:
            data = advert.build(self._epoch, said)
        else:
            counter = (self._number << 8 | self._index) & 0xFFFFFFFF
            data = advert.build_open(self._address, self._bind_key, counter, said)
        self._index += 1
        self._said = state
        return data
