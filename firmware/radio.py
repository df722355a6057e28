"""The radio: one advertisement, a few centrals, one GATT service that carries a byte stream to and from each.

What NimBLE says of connections is not taken for all there is. On ESP-IDF 5.5 it tells of a connection once the central
has said what it can do, but of its MTU and what it writes before. Of one that fails until then it tells as of an end or
not at all, though the controller has stopped advertising for it. With some centrals the end is no event (esp-nimble
117, esp-idf 15670). Nor does an end come at once: a central that does not acknowledge it stays for the supervision
time-out that it has asked for, 32 s at most.
"""

import time

import antenna
import bluetooth

from kitwire import session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ADVERT_INTERVAL_US = 250000
MTU = 247
"""ATT MTU asked for: a frame of 13 records fills two notifications."""
BUFFER = 512
"""Bytes the stack collects before the interrupt handler fetches them."""
MOST_CENTRALS = 3
"""Centrals at a time. A stock build takes four, CONFIG_BT_NIMBLE_MAX_CONNECTIONS in MicroPython's sdkconfig.ble."""
MOST_WAITING = 4096
"""Bytes received and not yet looked at, above which the peer is dropped."""
SEND_MS = 5000
"""Longest wait, in milliseconds, for the stack to take one notification."""
AGAIN_MS = 2000
"""Milliseconds after which what was asked of the stack is asked again: to advertise, to let a central go."""
LEAVE_MS = 2000
"""Milliseconds in which a central that is let go is to be gone."""
ADDRESS_TRIES = 5

_CONNECT = 1
_DISCONNECT = 2
_WRITE = 3
_MTU_EXCHANGED = 21
_PUBLIC = 0
_RANDOM_STATIC = 1
_LEAST_MTU = 23
_ATT_HEADER = 3

_SERVICE = (
    bluetooth.UUID(session.SERVICE_UUID),
    (
        (bluetooth.UUID(session.RX_UUID), bluetooth.FLAG_WRITE | bluetooth.FLAG_WRITE_NO_RESPONSE),
        (bluetooth.UUID(session.TX_UUID), bluetooth.FLAG_NOTIFY),
    ),
)


