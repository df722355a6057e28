"""Options that the commands about tags share."""

import sys

import click

from host.cli.questions import demand_yes
from host.cli.steps import told
from host.phrase import Phrase

port_option = click.option("--port", required=True, metavar="PORT")

maybe_port_option = click.option("--port", metavar="PORT")

adapter_option = click.option("--adapter", metavar="NAME")

yes_option = click.option("--yes", is_flag=True)


def agreed(question: Phrase, yes: bool) -> None:
    """Ask, unless `yes`. A no ends the command; without a terminal it is a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(told(Phrase("tags.nobody_to_ask")))
    demand_yes(told(question), Phrase("asking.help_go_ahead"))
