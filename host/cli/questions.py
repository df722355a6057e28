"""Questions to a person at the terminal. Each can be left: `back`, `later`, and `?` or `help` for what is wanted.

These words, and yes and no, are never an answer to anything else. The end of the input is `later`. Ctrl-C is for who
asks to see to.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from contextvars import ContextVar
from typing import Any, Generic, NamedTuple, TypeVar

import click
from click import termui

from host.cli.render import NO_TERMINAL, prose
from host.cli.steps import line, told
from host.cli.terminal import say
from host.errors import InputError, KitdockError
from host.phrase import Phrase

HELP, BACK, LATER = "help", "back", "later"

EMPTY = "-"
"""What is typed to leave out what is in brackets, where an answer is not needed."""

ROOM = 12
"""Columns that are left for the answer on the last line of a question; else it goes onto a line of its own."""

MEANWHILE: ContextVar[Callable[[], None]] = ContextVar("meanwhile", default=lambda: None)
"""Shows what has happened while somebody answered; called before each next question, never within one."""

_Answer = TypeVar("_Answer")


class Left(KitdockError):
    """Somebody left a question without an answer. Where nobody sees to it, nothing was recorded."""

    def __init__(self, code: str = "asking.nothing_recorded", /, **fields: Any) -> None:
        super().__init__(code, **fields)


class Back(Left):
    """To the question before."""


class Later(Left):
    """For another time; or the input has ended."""


class Declined(KitdockError):
    """Somebody was asked whether it is to be done, and said no."""


class Offer(NamedTuple, Generic[_Answer]):
    """What Enter alone answers, and how it is shown in brackets; with no text it isn't shown."""

    answer: _Answer
    text: str = ""


def word(typed: str) -> str | None:
    """Which of the words it is that leave a question, or ask what is wanted."""
    return _WORDS.get(typed.strip().casefold()) or {
        line("asking.word_help"): HELP,
        line("asking.word_back"): BACK,
        line("asking.word_later"): LATER,
    }.get(typed.strip().casefold())


_WORDS: Mapping[str, str] = {"?": HELP, "help": HELP, "back": BACK, "later": LATER}
"""Those that are understood in each language."""


def columns() -> int:
    """How wide a line may be; where there is no terminal, as wide as it is."""
    return shutil.get_terminal_size().columns if sys.stderr.isatty() else NO_TERMINAL


def read(prompt: str, indent: str = "") -> str:
    """A line that somebody types, without blanks around it. Raises `Later` at the end of the input."""
    width = columns()
    *above, last = prose(f"{prompt} ", width, indent).split("\n")
    if len(last) + 1 > width - ROOM:
        above, last = [*above, last], f"{indent}>"
    for each in above:
        click.echo(each, err=True)
    while True:
        try:
            # Tests and the demo's patience replace this function, to stand in for a person.
            with redirect_stdout(sys.stderr):
                return termui.visible_prompt_func(last.rstrip() + " ").strip()
        except EOFError:
            click.echo(err=True)
            raise Later from None
        except UnicodeDecodeError:
            say("  " + line("asking.not_readable"))


def ask(
    question: str,
    wanted: Phrase,
    parse: Callable[[str], _Answer],
    offer: Offer[_Answer] | None = None,
    indent: str = "",
) -> _Answer:
    """Asks until there is an answer that `parse` takes. `wanted` is what `?` says of it; Enter alone takes the `offer`.

    Raises `Back` and `Later`.
    """
    shown = f" [{offer.text}]" if offer is not None and offer.text else ""
    while True:
        typed = read(f"{question}{shown}:", indent)
        left = word(typed)
        if left == HELP:
            explain(wanted, indent)
        elif left is not None:
            raise Back if left == BACK else Later
        elif typed == "" and offer is not None:
            return offer.answer
        elif typed == "":
            say(f"{indent}  " + line("asking.answer_needed"))
        else:
            try:
                return parse(typed)
            except InputError as error:
                say(_indented(told(error), indent))


def explain(wanted: Phrase, indent: str = "") -> None:
    """Says what is wanted, and how a question can be left."""
    say(_indented(told(wanted), indent))
    say(_indented(line("asking.ways_out"), indent))


def _indented(text: str, indent: str) -> str:
    return "\n".join(f"{indent}  {each}" for each in text.splitlines())


def yes_or_no(question: str, wanted: Phrase, offered: bool | None = None, indent: str = "") -> bool:
    """Whether the answer is yes. Raises `Back` and `Later`."""
    offer = None if offered is None else Offer(offered, said(offered))
    return ask(f"{question} ({line('asking.yes_no')})", wanted, agreed, offer, indent)


def said(yes: bool) -> str:
    """Yes or no, as people type it."""
    return line("cell.yes" if yes else "cell.no")


def agreed(typed: str) -> bool:
    """Whether that is a yes or a no. Raises `InputError` if it is neither."""
    answer = typed.strip().casefold()
    for yes, known in ((True, ("y", "yes")), (False, ("n", "no"))):
        if answer in (*known, said(yes).casefold()):
            return yes
    raise InputError("asking.neither")


def number(
    question: str, wanted: Phrase, least: int, most: int, offer: Offer[int] | None = None, indent: str = ""
) -> int:
    """A whole number within bounds. Raises `Back` and `Later`."""

    def parse(typed: str) -> int:
        if typed.isascii() and typed.isdigit() and least <= int(typed[:9]) <= most:
            return int(typed[:9])
        raise InputError("asking.whole_number", least=least, most=most)

    return ask(question, wanted, parse, offer, indent)


def demand_yes(question: str, wanted: Phrase) -> None:
    """Raises `Declined` unless the answer is yes."""
    try:
        agrees = yes_or_no(question, wanted, offered=False)
    except Left:
        agrees = False
    if not agrees:
        raise Declined("asking.nothing_changed")


def in_turn(steps: Sequence[Callable[[], bool]]) -> bool:
    """Asks one after the other; each says whether it had something to ask. `back` goes to the one that asked before.

    Whether any of them asked. Raises `Back` from the first one, and what else they raise.
    """
    at, way, asked = 0, 1, False
    while at < len(steps):
        MEANWHILE.get()()
        try:
            if steps[at]():
                way, asked = 1, True
        except Back:
            way = -1
        at += way
        if at < 0:
            raise Back
    return asked


def from_the_start(steps: Sequence[Callable[[], bool]]) -> None:
    """As `in_turn`, where there is nothing before the first one."""
    while True:
        try:
            in_turn(steps)
        except Back:
            say("  " + line("asking.first_question"))
        else:
            return
