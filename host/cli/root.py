"""The top of the command line: loads commands, renders what they return, turns errors into an exit status.

A `KitdockError` becomes a line on standard error here and nowhere else, and so does what somebody typed wrong, what the
computer refuses and Ctrl-C. Anything else is a bug and keeps its traceback.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from host.cli import COMMANDS, overview
from host.cli.groups import Group
from host.errors import KitdockError, why

FORMAT = "kitdock.format"
"""Where a command's --format is kept until its value is rendered."""

OUTPUT = "kitdock.output"
"""Where the file of --output is kept, likewise."""

ZONE = "kitdock.zone"
"""Where the time zone of the station is kept, for a file that says in which zone its times are."""

STATUS = "kitdock.status"
"""Where the exit status is kept of a command that shows something although not all could be done."""


STORE = "kitdock.store"
"""Where the database is kept that the command has opened, to say of one that was stopped what it has recorded."""

STOPPED = 130
"""Exit status of a command that somebody stopped, as shells have it: 128 and the number of SIGINT."""

NO_READER = 141
"""Exit status where nobody reads the result to its end, likewise with SIGPIPE: `kitdock kit list | head`."""

NOT_WRITTEN = 1
"""Exit status where the computer does not take the result, or has no room for it."""


class Root(Group):
    """The `kitdock` command itself."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Takes what was typed."""
        with _rim(None):
            return super().make_context(info_name, args, parent, **extra)

    def get_help(self, ctx: click.Context) -> str:
        """The same as without click."""
        return overview()

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command and shows what it returns, or why it could not be done."""
        with _rim(ctx):
            value = super().invoke(ctx)
            if value is not None:
                _show(ctx, value)
            if STATUS in ctx.meta:
                ctx.exit(ctx.meta[STATUS])


@contextmanager
def _rim(ctx: click.Context | None) -> Iterator[None]:
    """Turns what is no bug into a sentence on standard error and an exit status."""
    try:
        yield
    except KitdockError as error:
        from host.cli.steps import told

        _end(told(error), error.exit_status)
    except click.ClickException as error:
        from host.cli.mistyped import sentence

        text = sentence(error)
        if not text:
            click.echo(error.format_message(), err=True)
        _end(text, error.exit_code)
    except (click.Abort, KeyboardInterrupt, EOFError):
        click.echo(err=True)  # after the ^C, or the question
        _end(_stopped(ctx), STOPPED)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise click.exceptions.Exit(NO_READER) from None
        _end(refused_by_the_computer(error), NOT_WRITTEN)


def _end(text: str, status: int) -> None:
    """Ends the command with a sentence on standard error; where that cannot be written either, without."""
    from contextlib import suppress

    from host.cli.render import complain

    with suppress(OSError):
        complain(text)
    raise click.exceptions.Exit(status)


def _stopped(ctx: click.Context | None) -> str:
    """What is said of a command that was stopped: what it has recorded."""
    from host.cli.steps import line

    store = None if ctx is None else ctx.meta.get(STORE)
    if store is None:
        return line("usage.stopped")
    return line("usage.stopped_some_recorded" if store.has_written else "usage.stopped_nothing_recorded")


def refused_by_the_computer(error: OSError) -> str:
    """Why the computer did not do what it was asked to, in a sentence."""
    from host.cli.steps import line
    from host.cli.values import shown

    if error.filename is not None:
        return line("usage.file_unusable", path=shown(error.filename), why=why(error))
    if error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return line("usage.no_room")
    return line("usage.system", why=why(error))


def _show(ctx: click.Context, value: Any) -> None:
    """Shows what a command has returned, or writes it to the file that was asked for."""
    if OUTPUT in ctx.meta:
        from host.cli.saving import save

        save(value, ctx.meta[OUTPUT], ctx.meta.get(ZONE, "UTC"))
    else:
        from host.cli.render import render

        render(value, ctx.meta.get(FORMAT, "table"))


@click.group("kitdock", cls=Root, homes=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kitdock")
def root() -> None:
    pass
