"""What is tried on the tag of `power_model`: traces of its life, cuts anywhere in them, and what came of it.

A trace is a list of wakes. Runs on both interpreters.
"""

# ruff: noqa: UP031, RUF005, SIM105  MicroPython subset

from nor import PowerCut, Random
from power_model import LOOP, ZEROS, Violation, enrolled, run_wake

from kitcore import ring

SECTORS = 3

LIFE = (
    (),
    ("open",),
    ("press",),
    ("press",),
    ("close",),
    ("dock", "session"),
    ("open", "close", "session"),
    ("undock",),
    ("day",),
    ("open", "close"),
    ("dock", "session", "config", "session"),
    ("undock", "open"),
    ("press",),
    ("weak", "close"),
    ("open",),
    ("close",),
    ("open",),
    ("press",),
    ("close",),
    ("dock", "session"),
    ("open",),
    ("undock",),
    ("charged", "close"),
    ("open", "press", "press", "close"),
    ("day", "warm"),
    ("dock", "open", "close", "session"),
    ("undock",),
    ("open",),
    ("close",),
)
"""Every kind of record, dockings, a battery too weak to erase, three times round the small ring."""
WRAP = (10, 13)
"""Wakes of `LIFE` in which the small ring comes round: a docking, the lid, the button."""
PRESS = (12, 13)
"""The last of them alone: a dose mark that needs a new sector, for which three records give way."""
LONG = ((),) + (("open",), ("close",)) * 71 + LIFE[1:8]
LONG_WRAP = (143, 150)
"""The same beginning of life in a ring of real sectors, about to come round for the first time."""
AFTERWARDS = ("charged", "dock", "session")
"""What brings whatever has happened to an end: a docking."""


def stages(world, trace):
    """`world` as it is before each wake of `trace`, and after the last."""
    found = [world.copy()]
    for wake in trace:
        run_wake(world, wake)
        found.append(world.copy())
    return found


def steps_of(before, wake):
    """Steps that `wake` takes."""
    world = before.copy()
    run_wake(world, wake)
    return world.flash.steps


def cut(before, wake, at, keeps_rtc, smear):
    """`before` after a `wake` in which the power went before step `at`; if there is none, after the wake."""
    world = before.copy()
    world.flash.cut_at = at
    world.flash.smear = Random(at + 1) if smear else None
    try:
        run_wake(world, wake)
    except PowerCut:
        pass
    world.lose_power(keeps_rtc)
    return world


class Report:
    """How many cuts were tried, and what was found; `found` describes the first few."""

    def __init__(self):
        self.tried = 0
        self.counts = dict.fromkeys(ZEROS, 0)
        self.found = []

    def attempt(self, name, tried, *given):
        """Count a cut, and watch what comes of it."""
        self.tried += 1
        return self.watch(name, tried, *given)

    def watch(self, name, tried, *given):
        """What `tried(*given)` gives; None, and it is counted, if it finds what must not be."""
        try:
            return tried(*given)
        except Violation as violation:
            kind, text = violation.args
        except Exception as error:  # noqa: BLE001  whatever it is, the tag does not start
            kind, text = LOOP, repr(error)
        self.counts[kind] += 1
        if len(self.found) < 5:
            self.found.append("%s: %s: %s" % (name, kind, text))
        return None

    def lines(self):
        """What a run ends with."""
        return ["cuts tried: %d" % self.tried] + ["%s: %d" % (kind, self.counts[kind]) for kind in ZEROS] + self.found


def cut_and_go_on(before, wake, where, following):
    """Cut; then start again, live through the wakes `following`, dock, start once more."""
    world = cut(before, wake, *where)
    for next_wake in ((),) + following + (AFTERWARDS, ()):
        run_wake(world, next_wake)


VARIANTS = ((False, False), (True, False), (False, True), (True, True))
"""Whether RTC memory outlives the cut, whether the step under way is smeared."""


def single_cuts(report, kind, sectors, trace, window, part, parts):
    """Each cut in the wakes of `window` of `trace`, or of `parts` equal parts of them the one numbered `part`."""
    before = stages(enrolled(kind, sectors), trace)
    number = 0
    for index in range(*window):
        for at in range(steps_of(before[index], trace[index]) + 1):
            for keeps_rtc, smear in VARIANTS:
                number += 1
                if number % parts != part:
                    continue
                report.attempt(
                    "wake %d, step %d, RTC %d, smear %d" % (index, at, keeps_rtc, smear),
                    cut_and_go_on,
                    before[index],
                    trace[index],
                    (at, keeps_rtc, smear),
                    trace[index + 1 : index + 3],
                )


def pairs_of_cuts(report, kind, sectors, trace, window, keeps_rtc, part, parts, stride):
    """Pairs of a cut in `window` of `trace` and one in the next start or the wake after it.

    Of the first cuts the part numbered `part` of `parts`, with each of them every `stride`th second one.
    """
    before = stages(enrolled(kind, sectors), trace[: window[1]])
    number = 0
    for index in range(*window):
        for at in range(steps_of(before[index], trace[index]) + 1):
            number += 1
            if number % parts != part:
                continue
            torn = cut(before[index], trace[index], at, keeps_rtc, False)
            for again, wake in enumerate(((), trace[index + 1])):
                for second in range(number % stride, steps_of(torn, wake) + 1, stride):
                    report.attempt(
                        "wake %d, step %d, then %d, step %d, RTC %d" % (index, at, again, second, keeps_rtc),
                        cut_and_go_on,
                        torn,
                        wake,
                        (second, keeps_rtc, False),
                        trace[index + 1 : index + 2],
                    )
                run_wake(torn, wake)


WAKES = LIFE + (("weak",), ("charged",), ("press", "press"), ("dock",), AFTERWARDS)


def random_life(report, kind, seed, wakes):
    """`wakes` wakes of a tag that lives at random and whose power goes in every fourth, or thereabouts."""
    random = Random(seed * 2654435761 + 1)
    ring.SLOTS, ring.SECTOR = 3 + random.below(5), 1024
    world = enrolled(kind, 3 + random.below(3))
    in_a_row = 0
    for number in range(wakes):
        name = "seed %d, wake %d" % (seed, number)
        wake = WAKES[random.below(len(WAKES))]
        if random.below(4) == 0 and in_a_row < 3:
            in_a_row += 1
            at, keeps_rtc, smear = random.below(240), random.below(2), random.below(2)
            world = report.attempt(name, cut, world, wake, at, keeps_rtc, smear)
        else:
            in_a_row = 0
            world = report.watch(name, lived, world, wake)
        if world is None:
            return


def lived(world, wake):
    """`world` after a whole `wake`."""
    run_wake(world, wake)
    return world
