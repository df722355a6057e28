"""The person of `kitdock tag bench` at a terminal: what is said, what is asked, and the keys that work everywhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from host.bench import procedure
from host.bench.procedure import NUMBER, SHA256, BenchStep, Measurement
from host.bench.run import Again, Outcome, Skipped, Stopped
from host.cli import questions
from host.cli.render import prose
from host.cli.steps import told
from host.cli.terminal import has_terminal
from host.errors import InputError, KitdockError
from host.flash.published import checksum
from host.phrase import Phrase

SKIP, STOP = ("s", "skip"), ("q", "quit", "stop")
"""What is typed to skip a step, and to stop."""
AGAIN = "r"
"""What is typed at the end of a step to do it again."""
INDENT = "    "


def _say(what: Phrase | KitdockError | str, indent: str = INDENT, bold: bool = False) -> None:
    text = what if isinstance(what, str) else told(what)
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else 10_000
    click.secho(prose(text, columns, indent), err=True, bold=bold)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _typed(prompt: Phrase) -> str:
    """What is typed. Raises `Stopped` at the end of the input."""
    try:
        return questions.read(f"{told(prompt)}:", INDENT)
    except questions.Later:
        raise Stopped from None


def ask_what_is_at_hand() -> tuple[str, ...]:
    """The instruments that the person has."""
    names = list(procedure.instruments())
    _say(Phrase("bench.what_have_you"), "", bold=True)
    for number, name in enumerate(names, 1):
        _say(f"{number:>2}  {procedure.instruments()[name]}")
    while True:
        typed = questions.read(f"{told(Phrase('bench.their_numbers'))}:", INDENT)
        left = questions.word(typed)
        if left == questions.LATER:
            raise questions.Later
        if left == questions.BACK:
            _say(Phrase("asking.first_question"))
            continue
        if left == questions.HELP:
            questions.explain(Phrase("asking.help_at_hand"), INDENT)
            continue
        words = typed.replace(",", " ").split()
        try:
            return procedure.at_hand([_instrument(word, names) for word in words])
        except InputError as error:
            _say(error)


def _instrument(word: str, names: Sequence[str]) -> str:
    if word.isdigit():
        if not 1 <= int(word) <= len(names):
            raise InputError("bench.no_such_number", number=word, most=len(names))
        return names[int(word) - 1]
    return word.lower()


class Terminal:
    """A `host.bench.run.Person`. With nobody there, what needs a person is skipped."""

    def __init__(self) -> None:
        self._step: BenchStep | None = None

    def begin(self, step: BenchStep) -> None:
        self._step = step
        click.echo(err=True)
        _say(f"{step.id:<3} {_capital(step.what)}", "", bold=True)
        _say(Phrase("bench.how", how=_capital(step.how)))

    def tell(self, what: Phrase | KitdockError) -> None:
        _say(what)

    def act(self, what: Phrase | str) -> None:
        _say(f"-> {what if isinstance(what, str) else told(what)}")
        while self._asked(Phrase("bench.enter_when_done")):
            _say(Phrase("bench.enter_alone"))

    def answer(self, reading: Measurement) -> float | bool | str:
        if not has_terminal():
            raise Skipped(Phrase("bench.nobody_to_ask"))
        _say(_capital(reading.what) + (":" if reading.kind == NUMBER else ""))
        while True:
            typed = self._asked(_prompt(reading))
            try:
                answer = read(reading, typed)
            except InputError as error:
                _say(error)
                continue
            if reading.passes(answer) or reading.kind != NUMBER:
                return answer
            _say(Phrase("bench.does_not_pass", typed=typed))
            again = self._asked(_prompt(reading))
            if not again:
                return answer
            try:
                return read(reading, again)
            except InputError as error:
                _say(error)

    def judge(self, step: BenchStep, outcome: Outcome) -> bool:
        if outcome.passed:
            _say(Phrase("bench.passed", said=outcome.said))
            return False
        _say(Phrase("bench.failed", said=outcome.said), bold=True)
        if not has_terminal():
            return False
        while True:
            typed = self._asked(Phrase("bench.go_on_or_repeat"), can_skip=False)
            if typed.lower() in ("", AGAIN):
                return bool(typed)
            _say(Phrase("bench.enter_or_r"))

    def _asked(self, prompt: Phrase, can_skip: bool = True) -> str:
        """What is typed at a prompt, once it is none of the keys. Raises `Again`, `Skipped` and `Stopped`."""
        if not has_terminal():
            raise Skipped(Phrase("bench.nobody_to_ask"))
        while True:
            typed = _typed(Phrase("bench.prompt" if can_skip else "bench.prompt_at_the_end", prompt=prompt))
            if typed.lower() in SKIP and can_skip:
                raise Skipped(Phrase("bench.skipped"))
            left = questions.word(typed)
            if typed.lower() in STOP or left == questions.LATER:
                raise Stopped
            if left == questions.BACK:
                if not can_skip:
                    return AGAIN
                raise Again
            if left is None:
                return typed
            self._explain()
            _say(Phrase("asking.bench_words"))

    def _explain(self) -> None:
        step = self._step
        if step is None:
            _say(Phrase("bench.why_awake"))
            return
        _say(Phrase("bench.expected", expected=step.expected))
        _say(Phrase("bench.source", source=step.source))
        if step.why:
            _say(step.why)


def _prompt(reading: Measurement) -> Phrase:
    if reading.kind == NUMBER:
        return Phrase("bench.passes", range=reading.range)
    return reading.range if reading.kind == SHA256 else Phrase("bench.y_or_n")


def read(reading: Measurement, typed: str) -> float | bool | str:
    """What was typed for `reading`. Raises `InputError` if it cannot be that."""
    if reading.kind == SHA256:
        return checksum(typed)
    if reading.kind == NUMBER:
        number = typed.replace("u", "µ").removesuffix(reading.unit).strip().replace(",", ".").replace("−", "-")
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not abs(value) < 1e9:
            raise InputError("bench.no_number", typed=typed, unit=reading.unit)
        return value
    return questions.agreed(typed)
