"""`kitdock tag provision` over a serial port: real mpremote, real MicroPython, and then a docking over Bluetooth."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.e2e.stage import Stage, play

KITDOCK = Path(sys.executable).parent / "kitdock"


async def provision(stage: Stage, port: str, *options: str, pouch: str = "P-01") -> tuple[int | None, str]:
    """Exit status and everything printed."""
    process = await asyncio.create_subprocess_exec(
        KITDOCK, "tag", "provision", pouch, "--port", port, "--db", stage.store.path, *options,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


def test_a_new_tag_is_enrolled_over_its_port_and_docks(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.station.add_tag("new")
        await tag.settle()
        status, printed = await provision(stage, tag.serial_port())
        assert status == 0, printed
        known = stage.store.tag("P-01")
        assert known.id in printed
        keys = stage.store.tag_keys(known.id)
        assert not any(key.hex() in printed for key in keys)
        await tag.settle()
        assert tag.state == "asleep", "it started as what it has become"
        (report,) = await stage.dock(tag)
        assert report.error is None
        assert stage.types() == ["boot", "dock", "time_set"]

    play(tmp_path, scene)


def test_a_tag_with_keys_keeps_them_unless_a_re_issue_is_asked_for(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        first = stage.store.tag("P-01").id
        status, printed = await provision(stage, tag.serial_port())
        assert status == 1
        assert "--replace" in printed
        assert stage.store.tag("P-01").id == first
        status, printed = await provision(stage, tag.serial_port(), "--replace")
        assert status == 0, printed
        second = stage.store.tag("P-01").id
        assert second != first
        await tag.settle()
        (report,) = await stage.dock(tag)
        assert (report.tag, report.error) == (second, None)

    play(tmp_path, scene)


def test_a_tag_that_goes_into_another_pouch_is_known_to_have_left_the_first(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        tag = await stage.add()
        first = stage.store.tag("P-01").id
        status, printed = await provision(stage, tag.serial_port(), "--replace", pouch="P-02")
        assert status == 0, printed
        left = stage.store.tag(first)
        assert (left.pouch, left.moved_to) == ("P-01", "P-02")
        assert left.retired_at_ms is not None
        assert [each.pouch for each in stage.store.tags()] == ["P-02"]

    play(tmp_path, scene)


def test_a_port_that_is_no_tag_is_said_so_and_nothing_is_kept(tmp_path: Path) -> None:
    async def scene(stage: Stage) -> None:
        status, printed = await provision(stage, str(tmp_path / "no-such-port"))
        assert status == 4
        assert printed.startswith("kitdock: ")
        assert "no serial port" in printed
        assert "Traceback" not in printed
        assert stage.store.tags() == []

    play(tmp_path, scene)
