"""The scripts in `cases/` under CPython and under real MicroPython: what they print must be the same."""

import contextlib
import io
import runpy
from pathlib import Path

import pytest

from host.flash.application import FIRMWARE
from host.sim.runtime import run_script
from tests.telling import Tell

HERE = Path(__file__).parent
MODELS = ("nor.py", "power_model.py", "power_tries.py")
"""What cases import; no cases themselves."""
ELSEWHERE = ("power_cuts.py",)
"""Cases that a test of their own runs on both."""
CASES = sorted(path for path in (HERE / "cases").glob("*.py") if path.name not in MODELS + ELSEWHERE)
MOUNTS = {
    "/lib": FIRMWARE / "lib",
    **{f"/{name}": HERE / "cases" / name for name in MODELS},
    **{f"/vectors/{path.name}": path for path in (HERE / "vectors").glob("*.json")},
}


def under_cpython(case: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(HERE)
    monkeypatch.syspath_prepend(HERE / "cases")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(case))
    return printed.getvalue()


def test_every_case_is_found() -> None:
    assert {"wire_vectors", "log_ring", "session_server", "tag_life"} <= {case.stem for case in CASES}


def test_it_is_micropython_that_runs_them(tmp_path: Path, tell: Tell) -> None:
    script = tmp_path / "version.py"
    script.write_text("import sys\nprint(sys.implementation.name, sys.implementation.version)\nprint(sys.version)\n")
    name, version = run_script(script).splitlines()
    assert name.startswith("micropython (1, "), name
    tell(f"MicroPython: the kitwire and kitcore cases run on {version.split('; ')[1]} too")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_prints_the_same_on_both(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = under_cpython(case, monkeypatch)
    assert len(expected.splitlines()) >= 20
    assert run_script(case, MOUNTS) == expected


def test_a_difference_would_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = tmp_path / "different.py"
    case.write_text("import sys\nprint(sys.implementation.name)\n")
    assert run_script(case, MOUNTS) != under_cpython(case, monkeypatch)
