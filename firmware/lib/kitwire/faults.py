"""What the 16-bit aux of a FAULT record says.

    aux below 1024      one of the codes below
    otherwise           where an exception came from: number of the module * 1024 + line

A module's number is its place in `MODULES`, from 1; a new one goes to the end, so that old records keep
their meaning. A line beyond 1023 is given as 1023.
"""

ADDRESS = 1
"""The radio kept its address through every attempt to change it, so the tag stayed silent."""
WATCHDOG = 2
"""The program had stopped, and the watchdog started it again."""
WEAK = 3
"""The battery was too low to erase flash, so an event could not be recorded."""
SAFE = 4
"""Faults came again and again: the tag went into safe mode."""
TRACKING = 5
"""Profile `open` was set without the consent that it needs: the tag went on as `docked`."""
TEMPERATURE = 6
"""A reading of the temperature reset the chip, or did not come back: none is taken until a station asks anew."""
CONFIG = 64
"""Plus the number of an item of `config`, 1 to 63: its value in the tag's memory made no sense, so the default
was taken."""
UNKNOWN = 1023
"""An exception from a place that is not in `MODULES`."""

_TEXTS = {
    ADDRESS: "the radio kept its address, so the tag stayed silent",
    WATCHDOG: "the program had stopped and was started again",
    WEAK: "the battery was too low to erase flash: an event was not recorded",
    SAFE: "faults came again and again: safe mode",
    TRACKING: "profile open was set without consent to tracking",
    TEMPERATURE: "reading its temperature restarted the chip: it has stopped doing so",
    UNKNOWN: "an exception in an unknown place",
}

MODULES = (
    "main",
    "wake",
    "awake",
    "link",
    "radio",
    "board",
    "settings",
    "clock",
    "level",
    "lid",
    "button",
    "dock",
    "battery",
    "indicator",
    "flash_log",
    "watchdog",
    "provision",
    "wired",
    "version",
    "kitcore/life",
    "kitcore/tag",
    "kitcore/ring",
    "kitcore/server",
    "kitcore/beacon",
    "kitcore/signs",
    "kitcore/debounce",
    "kitcore/battery",
    "kitwire/record",
    "kitwire/advert",
    "kitwire/session",
    "kitwire/ccm",
    "kitwire/aes",
    "kitwire/kdf",
    "kitwire/keys",
    "kitwire/config",
    "kitwire/faults",
    "air",
    "safe",
    "pads",
    "antenna",
    "rescue",
    "stop",
    "thermometer",
)
"""Every module that a tag runs, without its ending."""

_LINES = 1024


def place(module: str, line: int) -> int:
    """The aux of an exception at `line` of `module`, a name in `MODULES`; `UNKNOWN` for another one."""
    if module not in MODULES:
        return UNKNOWN
    return (MODULES.index(module) + 1) * _LINES + min(line, _LINES - 1)


def place_of(traceback: str) -> int:
    """The aux of the exception whose `traceback` MicroPython printed: the innermost place of it that is in `MODULES`.

    It knows modules by the ends of their paths, so it doesn't matter where they were loaded from.
    """
    found = UNKNOWN
    for line in traceback.split("\n"):
        parts = line.strip().split('"')
        if len(parts) != 3 or parts[0] != "File ":
            continue
        path = parts[1][: parts[1].rindex(".")] if "." in parts[1] else parts[1]
        name = "/".join(path.split("/")[-2:])
        if name not in MODULES:
            name = path.split("/")[-1]
        number = parts[2].split("line ")[-1].split(",")[0].strip()
        if name in MODULES and number.isdigit():
            found = place(name, int(number))
    return found


def describe(aux: int) -> str:
    """What `aux` says, for a person."""
    number, line = aux // _LINES, aux % _LINES
    if number:
        if number > len(MODULES):
            return "exception in module %d, line %d" % (number, line)
        return "exception in %s, line %d" % (MODULES[number - 1], line)
    if CONFIG < aux <= CONFIG + 63:
        return "configuration item %d made no sense: default taken" % (aux - CONFIG)
    return _TEXTS.get(aux, "fault %d" % aux)
