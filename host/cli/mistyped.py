"""What was typed wrong, in our own words: click says what it is, and these are the sentences."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.exceptions import NoArgsIsHelpError

from host import words
from host.cli.steps import line
from host.cli.values import name_of, shown
from host.errors import close_to


class TooMuch(click.UsageError):
    """More was typed than the command takes."""

    def __init__(self, extra: list[str], ctx: click.Context) -> None:
        super().__init__("", ctx)
        self.extra = extra


def sentence(error: click.ClickException) -> str:
    """What was wrong and what to type instead. Empty for help that is already on its way."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    command = f"`{ctx.command_path if ctx is not None else 'kitdock'}`"
    help_ = f"`{ctx.command_path if ctx is not None else 'kitdock'} --help`"
    if isinstance(error, NoArgsIsHelpError):
        return ""
    if isinstance(error, TooMuch):
        return _too_much(error, help_)
    if isinstance(error, click.MissingParameter):
        told = error.param.type.get_missing_message(error.param, ctx) if error.param is not None else None
        return told or line("usage.missing", command=command, what=_wanted(error.param, ctx), help=help_)
    if isinstance(error, click.NoSuchOption):
        option = shown(error.option_name.partition("=")[0])
        like = _options_like(option, ctx)
        if like:
            return line("usage.no_such_option_like", command=command, option=option, like=like)
        return line("usage.no_such_option", command=command, option=option, help=help_)
    if isinstance(error, click.BadOptionUsage):
        return _option_misused(error, ctx, help_)
    if isinstance(error, click.BadParameter):
        what = name_of(error.param, ctx) or str(error.param_hint or "")
        return error.message if error.param is None else line("usage.not_taken", what=what, text="", help=help_)
    if type(error) is click.UsageError and error.message:
        return error.message
    return line("usage.not_understood", help=help_)


def no_such_command(ctx: click.Context, known: Iterable[str], typed: str) -> str:
    """What is said of a command that there is not: the nearest of the group, or of any other."""
    name, path = shown(typed), f"{ctx.command_path} "
    like = [f"`{path}{each}`" for each in close_to(typed, known)]
    if not like:
        by_end: dict[str, list[str]] = {}
        for each in words.commands():
            by_end.setdefault(each.rpartition(" ")[2], []).append(f"`kitdock {each}`")
        like = [each for end in close_to(typed, by_end) for each in by_end[end]][:3]
    if like:
        return line("usage.no_such_command_like", name=name, like=tuple(like))
    return line("usage.no_such_command", name=name, help=f"`{ctx.command_path} --help`")


def _too_much(error: TooMuch, help_: str) -> str:
    extra = tuple(repr(shown(each)) for each in error.extra)
    ctx = error.ctx
    parent = ctx.parent if ctx is not None else None
    if ctx is not None and parent is not None and isinstance(parent.command, click.Group):
        others = [each for each in parent.command.list_commands(parent) if each != ctx.info_name]
        like = tuple(f"`{parent.command_path} {each}`" for each in close_to(error.extra[0], others))
        if like:
            return line("usage.extra_like", extra=extra, like=like)
    return line("usage.extra", extra=extra, help=help_)


def _wanted(param: click.Parameter | None, ctx: click.Context | None) -> str:
    if isinstance(param, click.Option) and ctx is not None:
        return f"{param.opts[-1]} {param.make_metavar(ctx)}"
    return name_of(param, ctx)


def _options_like(typed: str, ctx: click.Context | None) -> tuple[str, ...]:
    if ctx is None:
        return ()
    known = [name for each in ctx.command.get_params(ctx) for name in [*each.opts, *each.secondary_opts]]
    return close_to(typed, [each for each in known if each.startswith("--")])


def _option_misused(error: click.BadOptionUsage, ctx: click.Context | None, help_: str) -> str:
    params = [] if ctx is None else ctx.command.get_params(ctx)
    flag = any(
        isinstance(each, click.Option) and each.is_flag and error.option_name in [*each.opts, *each.secondary_opts]
        for each in params
    )
    if flag:
        return line("usage.takes_no_value", option=error.option_name)
    return line("usage.needs_value", option=error.option_name, help=help_)
