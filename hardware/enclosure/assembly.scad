// What the parts look like together: for the eye, and for the pictures. Shows the custom board; choose a view.

include <shapes.scad>
use <body.scad>
use <lid.scad>
use <clip.scad>
use <magnet_holder.scad>
use <magnet_cap.scad>
use <dock.scad>
use <rack.scad>

view = "exploded"; // exploded, front, back, pouch, pouch-open, cradle, rack

case_colour = [0.36, 0.40, 0.46];
lid_colour = [0.44, 0.49, 0.56];
clip_colour = [0.26, 0.29, 0.34];
mark_colour = [0.95, 0.95, 0.92];
dock_colour = [0.80, 0.80, 0.77];
metal = [0.78, 0.78, 0.80];
brass = [0.85, 0.70, 0.35];

if (view == "exploded") exploded();
if (view == "front") { tag(); clip_there(); }
if (view == "back") rotate([0, 180, 0]) { tag(); clip_there(); }
if (view == "pouch") upright() worn(0);
if (view == "pouch-open") upright() worn(115);
if (view == "cradle") upright() docked();
if (view == "rack") upright() full_rack();

module upright() {
    rotate([90, 0, 0]) children();
}

module tag() {
    color(case_colour) render(convexity = 8) body();
    closed_lid();
    board();
    both_sides() contact_screw();
    both_sides() lid_screw();
}

module closed_lid() {
    color(lid_colour) render(convexity = 8) lid();
    // The marks, as if filled with paint.
    color(mark_colour) translate([0, 0, front - engraving]) linear_extrude(engraving - 0.1) offset(-0.02) marks();
    color([0.9, 0.2, 0.15]) translate([light_x, light_y, front - 1]) cylinder(d = 2.1, h = 0.8);
}

module clip_there() {
    color(clip_colour) render(convexity = 8) clip();
}

module holder_there() {
    color(lid_colour) render(convexity = 8) magnet_holder();
    color(mark_colour) magnet_cap();
}

module exploded() {
    translate([0, 0, -24]) clip_there();
    color(case_colour) render(convexity = 8) body();
    translate([0, 0, 18]) battery();
    translate([0, 0, 32]) board();
    translate([0, 0, 48]) closed_lid();
    translate([0, -12, 0]) both_sides() contact_screw();
    translate([0, -8, 48]) both_sides() lid_screw();
    translate([0, 40, 0]) {
        color(lid_colour) render(convexity = 8) magnet_holder();
        translate([0, 0, 14]) magnet();
        translate([0, 0, 24]) color(mark_colour) magnet_cap();
    }
}

module contact_screw() {
    seat = dock_end + contact_seat;
    translate([usb_x - contact_x, 0, contact_z]) rotate([-90, 0, 0]) {
        color(brass) difference() {
            translate([0, 0, seat - contact_head_height]) cylinder(d = contact_head, h = contact_head_height);
            translate([-5, -0.4, seat - contact_head_height - 1]) cube([10, 0.8, 1.8]);
        }
        color(brass) translate([0, 0, seat]) cylinder(d = 3, h = contact_length);
    }
}

module lid_screw() {
    translate([lid_screw_x, dock_end + 0.05, lid_screw_z]) rotate([-90, 0, 0]) color(metal) {
        difference() {
            cylinder(d1 = lid_screw_head - 0.2, d2 = 1.8, h = 1);
            for (turn = [0, 90]) rotate(turn) cube([2.2, 0.5, 1], center = true);
        }
        cylinder(d = 1.7, h = lid_screw_length);
    }
}

module magnet() {
    color(metal) translate([sensor_x, magnet_y, magnet_z - magnet_thickness / 2]) cylinder(d = magnet_diameter, h = magnet_thickness);
}

module battery() {
    color([0.72, 0.75, 0.80]) box([battery_x, battery_y, inside], [battery_x + battery_width, battery_y + battery_length - 3, inside + battery_thickness]);
    color([0.85, 0.65, 0.2]) box([battery_x, battery_y + battery_length - 3, inside + 0.4], [battery_x + battery_width, battery_y + battery_length, inside + battery_thickness - 0.4]);
}

