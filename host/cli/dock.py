"""`kitdock dock` and `kitdock scan`: the tags at the dock."""

from __future__ import annotations

from pathlib import Path

import click

from host import clock, forms, service
from host.cli import asking, terminal
from host.cli.groups import Command
from host.cli.options import open_store, with_store
from host.cli.render import Row, Table
from host.cli.showing.dock_status import dock_status
from host.cli.showing.docking import adapter_option, on_radio, progress
from host.cli.steps import told
from host.docking.service import Dock
from host.docking.session import DockingReport
from host.errors import KitdockError, LinkError
from host.link.adapter import Adapter
from host.phrase import NextStep, Phrase

QUIET_S = 5.0
"""How long `dock --once` waits for another tag, in seconds."""


_OUTCOMES = {"complete": Phrase("dock.complete"), "failed": Phrase("dock.failed")}
"""How a docking ended, for people."""


class SomeFailed(LinkError):
    """At least one tag could not be docked."""


@click.command(cls=Command)
@click.option("--once", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@click.option("--wait", metavar="SECONDS", type=click.FloatRange(0.1, 3600), default=QUIET_S, show_default=True)
@click.option("--no-prompt", is_flag=True)
@click.option("--status", is_flag=True)
@adapter_option
@with_store
def dock(
    db: Path, once: bool, everything: bool, wait: float, no_prompt: bool, status: bool, adapter: str | None
) -> Table | None:
    if status:
        return dock_status(db)
    prompt = terminal.has_terminal() and not no_prompt
    with open_store(db) as store:

        async def collect(radio: Adapter) -> list[DockingReport]:
            async def docked(report: DockingReport) -> None:
                if report.error is None:
                    _ask(store, report.tag) if prompt else _tell_what_is_missing(store, report.tag)

            here = Dock(store, radio, progress(store), clock.now_ms)
            return await here.run(quiet_s=wait if once else None, everything=everything, docked=docked)

        if not once:
            click.echo(told(Phrase("dock.until_stopped")), err=True)
        reports = on_radio(adapter, collect)
        if reports is None:
            click.echo(told(Phrase("dock.stopped")), err=True)
            return None
        _complain(reports)
        return Table(
            [_docking_row(each) for each in reports],
            {
                "pouch": "pouch",
                "docked": lambda row: told(_OUTCOMES[row["outcome"]]),
                "new_records": "records_added",
                "altered": "altered",
                "battery": lambda row: "" if row["battery_percent"] is None else f"{row['battery_percent']}%",
            },
            told(Phrase("dock.nothing_new", scan=NextStep("dock.scan"))),
        )


@click.command(cls=Command)
@click.option("--seconds", metavar="SECONDS", type=click.FloatRange(0.1, 3600), default=QUIET_S, show_default=True)
@adapter_option
@with_store
def scan(db: Path, seconds: float, adapter: str | None) -> Table:
    with open_store(db) as store:

        async def listen(radio: Adapter) -> list[Row]:
            here = Dock(store, radio, progress(store), clock.now_ms)
            found = await here.scan(seconds)
            return [
                {
                    "pouch": tag.pouch,
                    "tag": tag.id,
                    "signal_dbm": found[tag.id][1],
                    "battery_percent": found[tag.id][0].advert.battery_percent,
                    "lid_open": found[tag.id][0].advert.lid_open,
                    "battery_low": found[tag.id][0].advert.battery_low,
                    "tamper": found[tag.id][0].advert.tamper,
                    "safe_mode": found[tag.id][0].advert.problem,
                    "waiting": here.waiting(found[tag.id][0]),
                }
                for tag in service.Tags(store).tags()
                if tag.id in found
            ]

        rows = on_radio(adapter, listen) or []
    return Table(
        rows,
        {
            "pouch": "pouch",
            "tag": "tag",
            "signal": lambda row: f"{row['signal_dbm']} dBm",
            "battery": _battery,
            "lid": lambda row: told(Phrase("dock.lid_open" if row["lid_open"] else "dock.lid_closed")),
            "new_records": "waiting",
            "trouble": _trouble,
        },
        told(Phrase("dock.none_in_range")),
    )


def _battery(row: Row) -> str:
    percent = f"{row['battery_percent']}%"
    return told(Phrase("dock.battery_low", percent=percent)) if row["battery_low"] else percent


def _trouble(row: Row) -> str:
    safe_mode = [told(Phrase("dock.safe_mode"))] if row["safe_mode"] else []
    damaged = [told(Phrase("dock.log_damaged"))] if row["tamper"] else []
    return " ".join([*safe_mode, *damaged])


def _ask(store: service.Database, tag_id: str) -> None:
    """Asks at the terminal about each opening of a tag that nobody has explained, and for reports that are missing.

    Ctrl-C or the end of the input leaves what is asked for later, and the dock goes on.
    """
    try:
        with terminal.stoppable():
            asking.ask_about(store, tag_id, forms.DEFAULT)
    except (click.Abort, KeyboardInterrupt):
        terminal.say("\n" + told(Phrase("asking.left_for_later")))


def _tell_what_is_missing(store: service.Database, tag_id: str) -> None:
    """Where nobody is asked, says which reports are missing from the officers who have the pouch."""
    zone = store.station.time_zone
    for officer, opening in service.Telling(store).reports_missing(tag_id):
        missing = Phrase(
            "dock.report_missing",
            officer=officer,
            at=clock.Instant(opening.began.likely_ms, zone),
            file=NextStep("report.file", opening=opening.name, officer=officer),
        )
        click.echo(told(missing), err=True)


def _docking_row(report: DockingReport) -> Row:
    """A docking as programs see it."""
    status = report.status.status if report.status else None
    return {
        "pouch": report.pouch,
        "tag": report.tag,
        "outcome": "complete" if report.error is None else "failed",
        "records_added": report.added,
        "altered": report.altered,
        "battery_mv": status.battery_mv if status else None,
        "battery_percent": status.battery_percent if status else None,
        "error": _why(report.error),
    }


def _why(error: Exception | None) -> str | None:
    """Why a docking failed; what a tag's frames had wrong is in words of `kitwire` already."""
    if error is None:
        return None
    return told(error) if isinstance(error, KitdockError) else str(error)


def _complain(reports: list[DockingReport]) -> None:
    """Raises `SomeFailed` if the last docking of a tag failed."""
    last = {report.pouch: report.error for report in reports}
    failed = [
        Phrase("dock.pouch_failed", pouch=pouch, error=error) for pouch, error in last.items() if error is not None
    ]
    if failed:
        raise SomeFailed("dock.some_failed", failed=tuple(failed))
