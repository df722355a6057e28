"""Tests of the virtual station, with small programs in the real MicroPython in place of the firmware."""
