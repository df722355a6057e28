// The dock for one tag: a cup on a tower. The tag comes from above, its pouch hangs behind; printed on its front.

include <dock.scad>

rotate(print_cradle) cradle();
