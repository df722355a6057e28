"""The life of a tag on the real firmware: when it is silent, what it shows, and that nothing stops it for good."""

from __future__ import annotations

import asyncio
import random
from datetime import date
from pathlib import Path

import pytest

from host.sim.tag import VirtualTag
from host.sim.virtual_board import Refusal
from kitwire import advert, config, faults
from tests.e2e.stage import DAY, HOUR, T0, Stage, play
from tests.e2e.watching import advertised_s, flashes_of, keep, packets_of, restarted, spoil
from tests.unit.test_kitwire import _read_by_a_stranger


async def types_at_dock(stage: Stage, tag: VirtualTag) -> list[str | None]:
    """Dock `tag`, collect, lift it off again; all its events."""
    reports = await stage.dock(tag, everything=True)
    assert [report.error for report in reports] == [None]
    tag.undock()
    await tag.settle()
    return stage.types(tag.name)


def fault_codes(stage: Stage, pouch: str = "P-01") -> list[int | None]:
    return [event.aux for event in stage.store.events(stage.store.tag(pouch).id) if event.type == "fault"]


def test_off_the_dock_not_one_packet_is_sent_but_for_a_minute_after_a_short_press(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, second_dose_s=120, resedation_s=1800)
        await restarted(tag)
        sent = packets_of(stage.station)
        light = flashes_of(tag)
        tag.lid_open()
        await tag.settle()
        tag.press()  # a dose mark
        await tag.settle()
        await asyncio.sleep(1)
        tag.at(T0 + 60).press(seconds=4)
        tag.at(T0 + 90).lid_close()
        tag.at(T0 + HOUR).press(seconds=4)
        tag.at(T0 + HOUR + 30).battery(3450)
        tag.at(T0 + 2 * HOUR).lid_open()
        tag.at(T0 + 2 * HOUR + 0.05).lid_close()
        await stage.until(T0 + 3 * DAY)
        assert len(light) > 20, "marks, cues and states were shown"
        assert (sent, advertised_s(tag)) == ([], 0)
        tag.at(T0 + 3 * DAY + 60).press()
        await stage.until(T0 + 3 * DAY + 59.5)
        assert sent == []
        await asyncio.sleep(2)
        assert sent, "it calls"
        await stage.until(T0 + 3 * DAY + 180)
        assert 57 < advertised_s(tag) < 60.5
        assert all(T0 + 3 * DAY + 60 < packet.at < T0 + 3 * DAY + 181 for packet in sent)
        assert {packet.what for packet in sent} == {"AdvInd"}
        assert len({packet.address for packet in sent}) == 1
        sent.clear()
        await asyncio.sleep(1)
        assert sent == []
        types = await types_at_dock(stage, tag)
        assert types.count("dose_mark") == 2 and types.count("heartbeat") == 3
        assert fault_codes(stage) == []

    play(tmp_path, scene)


def test_in_profile_private_a_tag_advertises_each_quarter_of_an_hour_and_can_be_docked_there(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, profile=config.PROFILE_PRIVATE, field_period_s=900)
        await restarted(tag)
        started = stage.station.clock.now()
        await stage.until(started + HOUR + 60)
        assert advertised_s(tag) == pytest.approx(4 * 3, abs=0.5)
        sent = packets_of(stage.station)
        await stage.until((tag.board.timer_wake or 0) - 0.3)
        (report,) = await stage.collect(quiet_s=0.7)
        assert (report.error, report.added) == (None, 3), "two starts, and the setting of the clock"
        addresses = {packet.address for packet in sent if packet.data}
        await tag.settle()
        await stage.until(stage.station.clock.now() + 60)
        await stage.until((tag.board.timer_wake or 0) - 0.3)
        await asyncio.sleep(1.5)
        assert len({packet.address for packet in sent if packet.data}) == len(addresses) + 1 == 2

    play(tmp_path, scene)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "plain"])
def test_in_profile_open_anybody_can_read_it_in_the_field_and_nobody_can_connect(tmp_path: Path, sealed: bool) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, profile=config.PROFILE_OPEN, field_period_s=900, trackable=1, open_sealed=int(sealed))
        await restarted(tag)
        sent = packets_of(stage.station)
        for change in (tag.lid_open, tag.lid_close):
            change()
            await tag.settle()
            await asyncio.sleep(0.7)
        own = str(tag.radio.own_address).split("/")[0]
        assert {packet.what for packet in sent} == {"AdvNonConnInd"}
        assert {packet.address.split("/")[0] for packet in sent} == {own}
        key = advert.bind_key(stage.store.tag_keys(stage.store.tag("P-01").id).advert) if sealed else None
        frames = list(dict.fromkeys(packet.data for packet in sent))
        read = [_read_by_a_stranger(frame, own, key) for frame in frames]
        assert [(values["count"], states["opening"]) for values, states, _ in read] == [(3, True), (4, False)]
        assert all((decoder.bindkey_verified is True) == sealed for _, _, decoder in read)
        counters = [int.from_bytes(frame[-8:-4], "little") for frame in frames]
        assert not sealed or counters[0] < counters[1], "the counter rises"
        await stage.until(stage.station.clock.now() + 60)
        before = advertised_s(tag)
        await stage.until(stage.station.clock.now() + HOUR)
        assert advertised_s(tag) - before == pytest.approx(12, abs=0.5)
        sent.clear()
        (report,) = await stage.dock(tag)
        assert report.error is None
        docked = [packet for packet in sent if packet.data]
        assert docked and all(packet.what == "AdvInd" and own not in packet.address for packet in docked)

    play(tmp_path, scene)


