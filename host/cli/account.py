"""`kitdock account`: who may do what at this station, by the operating system's logins."""

from __future__ import annotations

from pathlib import Path

import click

from host import clock, service
from host.access.roles import ACTIONS, OFFICER, ROLES, Account
from host.cli.groups import Group
from host.cli.options import open_store, with_store, words
from host.cli.render import Done, Row, Table
from host.cli.steps import line
from host.words import heading

_role = click.Choice(list(ROLES))


@click.group(cls=Group)
def account() -> None:
    pass


@account.command("show")
@with_store
def show(db: Path) -> Table:
    with open_store(db) as store:
        you = store.account
    return Table(
        [_row(you)],
        {"login": "login", "roles": lambda row: ", ".join(row["roles"]), "officer": _whose},
        line("none.roles"),
        details=[lambda row: line("cell.may", actions=", ".join(row["may"]))],
    )


@account.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        accounts = service.Accounts(store).accounts()
    return Table(
        [_row(each) for each in accounts],
        {"login": "login", "roles": lambda row: ", ".join(row["roles"]), "officer": _whose},
        line("none.accounts"),
    )


@account.command("grant")
@click.argument("login", metavar="LOGIN", type=words("login"))
@click.argument("role", metavar="ROLE", type=_role)
@click.option("--officer", metavar="NUMBER")
@with_store
def grant(db: Path, login: str, role: str, officer: str | None) -> Done:
    with open_store(db) as store:
        service.Accounts(store).grant(login, role, officer, clock.now_ms())
    told = "done.role_granted_to_officer" if officer else "done.role_granted"
    text = line(told, login=login, role=heading(f"role.{role}"), officer=officer)
    warnings = [] if service.Accounts.is_login(login) else [line("said.no_such_login", login=login)]
    return Done(text, {"login": login, "role": role, "officer": officer}, warnings)


@account.command("revoke")
@click.argument("login", metavar="LOGIN")
@click.argument("role", metavar="ROLE", type=_role)
@with_store
def revoke(db: Path, login: str, role: str) -> Done:
    with open_store(db) as store:
        service.Accounts(store).revoke(login, role)
    return Done(line("done.role_revoked", login=login, role=heading(f"role.{role}")), {"login": login, "role": role})


def _row(each: Account) -> Row:
    return {
        "login": each.login,
        "roles": [role for role in ROLES if role in each.roles],
        "officer": each.officer,
        "may": [action for action in ACTIONS if each.may(action)],
    }


def _whose(row: Row) -> str | None:
    """Whose account it is; one with role officer and no number belongs to a dock."""
    return row["officer"] or (line("cell.shared") if OFFICER in row["roles"] else None)
