"""Asks an officer at the terminal: why a pouch was opened, and the questions of a form. Under a minute.

Each answer is kept at once, those of a report as a draft, which is offered the next time: so nothing is lost whether a
question is left for later, the terminal is closed or the program is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from host import clock, forms, service
from host.cli import questions
from host.cli.options import instant
from host.cli.questions import Later, Left, Offer
from host.cli.steps import line, told
from host.cli.terminal import say
from host.errors import InputError
from host.phrase import NextStep, Phrase
from host.usage.openings import Opening
from host.usage.queues import AtTheDock
from host.usage.reports import CAUSES, MAX_DOSES, USED, Draft, Unseen

DRAFT_KEPT = "asking.draft_kept"
"""What is said once answers were kept."""
SELF = "me"
"""What somebody who keeps the stock answers who speaks for themselves, not for an officer."""


def ask_about(store: service.Database, tags: Sequence[str], form_key: str) -> None:
    """Asks who is at the dock with pouches, then why each was opened each time, and for reports that are missing.

    `tags` are the ids of their tags. An officer who was asked about one isn't asked for the collar number at the next.
    """
    queue = _Queue(store, tags)
    for tag in tags:
        here = service.Telling(store).at_the_dock(tag)
        if here.asks:
            _AtTheDock(store, here, form_key, queue).ask()


class _Queue:
    """What is known of who is asked about several pouches: the officer, and what that officer is asked anyway."""

    def __init__(self, store: service.Database, tags: Sequence[str]) -> None:
        self.own = store.account.officer
        self.who: str | None = self.own
        self.greeted: str | None = None
        self.asked = [each for tag in tags for each in service.Telling(store).unexplained_openings(tag)]


class _AtTheDock:
    """What is asked of a pouch that has docked, from the first question to the last."""

    def __init__(self, store: service.Database, here: AtTheDock, form_key: str, queue: _Queue) -> None:
        self._store = store
        self._here = here
        self._form_key = form_key
        self._queue = queue
        self._known = queue.own is not None or (queue.who is not None and queue.who in here.holders)
        self._openings: list[_AboutOpening] = []

    def ask(self) -> None:
        try:
            if self._known:
                self._take(self._queue.who)
            openings = [self._opening(at) for at in range(len(self._here.openings))]
            questions.from_the_start([self._ask_who, *openings, self._ask_missing])
        except Later:
            say("  " + line("asking.left_for_later"))

    def _ask_who(self) -> bool:
        if self._known:
            return False
        self._take(ask_who(self._store, self._here.pouch, self._here.holders))
        return True

    def _take(self, who: str | None) -> None:
        """Who speaks is known now, or another than before."""
        if not self._openings or who != self._queue.who:
            self._queue.who = who
            self._openings = [_AboutOpening(self._store, each, self._form_key, who) for each in self._here.openings]
            if who is not None and self._here.openings:
                service.Reports(self._store).note_docked_by(self._here.tag, who, clock.now_ms())
            if who is not None and who != self._queue.greeted:
                say("\n" + line("asking.hello", officer=who))
            self._queue.greeted = who

    def _opening(self, at: int) -> Callable[[], bool]:
        return lambda: self._openings[at].ask()

    def _ask_missing(self) -> bool:
        """Asks for the report of each use that was explained at an earlier docking and never reported."""
        who = self._queue.who
        if who is None:
            return False
        missing = service.Telling(self._store).missing_besides(who, self._queue.asked)
        asked = questions.in_turn([self._missing(each, who) for each in missing])
        self._queue.asked += missing
        return asked

    def _missing(self, opening: Opening, who: str) -> Callable[[], bool]:
        question = Phrase(
            "asking.no_report_yet",
            pouch=opening.pouch,
            at=_at(self._store, opening),
            error_ms=opening.began.error_ms,
        )
        doses = opening.explanation.doses if opening.explanation else None

        def ask() -> bool:
            report = _Report(self._store, opening, self._form_key, who, doses)
            try:
                report.ask_whether("\n" + told(question))
            except Later as left:
                _say_left(left)
            return True

        return ask


class _AboutOpening:
    """What is asked of one opening: why, if it was a use how many doses, and whether to report now."""

    def __init__(self, store: service.Database, opening: Opening, form_key: str, who: str | None) -> None:
        self._store = store
        self._opening = opening
        self._form_key = form_key
        self._who = who
        kept = service.Drafts(store).kept_draft(form_key, who, opening) if who is not None else None
        self._cause = kept.cause if kept else None
        self._doses: int | None = None
        self._recorded: tuple[str, int | None] | None = None

    def ask(self) -> bool:
        """Records each answer once it is whole. An answer that is left goes on where it was left."""
        try:
            questions.in_turn([self._ask_cause, self._ask_doses, self._ask_report])
        except Later as left:
            _say_left(left)
        return True

    def _keep(self) -> None:
        if self._who is not None and self._cause is not None and self._recorded is None:
            service.Drafts(self._store).keep_draft(
                self._form_key, self._who, self._opening, Draft({}, cause=self._cause)
            )

    def _ask_cause(self) -> bool:
        self._cause = ask_cause(self._store, self._opening, self._who, self._cause)
        if self._cause != USED:
            self._record(self._cause, None)
        self._keep()
        return True

    def _ask_doses(self) -> bool:
        if self._cause != USED:
            return False
        self._doses = ask_doses(self._opening, self._doses)
        self._record(USED, self._doses)
        return True

    def _record(self, cause: str, doses: int | None) -> None:
        if self._recorded != (cause, doses):
            service.Telling(self._store).record_explanation(self._opening, self._who, cause, doses, clock.now_ms())
            self._recorded = cause, doses
        say(told(explained(self._opening, cause, doses)))

    def _ask_report(self) -> bool:
        if self._cause != USED or self._who is None:
            return False
        report = _Report(self._store, self._opening, self._form_key, self._who, self._doses)
        report.ask_whether("\n" + line("asking.file_now"))
        return True


def _say_left(left: Later) -> None:
    """Says what becomes of what was left."""
    say("  " + line("asking.draft_kept" if left.code == DRAFT_KEPT else "asking.left_for_later"))


def explained(opening: Opening, cause: str, doses: int | None) -> Phrase:
    """What was recorded of an opening, and how it is changed."""
    return Phrase(
        "asking.recorded_doses" if doses else "asking.recorded",
        pouch=opening.pouch,
        cause=CAUSES[cause],
        doses=doses,
        change=NextStep("opening.explain_anew", opening=opening.name),
    )


def reported(report: int, opening: Opening | None, officer: str) -> Phrase:
    """How a report that was filed is changed."""
    name = opening.name if opening else None
    return Phrase(
        "asking.change_report",
        amend=NextStep("report.file", amends=report, opening=name, officer=officer),
        withdraw=NextStep("report.withdraw", report=report),
    )


def ask_who(store: service.Database, pouch: str, holders: Sequence[str], then: bool = False) -> str | None:
    """Who speaks: the account's own officer, or who says so; the holder is offered. None: the account itself.

    `then`: it is about an opening, and the holders are those of that time. Raises `questions.Left`.
    """
    account = store.account
    if account.officer is not None:
        return account.officer
    who = Phrase("asking.officers", officers=tuple(holders)) if holders else Phrase("asking.nobody")
    say("\n" + line("asking.was_with" if then else "asking.issued_to", pouch=pouch, who=who))
    may_speak = not account.bound("opening.explain")
    if may_speak:
        say(line("asking.if_for_yourself", myself=SELF))
    offer = Offer[str | None](holders[0], holders[0]) if len(holders) == 1 else None

    def parse(typed: str) -> str | None:
        if typed.casefold() == SELF and may_speak:
            return None
        return service.People(store).officer(typed).id

    return questions.ask(line("asking.collar_number"), Phrase("asking.help_collar_number"), parse, offer)


def _why_opened(store: service.Database, opening: Opening) -> Phrase:
    at, error_ms, seconds = _at(store, opening), opening.began.error_ms, opening.duration_s
    if not seconds:
        return Phrase("asking.why_opened", pouch=opening.pouch, at=at, error_ms=error_ms)
    lasted = Phrase("asking.seconds", s=seconds) if seconds < 120 else Phrase("asking.minutes", min=round(seconds / 60))
    return Phrase("asking.why_opened_for", pouch=opening.pouch, at=at, error_ms=error_ms, lasted=lasted)


def _at(store: service.Database, opening: Opening) -> clock.Instant:
    return clock.Instant(opening.began.likely_ms, store.station.time_zone)


def ask_cause(store: service.Database, opening: Opening, who: str | None, offered: str | None = None) -> str:
    """Why a pouch was opened, by number or key. Enter alone is for later. Raises `questions.Left`."""
    causes = list(CAUSES)
    say("\n" + told(_why_opened(store, opening)))
    if who is not None and opening.officers and who not in opening.officers:
        say(line("asking.was_with_others", officers=tuple(opening.officers)))
    for at, words in enumerate(CAUSES.values(), 1):
        text = told(words)
        say(f"  {at}  {text[:1].upper()}{text[1:]}")
    say(line("asking.number_or"))

    def parse(typed: str) -> str | None:
        answer = typed.casefold()
        if answer in causes:
            return answer
        if answer.isascii() and answer.isdigit() and 1 <= int(answer[:9]) <= len(causes):
            return causes[int(answer) - 1]
        raise InputError("asking.number_of_cause", most=len(causes))

    offer = Offer[str | None](offered, str(causes.index(offered) + 1) if offered is not None else "")
    cause = questions.ask(line("asking.answer"), Phrase("asking.help_cause", most=len(causes)), parse, offer)
    if cause is None:
        raise Later
    return cause


def ask_doses(opening: Opening, offered: int | None = None) -> int:
    """How many doses were given; the tag's dose marks are offered. Raises `questions.Left`."""
    marks = offered or opening.dose_marks or None
    offer = Offer(marks, str(marks)) if marks else None
    return questions.number(line("asking.doses"), Phrase("asking.help_doses", most=MAX_DOSES), 1, MAX_DOSES, offer)