def test_profile_open_without_consent_is_refused_put_right_and_said(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, profile=config.PROFILE_OPEN, field_period_s=900, heartbeat_s=-7, kit_expires_s=12, battery_gain=5)
        await restarted(tag)
        sent = packets_of(stage.station)
        tag.at(T0 + HOUR).lid_open()
        await stage.until(T0 + 2.5 * DAY)
        assert (sent, advertised_s(tag)) == ([], 0)
        types = await types_at_dock(stage, tag)
        senseless = (config.HEARTBEAT_S, config.KIT_EXPIRES_S, config.BATTERY_GAIN)
        assert fault_codes(stage) == [*(faults.CONFIG + item for item in senseless), faults.TRACKING]
        assert types.count("heartbeat") == 2, "the default holds"
        keep(tag, trackable=1)
        await restarted(tag)
        tag.lid_close()
        await tag.settle()
        assert sent == [] or {packet.what for packet in sent} != {"AdvNonConnInd"}, "consent alone brings nothing back"

    play(tmp_path, scene)


def test_signs_tell_marks_calls_states_and_cues_apart(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, second_dose_s=120, resedation_s=1800)
        await restarted(tag)
        seen = flashes_of(tag)

        async def shown(seconds: float) -> list[float]:
            await stage.until(stage.station.clock.now() + seconds)
            lengths = [round(length, 2) for _, length in seen]
            seen.clear()
            return lengths

        def about(*lengths: float) -> object:
            return pytest.approx(list(lengths), abs=0.045)

        tag.press()
        assert await shown(70) == about(0.6)
        tag.press(seconds=2)
        assert await shown(70) == about(0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2), "date not known, 70 %, two short: unread"
        tag.lid_open()
        await shown(5)
        tag.press(seconds=0.4)
        assert await shown(60) == about(0.08, 0.08)
        tag.lid_close()
        marked = stage.station.clock.now() - 60
        assert await shown(40) == []
        cue = await shown(30)
        assert cue == about(*[0.12] * 16), "the cue for a second dose, in pairs"
        await stage.until(marked + 1790)
        seen.clear()
        assert await shown(40) == about(*[0.9] * 7), "re-sedation"
        assert await shown(DAY / 2) == []
        assert tag.board.tones == {} and tag.board.counters.seconds["cell"]["buzzer"] == 0, "silent unless it may"
        types = await types_at_dock(stage, tag)
        assert types == ["boot", "boot", "lid_open", "dose_mark", "lid_close", "dock", "time_set"]

    play(tmp_path, scene)


