"""What a tag does that nobody logs: every packet it sends, its light and sound, and how to spoil things for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from bumble import ll

from host.sim.air import TagController
from host.sim.station import VirtualStation
from host.sim.tag import VirtualTag

LIGHT = 18


class Packet(NamedTuple):
    """One packet of a tag's controller: when, and what; for an advertisement the address and its data."""

    at: float
    what: str
    address: str = ""
    data: bytes = b""


def packets_of(station: VirtualStation) -> list[Packet]:
    """Everything that controllers of tags send from now on, no matter who listens."""
    sent: list[Packet] = []
    link = station.link

    def watch(name: str) -> None:
        original = getattr(link, name)

        def spy(*given: Any, **named: Any) -> Any:
            values = (*given, *named.values())
            tags = [each for each in link.controllers if isinstance(each, TagController)]
            addresses = [address for each in tags for address in (each.random_address, each.public_address)]
            if values[0] in tags or values[0] in addresses:
                packet = values[1] if name == "send_advertising_pdu" else values[-1]
                advertising = isinstance(packet, (ll.AdvInd, ll.AdvNonConnInd))
                address = str(packet.advertiser_address) if advertising else ""
                data = bytes(packet.data) if advertising else b""
                sent.append(Packet(station.clock.now(), type(packet).__name__, address, data))
            return original(*given, **named)

        setattr(link, name, spy)

    for name in ("send_advertising_pdu", "send_acl_data", "send_ll_control_pdu"):
        watch(name)
    return sent


def flashes_of(tag: VirtualTag) -> list[tuple[float, float]]:
    """Every flash of the tag's light from now on: when it began, and how long it was, in seconds."""
    flashes: list[tuple[float, float]] = []
    board = tag.board
    began: list[float] = []
    original = board._on_pin_write

    def write(pin: int, value: int) -> None:
        if pin == LIGHT and value and not began:
            began.append(board.now)
        elif pin == LIGHT and not value and began:
            flashes.append((began[0], board.now - began.pop()))
        original(pin, value)

    board._on_pin_write = write  # type: ignore[method-assign]
    return flashes


def advertised_s(tag: VirtualTag) -> float:
    """Seconds for which the tag's radio has advertised since it was made."""
    return sum(by_state["advertising"] for by_state in tag.board.counters.seconds.values())


def spoil(tag: VirtualTag, name: str, instead: Any) -> Any:
    """Let the board answer the call `name` by `instead`; returns what puts it right again."""
    original = getattr(tag.board, "_on_" + name)
    setattr(tag.board, "_on_" + name, instead)
    return lambda: setattr(tag.board, "_on_" + name, original)


def keep(tag: VirtualTag, **values: int) -> None:
    """Have `values` in the tag's memory, whatever they are, from its next start on."""
    for name, value in values.items():
        tag.board.nvs["kitdock", name, "i32"] = value


async def restarted(tag: VirtualTag) -> None:
    """Take the battery out and put it in again."""
    tag.power_off()
    await tag.settle()
    tag.power_on()
    await tag.settle()
