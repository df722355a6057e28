"""The kinds of commands and of command groups.

Their help is in `host.words`, and is looked up when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from host import words
from host.cli.mistyped import TooMuch, no_such_command
from host.cli.steps import line
from host.cli.values import DB, ours

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Command(click.Command):
    """A command whose help is in the language in use."""

    path = ""
    """Its name with those of the groups that it is in: kit issue. A group tells it to what it loads."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        for each in self.params:
            each.type = ours(each.type)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes what was typed; what is too much is refused in our own words."""
        takes_more = ctx.allow_extra_args
        ctx.allow_extra_args = True
        try:
            rest = super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        ctx.allow_extra_args = takes_more
        if ctx.resilient_parsing:
            return rest
        if rest and not takes_more:
            raise TooMuch(rest, ctx)
        return rest

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes how it is typed."""
        prefix = f"{words.heading('help.usage')}: "
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes all of the help."""
        self._take_words(ctx)
        super().format_help(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of options."""
        options = (each for each in self.get_params(ctx) if isinstance(each, click.Option))
        with formatter.section(words.heading("help.options")):
            formatter.write_dl([told for each in options if (told := each.get_help_record(ctx))])

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence of its help, as a shell shows it that completes commands."""
        self.help = words.help_of(self.path)
        return super().get_short_help_str(limit)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What a shell may complete, with its help."""
        self._take_words(ctx)
        return super().shell_complete(ctx, incomplete)

    def _take_words(self, ctx: click.Context) -> None:
        self.help = words.help_of(self.path)
        for each in self.get_params(ctx):
            if isinstance(each, click.Option):
                each.help = words.help_of(self.path, each.opts[-1])


class Group(Command, click.Group):
    """A group whose help says of each command all of its first sentence, over several lines if need be.

    `homes` are commands that are loaded when they are wanted: `module:name` by the name of each.
    """

    command_class = Command

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
        command = super().get_command(ctx, cmd_name)
        if isinstance(command, Command):
            command.path = self._path_of(cmd_name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes a --db that stands before the command; the command's own counts more."""
        return super().parse_args(ctx, _without_db(ctx, args))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. What is none is refused with the nearest."""
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing and not args[0].startswith("-"):
            raise click.UsageError(no_such_command(ctx, self.list_commands(ctx), args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the lists of options and of commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands, none of which is loaded for it."""
        with formatter.section(words.heading("help.commands")):
            formatter.write_dl([(name, words.summary(self._path_of(name))) for name in self.list_commands(ctx)])

    def _path_of(self, command: str) -> str:
        return f"{self.path} {command}".lstrip()


class ListByDefault(Group):
    """A group that lists when no command is named: `kitdock openings P7` is `kitdock openings list P7`."""

    default = "list"
    """The command that is not named."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Says where the options are of the command that is not named."""
        with formatter.indentation():
            formatter.write_paragraph()
            formatter.write_text(line("help.default_options", command=f"`{ctx.command_path} {self.default} --help`"))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default in front unless a command or help is asked for."""
        args = _without_db(ctx, args)
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def _without_db(ctx: click.Context, args: list[str]) -> list[str]:
    """What was typed without a --db in front of all else, which is kept."""
    while args:
        if args[0].startswith("--db="):
            ctx.meta[DB], args = args[0].removeprefix("--db="), args[1:]
        elif args[0] == "--db":
            if len(args) == 1:
                raise click.BadOptionUsage("--db", "", ctx)
            ctx.meta[DB], args = args[1], args[2:]
        else:
            break
    return args
