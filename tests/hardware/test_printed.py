"""The printed parts are whole, thick enough, and print without support; the check finds a damaged one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from manifold3d import Manifold
from PIL import Image

from hardware.checks import printed, solids
from hardware.checks.places import Mechanics
from hardware.making import printing
from tests.hardware.shapes import triangles

pytestmark = pytest.mark.needs_openscad

ITS = Mechanics()


# Whole solids.


def test_a_part_with_a_hole_in_its_skin_is_told(body: trimesh.Trimesh) -> None:
    torn = trimesh.Trimesh(body.vertices, body.faces[1:])
    assert printed.whole({"body": torn}).faults == ["body is not watertight"]


def test_a_part_that_is_inside_out_is_told(body: trimesh.Trimesh) -> None:
    turned = trimesh.Trimesh(body.vertices, body.faces[:, ::-1], process=False)
    assert printed.whole({"body": turned}).faults == ["body is inside out"]


def test_a_part_in_two_pieces_is_told(body: trimesh.Trimesh) -> None:
    two = trimesh.util.concatenate([body, trimesh.creation.box((2, 2, 2))])
    assert isinstance(two, trimesh.Trimesh)
    assert printed.whole({"body": two}).faults == ["body falls into 2 pieces"]


# Walls.


def shell(wall: float) -> trimesh.Trimesh:
    """An open box, 30 x 20 x 10, with its floor twice as thick as its walls."""
    inner = solids.box((wall, wall, 2 * wall), (30 - wall, 20 - wall, 11))
    return triangles(solids.box((0, 0, 0), (30, 20, 10)) - inner)


def test_the_thinnest_wall_is_measured() -> None:
    for wall in (0.8, 1.3, 2.0):
        assert printed.thinnest(shell(wall))[0] == pytest.approx(wall, abs=0.01)


def test_an_edge_is_no_thin_wall() -> None:
    assert printed.thinnest(triangles(Manifold.tetrahedron().scale((10, 10, 10))))[0] > 5


def test_a_case_that_was_made_thinner_is_told(tmp_path: Path) -> None:
    thin = printing.build(tmp_path, ("body",), ("board",), {"wall": 1})
    (fault,) = printed.walls({"body": solids.load(thin["body-board"])}, 1.2).faults
    assert fault.startswith("body has a wall of ")
    assert fault.endswith(" as printed; 1.2 is the least")


def test_what_stands_between_engraved_lines_is_no_wall(stl: dict[str, Path]) -> None:
    lid = {"lid": solids.load(stl["lid-board"])}
    assert printed.walls(lid, 1.2, ITS["engraving"]).faults == []
    assert printed.walls(lid, 1.2).faults != []


# Printing.


def on_post(width: float, posts: int) -> trimesh.Trimesh:
    """A beam of this free width, 4 mm up, on one post or on two."""
    beam = solids.box((0, 0, 4), (width + 4, 3, 6))
    ends = [solids.box((0, 0, 0), (2, 3, 5)), solids.box((width + 2, 0, 0), (width + 4, 3, 5))]
    for post in ends[:posts]:
        beam += post
    return triangles(beam)


@pytest.mark.parametrize(("width", "posts", "prints"), [(9.0, 2, True), (12.0, 2, False), (2.0, 1, False)])
def test_a_bridge_prints_and_a_beam_with_a_free_end_does_not(width: float, posts: int, prints: bool) -> None:
    assert (printed.printable({"beam": on_post(width, posts)}, 10.0).faults == []) == prints


@pytest.mark.parametrize(("lean", "prints"), [(3.0, True), (4.0, True), (6.0, False)])
def test_a_wall_may_lean_out_by_45_degrees(lean: float, prints: bool) -> None:
    cone = Manifold.cylinder(4.0, 3.0, 3.0 + lean, 64)
    assert (printed.printable({"cone": triangles(cone)}, 10.0).faults == []) == prints


def test_a_lid_that_lies_the_wrong_way_round_is_told(stl: dict[str, Path]) -> None:
    lid = solids.load(stl["lid-board"])
    lid.apply_transform(np.diag([1.0, -1.0, -1.0, 1.0]))
    (fault,) = printed.printable({"lid": lid}, ITS["bridge"]).faults
    assert fault.startswith("lid hangs in the air")


def test_a_groove_too_wide_to_bridge_is_told(body: trimesh.Trimesh) -> None:
    (fault,) = printed.printable({"body": body}, 6.0).faults
    assert fault.startswith("body hangs in the air 2.2 mm above the bed")


def test_a_part_too_large_for_the_printer_is_told(stl: dict[str, Path]) -> None:
    rack = {"rack": solids.load(stl["rack-board"])}
    assert printed.printable(rack, ITS["bridge"], 200).faults == ["rack is 216 x 61 mm, the printer's bed 200 x 200"]


# Making.


def test_what_has_not_changed_is_not_made_again(tmp_path: Path) -> None:
    made = printing.build(tmp_path, ("magnet_cap",), ("board",))["magnet_cap-board"]
    before = made.stat().st_mtime_ns
    assert printing.build(tmp_path, ("magnet_cap",), ("board",))["magnet_cap-board"].stat().st_mtime_ns == before
    printing.build(tmp_path, ("magnet_cap",), ("board",), {"holder_cap": 2.0})
    assert made.stat().st_mtime_ns != before
    assert solids.load(made).extents[2] == pytest.approx(2.0)


def test_what_openscad_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "body.scad").write_text("body(;")
    monkeypatch.setattr(printing, "ENCLOSURE", tmp_path)
    with pytest.raises(printing.PrintingError, match="OpenSCAD did not make body"):
        printing.build(tmp_path / "out", ("body",), ("board",))


def test_a_picture_is_cut_to_what_it_shows() -> None:
    drawn = Image.new("RGB", (3200, 2400), "white")
    drawn.paste("black", (100, 200, 700, 500))
    framed = printing._framed(drawn).convert("L")
    assert framed.size == printing.SIZE
    shown = framed.point(lambda value: 255 * (value < 128)).getbbox()
    assert shown is not None
    left, upper, right, lower = shown
    assert right - left == pytest.approx(printing.SIZE[0] / 1.08, abs=3)
    assert left + right == pytest.approx(printing.SIZE[0], abs=4)
    assert upper + lower == pytest.approx(printing.SIZE[1], abs=4)
