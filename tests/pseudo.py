"""A second language made out of the first: British English with every letter in accents and all of it in ⟦brackets⟧.

What is put into a sentence stays as it is. So whatever a face shows without brackets is data, or was not said in words
of the language.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import wraps
from string import Formatter

from host.words import BRITISH, Language, Sentence, _When

OPEN, CLOSE = "⟦", "⟧"
MARKED = re.compile(f"{OPEN}[^{CLOSE}]*{CLOSE}")

_ACCENTED = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀćďéƒǵĥíĵķĺḿńóƥɋŕśťúṽẃẋýźÁɃĆĎÉƑǴĤÍĴĶĹḾŃÓƤɊŔŚŤÚṼẂẊÝŹ",
)
_WORD = re.compile(r"[a-z_]+")
"""What a function of fields takes for a word of its own language, if it is a field: a code, such as leave_behind."""


def marked(text: str) -> str:
    """The text as this language has it. Lines stay lines, and blanks at their ends stay outside.

    A line of click's own sign, after which lines stay as they are, is no text.
    """
    return "\n".join(_marked_line(line) for line in text.split("\n"))


def _marked_line(line: str) -> str:
    stripped = line.strip()
    if stripped in ("", "\b"):
        return line
    begins = line.index(stripped)
    return f"{line[:begins]}{OPEN}{stripped.translate(_ACCENTED)}{CLOSE}{line[begins + len(stripped) :]}"


def _text(sentence: str) -> str:
    """A text with its fields, which are not touched."""
    parts = []
    for literal, field, spec, conversion in Formatter().parse(sentence):
        parts.append(marked(literal).replace("{", "{{").replace("}", "}}"))
        if field is not None:
            parts.append(f"{{{field}{f'!{conversion}' if conversion else ''}{f':{spec}' if spec else ''}}}")
    return "".join(parts)


def _function(sentence: Callable[..., str]) -> Callable[..., str]:
    """A function of the same fields, whose result is marked except for what was put in."""

    @wraps(sentence)
    def made(**fields: object) -> str:
        return _around(sentence(**fields), _data(fields.values()))

    return made


def _data(values: Iterable[object]) -> set[str]:
    """The texts among the fields that are no words of the language."""
    found = set()
    for value in values:
        if isinstance(value, list):
            found |= _data(value)
        elif isinstance(value, _When):
            found |= {format(value, form) for form in ("", "on", "lately", "month")}
        elif value is not None and not isinstance(value, int | float) and not _WORD.fullmatch(str(value)):
            found.add(str(value))
    return {each for each in found if each.strip()}


def _around(text: str, data: set[str]) -> str:
    """The text, marked around the data in it."""
    if not data:
        return marked(text)
    kept = re.compile("|".join(map(re.escape, sorted(data, key=len, reverse=True))))
    told, at = [], 0
    for found in kept.finditer(text):
        told += [marked(text[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*told, marked(text[at:])])


def _sentence(sentence: Sentence) -> Sentence:
    return _function(sentence) if callable(sentence) else _text(sentence)


def _day(on: date, form: str) -> str:
    return marked(BRITISH.day(on, form))


def _time(at: datetime, form: str) -> str:
    return marked(BRITISH.time(at, form))


def _plural(count: int, *forms: str) -> str:
    return f"{count} {forms[0] if count == 1 else forms[1]}"


PSEUDO = Language(
    sentences={code: _sentence(each) for code, each in BRITISH.sentences.items()},
    steps={action: _sentence(each) for action, each in BRITISH.steps.items()},
    headings={code: marked(each) for code, each in BRITISH.headings.items()},
    help={name: marked(each) for name, each in BRITISH.help.items()},
    nouns={noun: (marked(forms[0]), marked(forms[1])) for noun, forms in BRITISH.nouns.items()},
    joined={word: marked(each) for word, each in BRITISH.joined.items()},
    day=_day,
    time=_time,
    plural=_plural,
    times=lambda count: marked(BRITISH.times(count)),
    bound=lambda error_ms: marked(BRITISH.bound(error_ms)),
)
"""The second language."""


def fields_of(sentence: Sentence) -> tuple[set[str], set[str]]:
    """The fields that a sentence needs, and all that it takes; with {"*"} it takes whatever there is."""
    if not callable(sentence):
        named = {field for _, field, _, _ in Formatter().parse(sentence) if field}
        return named, named | {"*"}
    parameters = inspect.signature(sentence).parameters.values()
    anything = any(each.kind is each.VAR_KEYWORD for each in parameters)
    named = {each.name for each in parameters if each.kind is not each.VAR_KEYWORD}
    needed = {each.name for each in parameters if each.name in named and each.default is each.empty}
    return needed, named | ({"*"} if anything else set())
