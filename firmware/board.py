"""The boards: the only place with pin numbers and levels.

The reference board, a Seeed XIAO ESP32C6, and the custom board on an ESP32-C6-MINI-1 have the same GPIOs. GPIO 0 to 7
can wake the chip; 4, 5, 8, 9 and 15 are straps; the XIAO uses 3 and 14 for its antenna switch, and on the custom
board they lead nowhere.
"""

XIAO, CUSTOM = "xiao", "custom"
PROFILE = XIAO
"""The board that this is. On the custom board XIAO does no harm: two pads are driven that nothing is connected to."""

BUTTON = 0
"""Button to ground, wakes at low by `wake_on_gpio`. A dock's 5 V pulls the same line low, so that
docking wakes the tag; DOCK_SENSE tells the two apart."""
VBAT_ADC = 1
"""Half the cell's voltage: divider 1 MOhm / 1 MOhm."""
LID = 2
"""Hall switch, push-pull, has ext1 for itself."""
LED = 18
"""Light, on at high."""
BUZZER = 19
"""Passive piezo."""
DOCK_SENSE = 21
"""The dock's or USB's 5 V through 100 kOhm / 180 kOhm; cannot wake from deep sleep."""

RF_SWITCH = {XIAO: ((3, 0), (14, 0)), CUSTOM: ()}
"""By profile: GPIO and level for the antenna while the radio is on. On the XIAO 3 low powers the switch, 14 low
selects the antenna on the board; left alone the signal is 17 dB weaker (measured by a user: -64.6, not -47.5 dBm)."""

BUTTON_DOWN = 0
LID_OPEN = 1
DOCKED = 1

BATTERY_DIVIDER = 2
"""Cell voltage over the voltage at VBAT_ADC."""

LOG_PARTITION = "kitlog"
"""Label of the data partition (subtype 0x40) that holds the log."""
