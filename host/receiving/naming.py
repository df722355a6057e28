"""What numbers and names may look like, however they come in: typed, scanned or in a file."""

import re

from host.errors import InputError


def number(what: str, text: str) -> str:
    """The number or name of a new `what`: can be typed, read aloud and printed on a label. Raises `InputError`."""
    told = repr(text if len(text) <= 40 else f"{text[:37]}...")
    if not re.fullmatch(r"\w[\w./-]{0,31}", text):
        raise InputError(f"{told} is no {what}: use 1 to 32 letters, digits, dots, dashes or slashes")
    if not text.isascii():
        from unicodedata import normalize

        # Full-width letters, ligatures and the like, which nobody can tell from plain ones on a label.
        if normalize("NFKC", text) != text:
            raise InputError(f"{told} is no {what}: write it in plain letters, {normalize('NFKC', text)}")
    return text


def line(what: str, text: str, most: int = 60) -> str:
    """Words as they are printed on a pack: one line of at most so many characters. Raises `InputError`."""
    stripped = text.strip()
    if not stripped.isprintable() or not 0 < len(stripped) <= most:
        raise InputError(f"{text!r} is no {what}: use one line of 1 to {most} characters")
    return stripped


def reason(text: str) -> str:
    """Why something was done, in a person's words. Raises `InputError`."""
    return line("reason", text, 200)
