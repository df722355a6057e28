"""`kitdock kit`: kits come in, go out to officers, come back, are used, moved, counted and destroyed.

shared.py     options of several commands, and how a movement is told
stock.py      add, transfer, destroy
issuing.py    issue, next, return, replace
carried.py    load, unload, use, leave-behind, lose, find
checking.py   quarantine, release, count, correct
showing.py    list, history
"""

import click

from host.cli.groups import Group
from host.cli.kit import carried, checking, issuing, showing, stock


@click.group(cls=Group)
def kit() -> None:
    """Kits: receive, issue, return, replace, move, list.

    \b
    A kit goes out, is replaced, comes back:
      kitdock kit issue --next 4101 --pouch P-01
      kitdock kit replace 4101
      kitdock kit return K-0001 --doses 2
    """


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
