"""Writing a tag's identity and keys over USB, through mpremote and the tag's own `provision` module.

The keys travel in the code that mpremote sends down the cable: they are in no argument list, file or
log, and what comes back is check values.
"""

from __future__ import annotations

import json
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host.link.errors import PortError
from host.vault import TagKeys


def enrol_over_usb(port: str, tag_id: str, keys: TagKeys, replace: bool) -> dict[str, str]:
    """Give the tag on the serial `port` its identity and keys, and begin its log anew.

    Returns what the tag says it holds now: `tag`, and the check values (16 hexadecimal digits) `advert`,
    `session` and `log`. Without `replace`, a tag that has keys already is left as it is.

    Raises `PortError` if the port cannot be opened, no tag with Kitdock's firmware answers, or the tag
    refuses.
    """
    arguments = ", ".join(repr(key.hex()) for key in keys)
    return _ask(port, f"import provision\nprovision.enrol({tag_id!r}, {arguments}, replace={replace!r})\n")


def _ask(port: str, code: str) -> dict[str, Any]:
    """What the tag on `port` prints, one line of JSON, when it runs `code`."""
    try:
        transport = SerialTransport(port, baudrate=115200)
    except (TransportError, serial.SerialException, OSError) as error:
        raise PortError(f"port {port} cannot be opened: {error}; `mpremote devs` lists the ports there are") from None
    try:
        transport.enter_raw_repl(soft_reset=False)
        printed = transport.exec(code)
        # The tag sits at its prompt now: start it as what it has become.
        transport.exec_raw_no_follow("import machine\nmachine.reset()")
    except TransportExecError as error:
        # The error's text holds the code that was run, keys and all: say only how it ended.
        raise PortError(f"the tag on {port} failed: {_last_line(error.error_output)}") from None
    except (TransportError, serial.SerialException, OSError):
        raise PortError(f"nothing on port {port} answers as MicroPython does: is it a tag, and is it awake?") from None
    finally:
        transport.close()
    try:
        answer = json.loads(printed.decode().strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise PortError(f"the tag on {port} did not answer in Kitdock's form: is its firmware Kitdock's?") from None
    if "error" in answer:
        raise PortError(f"the tag on {port} refused: {answer['error']}")
    return dict(answer)


def _last_line(output: Any) -> str:
    text = output.decode(errors="replace") if isinstance(output, bytes) else str(output)
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"
