"""Whether there is somebody to ask, and how the program talks to them. Light, for commands that mostly ask nothing."""

import shutil
import sys

import click

from host.cli.render import prose


def has_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def say(text: str) -> None:
    """Talks on standard error, as the prompts do: standard output is for the result. Lines end between words."""
    click.echo(prose(text, shutil.get_terminal_size().columns) if sys.stderr.isatty() else text, err=True)
