"""Numbers that Kitdock gives to kits: a prefix and a count, K-0001, K-0002, each given once."""

import re
from collections.abc import Iterable, Sequence

from host.errors import InputError
from host.phrase import Phrase

PREFIX = "K-"
"""What the numbers begin with at a station that has set nothing else."""

_DIGITS = 4
"""At least so many digits; after K-9999 comes K-10000."""
_HIGHEST = 9_999_999
"""A longer number was made up elsewhere and is not counted on from."""


def prefix(text: str) -> str:
    """What numbers may begin with. Raises `InputError`: a digit at its end could not be told from the count."""
    if not re.fullmatch(r"\w[\w./-]{0,19}", text) or text[-1].isdigit():
        raise InputError("typed.no_prefix", text=text)
    return text


def number(prefix: str, count: int) -> str:
    """The number of that count."""
    return f"{prefix}{count:0{_DIGITS}}"


def highest(prefix: str, taken: Iterable[str]) -> int:
    """The highest count among the numbers `taken` that `number` makes; 0 if there is none."""
    counts = (_count(prefix, each) for each in taken)
    return max((count for count in counts if count is not None), default=0)


def _count(prefix: str, text: str) -> int | None:
    digits = text.removeprefix(prefix)
    if not (text.startswith(prefix) and digits.isascii() and digits.isdigit() and len(digits) <= len(str(_HIGHEST))):
        return None
    return int(digits) if number(prefix, int(digits)) == text else None


def spans(numbers: Sequence[str]) -> Phrase:
    """The numbers in few words, in their order: K-0001 to K-0012, K-0020."""
    runs: list[list[str]] = []
    for each in numbers:
        if runs and _follows(runs[-1][-1], each):
            runs[-1].append(each)
        else:
            runs.append([each])
    told: list[str | Phrase] = []
    for run in runs:
        # Two in a row are as short one by one.
        told += run if len(run) < 3 else [Phrase("numbers.from_to", first=run[0], last=run[-1])]
    return Phrase("numbers.all", numbers=tuple(told))


def _follows(before: str, after: str) -> bool:
    stem = re.sub(r"[0-9]+$", "", before)
    count = _count(stem, before)
    return count is not None and after == number(stem, count + 1)
