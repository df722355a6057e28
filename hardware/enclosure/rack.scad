// A rack: cradles in a row on a channel for the wires. One piece holds two and joins the next; three make a rack of six.

include <dock.scad>

rotate(print_rack) rack();

rack_left = usb_x - rack_pitch / 2;
rack_right = rack_left + rack_places * rack_pitch;
joint_y = foot_bottom + (channel + foot_thickness) / 2;

module rack() {
    difference() {
        union() {
            difference() {
                beam();
                towers() box([cup_left + 1, foot_bottom - 1, cup_back - 1], [cup_right - 1, foot_top + channel + 1, cup_front + 1]);
            }
            towers() cradle();
            translate([rack_right, 0, 0]) joint(0);
        }
        towers() wire_way();
        translate([rack_left, 0, 0]) joint(fit_gap);
    }
}

module towers() {
    for (n = [0 : rack_places - 1]) translate([n * rack_pitch, 0, 0]) children();
}

module beam() {
    box([rack_left, foot_bottom, cup_front - cup_wall], [rack_right, foot_top + channel, cup_front]);
    for (y = [foot_bottom, foot_top + channel - cup_wall])
        box([rack_left, y, cup_back], [rack_right, y + cup_wall, cup_front]);
}

module wire_way() {
    box([cup_left - 0.1, foot_top + 2, cup_back - 1], [cup_right + 0.1, foot_top + channel - 2 * cup_wall, cup_front - 2 * cup_wall]);
}

// A dovetail in the front plate, between one piece and the next.
module joint(gap) {
    translate([0, joint_y, cup_front - cup_wall - gap * 4]) linear_extrude(cup_wall + gap * 8)
        offset(delta = gap) polygon([[-0.1, -4], [6, -5.5], [6, 5.5], [-0.1, 4]]);
}
