// The tag's lid, with its button, light and sound; printed face down.

include <shapes.scad>

rotate(print_lid) lid();

module lid() {
    difference() {
        union() {
            hull() {
                translate([0, 0, under_lid]) linear_extrude(lid_thickness - 0.8) tag_outline();
                translate([0, 0, under_lid]) linear_extrude(lid_thickness) tag_outline(0.8);
            }
            rim();
            both_sides() screw_block();
            posts();
            light_pipe(light_bore + 2 * least_wall + 0.1);
        }
        both_sides()
            lying_hole([lid_screw_x, lid_screw_z], dock_end, 1, lid_screw_pilot, -1, $fn = 16);
        light_pipe(light_bore, 5);
        sound_holes();
        button_slit();
        translate([0, 0, front - engraving]) linear_extrude(1) marks();
    }
    button_plunger();
}

rim_thickness = 1.2;
rim_depth = 1.9;

// Inside the walls, at the sides and the flap end; there with the tongue.
module rim() {
    low = under_lid - rim_depth;
    both_sides()
        box([inner_left + fit_gap, 2, low], [inner_left + fit_gap + rim_thickness, board_length - 1, under_lid + 0.1]);
    end = board_length + board_gap - fit_gap;
    box([2, end - rim_thickness, low], [board_width - 2, end, under_lid + 0.1]);
    along_x(4, board_width - 4)
        polygon([[end - 0.1, under_lid - 0.25], [end - 0.1, low + 0.05], [end + 0.8, under_lid - 1], [end, under_lid - 0.2]]);
}

// Takes a screw from the dock end.
module screw_block() {
    box([inner_left + fit_gap, dock_end + wall + fit_gap, lid_screw_z - lid_screw_pilot / 2 - least_wall],
        [lid_screw_x + lid_screw_pilot / 2 + least_wall, -0.6, under_lid + 0.1]);
}

// They hold the board down by its edges, where it has no parts.
module posts() {
    x = inner_left + fit_gap;
    for (y = [8, 26]) box([x, y, board_thickness + 0.1], [x + 1.4, y + 4, under_lid + 0.1]);
    for (y = [5, 36]) box([board_width - x - 1.4, y, board_thickness + 0.1], [board_width - x, y + 4, under_lid + 0.1]);
}

light_bore = 2.2;

module light_pipe(diameter, more = 0) {
    low = min(board_thickness + light_height + 0.4, under_lid);
    translate([light_x, light_y, low - (more > 0 ? 1 : 0)]) cylinder(d = diameter, h = under_lid + 0.1 - low + more, $fn = 24);
}

module sound_holes() {
    for (p = [[0, 0], [3, 0], [-3, 0], [0, 3], [0, -3]])
        translate([buzzer_x + p.x, buzzer_y + p.y, under_lid - 5]) cylinder(d = 1.6, h = 10, $fn = 16);
}

// A tongue in the lid, free at its lower end; thinner at its root, where it bends.
button_half = 4;
button_free = button_y - 2.6;
button_root = button_y + 12;
slit = 0.8;

module button_slit() {
    translate([0, 0, under_lid - 5]) linear_extrude(10) difference() {
        rounded([button_x - button_half - slit, button_free - slit], [button_x + button_half + slit, button_root + 1], 1.5);
        rounded([button_x - button_half, button_free], [button_x + button_half, button_root + 2], 1);
        translate([button_x - 10, button_root]) square([20, 5]);
    }
    box([button_x - button_half - 0.1, button_y + 4, under_lid - 1], [button_x + button_half + 0.1, button_root, under_lid + lid_thickness - 1.2]);
}

module button_plunger() {
    cap = board_thickness + button_height;
    translate([button_x, button_y, cap + 0.3]) cylinder(d = 3, h = under_lid + 0.1 - cap - 0.3, $fn = 24);
}

// Seen from the front: the name, a ring on the button, and where the magnet comes.
module marks() {
    translate([usb_x - 14.1, 7.5]) name(5.6);
    translate([button_x, button_y + 1.6]) difference() {
        circle(d = 4.6);
        circle(d = 2.6);
    }
    polygon([[sensor_x - 2.6, sensor_y - 0.6], [sensor_x + 2.6, sensor_y - 0.6], [sensor_x, sensor_y + 2.4]]);
}

// KITDOCK in strokes, so that no font is needed; letters of 0.6 by 1 times `size`.
module name(size) {
    w = 0.52 * size;
    h = size;
    c = 0.16 * size;
    k = [[[0, 0], [0, h]], [[w, h], [0, h * 0.42]], [[w * 0.35, h * 0.62], [w, 0]]];
    i = [[[w * 0.5, 0], [w * 0.5, h]]];
    t = [[[0, h], [w, h]], [[w * 0.5, 0], [w * 0.5, h]]];
    d = [[[0, 0], [0, h], [w - c, h], [w, h - c], [w, c], [w - c, 0], [0, 0]]];
    o = [[[c, 0], [0, c], [0, h - c], [c, h], [w - c, h], [w, h - c], [w, c], [w - c, 0], [c, 0]]];
    e = [[[w, h - c], [w - c, h], [c, h], [0, h - c], [0, c], [c, 0], [w - c, 0], [w, c]]];
    letters = [k, i, t, d, o, e, k];
    for (n = [0 : len(letters) - 1])
        translate([n * 0.75 * size + (n > 1 ? -0.16 : n == 1 ? -0.08 : 0) * size * 1, 0])
            for (line = letters[n]) stroke(line, 0.16 * size);
}
