"""The tag in use: clipped to a pouch whose flap opens, and standing in the dock.

Lengths in mm, volumes in mm³. Frame: the board's, as in enclosure/mechanics.scad.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
from manifold3d import Manifold

from hardware.checks import Result
from hardware.checks.fit import ENDS, FACES, SIDES, TOUCH, fits, tight
from hardware.checks.places import Mechanics
from hardware.checks.solids import box, overlap

THIN_WEBBING = 1.5
"""mm: nylon webbing of pouches is 1.3 mm thick and more."""


def docks(its: Mechanics, cradle: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the tag comes straight down into the cradle, is held there, and goes in only the right way round."""
    result = Result()
    for up in (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0):
        for name, part in tag.items():
            shared = overlap(cradle, part.translate((0, up, 0)))
            if shared > TOUCH:
                result.faults.append(f"on its way into the cradle, {up:g} mm up, the {name} meets it: {shared:.2f} mm³")
    case = tag["body"] + tag["lid"]
    result.faults += tight("tag in the cradle", cradle, case, SIDES | FACES)
    for way, shift in (
        ("back", (0, 0, -1.0)),
        ("forward", (0, 0, 1.0)),
        ("sideways", (1.0, 0, 0)),
        ("down", (0, -1.0, 0)),
    ):
        if overlap(cradle, case.translate(shift)) < 1:
            result.faults.append(f"the cradle does not keep the tag from going {way}")
    # About its long axis, as it would go in with its face to the pouch.
    middle = (its["front"] + its["back"]) / 2
    turned = case.translate((-its["usb_x"], 0, -middle)).rotate((0, 180, 0)).translate((its["usb_x"], 0, middle))
    gap = its["dock_gap"]
    blocked = min(max(0.0, overlap(cradle, turned.translate((0, 0, play)))) for play in (-gap, 0.0, gap))
    result.figures["the wrong way round"] = f"{blocked:.0f} mm³ in the way"
    if blocked < 20:
        result.faults.append(f"the tag goes into the cradle the wrong way round: only {blocked:.1f} mm³ in the way")
    return result


def clip_holds(its: Mechanics, body: Manifold, clip: Manifold) -> Result:
    """See that the clip slides in from the right, cannot be pulled off, and that its catch has to bend to pass."""
    result = Result()
    reach = its["right"] - its["left"]
    for way, shift in (
        ("off the back", (0, 0, -1.0)),
        ("up", (0, 1.0, 0)),
        ("down", (0, -1.0, 0)),
        ("left", (-1.0, 0, 0)),
    ):
        if overlap(body, clip.translate(shift)) < 1:
            result.faults.append(f"the clip can be pulled {way}")
    result.faults += tight("clip", body, clip, ENDS | FACES)
    # Its dovetail, above the catch, must pass all along.
    ridge = clip.trim_by_plane((0, 0, 1), its["back"] + its["clip_catch"] - its["slide_gap"] + 0.05)
    for out in np.linspace(0, reach, 12):
        shared = overlap(body, ridge.translate((float(out), 0, 0)))
        if shared > TOUCH:
            result.faults.append(f"{out:.0f} mm out, the clip's dovetail meets the body: {shared:.2f} mm³")
    width, thick = its["webbing"], its["webbing_thickness"]
    slot, hangs = its["back"] - its["slide_gap"] - its["clip_plate"], its["clip_top"] - its["clip_bar"] - 0.6
    strap = box((-40.0, hangs - width, slot - thick - 0.1), (80.0, hangs, slot - 0.1))
    if (shared := overlap(clip, strap)) > TOUCH:
        result.faults.append(
            f"webbing of {width:g} x {thick:g} mm does not go into the clip: {shared:.1f} mm³ in the way"
        )
    # Thin webbing, close to the tag, against a barb that is too steep to slip over.
    thin = box((-40.0, hangs - width, slot - THIN_WEBBING), (80.0, hangs, slot)).translate((0, -1, 0))
    if _depth(clip ^ thin) < 0.2 or _depth(clip ^ strap.translate((0, -1, 0))) < 1.5:
        result.faults.append("nothing keeps the clip on the webbing")
    catch = overlap(body, clip.translate((its["clip_catch"] + 1, 0, 0)))
    result.figures["catch"] = f"stands up {its['clip_catch'] - its['slide_gap']:.1f} mm into the back"
    if catch < 0.5 or _depth(body ^ clip.translate((its["slide_gap"] + 0.2, 0, 0))) < 0.4:
        result.faults.append("nothing keeps the clip from sliding out")
    return result


def _depth(solid: Manifold) -> float:
    """How high a solid is along z; 0 if there is none."""
    return 0.0 if solid.is_empty() else float(solid.bounding_box()[5] - solid.bounding_box()[2])


