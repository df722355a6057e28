"""Forms: what a force asks after an administration. A form is data, one TOML file each in this folder.

This module reads them and checks answers against them. A field has a key, a label, a type (text, instant,
yes_no, integer, choice) and, as far as needed: choices, minimum, maximum, required, required_if (the key of
a yes_no field), protected (the roles that may read it), identifies (it names the person), help (the
text for anyone who asks for help with it), source (its number in the document the form comes from).

A form names its version, which is one more whenever a question is added, taken away or comes to mean something else.
"""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from host import clock
from host.errors import InputError
from host.phrase import Phrase

MAX_TEXT = 60
"""Longest text answer in characters: a place has room, a story about a person has not."""

DEFAULT = "england_wales"
"""The form that is filed if none is named."""

TYPES = ("text", "instant", "yes_no", "integer", "choice")

_YES = ("yes", "y", "true")
_NO = ("no", "n", "false")


class Field(NamedTuple):
    """One question; see the module's text."""

    key: str
    label: str
    type: str
    source: str
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    required_if: str | None = None
    protected: tuple[str, ...] = ()
    identifies: bool = False
    help: str = ""


class Form(NamedTuple):
    """One form; `fields` in the order in which they are asked."""

    key: str
    version: int
    title: str
    source: str
    fields: tuple[Field, ...]

    def asked(self, collect_names: bool) -> list[Field]:
        """The fields that a station asks: those that name the person only if it collects names."""
        return [each for each in self.fields if collect_names or not each.identifies]

    def readable(self, roles: Iterable[str]) -> set[str]:
        """The keys of the protected fields that one of the roles may read."""
        return {each.key for each in self.fields if not set(each.protected).isdisjoint(roles)}


class Answers(NamedTuple):
    """Checked answers by key, split by who may read them; `doses` is the number of doses given."""

    doses: int
    open: dict[str, object]
    protected: dict[str, object]


class AnswersRefused(InputError):
    """One or more answers do not fit the form: `problems` has one for each."""

    def __init__(self, problems: list[Phrase]) -> None:
        super().__init__("answers.refused", problems=tuple(problems))
        self.problems = problems


def names() -> list[str]:
    """The keys of all forms there are."""
    files = resources.files(__name__).iterdir()
    return sorted(each.name.removesuffix(".toml") for each in files if each.name.endswith(".toml"))


@cache
def load(key: str) -> Form:
    """The form with that key. Raises `InputError` if there is none, or if it doesn't say its version."""
    if key not in names():
        raise InputError("form.unknown", form=key, forms=tuple(names())).like(key, names())
    return read(resources.files(__name__).joinpath(f"{key}.toml").read_text(encoding="utf-8"))


def read(text: str) -> Form:
    """The form in a TOML file. Raises `InputError` if it doesn't say its version."""
    data = tomllib.loads(text)
    version = data.get("version")
    if type(version) is not int or version < 1:  # TOML's true is a whole number to Python
        raise InputError("form.no_version", form=data["key"])
    return Form(data["key"], version, data["title"], data["source"], tuple(_field(each) for each in data["field"]))


def _field(data: dict[str, Any]) -> Field:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Field(**values)


def check(form: Form, answers: Mapping[str, object], collect_names: bool, zone_name: str, now_ms: int) -> Answers:
    """The answers in their own types, split by who may read them. An empty one is one not given.

    Raises `AnswersRefused` with a line for each answer that is missing, unknown or does not fit.
    """
    given = {key: answer for key, answer in answers.items() if answer is not None and answer != ""}
    asked = {field.key: field for field in form.asked(collect_names)}
    problems = []
    for key in given:
        if key not in asked:
            known = key in {field.key for field in form.fields}
            problems.append(Phrase("answer.names" if known else "answer.no_field", field=key, form=form.key))
    values: dict[str, object] = {}
    for field in asked.values():
        try:
            if field.key in given and field.required_if and values.get(field.required_if) is False:
                problems.append(Phrase("answer.not_asked", field=field.key, with_yes=field.required_if))
            elif field.key in given:
                values[field.key] = parse(field, given[field.key], zone_name, now_ms)
            elif field.required or (field.required_if and values.get(field.required_if) is True):
                problems.append(Phrase("answer.missing", field=field.key, label=field.label))
        except InputError as error:
            problems.append(Phrase("answer.unfit", field=field.key, error=error))
    if problems:
        raise AnswersRefused(problems)
    doses = values["doses"]
    assert isinstance(doses, int)
    return Answers(
        doses,
        {key: value for key, value in values.items() if not asked[key].protected},
        {key: value for key, value in values.items() if asked[key].protected},
    )


def parse(field: Field, answer: object, zone_name: str, now_ms: int) -> object:
    """One answer, typed or out of JSON, in the field's own type; an instant as ISO text with its offset.

    Raises `InputError` with what the field takes.
    """
    if field.type == "instant":
        if not isinstance(answer, str):
            raise InputError("answer.is_a_time")
        return clock.iso(clock.parse_past_instant(answer.strip(), zone_name, now_ms), zone_name)
    return _PARSERS[field.type](field, answer)


def _text(field: Field, answer: object) -> str:
    if not isinstance(answer, str) or not answer.strip().isprintable() or not 0 < len(answer.strip()) <= MAX_TEXT:
        raise InputError("answer.is_one_line", most=MAX_TEXT)
    return answer.strip()


def _told(field: Field, answer: object) -> dict[str, object]:
    """The answer that was refused, if everybody may read it: an error may end in a log."""
    return {} if field.protected else {"answer": answer}


def _yes_no(field: Field, answer: object) -> bool:
    word = str(answer).strip().lower()
    if word not in _YES + _NO:
        raise InputError("answer.is_yes_or_no", **_told(field, answer))
    return word in _YES


def _integer(field: Field, answer: object) -> int:
    text = str(answer).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    if number is None or not (field.minimum or 0) <= number <= (field.maximum or number):
        least, most = field.minimum, field.maximum
        raise InputError("answer.is_a_whole_number", least=least, most=most, **_told(field, answer))
    return number


def _choice(field: Field, answer: object) -> str:
    word = str(answer).strip().lower().replace(" ", "_").replace("-", "_")
    if word not in field.choices:
        raise InputError("answer.is_one_of", choices=field.choices, **_told(field, answer))
    return word


_PARSERS: dict[str, Callable[[Field, object], object]] = {
    "text": _text,
    "yes_no": _yes_no,
    "integer": _integer,
    "choice": _choice,
}
