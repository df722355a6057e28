"""The parts together: what overlaps, what holds what, what has play, and what the pouch's flap and the antenna need.

Lengths in mm, volumes in mm³. Frame: the board's, as in enclosure/mechanics.scad.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations, pairwise

import numpy as np
from manifold3d import Manifold

from hardware.checks import Result
from hardware.checks.places import Mechanics
from hardware.checks.solids import along_y, box, overlap

TOUCH = 0.02
"""mm³ of overlap that is rounding only: OpenSCAD writes six digits."""
PLAY = 0.1
"""mm that each part of a sliding fit can move each way: less, and a printed part does not go in."""
WEBBING = 40.0, 3.0
"""Width and thickness of the widest webbing for the clip, mm."""
SCREW_THREAD = 2.2
"""mm, outer diameter of the lid's screws, ISO 7050 ST2.2."""
PIN_STROKE = 2.5
"""mm that the spring pins' plungers can be pressed: as far as their shank, 2.54 mm, goes into the barrel."""


def fits(groups: Mapping[str, Mapping[str, Manifold]]) -> Result:
    """See that nothing of one group overlaps anything of another."""
    result = Result()
    count = 0
    for (_, one), (_, other) in combinations(groups.items(), 2):
        for name, first in one.items():
            for other_name, second in other.items():
                count += 1
                shared = overlap(first, second)
                if shared > TOUCH:
                    result.faults.append(f"{name} and {other_name} overlap by {shared:.2f} mm³")
    result.figures["pairs"] = f"{count} pairs, no overlap" if not result.faults else f"{count} pairs"
    return result


def _tight(name: str, still: Manifold, moving: Manifold, ways: dict[str, tuple[int, int, int]]) -> list[str]:
    """Say which ways `moving` has not as much as PLAY."""
    told = []
    for way, (x, y, z) in ways.items():
        if overlap(still, moving.translate((PLAY * x, PLAY * y, PLAY * z))) > TOUCH:
            told.append(f"the {name} is too tight: it has not {PLAY:g} mm of play {way}")
    return told


SIDES = {"to the left": (-1, 0, 0), "to the right": (1, 0, 0)}
ENDS = {"to the dock end": (0, -1, 0), "to the flap end": (0, 1, 0)}
FACES = {"to the back": (0, 0, -1), "to the front": (0, 0, 1)}


def held(its: Mechanics, case: Mapping[str, Manifold], board: Manifold) -> Result:
    """See that the closed case keeps the board where it is: 0.6 mm any way, and it meets something."""
    result = Result()
    ways = {"left": (-1, 0, 0), "right": (1, 0, 0), "to the dock": (0, -1, 0), "to the flap": (0, 1, 0)}
    for way, (x, y, z) in {**ways, "to the back": (0, 0, -1), "to the lid": (0, 0, 1)}.items():
        moved = board.translate((0.6 * x, 0.6 * y, 0.6 * z))
        if sum(overlap(part, moved) for part in case.values()) < TOUCH:
            result.faults.append(f"nothing keeps the board from going {way}")
    for what, part, down in (("body carries", case["body"], -0.3), ("lid holds down", case["lid"], 0.3)):
        left, lower, _, right, upper, _ = (part ^ board.translate((0, 0, down))).bounding_box()
        if right - left < 0.8 * its["board_width"] or upper - lower < 0.6 * its["board_length"]:
            result.faults.append(f"the {what} only {right - left:.0f} x {upper - lower:.0f} mm of the board: it tips")
    return result


def lid_works(its: Mechanics, lid: Manifold, body: Manifold) -> Result:
    """See that the lid is held down, its button reaches the switch without pressing it, and light and sound get out."""
    result = Result()
    thick, front = its["board_thickness"], its["front"]

    def column(name: str, radius: float, start: float) -> Manifold:
        bar = Manifold.cylinder(front + 1 - start, radius, circular_segments=16)
        return bar.translate((its[f"{name}_x"], its[f"{name}_y"], start))

    cap = thick + its["button_height"]
    over = lid ^ column("button", 0.8, thick)
    gap = over.bounding_box()[2] - cap if not over.is_empty() else math.inf
    result.figures["button"] = f"{gap:.2f} mm from the switch"
    if not 0.15 <= gap <= 0.6:
        result.faults.append(f"the button's plunger is {gap:.2f} mm from the switch, it should be 0.15 to 0.6")
    for name, radius, low in (("light", 0.9, thick + its["light_height"] + 0.1), ("buzzer", 0.6, its["under_lid"] - 1)):
        shut = overlap(lid, column(name, radius, low))
        if shut > TOUCH:
            result.faults.append(f"the lid has no hole over the {name}: {shut:.2f} mm³ in the way")
    result.faults += _tight("lid", body, lid, SIDES | ENDS)
    if overlap(body, lid.translate((0, 0, 0.5))) < 0.5:
        result.faults.append("nothing holds the lid down at the flap end")
    for side, x in (("left", its["lid_screw_x"]), ("right", its["board_width"] - its["lid_screw_x"])):
        end = its["dock_end"] + its["lid_screw_length"]
        bite = overlap(lid, along_y(x, its["lid_screw_z"], its["dock_end"], end, SCREW_THREAD))
        result.figures[f"{side} screw"] = f"bites {bite:.1f} mm³ of the lid"
        if bite < 3:
            result.faults.append(f"the {side} screw of the lid finds only {bite:.1f} mm³ to bite into")
    return result


