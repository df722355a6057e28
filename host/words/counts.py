"""Counts and bounds in words."""


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun: 1 dose, 2 doses; `nouns` where that is not done with an s."""
    return f"{count} {noun if count == 1 else nouns or noun + 's'}"


def times(count: int) -> str:
    """How often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def bound(error_ms: int) -> str:
    """How far off a time may be, rounded up to whole seconds, minutes or hours."""
    for unit, size_ms in (("s", 1000), ("min", 60_000)):
        if error_ms <= 120 * size_ms:
            return f"{-(-error_ms // size_ms)} {unit}"
    return f"{-(-error_ms // 3_600_000)} h"
