"""The printed parts fit with each other, the board, the pouch and the dock; the check finds a damaged one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from manifold3d import Manifold

from hardware import perfboard
from hardware.checks import fit, in_use, mesh, solids
from hardware.checks.places import Mechanics
from hardware.checks.solids import Solids
from hardware.making import printing
from hardware.parts import read_board
from tests.hardware import damage

pytestmark = pytest.mark.needs_openscad

CASE = ("body", "lid")


@pytest.fixture(scope="session")
def there(stl: dict[str, Path]) -> Solids:
    """The custom board's parts, where they belong."""
    its = Mechanics()
    return {part: solids.placed(stl[f"{part}-board"], its, part) for part in printing.PARTS}


@pytest.fixture(scope="session")
def board() -> Solids:
    return solids.custom_board(Mechanics(), read_board(damage.BOARD))


ITS = Mechanics()


def shifted(parts: Mapping[str, Manifold], x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solids:
    return {name: part.translate((x, y, z)) for name, part in parts.items()}


@pytest.mark.parametrize("build", printing.BUILDS)
def test_every_part_of_both_builds_is_whole_and_fits(build: str, stl: dict[str, Path], board: Solids) -> None:
    its = Mechanics(build=build)
    there = board if build == "board" else solids.reference_board(its, perfboard.read())
    found = mesh.check(its, {part: stl[f"{part}-{build}"] for part in printing.PARTS}, there)
    assert {what: result.faults for what, result in found.items() if result.faults} == {}
    assert len(found) == 19


# Fit.


def case_against(there: Solids, other: Mapping[str, Manifold]) -> list[str]:
    return fit.fits({"case": {part: there[part] for part in CASE}, "other": other}).faults


def test_a_board_that_sits_2_mm_off_is_told(there: Solids, board: Solids) -> None:
    assert case_against(there, board) == []
    for x, y in ((2, 0), (-2, 0), (0, 2), (0, -2)):
        faults = case_against(there, shifted(board, x, y))
        assert any(fault.startswith("body and board overlap by ") for fault in faults)


def test_a_part_too_high_for_the_lid_is_told(there: Solids, tmp_path: Path) -> None:
    path = tmp_path / damage.BOARD.name
    path.write_text(damage.BOARD.read_text())
    damage.in_part(path, "J2", r'\(property "Height" "[^"]*"', '(property "Height" "5.8"')
    higher = solids.custom_board(ITS, read_board(path))
    (fault,) = case_against(there, higher)
    assert fault.startswith("lid and J2 overlap by ")


def test_a_part_under_a_post_of_the_lid_is_told(there: Solids, board: Solids) -> None:
    (fault,) = case_against(there, {"C1": board["C1"].translate((-3.7, -5, 0))})
    assert fault.startswith("lid and C1 overlap by ")


def test_a_thicker_battery_is_told(there: Solids, board: Solids) -> None:
    thicker = solids.bought(Mechanics(changed={"battery_thickness": 6.0}))["battery"]
    (fault,) = fit.fits({"board": board, "battery": {"battery": thicker}}).faults
    assert fault.startswith("board and battery overlap by ")


def test_longer_contact_screws_are_told(there: Solids) -> None:
    longer = solids.bought(Mechanics(changed={"contact_length": 8.0}))
    faults = fit.fits(
        {"screw": {"screw": longer["right contact screw"]}, "battery": {"battery": longer["battery"]}}
    ).faults
    assert len(faults) == 1


def test_an_opening_too_low_for_a_plug_is_told(there: Solids) -> None:
    lower = solids.plug(Mechanics(changed={"usb_height": 2.5}))
    (fault,) = case_against(there, {"plug": lower})
    assert fault.startswith("body and plug overlap by ")


def test_a_board_that_nothing_holds_down_is_told(there: Solids, board: Solids) -> None:
    case = {part: there[part] for part in CASE}
    assert fit.held(ITS, case, board["board"]).faults == []
    case["lid"] = case["lid"].trim_by_plane((0, 0, 1), ITS["under_lid"] - 2)
    faults = fit.held(ITS, case, board["board"]).faults
    assert faults[0] == "nothing keeps the board from going to the lid"


def test_a_board_that_only_lies_on_its_one_end_is_told(there: Solids, board: Solids) -> None:
    case = {part: there[part] for part in CASE}
    case["body"] -= solids.box((-1, -2, -9), (33, 40, 0.1))
    fault = fit.held(ITS, case, board["board"]).faults[0]
    assert fault.startswith("the body carries only ")
    assert fault.endswith(" mm of the board: it tips")


def test_a_board_that_one_side_does_not_carry_is_told(there: Solids, board: Solids) -> None:
    case = {part: there[part] for part in CASE}
    case["body"] -= solids.box((-0.3, -2, -9), (8, 49, 0.1))
    assert fit.held(ITS, case, board["board"]).faults == [
        "nothing carries the board at its left corner of the dock end: it tips"
    ]


def test_a_usb_plug_without_play_is_told(there: Solids) -> None:
    case = {part: there[part] for part in CASE}
    assert fit.plugs_in(solids.plug(ITS), case).faults == []
    (fault,) = fit.plugs_in(solids.plug(ITS).translate((0.22, 0, 0)), case).faults
    assert fault == "the USB plug is too tight: it has not 0.1 mm of play to the right"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"button_height": 2.5}, "the button's plunger is -0.60 mm from the switch, it should be 0.15 to 0.6"),
        ({"light_x": 26.0}, "the lid has no hole over the light: "),
        ({"buzzer_y": 20.0}, "the lid has no hole over the buzzer: "),
    ],
)
def test_a_lid_for_other_places_is_told(changed: dict[str, float], told: str, there: Solids) -> None:
    (fault,) = fit.lid_works(Mechanics(changed=changed), there["lid"], there["body"]).faults
    assert fault.startswith(told)


