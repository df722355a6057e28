"""Options and parameter types that commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from host import clock
from host.cli.root import FORMAT
from host.errors import InputError

if TYPE_CHECKING:
    from host.store import Store

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _keep_format(ctx: click.Context, _: click.Parameter, value: str) -> None:
    ctx.meta[FORMAT] = value


db_option = click.option(
    "--db",
    type=click.Path(dir_okay=False, readable=False, path_type=Path),
    envvar="KITDOCK_DB",
    show_envvar=True,
    required=True,
    help="The station's database.",
)

format_option = click.option(
    "--format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    expose_value=False,
    callback=_keep_format,
    help="How to show the result.",
)

at_option = click.option(
    "--at", metavar="TIME", help="When it happened, YYYY-MM-DDTHH:MM in the station's time zone. [default: now]"
)


def with_store(command: _Function) -> _Function:
    """The options of a command that uses the database: --db and --format."""
    return db_option(format_option(command))


def open_store(db: Path) -> Store:
    """The open database. Imported late: help needs no database."""
    from host.store import Store

    return Store.open(db)


def instant(store: Store, at: str | None) -> int:
    """Unix milliseconds of an --at, or now."""
    now = clock.now_ms()
    return now if at is None else clock.parse_past_instant(at, store.station.time_zone, now)


def day(text: str) -> date:
    """The type of a date written YYYY-MM-DD. Raises `InputError` if there is no such day."""
    return clock.parse_date(text)


def new_name(what: str) -> Callable[[str], str]:
    """The type of a number or name for a new `what`: can be typed, read aloud and printed on a label."""

    def name(text: str) -> str:
        if not re.fullmatch(r"\w[\w./-]{0,31}", text):
            raise InputError(f"{text!r} is no {what}: use 1 to 32 letters, digits, dots, dashes or slashes")
        return text

    return name


def words(what: str) -> Callable[[str], str]:
    """The type of words as they are printed on a pack: one line, spaces allowed."""

    def line(text: str) -> str:
        stripped = text.strip()
        if not stripped.isprintable() or not 0 < len(stripped) <= 60:
            raise InputError(f"{text!r} is no {what}: use one line of 1 to 60 characters")
        return stripped

    return line
