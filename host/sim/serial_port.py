"""A tag's USB serial port: a pty that speaks MicroPython's REPL as far as mpremote uses it, and the bootloader.

Ctrl-A enters the raw REPL, Ctrl-B leaves it, Ctrl-C stops what runs, Ctrl-D runs the code that was sent
(or, with none, is a soft reset); raw-paste mode is there. The friendly REPL echoes nothing and runs nothing.
The code runs in the tag's own interpreter. A SYNC packet of esptool's takes the chip into `bootloader`.
"""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from typing import Protocol

from host.sim.bootloader import SYNC, BootableChip, Bootloader

_CTRL_A, _CTRL_B, _CTRL_C, _CTRL_D, _CTRL_E = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_FRIENDLY_BANNER = b'\r\nMicroPython v1.29.0; virtual tag\r\nType "help()" for more information.\r\n>>> '
_RAW_PASTE = _CTRL_E + b"A" + _CTRL_A
_WINDOW = 4096
"""Bytes of raw paste that are taken before the sender has to wait for the next go-ahead."""
_MOST_WAITING = 65536


class SerialChip(BootableChip, Protocol):
    """What the port needs of the tag."""

    @property
    def busy(self) -> bool: ...

    @property
    def state(self) -> str: ...

    def enter_bootloader(self) -> None: ...

    def interrupt(self) -> None: ...

    def submit(self, code: str, done: RunDone, printing: Callable[[str], None]) -> None: ...

    def soft_reset(self, run_main: bool) -> None: ...


class RunDone(Protocol):
    """Called with what a program printed, and its traceback or None."""

    def __call__(self, printed: str, error: str | None, /) -> None: ...


class SerialPort:
    """The port of one tag; `path` is where to open it."""

    def __init__(self, chip: SerialChip) -> None:
        self._chip = chip
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        self.path = os.ttyname(self._theirs)
        self._bootloader: Bootloader | None = None
        self._raw = False
        self._pasting = False
        self._code = b""
        self._incoming = b""
        self._outgoing = b""
        self._running = False
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._ours, self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._ours)
        self._loop.remove_writer(self._ours)
        os.close(self._ours)
        os.close(self._theirs)

    def show(self, text: str) -> None:
        """Send what main.py prints."""
        self._send(_lines(text))

    def ended(self, traceback: str | None) -> None:
        """main.py has ended, and the REPL is there."""
        if traceback:
            self.show(traceback + "\n")
        self._send(b">>> " if not self._raw else b"")
        self.go_on()

    def restarted(self) -> None:
        """The chip has been reset, or has lost its power."""
        self._bootloader = None
        self._raw = self._pasting = False
        self._incoming = self._code = b""

    def _read(self) -> None:
        piece = os.read(self._ours, 65536)
        if self._chip.state == "off":
            return
        if self._bootloader is None and SYNC in self._incoming + piece:
            piece = (self._incoming + piece).partition(SYNC)[2]
            self._incoming = SYNC
            self._bootloader = Bootloader(self._chip, self._send)
            self._chip.enter_bootloader()
        elif self._bootloader is None and self._chip.state == "blank":
            self._incoming = (self._incoming + piece)[-len(SYNC) :]
            return
        elif self._bootloader is None and _CTRL_C in piece:
            # Ctrl-C is not part of what waits for the REPL; what was typed before it is void.
            piece = piece.rpartition(_CTRL_C)[2]
            self._incoming = self._code = b""
            self._pasting = False
            if self._chip.busy:
                self._chip.interrupt()
            elif not self._raw:
                self._send(b"\r\n>>> ")
        self._incoming += piece
        self.go_on()

    def go_on(self) -> None:
        """Take in what has come, up to where the REPL has something to run."""
        if self._bootloader is not None:
            if self._chip.state != "bootloader":
                return
            piece, self._incoming = self._incoming, b""
            self._incoming = self._bootloader.feed(piece)
        while self._incoming and not self._running and not self._chip.busy:
            if self._pasting:
                self._paste()
                continue
            if self._raw and self._incoming.startswith(_CTRL_E):
                if len(self._incoming) < len(_RAW_PASTE):
                    return
                self._incoming = self._incoming[len(_RAW_PASTE) :]
                self._pasting, self._code = True, b""
                self._send(b"R\x01" + _WINDOW.to_bytes(2, "little") + _CTRL_A)
                continue
            character, self._incoming = self._incoming[:1], self._incoming[1:]
            if character == _CTRL_A:
                self._raw, self._code = True, b""
                self._send(_RAW_BANNER)
            elif character == _CTRL_B:
                self._raw, self._code = False, b""
                self._send(_FRIENDLY_BANNER)
            elif character == _CTRL_D:
                self._finished_typing()
            elif self._raw:
                self._code += character

    def _paste(self) -> None:
        """Take in raw paste, with a go-ahead for each window that has come whole, up to its end."""
        content, end, rest = self._incoming.partition(_CTRL_D)
        before = len(self._code) // _WINDOW
        self._code += content
        self._send(_CTRL_A * (len(self._code) // _WINDOW - before))
        self._incoming = rest
        if end:
            self._pasting = False
            self._send(_CTRL_D)
            code, self._code = self._code, b""
            self._submit(code)

    def _finished_typing(self) -> None:
        code, self._code = self._code, b""
        if self._raw and code:
            self._send(b"OK")
            self._submit(code)
            return
        self._send((b"OK" if self._raw else b"") + b"\r\nMPY: soft reboot\r\n")
        self._chip.soft_reset(run_main=not self._raw)
        if self._raw:
            self._send(_RAW_BANNER)

    def _submit(self, code: bytes) -> None:
        self._running = True
        self._chip.submit(code.decode(errors="replace"), self._done, self.show)

    def _done(self, _: str, error: str | None) -> None:
        self._running = False
        failure = _lines(error + "\n") if error else b""
        self._send(_CTRL_D + failure + _CTRL_D + b">")
        self.go_on()

    def _send(self, data: bytes) -> None:
        # Like the chip's own port, it loses what nobody reads.
        self._outgoing = (self._outgoing + data)[-_MOST_WAITING:]
        self._write()

    def _write(self) -> None:
        try:
            self._outgoing = self._outgoing[os.write(self._ours, self._outgoing) :] if self._outgoing else b""
        except BlockingIOError:
            self._loop.add_writer(self._ours, self._write)
            return
        if self._outgoing:
            self._loop.add_writer(self._ours, self._write)
        else:
            self._loop.remove_writer(self._ours)


def _lines(text: str) -> bytes:
    return text.encode().replace(b"\n", b"\r\n")
