"""British English: every sentence that a person reads, by its code.

A sentence is a text with {fields}, or a function of them where a text is not enough. Dates, times, other phrases and
steps come to a function as they are written. After a colon stands a noun to count ({left:dose}), `and` or `or` between
the last two of a list, `times` or `bound`.
"""

from collections.abc import Callable
from datetime import date

from host import clock
from host.clock import Instant

Sentences = dict[str, str | Callable[..., str]]

NOUNS = {
    "count": ("count", "counts"),
    "day": ("day", "days"),
    "difference": ("difference", "differences"),
    "dose": ("dose", "doses"),
    "dose mark": ("dose mark", "dose marks"),
    "hour": ("hour", "hours"),
    "kit": ("kit", "kits"),
    "new record": ("new record", "new records"),
    "opening": ("opening", "openings"),
    "record": ("record", "records"),
    "row": ("row", "rows"),
}

JOINED = {"and": " and ", "or": " or "}


def day(on: date) -> str:
    """A date."""
    return on.isoformat()


def time(at: Instant) -> str:
    """A time, to the minute."""
    return clock.show(at.at_ms, at.zone)


# Whoever is at the terminal, what was typed: dates, numbers, settings, roles.

ACCESS: Sentences = {}

# The database and its key file.

STORE: Sentences = {}

# Stock: kits and their movements, lots, products, receiving, counting.

STOCK: Sentences = {
    "kit.expired": "kit {kit} expired on {expires_on}: never issue it, take another",
    "kit.recalled": "kit {kit} is of lot {lot}, which is recalled ({reason}): take another",
    "kit.quarantined": "kit {kit} is quarantined ({reason}): take another, or {release}",
    "kit.not_whole": "kit {kit} has {left} of {of} doses left: take a whole one",
    "kit.expires_soon": "kit {kit} expires on {expires_on}, in {days} days",
    "kit.put_aside": "put kit {kit} aside: {why:and}",
    "kit.aside_recalled": "its lot {lot} is recalled ({reason})",
    "kit.aside_quarantined": "it is quarantined ({reason})",
    "kit.aside_expired": "it expired on {expires_on}",
    "kit.another_first": "kit {kit} expires first, on {expires_on}: better issue that one",
    "kit.issue_was_reversed": (
        "an issue of kit {kit} was reversed: if this holder has had it since then, correct this one too and issue it "
        "with --at {since}, or openings since then are nobody's"
    ),
    "pouch.with_another": "pouch {pouch} {whom}",
    "pouch.also_holds": "pouch {pouch} also holds kit {kit}, which is in stock: issue or unload it",
    "officer.has_kit": "officer {officer} already has kit {kits:and}",
    "officer.left": "officer {officer} left on {left_on}: nothing is issued to leavers; if that is wrong, {back}",
    "officer.may_not_carry": (
        "officer {officer} is {role}: only {roles} carry kits (setting carry_roles), see {change}"
    ),
    "officer.of_no_role": (
        "officer {officer} is of no known role: only {roles} carry kits (setting carry_roles), see {change}"
    ),
    "officer.untrained": "no training is known for officer {officer}: it must come before carriage",
    "officer.training_lapsed": "training of officer {officer} lapsed on {until}: the refresher is due",
}

# Uses: openings, explanations, usage reports, forms, doses.

USAGE: Sentences = {}

# What does not agree, what expires, and what to do about it.

RECONCILE: Sentences = {}

# Tags: the dock, the radio, USB, firmware, the bench.

TAGS: Sentences = {}

# The command line's own: what was done, what is asked, what there is none of.

COMMANDS: Sentences = {}

SENTENCES: Sentences = {**ACCESS, **STORE, **STOCK, **USAGE, **RECONCILE, **TAGS, **COMMANDS}
"""Every sentence, by its code."""

# What an action is called where a face has no other way to show it.

STOCK_STEPS: Sentences = {
    "kit.release": "release the kit",
    "officer.back": "bring the officer back",
    "officer.role": "change the officer's role",
}

RECONCILE_STEPS: Sentences = {}

TAG_STEPS: Sentences = {}

STEPS: Sentences = {**STOCK_STEPS, **RECONCILE_STEPS, **TAG_STEPS}
"""Every action that a sentence may tell somebody to take, by its name."""
