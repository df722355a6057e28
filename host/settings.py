"""Thresholds that a force sets for itself, with what they are if it does not."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from host.errors import DatabaseDamaged, InputError


class Setting(NamedTuple):
    """One setting: what it does, its value if not set, and the least and most of a number (None for a text)."""

    text: str
    default: int | str
    least: int = 0
    most: int = 3650


SETTINGS: Mapping[str, Setting] = {
    "carry_days": Setting("Days that a kit is carried: an issue warns if it expires within them.", 90, 1),
    "carry_roles": Setting("Roles that may carry a kit, apart by commas; empty: all.", ""),
    "expiry_days": Setting("Days ahead that `kitdock expiry` looks.", 90),
    "not_docked_days": Setting("Days without docking after which a carried pouch is a discrepancy.", 7, 1, 365),
    "silent_days": Setting(
        "Days without a sign of the tag of a pouch in a place until that is a discrepancy.", 30, 1, 365
    ),
    "report_hours": Setting("Hours after an opening that was a use until its report is overdue.", 24, 0, 8760),
    "faulty_days": Setting("Days for which a fault that a docking brought to light is a discrepancy.", 14, 1, 365),
    "battery_percent": Setting("A tag's battery below this share at its last docking is a discrepancy.", 20, 0, 99),
    "resupply_days": Setting("Days after a resupply was asked for until it is overdue.", 3, 0, 365),
    "lead_days": Setting("Days from ordering kits to having them.", 28, 0, 730),
    "retain_answers_days": Setting("Days that a usage report keeps its protected answers; 0: for ever.", 0, 0, 36500),
    "retain_reports_days": Setting("Days that a usage report keeps its open answers; 0: for ever.", 0, 0, 36500),
    "retain_events_days": Setting("Days that records of tags are kept; 0: for ever.", 0, 0, 36500),
    "retain_leavers_days": Setting("Days that the number of an officer who left is kept; 0: for ever.", 0, 0, 36500),
}
"""Every setting there is."""

RETENTION = "retain_"
"""What the settings that destroy begin with."""


class Settings(NamedTuple):
    """The settings in force, by the keys of `SETTINGS`."""

    carry_days: int
    carry_roles: str
    expiry_days: int
    not_docked_days: int
    silent_days: int
    report_hours: int
    faulty_days: int
    battery_percent: int
    resupply_days: int
    lead_days: int
    retain_answers_days: int
    retain_reports_days: int
    retain_events_days: int
    retain_leavers_days: int


def checked(key: str, text: str) -> int | str:
    """The value of a setting as typed. Raises `InputError` if there is no such setting or value."""
    setting = SETTINGS.get(key)
    if setting is None:
        raise InputError(f"no setting {key}: there is {', '.join(SETTINGS)}")
    if isinstance(setting.default, str):
        if not text.isprintable() or len(text) > 200:
            raise InputError(f"{key} is one line of at most 200 characters")
        return text.strip()
    if not (text.isascii() and text.isdigit() and setting.least <= int(text) <= setting.most):
        raise InputError(f"{key} is a whole number from {setting.least} to {setting.most}, not {text!r}")
    return int(text)


def settings(stored: Mapping[str, str]) -> Settings:
    """The settings in force where those in `stored` are set. Raises `DatabaseDamaged` if one is nonsense."""
    try:
        values: dict[str, Any] = {
            key: checked(key, stored[key]) if key in stored else each.default for key, each in SETTINGS.items()
        }
    except InputError as error:
        raise DatabaseDamaged(
            f"a setting was changed by another program: {error}; change it with `kitdock setting set SETTING VALUE`"
        ) from None
    return Settings(**values)


def as_stored(key: str, stored: Mapping[str, str]) -> int | str | None:
    """The value of one setting; nonsense in `stored` as it stands there, None if there is no such setting."""
    try:
        return checked(key, stored[key])
    except InputError:
        return stored[key]
    except KeyError:
        return SETTINGS[key].default if key in SETTINGS else None


DEFAULTS = settings({})
"""The settings of a force that has set none."""
