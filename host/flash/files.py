"""The application's files in a board's file system, as they should be. Blocks.

While anything else changes there is no file that MicroPython would run first: a copy that breaks off leaves a board
that waits at its prompt for the next try.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from host.flash import application
from host.flash.application import FIRST, is_ours
from host.flash.chip import Bar, FlashError
from host.link.usb import Repl

_MOUNTED = """\
import os
try:
    os.statvfs("/")
except OSError:
    from flashbdev import bdev
    os.VfsLfs2.mkfs(bdev)
    os.mount(os.VfsLfs2(bdev), "/")
"""
"""Makes a file system where there is none that MicroPython could read, as its own `inisetup` makes it."""


class Changes(NamedTuple):
    """What was done: paths written and removed, and how many were right already."""

    written: list[str]
    removed: list[str]
    unchanged: int


def install(tag: Repl, files: Mapping[str, bytes], bar: Bar) -> Changes:
    """Bring the file system of the board to `files`, the application's, and leave what is not of it alone.

    Raises `PortError`, and `FlashError` if there is no room or a file does not read back.
    """
    tag.run(_MOUNTED)
    there = [path for path in _listing(tag) if is_ours(path)]
    surplus = sorted(set(there) - set(files))
    wrong = differing(tag, files)
    if not surplus and not wrong:
        return Changes([], [], len(files))
    if FIRST in there and (surplus or wrong != [FIRST]):
        tag.remove(FIRST)
        if FIRST not in wrong:
            wrong.append(FIRST)
    for path in surplus:
        tag.remove(path)
    folders = {path.rpartition("/")[0] for path in files} - {""}
    for folder in sorted({"/lib", *folders}):
        with contextlib.suppress(FileExistsError):
            tag.make_folder(folder)
    total = sum(len(files[path]) for path in wrong)
    done = 0
    for path in wrong:
        _write(tag, path, files[path])
        done += len(files[path])
        bar(done, total)
    return Changes(wrong, surplus, len(files) - len(wrong))


def differing(tag: Repl, files: Mapping[str, bytes]) -> list[str]:
    """Which of `files` are not on the board, or are there with another content. Raises `PortError`."""
    there = _listing(tag)
    return [path for path in files if path not in there or tag.sha256(path) != _sha256(files[path])]


def _listing(tag: Repl) -> list[str]:
    """The files at the root and in the firmware's packages."""
    found = [f"/{name}" for name, is_folder in tag.listing("/") if not is_folder]
    for library in application.LIBRARIES:
        with contextlib.suppress(FileNotFoundError):
            found += _files(tag, f"/lib/{library}")
    return found


def _files(tag: Repl, folder: str) -> list[str]:
    found = []
    for name, is_folder in tag.listing(folder):
        found += _files(tag, f"{folder}/{name}") if is_folder else [f"{folder}/{name}"]
    return found


def _write(tag: Repl, path: str, content: bytes) -> None:
    try:
        tag.write(path, content)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise FlashError("flash.no_room", path=path) from None
        raise FlashError("flash.file_not_taken", port=tag.port, path=path, error=str(error)) from None
    if tag.sha256(path) != _sha256(content):
        raise FlashError("flash.file_differs", path=path)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
