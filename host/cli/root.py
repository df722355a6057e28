"""The top of the command line: loads commands, renders what they return, turns errors into an exit status.

A `KitdockError` becomes a line on standard error here and nowhere else; anything else is a bug and keeps
its traceback.
"""

from typing import Any

import click

from host.cli import COMMANDS, overview
from host.cli.groups import Group
from host.errors import KitdockError

FORMAT = "kitdock.format"
"""Where a command's --format is kept until its value is rendered."""

OUTPUT = "kitdock.output"
"""Where the file of --output is kept, likewise."""

ZONE = "kitdock.zone"
"""Where the time zone of the station is kept, for a file that says in which zone its times are."""

STATUS = "kitdock.status"
"""Where the exit status is kept of a command that shows something although not all could be done."""


class Root(Group):
    """The `kitdock` command itself."""

    def get_help(self, ctx: click.Context) -> str:
        """The same as without click."""
        return overview()

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command and shows what it returns, or why it could not be done."""
        try:
            value = super().invoke(ctx)
            if value is not None:
                _show(ctx, value)
            if STATUS in ctx.meta:
                ctx.exit(ctx.meta[STATUS])
        except KitdockError as error:
            from host.cli.render import complain
            from host.cli.steps import told

            complain(told(error))
            ctx.exit(error.exit_status)


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
