// The tag's body: open at the front, printed on its back.

include <shapes.scad>

body();

module body() {
    difference() {
        union() {
            difference() {
                intersection() {
                    translate([0, 0, back]) linear_extrude(under_lid - back) tag_outline();
                    along_y(dock_end, flap_end) tag_section(under_lid);
                }
                box([inner_left, dock_end + wall, inside], [inner_right, board_length + board_gap, under_lid + 1]);
            }
            intersection() {
                inner_parts();
                translate([0, 0, back]) linear_extrude(under_lid - back) tag_outline(1);
            }
        }
        usb_opening();
        both_sides() contact_hole();
        both_sides() lid_screw_hole();
        tongue_groove();
        clip_groove();
    }
}

module inner_parts() {
    // Ledges: the left one carries the board all along, the right one leaves the battery's wires their way.
    box([inner_left - 0.1, dock_end + wall - 0.1, inside - 0.1], [ledge, board_length + board_gap + 0.1, 0]);
    box([board_width - ledge, dock_end + wall - 0.1, inside - 0.1], [inner_right + 0.1, notch_y - 1, 0]);
    box([board_width - ledge, battery_y + battery_length + 1.5, inside - 0.1],
        [inner_right + 0.1, board_length + board_gap + 0.1, 0]);
    box([inner_left - 0.1, board_length - 0.7, inside - 0.1], [inner_right + 0.1, board_length + board_gap + 0.1, 0]);

    // The dock end: bosses behind the contact screws; between them a solid floor that carries the plug, and walls beside
    // it that stop the board when the plug is pulled.
    both_sides()
        box([ledge - 0.2, dock_end + wall - 0.1, inside - 0.1],
            [usb_x - plug_width / 2, dock_end + contact_seat + contact_floor, contact_z + contact_hole_radius() + least_wall]);
    box([usb_x - plug_width / 2 - least_wall, dock_end + wall - 0.1, inside - 0.1],
        [usb_x + plug_width / 2 + least_wall, -board_gap, usb_z - plug_height / 2]);
    both_sides()
        box([usb_x - plug_width / 2 - least_wall, dock_end + wall - 0.1, inside - 0.1],
            [usb_x - plug_width / 2, -board_gap, under_lid]);
    // Keeps the battery off the right contact's nut. In the reference build it lies elsewhere, and wires pass here.
    if (build == "board")
        box([usb_x + plug_width / 2, -contact_wall, inside - 0.1], [board_width - ledge + 0.1, 0, -board_gap]);

    // The battery's pocket: a rib at its left and one at the end that no wall closes.
    rib = 1.4;
    rib_top = inside + battery_thickness - 0.5;
    box([battery_x - battery_room - rib, battery_y + 3, inside - 0.1],
        [battery_x - battery_room, battery_y + battery_length - 3, rib_top]);
    rib_y = build == "xiao" ? battery_y - battery_room - rib : battery_y + battery_length + battery_room;
    box([battery_x + 3, rib_y, inside - 0.1], [battery_x + battery_width - 3, rib_y + rib, rib_top]);

    // The roof over the clip's groove.
    box([16 - clip_width / 2 - 2, groove_y - groove_roof / 2 - 1.4, inside - 0.1],
        [inner_right + 0.1, groove_y + groove_roof / 2 + 1.4, back + groove_depth + 1.6]);
}

function contact_hole_radius() = contact_head / 2 + 0.3;

module usb_opening() {
    box([usb_x - plug_width / 2, dock_end - 1, usb_z - plug_height / 2], [usb_x + plug_width / 2, 0, under_lid + 1]);
}

module contact_hole() {
    at = [usb_x - contact_x, contact_z];
    lying_hole(at, dock_end - 1, dock_end + contact_seat, 2 * contact_hole_radius(), 1);
    lying_hole(at, dock_end, dock_end + contact_seat + contact_floor + 1, 3.3, 1);
    // The nut lies in a shallow pocket of the floor, which keeps it from turning.
    box([usb_x - contact_x - 3.6, dock_end + contact_seat + contact_floor, contact_z - contact_nut / 2 - 0.15],
        [usb_x - contact_x + 3.3, -contact_wall, contact_z]);
}

module lid_screw_hole() {
    at = [lid_screw_x, lid_screw_z];
    depth = (lid_screw_head - lid_screw_hole) / 2;
    hull() {
        lying_hole(at, dock_end - 0.02, dock_end, lid_screw_head, 1);
        lying_hole(at, dock_end + depth - 0.02, dock_end + depth, lid_screw_hole, 1);
    }
    lying_hole(at, dock_end, dock_end + wall + 1, lid_screw_hole, 1);
}

// For the tongue of the lid: a groove with 45 degree flanks in the flap end.
module tongue_groove() {
    inner = board_length + board_gap;
    along_x(3.5, board_width - 3.5)
        polygon([[inner - 0.1, under_lid - 0.1], [inner - 0.1, under_lid - 1.9], [inner + 0.8, under_lid - 1], [inner - 0.1, under_lid - 0.1]]);
}

// For the clip: a dovetail from the right, and a dimple for its catch, steep where the catch would leave it.
module clip_groove() {
    along_x(usb_x - clip_width / 2 - slide_gap, right + 1)
        polygon([
            [groove_y - groove_mouth / 2, back - 0.01], [groove_y + groove_mouth / 2, back - 0.01],
            [groove_y + groove_roof / 2, back + groove_depth], [groove_y - groove_roof / 2, back + groove_depth]]);
    catch_depth = floor_thickness - least_wall;
    along_y(catch_y - 3.2, catch_y + 3.2)
        polygon([
            [usb_x - catch_depth - slide_gap, back - 0.01], [usb_x + slide_gap, back - 0.01],
            [usb_x + slide_gap, back + catch_depth], [usb_x - slide_gap, back + catch_depth]]);
}
