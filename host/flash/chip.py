"""The edge to a chip's bootloader, through esptool: what is in flash, write, erase, restart. Blocks.

Only what esptool documents for scripts is used, but for its `flash_md5sum` and `change_baud`. esptool talks
through its logger, which is set to one that is quiet, so that its text never mixes with a command's result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import serial

from host.errors import LinkError
from host.flash.application import ExtraMissing
from host.flash.image import CHIP
from host.link.port import cannot_open, has_control_lines

LEAST_FLASH = 4 * 1024 * 1024
"""Flash that a tag needs, in bytes."""

BAUD = 460800
"""Rate at which a serial bridge is used; USB of the chip itself has none."""

Bar = Callable[[int, int], None]
"""Called with how much is done, and of how much."""


class FlashError(LinkError):
    """The board's flash could not be read or written as it must."""


@contextmanager
def bootloader(port: str, bar: Bar) -> Iterator[Chip]:
    """The chip on `port`, in its bootloader. A port with control lines is used to put it there; else it must be.

    Raises `PortError` if the port cannot be opened, `FlashError` if no chip answers, another one, or it goes away,
    and `ExtraMissing` without esptool.
    """
    try:
        from esptool import cmds
        from esptool.util import FatalError
    except ImportError:
        raise ExtraMissing("esptool") from None

    _listen(bar)
    lines = has_control_lines(port)
    esp = None
    try:
        try:
            esp = cmds.detect_chip(port, connect_mode="default-reset" if lines else "no-reset")
        except FatalError:
            # What esptool says here is about its own options, of which there are none.
            raise FlashError("flash.no_chip", port=port) from None
        if esp.CHIP_NAME != CHIP:
            raise FlashError("flash.other_chip", port=port, chip=esp.CHIP_NAME, wanted=CHIP)
        try:
            esp = cmds.run_stub(esp)
            if lines:
                esp.change_baud(BAUD)
            cmds.attach_flash(esp)
            yield Chip(port, esp, cmds, lines)
        except FatalError as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise FlashError("flash.chip_failed", port=port, reason=reason) from error
    except (serial.SerialException, OSError) as error:
        if esp is None:
            raise cannot_open(port, error) from None
        raise FlashError("flash.chip_gone", port=port) from error
    finally:
        if esp is not None:
            esp._port.close()


class _Heard:
    """Who hears of esptool's progress now, and whether its logger has been told."""

    bar: Bar | None = None
    told = False


def _listen(bar: Bar) -> None:
    """Have esptool say nothing, and tell `bar` how far it is."""
    from esptool.logger import TemplateLogger, log

    class Quiet(TemplateLogger):  # type: ignore[misc]  # esptool has no types
        """esptool's own interface for those who want its words elsewhere."""

        def print(self, *args: Any, **kwargs: Any) -> None: ...

        def note(self, message: str) -> None: ...

        def warning(self, message: str) -> None: ...

        def error(self, message: str) -> None: ...

        def stage(self, finish: bool = False) -> None: ...

        def set_verbosity(self, verbosity: str) -> None: ...

        def progress_bar(self, cur_iter: int, total_iters: int, *_: Any, **__: Any) -> None:
            if _Heard.bar is not None:
                _Heard.bar(cur_iter, total_iters)

    _Heard.bar = bar
    if not _Heard.told:  # a logger that has been set cannot be set again
        _Heard.told = True
        log.set_logger(Quiet())


class Chip:
    """One chip in its bootloader. Made by `bootloader`, which says what its errors become."""

    def __init__(self, port: str, esp: Any, cmds: Any, lines: bool) -> None:
        self._port = port
        self._esp = esp
        self._cmds = cmds
        self.restarts_itself = lines
        """False if somebody has to press its reset button: the port has no control lines."""

    def flash_size(self) -> int | None:
        """Bytes of flash, None if the flash chip does not say."""
        from esptool.util import flash_size_bytes

        size: int | None = flash_size_bytes(self._cmds.detect_flash_size(self._esp))
        return size

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes of flash."""
        return bytes(self._cmds.read_flash(self._esp, offset, size, no_progress=True))

    def holds(self, offset: int, content: bytes) -> bool:
        """Whether flash has `content` at `offset`, by MD5."""
        told: str = self._esp.flash_md5sum(offset, len(content))
        return told == hashlib.md5(content, usedforsecurity=False).hexdigest()

    def write(self, offset: int, content: bytes) -> None:
        """Put `content` at `offset`, erasing the sectors that it touches. Raises `FlashError` if it does not stay."""
        self._cmds.write_flash(self._esp, [(offset, content)])
        if not self.holds(offset, content):
            raise FlashError("flash.does_not_keep", port=self._port, offset=offset)

    def erase(self, offset: int, size: int) -> None:
        """Erase whole sectors."""
        self._cmds.erase_region(self._esp, offset, size)

    def restart(self) -> None:
        """Run what is in flash, as far as the port can bring that about."""
        self._cmds.reset_chip(self._esp, "hard-reset" if self.restarts_itself else "no-reset")
