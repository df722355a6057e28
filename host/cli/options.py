"""Options and parameter types that commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from host import clock, service
from host.cli.root import FORMAT, OUTPUT, STORE, ZONE
from host.cli.steps import line
from host.cli.terminal import has_terminal, say
from host.cli.values import DatabaseOption, FilePath
from host.clock import Instant
from host.errors import DatesUnclear
from host.phrase import NextStep, Phrase
from host.receiving import naming, typed
from host.receiving.printed import DateStyle
from host.settings import MONTH_FIRST

OVERWRITE = "kitdock.overwrite"
"""Where --overwrite is kept until --output is read."""

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Found = TypeVar("_Found")


def _keep_format(ctx: click.Context, _: click.Parameter, value: str) -> None:
    ctx.meta[FORMAT] = value


def _keep_overwrite(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta[OVERWRITE] = value


def _keep_output(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
    """Checked before the command runs, since a command such as `kitdock dock` does more than show."""
    if value is not None:
        from host.cli.saving import Output, check

        if ctx.get_parameter_source("format") is not ParameterSource.DEFAULT:
            raise click.UsageError(line("option.form_of_file"), ctx)
        ctx.meta[OUTPUT] = Output(value, ctx.meta[OVERWRITE], ctx.command_path)
        check(ctx.meta[OUTPUT])
    elif ctx.meta[OVERWRITE]:
        raise click.UsageError(line("option.file_missing"), ctx)


class _Database(FilePath):
    """The path of a station's database."""

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """What to do when none is named."""
        return line("option.database_missing", make=NextStep("database.create"))


db_option = click.option(
    "--db",
    cls=DatabaseOption,
    type=_Database(dir_okay=False, readable=False, path_type=Path),
    metavar="FILE",
    envvar="KITDOCK_DB",
    show_envvar=True,
    required=True,
)

_format_option = click.option(
    "--format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    is_eager=True,
    expose_value=False,
    callback=_keep_format,
)

_output_option = click.option(
    "--output",
    metavar="FILE",
    type=FilePath(dir_okay=False, path_type=Path),
    expose_value=False,
    callback=_keep_output,
)

_overwrite_option = click.option(
    "--overwrite", is_flag=True, is_eager=True, expose_value=False, callback=_keep_overwrite
)

at_option = click.option("--at", metavar="TIME")


def format_option(command: _Function) -> _Function:
    """The options of a command that shows something: --format, and --output if it returns a table or a report."""
    if re.search(r"\b(Table|PrintedReport)\b", str(command.__annotations__["return"])):
        command = _output_option(_overwrite_option(command))
    return _format_option(command)


def with_store(command: _Function) -> _Function:
    """The options of a command that uses the database: --db, and those of `format_option`."""
    return db_option(format_option(command))


def open_store(db: Path) -> service.Database:
    """The open database. Imported late: help needs no database."""

    store = service.open_database(db)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[STORE] = store
    if context is not None and OUTPUT in context.meta:
        try:
            context.meta[ZONE] = store.station.time_zone
        except BaseException:
            store.close()
            raise
    return store


def instant(store: service.Database, at: str | None) -> int:
    """Unix milliseconds of an --at, or now."""
    now = clock.now_ms()
    if at is None:
        return now
    zone = store.station.time_zone
    found = typed.past_instant(at, now, zone, date_style(store))
    _show_back(at, Instant(found, zone), found == now or at[:10] == clock.iso(found, zone)[:10])
    return found


def the_day(store: service.Database, text: str) -> date:
    """The day that somebody typed; it is shown back unless it was typed as YYYY-MM-DD. Raises `InputError`."""
    found = typed.day(text, store.today(), date_style(store))
    _show_back(text, found, text == found.isoformat())
    return found


def of_file(read: Callable[[DateStyle | None], _Found], given: DateStyle | None) -> _Found:
    """What `read` makes of a file whose dates are in the style `given`; where only a person can say it, it is asked.

    Raises `DatesUnclear` if there is nobody to ask.
    """
    try:
        return read(given)
    except DatesUnclear as unclear:
        if unclear.code != "file.dates_unclear" or not has_terminal():
            raise
        from host.cli import questions

        fields = {name: unclear.fields[name] for name in ("dates", "such", "one", "other")}
        say(line("ask.dates_unclear", **fields))
        is_day = questions.yes_or_no(
            line("ask.day_first", such=fields["such"], one=fields["one"]), Phrase("asking.help_day_first", **fields)
        )
        return read("dmy" if is_day else "mdy")


def maybe_day(store: service.Database, text: str | None) -> date | None:
    """As `the_day`, None if nothing was typed."""
    return None if text is None else the_day(store, text)


def date_style(store: service.Database) -> DateStyle:
    """Which comes first in a date of numbers that somebody types at this station."""
    return "mdy" if store.settings.date_order == MONTH_FIRST else "dmy"


def _show_back(text: str, found: date | Instant, is_plain: bool) -> None:
    if not is_plain:
        click.echo(line("typed.understood", text=text, found=found), err=True)


def new_name(what: str) -> Callable[[str], str]:
    """The type of a number or name for a new `what`: can be typed, read aloud and printed on a label."""

    def name(text: str) -> str:
        return naming.number(what, text)

    return name


def words(what: str, most: int = 60) -> Callable[[str], str]:
    """The type of words as they are printed on a pack: one line of at most so many characters, spaces allowed."""

    def line(text: str) -> str:
        return naming.line(what, text, most)

    return line


def reason_option(required: bool = True) -> Callable[[_Function], _Function]:
    """The option --reason, whose help says what is asked for, and what is not."""
    return click.option("--reason", type=words("reason", 200), metavar="TEXT", required=required)
