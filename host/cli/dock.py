"""`kitdock dock` and `kitdock scan`: the tags at the dock."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import click

from host import clock, service
from host.cli import dock_terminal, terminal
from host.cli.collecting import Collecting
from host.cli.groups import Command
from host.cli.options import open_store, with_store
from host.cli.render import Row, Table
from host.cli.showing.dock_status import dock_status
from host.cli.showing.docking import Meanwhile, adapter_option, on_radio, progress
from host.cli.steps import told
from host.docking.service import Dock
from host.docking.session import DockingReport, DockingStep
from host.docking.supervision import Supervision
from host.errors import KitdockError, LinkError
from host.link.adapter import Adapter, open_adapter
from host.phrase import NextStep, Phrase
from host.unit import notify
from host.unit.only_one import only_one

QUIET_S = 5.0
"""How long `dock --once` waits for another tag, in seconds."""


_OUTCOMES = {"complete": Phrase("dock.complete"), "failed": Phrase("dock.failed")}
"""How a docking ended, for people."""


class SomeFailed(LinkError):
    """At least one tag could not be docked."""


class AlreadyOpen(LinkError):
    """Another process collects for this database."""


@click.command(cls=Command)
@click.option("--once", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@click.option("--wait", metavar="SECONDS", type=click.FloatRange(0.1, 3600), default=QUIET_S, show_default=True)
@click.option("--no-prompt", is_flag=True)
@click.option("--status", is_flag=True)
@click.option("--adapter", "adapters", metavar="NAME", multiple=True)
@with_store
def dock(
    db: Path, once: bool, everything: bool, wait: float, no_prompt: bool, status: bool, adapters: tuple[str, ...]
) -> Table | None:
    if status:
        return dock_status(db)
    prompt = terminal.has_terminal() and not no_prompt
    with open_store(db) as store:
        if once:
            reports = _collect_once(store, adapters or (None,), wait, everything)
            if reports is None:
                click.echo(told(Phrase("dock.stopped")), err=True)
                return None
            collected = list(dict.fromkeys(each.tag for each in reports if each.error is None))
            if prompt:
                dock_terminal.ask_all(store, collected)
            else:
                _tell_what_is_missing(store, collected)
            _complain(reports)
            return _table(reports)
        if prompt:
            _serve(store, adapters or (None,), everything)
        else:
            _only_collect(store, adapters or (None,), everything)
        return None


def _collect_once(
    store: service.Database, adapters: Sequence[str | None], wait_s: float, everything: bool
) -> list[DockingReport] | None:
    """How each docking ended, once no tag had anything new for so many seconds; None if it was stopped."""

    async def collect() -> list[DockingReport]:
        with Dock(store, progress(store), clock.now_ms) as here:

            async def on(name: str | None) -> list[DockingReport]:
                async with open_adapter(name) as radio:
                    return await here.collect(radio, quiet_s=wait_s, everything=everything)

            return [each for reports in await asyncio.gather(*map(on, adapters)) for each in reports]

    with _alone(store):
        try:
            return asyncio.run(collect())
        except KeyboardInterrupt:
            return None


def _only_collect(store: service.Database, adapters: Sequence[str | None], everything: bool) -> None:
    """Collects until it is stopped, and tells the manager of services that has started it."""
    show = progress(store)

    def say(said: Phrase) -> None:
        _show_radio(show, said)
        notify.status(told(said))

    async def collect() -> None:
        task = asyncio.current_task()
        assert task is not None
        with suppress(NotImplementedError):  # on Windows nobody sends it
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        with Dock(store, show, clock.now_ms) as here:
            await Supervision(here, adapters, say, notify.alive, _tell_of_report, everything).run()

    with _alone(store):
        click.echo(told(Phrase("dock.until_stopped")), err=True)
        notify.ready()
        with suppress(KeyboardInterrupt, asyncio.CancelledError):
            asyncio.run(collect())
        notify.stopping()
    click.echo(told(Phrase("dock.stopped")), err=True)


def _show_radio(show: Callable[[DockingStep], None], said: Phrase) -> None:
    """Shows what is said of a radio as a step of no pouch."""
    show(DockingStep("radio", "", said))


def _tell_of_report(docked: DockingReport, store: service.Database) -> None:
    """Where nobody is asked: tells of the reports that are missing after a docking."""
    if docked.error is None:
        _tell_what_is_missing(store, [docked.tag])


@contextmanager
def _alone(store: service.Database) -> Iterator[None]:
    """Raises `AlreadyOpen` if another process collects for this database."""
    with only_one(store.path) as alone:
        if not alone:
            raise AlreadyOpen("dock.already_open")
        yield


def _serve(store: service.Database, adapters: Sequence[str | None], everything: bool) -> None:
    """Collects and asks, each at its own pace, until it is stopped; only asks if another process collects."""
    held = Meanwhile()
    show = progress(store, show=held.add)

    async def collect() -> None:
        with Dock(store, show, clock.now_ms) as here:
            await Supervision(here, adapters, partial(_show_radio, show), everything=everything).run()

    asking = dock_terminal.DockTerminal(store, held)
    with suppress(KeyboardInterrupt), only_one(store.path) as alone:
        terminal.say(told(Phrase("dock.until_stopped_asking" if alone else "dock.only_asks")))
        if alone:
            with Collecting(collect) as collecting:
                asking.serve(collecting.goes_on)
        else:
            asking.serve(dock_terminal.SavingWatch(store).look)
    if terminal.has_terminal():
        click.echo(told(Phrase("dock.stopped" if alone else "dock.asking_stopped")), err=True)


def _table(reports: list[DockingReport]) -> Table:
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
            with Dock(store, progress(store), clock.now_ms) as here:
                found = await here.scan(radio, seconds)
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


def _tell_what_is_missing(store: service.Database, tags: list[str]) -> None:
    """Where nobody is asked, says which reports are missing from the officers who have the pouches."""
    zone = store.station.time_zone
    missing = [each for tag in tags for each in service.Telling(store).reports_missing(tag)]
    for officer, opening in missing:
        say = Phrase(
            "dock.report_missing",
            officer=officer,
            at=clock.Instant(opening.began.likely_ms, zone),
            file=NextStep("report.file", opening=opening.name, officer=officer),
        )
        click.echo(told(say), err=True)


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
