"""`kitdock stock receive` and `import`: kits come in, by scanner or from a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from host import clock, service
from host.cli.groups import Command
from host.cli.options import of_file, open_store, with_store, words
from host.cli.render import Row, Table, day_of
from host.cli.root import STATUS
from host.cli.showing.labels import PDF, check_labels, write_labels
from host.cli.steps import line, told
from host.errors import InputError, KitdockError, why
from host.phrase import NextStep, Phrase
from host.receiving import numbers

if TYPE_CHECKING:
    from host.cli.showing.scanner import Pack
    from host.receiving.printed import DateStyle

station_option = click.option("--station", metavar="STATION")
document_option = click.option("--document", type=words("document"), metavar="TEXT")
accept_option = click.option("--accept-expired", is_flag=True)


@click.command("receive", cls=Command)
@station_option
@document_option
@accept_option
@click.option("--prefix", type=numbers.prefix, metavar="TEXT")
@click.option("--labels", type=PDF, metavar="FILE.pdf")
@with_store
@click.pass_context
def receive(
    context: click.Context,
    db: Path,
    station: str | None,
    document: str | None,
    accept_expired: bool,
    prefix: str | None,
    labels: Path | None,
) -> Table:
    from host.cli.showing.scanner import How, Receiver, by_lot
    from host.cli.terminal import has_terminal

    if labels is not None:
        check_labels(labels, overwrite=False)
    with open_store(db) as store:
        place = service.Receiving(store).check_receiving(station)
        how = How(place, document, prefix or store.settings.kit_prefix, accept_expired)
        receiver = Receiver(store, how, has_terminal())
        receiver.run()
        if labels is not None and receiver.packs:
            receiver.status = _labels_of(receiver.packs, labels) or receiver.status
    if receiver.status:
        context.meta[STATUS] = receiver.status
    rows = [_row(kit.lot.product, kit.lot.lot, kit.lot.expires_on, kits) for kit, kits in by_lot(receiver.packs)]
    code = "note.received_but_refused" if receiver.refused else "note.received"
    return _received(rows, line(code, kits=len(receiver.packs), place=place, lines=receiver.refused))


@click.command("import", cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, readable=False, path_type=Path))
@click.option("--dry-run", is_flag=True)
@click.option("--dates", "date_style", type=click.Choice(["iso", "dmy", "mdy"]))
@station_option
@document_option
@accept_option
@with_store
@click.pass_context
def import_(
    context: click.Context,
    db: Path,
    file: Path,
    dry_run: bool,
    date_style: DateStyle | None,
    station: str | None,
    document: str | None,
    accept_expired: bool,
) -> Table:
    from host.receiving.table import read_kits

    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError("import.not_read", path=file, why=why(error)) from None
    with open_store(db) as store:
        place = service.Receiving(store).check_receiving(station)
        try:
            kits = of_file(partial(read_kits, data, store.today()), date_style)
        except InputError as error:
            raise InputError("import.file_wrong", path=file, error=error) from None
        at_ms = clock.now_ms()
        if dry_run or kits.bad:
            checked = service.Receiving(store).check_import(kits.good, at_ms, document, accept_expired)
        else:
            checked = service.Receiving(store).import_kits(kits.good, at_ms, place, document, accept_expired)
    bad = sorted([*kits.bad, *checked.bad], key=lambda each: each.line)
    rows = _rows_of(checked)
    if bad:
        wrong = tuple(Phrase("import.line_wrong", line=each.line, wrong=each.wrong) for each in bad)
        if not dry_run:
            raise InputError("import.nothing_received", wrong=wrong, path=file, lines=len(bad))
        for each in wrong:
            click.echo(f"kitdock: {told(each)}", err=True)
        context.meta[STATUS] = InputError.exit_status
    if not dry_run:
        return _received(rows, line("note.received", kits=len(checked.boxes), place=place))
    if bad:
        return _received(rows, line("note.would_receive_nothing", lines=len(bad), place=place))
    return _received(rows, line("note.would_receive", kits=len(checked.boxes), place=place))


def _rows_of(checked: service.Checked) -> list[Row]:
    """A row for each lot that a file brings."""
    found: dict[tuple[str, str], list[str]] = {}
    for box in checked.boxes:
        found.setdefault((box.product, box.lot), []).append(box.kit)
    expires = {lot[:2]: lot.expires_on for lot in checked.lots}
    return [_row(product, lot, expires[product, lot], kits) for (product, lot), kits in found.items()]


def _row(product: str, lot: str, expires_on: date, kits: Iterable[str]) -> Row:
    return {"product": product, "lot": lot, "expires_on": expires_on.isoformat(), "kits": list(kits)}


def _received(rows: Sequence[Row], note: str) -> Table:
    """What came in, by lot."""
    return Table(
        rows,
        {
            "product": "product",
            "lot": "lot",
            "expires": day_of("expires_on"),
            "kits": lambda row: len(row["kits"]),
            "numbers": lambda row: str(numbers.spans(row["kits"])),
        },
        note,
        note=note,
        title=line("title.kits_received"),
    )


def _labels_of(packs: Sequence[Pack], path: Path) -> int:
    """Writes the labels of the kits received, and says so; the exit status that this comes to."""
    from host.stock.labels import Label

    found = [Label(each.kit.kit, each.kit.lot.product, each.kit.lot.lot, each.kit.lot.expires_on) for each in packs]
    try:
        write_labels(found, path)
    except KitdockError as error:
        later = line("said.labels_later", error=error, labels=NextStep("stock.labels"))
        click.echo(f"kitdock: {later}", err=True)
        return error.exit_status
    click.echo(line("said.labels_written", labels=len(found), path=path), err=True)
    return 0
