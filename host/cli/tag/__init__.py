"""`kitdock tag`: everything about tags, from a bare board to what one has logged. A file per command or two."""

import click

from host.cli.groups import Group
from host.cli.tag.bench import bench
from host.cli.tag.config import config, identify
from host.cli.tag.enrolled import list_, provision, wipe
from host.cli.tag.flash import flash
from host.cli.tag.log import log
from host.cli.tag.ports import info, ports


@click.group(cls=Group)
def tag() -> None:
    pass


for command in (ports, flash, bench, provision, info, log, config, identify, wipe, list_):
    tag.add_command(command)
