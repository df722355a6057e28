"""What a tag runs: the same files whether copied to its file system or frozen into its image.

Frozen: `make BOARD=SEEED_XIAO_ESP32C6 FROZEN_MANIFEST=.../firmware/manifest.py` in MicroPython's
ports/esp32. Copied: the modules to the root, the packages to /lib.
"""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821  the manifest's own language

for name in (
    "main",
    "air",
    "antenna",
    "awake",
    "battery",
    "board",
    "button",
    "clock",
    "dock",
    "flash_log",
    "indicator",
    "level",
    "lid",
    "link",
    "pads",
    "provision",
    "radio",
    "rescue",
    "safe",
    "settings",
    "stop",
    "thermometer",
    "version",
    "wake",
    "watchdog",
    "wired",
):
    module(name + ".py")  # noqa: F821

package("kitwire", base_path="lib")  # noqa: F821
package("kitcore", base_path="lib")  # noqa: F821