def test_a_kit_that_is_out_of_date_is_shown_when_it_leaves_the_dock_and_on_a_long_press(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        stage.store.add_officer("1207", None, stage.now_ms())
        stage.store.add_kit("K1", "Nyxoid", "L1", date(2026, 3, 3), None, stage.now_ms())
        stage.store.issue_kit("K1", "1207", "P-01", stage.now_ms())
        keep(tag, buzzer=1)
        await restarted(tag)
        seen = flashes_of(tag)

        async def shown() -> list[float]:
            await stage.until(stage.station.clock.now() + 70)
            lengths = [round(length, 2) for _, length in seen]
            seen.clear()
            return lengths

        await types_at_dock(stage, tag)
        assert await shown() == []
        tag.press(seconds=2)
        assert (await shown())[0] == pytest.approx(1, abs=0.045), "in date"
        await stage.until(T0 + 4 * DAY)
        tag.press(seconds=2)
        flicker = await shown()
        assert flicker[:8] == pytest.approx([0.06] * 8, abs=0.045)
        assert flicker[8:] == pytest.approx([0.2] * 3 + [0.2] * 2, abs=0.045) or len(flicker) > 8
        await types_at_dock(stage, tag)
        assert await shown() == pytest.approx([0.06] * 25, abs=0.045), "and when it leaves the dock"
        assert tag.board.counters.seconds["cell"]["buzzer"] > 1, "with sound, since it may"

    play(tmp_path, scene)


def test_lid_and_button_are_recorded_while_a_sign_is_shown(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        seen = flashes_of(tag)
        start = T0 + HOUR
        tag.at(start).press(seconds=2)  # shows its state, for some 6 s
        tag.at(start + 3).lid_open()
        tag.at(start + 3.5).press()
        tag.at(start + 4).lid_close()
        tag.at(start + 4.5).lid_open()
        tag.at(start + 5).press()
        await stage.until(start + 60)
        assert seen
        types = await types_at_dock(stage, tag)
        assert types[1:7] == ["lid_open", "dose_mark", "lid_close", "lid_open", "dose_mark", "dock"]

    play(tmp_path, scene)


def test_a_starving_tag_records_edges_and_marks_and_does_nothing_else(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        keep(tag, profile=config.PROFILE_PRIVATE, field_period_s=900, second_dose_s=120)
        await restarted(tag)
        sent, seen = packets_of(stage.station), flashes_of(tag)
        tag.battery(3150)
        tag.at(T0 + 100).lid_open()
        tag.at(T0 + 200).press()
        await stage.until(T0 + 210)
        assert [round(length, 2) for _, length in seen] == pytest.approx([0.08], abs=0.045)
        tag.at(T0 + 300).lid_close()
        tag.at(T0 + 400).press()
        tag.at(T0 + 500).press(seconds=3)
        await stage.until(T0 + HOUR)
        assert (sent, len(seen)) == ([], 1)
        types = await types_at_dock(stage, tag)
        assert types[2:6] == ["lid_open", "battery_low", "dose_mark", "lid_close"]

    play(tmp_path, scene)


def test_an_empty_cell_erases_nothing_and_the_lid_is_caught_up_with_at_the_dock(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        erased = tag.flash.erased
        tag.battery(2950)
        for number in range(30):
            tag.at(T0 + 100 + 20 * number).lid_open()
            tag.at(T0 + 110 + 20 * number).lid_close()
        await stage.until(T0 + 2 * HOUR)
        assert bytes(tag.flash.bytes[4096:8192]) == b"\xff" * 4096, "the next sector is untouched"
        types = await types_at_dock(stage, tag)
        assert tag.flash.erased > erased
        assert types[47:] == [*types[47:49], "dock", "fault", "lid_close", "time_set"]
        assert set(types[47:49]) == {"lid_open", "lid_close"}
        assert fault_codes(stage) == [faults.WEAK]

    play(tmp_path, scene)


def test_a_start_with_an_empty_cell_waits_a_minute_first(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.power_off()
        await tag.settle()
        tag.battery(2900)
        booted = tag.board.nvs["kitdock", "boot_count", "i32"]
        writes = bytes(tag.flash.bytes)
        tag.power_on()
        await tag.settle()
        assert tag.state == "asleep"
        await stage.until(stage.station.clock.now() + 50)
        assert tag.board.nvs["kitdock", "boot_count", "i32"] == booted and bytes(tag.flash.bytes) == writes
        await stage.until(stage.station.clock.now() + 20)
        assert tag.board.nvs["kitdock", "boot_count", "i32"] == booted + 1
        types = await types_at_dock(stage, tag)
        assert types[:3] == ["boot", "boot", "battery_low"]
        assert [event.aux for event in stage.store.events() if event.type == "boot"] == [2, 1]

    play(tmp_path, scene)


def broken_adc(*_: int) -> int:
    raise Refusal(5, "EIO")


def in_battery(code: int | None) -> bool:
    return code is not None and code // 1024 == faults.MODULES.index("battery") + 1


def test_an_exception_is_recorded_with_its_place_and_the_tag_goes_on(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        mend = spoil(tag, "adc_uv", broken_adc)
        tag.at(T0 + HOUR).lid_open()
        await stage.until(T0 + HOUR + 60)
        assert "EIO" in tag.output
        mend()
        tag.at(T0 + 2 * HOUR).lid_close()
        await stage.until(T0 + 3 * HOUR)
        types = await types_at_dock(stage, tag)
        assert types[1:4] == ["fault", "lid_open", "lid_close"]
        (code,) = fault_codes(stage)
        assert in_battery(code) and code is not None
        line = (Path(__file__).parents[2] / "firmware/battery.py").read_text().splitlines()[code % 1024 - 1]
        assert "read_uv" in line

    play(tmp_path, scene)


def test_three_faulty_wakes_lead_to_safe_mode_and_a_clean_one_out_of_it(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        seen = flashes_of(tag)
        mend = spoil(tag, "adc_uv", broken_adc)
        for number in range(3):
            tag.at(T0 + HOUR + 600 * number).press()
        await stage.until(T0 + 2 * HOUR)
        wakes = tag.board.counters.wakes
        await stage.until(T0 + DAY)
        assert 20 <= tag.board.counters.wakes - wakes <= 24, "one try an hour, and no more"
        seen.clear()
        tag.press()
        await tag.settle()
        await stage.until(stage.station.clock.now() + 10)
        assert [round(length, 2) for _, length in seen] == pytest.approx([0.06] * 16, abs=0.045), (
            "the sign of safe mode"
        )
        sent = packets_of(stage.station)
        tag.dock()
        await tag.settle()
        await asyncio.sleep(1)
        epochs = [
            advert.epoch(stage.store.tag_keys(stage.store.tag("P-01").id).advert, number) for number in range(1, 9)
        ]
        hints = {epoch.hint: epoch for epoch in epochs}
        (data,) = {packet.data for packet in sent}
        said = advert.open(hints[advert.hint_of(data[7:]) or b""], data[7:])
        assert said.problem and {packet.what for packet in sent} == {"AdvNonConnInd"}
        await stage.until(stage.station.clock.now() + advert.EPOCH_S + 5)
        await asyncio.sleep(0.6)
        assert len({packet.address for packet in sent}) == len({packet.data for packet in sent}) == 2, "they rotate"
        assert tag.execute("print(6 * 7)") == "42\n", "the way in is open"
        mend()
        tag.reset()
        await tag.settle()
        types = await types_at_dock(stage, tag)
        codes = fault_codes(stage)
        assert in_battery(codes[0]) and codes.count(faults.SAFE) == 1
        assert types.count("lid_open") == 0

    play(tmp_path, scene)


def test_safe_mode_ends_by_itself_within_an_hour_and_what_happened_meanwhile_is_caught_up(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        mend = spoil(tag, "adc_uv", broken_adc)
        for number in range(3):
            tag.at(T0 + HOUR + 600 * number).press()
        tag.at(T0 + 2 * HOUR).lid_open()
        await stage.until(T0 + 2 * HOUR + 60)
        mend()
        await stage.until(T0 + 4 * HOUR)
        tag.at(T0 + 4 * HOUR + 60).lid_close()
        await stage.until(T0 + 5 * HOUR)
        types = await types_at_dock(stage, tag)
        lids = [kind for kind in types if kind != "fault"]
        assert lids[:4] == ["boot", "lid_open", "lid_close", "dock"]

    play(tmp_path, scene)


def test_a_program_that_stands_still_is_started_again_and_three_times_lead_to_safe_mode(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        board = tag.board
        original = board._on_adc_uv

        def hang(*given: int) -> int:
            board.pass_time(board.now + 31)
            return original(*given)

        mend = spoil(tag, "adc_uv", hang)
        tag.at(T0 + HOUR).lid_open()
        await stage.until(T0 + HOUR + 20 * 60)
        assert tag.state == "asleep"
        wakes = board.counters.wakes
        assert wakes <= 12
        mend()
        await stage.until(T0 + 4 * HOUR)
        types = await types_at_dock(stage, tag)
        codes = fault_codes(stage)
        assert codes.count(faults.WATCHDOG) == 1 and codes.count(faults.SAFE) == 1
        assert types.count("lid_open") == 1
        causes = [event.aux for event in stage.store.events() if event.type == "boot"]
        assert causes[-1] == 3

    play(tmp_path, scene)


def test_the_watchdog_leaves_the_repl_alone(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        tag.dock()
        await tag.settle()
        assert tag.execute("print('here')") == "here\n"
        wakes = tag.board.counters.wakes
        await stage.until(stage.station.clock.now() + 4 * HOUR)
        assert (tag.state, tag.board.counters.wakes) == ("idle", wakes)

    play(tmp_path, scene)


@pytest.mark.parametrize("ruin", ["random bytes", "no partition"])
def test_a_tag_without_a_log_is_no_brick(tmp_path: Path, ruin: str) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        mend = None
        if ruin == "random bytes":
            tag.flash.bytes[:] = random.Random(20).randbytes(len(tag.flash.bytes))
        else:
            mend = spoil(tag, "partitions", list)
        for number in range(4):
            tag.at(T0 + HOUR + 600 * number).lid_open()
            tag.at(T0 + HOUR + 600 * number + 300).lid_close()
        await stage.until(T0 + 3 * HOUR)
        wakes = tag.board.counters.wakes
        await stage.until(T0 + DAY)
        assert tag.board.counters.wakes - wakes <= 24
        sent = packets_of(stage.station)
        tag.dock()
        await tag.settle()
        await asyncio.sleep(0.6)
        assert sent, "it says that it has a problem"
        if mend is not None:
            mend()
        known = stage.store.tag("P-01").id
        keys = stage.store.tag_keys(known)
        tag.enrol(known, keys.advert, keys.session, keys.log, replace=True)
        await tag.settle()
        assert (await types_at_dock(stage, tag))[0] == "boot"

    play(tmp_path, scene)
