"""`kitdock init`: makes a station's database."""

from __future__ import annotations

from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Command
from host.cli.options import db_option, format_option, words
from host.cli.render import Done
from host.cli.steps import line
from host.receiving import numbers


@click.command(cls=Command)
@db_option
@click.option("--name", type=words("name"), metavar="NAME", required=True)
@click.option("--time-zone", required=True, metavar="ZONE")
@click.option("--collect-names", is_flag=True)
@click.option("--kit-prefix", type=numbers.prefix, metavar="TEXT")
@format_option
def init(db: Path, name: str, time_zone: str, collect_names: bool, kit_prefix: str | None) -> Done:
    clock.zone(time_zone)
    with service.create_database(db, name, time_zone, collect_names, clock.now_ms()) as store:
        if kit_prefix is not None:
            service.Accounts(store).set_setting("kit_prefix", kit_prefix)
        key_file, kit_prefix = store.key_path, store.settings.kit_prefix
    return Done(
        line("done.station_made", station=name, database=db, key_file=key_file),
        {
            "db": str(db),
            "key_file": str(key_file),
            "name": name,
            "time_zone": time_zone,
            "kit_prefix": kit_prefix,
        },
    )
