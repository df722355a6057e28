"""`kitdock reconcile`: where the ledger, the logs, the reports and the calendar do not agree."""

from pathlib import Path

import click

from host import clock
from host.cli.options import open_store, with_store
from host.cli.render import Table
from host.reconcile import NOT_DOCKED_DAYS
from host.reconcile import reconcile as find_discrepancies


@click.command()
@click.option(
    "--not-docked",
    metavar="DAYS",
    type=click.IntRange(1, 365),
    default=NOT_DOCKED_DAYS,
    show_default=True,
    help="Days without docking after which a carried pouch is shown.",
)
@with_store
def reconcile(db: Path, not_docked: int) -> Table:
    """Show where the records do not agree, worst first.

    Each comes with its evidence and the next step. A discrepancy is a question, not a verdict on anybody:
    a missing signal is no evidence that nothing happened.
    """
    with open_store(db) as store:
        picture = store.picture()
    rows = [
        {
            "kind": each.kind,
            "severity": each.severity,
            "kit": each.kit,
            "pouch": each.pouch,
            "officer": each.officer,
            "since": clock.iso(each.since_ms, picture.time_zone),
            "evidence": each.evidence,
            "next_step": each.next_step,
        }
        for each in find_discrepancies(picture, clock.now_ms(), not_docked)
    ]
    return Table(
        rows,
        {
            "severity": "severity",
            "kind": "kind",
            "pouch": "pouch",
            "kit": "kit",
            "officer": "officer",
            "since": lambda row: row["since"][:16].replace("T", " "),
        },
        "everything agrees",
        details=["evidence", lambda row: f"next: {row['next_step']}"],
    )
