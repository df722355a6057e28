"""Every sentence that a person reads: one file for each language, beside this one.

A `Phrase` or an error comes in with a code and fields, a sentence goes out. What to do next is shown by the face that
says it: as a command in a terminal, as a button on a page.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from string import Formatter
from typing import Any, NamedTuple

from host import clock
from host.clock import Instant
from host.errors import KitdockError
from host.phrase import NextStep, Phrase
from host.words import counts, en_GB
from host.words.counts import plural

__all__ = ["BRITISH", "Language", "bound", "heading", "help_of", "plural", "summary", "told", "use", "written"]

Sentence = str | Callable[..., str]
"""A text with {fields}, or what makes one of the fields, as they are written, where a text is not enough."""


class Language(NamedTuple):
    """What a language file holds.

    sentences  by code
    steps      what an action is called where a face has no other way to show it, by action
    headings   what stands over a column or before a row, by code
    help       what the command line says of a command or an option, by its name
    nouns      one and several, by the noun as it stands after the colon of a field: {left:dose}
    joined     what stands between the last two of a list, by the word after the colon: {kits:and}; and between all
               others, by no word
    day, time  how a date and a local time are written: by themselves (""), in a sentence ("on": on 30 Nov 2026), and
               in one that is read at once ("lately": yesterday at 10:02); of a day, its month ("month":
               November 2026)
    plural     how a count is written with its noun, of which it gets the forms
    times      how often something was
    bound      how far off a time may be
    """

    sentences: Mapping[str, Sentence]
    steps: Mapping[str, Sentence]
    headings: Mapping[str, str]
    help: Mapping[str, str]
    nouns: Mapping[str, tuple[str, str]]
    joined: Mapping[str, str]
    day: Callable[[date, str], str]
    time: Callable[[datetime, str], str]
    plural: Callable[..., str]
    times: Callable[[int], str]
    bound: Callable[[int], str]


BRITISH = Language(
    sentences=en_GB.SENTENCES,
    steps=en_GB.STEPS,
    headings=en_GB.HEADINGS,
    help=en_GB.HELP,
    nouns=en_GB.NOUNS,
    joined=en_GB.JOINED,
    day=en_GB.day,
    time=en_GB.time,
    plural=counts.plural,
    times=counts.times,
    bound=counts.bound,
)
"""British English."""

_in_use = BRITISH


def use(language: Language) -> Language:
    """Speaks `language` from now on; returns the one that was spoken before."""
    global _in_use
    before, _in_use = _in_use, language
    return before


def told(what: Phrase | KitdockError, face: Callable[[NextStep], str] | None = None) -> str:
    """The sentence of a phrase or an error; `face` shows a step, None: by its name in the language.

    Raises `KeyError` if the language has no such sentence or the phrase no such field.
    """
    fields = {name: _written(value, face) for name, value in what.fields.items()}
    if isinstance(what, NextStep):
        fields["step"] = _step(what, fields, face)
        if not what.code:
            return str(fields["step"])
    sentence = _filled(_in_use.sentences[what.code], fields)
    if isinstance(what, KitdockError) and what.meant is not None:
        stop = "" if sentence.endswith((".", "?", "!")) else "."
        sentence += f"{stop} {told(what.meant, face)}"
    return sentence


def heading(code: str) -> str:
    """What stands over a column, before a row or in a cell; a code without a heading is shown as it is."""
    return _in_use.headings.get(code, code)


def help_of(command: str, option: str = "") -> str:
    """What the help says of a command, such as kit issue, or of an option of it.

    An option has its text by the command, by the group or by itself: the nearest counts. Raises `KeyError` if the
    language has none.
    """
    names = command.split()
    keys = [" ".join([*names[:count], option]) for count in range(len(names), -1, -1)] if option else [command]
    return _in_use.help[next((key for key in keys if key in _in_use.help), keys[-1])]


def commands() -> list[str]:
    """The names of all commands that the help knows, such as kit issue."""
    return [name for name in _in_use.help if name and "-" not in (name[0], name.rpartition(" ")[2][0])]


def summary(command: str) -> str:
    """The first sentence of what the help says of a command."""
    sentence, more, _ = help_of(command).partition("\n")[0].partition(". ")
    return sentence + "." if more else sentence


def written(value: date | Instant, form: str = "") -> str:
    """A day, a local time or an `Instant` as it is written by itself, or in another form (`Language`)."""
    return _when(value, form)


def bound(error_ms: int) -> str:
    """How far off a time may be."""
    return _in_use.bound(error_ms)


def _step(step: NextStep, fields: Mapping[str, Any], face: Callable[[NextStep], str] | None) -> str:
    return face(step) if face is not None else _filled(_in_use.steps[step.action], fields)


def _written(value: Any, face: Callable[[NextStep], str] | None) -> Any:
    """A field as people write it. Numbers, texts and lists stay as they are, until their place is known."""
    if isinstance(value, NextStep) and not value.code:
        return _step(value, {name: _written(each, face) for name, each in value.fields.items()}, face)
    if isinstance(value, Phrase | KitdockError):
        return told(value, face)
    if isinstance(value, Instant | date):
        return _When(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(each, face) for each in value]
    return value


class _When(str):
    """A day or an instant as it is written by itself; {at:on} and {at:lately} write it as a sentence needs it."""

    __slots__ = ("value",)
    value: date | Instant

    def __new__(cls, value: date | Instant) -> "_When":
        made = super().__new__(cls, _when(value, ""))
        made.value = value
        return made

    def __format__(self, format_spec: str) -> str:
        return (
            _when(self.value, format_spec)
            if format_spec in ("on", "lately", "month")
            else super().__format__(format_spec)
        )


def _when(value: date | Instant, form: str) -> str:
    if isinstance(value, Instant):
        value = clock.local(value.at_ms, value.zone)
    return _in_use.time(value, form) if isinstance(value, datetime) else _in_use.day(value, form)


def _filled(sentence: Sentence, fields: Mapping[str, Any]) -> str:
    return sentence(**fields) if callable(sentence) else _FORMATTER.vformat(sentence, (), fields)


class _Formatter(Formatter):
    """Fills a text: {left:dose} is a count with its noun, {kits:and} a list, {error_ms:bound} a bound in time.

    {at:on} and {at:lately} are a day or an instant in a sentence.
    """

    def format_field(self, value: Any, format_spec: str) -> str:
        """A field at its place in the text."""
        if format_spec == "times":
            return _in_use.times(value)
        if format_spec == "bound":
            return _in_use.bound(value)
        if format_spec in _in_use.nouns:
            return _in_use.plural(value, *_in_use.nouns[format_spec])
        if isinstance(value, list) or (format_spec and format_spec in _in_use.joined):
            return _listed(value, _in_use.joined[format_spec])
        return str(format(value, format_spec))


_FORMATTER = _Formatter()


def _listed(values: Sequence[object], last: str) -> str:
    *first, end = map(str, values or [""])
    return f"{_in_use.joined[''].join(first)}{last}{end}" if first else end
