"""`kitdock stock labels`: labels to print and stick on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click

from host import clock, service
from host.cli.groups import Command
from host.cli.options import maybe_day, open_store, with_store
from host.cli.render import Done
from host.cli.showing.labels import PDF, check_labels, write_labels
from host.cli.steps import line
from host.errors import InputError


@click.command("labels", cls=Command)
@click.argument("kits", metavar="[KIT]...", nargs=-1)
@click.option("--lot", metavar="LOT")
@click.option("--since", metavar="DATE")
@click.option("--output", type=PDF, metavar="FILE.pdf", required=True)
@click.option("--overwrite", is_flag=True)
@click.option("--first", type=click.IntRange(1, 24), default=1, show_default=True)
@with_store
def labels(
    db: Path, kits: Sequence[str], lot: str | None, since: str | None, output: Path, overwrite: bool, first: int
) -> Done:
    if bool(kits) == bool(lot or since):
        raise InputError("labels.which_kits")
    check_labels(output, overwrite)
    with open_store(db) as store:
        service.Names(store).check_names(lot=lot)
        first_day = maybe_day(store, since)
        since_ms = clock.midnight_after(first_day - timedelta(days=1), store.station.time_zone) if first_day else None
        found = service.Receiving(store).labels(kits, lot, since_ms)
    write_labels(found, output, first)
    return Done(
        line("said.labels_written", labels=len(found), path=output),
        {"file": str(output), "kits": [each.kit for each in found]},
    )
