"""`kitdock officer`: officers by collar number, their training, what they carry, and whether they have left."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from host import clock, service
from host.cli.groups import Group
from host.cli.options import maybe_day, new_name, of_file, open_store, with_store, words
from host.cli.render import Done, Row, Table, a_day
from host.cli.steps import line
from host.errors import RuleError
from host.ledger import Officer
from host.ledger.issue import TRAINING, UNKNOWN, VALID
from host.phrase import NextStep, Phrase
from host.stock.people import Carrying
from host.words import heading, written

if TYPE_CHECKING:
    from host.receiving.printed import DateStyle

_trained = click.option("--trained", metavar="DATE")
_unit = click.option("--unit", type=words("unit"), metavar="UNIT")
_station = click.option("--station", type=words("station"), metavar="PLACE")
_role = click.option("--role", type=words("role"), metavar="ROLE")


@click.group(cls=Group)
def officer() -> None:
    pass


@officer.command("add")
@click.argument("officer", metavar="OFFICER", type=new_name("collar number"))
@_trained
@_unit
@_station
@_role
@click.option("--update", is_flag=True)
@with_store
def add(
    db: Path,
    officer: str,
    trained: str | None,
    unit: str | None,
    station: str | None,
    role: str | None,
    update: bool,
) -> Done:
    if update and (trained is None or unit or station or role):
        raise click.UsageError(line("option.update_alone"))
    with open_store(db) as store:
        today = store.today()
        trained_on = maybe_day(store, trained)
        if trained_on is not None and trained_on > today:
            raise click.BadParameter(line("option.day_to_come", day=trained_on), param_hint="--trained")
        if update and trained_on is not None:
            known = service.People(store).set_training(officer, trained_on)
        else:
            service.People(store).add_officer(officer, trained_on, clock.now_ms(), unit, station, role)
            known = service.People(store).officer(officer)
    text = line("done.officer_updated" if update else "done.officer_added", officer=officer, training=_training(known))
    return Done(text, _data(known, today))


@officer.command("change")
@click.argument("officer", metavar="OFFICER")
@_trained
@click.option("--correct", is_flag=True)
@_unit
@_station
@_role
@with_store
def change(
    db: Path,
    officer: str,
    trained: str | None,
    correct: bool,
    unit: str | None,
    station: str | None,
    role: str | None,
) -> Done:
    if not (trained or unit or station or role):
        raise click.UsageError(line("option.change_missing"))
    if correct and trained is None:
        raise click.UsageError(line("option.correct_goes_with"))
    with open_store(db) as store:
        told = (("trained_on", maybe_day(store, trained)), ("unit", unit), ("station", station), ("role", role))
        changes = {key: value for key, value in told if value}
        known = service.People(store).change_officer(officer, correct, **changes)
        today = store.today()
    return Done(line("done.officer_changed", officer=officer, training=_training(known)), _data(known, today))


@officer.command("leave")
@click.argument("officer", metavar="OFFICER")
@click.option("--on", metavar="DATE")
@click.option("--back", is_flag=True)
@with_store
def leave(db: Path, officer: str, on: str | None, back: bool) -> Done:
    if back and on:
        raise click.UsageError(line("option.back_or_on"))
    with open_store(db) as store:
        left = None if back else maybe_day(store, on) or store.today()
        if back and service.People(store).officer(officer).left_on is None:
            raise RuleError("officer.has_not_left", officer=officer)
        known = service.People(store).change_officer(officer, left_on=left)
        kits = service.People(store).carrying(officer)[0].kits
        today = store.today()
    if back:
        text = line("done.officer_back", officer=officer, training=_training(known))
        return Done(text, {**_data(known, today), "kits": list(kits)})
    goes = Phrase("said.leaves" if left and left > today else "said.left", officer=officer, on=left)
    lines = [line("done.left_with_kits" if kits else "done.left_without_kits", left=goes, kits=len(kits))]
    lines += [_still_out(kit, pouch) for kit, pouch in kits.items()]
    return Done("\n".join(lines), {**_data(known, today), "kits": list(kits)})


@officer.command("import")
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--dry-run", is_flag=True)
@click.option("--dates", type=click.Choice(["iso", "dmy", "mdy"]))
@with_store
def import_(db: Path, file: BinaryIO, dry_run: bool, dates: DateStyle | None) -> Done:
    with open_store(db) as store:
        data, now_ms = file.read(), clock.now_ms()
        plan = of_file(lambda style: service.People(store).import_officers(data, now_ms, style, dry_run), dates)
    told = "done.officers_not_imported" if dry_run else "done.officers_imported"
    same = Phrase("cell.as_the_file" if len(plan.same) == 1 else "cell.many_as_the_file", officers=len(plan.same))
    return Done(
        line(told, added=len(plan.added), changed=len(plan.changed), same=same),
        {
            "added": [each.id for each in plan.added],
            "changed": list(plan.changed),
            "same": plan.same,
            "dry_run": dry_run,
        },
    )


@officer.command("list")
@click.option("--unit", metavar="UNIT")
@click.option("--training", "state", type=click.Choice(TRAINING))
@with_store
def list_(db: Path, unit: str | None, state: str | None) -> Table:
    with open_store(db) as store:
        service.Names(store).check_names(unit=unit)
        everybody = service.People(store).carrying()
        today = store.today()
    rows = [_row(each, today) for each in everybody]
    found = [row for row in rows if unit in (None, row["unit"]) and state in (None, row["training"])]
    return Table(
        found,
        {
            "officer": "officer",
            "unit": "unit",
            "role": "role",
            "training": _training_cell,
            "pouch": "pouches",
            "kits": "kits",
            "left": lambda row: _left(row, today),
        },
        line("none.officers_so", list=NextStep("officer.list"))
        if rows
        else line("none.officers", add=NextStep("officer.add", officer="NUMBER")),
    )


def _row(each: Carrying, today: date) -> Row:
    return {
        **_data(each.officer, today),
        "kits": list(each.kits),
        "pouches": sorted({pouch for pouch in each.kits.values() if pouch is not None}),
    }


def _data(known: Officer, today: date) -> Row:
    return {
        "officer": known.id,
        "unit": known.unit,
        "station": known.station,
        "role": known.role,
        "trained_on": _iso(known.trained_on),
        "training_valid_until": _iso(known.trained_until),
        "training": known.training(today),
        "left_on": _iso(known.left_on),
    }


def _training_cell(row: Row) -> str:
    state = str(row["training"])
    if state == UNKNOWN:
        return heading(f"training.{state}")
    return line("cell.until" if state == VALID else "cell.lapsed", on=a_day(row["training_valid_until"]))


def _left(row: Row, today: date) -> str:
    left = a_day(row["left_on"])
    if left is None:
        return ""
    if left < today and row["kits"]:
        return line("cell.left_with_kits", on=left, kits=len(row["kits"]))
    return written(left)


def _still_out(kit: str, pouch: str | None) -> str:
    back = NextStep("kit.return", kit=kit)
    return line("said.still_out_in_pouch" if pouch else "said.still_out", kit=kit, pouch=pouch, back=back)


def _training(known: Officer) -> Phrase:
    until = known.trained_until
    return Phrase("said.trained_until" if until else "said.untrained", until=until)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
