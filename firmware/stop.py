"""Somebody stops the tag's program over USB: that is recorded before they have its prompt."""

import sys

import version
from battery import Battery
from flash_log import FlashLog
from settings import Settings

from kitcore.ring import Ring
from kitcore.tag import Tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from clock import Clock


class _Nothing:
    """Light and buzzer, while nobody drives them."""

    def show(self, sign: "tuple[tuple[int, int, int], ...]", sound: bool) -> None:
        pass


def record(clock: "Clock") -> None:
    """Record the start, if that is still to be done, and the stop. What is not recorded now is at the next wake.

    The log is opened anew: the program may have been stopped in the middle of a write, as by a power cut. Whatever
    fails is printed, and the prompt comes anyway.
    """
    try:
        settings = Settings()
        tag_id = settings.tag_id()
        if tag_id is None:
            return
        flash = FlashLog()
        log = Ring(flash, flash.sectors, tag_id, clock.memory.hint)
        tag = Tag(settings, clock, Battery(), _Nothing(), log, (version.MAJOR, version.MINOR))
        if clock.memory.boot_count:
            tag.read_battery()
        else:
            tag.start(clock.memory.cause)
        tag.note_stops()
    except Exception as error:  # noqa: BLE001  whatever it is
        sys.print_exception(error)  # type: ignore[attr-defined]
