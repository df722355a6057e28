"""Power cuts in the life of a tag, model-checked; prints how many were tried, and four zeros.

By itself it tries a sample. A module `job` beside it may ask for a part of one of the long runs.
"""

# ruff: noqa: UP031  MicroPython subset

import power_model as model
import power_tries as tries

from kitwire import record

try:
    from job import JOB
except ImportError:
    JOB = ("sample",)


LIFE = (model.World, tries.SECTORS, tries.LIFE)


def sample():
    lived = tries.stages(model.enrolled(model.World, tries.SECTORS), tries.LIFE)[-1]
    kinds = sorted({record.TYPE_NAMES[plain.type] for plain in lived.done})
    print("a life of %d records, %d refused; %s" % (len(lived.done), lived.refused, " ".join(kinds)))
    report = tries.Report()
    tries.single_cuts(report, *LIFE, (0, len(tries.LIFE)), 0, 131)
    tries.pairs_of_cuts(report, *LIFE, tries.WRAP, False, 0, 53, 29)
    tries.pairs_of_cuts(report, *LIFE, tries.WRAP, True, 26, 53, 31)
    tries.random_life(report, model.World, 1, 60)
    return report


def part(what, *values):
    report = tries.Report()
    if what == "single":
        tries.single_cuts(report, *LIFE, (0, len(tries.LIFE)), *values)
    elif what == "pairs":
        tries.pairs_of_cuts(report, *LIFE, tries.PRESS, *values)
    elif what == "random":
        seed, lives, wakes = values
        for number in range(lives):
            tries.random_life(report, model.World, seed + number, wakes)
    return report


model.set_up(*model.SMALL)
try:
    found = sample() if JOB[0] == "sample" else part(*JOB)
finally:
    model.tear_down()
for line in found.lines():
    print(line)
