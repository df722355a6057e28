"""Serial ports: which there are, what they seem to be, and why one cannot be opened."""

from __future__ import annotations

import errno
import os
import re
from typing import NamedTuple

import serial
from serial.tools import list_ports

from host.errors import why
from host.link.errors import NoPort, PortError
from host.phrase import NextStep, Phrase

ESPRESSIF_VID = 0x303A
"""USB vendor id of Espressif: the chip's own USB."""

_BRIDGES = {0x10C4: "Silicon Labs", 0x1A86: "WCH", 0x0403: "FTDI", 0x067B: "Prolific"}
"""USB vendor ids of serial bridges, as the vendors' own drivers list them."""


class Port(NamedTuple):
    """One serial port: what to give to --port, what it seems to be, and what its USB descriptor says."""

    name: str
    seems: Phrase
    description: str
    vendor_id: int | None
    serial_number: str | None
    maybe_tag: bool


def ports() -> list[Port]:
    """The serial ports of this computer, those first that may be a tag's."""
    found = [
        Port(each.device, _seems(each.vid), each.description or "", each.vid, each.serial_number, _maybe_tag(each.vid))
        for each in list_ports.comports()
    ]
    return sorted(found, key=lambda port: (port.vendor_id != ESPRESSIF_VID, not port.maybe_tag, port.name))


def _maybe_tag(vendor_id: int | None) -> bool:
    return vendor_id == ESPRESSIF_VID or vendor_id in _BRIDGES


def _seems(vendor_id: int | None) -> Phrase:
    if vendor_id == ESPRESSIF_VID:
        return Phrase("port.of_the_chip")
    if vendor_id in _BRIDGES:
        return Phrase("port.of_a_bridge", maker=_BRIDGES[vendor_id])
    return Phrase("port.of_something_else")


def cannot_open(port: str, error: Exception | None = None) -> PortError:
    """Why `port` cannot be opened, in one line; it is tried once more if `error` does not tell."""
    see = NextStep("port.list")
    number = getattr(error, "errno", None)
    if number is None:
        try:
            serial.serial_for_url(port, exclusive=True).close()
        except (OSError, ValueError) as told:  # SerialException is an OSError
            number, error = getattr(told, "errno", None), told
    if number == errno.ENOENT or (os.name == "posix" and port.startswith("/") and not os.path.exists(port)):  # noqa: PTH110
        return NoPort("port.missing", port=port, see=see)
    if number in (errno.EAGAIN, errno.EBUSY) or "exclusively lock" in str(error):
        return PortError("port.in_use", port=port)
    if number in (errno.EACCES, errno.EPERM):
        return PortError("port.not_permitted", port=port)
    reason: Phrase | str = str(error)
    if isinstance(number, int):
        reason = why(OSError(number, os.strerror(number)))
    elif told_number := re.search(r"\(\(?(\d+),|\[Errno (\d+)\]", str(error)):  # pyserial tells it in its text alone
        number = int(told_number[1] or told_number[2])
        reason = why(OSError(number, os.strerror(number)))
    return PortError("port.cannot_open", port=port, error=reason, see=see)


def has_control_lines(port: str) -> bool:
    """Whether DTR and RTS of `port` can be set, by which a chip is reset. Raises `PortError` if it cannot be opened."""
    try:
        with serial.serial_for_url(port, exclusive=True) as opened:
            opened.dtr = True  # as it is after opening: this changes nothing on a port that has it
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) in (errno.ENOTTY, errno.EINVAL):
            return False
        raise cannot_open(port, error) from None
    return True
