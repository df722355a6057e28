"""What numbers and names may look like, however they come in: typed, scanned or in a file."""

import re

from host.errors import InputError
from host.phrase import Phrase

_NAMED = {
    "collar number": Phrase("named.collar_number"),
    "counter": Phrase("named.counter"),
    "kit number": Phrase("named.kit_number"),
    "document": Phrase("named.document"),
    "login": Phrase("named.login"),
    "lot": Phrase("named.lot"),
    "name": Phrase("named.name"),
    "place": Phrase("named.place"),
    "pouch": Phrase("named.pouch"),
    "product": Phrase("named.product"),
    "reason": Phrase("named.reason"),
    "role": Phrase("named.role"),
    "serial": Phrase("named.serial"),
    "station": Phrase("named.station"),
    "unit": Phrase("named.unit"),
}
"""What numbers and names there are; a column of a file is named as it is there."""


def number(what: str, text: str) -> str:
    """The number or name of a new `what`: can be typed, read aloud and printed on a label. Raises `InputError`."""
    told = repr(text if len(text) <= 40 else f"{text[:37]}...")
    if not re.fullmatch(r"\w[\w./-]{0,31}", text):
        raise InputError("named.no_number", text=told, what=_NAMED.get(what, what))
    if not text.isascii():
        from unicodedata import normalize

        # Full-width letters, ligatures and the like, which nobody can tell from plain ones on a label.
        if normalize("NFKC", text) != text:
            plain = normalize("NFKC", text)
            raise InputError("named.not_plain", text=told, what=_NAMED.get(what, what), plain=plain)
    return text


def line(what: str, text: str, most: int = 60) -> str:
    """Words as they are printed on a pack: one line of at most so many characters. Raises `InputError`."""
    stripped = text.strip()
    if not stripped.isprintable() or not 0 < len(stripped) <= most:
        raise InputError("named.no_line", text=text, what=_NAMED.get(what, what), most=most)
    return stripped


def reason(text: str) -> str:
    """Why something was done, in a person's words. Raises `InputError`."""
    return line("reason", text, 200)
