"""The person of `kitdock tag bench` at a terminal: what is said, what is asked, and the keys that work everywhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence

import click

from host.bench import procedure
from host.bench.procedure import NUMBER, SHA256, BenchStep, Measurement
from host.bench.run import Outcome, Skipped, Stopped
from host.cli.render import prose
from host.cli.terminal import has_terminal
from host.errors import InputError
from host.flash.published import checksum

KEYS = "?: why, s: skip this step, q: stop"
INDENT = "    "


def _say(text: str, indent: str = INDENT, bold: bool = False) -> None:
    columns = shutil.get_terminal_size().columns if sys.stderr.isatty() else 10_000
    click.secho(prose(text, columns, indent), err=True, bold=bold)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _typed(prompt: str) -> str:
    text: str = click.prompt(f"{INDENT}{prompt}", default="", show_default=False, err=True)
    return text.strip()


def ask_what_is_at_hand() -> tuple[str, ...]:
    """The instruments that the person has."""
    names = list(procedure.instruments())
    _say("What have you got? Steps that need anything else are left out.", "", bold=True)
    for number, name in enumerate(names, 1):
        _say(f"{number:>2}  {procedure.instruments()[name]}")
    while True:
        words = _typed("Their numbers, such as 1 4 (Enter: none of them)").replace(",", " ").split()
        try:
            return procedure.at_hand([_instrument(word, names) for word in words])
        except InputError as error:
            _say(f"{error}")


def _instrument(word: str, names: Sequence[str]) -> str:
    if word.isdigit():
        if not 1 <= int(word) <= len(names):
            raise InputError(f"there is no {word}: the numbers go from 1 to {len(names)}")
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
        _say(f"{_capital(step.how)}.")

    def tell(self, text: str) -> None:
        _say(text)

    def act(self, text: str) -> None:
        _say(f"-> {text}")
        while self._asked("Press Enter when that is done"):
            _say("Press Enter alone, or one of the keys.")

    def answer(self, reading: Measurement) -> float | bool | str:
        if not has_terminal():
            raise Skipped("there is nobody to ask")
        _say(_capital(reading.what) + (":" if reading.kind == NUMBER else ""))
        while True:
            prompt = {NUMBER: f"passes: {reading.range}", SHA256: reading.range}
            typed = self._asked(prompt.get(reading.kind, "y or n"))
            try:
                answer = read(reading, typed)
            except InputError as error:
                _say(str(error))
                continue
            if reading.passes(answer) or reading.kind != NUMBER:
                return answer
            _say(f"{typed} does not pass. If you mistyped it, type it again; Enter keeps it.")
            again = self._asked(f"passes: {reading.range}")
            if not again:
                return answer
            try:
                return read(reading, again)
            except InputError as error:
                _say(str(error))

    def judge(self, step: BenchStep, outcome: Outcome) -> bool:
        if outcome.passed:
            _say(f"passed: {outcome.said}")
            return False
        _say(f"FAILED: {outcome.said}", bold=True)
        if not has_terminal():
            return False
        while True:
            typed = self._asked("Enter: go on, r: repeat this step", "q: stop, ?: why")
            if typed.lower() in ("", "r"):
                return bool(typed)
            _say("Press Enter, or r.")

    def _asked(self, prompt: str, keys: str = KEYS) -> str:
        """What is typed at a prompt, once it is none of the keys. Raises `Skipped` and `Stopped`."""
        if not has_terminal():
            raise Skipped("there is nobody to ask")
        while True:
            typed = _typed(f"{prompt} ({keys})")
            if typed.lower() in ("s", "skip") and "s:" in keys:
                raise Skipped("skipped")
            if typed.lower() in ("q", "quit", "stop"):
                raise Stopped
            if typed != "?":
                return typed
            self._explain()

    def _explain(self) -> None:
        step = self._step
        if step is None:
            _say("The bench needs the board awake, with known levels at its pins.")
            return
        _say(f"Expected: {step.expected}.")
        _say(f"Where that comes from: {step.source}.")
        if step.why:
            _say(step.why)


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
            raise InputError(f"I can't read {typed!r}: type a number, such as 17 {reading.unit}")
        return value
    if typed.lower() in ("y", "yes"):
        return True
    if typed.lower() in ("n", "no"):
        return False
    raise InputError("Type y for yes or n for no.")
