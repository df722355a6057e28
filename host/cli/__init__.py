"""The `kitdock` command. A command group per file, loaded when it is used.

Start-up time counts, so this file imports nothing: `kitdock --help` is answered from the table below and the words of
the language in use. All else is `root`'s.
"""

import sys

GROUPS = {
    "help.to_begin": {
        "demo": "host.cli.demo:demo",
        "init": "host.cli.init:init",
    },
    "help.at_the_dock": {
        "dock": "host.cli.dock:dock",
        "openings": "host.cli.openings:openings",
        "usage": "host.cli.usage:usage",
    },
    "help.stock": {
        "product": "host.cli.product:product",
        "stock": "host.cli.stock:stock",
        "kit": "host.cli.kit:kit",
        "stocktake": "host.cli.stocktake:stocktake",
        "recall": "host.cli.recall:recall",
    },
    "help.to_do": {
        "expiry": "host.cli.expiry:expiry",
        "reconcile": "host.cli.reconcile:reconcile",
        "digest": "host.cli.digest:digest",
        "report": "host.cli.report:report",
    },
    "help.station": {
        "officer": "host.cli.officer:officer",
        "place": "host.cli.place:place",
        "setting": "host.cli.setting:setting",
        "account": "host.cli.account:account",
    },
    "help.tags": {
        "tag": "host.cli.tag:tag",
        "scan": "host.cli.dock:scan",
    },
    "help.care": {
        "audit": "host.cli.audit:audit",
        "db": "host.cli.db:db",
        "service": "host.cli.service:service",
    },
}
"""Where each command is; by what somebody has come for, which `host.words` has a heading for."""

COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
"""All of them."""


def overview() -> str:
    """What `kitdock --help` shows."""
    from host.phrase import Phrase
    from host.words import heading, help_of, summary, told

    commands = "\n\n".join(
        "\n".join([f"{heading(code)}:", *(f"  {name:<9}  {summary(name)}" for name in group)])
        for code, group in GROUPS.items()
    )
    return f"""\
{heading("help.usage")}: kitdock COMMAND [ARGS]...

  {help_of("")}

{heading("help.options")}:
  --db FILE   {help_of("", "--db")}
  --version   {help_of("", "--version")}
  -h, --help  {help_of("", "--help")}

{commands}

{told(Phrase("help.more", help="`kitdock COMMAND --help`", demo="`kitdock demo`"))}"""


def main() -> None:
    """The console script."""
    from host.cli import rim

    rim.run(_command)


def _command() -> None:
    if sys.argv[1:] in (["--help"], ["-h"]):
        print(overview())
        return
    from host.cli.root import root

    root()
