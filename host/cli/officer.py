"""`kitdock officer`: officers by collar number, and their training."""

from datetime import date
from pathlib import Path

import click

from host import clock
from host.cli.options import day, new_name, open_store, with_store
from host.cli.render import Done, Table
from host.ledger import training_valid_until


@click.group()
def officer() -> None:
    """Officers and their training."""


@officer.command("add")
@click.argument("officer", metavar="OFFICER", type=new_name("collar number"))
@click.option("--trained", type=day, metavar="YYYY-MM-DD", help="Day of the last naloxone training.")
@click.option("--update", is_flag=True, help="The officer is known already: note a refresher.")
@with_store
def add(db: Path, officer: str, trained: date | None, update: bool) -> Done:
    """Add an officer by collar number.

    The number is all that is kept. Training must come before carriage, and a refresher every 12 months.
    """
    with open_store(db) as store:
        if trained is not None and trained > store.today():
            raise click.BadParameter(f"{trained} is in the future.", param_hint="--trained")
        if update:
            if trained is None:
                raise click.UsageError("--update needs --trained.")
            store.set_training(officer, trained)
        else:
            store.add_officer(officer, trained, clock.now_ms())
        known = store.officer(officer)
    until = training_valid_until(known)
    text = f"training valid until {until}" if until else "no training known: it must come before carriage"
    return Done(
        f"officer {officer} {'updated' if update else 'added'}; {text}",
        {"officer": officer, "trained_on": _iso(known.trained_on), "training_valid_until": _iso(until)},
    )


@officer.command("list")
@with_store
def list_(db: Path) -> Table:
    """List officers, what they carry, and until when their training is valid."""
    with open_store(db) as store:
        picture = store.picture()
        today = store.today()
    held = [each for each in picture.holdings() if each.until_ms is None]
    rows = []
    for each in picture.officers:
        until = training_valid_until(each)
        rows.append(
            {
                "officer": each.id,
                "trained_on": _iso(each.trained_on),
                "training_valid_until": _iso(until),
                "training": "unknown" if until is None else "lapsed" if until < today else "valid",
                "kits": [holding.kit for holding in held if holding.officer == each.id],
                "pouches": sorted({h.pouch for h in held if h.officer == each.id and h.pouch is not None}),
            }
        )
    return Table(
        rows,
        {
            "officer": "officer",
            "training": "training",
            "valid until": "training_valid_until",
            "pouch": "pouches",
            "kits": "kits",
        },
        "no officers yet: add one with `kitdock officer add NUMBER --trained YYYY-MM-DD`",
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
