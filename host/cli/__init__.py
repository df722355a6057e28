"""The `kitdock` command. A command group per file, loaded when it is used.

Commands return values; `render` shows them. A `KitdockError` becomes a line on standard error and an exit
status here and nowhere else; anything else is a bug and keeps its traceback.

Start-up time counts: nothing imported here may import bleak, sqlite_utils, cryptography or tabulate.
"""

from importlib import import_module
from typing import Any

import click

from host.errors import KitdockError

COMMANDS = {
    "init": ("host.cli.init:init", "Make a station's database and its key file."),
    "officer": ("host.cli.officer:officer", "Officers and their training."),
    "kit": ("host.cli.kit:kit", "Kits: receive, issue, return, list."),
    "tag": ("host.cli.tag:tag", "Tags: write their keys over USB, list them."),
    "scan": ("host.cli.dock:scan", "Listen for the station's tags."),
    "dock": ("host.cli.dock:dock", "Fetch what the tags at the dock have logged."),
    "openings": ("host.cli.openings:openings", "Openings of pouches: list them, explain them."),
    "usage": ("host.cli.usage:usage", "Usage reports: file, list, show."),
    "reconcile": ("host.cli.reconcile:reconcile", "Show where the records do not agree."),
    "expiry": ("host.cli.expiry:expiry", "Show kits that have expired or soon will."),
    "demo": ("host.cli.demo:demo", "Play through a small fictional force."),
}
"""Where each command is, and the first line of its help, which is shown without loading it."""


class Root(click.Group):
    """The top of the command: loads a command when it is used, and shows what comes of it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order in which a new station needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with that name, loaded."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `kitdock --help`, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Runs a command, renders its value, and turns a `KitdockError` into lines and an exit status."""
        try:
            value = super().invoke(ctx)
            if value is not None:
                from host.cli.render import render

                render(value, ctx.meta.get(FORMAT, "table"))
        except KitdockError as error:
            for line in str(error).splitlines():
                click.echo(f"kitdock: {line}", err=True)
            ctx.exit(error.exit_status)


FORMAT = "kitdock.format"
"""Where a command's --format is kept until its value is rendered."""


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kitdock")
def main() -> None:
    """Keeps police naloxone kits in date, accounted for and ready."""
