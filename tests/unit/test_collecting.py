"""Collecting in a thread beside the main one."""

import asyncio

import pytest

from host.cli.collecting import Collecting


def test_it_is_cancelled_and_waited_for_with_its_block() -> None:
    happened: list[str] = []

    async def work() -> None:
        happened.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            happened.append("tidied")

    with Collecting(work) as collecting:
        collecting.goes_on()
    assert happened == ["began", "tidied"]


def test_what_ends_it_is_raised_to_who_asks() -> None:
    async def work() -> None:
        raise ValueError("no radio")

    with Collecting(work) as collecting, pytest.raises(ValueError, match="no radio"):
        while True:
            collecting.goes_on()