class _Report:
    """A report that is asked for: which kit, and the questions of the form. Left, it is kept as a draft."""

    def __init__(
        self,
        store: service.Database,
        opening: Opening | None,
        form_key: str,
        officer: str,
        doses: int | None,
        kits: Sequence[str] = (),
        kit: str | None = None,
    ) -> None:
        self._store = store
        self._opening = opening
        self._form = forms.load(form_key)
        self._officer = officer
        self._kits = kits
        self.kit = kit
        self._known = service.Telling(store).prefilled(opening) | ({"doses": doses} if doses else {})
        self._began: bool | None = None
        self.answers: dict[str, object] = {}

    def ask_whether(self, question: str) -> None:
        """Asks whether to report now, and if so files it and says so. Raises `questions.Left`: a draft is kept."""
        assert self._opening is not None
        self._kits = service.Reports(self._store).kits_of_report(
            self._opening, self._officer, self._opening.began.likely_ms
        )

        def ask() -> bool:
            if not questions.yes_or_no(question, Phrase("asking.help_file_now"), offered=True):
                raise Later
            return True

        try:
            questions.in_turn([ask, self.ask_kit, self.ask_form])
        except Later:
            raise (Later(DRAFT_KEPT) if self.answers else Later()) from None
        filed = service.Telling(self._store).file_report(
            self._form.key, self._opening, self._officer, self.answers, clock.now_ms(), self.kit
        )
        say(f"{line('asking.report_filed', report=filed.id)} {told(reported(filed.id, self._opening, self._officer))}")

    def ask_all(self, asks_kit: bool) -> None:
        """Asks for the kit, unless that was said, and all of the form. Raises `questions.Later`: a draft is kept."""
        questions.from_the_start([*([self.ask_kit] if asks_kit else []), self.ask_form])

    def _keep(self) -> None:
        """Keeps what was answered so far for the next time, however this one ends."""
        if self.answers or self.kit is not None:
            draft = Draft(self.answers, USED if self._opening else None, self.kit)
            service.Drafts(self._store).keep_draft(self._form.key, self._officer, self._opening, draft)

    def _begin(self) -> None:
        """Takes up what was answered the last time, once."""
        if self._began is not None:
            return
        kept = service.Drafts(self._store).kept_draft(self._form.key, self._officer, self._opening)
        self._began = kept is not None
        if kept is not None and kept.answers:
            self.answers = dict(kept.answers)
            self.kit = self.kit or (kept.kit if kept.kit in self._kits else None)
            say("\n" + line("asking.begun_before"))

    def ask_kit(self) -> bool:
        """Asks which kit was used, if several may have been in the pouch; None stays if it is not known."""
        self._begin()
        if len(self._kits) < 2:
            return False
        say("\n" + line("asking.which_kit", kits=tuple(self._kits)))

        def parse(typed: str) -> str | None:
            if typed == questions.EMPTY:
                return None
            found = next((each for each in self._kits if each.casefold() == typed.casefold()), None)
            if found is None:
                raise InputError("asking.was_one_of", kits=tuple(self._kits))
            return found

        offer = Offer[str | None](self.kit, self.kit or "")
        wanted = Phrase("asking.help_kit", kits=tuple(self._kits))
        self.kit = questions.ask(line("asking.kit_offered" if self.kit else "asking.kit"), wanted, parse, offer)
        self._keep()
        return True

    def ask_form(self) -> bool:
        """Asks every question of the form, each until its answer fits. What is known or was answered is offered."""
        self._begin()
        say("\n" + line("asking.form", title=self._form.title))
        say(line("asking.at_any_question"))
        fields = self._form.asked(self._store.station.collect_names)
        return questions.in_turn([self._field(each) for each in fields])

    def _field(self, field: forms.Field) -> Callable[[], bool]:
        def ask() -> bool:
            if field.required_if and self.answers.get(field.required_if) is not True:
                self.answers.pop(field.key, None)
                return False
            answer = self._answer(field)
            if answer is None:
                self.answers.pop(field.key, None)
            else:
                self.answers[field.key] = answer
            self._keep()
            return True

        return ask

    def _answer(self, field: forms.Field) -> object:
        """The answer to one question; None if none is needed and none is given."""
        needed = field.required or field.required_if is not None
        zone = self._store.station.time_zone
        numbered = {str(at): choice for at, choice in enumerate(field.choices, 1)}

        def parse(typed: str) -> object:
            if typed == questions.EMPTY and not needed:
                return None
            if field.type == "yes_no":
                return questions.agreed(typed)
            if field.type == "instant":
                typed = clock.iso(instant(self._store, typed), zone)
            return forms.parse(field, numbered.get(typed, typed), zone, clock.now_ms())

        question = f"{field.label} ({line('asking.yes_no')})" if field.type == "yes_no" else field.label
        if field.choices:
            say("\n".join([field.label, *(f"  {at}  {each.replace('_', ' ')}" for at, each in numbered.items())]))
            question = line("asking.answer")
        offered = self.answers.get(field.key, self._known.get(field.key))
        offer = None if offered is None and needed else Offer(offered, self._shown(field, offered))
        return questions.ask(question, _wanted(field, needed), parse, offer)

    def _shown(self, field: forms.Field, answer: object) -> str:
        """How an answer is shown in brackets."""
        if answer is None:
            return ""
        if isinstance(answer, Unseen):
            return line("asking.as_before")
        if isinstance(answer, bool):
            return questions.said(answer)
        if field.type == "instant":
            at_ms = round(datetime.fromisoformat(str(answer)).timestamp() * 1000)
            return line("asking.time", at=clock.Instant(at_ms, self._store.station.time_zone))
        return str(answer).replace("_", " ") if field.type == "choice" else str(answer)


