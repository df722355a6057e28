"""The parts of the enclosure as solids and pictures, made by OpenSCAD."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image, ImageChops

from hardware.errors import HardwareError, tool

ENCLOSURE = Path(__file__).parents[1] / "enclosure"
PARTS = ("body", "lid", "clip", "magnet_holder", "magnet_cap", "cradle", "rack")
"""One file each in the enclosure's folder; printed once a tag, cradle and rack once a place."""
BUILDS = ("board", "xiao")
"""The custom board and the reference build."""
VIEWS = {
    "exploded": "60,0,38",
    "front": "40,0,24",
    "back": "50,0,24",
    "pouch": "68,0,32",
    "pouch-open": "68,0,32",
    "cradle": "58,0,28",
    "rack": "62,0,28",
}
"""The pictures: what assembly.scad draws, and from where: turned by these degrees about x, y and z."""
TIMEOUT_S = 300
SIZE = (1200, 900)
"""Pixels of a picture."""


class PrintingError(HardwareError):
    """OpenSCAD refused a part; says which, and its own words."""


def sources() -> list[Path]:
    """The files that all parts are made of."""
    return sorted(ENCLOSURE.glob("*.scad"))


def build(
    folder: Path,
    parts: tuple[str, ...] = PARTS,
    builds: tuple[str, ...] = BUILDS,
    changed: dict[str, float] | None = None,
) -> dict[str, Path]:
    """Make the STL files of `parts` in `folder`, each lying as it is printed; their paths, as "body-board".

    `changed` replaces numbers of mechanics.scad. What was made before of the same sources stays. Raises PrintingError,
    hardware.errors.MissingTool.
    """
    openscad = tool("openscad")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{part}-{kind}": (part, kind) for kind in builds for part in parts}
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources()) + repr(changed).encode()).hexdigest()

    def make(name: str) -> Path:
        part, kind = wanted[name]
        path, made_of = folder / f"{name}.stl", folder / f"{name}.made-of"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists() and made_of.exists() and made_of.read_text() == state:
                return path
            numbers = {"build": f'"{kind}"', **{key: repr(value) for key, value in (changed or {}).items()}}
            defines = [item for key, value in numbers.items() for item in ("-D", f"{key}={value}")]
            made_of.unlink(missing_ok=True)
            _run([openscad, "-o", str(path), *defines, str(ENCLOSURE / f"{part}.scad")], f"{part} ({kind})")
            made_of.write_text(state)
        return path

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(wanted, pool.map(make, wanted), strict=True))


def draw(folder: Path) -> None:
    """Draw the pictures into `folder`. Raises PrintingError, MissingTool."""
    openscad, screen = tool("openscad"), tool("xvfb-run")
    folder.mkdir(parents=True, exist_ok=True)
    for name, camera in VIEWS.items():
        path = folder / f"enclosure-{name}.png"
        command = [screen, "-a", openscad, "-o", str(path), "-D", f'view="{name}"', "--autocenter", "--viewall"]
        command += ["--imgsize=3200,2400", f"--camera=0,0,0,{camera},500", "--projection=o", "--colorscheme=Tomorrow"]
        _run([*command, str(ENCLOSURE / "assembly.scad")], f"the picture {name}")
        _framed(Image.open(path).convert("RGB")).save(path, optimize=True)


def _framed(picture: Image.Image) -> Image.Image:
    """Cut to what it shows, with a margin; drawn larger than kept, which smooths the edges."""
    background = Image.new("RGB", picture.size, picture.getpixel((0, 0)))
    left, upper, right, lower = ImageChops.difference(picture, background).getbbox() or (0, 0, *picture.size)
    scale = max((right - left) / SIZE[0], (lower - upper) / SIZE[1]) * 1.08
    width, height = round(SIZE[0] * scale), round(SIZE[1] * scale)
    x, y = (left + right - width) // 2, (upper + lower - height) // 2
    framed = Image.new("RGB", (width, height), picture.getpixel((0, 0)))
    framed.paste(picture, (-x, -y))
    return framed.resize(SIZE, Image.Resampling.LANCZOS).quantize(128, dither=Image.Dither.NONE)


def pictures() -> dict[str, list[Path]]:
    """The names of the pictures that `draw` makes, with the files each shows."""
    return {f"enclosure-{name}.png": sources() for name in VIEWS}


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise PrintingError(f"OpenSCAD did not make {what} within {TIMEOUT_S} s") from error
    said = [line for line in done.stderr.splitlines() if line.startswith(("ERROR", "WARNING"))]
    if done.returncode or said:
        raise PrintingError(f"OpenSCAD did not make {what}: {'; '.join(said) or done.stderr.strip()[-200:]}")
