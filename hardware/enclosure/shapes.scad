// Shapes that several parts use. Angles in degrees, lengths in millimetres.

include <mechanics.scad>

$fn = 32;

module box(from, to) {
    translate(from) cube(to - from);
}

// A rectangle with round corners, as a plane figure.
module rounded(from, to, radius) {
    translate(from + [radius, radius]) offset(radius) square(to - from - 2 * [radius, radius]);
}

// The outline of the tag, seen from the front, drawn in by `less`.
module tag_outline(less = 0) {
    rounded([left + less, dock_end + less], [right - less, flap_end - less], 3 - less);
}

// The tag's cross-section, seen from the dock: chamfered at the back only, and so the key of the cradle.
module tag_section(top = front) {
    polygon([[left, top], [left, back + edge], [left + edge, back], [right - edge, back], [right, back + edge], [right, top]]);
}

// A plane figure in x and z, drawn out along y.
module along_y(from, to) {
    translate([0, to, 0]) rotate([90, 0, 0]) linear_extrude(to - from) children();
}

// A plane figure in y and z, drawn out along x.
module along_x(from, to) {
    translate([from, 0, 0]) rotate([90, 0, 90]) linear_extrude(to - from) children();
}

// To the left and to the right of the middle of the board.
module both_sides() {
    children();
    translate([board_width, 0, 0]) mirror([1, 0, 0]) children();
}

// A line of points with a round pen, as a plane figure.
module stroke(points, pen) {
    for (i = [1 : len(points) - 1])
        hull() for (p = [points[i - 1], points[i]]) translate(p) circle(d = pen, $fn = 8);
}

// A hole along y, from `start` to `end`, that prints lying: its top is a short bridge between two 45 degree flanks.
// `up` is 1 where the part prints with z up, -1 where it prints with z down.
module lying_hole(at, start, end, diameter, up) {
    translate([at.x, end, at.y]) rotate([90, 0, 0]) linear_extrude(end - start) lying_circle(diameter, up);
}

module lying_circle(diameter, up) {
    r = diameter / 2;
    k = r * (sqrt(2) - 1);
    circle(r);
    polygon([[-r, 0], [-r, up * k], [-k, up * r], [k, up * r], [r, up * k], [r, 0]]);
}
