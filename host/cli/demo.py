"""`kitdock demo`: a small fictional force on the virtual station."""

from __future__ import annotations

import asyncio
import functools
import select
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from host import clock, forms, service
from host.cli import asking, terminal
from host.cli.groups import Command
from host.cli.render import render
from host.cli.showing.discrepancies import disagreements_table
from host.cli.showing.docking import progress
from host.cli.showing.expiries import expiries_table
from host.cli.steps import told
from host.cli.values import DatabaseOption
from host.docking.session import DockingReport
from host.errors import InputError, KitdockError
from host.phrase import Phrase
from host.usage.reports import USED

try:
    from host.link.adapter import open_adapter
    from host.sim import runtime
    from host.sim.force import ANSWERS, FIRST_DOCKING_AGO_S, NAME, POUCHES, TIME_ZONE, Force
    from host.sim.station import VirtualStation
except ImportError as error:  # the extra is not installed
    raise KitdockError("demo.not_installed", module=error.name) from error


LOOK_S = 0.2
"""How often somebody who is asked is looked after, in seconds."""
SELECTS = sys.platform != "win32"
"""Whether one can wait for a terminal without reading it."""


class DemoFailed(KitdockError):
    """The virtual station did not play as it must."""


@click.command(cls=Command)
@click.option("--batch", is_flag=True)
@click.option("--db", cls=DatabaseOption, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--interpreter", metavar="PATH", type=click.Path(exists=True, dir_okay=False))
def demo(batch: bool, db: Path | None, interpreter: str | None) -> None:
    began = time.monotonic()
    if db is None:
        db = Path(tempfile.mkdtemp(prefix="kitdock-demo-")) / "demo.db"
    elif not db.parent.is_dir():
        raise InputError("demo.no_folder", folder=db.parent)
    if interpreter is None:
        runtime.fetch(lambda what: terminal.say(told(what)))
    now = datetime.now(UTC).replace(microsecond=0)
    start = now - timedelta(seconds=FIRST_DOCKING_AGO_S)
    batch = batch or not terminal.has_terminal()
    with service.create_database(db, NAME, TIME_ZONE, False, int(start.timestamp() * 1000)) as store:
        asyncio.run(_play(store, start, now, batch, interpreter))
        _say(Phrase("demo.expiry"))
        render(expiries_table(service.Expiries(store).expiring_kits(), TIME_ZONE), "table")
        _say(Phrase("demo.reconciliation"))
        render(
            disagreements_table(service.Reconciling(store).disagreements(clock.now_ms(), service.Wanted()), TIME_ZONE),
            "table",
        )
    reads_reports = told(Phrase("demo.reads_reports"))
    _say(Phrase("demo.took", seconds=round(time.monotonic() - began), db=db))
    for line in (
        f"export KITDOCK_DB={db}",
        "kitdock openings",
        "kitdock openings explain P-03 --cause training --officer 4103",
        "kitdock usage list",
        f"kitdock account grant {store.login} programme_lead  # {reads_reports}",
        "kitdock usage show 1",
        "kitdock kit replace K-0004",
        "kitdock reconcile resolve P-02 --reason 'a kit is on its way'",
        "kitdock reconcile --format json",
    ):
        click.echo(f"  {line}")


async def _play(store: service.Database, start: datetime, now: datetime, batch: bool, interpreter: str | None) -> None:
    async with (
        VirtualStation(start, interpreter) as station,
        open_adapter(await station.listen_hci()) as radio,
    ):
        force = Force(store, station, radio, progress(store, lambda: int(station.clock.now() * 1000)), now)
        _say(Phrase("demo.force", name=NAME, officers=len(POUCHES)))
        await force.equip()
        for pouch in POUCHES:
            person = Phrase("demo.pouch", pouch=pouch.name, officer=pouch.officer, kit=pouch.kit, story=pouch.story)
            click.echo("  " + told(person))
        _say(Phrase("demo.first_docking"))
        _demand_complete(await force.first_docking(), len(POUCHES))
        _say(Phrase("demo.nine_days"))
        await force.nine_days()
        reports = await force.dock()
        for report in reports:
            await _after(store, report, batch)
        _demand_complete(reports, len(POUCHES) - 1)
        _say(Phrase("demo.again"))
        _demand_complete(await force.dock(everything=True), len(POUCHES) - 1)
        _say(Phrase("demo.once_more"))
        before = len(service.Tags(store).events())
        again = await force.dock(everything=True)
        _demand_complete(again, len(POUCHES) - 1)
        added = len(service.Tags(store).events()) - before
        click.echo("  " + told(Phrase("demo.docked_again", tags=len(again), added=added, events=before)))
        if added:
            raise DemoFailed("demo.rows_added", rows=added)


async def _after(store: service.Database, report: DockingReport, batch: bool) -> None:
    """What the officer does once the pouch is docked."""
    if report.error is not None:
        return
    if not batch:
        await _beside_the_loop(functools.partial(_ask, store.path, report.tag))
        return
    for opening in service.Telling(store).unexplained_openings(report.tag):
        if not opening.dose_marks:
            _tell(Phrase("demo.answers_later", pouch=opening.pouch))
            continue
        officer = opening.officers[0]
        doses = service.Telling(store).record_explanation(opening, officer, USED, None, clock.now_ms())
        number = service.Telling(store).file_report(forms.DEFAULT, opening, officer, ANSWERS, clock.now_ms()).id
        _tell(Phrase("demo.answers_used", pouch=opening.pouch, officer=officer, doses=doses))
        _tell(Phrase("demo.report_filed", report=number))


def _ask(db: Path, tag_id: str, given_up: threading.Event) -> None:
    """Ask about the openings of a tag, until `given_up`; on a connection of its own, as a thread must have."""

    def read(prompt: str) -> str:
        print(prompt, end="", flush=True)
        while not select.select([sys.stdin], [], [], LOOK_S)[0]:
            if given_up.is_set():
                raise click.Abort
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\n")

    with service.open_database(db) as store, reading_by(read if SELECTS else input):
        asking.ask_about(store, [tag_id], forms.DEFAULT)


@contextmanager
def reading_by(read: Callable[[str], str]) -> Iterator[None]:
    """Let click read what is typed by `read`."""
    before = click.termui.visible_prompt_func
    click.termui.visible_prompt_func = read
    try:
        yield
    finally:
        click.termui.visible_prompt_func = before


async def _beside_the_loop(work: Callable[[threading.Event], None]) -> None:
    """Do `work` in a thread of its own: the loop is also the virtual air and the tags' time, and must not wait for a
    person. If the demo is stopped meanwhile, the event that `work` was given is set."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    given_up = threading.Event()

    def tell(error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    def run() -> None:
        try:
            work(given_up)
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            outcome: BaseException | None = error
        else:
            outcome = None
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, outcome)

    threading.Thread(target=run, name="prompt").start()
    try:
        await done
    finally:
        given_up.set()


def _demand_complete(reports: list[DockingReport], pouches: int) -> None:
    complete = {report.pouch for report in reports if report.error is None}
    if len(complete) != pouches:
        raise DemoFailed("demo.too_few_docked", docked=len(complete), pouches=pouches)


def _say(what: Phrase) -> None:
    click.secho(f"\n{told(what)}", bold=True)


def _tell(what: Phrase) -> None:
    click.echo(f"          {told(what)}")
