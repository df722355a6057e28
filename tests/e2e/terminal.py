"""`kitdock` as a person sees it: at a terminal."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

KITDOCK = Path(sys.executable).parent / "kitdock"


class Terminal:
    """A `kitdock` command at a pseudo-terminal of 80 columns, and what it has shown."""

    def __init__(self, *words: str | Path, folder: Path | None = None) -> None:
        self._ours, theirs = os.openpty()
        termios.tcsetwinsize(theirs, (40, 80))
        self._process = subprocess.Popen(
            [KITDOCK, *words], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""
        self._looked_at = 0

    def until(self, text: str | None, seconds: float) -> bool:
        """Whether `text` is shown within `seconds`, after all that was looked for before; None: until it ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            at = -1 if text is None else self.shown.find(text, self._looked_at)
            if text is not None and at >= 0:
                self._looked_at = at + len(text)
                return True
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._ours, 65536).decode(errors="replace")
                except OSError:  # it has ended
                    return text is None
        return False

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C, as late as a person types it: Python's `input` doesn't hear it until the next key if it comes just
        between showing the prompt and waiting for a key."""
        time.sleep(0.3)
        self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Ends it at once, as a full memory does: it gets no word in."""
        self._process.kill()

    def close(self, hangup: bool = False) -> int:
        """Closes the window, with the signal that a shell passes on or without; how the command ends then."""
        if hangup:
            self._process.send_signal(signal.SIGHUP)
        os.close(self._ours)
        self._ours = -1
        return self._process.wait(30)

    def status(self) -> int:
        """How it ended; it is ended if it goes on."""
        try:
            return self._process.wait(30)
        finally:
            self._process.kill()
            if self._ours >= 0:
                os.close(self._ours)
                self._ours = -1
