"""The tag's parts together: what overlaps, what holds what, what has play, and what the antenna needs.

Lengths in mm, volumes in mm³. Frame: the board's, as in enclosure/mechanics.scad.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations

import numpy as np
from manifold3d import CrossSection, JoinType, Manifold, OpType

from hardware.checks import Result
from hardware.checks.places import Mechanics
from hardware.checks.solids import along_y, box, overlap

TOUCH = 0.02
"""mm³ of overlap that is rounding only: OpenSCAD writes six digits."""
PLAY = 0.1
"""mm that each part of a sliding fit can move each way: less, and a printed part does not go in."""
SCREW_THREAD = 2.2
"""mm, outer diameter of the lid's screws, ISO 7050 ST2.2."""
PIN_STROKE = 2.5
"""mm that the spring pins' plungers can be pressed: as far as their shank, 2.54 mm, goes into the barrel."""
SLOT = 1.0
"""mm, widest slot of the contact screws, ISO 1207 M3."""
FROM_CELL = 1.0
"""mm that metal keeps away from the cell, whose foil a screw's end would pierce."""
MODULUS = 2000.0
"""N/mm2 of printed PETG or ASA: makers' sheets have 1700 to 2200."""
STROKE = 0.25
"""mm that the switches travel: PTS635; the B3U has 0.15."""


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


def tight(name: str, still: Manifold, moving: Manifold, ways: dict[str, tuple[int, int, int]]) -> list[str]:
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
    carried = (case["body"] ^ board.translate((0, 0, -0.3))).project().hull()
    for across, where in ((0.0, "left"), (its["board_width"], "right")):
        for along, end in ((0.0, "dock"), (its["board_length"], "flap")):
            if (carried ^ CrossSection.circle(6).translate((across, along))).is_empty():
                result.faults.append(f"nothing carries the board at its {where} corner of the {end} end: it tips")
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
    result.faults += tight("lid", body, lid, SIDES | ENDS)
    _tongue(its, lid, gap, result)
    if overlap(body, lid.translate((0, 0, 0.5))) < 0.5:
        result.faults.append("nothing holds the lid down at the flap end")
    for side, x in (("left", its["lid_screw_x"]), ("right", its["board_width"] - its["lid_screw_x"])):
        end = its["dock_end"] + its["lid_screw_length"]
        bite = overlap(lid, along_y(x, its["lid_screw_z"], its["dock_end"], end, SCREW_THREAD))
        result.figures[f"{side} screw"] = f"bites {bite:.1f} mm³ of the lid"
        if bite < 3:
            result.faults.append(f"the {side} screw of the lid finds only {bite:.1f} mm³ to bite into")
    return result


def _tongue(its: Mechanics, lid: Manifold, gap: float, result: Result) -> None:
    """See that the button is a tongue, free but at its root, and what presses it: a beam held at its root, load at the
    plunger; its strain at the root stays where PETG does not whiten."""
    x, y, low, high = its["button_x"], its["button_y"], its["under_lid"], its["front"]
    plate = lid.slice(high - its["engraving"] - 0.1)

    def width(at: float) -> float:
        """How wide the lid's plate is there, about the button; 0 in a slit."""
        row = plate ^ CrossSection.square((16, 0.1)).translate((x - 8, at))
        about = [piece.bounds() for piece in row.decompose()]
        return next((right - left for left, _, right, _ in about if left < x < right), 0.0)

    free = [float(at) for at in np.arange(y, y + 20, 0.1)]
    root = next((at for at in free if width(at) > 15), math.inf)
    if not 3 < root - y < 20 or all(width(y - below) for below in (1.0, 2.0, 3.0, 4.0)):
        result.faults.append("the button is not free: no slit round it in the lid")
        return
    if not all(width(at) for at in free if at < root):
        result.faults.append("the button is cut off from the lid")
        return
    bend = turn = 0.0
    for at in (at for at in free if at < root):
        _, _, bottom, _, _, top = (lid ^ box((x - 0.5, at, low), (x + 0.5, at + 0.1, high))).bounding_box()
        stiff = MODULUS * width(at) * (top - bottom) ** 3 / 12
        bend += (at - y) ** 2 * 0.1 / stiff
        turn = max(turn, (at - y) / stiff * (top - bottom) / 2)
    force = (max(gap, 0.0) + STROKE) / bend
    strain = force * turn
    result.figures["button's tongue"] = f"{force:.1f} N beside the switch's own, strain {100 * strain:.1f} %"
    if not 0.5 <= force <= 4:
        result.faults.append(f"the button's tongue takes {force:.1f} N, it should be 0.5 to 4")
    if strain > 0.015:
        result.faults.append(f"the button's tongue is strained by {100 * strain:.1f} %, 1.5 is the most")


