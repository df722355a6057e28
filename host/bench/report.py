"""What the bench has found, in one JSON file that is whole after each step.

    {"form": 1,                 of this file
     "kitdock": "0.1.0",
     "began": "2026-11-30T15:00:00+00:00", "changed": ...,
     "board": {"chip": 8 digits by which the same board is known again, "micropython", "machine", "firmware", ...},
     "have": ["wires", "dmm"],
     "steps": [{"id": "F1", "status": "passed", "failed" or "not done", "at", "said", "found": {...}, "tries": 1}]}

There is nothing in it of keys, of logs or of people.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from host.bench import procedure
from host.errors import InputError
from host.sheets.whole import write_whole

FORM = 1
PASSED, FAILED, NOT_DONE = STATUSES = ("passed", "failed", "not done")

Found = Mapping[str, float | str | bool]
"""What was measured, by name."""


class StepResult(NamedTuple):
    """How a step ended. `said` is a sentence for people; `tries` how often it was done."""

    id: str
    status: str
    at: str
    said: str
    found: Found
    tries: int


class BenchReport:
    """The report at `path`, written anew at each change."""

    def __init__(self, path: Path, head: dict[str, Any], results: dict[str, StepResult]) -> None:
        self.path = path
        self._head = head
        self.results = results
        """By the step's id."""

    @classmethod
    def begin(cls, path: Path, version: str, have: tuple[str, ...]) -> BenchReport:
        """A new report; its file is there once there is something in it. Raises `InputError` as `demand_new`."""
        cls.demand_new(path)
        return cls(path, {"form": FORM, "kitdock": version, "began": _now(), "board": {}, "have": list(have)}, {})

    @staticmethod
    def demand_new(path: Path) -> None:
        """Raises `InputError` if there is a file at `path`, or there can be none."""
        if path.exists():
            raise InputError(
                f"{path} exists already: go on with it by --resume {path}, or choose another --report FILE"
            )
        folder = path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError(f"no report can be written to the folder {folder}: choose another --report FILE")

    @classmethod
    def resume(cls, path: Path) -> BenchReport:
        """The report in a file. Raises `InputError` if it is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"report {path} cannot be read: {error.strerror}") from None
        except ValueError:
            content = None
        if not isinstance(content, dict) or content.get("form") != FORM:
            raise InputError(f"{path} is no report of the bench: choose the file that `kitdock tag bench` has written")
        try:
            head = {name: content[name] for name in ("form", "kitdock", "began", "board", "have")}
            results = {str(each["id"]): StepResult(**each) for each in content["steps"]}
            procedure.at_hand(head["have"])
            known = {step.id for step in procedure.steps()}
            whole = isinstance(head["board"], dict) and all(
                each.status in STATUSES and isinstance(each.tries, int) and each.id in known
                for each in results.values()
            )
        except (KeyError, TypeError, InputError):
            whole = False
        if not whole:
            raise InputError(f"report {path} was changed by hand or by another release of Kitdock: begin a new one")
        return cls(path, head, results)

    @property
    def have(self) -> tuple[str, ...]:
        """The instruments at hand."""
        return procedure.at_hand(self._head["have"])

    def use(self, have: tuple[str, ...]) -> None:
        """Other instruments are at hand from now on."""
        self._head["have"] = list(have)

    def met(self, board: Mapping[str, Any]) -> None:
        """Note which board it is. Raises `InputError` if the report is of another one."""
        before = self._head["board"].get("chip")
        if before not in (None, board["chip"]):
            raise InputError(f"report {self.path} is of another board: begin a new one, or connect that board")
        self._head["board"] = dict(board)
        self.save()

    def record(self, step: str, status: str, said: str, found: Found | None = None) -> None:
        """Note how a step ended, in place of how it ended before."""
        before = self.results.get(step)
        tries = (before.tries if before else 0) + (status != NOT_DONE)
        self.results[step] = StepResult(step, status, _now(), said, dict(found or {}), tries)
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all. Raises `InputError` if that cannot be done."""
        order = {step.id: place for place, step in enumerate(procedure.steps())}
        steps = [each._asdict() for each in sorted(self.results.values(), key=lambda each: order[each.id])]
        text = json.dumps({**self._head, "changed": _now(), "steps": steps}, indent=2, ensure_ascii=False) + "\n"
        try:
            write_whole(self.path, text.encode())
        except OSError as error:
            raise InputError(f"report {self.path} cannot be written: {error.strerror}") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
