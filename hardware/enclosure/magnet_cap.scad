// Closes the magnet holder: pressed in over the disc and glued. Printed as it lies.

include <shapes.scad>

magnet_cap();

module magnet_cap() {
    translate([sensor_x, magnet_y, magnet_z + magnet_thickness / 2])
        cylinder(d = magnet_diameter + 0.1, h = holder_cap, $fn = 64);
}
