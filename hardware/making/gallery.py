"""The pictures that the documents show, and of what they were made.

`make hardware` draws them all anew. One is replaced only when something it was made of has changed: drawing twice
does not give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from hardware.checks import Result

FOLDER = Path(__file__).parents[1] / "pictures"
MADE_OF = FOLDER / "made_of.json"
"""For each picture, the SHA-256 of what it was made of."""


def digest(sources: list[Path]) -> str:
    """One SHA-256 over the content of `sources`."""
    whole = hashlib.sha256()
    for source in sorted(sources):
        whole.update(hashlib.sha256(source.read_bytes()).digest())
    return whole.hexdigest()


def keep(drawn: dict[Path, list[Path]], folder: Path = FOLDER) -> list[str]:
    """Replace the committed pictures that are out of date by those `drawn` (with their sources); their names."""
    record = folder / MADE_OF.name
    known = _known(record)
    replaced = []
    for picture, sources in drawn.items():
        now = digest(sources)
        if known.get(picture.name) != now or not (folder / picture.name).exists():
            shutil.copyfile(picture, folder / picture.name)
            known[picture.name] = now
            replaced.append(picture.name)
    record.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return replaced


def _known(record: Path) -> dict[str, str]:
    """What the record says; of one that is missing or damaged: nothing, so that every picture is drawn anew."""
    try:
        known = json.loads(record.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def check(wanted: dict[str, list[Path]], folder: Path = FOLDER) -> Result:
    """See that each committed picture is one of `wanted` (name to sources), and was made of them as they are now."""
    known = _known(folder / MADE_OF.name)
    there = {path.name for path in folder.glob("*.png")}
    faults = [f"{name} is missing; `make hardware` draws it" for name in sorted(set(wanted) - there)]
    faults += [f"nothing draws {name}; remove it" for name in sorted(there - set(wanted))]
    faults += [
        f"{name} shows what was before; `make hardware` draws it anew"
        for name, sources in sorted(wanted.items())
        if name in there and known.get(name) != digest(sources)
    ]
    return Result(faults, {"pictures": f"{len(there)} pictures"})
