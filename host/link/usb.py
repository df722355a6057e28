"""A tag on USB: MicroPython's raw REPL through mpremote, and the tag's own `provision` module over it. Blocks.

Keys travel in the code that goes down the cable: they are in no argument list, file or log, and what comes back is
check values. No error repeats the code that was run.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host.access.vault import TagKeys
from host.link.errors import NoAnswer, NoPort, PortError
from host.link.port import cannot_open
from host.phrase import NextStep, Phrase

READ_TIMEOUT_S = 5.0
"""How long one read of the port may take, in seconds: a pty blocks, where a serial port says what waits."""

PATIENCE_S = 8.0
"""How long a tag may take to answer, in seconds."""

ENTER_S = 2.0
"""How long one attempt to reach its prompt may take, in seconds: a program that runs stops at once."""

RETRY_S = 0.3
"""Pause between two attempts, in seconds."""

AWAY_S = 2.0
"""How long a port may be away, in seconds."""

RESTART_S = 0.5
"""How long a tag is left alone to start anew, in seconds: breaking in sooner may stop that."""

CHUNK = 512
"""Bytes of a file in one piece of code for the board."""

_GONE = (errno.EIO, errno.ENXIO, errno.ENODEV, errno.EBADF)
"""What the operating system says of a serial port whose device has been pulled."""

_FOLDER = 0x4000
"""What a folder has in its mode."""

_Result = TypeVar("_Result")


class Repl:
    """The raw REPL on a port. What ran there was stopped; `go_on` or `restart` lets the tag live again."""

    def __init__(self, port: str, patience_s: float | None = None) -> None:
        """Raises `PortError` if the port cannot be opened or no MicroPython answers within `patience_s`, if given.

        A tag that has just been let go sleeps for a moment, and its USB goes with it: so a port that is not
        there, and one on which nothing runs what it is sent, are tried again.
        """
        self.port = port
        patience_s = PATIENCE_S if patience_s is None else patience_s
        began = time.monotonic()
        while True:
            try:
                self._transport = _at_prompt(port)
                return
            except PortError as error:
                patience = min(AWAY_S, patience_s) if isinstance(error, NoPort) else patience_s
                if time.monotonic() - began >= patience:
                    raise
            time.sleep(RETRY_S)

    def close(self) -> None:
        """Let go of the port."""
        _close(self._transport)

    def run(self, code: str) -> str:
        """What `code` prints. Raises `PortError` if it fails or the tag goes away."""
        return bytes(self._using(lambda transport: transport.exec(code))).decode(errors="replace")

    def ask(self, code: str) -> dict[str, Any]:
        """The JSON object that `code` prints last. Raises `PortError` also for one with an "error"."""
        try:
            answer = json.loads(self.run(code).strip().splitlines()[-1])
        except (ValueError, IndexError):
            answer = None
        if not isinstance(answer, dict):
            raise PortError("board.answers_in_another_form", port=self.port)
        if "error" in answer:
            raise PortError("board.refused", port=self.port, reason=answer["error"])
        return answer

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        """What is in `folder`: names, and whether each is a folder. Raises `OSError` as the board does."""
        found = self._using(lambda transport: transport.fs_listdir(folder))
        return [(each.name, bool(each.st_mode & _FOLDER)) for each in found]

    def sha256(self, path: str) -> bytes:
        """The hash of the file at `path`. Raises `OSError`."""
        return bytes(self._using(lambda transport: transport.fs_hashfile(path, "sha256")))

    def write(self, path: str, content: bytes) -> None:
        """Make `content` the file at `path`. Raises `OSError`."""
        self._using(lambda transport: transport.fs_writefile(path, content, chunk_size=CHUNK))

    def remove(self, path: str) -> None:
        """Remove the file at `path`. Raises `OSError`."""
        self._using(lambda transport: transport.fs_rmfile(path))

    def make_folder(self, path: str) -> None:
        """Make the folder at `path`. Raises `OSError`, `FileExistsError` if there is one."""
        self._using(lambda transport: transport.fs_mkdir(path))

    def _using(self, work: Callable[[Any], _Result]) -> _Result:
        """What `work` gives on mpremote's transport, its own errors in one line."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                return work(self._transport)
        except TransportExecError as error:
            # The error's text holds the code that was run, keys and all: say only how it ended.
            reason = _last_line(error.error_output)
            if reason.startswith(("ImportError", "AttributeError")):
                put = NextStep("tag.flash", port=self.port)
                raise PortError("board.of_another_release", port=self.port, flash=put, reason=reason) from None
            why = reason or Phrase("board.gives_no_reason")
            raise PortError("board.failed", port=self.port, reason=why) from None
        except (TransportError, serial.SerialException, struct.error):
            raise self._gone() from None
        except OSError as error:
            if error.errno in _GONE:  # of the port; any other one is what the board says of its files
                raise self._gone() from None
            raise

    def _gone(self) -> PortError:
        return PortError("board.gone", port=self.port)

    def go_on(self) -> None:
        """Let the tag go on as after a short sleep: its uptime runs on, and it records no start."""
        self.leave(
            "try:\n import clock\n clock.go_on(10)\nexcept ImportError:\n import machine\n machine.deepsleep(10)"
        )

    def restart(self) -> None:
        """Start the tag anew, as what it has become."""
        self.leave("import machine\nmachine.reset()")

    def leave(self, code: str) -> None:
        """Run `code`, which ends in a sleep or a reset, and wait for no answer."""
        # If it has gone, it has gone on.
        with contextlib.suppress(TransportError, OSError, struct.error), contextlib.redirect_stdout(io.StringIO()):
            self._transport.exec_raw_no_follow(code)


