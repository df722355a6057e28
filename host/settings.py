"""Thresholds that a force sets for itself, with what they are if it does not."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from host.errors import DatabaseDamaged, InputError
from host.phrase import NextStep, Phrase
from host.receiving import numbers

DAY_FIRST, MONTH_FIRST = "day-month", "month-day"
"""Which of the two comes first in 3/4/2027."""


class Setting(NamedTuple):
    """One setting: what it does, its value if not set, and the least and most of a number.

    A text is one of its `choices`, if it has any, and what its `rule` makes of it, which raises `InputError`.
    """

    text: Phrase
    default: int | str
    least: int = 0
    most: int = 3650
    choices: tuple[str, ...] = ()
    rule: Callable[[str], str] = str


SETTINGS: Mapping[str, Setting] = {
    "date_order": Setting(Phrase("setting.date_order"), DAY_FIRST, choices=(DAY_FIRST, MONTH_FIRST)),
    "kit_prefix": Setting(Phrase("setting.kit_prefix"), numbers.PREFIX, rule=numbers.prefix),
    "carry_days": Setting(Phrase("setting.carry_days"), 90, 1),
    "carry_roles": Setting(Phrase("setting.carry_roles"), ""),
    "expiry_days": Setting(Phrase("setting.expiry_days", look=NextStep("expiry.list")), 90),
    "not_docked_days": Setting(Phrase("setting.not_docked_days"), 7, 1, 365),
    "silent_days": Setting(Phrase("setting.silent_days"), 30, 1, 365),
    "report_hours": Setting(Phrase("setting.report_hours"), 24, 0, 8760),
    "faulty_days": Setting(Phrase("setting.faulty_days"), 14, 1, 365),
    "battery_percent": Setting(Phrase("setting.battery_percent"), 20, 0, 99),
    "dock_alarm_hours": Setting(Phrase("setting.dock_alarm_hours"), 24, 0, 8760),
    "resupply_days": Setting(Phrase("setting.resupply_days"), 3, 0, 365),
    "lead_days": Setting(Phrase("setting.lead_days"), 28, 0, 730),
    "retain_answers_days": Setting(Phrase("setting.retain_answers_days"), 0, 0, 36500),
    "retain_reports_days": Setting(Phrase("setting.retain_reports_days"), 0, 0, 36500),
    "retain_events_days": Setting(Phrase("setting.retain_events_days"), 0, 0, 36500),
    "retain_leavers_days": Setting(Phrase("setting.retain_leavers_days"), 0, 0, 36500),
}
"""Every setting there is."""

_LONGEST = 200
"""Characters of a text."""

RETENTION = "retain_"
"""What the settings that destroy begin with."""


class Settings(NamedTuple):
    """The settings in force, by the keys of `SETTINGS`."""

    date_order: str
    kit_prefix: str
    carry_days: int
    carry_roles: str
    expiry_days: int
    not_docked_days: int
    silent_days: int
    report_hours: int
    faulty_days: int
    battery_percent: int
    dock_alarm_hours: int
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
        raise InputError("setting.unknown", setting=key, settings=tuple(SETTINGS)).like(key, SETTINGS)
    if isinstance(setting.default, str):
        if not text.isprintable() or len(text) > _LONGEST:
            raise InputError("setting.one_line", setting=key, most=_LONGEST)
        if setting.choices and text.strip() not in setting.choices:
            raise InputError("setting.one_of", setting=key, choices=setting.choices, text=text)
        return setting.rule(text.strip())
    if not (text.isascii() and text.isdigit() and setting.least <= int(text) <= setting.most):
        raise InputError("setting.whole_number", setting=key, least=setting.least, most=setting.most, text=text)
    return int(text)


def settings(stored: Mapping[str, str]) -> Settings:
    """The settings in force where those in `stored` are set. Raises `DatabaseDamaged` if one is nonsense."""
    try:
        values: dict[str, Any] = {
            key: checked(key, stored[key]) if key in stored else each.default for key, each in SETTINGS.items()
        }
    except InputError as error:
        raise DatabaseDamaged("setting.nonsense", error=error, change=NextStep("setting.change")) from None
    return Settings(**values)


def as_stored(key: str, stored: Mapping[str, str]) -> int | str | None:
    """The value of one setting; nonsense in `stored` as it is, None if there is no such setting."""
    try:
        return checked(key, stored[key])
    except InputError:
        return stored[key]
    except KeyError:
        return SETTINGS[key].default if key in SETTINGS else None


DEFAULTS = settings({})
"""The settings of a force that has set none."""
