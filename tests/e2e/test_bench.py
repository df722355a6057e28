"""The bench on a virtual board: what the command does by itself, and that a damaged board does not pass."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from host.access.vault import TagKeys
from host.bench.board import OF_BENCH
from host.errors import InputError
from host.phrase import Phrase
from tests.e2e.bench_rig import Rig, play
from tests.e2e.stage import HOUR
from tests.e2e.test_chip import without
from tests.telling import Tell


@pytest.mark.timeout(300)
def test_a_sound_board_passes_every_step_that_the_command_does(tmp_path: Path, tell: Tell) -> None:
    async def scene(rig: Rig) -> None:
        results = await rig.go_through("F")
        assert [f"{each.id}: {each.said}" for each in results.values() if each.status != "passed"] == []
        assert len(results) == 14
        assert rig.tag.faults == []
        found = {id: each.found for id, each in results.items()}
        assert found["F3"]["erased_stays"] is True
        assert found["F8"]["lid_after"] == 1
        assert found["F10"]["with_dbm"] > found["F10"]["without_dbm"] + 15
        assert (found["F11"]["openings"], found["F11"]["lid_records"]) == (2, 4)
        assert (found["F12"]["marks"], found["F12"]["inside_an_opening"]) == (1, 1)
        assert found["F13"]["records"] == found["F13"]["verified"] > 8
        assert (found["F14"]["before"] >= 2, found["F14"]["after"]) == (True, 0)
        told = json.loads(rig.tag.execute("import provision\nprovision.info()\n"))
        assert told["tag"] is None, "the board is bare again"
        text = rig.report.path.read_text()
        assert not re.search(r"[0-9a-f]{16}", text), "no id and no key"
        assert str(tmp_path) not in text
        for line in rig.hands.judged:
            tell(f"bench on the virtual board: {line}")

    play(tmp_path, scene)


class Damage(NamedTuple):
    """What is taken out of a module of the firmware, and what the bench then says of which steps."""

    module: str
    answer: str
    instead: str
    said: dict[str, str]


DAMAGED = {
    "pads are not given back": Damage(
        "wake",
        "    pads.release()\n",
        "",
        {"F8": "reads 0: its pad was not taken back", "F11": "the board wakes again and again"},
    ),
    "wiped keys stay": Damage(
        "provision", "        destroy()\n", "        pass\n", {"F14": "keys before the wipe, 2 after"}
    ),
    "antenna without power": Damage(
        "antenna", "Pin.OUT, value=", "Pin.IN, value=1 - ", {"F10": "dBm with the switch powered"}
    ),
    "deaf button": Damage(
        "button",
        "        esp32.wake_on_gpio((self.pin,), esp32.WAKEUP_ALL_LOW)\n",
        "",
        {"F12": "If the board is asleep: Connect D3 to 3V3"},
    ),
    "another firmware": Damage("version", "MINOR = 1\n", "MINOR = 7\n", {"F2": "the board has firmware 0.7"}),
}


SLOW = ("deaf button", "wiped keys stay")
"""Of these, what is tried with `make test-all` alone: each waits as long as hands do."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "damage", [pytest.param(each, marks=[pytest.mark.exhaustive] if each in SLOW else []) for each in DAMAGED]
)
def test_a_damaged_board_does_not_pass(tmp_path: Path, damage: str) -> None:
    module, answer, instead, said = DAMAGED[damage]

    async def scene(rig: Rig) -> None:
        results = await rig.go_through(f"F3,{','.join(said)}")
        assert results["F3"].status == "passed", "of what is not damaged nothing is said"
        for step, text in said.items():
            assert results[step].status == "failed", results[step]
            assert text in results[step].said

    play(tmp_path, scene, without(tmp_path, module, answer, instead))


