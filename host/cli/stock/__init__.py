"""`kitdock stock`: kits come in by scanner or file, get their labels, and are counted. A file per command or two."""

import click

from host.cli.groups import Group
from host.cli.stock.balance import balance
from host.cli.stock.labels import labels
from host.cli.stock.levels import list_
from host.cli.stock.receiving import import_, receive


@click.group(cls=Group)
def stock() -> None:
    """Stock: receive by scanner or file, print labels, show levels.

    \b
    A delivery comes in:
      kitdock stock receive --document "Delivery 118" --labels labels.pdf
      kitdock stock list
    """


for command in (receive, import_, labels, list_, balance):
    stock.add_command(command)
