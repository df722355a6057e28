"""Where the program meets the computer: what it reads from and writes to, and how it ends.

A terminal or a pipe may have letters that are not ours, no room, nobody who reads, or not be there at all. None of
this is a bug, so none of it shows a traceback. A traceback is a bug of ours, and is said to be one.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

FAULT = 70
"""Exit status of a fault in Kitdock, as sysexits.h has it."""


def run(command: Callable[[], None]) -> None:
    """Runs the program and ends it."""
    _streams()
    status: int | str | None = 0
    try:
        command()
    except SystemExit as ended:
        status = ended.code
    except KeyboardInterrupt:  # while it loads, or as it ends
        status = 130
    except OSError as error:
        status = _not_written(error)
    except Exception:  # noqa: BLE001  whatever it is, it is ours
        status = _fault()
    try:
        sys.stdout.flush()
    except OSError as error:
        status = _not_written(error)
    with suppress(OSError):
        sys.stderr.flush()
    sys.exit(status)


def _streams() -> None:
    """Makes sure that all three are there, and that no letter that they do not have ends the program.

    A letter that cannot be written becomes a ?, one that cannot be read a mark that stands for it.
    """
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:  # started with it closed, as some schedulers do
            nothing = os.open(os.devnull, os.O_RDONLY if mode == "r" else os.O_WRONLY)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
        stream = getattr(sys, name)
        with suppress(AttributeError):  # a stream of a test
            stream.reconfigure(errors="replace")


def _not_written(error: OSError) -> int:
    """Says why the result could not be written. What is left of it is not tried again as the program ends."""
    from host.cli.root import NO_READER, NOT_WRITTEN, refused_by_the_computer

    _throw_away(sys.stdout, 1)
    if isinstance(error, BrokenPipeError):
        return NO_READER
    from host.cli.render import complain

    try:
        complain(refused_by_the_computer(error))
    except OSError:
        _throw_away(sys.stderr, 2)
    return NOT_WRITTEN


def _throw_away(stream: TextIO, number: int) -> None:
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, number)
        os.close(nothing)
        stream.flush()


def _fault() -> int:
    """Shows the traceback of what is a bug, and says so. It shows no value of a variable."""
    import traceback

    from host.cli.render import complain
    from host.cli.steps import line

    with suppress(OSError):
        traceback.print_exc()
        complain(line("usage.fault"))
    return FAULT
