"""The kinds of values that options and arguments take, whose refusals are in our own words.

`ours` is what a command makes of click's own kinds, so that no command has to think of it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from host.cli.steps import line
from host.errors import InputError, close_to, why
from host.phrase import Phrase

DB = "kitdock.db"
"""Where a --db is kept that was given before the command."""


class DatabaseOption(click.Option):
    """The option --db: what was given before the command counts unless it is given after it as well."""

    def consume_value(self, ctx: click.Context, opts: Any) -> tuple[Any, ParameterSource]:
        """The value, and where it is from."""
        value, source = super().consume_value(ctx, opts)
        if source is not ParameterSource.COMMANDLINE and DB in ctx.meta:
            return ctx.meta[DB], ParameterSource.COMMANDLINE
        return value, source


def name_of(param: click.Parameter | None, ctx: click.Context | None) -> str:
    """What people call an option or an argument: as it is typed, without the brackets of one that may be left out."""
    if isinstance(param, click.Argument) and ctx is not None:
        return param.make_metavar(ctx).removesuffix("...").strip("[]")
    return "" if param is None else param.opts[-1]


def shown(value: object) -> str:
    """What was typed, as it can be shown: short, and with ? for letters that this computer cannot read."""
    text = os.fspath(value) if isinstance(value, os.PathLike) else str(value)
    text = os.fsdecode(text).encode("utf-8", "replace").decode()
    return text if len(text) <= 60 else f"{text[:57]}..."


def ours(kind: click.ParamType[Any, Any]) -> click.ParamType[Any, Any]:
    """The same kind of value, refused in our own words."""
    if isinstance(kind, click.Choice):
        return _Choice(kind.choices, kind.case_sensitive)
    if isinstance(kind, click.IntRange):
        return _Whole(kind.min, kind.max)
    if kind is click.INT:
        return _Any()
    if isinstance(kind, click.FloatRange):
        return _Amount(kind.min, kind.max)
    if isinstance(kind, click.File):
        return _File(kind.mode, kind.encoding, kind.errors)
    if type(kind) is click.Path:
        return FilePath(exists=kind.exists, file_okay=kind.file_okay, dir_okay=kind.dir_okay, path_type=kind.type)
    return kind


class _Choice(click.Choice[Any]):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value in self.choices:
            return value
        what, choices = name_of(param, ctx), tuple(map(str, self.choices))
        like = close_to(str(value), choices)
        if like:
            raise InputError("usage.choice_like", what=what, text=shown(value), like=like)
        raise InputError("usage.choice", what=what, text=shown(value), choices=choices)

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        return ""


class _Whole(click.IntRange):
    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            number = int(value)
        except ValueError:
            number = None
        least, most = self.min, self.max
        if number is not None and (least is None or number >= least) and (most is None or number <= most):
            return number
        what, text = name_of(param, ctx), shown(value)
        if least is not None and most is not None:
            raise InputError("usage.number_between", what=what, text=text, least=least, most=most)
        if least is not None:
            raise InputError("usage.number_from", what=what, text=text, least=least)
        raise InputError("usage.number", what=what, text=text)

    def _describe_range(self) -> str:
        return line("help.from" if self.max is None else "help.from_to", least=self.min, most=self.max)


class _Any(type(click.INT)):  # type: ignore[misc]
    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        return _Whole().convert(value, param, ctx)


class _Amount(click.FloatRange):
    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        least, most = self.min or 0.0, self.max or 0.0
        try:
            number = float(value)
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            what, text, bounds = name_of(param, ctx), shown(value), (f"{least:g}", f"{most:g}")
            raise InputError("usage.amount_between", what=what, text=text, least=bounds[0], most=bounds[1])
        return number

    def _describe_range(self) -> str:
        return line("help.from_to", least=f"{self.min:g}", most=f"{self.max:g}")


def _unusable(value: Any, reason: Phrase | str) -> NoReturn:
    raise InputError("usage.file_unusable", path=shown(value), why=reason) from None


class FilePath(click.Path):
    """A file or a folder that somebody names; what the computer has against the name is said at once."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            path = Path(value)
            is_folder = path.is_dir()
            there = path.exists()
            path.stat()
        except FileNotFoundError:
            there = False
        except OSError as error:
            _unusable(value, why(error))
        except ValueError:  # a NUL byte
            raise InputError("usage.not_text", what=name_of(param, ctx)) from None
        if self.exists and not there:
            _unusable(value, Phrase("os.missing"))
        if there and is_folder and not self.dir_okay:
            raise InputError("usage.is_a_folder", path=shown(value), what=name_of(param, ctx))
        if there and not is_folder and not self.file_okay:
            raise InputError("usage.is_a_file", path=shown(value), what=name_of(param, ctx))
        return self.coerce_path_result(value)


class _File(click.File):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            refused = error.__context__
            _unusable(value, why(refused) if isinstance(refused, OSError) else error.message)
        except ValueError:  # a NUL byte
            raise InputError("usage.not_text", what=name_of(param, ctx)) from None
