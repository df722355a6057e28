"""`python -m host.sim`: virtual tags for developers, to enrol and dock with a `kitdock` of its own process."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from host.errors import KitdockError
from host.sim import runtime
from host.sim.chip_flash import stand_in_image
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag

_HELP = """\
commands, each with the number of a tag:
  open close dock undock press reset    do it now
  off on                                take the battery out, put it in
  state                                 what it is doing, and what it has printed last
and: help, quit"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m host.sim",
        description="Runs virtual tags on real firmware and real Bluetooth packets. Enrol them through their "
        "serial ports, dock them through the adapter: kitdock tag provision --port ..., kitdock dock --adapter ...",
        epilog=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tags", type=int, default=1, metavar="N", help="how many tags (1)")
    parser.add_argument(
        "--blank", action="store_true", help="tags that are bare boards, and an image to flash them with"
    )
    parser.add_argument("--interpreter", metavar="PATH", help="another MicroPython than the WebAssembly build")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(text + "\n")


def _do(tags: dict[str, VirtualTag], words: list[str]) -> None:
    commands = {
        "open": VirtualTag.lid_open,
        "close": VirtualTag.lid_close,
        "dock": VirtualTag.dock,
        "undock": VirtualTag.undock,
        "press": VirtualTag.press,
        "reset": lambda tag: tag.reset(),
        "off": VirtualTag.power_off,
        "on": VirtualTag.power_on,
    }
    match words:
        case ["state", name] if name in tags:
            tag = tags[name]
            faults = "".join(f"\nfault: {fault}" for fault in tag.faults)
            _say(f"tag {name}: {tag.state}\n{tag.output[-1000:].rstrip()}{faults}")
        case [command, name] if command in commands and name in tags:
            commands[command](tags[name])
        case _:
            _say(_HELP)


async def _serve(count: int, blank: bool, interpreter: str | None) -> None:
    with tempfile.TemporaryDirectory(prefix="kitdock-sim-") as folder:
        async with VirtualStation(datetime.now(UTC), interpreter) as station:
            tags = {str(number): await station.add_tag(str(number), blank=blank) for number in range(1, count + 1)}
            _say(f"adapter {await station.listen_hci()}")
            if blank:
                image = Path(folder) / "stands-in-for-micropython.bin"
                image.write_bytes(stand_in_image())
                _say(f"image {image}")
                _say(f"sha256 {hashlib.sha256(image.read_bytes()).hexdigest()}")
            await _listen(tags)


async def _listen(tags: dict[str, VirtualTag]) -> None:
    for name, tag in tags.items():
        _say(f"tag {name} serial port {tag.serial_port()}")
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_reader(0, lambda: lines.put_nowait(os.read(0, 4096)))
    pending = b""
    try:
        while piece := await lines.get():
            *whole, pending = (pending + piece).split(b"\n")
            for line in whole:
                words = line.decode(errors="replace").split()
                if words == ["quit"]:
                    return
                if words:
                    _do(tags, words)
    finally:
        loop.remove_reader(0)


def main() -> None:
    arguments = _arguments()
    try:
        if arguments.interpreter is None:
            runtime.fetch(lambda said: _complain(str(said)))
        asyncio.run(_serve(arguments.tags, arguments.blank, arguments.interpreter))
    except KeyboardInterrupt:
        return
    except KitdockError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
