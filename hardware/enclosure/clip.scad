// The clip for webbing: one profile, drawn out; printed on its side. Slides into the tag's back from the right.

include <shapes.scad>

rotate(print_clip) clip();

module clip() {
    along_x(usb_x - clip_width / 2, usb_x + clip_width / 2) profile();
    // The catch: a 45 degree ramp to go in, a steep face to stay. It comes out when a blade lifts the plate.
    along_y(catch_y - 2.8, catch_y + 2.8)
        polygon([
            [usb_x - clip_catch - 0.4, back - slide_gap - 0.1], [usb_x, back - slide_gap - 0.1],
            [usb_x, back - slide_gap + clip_catch], [usb_x - 0.3, back - slide_gap + clip_catch]]);
}

// In y and z.
module profile() {
    plate = back - slide_gap; // the side to the tag
    gap = plate - clip_plate; // the slot for the webbing, from here
    tongue = gap - clip_gap; // to here
    barb = clip_top - clip_bar - webbing - 1;

    dovetail(plate);
    offset(-0.6) offset(1.2) offset(-0.6) {
        translate([clip_bottom, gap]) square([clip_top - clip_bottom, clip_plate]);
        translate([clip_top - clip_bar, tongue - clip_tongue]) square([clip_bar, plate - tongue + clip_tongue]);
        translate([clip_bottom, tongue - clip_tongue]) square([clip_top - clip_bottom, clip_tongue]);
    }
    // Steep against the webbing, so that it comes off only when a blade lifts the tongue.
    polygon([
        [barb, tongue - 0.6], [barb, tongue + clip_barb], [barb - 0.6, tongue + clip_barb],
        [barb - 0.6 - clip_barb, tongue], [barb - 0.6 - clip_barb, tongue - 0.6]]);
}

module dovetail(plate) {
    less = slide_gap * sqrt(2);
    tip = groove_depth - slide_gap;
    polygon([
        [groove_y - groove_mouth / 2 + less + slide_gap + 0.1, plate - 0.1],
        [groove_y - groove_mouth / 2 + less - tip, back + tip], [groove_y + groove_mouth / 2 - less + tip, back + tip],
        [groove_y + groove_mouth / 2 - less - slide_gap - 0.1, plate - 0.1]]);
}
