// Holds the magnet at the flap's edge, level with the sensor in the tag. Sewn, riveted or glued on; printed on its base.

include <shapes.scad>

magnet_holder();

module magnet_holder() {
    pocket = magnet_diameter / 2 + magnet_fit;
    outer = pocket + holder_wall;
    seat = magnet_z - magnet_thickness / 2;
    difference() {
        union() {
            translate([0, 0, flap_front]) linear_extrude(holder_base)
                rounded([sensor_x - holder_width / 2, flap_edge], [sensor_x + holder_width / 2, flap_edge + holder_length], 3);
            translate([sensor_x, magnet_y, flap_front]) cylinder(r = outer, h = seat + magnet_thickness + holder_cap - flap_front, $fn = 64);
            // Buttresses, at 45 degrees.
            for (turn = [-90, 90, 0]) translate([sensor_x, magnet_y, 0]) rotate(turn)
                along_x(-0.8, 0.8) polygon([[0, flap_front + 0.1], [outer + 4.4, flap_front + 0.1], [outer + 4.4, flap_front + holder_base],
                    [outer - 0.2, flap_front + holder_base + 4.6], [0, flap_front + holder_base + 4.6]]);
        }
        translate([sensor_x, magnet_y, seat]) cylinder(r = pocket, h = magnet_thickness + holder_cap + 1, $fn = 64);
        for (x = [-1, 1], y = [11.5, holder_length - 4])
            translate([sensor_x + x * (holder_width / 2 - 3.6), flap_edge + y, flap_front - 1]) cylinder(d = holder_hole, h = holder_base + 2, $fn = 24);
    }
}
