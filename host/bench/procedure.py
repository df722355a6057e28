"""The steps of the bench as data: read from `steps/*.toml`, from which `hardware/bench.md` has its tables too."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from host.errors import InputError
from host.phrase import NextStep, Phrase

FOLDER = Path(__file__).parent / "steps"

SECTIONS = ("first", "currents", "waking", "power", "temperature", "radio", "mechanics", "dock", "usb")
"""The files, in their order."""

NUMBER, YES, SHA256 = "number", "yes", "sha256"
"""Kinds of a reading: a number with a unit, yes or no, a checksum of 64 hexadecimal digits."""


class Measurement(NamedTuple):
    """Something that a person reads and types. `least` and `most` are what passes, in `unit`; None: no bound."""

    what: str
    kind: str = NUMBER
    unit: str = ""
    least: float | None = None
    most: float | None = None

    def passes(self, answer: float | bool | str) -> bool:
        """Whether the answer is as it should be; a checksum only has to be one."""
        if self.kind == NUMBER:
            assert isinstance(answer, int | float)
            return (self.least is None or answer >= self.least) and (self.most is None or answer <= self.most)
        return answer is not False

    @property
    def range(self) -> Phrase:
        """What passes: `5 to 25 µA`."""
        if self.kind == YES:
            return Phrase("bench.yes")
        if self.kind == SHA256:
            return Phrase("bench.a_checksum")
        if self.least is None:
            return Phrase("bench.at_most", most=self.most, unit=self.unit)
        if self.most is None:
            return Phrase("bench.at_least", least=self.least, unit=self.unit)
        if self.least == self.most:
            return Phrase("bench.number", number=self.least, unit=self.unit)
        return Phrase("bench.from_to", least=self.least, most=self.most, unit=self.unit)


class BenchStep(NamedTuple):
    """One step. `does` names what the command does; without, a person does it and types the `ask`ed readings.

    `limits` are the figures that the command judges by. `measured` is what a board has shown, for the document.
    """

    id: str
    section: str
    what: str
    how: str
    expected: str
    source: str
    needs: tuple[str, ...]
    why: str
    does: str | None
    limits: Mapping[str, float]
    ask: tuple[Measurement, ...]
    measured: str


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@functools.cache
def steps() -> tuple[BenchStep, ...]:
    """All steps, in the order in which they are gone through."""
    found = []
    for section in SECTIONS:
        content = _read(section)
        for each in content["step"]:
            found.append(
                BenchStep(
                    each["id"],
                    content["title"],
                    each["what"],
                    each["how"],
                    each["expected"],
                    each["from"],
                    tuple(each["needs"]),
                    each.get("why", ""),
                    each.get("does"),
                    each.get("limits", {}),
                    tuple(Measurement(**reading) for reading in each.get("ask", ())),
                    each.get("measured", "not yet measured"),
                )
            )
    return tuple(found)


def instruments() -> Mapping[str, str]:
    """What somebody may have at hand, and what that is."""
    found: dict[str, str] = _read("instruments")["instruments"]
    return found


def gestures(complete: bool) -> Mapping[str, str]:
    """What a person's hands do to a complete tag, or to a bare board with wires."""
    found: dict[str, str] = _read("instruments")["gestures"]["tag" if complete else "bare"]
    return found


def chosen(only: str | None) -> tuple[BenchStep, ...]:
    """The steps that `only` lists, such as `F1,W4` or `F` for all of a section; all of them if it is None.

    Raises `InputError` for a name that is of none.
    """
    if only is None:
        return steps()
    names = [name.strip().upper() for name in only.split(",") if name.strip()]
    for name in names:
        if not any(name in (step.id, step.id[0]) for step in steps()):
            raise InputError("bench.no_such_step", name=name, list=NextStep("bench.list"))
    if not names:
        raise InputError("bench.steps_not_named", list=NextStep("bench.list"))
    return tuple(step for step in steps() if step.id in names or step.id[0] in names)


def at_hand(names: list[str]) -> tuple[str, ...]:
    """The instruments by their names, in their own order. Raises `InputError` for an unknown one."""
    for name in names:
        if name not in instruments():
            raise InputError("bench.no_such_instrument", name=name, instruments=tuple(instruments()))
    return tuple(name for name in instruments() if name in names)


def lacking(step: BenchStep, have: tuple[str, ...]) -> list[str]:
    """What `step` needs and is not at hand. A complete tag has its own lid, button and dock, so it needs no wires."""
    there = {*have, *(["wires"] if "tag" in have else [])}
    return [name for name in step.needs if name not in there]
