// The shared numbers of the enclosure, in millimetres: what the board, the bought parts and the printer give, and what
// follows. Frame: x to the right, y up, z up from the board's lower face; origin at the board's lower left corner, seen
// on the component side. y = 0 is the dock end, y = board_length the flap end.
//
// hardware/checks/places.py reads this file too: one `name = value;` a line, with numbers, names, + - * /, [lists]
// and `condition ? a : b`; nothing else.

build = "board"; // "board": the custom board; "xiao": the reference build on perfboard

// Board. The check `places` holds the committed board against these.

board_width = 32;
board_length = 50;
board_thickness = 1.6;
board_corner = 2; // radius
notch_x = 29.5; // the notch for the battery's wires: from here to the right edge
notch_y = 12;
notch_length = 6;
module_width = 16.6; // U1 in the upper left corner, from x = 0, antenna at x = 0
module_length = 13.2;
module_y = 36;
module_height = 2.4;
usb_x = 16; // J1, its middle
usb_height = build == "xiao" ? 4.6 : 3.3; // top of its shell above the board
usb_mouth = -0.5; // y of the end of its courtyard: where the plug comes in
dock_pad_x = 11; // TP1 and TP2, to either side of usb_x
dock_pad_y = 4.5;
battery_plug_x = 26; // J2
battery_plug_y = 15;
button_x = build == "xiao" ? 23.6 : 24; // SW1
button_y = build == "xiao" ? 30.6 : 30;
button_height = build == "xiao" ? 4.3 : 1.6; // its cap above the board; xiao: PTS635
light_x = build == "xiao" ? 24.9 : 24; // LED
light_y = build == "xiao" ? 24.3 : 24;
light_height = build == "xiao" ? 5.3 : 0.8; // xiao: 3 mm LED with its legs
buzzer_x = build == "xiao" ? 8.4 : 8; // BZ1, its middle
buzzer_y = build == "xiao" ? 37 : 24;
sensor_x = build == "xiao" ? 27.4 : 28; // the Hall sensor, its element
sensor_y = 47;
sensor_height = 0.65; // its element above the board: SOT-23, TI SLVSDC7
clear_above = build == "xiao" ? 6.5 : 5.1; // room over the board
clear_below = build == "xiao" ? 7.2 : 5.5; // room under the board: battery, foam; xiao: 2 of solder and wires

// Antenna: the space that metal keeps away from, and how far.

antenna_x = build == "xiao" ? 11 : 0;
antenna_width = build == "xiao" ? 10 : 7;
antenna_y = build == "xiao" ? 17.5 : 36;
antenna_length = build == "xiao" ? 3.5 : 14;
antenna_away = build == "xiao" ? 4 : 10; // xiao: the cell cannot get out of its way on so small a board

// Battery: protected LiPo 402025.

battery_width = 20;
battery_length = 26;
battery_thickness = 4.2;
battery_x = build == "xiao" ? 10 : 10.5;
battery_y = build == "xiao" ? 23 : 0.5;
battery_room = 0.5; // around it: it swells

// Printing.

wall = 2; // outer walls
floor_thickness = 2;
lid_thickness = 2;
least_wall = 1.2; // three lines of a 0.4 nozzle
board_gap = 0.3; // board to wall, each side
fit_gap = 0.25; // lid in body
slide_gap = 0.2; // clip on tag
dock_gap = 0.3; // tag in cradle
layer = 0.2;
engraving = 0.5; // depth of the marks on the lid
bridge = 10; // longest
bed = 220; // of the printer, each way

// Contact screws in the dock end: M3 x 5 cheese head, ISO 1207 (DIN 84), nut ISO 4032, ring lug. They lie in the dock
// end, outside the board's edge.

contact_x = 11; // to either side of usb_x
contact_head = 5.5; // diameter
contact_head_height = 2;
contact_back = 0.3; // the head stands back behind the face
contact_floor = 1.8; // wall under the head
contact_length = 5; // without head
contact_lug = 0.6; // its thickness
contact_nut = 5.5; // across flats
contact_nut_height = 2.4;
contact_wall = 1.2; // between the nuts and the battery
contact_rise = 4.5; // axis above the back of the tag: the same for both builds, so one dock takes both

// Screws of the lid, in the dock end: 2.2 x 6.5 countersunk self-tapping, ISO 7050 (DIN 7982).

lid_screw_x = 2.1; // from the board's edges
lid_screw_length = 6.5;
lid_screw_head = 3.8;
lid_screw_pilot = 1.8;
lid_screw_hole = 2.5;

// The opening for a USB-C plug. Its overmould is at most 12.35 x 6.5: USB Type-C specification.

plug_width = 12.9;
plug_height = 7;

// The tag's case; all of it follows.