def test_a_complete_tag_is_led_through_by_its_lid_button_and_cable(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        rig.hands.meter_mv = 3900.0  # at the cell, not at the pin
        results = await rig.go_through("F8,F9,F11,F12")
        assert [f"{each.id}: {each.said}" for each in results.values() if each.status != "passed"] == []
        assert "Pull the USB cable." in rig.hands.asked
        assert not any("wire" in text for text in rig.hands.asked)

    play(tmp_path, scene, complete=True)


def test_flash_that_does_not_keep_what_is_written_fails(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        program = type(rig.tag.board)._on_flash_program

        def stuck(partition: int, offset: int, data: str) -> None:
            program(rig.tag.board, partition, offset, data.replace("a5", "ad"))

        rig.tag.board._on_flash_program = stuck  # type: ignore[method-assign]
        results = await rig.go_through("F5")
        assert (results["F5"].status, results["F5"].said) == ("failed", "does not read back once programmed, cleared")

    play(tmp_path, scene)


def test_a_false_meter_fails_the_adc(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        rig.hands.meter_mv = 2050.0
        assert (await rig.go_through("F9"))["F9"].said == "1950 mV against 2050 mV: -4.9%"
        assert rig.report.results["F9"].status == "failed"

    play(tmp_path, scene)


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("shown", "status", "said"), [(21.5, "passed", "offset +7.5"), (45.0, "failed", "be that far off")]
)
def test_the_offset_of_the_chips_thermometer_is_found_at_rest(
    tmp_path: Path, shown: float, status: str, said: str
) -> None:
    async def scene(rig: Rig) -> None:
        loop, do = asyncio.get_running_loop(), rig.hands.act

        async def rest() -> None:
            await rig.tag.settle()  # it has noticed that it is away before its two hours begin
            await rig.station.clock.advance(rig.station.clock.now() + 2 * HOUR)

        def act(what: Phrase | str) -> None:
            do(what)
            if isinstance(what, Phrase) and what.code == "bench.lay_to_rest":
                asyncio.run_coroutine_threadsafe(rest(), loop).result()

        rig.hands.act = act  # type: ignore[method-assign]
        rig.hands.meter_mv = shown
        rig.tag.temperature(14.2)
        result = (await rig.go_through("T1"))["T1"]
        assert (result.status, said in result.said) == (status, True), result.said
        assert result.found["coldest_c"] == result.found["warmest_c"] == 14

    play(tmp_path, scene)


def test_a_tag_of_somebodys_is_not_touched(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        rig.tag.dock()
        rig.tag.enrol("00" * 8, *TagKeys.random())
        await rig.tag.settle()
        with pytest.raises(InputError, match=r"is tag 0000000000000000, and the bench would destroy its keys"):
            await rig.go_through("F1")
        await rig.tag.settle()
        assert '"tag": "0000000000000000"' in rig.tag.execute("import provision\nprovision.info()\n")
        assert not rig.report.path.exists()

    play(tmp_path, scene)


def test_a_tag_that_a_broken_off_bench_has_left_is_taken_up_again(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        rig.tag.dock()
        rig.tag.enrol(OF_BENCH + "0000", *TagKeys.random())
        await rig.tag.settle()
        results = await rig.go_through("F3,F14")
        assert [each.status for each in results.values()] == ["passed", "passed"]

    play(tmp_path, scene)


def test_a_step_that_is_left_out_half_way_leaves_the_board_as_it_was(tmp_path: Path) -> None:
    """It is not counted as passed, and the next step finds the board awake."""

    async def scene(rig: Rig) -> None:
        rig.hands.refuses = "open"
        rig.hands.refusals = 1
        results = await rig.go_through("F11,F12")
        assert {each.id: each.status for each in results.values()} == {"F11": "not done", "F12": "passed"}
        await rig.tag.settle()
        told = json.loads(rig.tag.execute("import provision\nprovision.info()\n"))
        assert told["tag"] is None, "what the bench has made a tag is bare again"

    play(tmp_path, scene)


def test_a_board_that_sleeps_on_is_waited_for(tmp_path: Path) -> None:
    """Nobody opens the lid that is to wake it: the timer does."""

    async def scene(rig: Rig) -> None:
        rig.hands.refuses, rig.hands.refusals = "open", 1
        results = await rig.go_through("F8,F9")
        assert {each.id: each.status for each in results.values()} == {"F8": "not done", "F9": "passed"}

    play(tmp_path, scene)


def test_a_report_is_of_one_board(tmp_path: Path) -> None:
    async def scene(rig: Rig) -> None:
        await rig.go_through("F1")
        rig.tag.board.mac = bytes(6)
        with pytest.raises(InputError, match="belongs to another board"):
            await rig.go_through("F3")

    play(tmp_path, scene)
