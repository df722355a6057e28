"""`kitdock kit`: kits come in, go out to officers, come back, are used, moved, counted and destroyed.

shared.py     options of several commands, and what they say about a movement
stock.py      add, transfer, destroy
issuing.py    issue, next, return, replace
carried.py    load, unload, use, leave-behind, lose, find
checking.py   quarantine, release, count, correct
showing.py    list, history
"""

import click

from host.cli.groups import Group

_HERE = "host.cli.kit"
_HOMES = {
    "add": f"{_HERE}.stock:add",
    "issue": f"{_HERE}.issuing:issue",
    "next": f"{_HERE}.issuing:next_",
    "return": f"{_HERE}.issuing:return_",
    "replace": f"{_HERE}.issuing:replace",
    "transfer": f"{_HERE}.stock:transfer",
    "load": f"{_HERE}.carried:load",
    "unload": f"{_HERE}.carried:unload",
    "use": f"{_HERE}.carried:use",
    "leave-behind": f"{_HERE}.carried:leave_behind",
    "lose": f"{_HERE}.carried:lose",
    "find": f"{_HERE}.carried:find",
    "quarantine": f"{_HERE}.checking:quarantine",
    "release": f"{_HERE}.checking:release",
    "count": f"{_HERE}.checking:count",
    "destroy": f"{_HERE}.stock:destroy",
    "correct": f"{_HERE}.checking:correct",
    "list": f"{_HERE}.showing:list_",
    "history": f"{_HERE}.showing:history",
}


@click.group(cls=Group, homes=_HOMES)
def kit() -> None:
    pass