inner_left = 0 - board_gap;
inner_right = board_width + board_gap;
left = inner_left - wall;
right = inner_right + wall;
flap_end = board_length + board_gap + wall;
contact_seat = contact_back + contact_head_height; // from the face to under the head
dock_end = 0 - contact_seat - contact_floor - contact_lug - contact_nut_height - 0.3 - contact_wall;
inside = 0 - clear_below; // inner side of the back
back = inside - floor_thickness;
under_lid = board_thickness + clear_above;
front = under_lid + lid_thickness;
contact_z = back + contact_rise;
usb_z = board_thickness + usb_height - 1.6; // the middle of its shell, about 3.2 high
lid_screw_z = under_lid - least_wall - lid_screw_head / 2;
edge = 2.5; // 45 degree chamfer of the long edges of the back; the cradle's lips hold it there
ledge = 1; // under the board's edge

// Clip for webbing; slides into the groove in the back from the right.

webbing = 40; // 25 to 40: the width of the webbing
webbing_thickness = 3;
clip_width = 24;
clip_plate = 2.4;
clip_tongue = 2.4;
clip_gap = webbing_thickness + 0.6;
clip_top = 50; // its upper end; hangs on the webbing
clip_bar = 2.6; // over the webbing
clip_bottom = 3.4;
clip_catch = 0.7; // how far the catch stands up
clip_barb = 2.4; // how far the barb under the webbing stands up
groove_y = build == "xiao" ? 11 : 37; // where the battery is not
groove_mouth = 5.4;
groove_roof = 9.4;
groove_depth = 2;
catch_y = build == "xiao" ? 39 : 9;

// Magnet on the flap: disc 10 x 5 N42, axis along z.

magnet_diameter = 10;
magnet_thickness = 5;
magnet_gap = 2.5; // tag to holder with the flap closed, as drawn
magnet_gap_least = 1;
magnet_gap_most = 4;
magnet_fit = 0.1; // around the disc
magnet_z = board_thickness + sensor_height; // the disc's middle, level with the sensor
holder_wall = 1.4;
holder_base = 2;
holder_cap = 1.6;
holder_width = 34;
holder_length = 26;
holder_hole = 3.2; // for thread or rivets of 3 mm
holder_hole_in = 3.4; // from the sides
holder_hole_end = 4; // from the ends; a third one is in the middle

// A pouch, for the views and for the check of the flap: not a part.

pouch_width = 100;
pouch_height = 150;
pouch_depth = 60;
flap_thickness = 2;
flap_drop = 45; // how far the flap hangs down in front
pouch_front = back - slide_gap - clip_plate - clip_gap; // z of the pouch's front
flap_edge = flap_end + magnet_gap; // y of the flap's edge
pouch_top = flap_edge + flap_drop;
pouch_bottom = pouch_top - pouch_height;
flap_front = pouch_front + flap_thickness;
magnet_y = flap_edge + holder_wall + magnet_fit + magnet_diameter / 2; // the disc's middle, flap closed

// Cradle and rack. Spring pin P75-E2: barrel 1.02 x 12.46, outside of it 4.04 of plunger with a conical head of 1.3.

cup_depth = 12; // how deep the tag stands in
cup_wall = 2.4;
lip = 1.5; // behind the tag's back
pin_barrel = 1.02;
pin_barrel_length = 12.46;
pin_head = 1.3;
pin_out = 4.04; // outside its barrel, not pressed
pin_pressed = 1.6; // how far the tag presses it, of about 2.5
pin_hole = 1.2; // to be drilled to fit; the barrel is glued
pin_head_hole = 1.8;
pin_aside = 1.5; // from the screw's axis towards the lid: beside its slot
pin_rise = contact_back + pin_pressed; // above the floor of the cup, not pressed
pin_block = 12.6; // thickness of that floor
foot_thickness = 3;
foot_depth = 40; // behind the tower, under the pouch
foot_room = 4; // between pouch and foot
mount_hole = 4.5; // for 4 mm wood screws
rack_pitch = 105; // pouch_width and air
rack_places = 2; // in one piece; three pieces make a rack of six
channel = 20; // height of the wires' channel
cup_left = left - dock_gap - cup_wall;
cup_right = right + dock_gap + cup_wall;
cup_front = front + dock_gap + cup_wall;
cup_back = back - lip;
cup_top = dock_end + cup_depth;
foot_top = pouch_bottom - foot_room;
foot_bottom = foot_top - foot_thickness;

// How each part lies on the printer, by OpenSCAD's rotate(); those not named lie as they are.

print_lid = [0, 180, 0];
print_clip = [0, -90, 0];
print_cradle = [0, 180, 0];
print_rack = [0, 180, 0];
