"""What is said, before it is words: a code with the fields of its sentence. `host.words` makes the sentence of it."""

from collections.abc import Mapping
from typing import Any


class Phrase:
    """Something to say: the `code` of a sentence, such as kit.expired, and its `fields`.

    A field may be a date, a `host.clock.Instant`, another phrase, an error, or a `NextStep`: each is written as
    people of that language write it. Two phrases are equal if they say the same.
    """

    __slots__ = ("code", "fields")

    def __init__(self, code: str, /, **fields: Any) -> None:
        self.code = code
        self.fields: Mapping[str, Any] = fields

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._key() == self._key()

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        told = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        return f"{type(self).__name__}({self.code!r}{told})"

    def __str__(self) -> str:
        """The sentence, as a program that is no face says it."""
        from host import words

        return words.told(self)

    def _key(self) -> tuple[Any, ...]:
        return self.code, dict(self.fields)


class NextStep(Phrase):
    """What to do next: an `action`, named as in the rights (`host.access.roles`) or as a question that can be asked.

    Each face shows it its own way: the command line as a command, a page as a button. `code` names the sentence
    around it, in which {step} is the step; without one there is no more to say than the step itself.
    """

    __slots__ = ("action",)

    def __init__(self, action: str, code: str = "", /, **fields: Any) -> None:
        super().__init__(code, **fields)
        self.action = action

    def __repr__(self) -> str:
        told = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        return f"NextStep({self.action!r}, {self.code!r}{told})"

    def _key(self) -> tuple[Any, ...]:
        return self.action, self.code, dict(self.fields)
