"""`make hardware`: makes every artefact of the hardware and checks everything; names on the command line choose steps.

What needs a program that is not there is skipped and named. A step that cannot be taken, as its files are damaged or
the folder cannot be written, is faulty, and the others are taken anyway. Exit status: 0 if nothing is wrong,
1 if something is, 2 if a name is not one of a step, 130 if it was interrupted. In CI (where the variable CI is set) a
step that is skipped is something wrong: nobody reads what was not checked.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable

from hardware.checks import Result
from hardware.errors import HardwareError, MissingTool
from hardware.steps import BUILD, STEPS

NOT_TAKEN = (HardwareError, OSError, subprocess.SubprocessError)
"""What keeps a step from being taken, and is no mistake of the program."""


def run(steps: dict[str, Callable[[], Result]]) -> int:
    """Take each step, say what it found, and return the exit status."""
    faulty, skipped = [], []
    for name, step in steps.items():
        began = time.monotonic()
        try:
            result = step()
        except MissingTool as missing:
            skipped.append(name)
            print(f"skipped  {name}: {missing}", flush=True)
            continue
        except NOT_TAKEN as error:
            result = Result([" ".join(str(error).split())])
        verdict = "FAULTY" if result.faults else "passed"
        print(f"{verdict:<8} {name} ({time.monotonic() - began:.0f} s)", flush=True)
        for what, figure in result.figures.items():
            _say(9 * " ", f"{what}: {figure}")
        for fault in result.faults:
            _say("   !     ", fault)
        if result.faults:
            faulty.append(name)
    print(f"\n{len(steps) - len(faulty) - len(skipped)} of {len(steps)} steps passed. What was made is in {BUILD}/.")
    if skipped:
        print(f"SKIPPED, not checked: {', '.join(skipped)}")
    if faulty:
        print(f"FAULTY: {', '.join(faulty)}")
    if skipped and os.environ.get("CI"):
        print("In CI every step must be taken.")
        return 1
    return 1 if faulty else 0


def _say(margin: str, text: str) -> None:
    """Print `text` beside a margin, folded to the terminal's width."""
    width = shutil.get_terminal_size().columns
    print(textwrap.fill(text, width, initial_indent=margin, subsequent_indent=11 * " ", break_long_words=False))


def main() -> int:
    """Take the steps that the command line names, or all."""
    unknown = [name for name in sys.argv[1:] if name not in STEPS]
    if unknown:
        print(f"no step is called {unknown[0]!r}; there are: {', '.join(STEPS)}", file=sys.stderr)
        return 2
    try:
        return run({name: STEPS[name] for name in sys.argv[1:] or STEPS})
    except KeyboardInterrupt:
        print("\ninterrupted: nothing is said of the steps that are not told above", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
