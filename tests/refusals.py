"""What tests of rules hold a refusal to: its code and its fields, not its sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from host.errors import KitdockError


@contextmanager
def refused(code: str, kind: type[KitdockError] = KitdockError, /, **fields: object) -> Iterator[None]:
    """The block is refused with this code, as this kind of error if that is said, and with at least these fields."""
    with pytest.raises(kind) as found:
        yield
    error = found.value
    assert (error.code, {name: error.fields.get(name) for name in fields}) == (code, fields), error.fields
