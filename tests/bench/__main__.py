"""Runs the benchmarks; names on the command line choose some.

They are ingest, docking, start, clock, budgets, charge, adverts, host, shift, and quartermaster, which takes some
minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench import adverts, budgets, charge, clock, docking, host_time, ingest, quartermaster, shift, start
from tests.bench.result import table, write

SUITES = {
    "ingest": ingest.run,
    "docking": docking.run,
    "start": start.run,
    "clock": clock.run,
    "budgets": budgets.run,
    "charge": charge.run,
    "quartermaster": quartermaster.run,
    "adverts": adverts.run,
    "host": host_time.run,
    "shift": shift.run,
}
OUTPUT = Path("build/bench.json")

if __name__ == "__main__":
    chosen = sys.argv[1:] or list(SUITES)
    results = []
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        results.extend(SUITES[name]())
    write(results, OUTPUT)
    print(table(results))
    print(f"\nwritten to {OUTPUT}")
    sys.exit(0 if all(each.met for each in results) else 1)