class Central:
    """Somebody who is connected.

    `leaving`  it is let go
    `session`  what the caller keeps of it
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.leaving = False
        self.session: Any = None
        self.told = False
        """Whether the stack has told of the connection itself."""
        self.mtu = _LEAST_MTU
        self.pieces: list[bytes] = []
        self.waiting = 0
        self.since_ms: Any = None
        self.asked_ms: Any = None


class Radio:
    """The Bluetooth controller, off at first."""

    def __init__(self) -> None:
        self._ble: Any = bluetooth.BLE()  # its stub takes handles for memoryviews
        self._rx = 0
        self._tx = 0
        self._centrals: dict[int, Central] = {}
        self._kept: Central | None = None
        self._data = b""
        self._connectable = True
        self._advertising = False
        self._ended = False
        self._asked_ms: Any = 0
        self._spoke = False
        self._full = False
        self._failed: Exception | None = None

    def on(self) -> None:
        """Start the controller and the GATT service; nothing is sent yet."""
        antenna.connect()
        self._spoke = self._full = False
        self._ble.active(True)
        self._ble.config(mtu=MTU)
        self._ble.irq(self._interrupted)
        ((self._rx, self._tx),) = self._ble.gatts_register_services((_SERVICE,))
        self._ble.gatts_set_buffer(self._rx, BUFFER, True)

    def off(self) -> None:
        """Stop everything."""
        try:
            self._ble.active(False)
        finally:
            self._advertising = False
            self._kept = None
            self._centrals.clear()
            antenna.release()

    def new_address(self) -> "bytes | None":
        """Take a fresh random address, with nothing on the air. None if the controller did not take one."""
        self.silence()
        before = self._address()
        for _ in range(ADDRESS_TRIES):
            self._ble.config(addr_mode=_RANDOM_STATIC)
            kind, address = self._address()
            if kind == _RANDOM_STATIC and (kind, address) != before:
                return address
        return None

    def own_address(self) -> "bytes | None":
        """Take the chip's own address, which never changes. None if the controller did not take it."""
        self.silence()
        self._ble.config(addr_mode=_PUBLIC)
        kind, address = self._address()
        return address if kind == _PUBLIC else None

    def _address(self) -> "tuple[int, bytes]":
        kind, address = self._ble.config("mac")
        return kind, bytes(address)

    def advertise(self, data: bytes, connectable: bool) -> None:
        """Send `data` every 250 ms until a central connects, `silence` or other data.

        Raises `OSError` if that has not gone well since the radio was switched on; later the radio is `stuck`.
        """
        self._data = data
        self._connectable = connectable
        self._ended = False
        self._asked_ms = time.ticks_ms()
        try:
            self._ble.gap_advertise(ADVERT_INTERVAL_US, adv_data=data, connectable=connectable)
        except OSError:  # the stack has connections that it has not told of, and no room for another
            if not self._spoke:
                raise
            self._full = True
            return
        self._full = False
        self._spoke = self._advertising = True

    def resume(self) -> None:
        """Send again what was sent before."""
        self.advertise(self._data, self._connectable)

    def silence(self) -> None:
        """Stop advertising."""
        if self._advertising:
            self._ble.gap_advertise(None)
            self._advertising = False

    @property
    def advertising(self) -> bool:
        """Whether it advertises; after two seconds nobody knows, since it may have stopped without a word."""
        sent = self._full or (self._advertising and not self._ended)
        return sent and time.ticks_diff(time.ticks_ms(), self._asked_ms) < AGAIN_MS

    @property
    def centrals(self) -> "list[Central]":
        """Who is connected and stays."""
        return [central for central in list(self._centrals.values()) if not central.leaving]

    @property
    def linked(self) -> bool:
        """Whether there is a central that stays."""
        return bool(self.centrals)

    @property
    def occupied(self) -> bool:
        """Whether there is any central, one that is let go among them."""
        return bool(self._centrals)

    @property
    def room(self) -> bool:
        """Whether one more central may come."""
        return self._kept is None and len(self._centrals) < MOST_CENTRALS

    @property
    def stuck(self) -> bool:
        """Whether only switching the radio off helps: nobody stays, and somebody does not go."""
        if self.linked:
            return False
        now_ms = time.ticks_ms()
        since = [central.since_ms for central in list(self._centrals.values()) if central.since_ms is not None]
        return self._full or any([time.ticks_diff(now_ms, each) >= LEAVE_MS for each in since])

    def take(self, central: Central) -> bytes:
        """What `central` has written since the last call."""
        pieces, central.pieces, central.waiting = central.pieces, [], 0
        return b"".join(pieces)

    def send(self, central: Central, data: bytes) -> bool:
        """Notify `central` of `data`, in pieces; False if it is gone or takes no more."""
        size = central.mtu - _ATT_HEADER
        return all(self._notify(central, data[at : at + size]) for at in range(0, len(data), size))

    def _notify(self, central: Central, piece: bytes) -> bool:
        deadline = time.ticks_add(time.ticks_ms(), SEND_MS)
        while True:
            if central.leaving or self._centrals.get(central.handle) is not central:
                return False  # the handler may find out between any two steps
            try:
                self._ble.gatts_notify(central.handle, self._tx, piece)
                return True
            except OSError:  # the stack is out of buffers, or the central went this moment
                if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                    return False
                time.sleep_ms(10)

    def keep(self, central: Central) -> None:
        """Serve `central` alone while it is there: all others are let go, and nobody else is taken."""
        if self._kept is not central:
            self._kept = central
            self.silence()
            for other in self.centrals:
                if other is not central:
                    self.drop(other)

    def drop(self, central: Central) -> None:
        """Let `central` go."""
        central.leaving = True
        self._let_go(central)

    def drop_all(self) -> None:
        """Let everybody go, and take nobody."""
        self.silence()
        for central in self.centrals:
            self.drop(central)

    def check(self) -> None:
        """Make sure that every central that was let go leaves, and raise what the interrupt handler could not."""
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed
        for central in list(self._centrals.values()):
            if central.leaving:
                self._let_go(central)

    def _let_go(self, central: Central) -> None:
        if self._kept is central:
            self._kept = None
        now_ms = time.ticks_ms()
        if central.since_ms is None:
            central.since_ms = now_ms
        if central.asked_ms is not None and time.ticks_diff(now_ms, central.asked_ms) < AGAIN_MS:
            return
        central.asked_ms = now_ms
        try:
            there = self._ble.gap_disconnect(central.handle)
        except OSError:  # it is on its way, or the stack is busy: the next time shows
            return
        if not there:
            self._forget(central)

    def _forget(self, central: Central) -> None:
        if self._centrals.get(central.handle) is central:
            self._centrals.pop(central.handle)
        if self._kept is central:
            self._kept = None

    def _interrupted(self, event: int, data: "tuple[int, ...]") -> None:
        try:
            self._happened(event, data)
        except Exception as error:  # noqa: BLE001  raised again by `check`
            self._failed = error

    def _happened(self, event: int, data: "tuple[int, ...]") -> None:
        """Runs between any two steps of the main loop; only takes note."""
        if event not in (_CONNECT, _DISCONNECT, _WRITE, _MTU_EXCHANGED):
            return
        central = self._centrals.get(data[0])
        if event == _DISCONNECT:
            self._ended = True  # it may be one whose set-up failed
            if central is not None:
                self._forget(central)
            return
        if central is None or (event == _CONNECT and central.told):
            self._ended = True  # the controller stops by itself
            central = self._centrals[data[0]] = Central(data[0])
            central.leaving = self._kept is not None
        if event == _CONNECT:
            central.told = True
        elif event == _MTU_EXCHANGED:
            central.mtu = data[1]
        elif data[1] == self._rx:
            piece = bytes(self._ble.gatts_read(self._rx))
            central.pieces.append(piece)
            central.waiting += len(piece)
            if central.waiting > MOST_WAITING:
                central.leaving = True
