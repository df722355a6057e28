"""`kitdock officer`: officers by collar number, their training, what they carry, and whether they have left."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from host import clock
from host.cli.groups import Group
from host.cli.options import day, new_name, open_store, with_store, words
from host.cli.render import Done, Row, Table
from host.errors import RuleError
from host.ledger import Officer, training_valid_until
from host.stock.people import TRAINING, UNKNOWN, VALID, Carrying, training
from host.words import plural

if TYPE_CHECKING:
    from host.receiving.printed import DateStyle

_trained = click.option("--trained", type=day, metavar="YYYY-MM-DD", help="Day of the last naloxone training.")
_unit = click.option("--unit", type=words("unit"), metavar="UNIT", help="Where the officer serves, such as a division.")
_station = click.option("--station", type=words("station"), metavar="PLACE", help="The station that supplies kits.")
_role = click.option("--role", type=words("role"), metavar="ROLE", help="What the officer is, such as constable.")


@click.group(cls=Group)
def officer() -> None:
    """Officers: training, what they carry, who has left."""


@officer.command("add")
@click.argument("officer", metavar="OFFICER", type=new_name("collar number"))
@_trained
@_unit
@_station
@_role
@click.option("--update", is_flag=True, help="The officer is known already: note a refresher.")
@with_store
def add(
    db: Path,
    officer: str,
    trained: date | None,
    unit: str | None,
    station: str | None,
    role: str | None,
    update: bool,
) -> Done:
    """Add an officer by collar number.

    The number is all that is kept of who it is. Training must come before carriage, and a refresher every 12
    months.
    """
    if update and (trained is None or unit or station or role):
        raise click.UsageError("--update notes a refresher: it goes with --trained alone. See 'officer change'.")
    with open_store(db) as store:
        today = store.today()
        if trained is not None and trained > today:
            raise click.BadParameter(f"{trained} is in the future.", param_hint="--trained")
        if update and trained is not None:
            known = store.set_training(officer, trained)
        else:
            store.add_officer(officer, trained, clock.now_ms(), unit, station, role)
            known = store.officer(officer)
    return Done(f"officer {officer} {'updated' if update else 'added'}; {_training(known)}", _data(known, today))


@officer.command("change")
@click.argument("officer", metavar="OFFICER")
@_trained
@click.option("--correct", is_flag=True, help="The later training that is known was wrong.")
@_unit
@_station
@_role
@with_store
def change(
    db: Path,
    officer: str,
    trained: date | None,
    correct: bool,
    unit: str | None,
    station: str | None,
    role: str | None,
) -> Done:
    """Note an officer's refresher, new unit, station or role.

    Of several trainings the last one counts: an earlier day is refused unless you say --correct.
    """
    told = (("trained_on", trained), ("unit", unit), ("station", station), ("role", role))
    changes = {key: value for key, value in told if value}
    if not changes:
        raise click.UsageError("Say what has changed: --trained, --unit, --station or --role.")
    if correct and trained is None:
        raise click.UsageError("--correct goes with --trained.")
    with open_store(db) as store:
        known = store.change_officer(officer, correct, **changes)
        today = store.today()
    return Done(f"officer {officer} changed; {_training(known)}", _data(known, today))


@officer.command("leave")
@click.argument("officer", metavar="OFFICER")
@click.option("--on", type=day, metavar="YYYY-MM-DD", help="The last day. [default: today]")
@click.option("--back", is_flag=True, help="The officer has not left after all.")
@with_store
def leave(db: Path, officer: str, on: date | None, back: bool) -> Done:
    """Note that an officer leaves, and say which kits are still out.

    From the day after, nothing is issued to the officer any more.
    """
    if back and on:
        raise click.UsageError("--back and --on exclude each other.")
    with open_store(db) as store:
        left = None if back else on or store.today()
        if back and store.officer(officer).left_on is None:
            raise RuleError(f"officer {officer} has not left: there is nothing to take back")
        known = store.change_officer(officer, left_on=left)
        kits = store.carrying(officer)[0].kits
        today = store.today()
    if back:
        return Done(f"officer {officer} is back; {_training(known)}", {**_data(known, today), "kits": list(kits)})
    lines = [f"officer {officer} {'leaves' if left and left > today else 'left'} on {left}"]
    if kits:
        lines[0] += f" with {plural(len(kits), 'kit')} still out:"
        lines += [_still_out(kit, pouch) for kit, pouch in kits.items()]
    else:
        lines[0] += "; no kit is out"
    return Done("\n".join(lines), {**_data(known, today), "kits": list(kits)})


@officer.command("import")
@click.argument("file", metavar="FILE", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Say what it would do, and write nothing.")
@click.option(
    "--dates",
    type=click.Choice(["iso", "dmy", "mdy"]),
    help="How dates such as 03/04/2026 are meant: day first (dmy) or month first (mdy).",
)
@with_store
def import_(db: Path, file: BinaryIO, dry_run: bool, dates: DateStyle | None) -> Done:
    """Add and change officers from a CSV file, all or none.

    Its first line names the columns: officer, and as you have them trained, unit, station, role, left. Officers who
    are known are changed where the file says something else; an empty cell changes nothing. FILE may be - for
    standard input.
    """
    with open_store(db) as store:
        plan = store.import_officers(file.read(), clock.now_ms(), dates, dry_run)
    would = "would be " if dry_run else ""
    text = (
        f"{plural(len(plan.added), 'officer')} {would}added, {len(plan.changed)} {would}changed, "
        f"{len(plan.same)} {'are' if len(plan.same) != 1 else 'is'} as the file says"
    )
    return Done(
        text + ("; nothing was written" if dry_run else ""),
        {
            "added": [each.id for each in plan.added],
            "changed": list(plan.changed),
            "same": plan.same,
            "dry_run": dry_run,
        },
    )


@officer.command("list")
@click.option("--unit", metavar="UNIT", help="Only officers of this unit.")
@click.option("--training", "state", type=click.Choice(TRAINING), help="Only officers whose training is so.")
@with_store
def list_(db: Path, unit: str | None, state: str | None) -> Table:
    """List officers, what they carry, and until when their training is valid.

    Of those who have left it says how many kits are still out.
    """
    with open_store(db) as store:
        everybody = store.carrying()
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
        "no officer is like that: `kitdock officer list` shows all"
        if rows
        else "no officers yet: add one with `kitdock officer add NUMBER --trained YYYY-MM-DD`",
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
        "training_valid_until": _iso(training_valid_until(known)),
        "training": training(known, today),
        "left_on": _iso(known.left_on),
    }


def _training_cell(row: Row) -> str:
    state = str(row["training"])
    return state if state == UNKNOWN else f"{'until' if state == VALID else state} {row['training_valid_until']}"


def _left(row: Row, today: date) -> str:
    if row["left_on"] is None:
        return ""
    gone = row["left_on"] < today.isoformat()
    return str(row["left_on"]) + (f", {plural(len(row['kits']), 'kit')} out" if gone and row["kits"] else "")


def _still_out(kit: str, pouch: str | None) -> str:
    where = f"in pouch {pouch}" if pouch else "in no pouch"
    return f"  kit {kit}, {where}: take it back with `kitdock kit return {kit}`"


def _training(known: Officer) -> str:
    until = training_valid_until(known)
    return f"training valid until {until}" if until else "no training known: it must come before carriage"


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
