"""One dock for a database, in real processes."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from host.unit.only_one import lock_path, only_one

HOLDER = """
import sys, time
from pathlib import Path
from host.unit.only_one import only_one
with only_one(Path(sys.argv[1])) as alone:
    print(alone, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "station.db").touch(0o600)
    return tmp_path / "station.db"


def hold(database: Path) -> subprocess.Popen[str]:
    started = subprocess.Popen([sys.executable, "-c", HOLDER, str(database)], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "True\n"
    return started


def test_a_second_is_told_until_the_first_has_gone(database: Path) -> None:
    with only_one(database) as first:
        with only_one(database) as second:
            assert (first, second) == (True, False)
        with only_one(database) as third:
            assert not third, "who was refused has taken nothing away from the first"
    with only_one(database) as again:
        assert again


def test_another_database_has_a_dock_of_its_own(database: Path) -> None:
    other = database.with_name("other.db")
    other.touch()
    with only_one(database) as one, only_one(other) as two:
        assert (one, two) == (True, True)


def test_a_dock_that_is_killed_lets_go(database: Path) -> None:
    with hold(database) as holder:
        with only_one(database) as meanwhile:
            assert not meanwhile
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with only_one(database) as after:
            assert after


def test_the_same_database_by_another_name_is_the_same(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = database.with_name("link.db")
    link.symlink_to(database)
    monkeypatch.chdir(database.parent)
    with only_one(database) as first, only_one(link) as second, only_one(Path("station.db")) as third:
        assert (first, second, third) == (True, False, False)


@pytest.mark.parametrize("mode", [0o600, 0o660])
def test_who_may_use_the_database_may_be_its_dock(database: Path, mode: int) -> None:
    database.chmod(mode)
    if os.geteuid() == 0:
        os.chown(database, 1234, 5678)  # root's dock makes no lock that its owner cannot take
    with only_one(database):
        lock, like = lock_path(database).stat(), database.stat()
        assert (lock.st_mode, lock.st_uid, lock.st_gid) == (like.st_mode, like.st_uid, like.st_gid)
        assert stat.S_IMODE(lock.st_mode) == mode
    assert lock_path(database).name == "station.db.dock"


def test_a_lock_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), only_one(tmp_path / "nowhere/station.db"):
        pass
