"""`kitdock setting`: the thresholds that a force sets for itself."""

from __future__ import annotations

from pathlib import Path

import click

from host import service
from host.cli import steps
from host.cli.groups import Group
from host.cli.options import open_store, with_store
from host.cli.render import Done, Table
from host.cli.steps import line
from host.settings import SETTINGS, as_stored


@click.group(cls=Group)
def setting() -> None:
    pass


@setting.command("list")
@with_store
def list_(db: Path) -> Table:
    with open_store(db) as store:
        now = store.settings
    return Table(
        [
            {"setting": key, "value": getattr(now, key), "default": each.default, "meaning": steps.told(each.text)}
            for key, each in SETTINGS.items()
        ],
        {
            "setting": "setting",
            "value": lambda row: _shown(row["value"]),
            "default": lambda row: _shown(row["default"]),
            "what_it_does": "meaning",
        },
        line("none.settings"),
    )


@setting.command("set")
@click.argument("setting", metavar="SETTING")
@click.argument("value", metavar="VALUE")
@with_store
def set_(db: Path, setting: str, value: str) -> Done:
    with open_store(db) as store:
        before = as_stored(setting, store.stored_settings())
        new = service.Accounts(store).set_setting(setting, value)
    return Done(
        line("done.setting_changed", setting=setting, value=_shown(new), before=_shown(before)),
        {"setting": setting, "value": new, "before": before},
    )


def _shown(value: int | str | None) -> str:
    return line("cell.none") if value in ("", None) else str(value)