def contacts(its: Mechanics, metal: Mapping[str, Manifold]) -> Result:
    """See that nothing flat can bridge the contact screws, that the dock's spring pins press on them rightly, beside
    their slots, and that no metal can get at the cell."""
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
    aside, reach = its["pin_aside"], its["pin_head"] / 2 + its["dock_gap"]
    if aside - reach < SLOT / 2:
        result.faults.append(f"the spring pins meet the screws' slots: they are {aside:g} mm from the middle")
    if aside + reach > its["contact_head"] / 2:
        result.faults.append(f"the spring pins miss the screws' heads: they are {aside:g} mm from the middle")
    for name, part in metal.items():
        if name != "battery" and (gap := part.min_gap(metal["battery"], 5.0)) < FROM_CELL:
            result.faults.append(f"the {name} is {gap:.1f} mm from the cell")
    return result


def plugs_in(plug: Manifold, tag: Mapping[str, Manifold]) -> Result:
    """See that the largest USB plug goes in, with play."""
    result = fits({"plug": {"plug": plug}, "tag": tag})
    if not result.faults:
        result.faults += tight("USB plug", Manifold.batch_boolean(list(tag.values()), OpType.Add), plug, SIDES | FACES)
    return result


def shut(its: Mechanics, case: Mapping[str, Manifold]) -> Result:
    """See that the closed case has no other openings than it should: dust, rain and fingers stay out."""
    result = Result()
    whole = case["body"] + case["lid"]
    low, high = (its["left"], its["dock_end"], its["back"]), (its["right"], its["flap_end"], its["front"])
    inner = (its["inner_left"], its["inner_right"]), (its["inside"], its["under_lid"])
    upper = its["board_length"] + its["board_gap"]
    # Slabs as thick as each wall, with the roof over the clip's groove at the back; how to turn them so that they are
    # looked through; and what may be open, mm2: button, light and sound in front, the groove's end at the right.
    sides = {
        "back": (low, (high[0], high[1], inner[1][0] + 1), (0, 0, 0), 0.0),
        "front": ((low[0], low[1], inner[1][1]), high, (0, 0, 0), 45.0),
        "left side": (low, (inner[0][0], high[1], high[2]), (0, 90, 0), 0.0),
        "right side": ((inner[0][1], low[1], low[2]), high, (0, 90, 0), 13.0),
        "flap end": ((low[0], upper, low[2]), high, (90, 0, 0), 0.0),
    }
    outline = whole.hull()
    for name, (start, end, turned, most) in sides.items():
        slab = box(start, end)
        seen, full = ((solid ^ slab).rotate(turned).project() for solid in (whole, outline))
        # What is narrower than 0.3 mm is a joint, or a chamfer's edge.
        opening = (full - seen).offset(-0.15, JoinType.Miter).offset(0.15, JoinType.Miter).area()
        result.figures[name] = f"{opening:.0f} mm² open"
        if opening > most + 0.5:
            result.faults.append(f"the {name} of the case has {opening:.0f} mm² of openings; {most:g} is what it needs")
    return result


