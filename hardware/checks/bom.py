"""The bill of materials: every part can be bought, and what was exported is what the build has."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

from hardware.checks import Result
from hardware.parts import Circuit

WANTED = ("Manufacturer", "MPN", "Alternates")
"""Fields of every part. `Alternates`: "Manufacturer MPN; Manufacturer MPN", or "none: why"."""
NO_REASON = re.compile(r"\s*none\W*", re.IGNORECASE)


def check(circuit: Circuit) -> Result:
    """See that every part of `circuit` says what to buy, and alike where it says the same part."""
    result = Result()
    bought = {ref: part for ref, part in circuit.parts.items() if part.bought}
    by_mpn: dict[str, tuple[str, str]] = {}
    for ref, part in sorted(bought.items()):
        for name in WANTED:
            if not part.fields.get(name, "").strip():
                result.faults.append(f"{ref} ({part.value}) has no {name}")
        if NO_REASON.fullmatch(part.fields.get("Alternates", "")):
            result.faults.append(f"{ref} ({part.value}) has no alternate, and does not say why")
        mpn = part.fields.get("MPN", "")
        first, value = by_mpn.setdefault(mpn, (ref, part.value))
        if mpn and value != part.value:
            result.faults.append(f"{first} and {ref} are both {mpn}, but one is {value} and the other {part.value}")
    result.figures["parts"] = f"{len(bought)} parts, {len(by_mpn)} part numbers"
    return result


def check_export(circuit: Circuit, path: Path) -> Result:
    """Hold the BOM exported to `path` (CSV with Reference, MPN and Quantity) against the parts of `circuit`."""
    told: Counter[tuple[str, str]] = Counter()
    miscounted = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            refs = row["Reference"].replace(" ", "").split(",")
            if row["Quantity"] != str(len(refs)):
                miscounted.append(f"the BOM wants {row['Quantity']} of {row['MPN']} for {len(refs)} parts")
            for ref in refs:
                told[ref, row["MPN"]] += 1
    there = Counter((ref, part.fields.get("MPN", "")) for ref, part in circuit.parts.items() if part.bought)
    faults = [f"the BOM lacks {ref} {mpn}" for ref, mpn in sorted((there - told).elements())]
    faults += [f"the BOM has {ref} {mpn}, which the board has not" for ref, mpn in sorted((told - there).elements())]
    faults += miscounted
    return Result(faults, {"lines": f"{len({mpn for _, mpn in told})} lines for {sum(told.values())} parts"})