def _at_prompt(port: str) -> Any:
    """mpremote's transport on `port`, at a raw prompt that runs what it is sent. Raises `PortError`."""
    try:
        transport = SerialTransport(port, baudrate=115200, timeout=ENTER_S / 2)
    except (TransportError, serial.SerialException, OSError, ValueError):
        raise cannot_open(port) from None
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not understand
            transport.enter_raw_repl(soft_reset=False, timeout_overall=ENTER_S)
            transport.exec_raw("pass", timeout=ENTER_S)
    except (TransportError, serial.SerialException, OSError, struct.error):
        _close(transport)
        raise NoAnswer("port.no_answer", port=port, flash=NextStep("tag.flash")) from None
    transport.serial.timeout = READ_TIMEOUT_S
    return transport


def _close(transport: Any) -> None:
    with contextlib.suppress(OSError, serial.SerialException):
        transport.close()


@contextlib.contextmanager
def repl(port: str, patience_s: float | None = None) -> Iterator[Repl]:
    """The REPL on `port`, waited for up to `patience_s` seconds if that is given. Raises `PortError`."""
    opened = Repl(port, patience_s)
    try:
        yield opened
    finally:
        opened.close()


def provision_over_usb(port: str, tag_id: str, keys: TagKeys, replace: bool) -> dict[str, str]:
    """Give the tag on the serial `port` its identity and keys, begin its log anew, and start it as that tag.

    Returns what the tag says it holds now: `tag`, and the check values (16 hexadecimal digits) `advert`,
    `session` and `log`; and, if it was another tag before, that as `was`. Without `replace`, a tag that has keys
    already is left as it is.

    Raises `PortError` if the port cannot be opened, no tag with Kitdock's firmware answers, or the tag refuses.
    """
    arguments = ", ".join(repr(key.hex()) for key in keys)
    was = _wiped(port) if replace else None
    for pause_s in (RESTART_S, 2 * RESTART_S, 4 * RESTART_S):
        if was is not None:
            time.sleep(pause_s)
        with repl(port) as tag:
            try:
                told = tag.ask(f"import provision\nprovision.enrol({tag_id!r}, {arguments})\n")
            finally:
                # It sits at its prompt now.
                tag.restart()
        if "stale" not in told:
            return {**told, "was": was} if was else told
        was = was or ""
    raise PortError("board.does_not_start_anew", port=port)


def _wiped(port: str) -> str | None:
    """Destroy what the tag on `port` was, if it was one, and start it anew. Returns its id. Raises `PortError`."""
    with repl(port) as tag:
        told = about(tag).get("tag")
        if not told:
            tag.go_on()
            return None
        wipe(tag)
        return str(told)


def wipe(tag: Repl) -> None:
    """Destroy the identity, the keys and the log of the tag, and start it anew. Raises `PortError`."""
    try:
        tag.ask("import provision\nprovision.wipe()\n")
    finally:
        tag.restart()  # its storage does not know yet that its flash is erased


_GO_ON = """\
try:
    import clock
    clock.go_on(10)
except (ImportError, AttributeError):
    import machine
    machine.deepsleep(10)
"""
"""The firmware's own way to go on, which knows if its clock was set meanwhile; on any other board a short sleep."""

_BOARD = """\
import json, os, sys
def _told():
    version = ".".join([str(number) for number in sys.implementation[1][:3]])
    told = {"micropython": version, "board": getattr(sys.implementation, "_machine", "unknown")}
    try:
        _, size, _, free = os.statvfs("/")[:4]
        told["files_free"] = size * free
    except OSError:
        told["files_free"] = None
    try:
        from esp32 import Partition
        found = Partition.find(Partition.TYPE_APP) + Partition.find(Partition.TYPE_DATA)
        told["partitions"] = [[each.info()[at] for at in (4, 2, 3)] for each in found]
    except ImportError:
        told["partitions"] = []
    print(json.dumps(told))
_told()
"""
"""Needs MicroPython alone: what it is, where, and with how much room. Partitions as label, offset, size."""


def about_board(tag: Repl) -> dict[str, Any]:
    """What any MicroPython says of its board: `micropython`, `board`, `files_free` in bytes, `partitions`."""
    return tag.ask(_BOARD)


def about(tag: Repl) -> dict[str, Any]:
    """As `about_board`; and, if Kitdock's firmware is there, what it says of itself in `provision.info`."""
    told = about_board(tag)
    with contextlib.suppress(PortError):
        told |= tag.ask("import provision\nprovision.info()\n")
    return told


def _last_line(output: Any) -> str:
    """The last line of what a board has printed, empty if there is none."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else str(output)
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
