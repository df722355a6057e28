"""Options that the commands about tags share."""

import sys

import click

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


def agreed(question: str, yes: bool) -> None:
    """Ask, unless `yes`. A no ends the command; without a terminal it is a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("There is nobody to ask: give --yes to go ahead.")
    click.confirm(question, abort=True, err=True)
