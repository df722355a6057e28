"""Which image is put onto a board: one that MicroPython has published and Kitdock knows, or the one that was named.

That an image is whole says `image`; anybody can make one that is. Here a file is held against `images.toml`, by its
SHA-256 and by its name, and against the SHA-256 that somebody has given for it.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from host.errors import InputError
from host.phrase import Phrase

LIST = Path(__file__).parent / "images.toml"

HEX_DIGITS = 64
"""Digits of a SHA-256."""


class BadImage(InputError):
    """A file is no MicroPython image that can be put onto a tag, or not the one that it should be."""


class Published(NamedTuple):
    """One published image; `images.toml` says what each field means."""

    name: str
    version: str
    size: int
    sha256: str
    since: str


@functools.cache
def known() -> tuple[Published, ...]:
    """The images that Kitdock knows, newest last."""
    return tuple(Published(**each) for each in tomllib.loads(LIST.read_text(encoding="utf-8"))["image"])


def checksum(text: str) -> str:
    """A SHA-256 as it was typed or pasted, as 64 small hexadecimal digits. Raises `InputError` if it is none."""
    digits = "".join(text.split()).lower().removeprefix("sha256:")
    if len(digits) != HEX_DIGITS or set(digits) - set("0123456789abcdef"):
        raise InputError("image.no_checksum", typed=text, digits=HEX_DIGITS)
    return digits


def vouch(path: Path, size: int, sha256: str, named: str | None, images: Sequence[Published] | None = None) -> Phrase:
    """Why the file at `path`, of `size` bytes and with that SHA-256, may be flashed.

    `named` is the SHA-256 that somebody has given for it. Raises `BadImage` if it is another file than it says or than
    was named, and if nobody vouches for it.
    """
    images = known() if images is None else images
    if named is not None and named != sha256:
        raise BadImage("image.not_the_named", image=path, sha256=sha256, named=named)
    for each in images:
        if each.name == path.name and (each.size != size or each.sha256 not in ("", sha256)):
            raise BadImage("image.damaged_or_swapped", image=path, size=size, sha256=sha256)
    listed = next((each for each in images if each.sha256 == sha256), None)
    if listed is not None:
        return Phrase("image.as_published")
    if named is not None:
        return Phrase("image.as_named")
    raise BadImage("image.unknown", image=path, sha256=sha256)
