"""Flashing: brings everything on a board up to date, in order, and leaves what is up to date alone.

    1  compile the application, check the image         nothing is touched if these fail
    2  the chip, its flash, the table it has             is it one for a tag, and would its log be lost?
    3  file system, if it has another place: erased      MicroPython makes a new one at its next start
    4  bootloader, MicroPython, then the table           only what differs, by MD5
    5  the application's files, main.py last             only what differs, by SHA-256

Each step can break off; the next run does what is left. The log's partition is never written but with `erase_log`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from host.flash import application, files, image, layout, published
from host.flash.chip import LEAST_FLASH, Bar, Chip, FlashError, bootloader
from host.flash.image import CHIP, MICROPYTHON, Image
from host.flash.layout import SECTOR, Layout
from host.link.errors import PortError
from host.link.usb import Repl, about_board, repl
from host.phrase import NextStep, Phrase

LOG = "kitlog"
"""Label of the log's partition."""

START_S = 90.0
"""How long a board may take to start after its bootloader, in seconds: somebody may have to press its button."""

PROMPT_S = 10.0
"""How long it may take before somebody is asked to, in seconds."""


class Said(NamedTuple):
    """Who hears what is going on: `step` each step as it begins or ends, `bar` how far a long one is."""

    step: Callable[[Phrase], None]
    bar: Bar


class Flashed(NamedTuple):
    """What was done. `written` names the parts of flash and the files that differed; the rest was up to date.

    `image_sha256` is the image's checksum, None without an image.
    """

    micropython: str
    image_sha256: str | None
    written: list[str]
    removed: list[str]
    up_to_date: list[str]
    log_erased: bool


def flash(
    port: str, image_path: Path | None, sha256: str | None, firmware: Path, erase_log: bool, said: Said
) -> Flashed:
    """Put the image at `image_path` and the application in the folder `firmware` onto the board on `port`.

    Without an image only the application is put there, on the MicroPython that the board has. `sha256` is the
    image's checksum as the user gives it; an image that Kitdock knows needs none. `erase_log` also erases the log and
    the keys: the board is no tag then. Raises `InputError` for what was given, `LinkError` for what the board does.
    """
    wanted = layout.read(firmware / "partitions.csv")
    application_files = application.build(firmware)
    size = sum(map(len, application_files.values()))
    said.step(Phrase("flash.application_compiled", files=len(application_files), size=size))
    written: list[str] = []
    up_to_date: list[str] = []
    image_sha256 = None
    if image_path is not None:
        checked = image.load(image_path, wanted)
        image_sha256 = checked.sha256
        vouched = published.vouch(image_path, checked.size, image_sha256, sha256)
        said.step(Phrase("flash.image_is", version=checked.version, chip=CHIP, vouched=vouched))
        said.step(Phrase("flash.sha256_is", sha256=image_sha256))
        with bootloader(port, said.bar) as chip:
            written, up_to_date = _flash_chip(chip, port, checked, wanted, erase_log, said)
    elif erase_log:
        with bootloader(port, said.bar) as chip:
            _check_chip(chip, port, wanted)
            _erase(chip, wanted, ("nvs", LOG))
            chip.restart()
    with _started(port, image_path is not None or erase_log, said) as tag:
        version = _check_micropython(tag, wanted)
        changes = files.install(tag, application_files, said.bar)
        if changes.written or changes.removed:
            tag.restart()
        else:
            tag.go_on()
    said.step(Phrase("flash.application_is", files=len(changes.written), unchanged=changes.unchanged))
    return Flashed(
        version,
        image_sha256,
        [*written, *(path.lstrip("/") for path in changes.written)],
        [path.lstrip("/") for path in changes.removed],
        up_to_date + ([] if changes.written else ["application"]),
        erase_log,
    )


def _flash_chip(
    chip: Chip, port: str, checked: Image, wanted: Layout, erase_log: bool, said: Said
) -> tuple[list[str], list[str]]:
    """Bootloader, table and MicroPython. Returns what was written, and what was up to date."""
    present = _check_chip(chip, port, wanted)
    log, known = layout.find(wanted, LOG), layout.find(present, LOG)
    if known is not None and known != log and not erase_log:
        raise FlashError("flash.log_elsewhere", port=port, log=NextStep("tag.log", port=port))
    if erase_log:
        _erase(chip, wanted, ("nvs", LOG))
        said.step(Phrase("flash.log_erased"))
    vfs = layout.find(wanted, "vfs")
    if vfs is not None and layout.find(present, "vfs") != vfs:
        # Another file system in its place would be taken for a damaged one. Its two first blocks name it (littlefs).
        chip.erase(vfs.offset, 2 * SECTOR)
    written, up_to_date = [], []
    # The table last: while the old one stands, a repetition knows that there is something to be done.
    for name, offset, content in sorted(checked.parts, key=lambda part: part[1] == layout.TABLE_OFFSET):
        if chip.holds(offset, content):
            up_to_date.append(name)
            said.step(Phrase("flash.up_to_date", part=name))
            continue
        said.step(Phrase("flash.writing", part=name, size=len(content), offset=offset))
        chip.write(offset, content)
        written.append(name)
    chip.restart()
    return written, up_to_date


def _check_chip(chip: Chip, port: str, wanted: Layout) -> Layout:
    """The table that the chip has. Raises `FlashError` if it cannot become a tag."""
    size = chip.flash_size()
    if size is None or size < max(LEAST_FLASH, layout.end(wanted)):
        raise FlashError(
            "flash.size_unknown" if size is None else "flash.too_little",
            port=port,
            size_kib=None if size is None else size // 1024,
            least_kib=LEAST_FLASH // 1024,
        )
    return layout.parse(chip.read(layout.TABLE_OFFSET, layout.TABLE_SIZE))


def _erase(chip: Chip, wanted: Layout, labels: tuple[str, ...]) -> None:
    for label in labels:
        found = layout.find(wanted, label)
        if found is not None:
            chip.erase(found.offset, found.size)


@contextmanager
def _started(port: str, was_reset: bool, said: Said) -> Iterator[Repl]:
    """The prompt of the board's MicroPython, waited for if the chip was in its bootloader before."""
    if not was_reset:
        with repl(port) as tag:
            yield tag
        return
    said.step(Phrase("flash.waiting_for_start"))
    with ExitStack() as stack:
        try:
            tag = stack.enter_context(repl(port, PROMPT_S))
        except PortError:
            said.step(Phrase("flash.does_not_start"))
            tag = stack.enter_context(repl(port, START_S))
        yield tag


def _check_micropython(tag: Repl, wanted: Layout) -> str:
    """The version of the board's MicroPython. Raises `FlashError` if the application cannot run there."""
    told = about_board(tag)
    version = str(told["micropython"])
    again = NextStep("tag.flash_image", port=tag.port)
    if ".".join(version.split(".")[:2]) != MICROPYTHON:
        raise FlashError("flash.other_micropython", port=tag.port, version=version, wanted=MICROPYTHON, flash=again)
    log = layout.find(wanted, LOG)
    if log is not None and [log.label, log.offset, log.size] not in told["partitions"]:
        raise FlashError("flash.no_log_partition", port=tag.port, flash=again)
    return version