def goes_together(
    its: Mechanics, case: Mapping[str, Manifold], around: Mapping[str, Manifold], board: Mapping[str, Manifold]
) -> Result:
    """See that what the case holds can be put in, in the order of the guide, and that the wires have a way."""
    result = Result()
    body, lid = case["body"], case["lid"]
    seat = its["dock_end"] + its["contact_seat"]
    flat, tip = seat + its["contact_floor"], seat + its["contact_length"]
    out = [(0.0, -float(way), 0.0) for way in (1, 3, 6, 12)]
    up = [(0.0, 0.0, float(way)) for way in (1, 2, 4, 8, 16)]
    moves: dict[str, tuple[Manifold, list[tuple[float, float, float]]]] = {}
    for side in ("left", "right"):
        screw = around[f"{side} contact screw"]
        x = its["usb_x"] + its["contact_x"] * (1 if side == "right" else -1)
        bolt = along_y(x, its["contact_z"], its["dock_end"], tip, 3) + screw.trim_by_plane((0, -1, 0), -flat)
        moves[f"{side} contact screw"] = bolt, out
        moves[f"{side} nut"] = screw.trim_by_plane((0, 1, 0), flat + 0.01), up
    moves["battery"] = around["battery"], up
    moves |= {name: (part, up) for name, part in board.items()}
    for name, (part, ways) in moves.items():
        if (worst := max(overlap(body, part.translate(way)) for way in ways)) > TOUCH:
            result.faults.append(f"the {name} cannot be put in: {worst:.2f} mm³ of the body in the way")
    # The lid, its tongue in the groove, comes down by its dock end.
    pivot = (0.0, its["board_length"] + its["board_gap"], its["under_lid"])
    for angle in (2.0, 4.0, 6.0, 8.0):
        tilted = lid.translate((0, -pivot[1], -pivot[2])).rotate((-angle, 0, 0)).translate(pivot)
        near = tilted.trim_by_plane((0, -1, 0), 4.0 - pivot[1])
        if (shared := overlap(body, near)) > TOUCH:
            result.faults.append(
                f"the lid does not close: at {angle:g} degrees {shared:.2f} mm³ of the body in the way"
            )
            break
    _wires(its, body + lid, around["battery"], board, result)
    return result


def _wires(its: Mechanics, case: Manifold, battery: Manifold, board: Mapping[str, Manifold], result: Result) -> None:
    """Room for a wire of 1 mm from each contact's lug, and for two from the cell."""
    flat = its["dock_end"] + its["contact_seat"] + its["contact_floor"]
    ways = {}
    for side, sign in (("left", -1), ("right", 1)):
        x = its["usb_x"] + sign * (its["contact_x"] - 1)
        ways[f"wire of the {side} contact"] = box(
            (x - 0.6, flat + 0.1, its["contact_z"] + 3), (x + 0.6, -its["board_gap"], its["board_thickness"] + 2)
        )
    right = its["board_width"]
    if battery.bounding_box()[1] < its["notch_y"]:
        beside = its["battery_x"] + its["battery_width"] + 0.1
        ways["battery's wires, beside it"] = box(
            (beside, its["notch_y"] + 0.5, its["inside"] + 0.1),
            (right, its["battery_y"] + its["battery_length"], -0.1),
        )
        ways["battery's wires, through the notch"] = box(
            (its["notch_x"] + 0.1, its["notch_y"] + 0.5, -0.8),
            (its["notch_x"] + 1.3, its["notch_y"] + its["notch_length"] - 0.5, its["board_thickness"] + 3),
        )
    for name, way in ways.items():
        shared = overlap(case, way) + overlap(board["board"], way) + overlap(battery, way)
        if shared > TOUCH:
            result.faults.append(f"no way for the {name}: {shared:.1f} mm³ in it")


def holder_works(holder: Manifold, cap: Manifold, magnet: Manifold) -> Result:
    """See that the holder keeps the magnet where the field was calculated for."""
    result = Result()
    for way, (x, y, z) in (SIDES | ENDS | FACES).items():
        if (
            overlap(holder, magnet.translate((0.3 * x, 0.3 * y, 0.3 * z)))
            + overlap(cap, magnet.translate((0.3 * x, 0.3 * y, 0.3 * z)))
            < TOUCH
        ):
            result.faults.append(f"nothing keeps the magnet from going {way}")
    return result


def kept(body: Manifold, cradle: Manifold, around: Mapping[str, Manifold]) -> Result:
    """See that the battery stays in its pocket, and that the dock's holes are not too wide for the spring pins."""
    result = Result()
    # At its right the wires pass; over it lie foam and board.
    for way, (x, y) in {
        "left": (-1.0, 0),
        "right": (2.5, 0),
        "to the dock end": (0, -1.0),
        "to the flap end": (0, 1.0),
    }.items():
        if overlap(body, around["battery"].translate((x, y, 0))) < 1:
            result.faults.append(f"nothing keeps the battery from going {way}")
    for side in ("left", "right"):
        pin = around[f"{side} spring pin"]
        for x, z in ((-0.3, 0), (0.3, 0), (0, -0.3), (0, 0.3)):
            if overlap(cradle, pin.translate((x, 0, z))) < 0.5:
                result.faults.append(f"the hole for the {side} spring pin is too wide to guide it")
                break
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
