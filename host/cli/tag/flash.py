"""`kitdock tag flash`: MicroPython and the firmware onto a board."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host.cli.groups import Command
from host.cli.options import format_option
from host.cli.render import Done
from host.cli.root import FORMAT
from host.cli.steps import told
from host.cli.tag.options import agreed, port_option, yes_option
from host.errors import InputError
from host.phrase import Phrase

if TYPE_CHECKING:
    from host.flash.board import Said

_FOLDER = click.Path(file_okay=False, path_type=Path)


def checksum(text: str) -> str:
    """The type of a SHA-256. Raises `InputError`."""
    from host.flash import published

    return published.checksum(text)


@click.command(cls=Command)
@port_option
@click.option("--image", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--images", metavar="FOLDER", type=_FOLDER)
@click.option("--sha256", metavar="HEX", type=checksum)
@click.option("--firmware", metavar="FOLDER", type=_FOLDER)
@click.option("--erase-log", is_flag=True)
@yes_option
@format_option
@click.pass_context
def flash(
    ctx: click.Context,
    port: str,
    image: Path | None,
    images: Path | None,
    sha256: str | None,
    firmware: Path | None,
    erase_log: bool,
    yes: bool,
) -> Done:
    from host.flash import application, board, layout
    from host.flash import image as image_files

    if image is not None and images is not None:
        raise click.UsageError(told(Phrase("flash.image_or_images")))
    if sha256 is not None and image is None and images is None:
        raise click.UsageError(told(Phrase("flash.checksum_of_no_image")))
    firmware = firmware or application.FIRMWARE
    if not firmware.is_dir():
        raise InputError("flash.no_firmware_folder", folder=firmware)
    if images is not None:
        image = image_files.choose(images, layout.read(firmware / "partitions.csv"), sha256)
    if erase_log:
        agreed(Phrase("flash.erase_log", port=port), yes)
    done = board.flash(port, image, sha256, firmware, erase_log, _said(ctx))
    result = Phrase(
        "flash.flashed" if done.written or done.removed else "flash.nothing_written",
        port=port,
        micropython=done.micropython,
    )
    return Done(told(result), done._asdict() | {"port": port})


def _said(ctx: click.Context) -> Said:
    """Steps for people on standard error, with a bar at a terminal; nothing for programs."""
    from host.flash.board import Said

    people = ctx.meta.get(FORMAT, "table") == "table"
    terminal = people and sys.stderr.isatty()

    def step(what: Phrase) -> None:
        if people:
            click.echo(told(what), err=True)

    def bar(done: int, total: int) -> None:
        if terminal and total:
            end = "\n" if done >= total else ""
            click.echo(f"\r  {100 * done // total:3} %{end}", nl=False, err=True)

    return Said(step, bar)
