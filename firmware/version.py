"""The firmware's version, once."""

MAJOR = 0
MINOR = 1
