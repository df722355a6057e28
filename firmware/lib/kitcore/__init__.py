"""What a tag decides, with no pin, flash chip or radio in it: the same on MicroPython and CPython.

    ring        the event log in raw flash, with its key ratchet and its recovery from a power cut
    server      the tag's side of a session: bytes in, bytes out
    tag         the tag itself: what is recorded, what a station can ask of it
    life        the state machine: what an input means, and what is kept over deep sleep
    signs       what light and buzzer say
    debounce    a level that has held still
    beacon      which advertisement is on the air, in which epoch
    battery     millivolts to percent and level
    device      what a session can ask of a tag

The edges that touch pins, flash and radio are in `firmware/`, one file each.
"""
