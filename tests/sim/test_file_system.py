"""What is written to a tag's file system stays there, as mpremote and programs write it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from mpremote.transport_serial import SerialTransport

from host.sim.station import VirtualStation
from host.sim.tag import FirmwareFailed
from tests.refusals import refused
from tests.sim.rig import SLEEPS, printed, run, spoken

CONTENT = bytes(range(256)) * 5 + b"odd"


def test_mpremotes_own_file_functions(tmp_path: Path) -> None:
    def talk(transport: SerialTransport) -> None:
        transport.enter_raw_repl(soft_reset=False)
        transport.fs_mkdir("lib")
        transport.fs_mkdir("/lib/thing")
        transport.fs_writefile("lib/thing/data.bin", CONTENT)
        transport.fs_writefile("/other.py", b"pass\n")
        assert transport.fs_hashfile("lib/thing/data.bin", "sha256") == hashlib.sha256(CONTENT).digest()
        assert transport.fs_readfile("lib/thing/data.bin") == CONTENT
        assert transport.fs_stat("lib/thing/data.bin").st_size == len(CONTENT)
        assert transport.fs_isdir("lib/thing")
        assert transport.fs_exists("main.py")
        assert not transport.fs_exists("absent.py")
        assert sorted(entry.name for entry in transport.fs_listdir("")) == ["lib", "main.py", "other.py"]
        assert sorted(entry.name for entry in transport.fs_listdir("/")) == ["lib", "main.py", "other.py"]
        assert [entry.name for entry in transport.fs_listdir("/lib/thing")] == ["data.bin"]
        transport.fs_rmfile("other.py")
        with pytest.raises(FileNotFoundError):
            transport.fs_rmfile("other.py")
        transport.exit_raw_repl()

    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        await spoken(tag, talk)
        tag.reset()
        await tag.settle()
        assert tag.state == "asleep"
        listing = "import os\nprint(sorted(os.listdir()), len(open('/lib/thing/data.bin', 'rb').read()))"
        assert tag.execute(listing) == f"['lib', 'main.py'] {len(CONTENT)}\n"

    run(test, tmp_path, SLEEPS)


def test_what_a_program_writes_outlives_sleep_reset_and_power_cuts(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        for happens in (tag.reset, tag.lid_open):
            happens()
            await tag.settle()
        tag.power_off()
        tag.power_on()
        await tag.settle()
        assert printed(tag) == [0, 1, 2, 3]

    run(
        test,
        tmp_path,
        """
        import esp32, machine
        try:
            count = int(open("/count").read())
        except OSError:
            count = 0
        print(count)
        with open("/count", "w") as file:
            file.write(str(count + 1))
        machine.mem32[0x600B1028] &= ~(1 << 2)
        lid = machine.Pin(2, machine.Pin.IN)
        esp32.wake_on_ext1((lid,), esp32.WAKEUP_ALL_LOW if lid.value() else esp32.WAKEUP_ANY_HIGH)
        machine.deepsleep()
        """,
    )


def test_a_power_cut_leaves_what_was_written_before_it(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        assert tag.state == "running"
        tag.power_off()
        tag.power_on()
        assert tag.execute("print(open('/half').read())") == "begun\n"

    run(
        test,
        tmp_path,
        """
        import time
        file = open("/half", "w")
        file.write("begun")
        time.sleep(3600)
        file.write("never")
        """,
    )


def test_a_tag_without_main_leaves_the_repl(tmp_path: Path) -> None:
    async def test(station: VirtualStation) -> None:
        tag = await station.add_tag("1")
        await tag.settle()
        tag.execute(
            "import os\nos.remove('/main.py')\nwith open('/boot.py', 'w') as f:\n    f.write('print(\"boots\")')"
        )
        tag.reset()
        await tag.settle()
        assert tag.state == "idle"
        assert tag.output.endswith("boots\n")
        assert tag.execute("print(6 * 7)") == "42\n"
        with refused("sim.tag_failed", FirmwareFailed, error="OSError: [Errno 2] ENOENT"):
            tag.execute("open('/main.py')")

    run(test, tmp_path, SLEEPS)
