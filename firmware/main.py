"""What MicroPython starts after each boot. It has to be source; all else may be compiled."""

import wake

wake.main()
