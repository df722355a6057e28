"""`kitdock service`: the dock as a service that starts with the computer."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from host import service as use_cases
from host.cli.groups import Group
from host.cli.options import db_option, format_option
from host.cli.render import Done
from host.cli.steps import line
from host.errors import InputError, RuleError
from host.phrase import NextStep
from host.unit import systemd
from host.unit.systemd import NAME, DockUnit

_UNIT = NAME.removesuffix(".service")


@click.group(cls=Group)
def service() -> None:
    pass


@service.command("install")
@click.option("--adapter", "adapters", metavar="NAME", multiple=True)
@click.option("--user", "login", metavar="LOGIN")
@click.option("--print", "only_print", is_flag=True)
@db_option
@format_option
def install(db: Path, adapters: tuple[str, ...], login: str | None, only_print: bool) -> Done | None:
    database = db.resolve()
    _demand(sys.platform == "linux" if only_print else systemd.is_here())
    unit = DockUnit(systemd.program(), database, adapters, login or systemd.owner(database))
    text = unit.text(line("service.description"), line("service.about_the_unit", edit=f"systemctl edit {_UNIT}"))
    if only_print:
        click.echo(text, nl=False)
        return None
    if not systemd.may_install():
        # As a list, so that each of them is quoted by itself.
        others = [part for each in adapters for part in ("--adapter", each)] or None
        root = NextStep("service.install_as_root", program=unit.program, db=database, adapters=others, login=login)
        raise RuleError("service.needs_root", install=root, show=NextStep("service.print"))
    if not use_cases.Accounts.is_login(unit.login):
        raise InputError("service.no_such_login", login=unit.login)
    if not use_cases.may_dock(database, unit.login):
        raise RuleError("service.no_role", login=unit.login, grant=NextStep("account.grant_dock", login=unit.login))
    changed = systemd.install(text)
    return Done(
        line(
            "done.service_installed" if changed else "done.service_there",
            path=systemd.FOLDER / NAME,
            login=unit.login,
            look=NextStep("dock.status"),
            unit=_UNIT,
        ),
        {
            "unit": str(systemd.FOLDER / NAME),
            "changed": changed,
            "user": unit.login,
            "db": str(database),
            "adapters": list(adapters),
        },
    )


@service.command("uninstall")
@format_option
def uninstall() -> Done:
    _demand(systemd.is_here())
    if not systemd.may_install():
        program = systemd.program()
        raise RuleError("service.needs_root_too", uninstall=NextStep("service.uninstall_as_root", program=program))
    removed = systemd.uninstall()
    path = systemd.FOLDER / NAME
    return Done(
        line("done.service_removed" if removed else "done.no_service", path=path),
        {"unit": str(path), "removed": removed},
    )


def _demand(is_here: bool) -> None:
    if not is_here:
        raise RuleError("service.not_here")