def test_a_lid_that_nothing_holds_is_told(there: Solids) -> None:
    lid = there["lid"].trim_by_plane((0, 0, 1), ITS["under_lid"])
    faults = fit.lid_works(ITS, lid, there["body"]).faults
    assert "nothing holds the lid down at the flap end" in faults
    assert "the left screw of the lid finds only 0.0 mm³ to bite into" in faults


def button(lid: Manifold, there: Solids) -> list[str]:
    return fit.lid_works(ITS, lid, there["body"]).faults


def test_a_button_that_does_not_bend_is_told(there: Solids) -> None:
    x, y, low, high = ITS["button_x"], ITS["button_y"], ITS["under_lid"], ITS["front"]
    stuck = there["lid"] + solids.box((x - 6, y - 4, low), (x + 6, y + 12, high))
    assert button(stuck, there) == ["the button is not free: no slit round it in the lid"]
    thick = there["lid"] + solids.box((x - 4, y, low), (x + 4, y + 12, high))
    (fault,) = button(thick, there)
    assert fault == "the button's tongue takes 10.3 N, it should be 0.5 to 4"
    thin = there["lid"] - solids.box((x - 5, y + 4, low - 0.1), (x + 5, y + 12, high - 0.65))
    (fault,) = button(thin, there)
    assert fault == "the button's tongue takes 0.4 N, it should be 0.5 to 4"
    cut = there["lid"] - solids.box((x - 5, y + 4, low - 0.1), (x + 5, y + 6, high + 1))
    assert button(cut, there) == ["the button is cut off from the lid"]


@pytest.mark.parametrize(
    ("part", "start", "end", "told"),
    [
        ("body", (4, 25, -8), (20, 30, -5), "the back of the case has 71 mm² of openings; 0 is what it needs"),
        ("body", (32, 20, 1), (35, 22, 4), "the right side of the case has 18 mm² of openings; 13 is what it needs"),
        ("body", (10, 50, 0), (14, 53, 3), "the flap end of the case has 12 mm² of openings; 0 is what it needs"),
        ("lid", (4, 8, 6), (14, 9, 9), "the front of the case has 54 mm² of openings; 45 is what it needs"),
    ],
)
def test_a_hole_in_the_case_is_told(
    part: str, start: tuple[int, int, int], end: tuple[int, int, int], told: str, there: Solids
) -> None:
    case = {name: there[name] for name in CASE}
    case[part] -= solids.box(start, end)
    assert fit.shut(ITS, case).faults == [told]


