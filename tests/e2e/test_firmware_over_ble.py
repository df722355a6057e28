"""The real firmware in MicroPython docks with the real station over Bluetooth packets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from host.sim.force import place_of_record
from host.sim.tag import VirtualTag
from host.tag.events import ALTERED, VERIFIED
from host.usage.whole import openings
from kitwire import advert, record
from tests.e2e.stage import DAY, HOUR, T0, Stage, micropython_version, play
from tests.telling import Tell


def test_it_is_the_firmware_in_micropython_that_docks(tmp_path: Path, tell: Tell) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        assert tag.execute("import sys; print(sys.implementation.name)").strip() == "micropython"
        tag.reset()
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert report.error is None

    play(tmp_path, scene)
    tell(f"BLE end to end: the tag's firmware on {micropython_version(tmp_path)}, packets through bumble")


def test_an_opening_with_dose_marks_reaches_the_database_at_its_true_time(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add(drift=0.006)
        await stage.dock(tag)
        tag.undock()
        opened, closed = T0 + 2 * DAY, T0 + 2 * DAY + 420
        tag.at(opened).lid_open()
        tag.at(opened + 70).press()
        tag.at(opened + 250).press()
        tag.at(closed).lid_close()
        await stage.until(T0 + 3 * DAY)
        reports = await stage.dock(tag)
        assert [(report.error, report.altered) for report in reports] == [(None, 0)]
        events = stage.store.events()
        assert {event.verdict for event in events} == {VERIFIED}
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        marks = [event.aux for event in events if event.type == "dose_mark"]
        assert marks == [1, 2]
        (found,) = openings(stage.store.picture())
        assert found.dose_marks == 2
        for interval, truth in ((found.began, opened), (found.ended, closed)):
            assert interval is not None
            # The tag sees an edge within a second of it: wake, boot and debounce.
            assert interval.earliest_ms - 1000 <= truth * 1000 <= interval.latest_ms + 1000
        assert found.duration_s == pytest.approx(420, abs=6)

    play(tmp_path, scene)


def test_docking_twice_adds_nothing(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        (first,) = await stage.dock(tag)
        rows = len(stage.types())
        assert first.added == rows == 3
        assert stage.types() == ["boot", "dock", "time_set"]
        assert await stage.dock(tag) == [], "nothing new: the station does not even connect"
        (again,) = await stage.dock(tag, everything=True)
        assert (again.error, again.added) == (None, 0)
        assert len(stage.types()) == rows

    play(tmp_path, scene)


def test_several_tags_dock_one_after_the_other(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tags = [await stage.add(f"P-0{number}") for number in range(1, 5)]
        reports = await stage.dock(*tags)
        assert sorted((report.pouch, report.error) for report in reports) == [(f"P-0{n}", None) for n in range(1, 5)]

    play(tmp_path, scene)


def test_a_record_altered_in_flash_is_caught_and_kept(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        tag.undock()
        tag.at(T0 + HOUR).lid_open()
        tag.at(T0 + HOUR + 60).lid_close()
        await stage.until(T0 + 2 * HOUR)
        sequence = 5  # after boot, dock, time_set, undock
        at = place_of_record(tag.flash, sequence)
        tag.flash.bytes[at + 10] ^= 0x40
        (report,) = await stage.dock(tag)
        assert (report.error, report.altered) == (None, 1)
        verdicts = {event.sequence: event.verdict for event in stage.store.events()}
        assert [place for place, verdict in verdicts.items() if verdict != VERIFIED] == [sequence]
        assert verdicts[sequence] == ALTERED
        kept = dict(stage.store.records(stage.store.tag("P-01").id))[sequence]
        assert kept == bytes(tag.flash.bytes[at : at + record.SIZE])

    play(tmp_path, scene)


def test_a_brief_opening_is_seen_though_the_lid_is_back_before_the_tag_looks(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.at(T0 + HOUR).lid_open()
        tag.at(T0 + HOUR + 0.05).lid_close()
        await stage.until(T0 + 2 * HOUR)
        await stage.dock(tag)
        brief = [event.type for event in stage.store.events() if (event.flags or 0) & record.FLAG_BRIEF]
        assert brief == ["lid_open", "lid_close"]

    play(tmp_path, scene)


def test_an_opening_in_the_dock_is_collected_at_once(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        tag.lid_open()
        await asyncio.sleep(0.5)
        tag.lid_close()
        await tag.settle()
        reports = await stage.dock(tag)
        assert sum(report.added for report in reports) == 2
        assert stage.types()[-2:] == ["lid_open", "lid_close"]

    play(tmp_path, scene)


def test_battery_heartbeat_and_dock_are_in_the_log(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        tag.undock()
        tag.at(T0 + 1.5 * DAY).battery(3400)
        await stage.until(T0 + 3.2 * DAY)
        (report,) = await stage.dock(tag)
        assert report.status is not None
        assert report.status.status.battery_mv == pytest.approx(3400, abs=20)
        types = stage.types()
        assert types.count("heartbeat") == 3
        assert types.count("battery_low") == 1
        assert types[-2:] == ["dock", "time_set"] or types[-1] == "dock"

    play(tmp_path, scene)


def test_power_loss_is_a_new_start_and_events_of_both_starts_have_bounded_times(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        await stage.dock(tag)
        tag.undock()
        await tag.settle()
        tag.at(T0 + DAY).lid_open()
        tag.at(T0 + DAY + 30).lid_close()
        await stage.until(T0 + 1.5 * DAY)
        tag.power_off()
        await stage.until(T0 + 2 * DAY)
        tag.power_on()
        await tag.settle()
        tag.at(T0 + 3 * DAY).lid_open()
        tag.at(T0 + 3 * DAY + 30).lid_close()
        await stage.until(T0 + 4 * DAY)
        (report,) = await stage.dock(tag)
        assert report.error is None
        starts = {event.boot_count for event in stage.store.events()}
        assert len(starts) == 2
        first, second = openings(stage.store.picture())
        for found, truth in ((first, T0 + DAY), (second, T0 + 3 * DAY)):
            assert found.began.earliest_ms - 1000 <= truth * 1000 <= found.began.latest_ms + 1000
        assert second.began.error_ms < 0.03 * DAY * 1000

    play(tmp_path, scene)


async def overheard(stage: Stage, tag: VirtualTag) -> set[tuple[str, bytes]]:
    """Addresses and frames that anybody in range hears while `tag` comes into the dock."""
    heard: set[tuple[str, bytes]] = set()

    def note(device: BLEDevice, data: AdvertisementData) -> None:
        heard.update((device.address, bytes(frame)) for frame in data.service_data.values())

    tag.dock()
    async with stage.radio.scanning(note):
        await tag.settle()
        await asyncio.sleep(0.6)
    return heard


def test_two_stays_at_the_dock_share_no_identifier_on_the_air_and_the_station_follows(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keys = stage.store.tag_keys(stage.store.tag("P-01").id)
        stays: list[set[tuple[str, bytes]]] = []
        for day in range(3):
            heard = await overheard(stage, tag)
            (report,) = await stage.dock(tag, everything=True)
            assert report.error is None
            stays.append(heard)
            tag.undock()
            await tag.settle()
            await stage.until(T0 + (day + 1) * DAY)
        addresses = [{address for address, _ in heard} for heard in stays]
        hints = [{advert.hint_of(frame) for _, frame in heard} for heard in stays]
        for sets in (addresses, hints):
            assert all(len(each) == 1 for each in sets)
            assert len(set.union(*sets)) == 3, "each stay has its own"
        everything = b"".join(frame + address.encode() for heard in stays for address, frame in heard)
        tag_id = bytes.fromhex(stage.store.tag("P-01").id)
        for secret in (*keys, tag_id):
            assert not any(secret[at : at + 6] in everything for at in range(len(secret) - 5))

    play(tmp_path, scene)


def test_a_tag_with_other_keys_is_refused(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        known = stage.store.tag("P-01").id
        keys = stage.store.tag_keys(known)
        tag.enrol(known, keys.advert, bytes(32), keys.log, replace=True)  # same adverts, another session key
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert "session key" in str(report.error)
        assert stage.types() == []
        assert stage.store.dockings()[-1].outcome == "failed"

    play(tmp_path, scene)