// The board, as far as the case knows it.
module board() {
    t = board_thickness;
    color([0.10, 0.38, 0.25]) linear_extrude(t) difference() {
        rounded([0, 0], [board_width, board_length], board_corner);
        translate([notch_x, notch_y]) square([board_width, notch_length]);
    }
    color([0.15, 0.15, 0.16]) box([0, module_y, t], [module_width, module_y + module_length, t + 0.8]);
    color(metal) box([5, module_y + 0.4, t + 0.8], [module_width - 0.4, module_y + module_length - 0.4, t + module_height]);
    color(metal) box([usb_x - 4.5, -0.6, t], [usb_x + 4.5, 6.8, t + usb_height]);
    color([0.1, 0.1, 0.1]) box([buzzer_x - 4.5, buzzer_y - 4.5, t], [buzzer_x + 4.5, buzzer_y + 4.5, t + 1.9]);
    color(metal) box([button_x - 1.5, button_y - 1.25, t], [button_x + 1.5, button_y + 1.25, t + 1.2]);
    color([0.1, 0.1, 0.1]) translate([button_x, button_y, t]) cylinder(d = 1.6, h = button_height);
    color([0.9, 0.2, 0.15]) box([light_x - 0.8, light_y - 0.4, t], [light_x + 0.8, light_y + 0.4, t + light_height]);
    color(mark_colour) box([battery_plug_x - 2.5, battery_plug_y - 3, t], [battery_plug_x + 2, battery_plug_y + 3, t + 3.4]);
    color([0.1, 0.1, 0.1]) box([sensor_x - 1.5, sensor_y - 0.7, t], [sensor_x + 1.5, sensor_y + 0.7, t + 1.1]);
    both_sides() color(brass) translate([usb_x - dock_pad_x, dock_pad_y, t]) cylinder(d = 2.4, h = 0.1);
}

// A pouch with webbing on its front; the flap is hinged at the upper back edge and open by `angle`.
module pouch(angle, clear = 1) {
    half = pouch_width / 2;
    rear = pouch_front - pouch_depth;
    color([0.20, 0.25, 0.36, clear]) soft([usb_x - half, pouch_bottom, rear], [usb_x + half, pouch_top, pouch_front]);
    barb = clip_top - clip_bar - webbing;
    color([0.13, 0.16, 0.24, clear]) box([usb_x - half, barb, pouch_front - 0.1], [usb_x + half, clip_top - clip_bar, pouch_front + webbing_thickness]);
    translate([0, pouch_top, rear]) rotate([-angle, 0, 0]) translate([0, -pouch_top, -rear]) {
        color([0.30, 0.36, 0.50, clear]) {
            box([usb_x - half, pouch_top, rear], [usb_x + half, pouch_top + flap_thickness, pouch_front + flap_thickness]);
            box([usb_x - half, flap_edge, pouch_front], [usb_x + half, pouch_top + flap_thickness, pouch_front + flap_thickness]);
        }
        holder_there();
    }
}

module soft(from, to) {
    translate([0, 0, from.z]) linear_extrude(to.z - from.z) rounded([from.x, from.y], [to.x, to.y], 4);
}

module worn(angle) {
    tag();
    clip_there();
    pouch(angle);
}

module spring_pin() {
    barrel = dock_end + pin_rise - pin_out;
    translate([usb_x - contact_x, 0, contact_z + pin_aside]) rotate([-90, 0, 0]) color(brass) {
        translate([0, 0, barrel - pin_barrel_length]) cylinder(d = pin_barrel, h = pin_barrel_length);
        translate([0, 0, barrel]) cylinder(d = 0.74, h = pin_out - 1.5);
        translate([0, 0, barrel + pin_out - 1.5]) cylinder(d1 = pin_head, d2 = 0.2, h = 1.5);
    }
}

module docked() {
    color(dock_colour) render(convexity = 8) cradle();
    both_sides() spring_pin();
    tag();
    clip_there();
    // An empty one, from behind.
    translate([130, 0, 0]) rotate([0, 180, 0]) {
        color(dock_colour) render(convexity = 8) cradle();
        both_sides() spring_pin();
    }
}

module full_rack() {
    for (piece = [0 : 2]) translate([piece * rack_pitch * rack_places, 0, 0]) color(dock_colour) render(convexity = 8) rack();
    for (place = [0 : 5]) translate([place * rack_pitch, 0, 0]) {
        both_sides() spring_pin();
        if (place != 3 && place != 4) {
            tag();
            clip_there();
            pouch(0);
        }
    }
}