@pytest.mark.parametrize(
    ("part", "start", "end", "told"),
    [
        ("body", (1, -4, 1), (9, -1, 2), "the left nut cannot be put in: "),
        ("body", (3, -9, -5), (7, -8, -1), "the left contact screw cannot be put in: "),
        ("body", (12, 12, 0), (20, 14, 1), "the battery cannot be put in: "),
        ("body", (31, 10, -7), (33, 28, 0), "no way for the battery's wires, beside it: "),
        ("lid", (29, 11, 2), (31, 16, 8), "no way for the battery's wires, through the notch: "),
        ("lid", (5, -4, 1), (7, -1, 8), "no way for the wire of the left contact: "),
        ("lid", (-0.05, -6.5, -2), (2, -5, 3), "the lid does not close: "),
    ],
)
def test_what_cannot_be_put_together_is_told(
    part: str,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    told: str,
    there: Solids,
    board: Solids,
) -> None:
    case = {name: there[name] for name in CASE}
    case[part] += solids.box(start, end)
    faults = fit.goes_together(ITS, case, solids.bought(ITS), board).faults
    assert any(fault.startswith(told) for fault in faults), faults


def test_a_battery_or_a_spring_pin_with_nothing_around_it_is_told(there: Solids) -> None:
    around = solids.bought(ITS)
    for start, end, way in (
        ((9, -1.3, -5.4), (31, 0.1, 1), "to the dock end"),
        ((8, 0, -5.4), (10.2, 30, 1), "left"),
        ((9, 26.6, -5.4), (31, 29, 1), "to the flap end"),
    ):
        faults = fit.kept(there["body"] - solids.box(start, end), there["cradle"], around).faults
        assert faults == [f"nothing keeps the battery from going {way}"]
    drilled = solids.along_y(5, ITS["contact_z"] + ITS["pin_aside"], -40, 0, 2.5)
    assert fit.kept(there["body"], there["cradle"] - drilled, around).faults == [
        "the hole for the left spring pin is too wide to guide it"
    ]


def test_a_magnet_that_is_loose_in_its_holder_is_told(there: Solids) -> None:
    smaller = solids.bought(Mechanics(changed={"magnet_diameter": 9.0}))["magnet"]
    faults = fit.holder_works(there["magnet_holder"], there["magnet_cap"], smaller.translate((0, 0.5, 0))).faults
    assert faults[0] == "nothing keeps the magnet from going to the left"


# Dock, clip, antenna, flap.


def test_metal_that_could_pierce_the_cell_is_told() -> None:
    faults = fit.contacts(ITS, solids.bought(Mechanics(changed={"contact_wall": 0.2}))).faults
    assert faults[-1] == "the right contact screw is 0.8 mm from the cell"


@pytest.mark.parametrize(
    ("aside", "told"),
    [
        (0.0, "the spring pins meet the screws' slots: they are 0 mm from the middle"),
        (2.2, "the spring pins miss the screws' heads: they are 2.2 mm from the middle"),
    ],
)
def test_spring_pins_beside_the_heads_or_in_their_slots_are_told(aside: float, told: str) -> None:
    assert fit.contacts(Mechanics(changed={"pin_aside": aside}), solids.bought(ITS)).faults == [told]


def test_contact_screws_that_a_key_could_bridge_are_told() -> None:
    faults = fit.contacts(ITS, shifted(solids.bought(ITS), y=-0.4)).faults
    assert faults[0] == "a key against the dock end may touch the left contact screw: 0.0 mm between"


def test_spring_pins_that_are_hardly_pressed_are_told() -> None:
    short = Mechanics(changed={"pin_pressed": 0.3})
    assert fit.contacts(short, solids.bought(ITS)).faults == ["the tag presses the spring pins by 0.3 mm of 2.5"]


