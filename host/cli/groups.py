"""A kind of command group that several commands are."""

import click


class ListByDefault(click.Group):
    """A group that lists when no command is named: `kitdock openings P7` is `kitdock openings list P7`."""

    default = "list"
    """The command that is not named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts the default in front unless a command or help is asked for."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
