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
from host.phrase import NextStep, Phrase


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
    assert [each.seems for each in found] == [
        Phrase("port.of_the_chip"),
        Phrase("port.of_a_bridge", maker="Silicon Labs"),
        Phrase("port.of_something_else"),
    ]


def test_a_port_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    error = cannot_open(str(tmp_path / "none"))
    assert isinstance(error, NoPort)
    assert (error.code, error.fields["see"]) == ("port.missing", NextStep("port.list"))


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "port.not_permitted"),
        (OSError(errno.EBUSY, "Device or resource busy"), "port.in_use"),
        (serial.SerialException("[Errno 11] Could not exclusively lock port"), "port.in_use"),
        (OSError(errno.EINVAL, "Invalid argument"), "port.cannot_open"),
    ],
)
def test_each_reason_has_its_line(monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("serial.serial_for_url", refuse)
    error = cannot_open("COM9")
    assert (error.code, error.fields["port"]) == (code, "COM9")
    assert error.fields.get("error", "Invalid argument") == "Invalid argument"
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
