"""The `kitdock` command. A command group per file, loaded when it is used.

Start-up time counts, so this file imports nothing: `kitdock --help` is answered from the table below, which
a test holds against the commands' own help. All else is `root`'s.
"""

import sys

SUMMARY = "Keeps police naloxone kits in date, accounted for and ready."

GROUPS = {
    "To begin": {
        "demo": ("host.cli.demo:demo", "Play through a small fictional force."),
        "init": ("host.cli.init:init", "Make a station's database and its key file."),
    },
    "At the dock": {
        "dock": ("host.cli.dock:dock", "Fetch what the tags at the dock have logged."),
        "openings": ("host.cli.openings:openings", "Openings of pouches: list them, explain them."),
        "usage": ("host.cli.usage:usage", "Usage reports: file, list, show."),
    },
    "Stock": {
        "product": ("host.cli.product:product", "Products, and the numbers on their packs."),
        "stock": ("host.cli.stock:stock", "Stock: receive by scanner or file, print labels, show levels."),
        "kit": ("host.cli.kit:kit", "Kits: receive, issue, return, replace, move, list."),
        "stocktake": ("host.cli.stocktake:stocktake", "Count what is on the shelf, settle each difference."),
        "recall": ("host.cli.recall:recall", "Recall a lot: who holds its kits, and where."),
    },
    "What needs doing": {
        "expiry": ("host.cli.expiry:expiry", "Show kits that have expired or soon will."),
        "reconcile": ("host.cli.reconcile:reconcile", "Show where the records do not agree, worst first."),
        "digest": ("host.cli.digest:digest", "What is new and not acknowledged, to send by mail."),
        "report": ("host.cli.report:report", "Reports: holdings, the month in numbers."),
    },
    "Station and people": {
        "officer": ("host.cli.officer:officer", "Officers: training, what they carry, who has left."),
        "place": ("host.cli.place:place", "Places: stations with stock; vehicles, custody suites, cabinets."),
        "setting": ("host.cli.setting:setting", "Settings: thresholds of expiry, reconciliation and carriage."),
        "account": ("host.cli.account:account", "Accounts: who you are, who may do what."),
    },
    "Tags": {
        "tag": ("host.cli.tag:tag", "Tags: flash, provision, configure; list them and their logs."),
        "scan": ("host.cli.dock:scan", "List the station's tags in range, and what they wait to hand over."),
    },
    "Care": {
        "audit": ("host.cli.audit:audit", "The audit: who did what; whether it is whole."),
        "db": ("host.cli.db:db", "Care of the database: backup, restore, check, retention."),
    },
}
"""Where each command is, and the first line of its help; by what somebody has come for."""

COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
"""All of them."""


def overview() -> str:
    """What `kitdock --help` shows."""
    commands = "\n\n".join(
        "\n".join([f"{heading}:", *(f"  {name:<9}  {text}" for name, (_, text) in group.items())])
        for heading, group in GROUPS.items()
    )
    return f"""\
Usage: kitdock COMMAND [ARGS]...

  {SUMMARY}

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

{commands}

`kitdock COMMAND --help` tells more of each. New here? `kitdock demo`."""


def main() -> None:
    """The console script."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(overview())
        return
    from host.cli.root import root

    if sys.stdin is None:
        # Started with its input closed, as some schedulers do: then there is nothing to read, and nobody to ask.
        import os

        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    root()
