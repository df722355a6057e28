"""What a wake costs: an edge of the lid loads what it needs and no more, and waits no longer than it must."""

from __future__ import annotations

import ast
import asyncio
from datetime import datetime
from pathlib import Path

from host.access.vault import TagKeys
from host.flash.application import FIRMWARE
from host.sim.station import VirtualStation
from host.sim.virtual_board import BOOT_S
from kitwire.faults import MODULES
from tests.e2e.stage import START, T0

FOR_AN_EDGE = {
    *(
        "wake",
        "board",
        "version",
        "battery",
        "button",
        "clock",
        "dock",
        "flash_log",
        "level",
        "lid",
        "pads",
        "settings",
    ),
    *("watchdog", "kitcore/battery", "kitcore/debounce", "kitcore/life", "kitcore/ring"),
    *("kitcore/tag", "kitwire/aes", "kitwire/ccm", "kitwire/kdf", "kitwire/keys", "kitwire/record"),
}
"""What recording an edge of the lid takes; the radio, sessions, signs and the configuration are not among it."""

MAIN = """
import machine, sys
sleep = machine.deepsleep
def told(ms=0):
    print("loaded", sorted(name.replace(".", "/") for name in sys.modules))
    sleep(ms)
machine.deepsleep = told
import wake
wake.main()
"""


def test_an_edge_of_the_lid_loads_what_it_needs_and_waits_for_nothing_else(tmp_path: Path) -> None:
    main = tmp_path / "main.py"
    main.write_text(MAIN)

    async def run(start: datetime) -> tuple[set[str], float]:
        async with VirtualStation(start, files={"/": FIRMWARE, "/main.py": main}) as station:
            tag = await station.add_tag("1")
            tag.enrol("00" * 8, *TagKeys.random())
            await tag.settle()
            before_s = tag.board.counters.awake_s
            tag.at(T0 + 60).lid_open()
            await station.clock.advance(T0 + 120)
            line = [line for line in tag.output.splitlines() if line.startswith("loaded ")][-1]
            return set(ast.literal_eval(line.removeprefix("loaded "))), tag.board.counters.awake_s - before_s

    loaded, awake_s = asyncio.run(run(START))
    assert loaded & set(MODULES) == FOR_AN_EDGE
    assert awake_s < 0.05 < BOOT_S, "20 ms until the lid has held still, and the calls"