def flap(its: Mechanics, tag: Mapping[str, Manifold], moving: Mapping[str, Manifold]) -> Result:
    """See that the pouch's flap, with the magnet holder on it, opens past the tag: from closed through 170 degrees.

    The flap is drawn with the holder as near to the tag as it may come. Between two positions, 2.5 degrees apart, it is
    given all the space between them, so nothing is missed.
    """
    result = Result()
    near = its["magnet_gap_least"] - its["magnet_gap"]
    hinge = (0.0, its["pouch_top"] + near, its["pouch_front"] - its["pouch_depth"])
    pieces = [
        part.hull().translate((0, near, 0)).translate((0, -hinge[1], -hinge[2]))
        for part in (*moving.values(), *_flap(its))
    ]
    worst, at = 0.0, 0.0
    steps = np.arange(0, 170.1, 2.5)
    for angle, following in pairwise(float(each) for each in steps):
        for piece in pieces:
            swept = Manifold.batch_hull([piece.rotate((-each, 0, 0)) for each in (angle, following)])
            swept = swept.translate(hinge)
            for name, part in tag.items():
                shared = overlap(swept, part)
                if shared > worst:
                    worst, at = shared, following
                    if shared > TOUCH:
                        result.faults.append(f"the flap meets the {name} by {following:.0f} degrees: {shared:.1f} mm³")
    result.figures["swept"] = f"{worst:.2f} mm³ of the tag in the flap's way" + (
        f", at {at:.0f} degrees" if worst else ""
    )
    return result


def pouch(its: Mechanics, cradle: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the pouch has room behind the docked tag, over the dock's foot and beside its neighbour in the rack."""
    case = {part: tag[part] for part in ("body", "lid")}
    result = fits({"pouch": {"pouch": _bag(its)}, "dock": {"cradle": cradle, **case}})
    room = its["rack_pitch"] - its["pouch_width"]
    result.figures["beside it in the rack"] = f"{room:g} mm"
    if room < 2:
        result.faults.append(f"pouches in the rack have {room:g} mm between them")
    return result


def stands(its: Mechanics, cradle: Manifold) -> Result:
    """See that the cradle does not tip over under a pouch, and that its wires have a way out at both sides."""
    result = Result()
    behind = its["pouch_front"] - its["pouch_depth"] / 2 - cradle.bounding_box()[2]
    result.figures["foot"] = f"{behind:.1f} mm beyond the middle of the pouch"
    if behind < 3:
        result.faults.append(f"the cradle tips over: its foot ends {-behind:.1f} mm before the middle of the pouch")
    _wired(its, "cradle", cradle, its["cup_left"], its["cup_right"], (0,), result)
    return result


def _wired(
    its: Mechanics, name: str, dock: Manifold, left: float, right: float, places: Iterable[int], result: Result
) -> None:
    """Room for wires of 3 mm from each pin down, and out at both sides."""
    low, end, z = its["foot_top"] + 5, its["dock_end"] - its["pin_block"] - 0.1, its["contact_z"]
    if overlap(dock, box((left - 1, low, z - 1.5), (right + 1, low + 4, z + 1.5))) > TOUCH:
        result.faults.append(f"the {name} has no way for the wires to its sides")
    for x in (
        its["usb_x"] + sign * its["contact_x"] + place * its["rack_pitch"] for place in places for sign in (-1, 1)
    ):
        if overlap(dock, box((x - 1.5, low, z - 1.5), (x + 1.5, end, z + 3))) > TOUCH:
            result.faults.append(f"the {name} has no way for the wire from the spring pin at x = {x:g}")


def rack(its: Mechanics, piece: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that each place of the rack takes a tag and its pouch, and that the pieces join."""
    result = Result()
    bag = _bag(its)
    for place in range(int(its["rack_places"])):
        aside = place * its["rack_pitch"]
        for name, part in {**tag, "pouch": bag}.items():
            if (shared := overlap(piece, part.translate((aside, 0, 0)))) > TOUCH:
                result.faults.append(f"at place {place + 1} the {name} meets the rack: {shared:.2f} mm³")
        if overlap(piece, tag["body"].translate((aside, -1, 0))) < 1:
            result.faults.append(f"at place {place + 1} nothing carries the tag")
    length = its["rack_places"] * its["rack_pitch"]
    left = its["usb_x"] - its["rack_pitch"] / 2
    _wired(its, "rack", piece, left, left + length, range(int(its["rack_places"])), result)
    if (shared := overlap(piece, piece.translate((length, 0, 0)))) > TOUCH:
        result.faults.append(f"two pieces of the rack do not join: {shared:.2f} mm³ of overlap")
    if overlap(piece, piece.translate((length + 2, 0, 0))) < 0.2:
        result.faults.append("nothing keeps the pieces of the rack together")
    return result


def _bag(its: Mechanics) -> Manifold:
    """The pouch without its flap."""
    half, front = its["pouch_width"] / 2, its["pouch_front"]
    return box(
        (its["usb_x"] - half, its["pouch_bottom"], front - its["pouch_depth"]),
        (its["usb_x"] + half, its["pouch_top"], front),
    )


def _flap(its: Mechanics) -> list[Manifold]:
    """The flap, closed: over the top and down the front, up to its edge."""
    half, middle, thick = its["pouch_width"] / 2, its["usb_x"], its["flap_thickness"]
    front, top = its["pouch_front"], its["pouch_top"]
    return [
        box((middle - half, top, front - its["pouch_depth"]), (middle + half, top + thick, front + thick)),
        box((middle - half, its["flap_edge"], front), (middle + half, top + thick, front + thick)),
    ]
