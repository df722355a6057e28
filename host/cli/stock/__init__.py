"""`kitdock stock`: kits come in by scanner or file, get their labels, and are counted. A file per command or two."""

import click

from host.cli.groups import Group
from host.cli.stock.balance import balance
from host.cli.stock.labels import labels
from host.cli.stock.levels import list_
from host.cli.stock.receiving import import_, receive


@click.group(cls=Group)
def stock() -> None:
    pass


for command in (receive, import_, labels, list_, balance):
    stock.add_command(command)
