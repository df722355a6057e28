"""Asks an officer at the terminal: why a pouch was opened, and the questions of a form. Under a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from host import clock, forms
from host.cli import steps
from host.cli.terminal import say
from host.docking.prompting import MAX_DOSES, file_report, prefilled, record_explanation
from host.errors import InputError
from host.usage.openings import Opening
from host.usage.reports import CAUSES, USED
from host.words import bound

if TYPE_CHECKING:
    from host.store import Store


SELF = "me"
"""What somebody who keeps the stock answers who speaks for themselves, not for an officer."""


def ask_about(store: Store, pouch: str, found: Sequence[Opening], form_key: str) -> None:
    """Asks who stands at the dock with a pouch, then why it was opened each time, and for reports that are missing.

    An empty answer leaves a question for later.
    """
    # Who stands here has it now; an opening may have been another's, who had it before.
    holders = store.holders_of(pouch) or list(dict.fromkeys(officer for each in found for officer in each.officers))
    missing = [each for officer in holders for each in store.missing_reports(officer)]
    if not found and not missing:
        return
    who = ask_who(store, pouch, holders)
    if who is not None and found:
        store.note_docked_by(found[-1].tag, who, clock.now_ms())
    for opening in found:
        ask_opening(store, opening, form_key, who)
    if who is None:
        return
    asked = {(each.tag, each.sequence) for each in found}
    for opening in store.missing_reports(who):
        if (opening.tag, opening.sequence) not in asked:
            ask_for_report(store, opening, form_key, who)


def ask_who(store: Store, pouch: str, holders: Sequence[str], then: bool = False) -> str | None:
    """Who speaks: the account's own officer, or who says so; the holder is offered. None: the account itself.

    `then`: it is about an opening, and the holders are those of that time.
    """
    account = store.account
    if account.officer is not None:
        return account.officer
    who = f"officer {' or '.join(holders)}" if holders else "nobody"
    say(f"\nPouch {pouch} was with {who} then." if then else f"\nPouch {pouch} is issued to {who}.")
    if not account.bound("opening.explain"):
        say(f"If you speak for yourself, type {SELF}.")
    offered = holders[0] if len(holders) == 1 else None
    while True:
        typed: str = click.prompt("Your collar number", default=offered, err=True)
        if typed.strip().lower() == SELF and not account.bound("opening.explain"):
            return None
        try:
            return store.officer(typed.strip()).id
        except InputError as error:
            say(f"  {steps.told(error)}")


def ask_opening(store: Store, opening: Opening, form_key: str, who: str | None) -> None:
    """Asks why the pouch was opened; if used, how many doses, and whether to report now. Records the answers.

    An empty answer leaves the question for later.
    """
    say(f"\nPouch {opening.pouch} was opened at {_at(store, opening)}. Why?")
    if who is not None and opening.officers and who not in opening.officers:
        say(f"It was with officer {' or '.join(opening.officers)} then: if you don't know, leave it for later.")
    cause = ask_cause()
    if cause is None:
        say("left for later")
        return
    doses = ask_doses(opening) if cause == USED else None
    record_explanation(store, opening, who, cause, doses, clock.now_ms())
    if cause == USED and who is not None:
        _report_now(store, opening, form_key, who, doses, "File the usage report now?")


def ask_for_report(store: Store, opening: Opening, form_key: str, who: str) -> None:
    """Asks for the report of a use that was explained at an earlier docking and never reported."""
    doses = opening.explanation.doses if opening.explanation else None
    question = f"\nThe use of pouch {opening.pouch} at {_at(store, opening)} has no report yet. File it now?"
    _report_now(store, opening, form_key, who, doses, question)


def _report_now(store: Store, opening: Opening, form_key: str, who: str, doses: int | None, question: str) -> None:
    if not click.confirm(question, default=True, err=True):
        return
    kit = ask_kit(store.kits_of_report(opening, who, opening.began.likely_ms))
    known = prefilled(store, opening) | ({"doses": doses} if doses else {})
    answers = ask_form(store, forms.load(form_key), known)
    filed = file_report(store, form_key, opening, who, answers, clock.now_ms(), kit)
    say(f"usage report {filed.id} filed")


def ask_kit(possible: Sequence[str]) -> str | None:
    """Which kit was used, if several may have been in the pouch; None if that is clear, or not known."""
    if len(possible) < 2:
        return None
    say(f"\nWhich kit was used: {' or '.join(possible)}?")
    while True:
        typed = str(click.prompt("Kit (Enter: not known)", default="", show_default=False, err=True)).strip()
        if typed == "" or typed in possible:
            return typed or None
        say(f"  it was {' or '.join(possible)}")


def _at(store: Store, opening: Opening) -> str:
    return f"{clock.show(opening.began.likely_ms, store.station.time_zone)} ± {bound(opening.began.error_ms)}"


def ask_cause() -> str | None:
    """Why a pouch was opened, by number or key; None for an empty answer."""
    causes = list(CAUSES)
    for number, words in enumerate(CAUSES.values(), 1):
        say(f"  {number}  {words}")
    while True:
        answer = str(click.prompt("Cause (Enter: later)", default="", show_default=False, err=True)).strip().lower()
        if answer == "":
            return None
        if answer in causes:
            return answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(causes):
            return causes[int(answer) - 1]
        say(f"  type a number from 1 to {len(causes)}, or Enter to leave it for later")


def ask_doses(opening: Opening) -> int:
    """How many doses were given; the tag's dose marks are offered."""
    doses: int = click.prompt(
        "Doses given", type=click.IntRange(1, MAX_DOSES), default=opening.dose_marks or None, err=True
    )
    return doses


def ask_form(store: Store, form: forms.Form, known: dict[str, object]) -> dict[str, object]:
    """Asks every question of the form, each until its answer fits. `known` answers are offered."""
    station = store.station
    now_ms = clock.now_ms()
    say(f"\n{form.title}. Press Enter to take what is in brackets or to leave out what is not known.")
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
                say("  this answer is needed")
                continue
            try:
                answers[field.key] = forms.parse(field, numbered.get(typed, typed), station.time_zone, now_ms)
                break
            except InputError as error:
                say(f"  {error}")
    return answers
