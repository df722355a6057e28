"""`kitdock tag ports` and `info`: what is plugged in, and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host.cli.options import format_option, open_store, with_store
from host.cli.render import Done, Row, Table
from host.cli.tag.options import port_option
from host.errors import InputError

if TYPE_CHECKING:
    from host.store import Tag


@click.command()
@format_option
def ports() -> Table:
    """List serial ports, and what they seem to be.

    A tag shows here while it is awake. On USB it is: USB is dock power to it.
    """
    from host.link.port import ports as find_ports

    return Table(
        [each._asdict() for each in find_ports()],
        {"port": "name", "seems to be": "seems", "description": "description"},
        "no serial ports: plug the tag in with a cable that carries data, and wait a moment",
        note="If several may be a tag's: pull its cable and look which one goes.",
    )


@click.command()
@port_option
@with_store
def info(db: Path, port: str) -> Done:
    """Show what is on PORT: tag, firmware, chip, room, and whether the station knows its keys.

    Keys are compared by check values, and never read. The tag goes on afterwards. It records that it was stopped,
    and a tag that the station knows raises no question for that.
    """
    from host.cli.tag.session import note_own_stop
    from host.link.usb import about, repl

    with open_store(db) as store, repl(port) as board:
        told = about(board)
        known: Tag | None = None
        with suppress(InputError):
            known = store.tag(told["tag"]) if told.get("tag") else None
        if known is not None and known.retired_at_ms is None:
            note_own_stop(store, known, board)
        if "firmware" in told:
            board.go_on()
    lines = [f"{what:<11}  {value}" for what, value in _lines(told, known)]
    return Done("\n".join(lines), _facts(told, known))


def _facts(told: dict[str, Any], known: Tag | None) -> Row:
    """What is known of a board, for programs."""
    return {
        "board": told["board"],
        "micropython": told["micropython"],
        "partitions": [f"{label} {size} at {offset}" for label, offset, size in told["partitions"]],
        "files_free": told["files_free"],
        "firmware": told.get("firmware"),
        "tag": told.get("tag"),
        "pouch": known.pouch if known else None,
        "retired": None if known is None else known.retired_at_ms is not None,
        "last_sequence": told.get("last"),
        "log_fault": told.get("log_fault"),
        "advert_check": told.get("advert"),
        "session_check": told.get("session"),
        **{f"{name}_key": _compared(name, told, known) for name in ("advert", "session")},
    }


def _lines(told: dict[str, Any], known: Tag | None) -> Iterator[tuple[str, str]]:
    """The same for people."""
    yield "board", told["board"]
    yield "MicroPython", told["micropython"]
    for number, (label, offset, size) in enumerate(sorted(told["partitions"], key=lambda each: each[1])):
        yield "" if number else "flash", f"{label:<9} {size // 1024:>5} KiB at 0x{offset:06x}"
    free = told["files_free"]
    yield "files", "no file system" if free is None else f"{free // 1024} KiB free"
    if "firmware" not in told:
        yield "firmware", "not Kitdock's: put it there with `kitdock tag flash`"
        return
    yield "firmware", told["firmware"]
    if not told["tag"]:
        yield "tag", "none yet: make it one with `kitdock tag provision`"
        return
    yield "tag", told["tag"]
    before = " before; another tag is there now, or none" if known and known.retired_at_ms is not None else ""
    yield "pouch", f"{known.pouch}{before}" if known else "none of this station"
    yield "log", told.get("log_fault") or f"up to record {told['last']}"
    for name in ("advert", "session"):
        yield f"{name} key", f"{_compared(name, told, known)} ({told[name]})"


def _compared(name: str, told: dict[str, Any], known: Tag | None) -> str | None:
    """Whether the tag's key called `name` is the one that the station has."""
    if not told.get("tag"):
        return None
    if known is None:
        return "unknown"
    return "match" if getattr(known, f"{name}_check") == told[name] else "differ"
