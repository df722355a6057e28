"""`kitdock tag ports` and `info`: what is plugged in, and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from host import service
from host.cli.groups import Command
from host.cli.options import format_option, open_store, with_store
from host.cli.render import Done, Row, Table
from host.cli.steps import told
from host.cli.tag.options import port_option
from host.errors import InputError
from host.phrase import NextStep, Phrase

if TYPE_CHECKING:
    from host.tag.events import Tag


@click.command(cls=Command)
@format_option
def ports() -> Table:
    from host.link.port import ports as find_ports

    return Table(
        [{**each._asdict(), "seems": told(each.seems)} for each in find_ports()],
        {
            "port": "name",
            "seems_to_be": "seems",
            "description": "description",
        },
        told(Phrase("port.none")),
        note=told(Phrase("port.which_is_the_tags")),
    )


@click.command(cls=Command)
@port_option
@with_store
def info(db: Path, port: str) -> Done:
    from host.cli.tag.session import note_own_stop
    from host.link.usb import about, repl

    with open_store(db) as store, repl(port) as board:
        answer = about(board)
        known: Tag | None = None
        with suppress(InputError):
            known = service.Tags(store).tag(answer["tag"]) if answer.get("tag") else None
        if known is not None and known.retired_at_ms is None:
            note_own_stop(store, known, board)
        if "firmware" in answer:
            board.go_on()
    lines = [f"{what:<11}  {value}" for what, value in _lines(answer, known)]
    return Done("\n".join(lines), _facts(answer, known))


def _facts(answer: dict[str, Any], known: Tag | None) -> Row:
    """What is known of a board, for programs."""
    return {
        "board": answer["board"],
        "micropython": answer["micropython"],
        "partitions": [f"{label} {size} at {offset}" for label, offset, size in answer["partitions"]],
        "files_free": answer["files_free"],
        "firmware": answer.get("firmware"),
        "tag": answer.get("tag"),
        "pouch": known.pouch if known else None,
        "retired": None if known is None else known.retired_at_ms is not None,
        "last_sequence": answer.get("last"),
        "log_fault": answer.get("log_fault"),
        "advert_check": answer.get("advert"),
        "session_check": answer.get("session"),
        **{f"{name}_key": _compared(name, answer, known) for name in ("advert", "session")},
    }


def _lines(answer: dict[str, Any], known: Tag | None) -> Iterator[tuple[str, str]]:
    """The same for people: what it is, and that."""
    yield told(Phrase("info.board")), answer["board"]
    yield told(Phrase("info.micropython")), answer["micropython"]
    flash = told(Phrase("info.flash"))
    for number, (label, offset, size) in enumerate(sorted(answer["partitions"], key=lambda each: each[1])):
        place = Phrase("info.partition", label=f"{label:<9}", size=f"{size // 1024:>5}", offset=f"0x{offset:06x}")
        yield "" if number else flash, told(place)
    free = answer["files_free"]
    files = Phrase("info.no_file_system") if free is None else Phrase("info.kib_free", kib=free // 1024)
    yield told(Phrase("info.files")), told(files)
    firmware = told(Phrase("info.firmware"))
    if "firmware" not in answer:
        yield firmware, told(Phrase("info.other_firmware", flash=NextStep("tag.flash")))
        return
    yield firmware, answer["firmware"]
    tag = told(Phrase("info.tag"))
    if not answer["tag"]:
        yield tag, told(Phrase("info.no_tag", provision=NextStep("tag.provision")))
        return
    yield tag, answer["tag"]
    yield told(Phrase("info.pouch")), _pouch(known)
    log = answer.get("log_fault") or told(Phrase("info.up_to_record", last=answer["last"]))
    yield told(Phrase("info.log")), log
    for name, heading in (("advert", Phrase("info.advert_key")), ("session", Phrase("info.session_key"))):
        compared = _COMPARED[_compared(name, answer, known) or "unknown"]
        yield told(heading), f"{told(compared)} ({answer[name]})"


def _pouch(known: Tag | None) -> str:
    if known is None:
        return told(Phrase("info.no_pouch_here"))
    return known.pouch if known.retired_at_ms is None else told(Phrase("info.pouch_before", pouch=known.pouch))


_COMPARED = {
    "unknown": Phrase("info.key_unknown"),
    "match": Phrase("info.key_matches"),
    "differ": Phrase("info.key_differs"),
}
"""What the comparison of a key says to people."""


def _compared(name: str, answer: dict[str, Any], known: Tag | None) -> str | None:
    """Whether the tag's key called `name` is the one that the station has."""
    if not answer.get("tag"):
        return None
    if known is None:
        return "unknown"
    return "match" if getattr(known, f"{name}_check") == answer[name] else "differ"
