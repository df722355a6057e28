"""Asks an officer at the terminal: why a pouch was opened, and the questions of a form. Under a minute."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from host import clock, forms
from host.errors import InputError
from host.openings import Opening
from host.prompting import MAX_DOSES, file_report, prefilled, record_explanation, speaker
from host.reports import CAUSES, USED
from host.words import bound

if TYPE_CHECKING:
    from host.store import Store


def has_terminal() -> bool:
    """Whether somebody can answer."""
    return sys.stdin.isatty()


def ask_opening(store: Store, opening: Opening, form_key: str) -> None:
    """Asks why the pouch was opened; if used, how many doses, and whether to report now. Records the answers.

    An empty answer leaves the question for later.
    """
    at = clock.show(opening.began.likely_ms, store.station.time_zone)
    _say(f"\nPouch {opening.pouch} was opened at {at} ± {bound(opening.began.error_ms)}. Why?")
    cause = ask_cause()
    if cause is None:
        _say("left for later")
        return
    doses = ask_doses(opening) if cause == USED else None
    officer = ask_speaker(store, opening)
    record_explanation(store, opening, officer, cause, doses, clock.now_ms())
    if cause == USED and click.confirm("File the usage report now?", default=True, err=True):
        known = prefilled(store, opening) | {"doses": doses}
        answers = ask_form(store, forms.load(form_key), known)
        report = file_report(store, form_key, opening, officer, answers, clock.now_ms())
        _say(f"usage report {report} filed")


def ask_cause() -> str | None:
    """Why a pouch was opened, by number or key; None for an empty answer."""
    causes = list(CAUSES)
    for number, words in enumerate(CAUSES.values(), 1):
        _say(f"  {number}  {words}")
    while True:
        answer = str(click.prompt("Cause (Enter: later)", default="", show_default=False, err=True)).strip().lower()
        if answer == "":
            return None
        if answer in causes:
            return answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(causes):
            return causes[int(answer) - 1]
        _say(f"  type a number from 1 to {len(causes)}, or Enter to leave it for later")


def ask_doses(opening: Opening) -> int:
    """How many doses were given; the tag's dose marks are offered."""
    doses: int = click.prompt(
        "Doses given", type=click.IntRange(1, MAX_DOSES), default=opening.dose_marks or None, err=True
    )
    return doses


def ask_speaker(store: Store, opening: Opening) -> str:
    """Who answers: the one who carried the pouch, or the one who says so."""
    try:
        return speaker(opening, None)
    except InputError:
        pass
    while True:
        officer: str = click.prompt("Your collar number", err=True)
        try:
            return store.officer(officer.strip()).id
        except InputError as error:
            _say(f"  {error}")


def ask_form(store: Store, form: forms.Form, known: dict[str, object]) -> dict[str, object]:
    """Asks every question of the form, each until its answer fits. `known` answers are offered."""
    station = store.station
    now_ms = clock.now_ms()
    _say(f"\n{form.title}. Press Enter to take what is in brackets or to leave out what is not known.")
    answers: dict[str, object] = {}
    for field in form.asked(station.collect_names):
        if field.required_if and answers.get(field.required_if) is not True:
            continue
        needed = field.required or field.required_if is not None
        offered = known.get(field.key)
        numbered = {str(number): choice for number, choice in enumerate(field.choices, 1)}
        choices = ", ".join(f"{number} {choice.replace('_', ' ')}" for number, choice in numbered.items())
        hint = {"yes_no": " (yes/no)", "choice": f"\n  ({choices})"}.get(field.type, "")
        while True:
            default = "" if offered is None else str(offered)
            typed: str = click.prompt(field.label + hint, default=default, show_default=offered is not None, err=True)
            if typed == "":
                if not needed:
                    break
                _say("  this answer is needed")
                continue
            try:
                answers[field.key] = forms.parse(field, numbered.get(typed, typed), station.time_zone, now_ms)
                break
            except InputError as error:
                _say(f"  {error}")
    return answers


def _say(text: str) -> None:
    """Talks on standard error, as the prompts do: standard output is for the result."""
    click.echo(text, err=True)
