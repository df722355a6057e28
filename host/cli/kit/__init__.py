"""`kitdock kit`: kits come in, go out to officers, come back, are used, moved, counted and destroyed.

shared.py     options of several commands, and how a movement is told
stock.py      add, transfer, destroy
issuing.py    issue, next, return, replace
carried.py    load, unload, use, leave-behind, lose, find
checking.py   quarantine, release, count, correct
showing.py    list, history
"""

import click

from host.cli.kit import carried, checking, issuing, showing, stock


@click.group()
def kit() -> None:
    """Kits: receive, issue, return, replace, move, list."""


for _command in (
    stock.add,
    issuing.issue,
    issuing.next_,
    issuing.return_,
    issuing.replace,
    stock.transfer,
    carried.load,
    carried.unload,
    carried.use,
    carried.leave_behind,
    carried.lose,
    carried.find,
    checking.quarantine,
    checking.release,
    checking.count,
    stock.destroy,
    checking.correct,
    showing.list_,
    showing.history,
):
    kit.add_command(_command)
