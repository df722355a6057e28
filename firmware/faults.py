"""Where a fault was caught: the aux of a FAULT record."""

START = 1
"""While the tag found out what had woken it."""
LOG = 2
"""While the log was opened or written."""
INPUT = 3
"""While pins or battery were read."""
RADIO = 4
"""In advertising."""
ADDRESS = 5
"""The radio kept its address, so the tag stayed silent."""
SESSION = 6
"""In a session with a station."""
