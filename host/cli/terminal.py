"""Whether there is somebody to ask, and how the program talks to them. Light, for commands that mostly ask nothing."""

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from host.cli.render import prose
from host.cli.steps import line
from host.errors import KitdockError


def has_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def say(text: str) -> None:
    """Talks on standard error, as the prompts do: standard output is for the result. Lines end between words."""
    click.echo(prose(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else text, err=True)


class Declined(KitdockError):
    """Somebody was asked whether it is to be done, and said no."""


def agrees(question: str, default: bool) -> bool:
    """Whether somebody says yes to the question. Enter alone is `default`."""
    asked = line("usage.ask_yes" if default else "usage.ask_no", question=question)
    while True:
        typed = str(click.prompt(asked, default="", show_default=False, err=True)).strip().lower()
        if typed in ("", "y", "yes", "n", "no"):
            return typed[0] == "y" if typed else default
        say("  " + line("usage.type_yes_no"))


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


def demand_yes(question: str) -> None:
    """Raises `Declined` unless somebody says yes."""
    if not agrees(question, default=False):
        raise Declined("usage.declined")


def number(question: str, least: int, most: int) -> int:
    """The number that somebody answers with."""
    while True:
        typed = str(click.prompt(question, err=True)).strip()
        if typed.isascii() and typed.isdigit() and least <= int(typed[:9]) <= most:
            return int(typed[:9])
        say("  " + line("usage.type_number", least=least, most=most))
