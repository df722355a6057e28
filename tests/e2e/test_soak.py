"""A dock under faults for as long as many shifts: every record that any tag ever logged is there, once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from random import Random

import pytest

from host.tag.events import VERIFIED
from tests.e2e.soaking import Soak, disk, soaked
from tests.station import Store
from tests.telling import Tell

FAULTS = {"adapter_lost", "stall", "lifted", "killed", "disk_full", "database_locked"}


@pytest.mark.parametrize(
    ("pouches", "dockings"),
    [
        pytest.param(5, 30, marks=pytest.mark.timeout(300)),
        pytest.param(20, 500, marks=[pytest.mark.exhaustive, pytest.mark.timeout(3600)]),
    ],
    ids=["short", "long"],
)
def test_each_record_is_there_once_whatever_goes_wrong(tmp_path: Path, tell: Tell, pouches: int, dockings: int) -> None:
    seed = int(os.environ.get("KITDOCK_SEED", "0")) or Random().randrange(1, 2**31)
    tell(f"soak, KITDOCK_SEED={seed}")
    began = time.monotonic()
    try:
        with disk(tmp_path / "disk") as folder:
            soak = asyncio.run(soaked(folder, pouches, dockings, seed))
            judge(soak)
    except OSError as error:
        if os.getuid() == 0:
            raise
        pytest.skip(f"a full disk needs a file system of its own, which only root can mount: {error}")
    told = ", ".join(f"{soak.effects[kind]} of {count} {kind}" for kind, count in sorted(soak.faults.items()))
    tell(
        f"soak, KITDOCK_SEED={seed}: {soak.docked} dockings of {pouches} tags in {time.monotonic() - began:.0f} s, "
        f"{sum(len(each.tag.logged) for each in soak.pouches)} records; had an effect: {told}"
    )
    assert soak.docked == dockings
    assert set(soak.faults) == FAULTS
    needed = FAULTS if dockings >= 500 else {"adapter_lost", "killed"}
    assert not [kind for kind in needed if not soak.effects[kind]], soak.effects


def judge(soak: Soak) -> None:
    with Store.open(soak.database) as store:
        for pouch in soak.pouches:
            rows = store.rows("SELECT sequence, record, verdict FROM event WHERE tag = ?", (pouch.tag.id,))
            there = {sequence: record for sequence, record, _ in rows}
            assert len(rows) == len(there), "once"
            assert there == {sequence: sealed for sequence, sealed in pouch.tag.logged.items() if sequence in there}
            missing = set(pouch.tag.logged) - set(there)
            # What the tag logs of its last docking itself, it tells at the next.
            assert all(sequence > max(there) for sequence in missing), (pouch.name, missing)
            assert {verdict for *_, verdict in rows} == {VERIFIED}
        assert {each.name: each.holds for each in store.check() if not each.holds} == {}