def contacts(its: Mechanics, metal: Mapping[str, Manifold]) -> Result:
    """See that nothing flat can bridge the contact screws, and that the dock's spring pins press on them rightly."""
    result = Result()
    face = its["dock_end"]
    flat = box((its["left"], face - 3, its["back"]), (its["right"], face, its["front"]))
    for side in ("left", "right"):
        gap = flat.min_gap(metal[f"{side} contact screw"], 10.0)
        result.figures[f"{side} screw"] = f"{gap:.1f} mm behind the face"
        if gap < 0.2:
            result.faults.append(f"a key against the dock end may touch the {side} contact screw: {gap:.1f} mm between")
    pressed = its["pin_rise"] - its["contact_back"]
    result.figures["spring pins"] = f"pressed {pressed:.1f} of {PIN_STROKE:g} mm"
    if not 0.4 * PIN_STROKE <= pressed <= 0.8 * PIN_STROKE:
        result.faults.append(f"the tag presses the spring pins by {pressed:.1f} mm of {PIN_STROKE:g}")
    return result


def docks(its: Mechanics, cradle: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the tag comes straight down into the cradle, is held there, and goes in only the right way round."""
    result = Result()
    for up in (0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0):
        for name, part in tag.items():
            shared = overlap(cradle, part.translate((0, up, 0)))
            if shared > TOUCH:
                result.faults.append(f"on its way into the cradle, {up:g} mm up, the {name} meets it: {shared:.2f} mm³")
    case = tag["body"] + tag["lid"]
    result.faults += _tight("tag in the cradle", cradle, case, SIDES | FACES)
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
    blocked = max(0.0, overlap(cradle, turned))
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
    result.faults += _tight("clip", body, clip, ENDS | FACES)
    # Its dovetail, above the catch, must pass all along.
    ridge = clip.trim_by_plane((0, 0, 1), its["back"] + its["clip_catch"] - its["slide_gap"] + 0.05)
    for out in np.linspace(0, reach, 12):
        shared = overlap(body, ridge.translate((float(out), 0, 0)))
        if shared > TOUCH:
            result.faults.append(f"{out:.0f} mm out, the clip's dovetail meets the body: {shared:.2f} mm³")
    width, thick = WEBBING
    slot, hangs = its["back"] - its["slide_gap"] - its["clip_plate"], its["clip_top"] - its["clip_bar"] - 0.6
    strap = box((-40.0, hangs - width, slot - thick - 0.1), (80.0, hangs, slot - 0.1))
    if (shared := overlap(clip, strap)) > TOUCH:
        result.faults.append(
            f"webbing of {width:g} x {thick:g} mm does not go into the clip: {shared:.1f} mm³ in the way"
        )
    if overlap(clip, strap.translate((0, -2, 0))) < 1:
        result.faults.append("nothing keeps the clip on the webbing")
    catch = overlap(body, clip.translate((its["clip_catch"] + 1, 0, 0)))
    result.figures["catch"] = f"stands up {its['clip_catch'] - its['slide_gap']:.1f} mm into the back"
    if catch < 0.5:
        result.faults.append("nothing keeps the clip from sliding out")
    return result


def antenna(its: Mechanics, metal: Mapping[str, Manifold]) -> Result:
    """See that metal keeps away from the antenna."""
    result = Result()
    away = its["antenna_away"]
    low = its["board_thickness"]
    space = box(
        (its["antenna_x"], its["antenna_y"], low),
        (its["antenna_x"] + its["antenna_width"], its["antenna_y"] + its["antenna_length"], low + its["module_height"]),
    )
    for name, part in metal.items():
        gap = space.min_gap(part, 200.0)
        result.figures[name] = f"{gap:.1f} mm"
        if gap < away:
            result.faults.append(f"the {name} is {gap:.1f} mm from the antenna; {away:g} is the least")
    return result


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
    half, front = its["pouch_width"] / 2, its["pouch_front"]
    bag = box(
        (its["usb_x"] - half, its["pouch_bottom"], front - its["pouch_depth"]),
        (its["usb_x"] + half, its["pouch_top"], front),
    )
    case = {part: tag[part] for part in ("body", "lid")}
    result = fits({"pouch": {"pouch": bag}, "dock": {"cradle": cradle, **case}})
    room = its["rack_pitch"] - its["pouch_width"]
    result.figures["beside it in the rack"] = f"{room:g} mm"
    if room < 2:
        result.faults.append(f"pouches in the rack have {room:g} mm between them")
    return result


def _flap(its: Mechanics) -> list[Manifold]:
    """The flap, closed: over the top and down the front, up to its edge."""
    half, middle, thick = its["pouch_width"] / 2, its["usb_x"], its["flap_thickness"]
    front, top = its["pouch_front"], its["pouch_top"]
    return [
        box((middle - half, top, front - its["pouch_depth"]), (middle + half, top + thick, front + thick)),
        box((middle - half, its["flap_edge"], front), (middle + half, top + thick, front + thick)),
    ]
