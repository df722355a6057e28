"""The kinds of command groups."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """A group whose help says of each command all of its first line, over several lines if need be.

    `homes` are commands that are loaded when they are wanted: `module:name` by the name of each.
    """

    def __init__(self, *arguments: Any, homes: Mapping[str, str] | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._homes = homes or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order in which they were given."""
        return list(dict.fromkeys([*self._homes, *super().list_commands(ctx)]))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with that name, loaded."""
        if cmd_name in self._homes:
            module, _, name = self._homes[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands."""
        commands = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        told = [(name, command.get_short_help_str(limit=1000)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(told)


class ListByDefault(Group):
    """A group that lists when no command is named: `kitdock openings P7` is `kitdock openings list P7`."""

    default = "list"
    """The command that is not named."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Says where the options are of the command that is not named."""
        with formatter.indentation():
            formatter.write_paragraph()
            formatter.write_text(f"`{ctx.command_path} {self.default} --help` tells the options without a command.")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default in front unless a command or help is asked for."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
