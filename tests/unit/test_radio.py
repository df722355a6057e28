"""A radio that cannot be had: whatever the libraries raise, it is one sentence that says what to do."""

import asyncio
import errno
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import serial
import usb.core
import usb1
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError
from bumble import core, hci
from bumble.transport.common import TransportInitError, TransportSpecError

from host.errors import LinkError
from host.link import adapter as adapters
from host.link import bumble_backend
from host.link.adapter import Adapter, open_adapter
from host.link.errors import RadioError


def hci_socket() -> Exception:
    """What bumble raises for an HCI socket that the system refuses: the reason is behind it alone."""
    error = Exception("HCI User Channel not supported")
    error.__cause__ = PermissionError(errno.EPERM, "Operation not permitted")
    return error


REFUSED = [
    (usb1.USBErrorAccess(), "radio.no_access"),
    (usb1.USBErrorBusy(), "radio.busy"),
    (usb1.USBErrorNoDevice(), "radio.not_there"),
    (usb1.USBErrorOther(), "radio.no_usb"),
    (usb1.USBErrorNotSupported(), "radio.no_usb"),
    (usb.core.USBError("Access denied (insufficient permissions)", -3, errno.EACCES), "radio.no_access"),
    (usb.core.USBError("Resource busy", -6, errno.EBUSY), "radio.busy"),
    (usb.core.NoBackendError("No backend available"), "radio.no_usb"),
    (ValueError("device already in use"), "radio.busy"),
    (TransportInitError("device not found"), "radio.not_there"),
    (TransportInitError("no compatible interface found for device"), "radio.wont_open"),
    (TransportSpecError("unknown transport scheme"), "radio.no_such_name"),
    (AssertionError(), "radio.no_such_name"),
    (serial.SerialException(errno.EACCES, "could not open port /dev/ttyUSB0"), "radio.no_access"),
    (serial.SerialException("[Errno 11] Could not exclusively lock port"), "radio.busy"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory"), "radio.not_there"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "radio.wont_open"),
    (ModuleNotFoundError("No module named 'grpc'", name="grpc"), "radio.part_missing"),
    (hci_socket(), "radio.no_access"),
    (Exception("Bluetooth HCI sockets not supported on this platform"), "radio.wont_open"),
]


def cannot_be_had(name: str) -> RadioError:
    async def use() -> None:
        async with open_adapter(name):
            pytest.fail("it was opened")

    with pytest.raises(RadioError) as refused:
        asyncio.run(use())
    return refused.value


@pytest.mark.parametrize(("raised", "code"), REFUSED, ids=lambda each: each if isinstance(each, str) else repr(each))
def test_dongle_that_does_not_open_says_why(monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str) -> None:
    async def refuse(_: str) -> Any:
        raise raised

    monkeypatch.setattr(bumble_backend, "open_transport", refuse)
    error = cannot_be_had("usb:0")
    assert error.fields["why"].code == code
    assert "usb:0" in str(error)
    assert not re.search(r"Errno|LIBUSB|Error\b", str(error))


@pytest.mark.parametrize(
    "raised", [core.CommandTimeoutError(), hci.HCI_Error(0x0C), OSError(errno.EIO, "gone"), TimeoutError()], ids=repr
)
def test_dongle_that_does_not_answer_says_so(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    class Transport:
        async def __aenter__(self) -> tuple[None, None]:
            return None, None

        async def __aexit__(self, *_: object) -> None:
            pass

    class Silent:
        async def power_on(self) -> None:
            raise raised

    async def opened(_: str) -> Transport:
        return Transport()

    monkeypatch.setattr(bumble_backend, "open_transport", opened)
    monkeypatch.setattr(bumble_backend.Device, "from_config_with_hci", lambda *_: Silent())
    assert cannot_be_had("usb:0").fields["why"].code == "radio.silent"


REASONS = BleakBluetoothNotAvailableReason
NOT_HEARD = [
    (BleakBluetoothNotAvailableError("No Bluetooth adapters found.", REASONS.NO_BLUETOOTH), "radio.none"),
    (BleakBluetoothNotAvailableError("Turn on Bluetooth", REASONS.POWERED_OFF), "radio.off"),
    (BleakBluetoothNotAvailableError("Denied", REASONS.DENIED_BY_USER), "radio.denied"),
    (BleakBluetoothNotAvailableError("Who knows", REASONS.UNKNOWN), "radio.no_scan"),
    (BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]), "radio.off"),
    (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["not provided"]), "radio.unreachable"),
    (BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["doesn't exist"]), "radio.not_there"),
    (BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"]), "radio.no_scan"),
    (BleakError("adapter 'hci7' not found"), "radio.no_scan"),
    (PermissionError(errno.EACCES, "Permission denied"), "radio.denied"),
    (FileNotFoundError(errno.ENOENT, "No such file or directory"), "radio.unreachable"),
    (EOFError(), "radio.unreachable"),
    (ValueError("address did not contain a transport"), "radio.no_scan"),
]


def scanner(started: Callable[[], None], stopped: Callable[[], None]) -> type:
    class Scanner:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        async def start(self) -> None:
            started()

        async def stop(self) -> None:
            stopped()

    return Scanner


def fails(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(("raised", "code"), NOT_HEARD, ids=lambda each: each if isinstance(each, str) else repr(each))
def test_radio_that_does_not_listen_says_why(monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str) -> None:
    async def listen() -> None:
        async with Adapter("hci0", {}, {}).scanning(lambda *_: None):
            pytest.fail("it listens")

    monkeypatch.setattr(adapters, "BleakScanner", scanner(fails(raised), lambda: None))
    with pytest.raises(LinkError) as refused:
        asyncio.run(listen())
    assert refused.value.code == code
    assert "Errno" not in str(refused.value)


def test_radio_that_goes_while_it_listens_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def listen() -> str:
        async with Adapter("hci0", {}, {}).scanning(lambda *_: None):
            return "heard"

    monkeypatch.setattr(adapters, "BleakScanner", scanner(lambda: None, fails(BleakError("gone"))))
    assert asyncio.run(listen()) == "heard"


def test_what_the_stack_below_logs_is_not_shown_to_people() -> None:
    failing = "import logging, host.link.bumble_backend; logging.getLogger('bumble.host').error('transport lost')"
    shown = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == ("", "")