def tag(there: Solids) -> Solids:
    return {part: there[part] for part in ("body", "lid", "clip")}


def test_a_tag_that_the_cradle_does_not_fit_is_told(there: Solids) -> None:
    faults = in_use.docks(ITS, there["cradle"], shifted(tag(there), x=0.5)).faults
    assert any("on its way into the cradle, 0 mm up, the body meets it" in fault for fault in faults)


def test_a_cradle_without_lips_is_told(there: Solids) -> None:
    without = there["cradle"].trim_by_plane((0, 0, 1), ITS["back"] + ITS["edge"] + 0.1)
    assert in_use.docks(ITS, without, tag(there)).faults == [
        "the cradle does not keep the tag from going back",
        "the tag goes into the cradle the wrong way round: only 0.0 mm³ in the way",
    ]


def test_a_clip_without_dovetail_is_told(there: Solids) -> None:
    plain = there["clip"].trim_by_plane((0, 0, -1), -ITS["back"])
    faults = in_use.clip_holds(ITS, there["body"], plain).faults
    assert "the clip can be pulled off the back" in faults
    assert "nothing keeps the clip from sliding out" in faults


def test_a_clip_too_tight_for_its_groove_is_told(there: Solids) -> None:
    faults = in_use.clip_holds(ITS, there["body"], there["clip"].translate((0, 0.5, 0))).faults
    assert any("the clip's dovetail meets the body" in fault for fault in faults)


def test_parts_without_play_are_told(there: Solids) -> None:
    swollen = Manifold.cube((0.3, 70, 20)).translate((ITS["right"], -8, -8)) ^ there["cradle"].hull()
    tight = tag(there) | {"body": there["body"] + swollen}
    faults = in_use.docks(ITS, there["cradle"], tight).faults
    assert "the tag in the cradle is too tight: it has not 0.1 mm of play to the right" in faults
    pushed = there["clip"].translate((0, 0.22, 0))
    faults = in_use.clip_holds(ITS, there["body"], pushed).faults
    assert "the clip is too tight: it has not 0.1 mm of play to the flap end" in faults
    faults = fit.lid_works(ITS, there["lid"].translate((0.2, 0, 0)), there["body"]).faults
    assert "the lid is too tight: it has not 0.1 mm of play to the right" in faults


def test_a_clip_that_webbing_does_not_go_into_or_falls_out_of_is_told(there: Solids) -> None:
    narrow = there["clip"] + solids.box((4, 30, ITS["pouch_front"] - 0.1), (28, 34, ITS["pouch_front"] + 1.5))
    (fault,) = in_use.clip_holds(ITS, there["body"], narrow).faults
    assert fault.startswith("webbing of 40 x 3 mm does not go into the clip: ")
    low = ITS["pouch_front"]
    for height in (0.0, 1.2):
        plain = there["clip"] - solids.box((0, 0, low + height), (32, 8, low + 3))
        assert in_use.clip_holds(ITS, there["body"], plain).faults == ["nothing keeps the clip on the webbing"]


def test_a_clip_for_other_webbing_holds_it_as_well(there: Solids, tmp_path: Path) -> None:
    narrow = Mechanics(changed={"webbing": 25.0})
    clip = printing.build(tmp_path, ("clip",), ("board",), {"webbing": 25.0})["clip-board"]
    assert in_use.clip_holds(narrow, there["body"], solids.placed(clip, narrow, "clip")).faults == []


def test_a_catch_that_slips_out_by_itself_is_told(there: Solids) -> None:
    x, y, low = ITS["usb_x"], ITS["catch_y"], ITS["back"] - ITS["slide_gap"]
    slope = solids.box((-2, y - 3, 0), (0, y + 3, 1)).rotate((0, 45, 0)).translate((x, 0, low))
    faults = in_use.clip_holds(ITS, there["body"], there["clip"] - slope).faults
    assert faults == ["nothing keeps the clip from sliding out"]


