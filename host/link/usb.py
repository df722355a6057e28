"""A tag on USB: MicroPython's raw REPL through mpremote, and the tag's own `provision` module over it. Blocks.

Keys travel in the code that goes down the cable: they are in no argument list, file or log, and what comes back is
check values. No error repeats the code that was run.
"""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from host.link.errors import NoPort, PortError
from host.link.port import cannot_open
from host.vault import TagKeys

READ_TIMEOUT_S = 5.0
"""How long one read of the port may take, in seconds: a pty blocks, where a serial port says what waits."""

PATIENCE_S = 10.0
"""How long a program on the board may take to stop, in seconds."""

START_PATIENCE_S = 2.0
"""The same while a board is starting, and is tried again and again."""

RETRY_S = 0.5
"""Pause between two attempts to reach a board that is starting, in seconds."""

AWAY_S = 2.0
"""How long a port may be away, in seconds: a tag that goes on sleeps for a moment, and its USB goes with it."""

CHUNK = 512
"""Bytes of a file in one piece of code for the board."""

_FOLDER = 0x4000
"""What a folder has in its mode."""

_Result = TypeVar("_Result")


class Repl:
    """The raw REPL on a port. What ran there was stopped; `go_on` or `restart` lets the tag live again."""

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        """Raises `PortError` if the port cannot be opened or no MicroPython answers within `patience_s`."""
        self.port = port
        try:
            self._transport = SerialTransport(port, baudrate=115200, timeout=1.0)
        except (TransportError, serial.SerialException, OSError, ValueError):
            raise cannot_open(port) from None
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # mpremote prints what it did not understand
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=patience_s)
            self._transport.serial.timeout = READ_TIMEOUT_S
        except (TransportError, serial.SerialException, OSError):
            self.close()
            raise PortError(
                f"nothing on port {port} answers as MicroPython does: is it a tag, and is it awake? "
                "A board without MicroPython: `kitdock tag flash`"
            ) from None

    def close(self) -> None:
        """Let go of the port."""
        with contextlib.suppress(OSError, serial.SerialException):
            self._transport.close()

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
            raise PortError(f"the tag on {self.port} did not answer in Kitdock's form: is its firmware Kitdock's?")
        if "error" in answer:
            raise PortError(f"the tag on {self.port} refused: {answer['error']}")
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
                raise PortError(
                    f"the board on {self.port} lacks Kitdock's firmware, or has another release: "
                    f"`kitdock tag flash --port {self.port}` ({reason})"
                ) from None
            raise PortError(f"the tag on {self.port} failed: {reason}") from None
        except (TransportError, serial.SerialException):
            raise PortError(f"the tag on {self.port} went away: plug it in again and repeat the command") from None

    def go_on(self) -> None:
        """Let the tag go on as after a short sleep: its uptime runs on, and it records no start."""
        self._leave("import machine\nmachine.deepsleep(10)")

    def restart(self) -> None:
        """Start the tag anew, as what it has become."""
        self._leave("import machine\nmachine.reset()")

    def _leave(self, code: str) -> None:
        # If it has gone, it has gone on.
        with contextlib.suppress(TransportError, OSError):
            self._transport.exec_raw_no_follow(code)


@contextlib.contextmanager
def repl(port: str, wait_s: float = 0.0) -> Iterator[Repl]:
    """The REPL on `port`, waited for up to `wait_s` seconds while a board starts. Raises `PortError`.

    A port that is not there is waited for a little in any case.
    """
    began = time.monotonic()
    while True:
        try:
            opened = Repl(port, START_PATIENCE_S if wait_s else PATIENCE_S)
            break
        except PortError as error:
            if time.monotonic() - began >= max(wait_s, AWAY_S if isinstance(error, NoPort) else 0.0):
                raise
            time.sleep(RETRY_S)
    try:
        yield opened
    finally:
        opened.close()


def provision_over_usb(port: str, tag_id: str, keys: TagKeys, replace: bool) -> dict[str, str]:
    """Give the tag on the serial `port` its identity and keys, begin its log anew, and start it as that tag.

    Returns what the tag says it holds now: `tag`, and the check values (16 hexadecimal digits) `advert`,
    `session` and `log`. Without `replace`, a tag that has keys already is left as it is.

    Raises `PortError` if the port cannot be opened, no tag with Kitdock's firmware answers, or the tag refuses.
    """
    arguments = ", ".join(repr(key.hex()) for key in keys)
    with repl(port) as tag:
        try:
            return tag.ask(f"import provision\nprovision.enrol({tag_id!r}, {arguments}, replace={replace!r})\n")
        finally:
            # It sits at its prompt now.
            tag.restart()


def wipe(tag: Repl) -> None:
    """Destroy the identity, the keys and the log of the tag. Raises `PortError`."""
    tag.ask("import provision\nprovision.wipe()\n")


_BOARD = """\
import json, os, sys
def _told():
    version = ".".join([str(number) for number in sys.implementation[1][:3]])
    told = {"micropython": version, "board": getattr(sys.implementation, "_machine", "unknown")}
    try:
        size, _, _, free = os.statvfs("/")[:4]
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
    text = output.decode(errors="replace") if isinstance(output, bytes) else str(output)
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"
