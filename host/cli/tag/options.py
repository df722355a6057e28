"""Options that the commands about tags share."""

import sys

import click

from host.cli.steps import told
from host.phrase import Phrase

port_option = click.option(
    "--port",
    required=True,
    metavar="PORT",
    help="Serial port of the tag, such as /dev/ttyACM0: see `kitdock tag ports`.",
)

maybe_port_option = click.option(
    "--port", metavar="PORT", help="Serial port of the tag, if it is on USB: see `kitdock tag ports`."
)

adapter_option = click.option(
    "--adapter", metavar="NAME", help="Bluetooth adapter, as for `kitdock dock`. [default: the computer's own]"
)

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def agreed(question: Phrase, yes: bool) -> None:
    """Ask, unless `yes`. A no ends the command; without a terminal it is a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(told(Phrase("tags.nobody_to_ask")))
    click.confirm(told(question), abort=True, err=True)
