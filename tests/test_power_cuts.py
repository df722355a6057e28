"""The power goes anywhere in the life of a tag: nothing lost, nothing invented, it starts again, past keys are gone.

`cases/power_model.py` is the tag and the model, `cases/power_tries.py` what is tried on them, on both interpreters;
here is which of it is tried where.
"""

from __future__ import annotations

import importlib
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from host.sim.runtime import run_script
from tests.telling import Tell
from tests.test_same_on_both import HERE, MOUNTS, under_cpython

CASE = HERE / "cases" / "power_cuts.py"
ZEROS = {"records lost": 0, "records invented": 0, "boot loops": 0, "past keys readable": 0}
PARTS = 14
"""Interpreters that share a long run: none collects garbage while a program runs, and each cut leaves 0.2 MB."""


@pytest.fixture
def model() -> Iterator[ModuleType]:
    """The model on CPython, with small sectors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE / "cases")
        loaded = importlib.import_module("power_model")
    loaded.set_up(*loaded.SMALL)
    yield loaded
    loaded.tear_down()


@pytest.fixture
def tries(model: ModuleType) -> ModuleType:
    """What is tried on the model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE / "cases")
        return importlib.import_module("power_tries")


def counts_of(printed: str) -> Counter[str]:
    """What a run printed: cuts tried, and what was found. Anything it says beside that is a finding told in words."""
    return Counter({name: int(number) for name, number in re.findall(r"^([a-z ]+): (\d+)$", printed, re.MULTILINE)})


def on_micropython(folder: Path, *job: object) -> Counter[str]:
    """Try the cuts of `job` in a fresh MicroPython."""
    asked = folder / "job.py"
    asked.write_text(f"JOB = {job!r}\n")
    printed = run_script(CASE, {**MOUNTS, "/job.py": asked})
    counts = counts_of(printed)
    assert counts["cuts tried"]
    assert {name: counts[name] for name in ZEROS} == ZEROS, printed
    return counts


def all_on_micropython(folder: Path, tell: Tell, what: str, jobs: Iterable[tuple[object, ...]]) -> int:
    """Try the cuts of `jobs`, one after the other, and tell of them; returns how many there were."""
    counts: Counter[str] = Counter()
    for job in jobs:
        counts += on_micropython(folder, *job)
    tell(line(f"{what}, on MicroPython", counts))
    return counts["cuts tried"]


def line(what: str, counts: Mapping[str, int]) -> str:
    return f"{what}: " + "; ".join(f"{name}: {counts[name]}" for name in ("cuts tried", *ZEROS))


def assert_clean(report: Any) -> None:
    assert report.counts == ZEROS, report.found


def told_and_clean(tell: Tell, what: str, report: Any) -> None:
    tell(line(what, {"cuts tried": report.tried, **report.counts}))
    assert_clean(report)


def test_a_sample_of_cuts_on_both_interpreters(monkeypatch: pytest.MonkeyPatch, tell: Tell) -> None:
    printed = run_script(CASE, MOUNTS)
    assert printed == under_cpython(CASE, monkeypatch)
    counts = counts_of(printed)
    tell(line("power cuts, a sample, on MicroPython", counts))
    assert {name: counts[name] for name in ZEROS} == ZEROS, printed
    assert counts["cuts tried"] > 350
    head = printed.splitlines()[0]
    for name in ("battery_low", "boot", "config", "dock", "dose_mark", "fault", "heartbeat", "temperature", "time_set"):
        assert name in head
    assert "undock" in head


def test_the_life_that_is_cut_wraps_its_ring_and_meets_a_battery_too_weak_to_erase(
    model: ModuleType, tries: ModuleType
) -> None:
    world = model.enrolled(model.World, tries.SECTORS)
    erased = []
    for wake in tries.LIFE:
        model.run_wake(world, wake)
        erased.append(sum(world.flash.erased))
    assert min(world.flash.erased) >= 3, "three times round"
    first, behind = tries.WRAP
    assert erased[first - 1] >= tries.SECTORS < erased[behind - 1], "an erase in the window is of a used sector"
    assert world.refused > 1
    assert world.acked > 30
    weak = [plain for plain in world.done if plain.aux == model.faults.WEAK and plain.type == model.record.FAULT]
    assert weak


def test_a_sample_in_real_sectors(model: ModuleType, tries: ModuleType) -> None:
    model.set_up(*model.REAL)
    report = tries.Report()
    tries.single_cuts(report, model.World, tries.SECTORS, tries.LONG, tries.LONG_WRAP, 0, 97)
    assert_clean(report)
    assert report.tried > 30


# --- what the suite would catch --------------------------------------------------------------------


