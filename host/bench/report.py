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
from host.errors import InputError, KitdockError, why
from host.phrase import NextStep, Phrase
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
        if path.exists() or path.is_symlink():
            raise InputError("bench.report_exists", path=path)
        folder = path.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise InputError("bench.no_folder_for_report", folder=folder)

    @classmethod
    def resume(cls, path: Path) -> BenchReport:
        """The report in a file. Raises `InputError` if it is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError("bench.report_unreadable", path=path, reason=why(error)) from None
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict) or content.get("form") != FORM:
            raise InputError("bench.no_report", path=path, bench=NextStep("bench.begin"))
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
            raise InputError("bench.report_changed", path=path)
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
            raise InputError("bench.report_of_another_board", path=self.path)
        self._head["board"] = dict(board)
        self.save()

    def record(self, step: str, status: str, said: Phrase | KitdockError, found: Found | None = None) -> None:
        """Note how a step ended, in place of how it ended before."""
        before = self.results.get(step)
        tries = (before.tries if before else 0) + (status != NOT_DONE)
        self.results[step] = StepResult(step, status, _now(), str(said), dict(found or {}), tries)
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all. Raises `InputError` if that cannot be done."""
        order = {step.id: place for place, step in enumerate(procedure.steps())}
        steps = [each._asdict() for each in sorted(self.results.values(), key=lambda each: order[each.id])]
        text = json.dumps({**self._head, "changed": _now(), "steps": steps}, indent=2, ensure_ascii=False) + "\n"
        try:
            write_whole(self.path, text.encode())
        except OSError as error:
            raise InputError("bench.report_not_written", path=self.path, reason=why(error)) from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
