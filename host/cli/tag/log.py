"""`kitdock tag log`: what a tag has logged, fetched over USB if it is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli import steps
from host.cli.groups import Command
from host.cli.options import instant, open_store, with_store
from host.cli.render import Table
from host.cli.steps import told
from host.cli.tag.options import maybe_port_option
from host.phrase import Phrase
from host.tag.logbook import explain
from host.words import bound

if TYPE_CHECKING:
    from host.tag.events import Tag

SHOWN = 40
"""How many records are shown if nothing is said."""


@click.command(cls=Command)
@click.argument("pouch", metavar="[POUCH|TAG]", required=False)
@maybe_port_option
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=SHOWN, show_default=True)
@click.option("--since", metavar="TIME")
@with_store
def log(db: Path, pouch: str | None, port: str | None, limit: int, since: str | None) -> Table:
    if pouch is None and port is None:
        raise click.UsageError(told(Phrase("tags.pouch_or_port")))
    with open_store(db) as store:
        zone = store.station.time_zone
        since_ms = None if since is None else instant(store, since)
        tag = None if pouch is None else service.Tags(store).tag(pouch)
        if port is not None:
            tag = _dock(store, tag, port)
        assert tag is not None
        found = service.Tags(store).log(tag)
    rows = []
    for event, at, doubtful in found:
        if since_ms is not None and (at is None or at.latest_ms < since_ms):
            continue
        rows.append(
            {
                "sequence": event.sequence,
                "at": clock.iso(at.likely_ms, zone) if at else None,
                "error_s": -(-at.error_ms // 1000) if at else None,
                "event": event.type,
                "verdict": event.verdict,
                "detail": ", ".join(map(steps.told, explain(event, doubtful))),
                "battery_mv": event.battery_mv,
                "boot_count": event.boot_count,
                "uptime_s": event.uptime_s,
                "aux": event.aux,
            }
        )
    left_out = len(rows) - limit
    return Table(
        rows[-limit:],
        {
            "record": "sequence",
            "at": lambda row: (row["at"] or "?")[:19].replace("T", " "),
            "±": lambda row: "" if row["error_s"] is None else bound(row["error_s"] * 1000),
            "event": lambda row: row["event"] or "",
            "detail": "detail",
            "battery": lambda row: "" if row["battery_mv"] is None else f"{row['battery_mv']} mV",
        },
        told(Phrase("tags.no_records", pouch=tag.pouch)),
        note=told(Phrase("tags.older_records", older=left_out, all=len(rows))) if left_out > 0 else "",
    )


def _dock(store: service.Database, tag: Tag | None, port: str) -> Tag:
    """Dock the tag on `port`, which must be `tag` if that is given. Raises `LinkError` if it fails."""
    import asyncio
    from contextlib import nullcontext

    from host.cli.showing.docking import progress
    from host.cli.showing.noting import note
    from host.cli.tag.session import demand
    from host.docking.keeping import Keeping
    from host.docking.session import dock
    from host.errors import LinkError
    from host.link.wired import wired

    with wired(port) as link:
        if tag is None:
            tag = service.Tags(store).tag(link.tag_id)
        demand(link, tag, port, store)
        with Keeping(store) as keeping:
            work = dock(keeping, tag, clock.now_ms, progress(store), nullcontext(link), hurry=False)
            report = asyncio.run(work)
        if report.status is not None:
            service.Tags(store).note_own_stop(tag.id, report.status.status.last_sequence, clock.now_ms())
    note(store)
    if report.error is not None:
        raise LinkError("tags.not_docked", port=port, error=report.error) from report.error
    return tag
