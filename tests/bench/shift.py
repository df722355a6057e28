"""A change of shift: how long until every pouch that is put into the dock is collected. A model, of measured counts.

`told_s` puts together what is said in one docking; the tags are served first come first served by so many radios, each
connecting to one at a time while those before it tell what they have, as the dock does. What of it is counted or
measured in this run: the flights and packets of a docking of the real firmware with 30 days of log, and the station's
processor time for such a docking. The rest is below, with its source.
"""

from __future__ import annotations

import asyncio
import heapq
from typing import NamedTuple

from host.docking.service import LINKS
from tests.bench import docking, host_time
from tests.bench.result import Result

CONNECTION_S = 1.5
"""A connection with its discovery, in seconds, as the goal has it."""
INTERVALS_MS = (30.0, 50.0)
"""Shortest and longest connection interval that Linux asks for unless told otherwise, in ms: le_conn_min_interval 24
and le_conn_max_interval 40 of 1.25 ms (net/bluetooth/hci_core.c, hci_alloc_dev). BlueZ changes neither unless its
main.conf says so. The controller may take any of them; the model takes the longest."""
PACKETS_PER_EVENT = 4
"""Link-layer packets of one side in one connection event. In 50 ms 19 of full size have room (2.1 ms each, an answer of
0.08 ms, 0.15 ms between them). Early iPhones took 4 (Punch Through, "Maximizing BLE throughput"), and 4 is assumed:
what a dongle takes was not measured. All are as long as the data length extension allows, which Linux makes the
controller's default if it can (hci_le_set_write_def_data_len_sync)."""
INTERVALS_PER_ROUND_TRIP = 2
"""What is written goes out in the next connection event, and the answer comes in the one after that: the tag's turn in
an event is 0.15 ms after the station's, which is too soon for it."""
DISCONNECTION_INTERVALS = 2
"""The end of a connection is sent in one connection event and acknowledged in the next."""
SCAN_SWITCH_S = 0.05
"""To stop a scan and to start one, in seconds, for each connection and at the end of each docking. Assumed: some
commands over D-Bus and HCI, of milliseconds each."""
ADVERT_INTERVAL_S = 0.25
"""Between two adverts of a tag (firmware/radio.py), in seconds. Linux listens all the time while it discovers
(DISCOV_LE_SCAN_INT and DISCOV_LE_SCAN_WIN are the same), so the first advert is heard."""
MOST_S = 60.0
TAGS, FEW, MANY = 50, 5, 200


class Docking(NamedTuple):
    """What one docking takes: round trips, packets from the tag in each of its answers, the station's own seconds."""

    round_trips: int
    answers: tuple[int, ...]
    host_s: float


def told_s(one: Docking, interval_ms: float) -> float:
    """Seconds from the connection until the tag has told everything and is disconnected; without the station's own.

    An answer's first packets come in the round trip's own connection event, the others in as many more as they need.
    """
    more = sum((packets - 1) // PACKETS_PER_EVENT for packets in one.answers if packets)
    intervals = INTERVALS_PER_ROUND_TRIP * one.round_trips + more + DISCONNECTION_INTERVALS
    return intervals * interval_ms / 1000


def shift_change_s(tags: int, radios: int, each_s: float, host_s: float = 0.0) -> float:
    """Seconds until the last of so many tags, all there at once, is collected, if each takes `each_s` on the air once
    it is connected to and `host_s` of the station, which does one thing at a time for all radios.

    A radio listens until it hears the first of those that are left: the sooner the more there are. It connects to one
    at a time, and to no more than `LINKS` before the first of them has told everything; meanwhile it goes on listening.
    """
    free = [(0.0, [0.0] * LINKS) for _ in range(radios)]
    station_free = 0.0
    for left in range(tags, 0, -1):
        at, links = heapq.heappop(free)
        begins = max(at + SCAN_SWITCH_S, min(links)) + ADVERT_INTERVAL_S / left
        connected = begins + SCAN_SWITCH_S + CONNECTION_S
        station_free = max(connected, station_free) + host_s
        links.remove(min(links))
        heapq.heappush(free, (connected, [*links, station_free + each_s]))
    return max(max(links) for _, links in free)


def run() -> list[Result]:
    """`shift_change_50_s`, with one radio, with the shortest interval, and its growth from 5 to 200 tags."""
    times = host_time.measure()
    counted = asyncio.run(docking.month())
    one = Docking(counted.round_trips, counted.answers, times.month_cpu_ms / 1000)
    shortest_s, longest_s = (told_s(one, interval_ms) for interval_ms in INTERVALS_MS)
    two, alone = (shift_change_s(TAGS, radios, longest_s, one.host_s) for radios in (2, 1))
    quick = shift_change_s(TAGS, 2, shortest_s, one.host_s)
    few, many = (shift_change_s(tags, 2, longest_s, one.host_s) for tags in (FEW, MANY))
    connections_s = TAGS / 2 * CONNECTION_S
    model = f"s, model; {counted.records} records, told in {longest_s + one.host_s:.2f} s"
    growth = (many / few) / (MANY / FEW)
    return [
        Result("shift_change_50_s", two, model, "connections alone", connections_s, two / connections_s,
               f"under {MOST_S:.0f}", two < MOST_S),
        Result("shift_change_50_one_adapter_s", alone, model, "two adapters", two, alone / two, "-", True),
        Result("shift_change_50_30ms_s", quick, f"s, model; told in {shortest_s + one.host_s:.2f} s",
               "interval of 50 ms", two, quick / two, "-", True),
        Result("shift_change_growth", many / few, f"times as long, {FEW} to {MANY} tags", "as many more tags",
               MANY / FEW, growth, "-", True),
    ]  # fmt: skip