def keys_are_kept(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    """The key of a record is not destroyed once the record is written."""
    zero = model.ring._zero
    patch.setattr(model.ring, "_zero", lambda flash, at, size: (size == 32 and at % 512 > 32) or zero(flash, at, size))
    return model.World


def keys_are_kept_after_a_cut(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    """The start after a cut does not destroy the key that was to be destroyed."""

    class Ring(model.WatchedRing):
        def __init__(self, *given: object) -> None:
            zero = model.ring._zero
            with pytest.MonkeyPatch.context() as inner:
                inner.setattr(
                    model.ring, "_zero", lambda flash, at, size: (size == 32 and at % 512 > 32) or zero(flash, at, size)
                )
                super().__init__(*given)

    return with_ring(model, Ring)


def the_key_goes_before_the_next_record_is_written(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    class Ring(model.WatchedRing):
        def append(self, plain: object) -> int:
            at = self._offset(self._newest) + 36
            model.ring._zero(self._flash, at, 32)
            return int(super().append(plain))

    return with_ring(model, Ring)


def sectors_are_erased_with_their_heads_on(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    zero = model.ring._zero
    patch.setattr(model.ring, "_zero", lambda flash, at, size: at % 512 == 0 or zero(flash, at, size))
    return model.World


def torn_records_are_believed(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    patch.setattr(model.ring, "_intact", lambda slot: True)
    return model.World


def append_returns_before_it_has_written(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    class Ring(model.WatchedRing):
        held = None

        def append(self, plain: object) -> int:
            if self.held is not None:
                model.ring.Ring.append(self, self.held)
            self.held = plain
            self.world.done.append(plain)
            return len(self.world.done)

    return with_ring(model, Ring)


def edges_that_a_weak_cell_refused_are_forgotten(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    patch.setattr(model.life.Life, "undo", lambda self: None)
    return model.World


def records_are_written_twice(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    class Ring(model.WatchedRing):
        def append(self, plain: object) -> int:
            sequence = super().append(plain)
            if sequence % 7 == 0:
                model.ring.Ring.append(self, plain)
            return int(sequence)

    return with_ring(model, Ring)


def acknowledged_before_it_is_committed(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    class Tag(model.tag.Tag):
        def acknowledge(self, up_to: int) -> int:
            return up_to

    return type("Broken", (model.World,), {"Tag": Tag})


def a_torn_slot_is_an_error(model: ModuleType, patch: pytest.MonkeyPatch) -> type:
    class Ring(model.WatchedRing):
        def __init__(self, *given: object) -> None:
            super().__init__(*given)
            if self._free and self._slot(model.ring.Place(self._head.generation, self._free - 1)) == bytes(80):
                raise model.ring.StorageError("torn")

    return with_ring(model, Ring)


def with_ring(model: ModuleType, ring: type) -> type:
    return type("Broken", (model.World,), {"Ring": ring})


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (keys_are_kept, "past keys readable"),
        (keys_are_kept_after_a_cut, "past keys readable"),
        (the_key_goes_before_the_next_record_is_written, "records lost"),
        (sectors_are_erased_with_their_heads_on, "records lost"),
        (torn_records_are_believed, "records lost"),
        (append_returns_before_it_has_written, "records lost"),
        (edges_that_a_weak_cell_refused_are_forgotten, "records lost"),
        (records_are_written_twice, "records invented"),
        (acknowledged_before_it_is_committed, "records lost"),
        (a_torn_slot_is_an_error, "boot loops"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_the_suite_catches_a_log_that_is_broken(
    broken: Any, found: str, model: ModuleType, tries: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = broken(model, monkeypatch)
    report = tries.Report()
    # In the window the ring comes round; a cell that is too weak for that is a later part of the life.
    window = (tries.WRAP[0], len(tries.LIFE)) if "weak" in broken.__name__ else tries.WRAP
    try:
        tries.single_cuts(report, kind, tries.SECTORS, tries.LIFE, window, 0, 17)
    except model.Violation as violation:  # found without any cut
        report.counts[violation.args[0]] += 1
    assert report.counts[found], report.lines()


# --- everything -------------------------------------------------------------------------------------


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_every_cut_of_a_life_on_micropython(tmp_path: Path, tell: Tell) -> None:
    jobs = [("single", part, PARTS) for part in range(PARTS)]
    assert all_on_micropython(tmp_path, tell, "power cuts, every one of a life", jobs) > 20000


@pytest.mark.exhaustive
@pytest.mark.timeout(7200)
def test_every_pair_of_cuts_at_the_wrap_on_micropython(tmp_path: Path, tell: Tell) -> None:
    jobs = [("pairs", False, part, 2 * PARTS, 1) for part in range(2 * PARTS)]
    what = "power cuts in pairs, every pair in a record that makes the ring come round"
    assert all_on_micropython(tmp_path, tell, what, jobs) > 40000


@pytest.mark.exhaustive
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("keeps_rtc", "where", "least"),
    [(False, "WRAP", 300_000), (True, "PRESS", 25_000)],
    ids=["three wakes, RTC lost", "one wake, RTC kept"],
)
def test_every_pair_of_cuts_around_the_wrap(
    keeps_rtc: bool, where: str, least: int, model: ModuleType, tries: ModuleType, tell: Tell
) -> None:
    report = tries.Report()
    tries.pairs_of_cuts(report, model.World, tries.SECTORS, tries.LIFE, getattr(tries, where), keeps_rtc, 0, 1, 1)
    kept = "kept" if keeps_rtc else "lost"
    told_and_clean(tell, f"power cuts in pairs, every pair around the wrap, RTC memory {kept}, on CPython", report)
    assert report.tried > least


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_every_cut_in_real_sectors(model: ModuleType, tries: ModuleType, tell: Tell) -> None:
    model.set_up(*model.REAL)
    report = tries.Report()
    tries.single_cuts(report, model.World, tries.SECTORS, tries.LONG, tries.LONG_WRAP, 0, 1)
    told_and_clean(tell, "power cuts, every one around the wrap of real sectors, on CPython", report)
    assert report.tried > 3000


@pytest.mark.exhaustive
@pytest.mark.timeout(3600)
def test_random_lives(tmp_path: Path, model: ModuleType, tries: ModuleType, tell: Tell) -> None:
    seed = int(os.environ.get("KITDOCK_SEED", secrets.randbelow(10**6)))
    tell(f"random lives from KITDOCK_SEED={seed} on")
    report = tries.Report()
    for number in range(150):
        tries.random_life(report, model.World, seed + number, 400)
    told_and_clean(tell, "power cuts, 150 random lives of 400 wakes, on CPython", report)
    assert report.tried > 10000
    jobs = [("random", seed + number, 3, 300) for number in range(0, 45, 3)]
    assert all_on_micropython(tmp_path, tell, "power cuts, 45 random lives of 300 wakes", jobs) > 1500
