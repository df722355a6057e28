"""`kitdock tag bench`: a first board, step by step, with a report of what it has shown."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host.cli.groups import Command
from host.cli.options import format_option
from host.cli.render import Row, Table
from host.cli.root import STATUS
from host.cli.steps import told
from host.cli.tag.options import adapter_option
from host.cli.terminal import has_terminal
from host.phrase import NextStep, Phrase

if TYPE_CHECKING:
    from host.bench.procedure import BenchStep
    from host.bench.report import BenchReport

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(cls=Command)
@click.option("--port", metavar="PORT")
@adapter_option
@click.option("--have", metavar="LIST")
@click.option("--only", metavar="LIST")
@click.option("--report", metavar="FILE", type=_FILE)
@click.option("--resume", metavar="FILE", type=_FILE)
@click.option("--list", "listed", is_flag=True)
@format_option
@click.pass_context
def bench(
    ctx: click.Context,
    port: str | None,
    adapter: str | None,
    have: str | None,
    only: str | None,
    report: Path | None,
    resume: Path | None,
    listed: bool,
) -> Table:
    from host.bench import procedure

    steps = procedure.chosen(only)
    if listed:
        return _listing(steps)
    if report is not None and resume is not None:
        raise click.UsageError(told(Phrase("bench.report_or_resume")))
    from host.bench.report import FAILED, NOT_DONE, BenchReport

    kept = None if resume is None else BenchReport.resume(resume)
    if kept is not None and only is None:
        settled = {each.id for each in kept.results.values() if each.status != NOT_DONE}
        steps = tuple(step for step in steps if step.id not in settled)
    if port is None and any(step.does for step in steps):
        raise click.UsageError(told(Phrase("bench.no_port_named", see=NextStep("port.list"))))
    kept = _with_what_is_at_hand(kept, report, have, adapter)
    how = _go_through(kept, steps, port or "", adapter)
    if any(each.status == FAILED for each in kept.results.values()) or how == "interrupted":
        ctx.meta[STATUS] = 1
    return _summary(kept, port, how != "done")


def _with_what_is_at_hand(
    kept: BenchReport | None, path: Path | None, have: str | None, adapter: str | None
) -> BenchReport:
    """The report `kept`, or a new one at `path`, with the instruments at hand. Raises `InputError`."""
    from host.bench import procedure
    from host.bench.report import BenchReport
    from host.cli.tag.bench_terminal import ask_what_is_at_hand

    path = path or Path(f"bench-{datetime.now():%Y%m%d-%H%M%S}.json")
    if have is not None:
        names: tuple[str, ...] = tuple(name.strip() for name in have.split(",") if name.strip())
    elif kept is not None:
        names = kept.have
    else:
        BenchReport.demand_new(path)
        names = ask_what_is_at_hand() if has_terminal() else ()
    at_hand = procedure.at_hand([*names, *([] if adapter is None else ["bluetooth"])])
    if kept is None:
        return BenchReport.begin(path, version("kitdock"), at_hand)
    kept.use(at_hand)
    return kept


def _go_through(report: BenchReport, steps: tuple[BenchStep, ...], port: str, adapter: str | None) -> str:
    """Go through `steps`, those first that need the board to itself. Returns "done", "stopped" or "interrupted"."""
    from host.bench import checks
    from host.bench.board import Bench
    from host.bench.run import Stopped, go_through
    from host.cli.tag.bench_terminal import Terminal

    person = Terminal()
    person.tell(Phrase("bench.report_is", path=report.path))
    by_itself, by_hand = ([step for step in steps if bool(step.does) is own] for own in (True, False))
    complete = "tag" in report.have
    try:
        if by_itself:
            board = Bench(port, adapter, complete, person)
            try:
                report.met(board.begin(complete or "wires" in report.have))
                go_through(by_itself, report, checks.of(board), person)
            finally:
                board.close()
        if complete and any("tag" in step.needs for step in by_hand):
            person.tell(Phrase("bench.in_use", provision=NextStep("tag.provision")))
        go_through(by_hand, report, {}, person)
    except Stopped:
        return "stopped"
    except (KeyboardInterrupt, click.Abort):
        return "interrupted"
    finally:
        click.echo(err=True)
    return "done"


def _listing(steps: tuple[BenchStep, ...]) -> Table:
    rows = [
        {
            "step": step.id,
            "section": step.section,
            "what": step.what,
            "how": step.how,
            "expected": step.expected,
            "passes": [told(Phrase("bench.reading", what=reading.what, answer=reading.range)) for reading in step.ask],
            "needs": list(step.needs),
            "by": told(Phrase("bench.by_the_command" if step.does else "bench.by_you")),
        }
        for step in steps
    ]
    return Table(
        rows,
        {
            "step": "step",
            "what": "what",
            "needs": lambda row: ", ".join(row["needs"]) or told(Phrase("bench.usb_alone")),
            "by": "by",
        },
        "",
        note=told(Phrase("bench.list_tells", all=NextStep("bench.list_all"))),
    )


def _summary(report: BenchReport, port: str | None, unfinished: bool) -> Table:
    """The steps by section, how many of them passed, failed, and were not done."""
    from host.bench import procedure
    from host.bench.report import FAILED, NOT_DONE, PASSED

    rows: list[Row] = []
    for section in dict.fromkeys(step.section for step in procedure.steps()):
        ids = [step.id for step in procedure.steps() if step.section == section]
        of = Counter(report.results[id].status if id in report.results else NOT_DONE for id in ids)
        rows.append(
            {
                "section": section,
                "passed": of[PASSED],
                "failed": of[FAILED],
                "not_done": of[NOT_DONE],
                "failed_steps": [id for id in ids if id in report.results and report.results[id].status == FAILED],
            }
        )
    total = {key: sum(row[key] for row in rows) for key in ("passed", "failed", "not_done")}
    every = told(Phrase("bench.all_sections"))
    rows.append({"section": every, **total, "failed_steps": [id for row in rows for id in row["failed_steps"]]})
    go_on = NextStep("bench.go_on", port=port, report=report.path) if unfinished else None
    return Table(
        rows,
        {
            "section": "section",
            "passed": "passed",
            "failed": "failed",
            "not_done": "not_done",
            "which_failed": lambda row: ", ".join(row["failed_steps"]),
        },
        "",
        note=told(Phrase("bench.send_it", path=report.path, failed=total["failed"], go_on=go_on)),
    )