def _wanted(field: forms.Field, needed: bool) -> Phrase:
    """What `?` says of a question of the form: as the form has it, and by the kind of its answer."""
    kind = {
        "text": Phrase("asking.help_text", most=forms.MAX_TEXT),
        "instant": Phrase("asking.help_time"),
        "yes_no": Phrase("asking.help_yes_no"),
        "integer": Phrase("asking.help_number", least=field.minimum or 0, most=field.maximum or MAX_DOSES),
        "choice": Phrase("asking.help_choice", most=len(field.choices)),
    }[field.type]
    return Phrase(
        "asking.help_field" if needed else "asking.help_field_optional",
        about=f"{field.help} " if field.help else "",
        kind=kind,
        empty=questions.EMPTY,
    )


def ask_report(
    store: service.Database,
    form_key: str,
    officer: str,
    opening: Opening | None,
    kit: str | None,
) -> tuple[dict[str, object], str | None]:
    """The answers of a report and its kit, asked at the terminal. Raises `questions.Later`: a draft was kept."""
    report = _Report(store, opening, form_key, officer, None, opening.kits if opening else (), kit)
    try:
        report.ask_all(asks_kit=kit is None)
    except Left:
        if not report.answers:
            raise
        again = NextStep("report.file", opening=opening.name if opening else None, officer=officer)
        raise Later("asking.report_left", again=again) from None
    return report.answers, report.kit


def keep_report(
    store: service.Database,
    form_key: str,
    officer: str,
    opening: Opening | None,
    answers: dict[str, object],
    kit: str | None,
) -> None:
    """Keeps the answers of a report that could not be filed."""
    draft = Draft(answers, USED if opening else None, kit)
    service.Drafts(store).keep_draft(form_key, officer, opening, draft)
