// The cup and tower of the dock, for the cradle and the rack.

include <shapes.scad>

module cradle() {
    difference() {
        union() {
            along_y(foot_bottom, cup_top) square_xz([cup_left, cup_back], [cup_right, cup_front]);
            box([cup_left, foot_bottom, cup_back - foot_depth], [cup_right, foot_top, cup_front]);
        }
        cup();
        both_sides() pin();
        tower_room();
        mount_holes();
        cable_slots();
    }
}

module square_xz(from, to) {
    translate(from) square(to - from);
}

// Where the tag stands: its own outline and air, open at the back between two lips.
module cup() {
    along_y(dock_end, cup_top + 1) offset(delta = dock_gap) tag_section();
    box([left + edge, dock_end, cup_back - 1], [right - edge, cup_top + 1, front]);
    hull() {
        along_y(cup_top - 1, cup_top - 0.99) offset(delta = dock_gap) tag_section();
        along_y(cup_top, cup_top + 0.1) offset(delta = dock_gap + 1) tag_section();
    }
}

module pin() {
    at = [usb_x - contact_x, contact_z + pin_aside];
    lying_hole(at, dock_end - (pin_out - pin_rise) - 0.3, dock_end + 1, pin_head_hole, -1, $fn = 16);
    lying_hole(at, dock_end - pin_block - 1, dock_end, pin_hole, -1, $fn = 16);
}

// The tower is hollow and open at the back, for the wires.
module tower_room() {
    box([cup_left + cup_wall, foot_top, cup_back - 1], [cup_right - cup_wall, dock_end - pin_block, cup_front - cup_wall]);
}

// Two in the foot for a table, two in the front for a wall.
module mount_holes() {
    for (z = [12, foot_depth - 8])
        translate([usb_x, foot_top + 1, cup_back - z]) rotate([90, 0, 0]) drop(mount_hole, foot_thickness + 2);
    for (y = [7, 27])
        translate([usb_x, foot_top + y, cup_front - cup_wall - 1]) cylinder(d = mount_hole, h = cup_wall + 2);
}

// A round hole with a 45 degree peak, pointing to the tag's back: it prints lying.
module drop(diameter, length) {
    cylinder(d = diameter, h = length);
    mirror([0, 1, 0]) rotate(45) cube([diameter / 2, diameter / 2, length]);
}

// Through both side walls, open at the back.
module cable_slots() {
    box([cup_left - 1, foot_top + 4, cup_back - 1], [cup_right + 1, foot_top + 10, contact_z + 6]);
}
