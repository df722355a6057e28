"""Whether there is somebody to ask, and how the program talks to them. Light, for commands that mostly ask nothing."""

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from host.cli.render import prose


def has_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def say(text: str) -> None:
    """Talks on standard error, as the prompts do: standard output is for the result. Lines end between words."""
    click.echo(prose(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else text, err=True)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C ends what is asked here, and nothing around it.

    A loop of asyncio has taken the signal for itself: it would be told once, at the end of the question.
    """
    try:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
    except ValueError:  # in a thread, which gets no signal
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
