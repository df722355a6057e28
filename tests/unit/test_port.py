"""Serial ports: what they seem to be, and why one cannot be opened."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
import serial
from serial.tools.list_ports_common import ListPortInfo

from host.link.errors import NoPort, PortError
from host.link.port import cannot_open, has_control_lines, ports


def usb(name: str, vendor: int | None, description: str = "USB JTAG/serial debug unit") -> ListPortInfo:
    port = ListPortInfo(name)
    port.vid, port.description = vendor, description
    return port


def test_the_chips_own_usb_comes_first_then_bridges(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [usb("/dev/ttyS0", None, "n/a"), usb("/dev/ttyUSB0", 0x10C4, "CP2102"), usb("/dev/ttyACM0", 0x303A)]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: there)
    found = ports()
    assert [each.name for each in found] == ["/dev/ttyACM0", "/dev/ttyUSB0", "/dev/ttyS0"]
    assert [each.maybe_tag for each in found] == [True, True, False]
    assert found[0].seems == "Espressif chip, maybe a tag"
    assert found[1].seems == "serial bridge (Silicon Labs), maybe a tag behind it"


def test_a_port_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    error = cannot_open(str(tmp_path / "none"))
    assert isinstance(error, NoPort)
    assert "`kitdock tag ports`" in str(error)


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "is not open to this user: on Linux add"),
        (OSError(errno.EBUSY, "Device or resource busy"), "is in use by another program"),
        (serial.SerialException("[Errno 11] Could not exclusively lock port"), "is in use by another program"),
        (OSError(errno.EINVAL, "Invalid argument"), "cannot be opened: [Errno 22] Invalid argument"),
    ],
)
def test_each_reason_has_its_line(monkeypatch: pytest.MonkeyPatch, raised: Exception, said: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("serial.serial_for_url", refuse)
    error = cannot_open("COM9")
    assert said in str(error)
    assert "\n" not in str(error)
    assert not isinstance(error, NoPort)


def test_a_pty_has_no_control_lines_and_a_missing_port_none_at_all(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    try:
        assert has_control_lines(os.ttyname(theirs)) is False
    finally:
        os.close(ours)
        os.close(theirs)
    with pytest.raises(PortError):
        has_control_lines(str(tmp_path / "none"))


def test_a_port_that_takes_dtr_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bridge:
        dtr = False

        def __enter__(self) -> Bridge:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr("serial.serial_for_url", lambda *_, **__: Bridge())
    assert has_control_lines("COM9") is True
