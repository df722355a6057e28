"""Asks an officer at the terminal: why a pouch was opened, and the questions of a form. Under a minute."""

from __future__ import annotations

from collections.abc import Sequence

import click

from host import clock, forms, service
from host.cli.steps import told
from host.cli.terminal import say
from host.errors import InputError
from host.phrase import Phrase
from host.usage.openings import Opening
from host.usage.reports import CAUSES, MAX_DOSES, USED

SELF = "me"
"""What somebody who keeps the stock answers who speaks for themselves, not for an officer."""


def ask_about(store: service.Database, tag_id: str, form_key: str) -> None:
    """Asks who stands at the dock with a pouch, then why it was opened each time, and for reports that are missing.

    An empty answer leaves a question for later.
    """
    here = service.Telling(store).at_the_dock(tag_id)
    if not here.openings and not here.missing:
        return
    who = ask_who(store, here.pouch, here.holders)
    if who is not None and here.openings:
        service.Reports(store).note_docked_by(here.openings[-1].tag, who, clock.now_ms())
    for opening in here.openings:
        ask_opening(store, opening, form_key, who)
    if who is None:
        return
    for opening in service.Telling(store).missing_besides(who, here.openings):
        ask_for_report(store, opening, form_key, who)


def ask_who(store: service.Database, pouch: str, holders: Sequence[str], then: bool = False) -> str | None:
    """Who speaks: the account's own officer, or who says so; the holder is offered. None: the account itself.

    `then`: it is about an opening, and the holders are those of that time.
    """
    account = store.account
    if account.officer is not None:
        return account.officer
    who = Phrase("asking.officers", officers=tuple(holders)) if holders else Phrase("asking.nobody")
    say("\n" + told(Phrase("asking.was_with" if then else "asking.issued_to", pouch=pouch, who=who)))
    if not account.bound("opening.explain"):
        say(told(Phrase("asking.if_for_yourself", myself=SELF)))
    offered = holders[0] if len(holders) == 1 else None
    while True:
        typed: str = click.prompt(told(Phrase("asking.collar_number")), default=offered, err=True)
        if typed.strip().lower() == SELF and not account.bound("opening.explain"):
            return None
        try:
            return service.People(store).officer(typed.strip()).id
        except InputError as error:
            say(f"  {told(error)}")


def ask_opening(store: service.Database, opening: Opening, form_key: str, who: str | None) -> None:
    """Asks why the pouch was opened; if used, how many doses, and whether to report now. Records the answers.

    An empty answer leaves the question for later.
    """
    at, error_ms = _at(store, opening), opening.began.error_ms
    say("\n" + told(Phrase("asking.why_opened", pouch=opening.pouch, at=at, error_ms=error_ms)))
    if who is not None and opening.officers and who not in opening.officers:
        say(told(Phrase("asking.was_with_others", officers=tuple(opening.officers))))
    cause = ask_cause()
    if cause is None:
        say(told(Phrase("asking.left_for_later")))
        return
    doses = ask_doses(opening) if cause == USED else None
    service.Telling(store).record_explanation(opening, who, cause, doses, clock.now_ms())
    if cause == USED and who is not None:
        _report_now(store, opening, form_key, who, doses, told(Phrase("asking.file_now")))


def ask_for_report(store: service.Database, opening: Opening, form_key: str, who: str) -> None:
    """Asks for the report of a use that was explained at an earlier docking and never reported."""
    doses = opening.explanation.doses if opening.explanation else None
    at, error_ms = _at(store, opening), opening.began.error_ms
    question = Phrase("asking.no_report_yet", pouch=opening.pouch, at=at, error_ms=error_ms)
    _report_now(store, opening, form_key, who, doses, "\n" + told(question))


def _report_now(
    store: service.Database, opening: Opening, form_key: str, who: str, doses: int | None, question: str
) -> None:
    if not click.confirm(question, default=True, err=True):
        return
    kit = ask_kit(service.Reports(store).kits_of_report(opening, who, opening.began.likely_ms))
    known = service.Telling(store).prefilled(opening) | ({"doses": doses} if doses else {})
    answers = ask_form(store, forms.load(form_key), known)
    filed = service.Telling(store).file_report(form_key, opening, who, answers, clock.now_ms(), kit)
    say(told(Phrase("asking.report_filed", report=filed.id)))


def ask_kit(possible: Sequence[str]) -> str | None:
    """Which kit was used, if several may have been in the pouch; None if that is clear, or not known."""
    if len(possible) < 2:
        return None
    say("\n" + told(Phrase("asking.which_kit", kits=tuple(possible))))
    prompt = told(Phrase("asking.kit"))
    while True:
        typed = str(click.prompt(prompt, default="", show_default=False, err=True)).strip()
        if typed == "" or typed in possible:
            return typed or None
        say("  " + told(Phrase("asking.was_one_of", kits=tuple(possible))))


def _at(store: service.Database, opening: Opening) -> clock.Instant:
    return clock.Instant(opening.began.likely_ms, store.station.time_zone)


def ask_cause() -> str | None:
    """Why a pouch was opened, by number or key; None for an empty answer."""
    causes = list(CAUSES)
    prompt = told(Phrase("asking.cause"))
    for number, words in enumerate(CAUSES.values(), 1):
        say(f"  {number}  {words}")
    while True:
        answer = str(click.prompt(prompt, default="", show_default=False, err=True)).strip().lower()
        if answer == "":
            return None
        if answer in causes:
            return answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(causes):
            return causes[int(answer) - 1]
        say("  " + told(Phrase("asking.number_of_cause", most=len(causes))))


def ask_doses(opening: Opening) -> int:
    """How many doses were given; the tag's dose marks are offered."""
    prompt = told(Phrase("asking.doses"))
    doses: int = click.prompt(prompt, type=click.IntRange(1, MAX_DOSES), default=opening.dose_marks or None, err=True)
    return doses


def ask_form(store: service.Database, form: forms.Form, known: dict[str, object]) -> dict[str, object]:
    """Asks every question of the form, each until its answer fits. `known` answers are offered."""
    station = store.station
    now_ms = clock.now_ms()
    say("\n" + told(Phrase("asking.form", title=form.title)))
    yes_no = told(Phrase("asking.yes_no"))
    answers: dict[str, object] = {}
    for field in form.asked(station.collect_names):
        if field.required_if and answers.get(field.required_if) is not True:
            continue
        needed = field.required or field.required_if is not None
        offered = known.get(field.key)
        numbered = {str(number): choice for number, choice in enumerate(field.choices, 1)}
        choices = ", ".join(f"{number} {choice.replace('_', ' ')}" for number, choice in numbered.items())
        hint = {"yes_no": f" ({yes_no})", "choice": f"\n  ({choices})"}.get(field.type, "")
        while True:
            default = "" if offered is None else str(offered)
            typed: str = click.prompt(field.label + hint, default=default, show_default=offered is not None, err=True)
            if typed == "":
                if not needed:
                    break
                say("  " + told(Phrase("asking.answer_needed")))
                continue
            try:
                answers[field.key] = forms.parse(field, numbered.get(typed, typed), station.time_zone, now_ms)
                break
            except InputError as error:
                say(f"  {told(error)}")
    return answers
