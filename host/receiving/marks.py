"""The mark of an entry of the journal, as somebody types what was written down or read out."""

import re

from host.access.journal import MARK_DIGITS, MARK_SIZE, grouped

_MARK = re.compile(rf"(\d{{1,18}})[-\s]+((?:[{MARK_DIGITS}][-\s]*){{{MARK_SIZE}}})")
_LOOKS_LIKE = str.maketrans("OIL", "011")


def read_mark(text: str) -> str | None:
    """A mark as it is shown to people; None if the text is none.

    Letters may be of any size, with blanks or hyphens between them; O counts as 0, I and L as 1.
    """
    found = _MARK.fullmatch(text.strip().upper().translate(_LOOKS_LIKE))
    return grouped(int(found[1]), re.sub(r"[-\s]", "", found[2])) if found else None
