// Holds the magnet at the flap's edge, level with the sensor in the tag. Sewn, riveted or glued on; printed on its base.

include <shapes.scad>

magnet_holder();

module magnet_holder() {
    pocket = magnet_diameter / 2 + magnet_fit;
    outer = pocket + holder_wall;
    seat = magnet_z - magnet_thickness / 2;
    foot = outer + 2.4;
    difference() {
        union() {
            translate([0, 0, flap_front]) linear_extrude(holder_base)
                rounded([sensor_x - holder_width / 2, flap_edge], [sensor_x + holder_width / 2, flap_edge + holder_length], 3);
            // A ramp away from the tag, so that nothing catches on it.
            hull() {
                translate([0, 0, flap_front]) linear_extrude(holder_base)
                    rounded([sensor_x - foot, flap_edge], [sensor_x + foot, flap_edge + holder_length], 3);
                translate([sensor_x, magnet_y, seat - 2])
                    cylinder(r = outer, h = 2 + magnet_thickness + holder_cap, $fn = 64);
            }
        }
        translate([sensor_x, magnet_y, seat]) cylinder(r = pocket, h = magnet_thickness + holder_cap + 1, $fn = 64);
        for (side = [-1, 1], y = [holder_hole_end, holder_length / 2, holder_length - holder_hole_end])
            translate([sensor_x + side * (holder_width / 2 - holder_hole_in), flap_edge + y, flap_front - 1])
                cylinder(d = holder_hole, h = holder_base + 9, $fn = 24);
    }
}
