"""The radio: one advertisement, one central, one GATT service that carries a byte stream."""

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
MOST_WAITING = 4096
"""Bytes received and not yet looked at, above which the peer is dropped."""
SEND_MS = 5000
"""Longest wait, in milliseconds, for the stack to take one notification."""
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


class Radio:
    """The Bluetooth controller, off at first.

    `links` counts the connections so far, so that a caller can tell a new one from the last.
    """

    def __init__(self) -> None:
        self._ble: Any = bluetooth.BLE()  # its stub takes handles for memoryviews
        self._rx = 0
        self._tx = 0
        self._link: int | None = None
        self._mtu = _LEAST_MTU
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._data = b""
        self._connectable = True
        self._advertising = False
        self._dropping = False
        self._failed: Exception | None = None
        self.links = 0

    def on(self) -> None:
        """Start the controller and the GATT service; nothing is sent yet."""
        antenna.connect()
        self._ble.active(True)
        self._ble.config(mtu=MTU)
        self._ble.irq(self._interrupted)
        ((self._rx, self._tx),) = self._ble.gatts_register_services((_SERVICE,))
        self._ble.gatts_set_buffer(self._rx, BUFFER, True)

    def off(self) -> None:
        """Stop everything."""
        self._advertising = False
        self._link = None
        try:
            self._ble.active(False)
        finally:
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
        """Send `data` every 250 ms until there is a link, `silence` or other data."""
        self._data = data
        self._connectable = connectable
        self._ble.gap_advertise(ADVERT_INTERVAL_US, adv_data=data, connectable=connectable)
        self._advertising = True

    def resume(self) -> None:
        """Send again what was sent before the link."""
        self.advertise(self._data, self._connectable)

    def silence(self) -> None:
        """Stop advertising."""
        if self._advertising:
            self._ble.gap_advertise(None)
            self._advertising = False

    @property
    def advertising(self) -> bool:
        return self._advertising

    @property
    def linked(self) -> bool:
        """Whether a central is connected."""
        return self._link is not None

    @property
    def usable(self) -> bool:
        """Whether a central is connected and is not being dropped."""
        return self._link is not None and not self._dropping

    def take(self) -> bytes:
        """What the central has written since the last call."""
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        return b"".join(pieces)

    def send(self, data: bytes) -> bool:
        """Notify the central of `data`, in pieces; False if the link is gone or takes no more."""
        size = self._mtu - _ATT_HEADER
        return all(self._notify(data[at : at + size]) for at in range(0, len(data), size))

    def _notify(self, piece: bytes) -> bool:
        deadline = time.ticks_add(time.ticks_ms(), SEND_MS)
        while True:
            link = self._link  # the handler may clear it between any two steps
            if link is None or self._dropping:
                return False
            try:
                self._ble.gatts_notify(link, self._tx, piece)
                return True
            except OSError:  # the stack is out of buffers, or the link went this moment
                if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                    return False
                time.sleep_ms(10)

    def drop(self) -> None:
        """Disconnect the central, if there is one."""
        link = self._link
        if link is not None and not self._dropping:
            self._dropping = True
            self._ble.gap_disconnect(link)

    def check(self) -> None:
        """Raise what was raised in the interrupt handler, where nobody would have caught it."""
        failed, self._failed = self._failed, None
        if failed is not None:
            raise failed

    def _interrupted(self, event: int, data: "tuple[int, ...]") -> None:
        try:
            self._happened(event, data)
        except Exception as error:  # noqa: BLE001  raised again by `check`
            self._failed = error

    def _happened(self, event: int, data: "tuple[int, ...]") -> None:
        """Runs between any two steps of the main loop; only takes note."""
        if event == _CONNECT:
            if self._link is not None:
                self._ble.gap_disconnect(data[0])
                return
            self._link = data[0]
            self._dropping = False
            self._mtu = _LEAST_MTU
            self._advertising = False  # the controller stops by itself
            self.take()
            self.links += 1
        elif data[0] != self._link:
            return
        elif event == _DISCONNECT:
            self._link = None
        elif event == _MTU_EXCHANGED:
            self._mtu = data[1]
        elif event == _WRITE and data[1] == self._rx:
            piece = bytes(self._ble.gatts_read(self._rx))
            self._pieces.append(piece)
            self._waiting += len(piece)
            if self._waiting > MOST_WAITING:
                self.drop()