def test_metal_near_the_antenna_is_told() -> None:
    metal = solids.bought(Mechanics(changed={"battery_y": 6.0}))
    assert fit.antenna(ITS, metal).faults == ["the battery is 5.9 mm from the antenna; 10 is the least"]


def test_a_flap_that_opens_past_the_tag_passes_and_one_that_meets_it_is_told(there: Solids) -> None:
    holder = {part: there[part] for part in ("magnet_holder", "magnet_cap")}
    assert in_use.flap(ITS, tag(there), holder).faults == []
    higher = in_use.flap(ITS, shifted(tag(there), y=3), holder).faults
    assert higher[0].startswith("the flap meets the body by 2 degrees: ")
    # In front of the tag, the flap is free when closed and meets the tag only as it opens.
    hidden = in_use.flap(ITS, {"ledge": solids.box((10, 60, 0), (20, 64, 12))}, holder).faults
    assert "ledge" in hidden[0]


def test_a_dock_that_the_pouch_does_not_fit_is_told(there: Solids) -> None:
    deeper = Mechanics(changed={"pouch_bottom": ITS["foot_top"] - 2})
    (fault,) = in_use.pouch(deeper, there["cradle"], tag(there)).faults
    assert fault.startswith("pouch and cradle overlap by ")
    wider = Mechanics(changed={"pouch_width": 110.0})
    assert in_use.pouch(wider, there["cradle"], tag(there)).faults == ["pouches in the rack have -5 mm between them"]


def test_a_cradle_that_tips_over_or_has_no_way_for_its_wires_is_told(there: Solids) -> None:
    cradle = there["cradle"]
    assert in_use.stands(ITS, cradle).faults == []
    short = cradle.trim_by_plane((0, 0, 1), ITS["cup_back"] - 20)
    assert in_use.stands(ITS, short).faults == [
        "the cradle tips over: its foot ends 14.7 mm before the middle of the pouch"
    ]
    low, z = ITS["foot_top"], ITS["contact_z"]
    shut = cradle + solids.box((ITS["cup_left"], low, z - 5), (ITS["cup_left"] + 2, low + 20, z + 5))
    assert in_use.stands(ITS, shut).faults == ["the cradle has no way for the wires to its sides"]
    filled = there["rack"] + solids.box((3, low + 12, z - 2), (7, low + 14, z + 2))
    assert in_use.rack(ITS, filled, tag(there)).faults == [
        "the rack has no way for the wire from the spring pin at x = 5"
    ]


def test_a_rack_that_does_not_hold_its_tags_or_its_neighbour_is_told(there: Solids) -> None:
    rack = there["rack"]
    assert in_use.rack(ITS, rack, tag(there)).faults == []
    nearer = in_use.rack(Mechanics(changed={"rack_pitch": 103.0}), rack, tag(there)).faults
    assert nearer[0].startswith("at place 2 the body meets the rack: ")
    end = ITS["usb_x"] - ITS["rack_pitch"] / 2 + ITS["rack_places"] * ITS["rack_pitch"]
    assert in_use.rack(ITS, rack.trim_by_plane((-1, 0, 0), -end), tag(there)).faults == [
        "nothing keeps the pieces of the rack together"
    ]
    floorless = rack.trim_by_plane((0, -1, 0), -(ITS["dock_end"] - 1.5))
    assert "at place 1 nothing carries the tag" in in_use.rack(ITS, floorless, tag(there)).faults


@pytest.mark.parametrize("way", sorted(fit.SIDES | fit.ENDS | fit.FACES))
def test_play_is_asked_for_each_way(way: str) -> None:
    step = (fit.SIDES | fit.ENDS | fit.FACES)[way]
    moving = solids.box((0, 0, 0), (10, 10, 10))
    beside = moving.translate(tuple(10.05 * each for each in step))
    ways = fit.SIDES | fit.ENDS | fit.FACES
    assert fit.tight("box", beside, moving, ways) == [f"the box is too tight: it has not 0.1 mm of play {way}"]
