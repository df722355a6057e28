"""What a test has found out, told at the end of the run whichever process ran it: see `tell` in conftest."""

from collections.abc import Callable

Tell = Callable[[str], None]
"""Takes one line."""

PROPERTY = "told"
"""The property of a test's report that carries a line."""
