"""What numbers and names may look like, however they come in: typed, scanned or in a file."""

import re

from host.errors import InputError


def number(what: str, text: str) -> str:
    """The number or name of a new `what`: can be typed, read aloud and printed on a label. Raises `InputError`."""
    if not re.fullmatch(r"\w[\w./-]{0,31}", text):
        raise InputError(f"{text!r} is no {what}: use 1 to 32 letters, digits, dots, dashes or slashes")
    return text


def line(what: str, text: str) -> str:
    """Words as they are printed on a pack: one line, spaces allowed. Raises `InputError`."""
    stripped = text.strip()
    if not stripped.isprintable() or not 0 < len(stripped) <= 60:
        raise InputError(f"{text!r} is no {what}: use one line of 1 to 60 characters")
    return stripped
