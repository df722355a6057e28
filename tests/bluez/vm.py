"""The virtual machine: QEMU without KVM, a kernel with Bluetooth, and this computer's own files as its root."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.bluez.machine import HERE, Kernel, first_files

BOOT_S = 120.0
"""Seconds until its first word; some 15 on an idle computer."""
ANSWER_S = 60.0
"""Seconds for one answer, unless what is asked for takes longer."""
ADAPTERS = ("hci0", "hci1")
MEMORY_MB = 1024
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
BUS = "unix:path=/run/dbus/system_bus_socket"
KERNEL_LINE = "console=ttyS0 earlyprintk=ttyS0 quiet panic=-1 mitigations=off no_timer_check cryptomgr.notests=1"
"""Without `notests` ECDH fails its self-test in an emulated processor, and Bluetooth's security manager lacks it. An
emulated timer may be late on a busy computer, which `no_timer_check` lets the kernel bear."""

START = """\
#!/bin/sh
export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/run TMPDIR=/run LC_ALL=C.UTF-8
export DBUS_SYSTEM_BUS_ADDRESS={bus} PYTHONPATH={paths} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
/mnt/busybox ip link set lo up
LD_LIBRARY_PATH={libraries} {unpacked}/usr/bin/dbus-daemon --config-file=/mnt/bus.conf --nopidfile --fork
exec {python} /mnt/guest.py
"""


class GuestFailed(Exception):
    """The virtual machine doesn't answer, or what was asked of it failed."""


class Machine:
    """A running virtual machine. Calls raise `GuestFailed`."""

    def __init__(
        self, unpacked: Path, shared: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._unpacked = unpacked
        self.shared = shared
        self._reader = reader
        self._writer = writer
        self._asked = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._listening = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while line := await self._reader.readline():
            answer = json.loads(line)
            future = self._answers.pop(answer["id"], None)
            if future is not None and not future.done():
                future.set_result(answer)
        for future in self._answers.values():
            future.cancel()

    async def ask(self, do: str, seconds: float = ANSWER_S, **arguments: Any) -> Any:
        """What `guest.py` returns."""
        self._asked += 1
        asked = self._asked
        future = self._answers[asked] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": asked, "do": do, "with": arguments}).encode() + b"\n")
        done, _ = await asyncio.wait([future], timeout=seconds)
        if future.cancelled():
            raise GuestFailed("the virtual machine has ended")
        if not done:
            raise GuestFailed(f"no answer to {do} {arguments} in {seconds:.0f} s")
        answer = future.result()
        if "error" in answer:
            raise GuestFailed(f"{do} {arguments}: {answer['error']}")
        return answer["result"]

    async def run(self, *argv: str, seconds: float = ANSWER_S) -> tuple[int, str]:
        """Exit status of a program in the guest, and what it prints."""
        status, printed = await self.ask("run", seconds, argv=list(argv), env=self._env(argv[0]))
        return status, printed

    async def start(self, name: str, *argv: str) -> None:
        """Start a program in the guest; what it prints is in `printed(name)`."""
        await self.ask("start", name=name, argv=list(argv), env=self._env(argv[0]))

    async def end(self, name: str, how: str = "SIGKILL") -> int:
        return int(await self.ask("end", name=name, how=how))

    def printed(self, name: str) -> str:
        path = self.shared / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def unpacked(self, *places: str) -> str:
        """The path of the first of `places` that the packages have."""
        return next(str(self._unpacked / place) for place in places if (self._unpacked / place).exists())

    def _env(self, program: str) -> dict[str, str]:
        return {"LD_LIBRARY_PATH": _libraries(self._unpacked)} if program.startswith(str(self._unpacked)) else {}

    async def close(self) -> None:
        self._listening.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._listening


def _libraries(unpacked: Path) -> str:
    return ":".join(str(unpacked / each) for each in LIBRARIES)


def qemu_version(unpacked: Path) -> str:
    """What QEMU says of itself."""
    done = subprocess.run(
        [_qemu(unpacked), "--version"], env=_qemu_env(unpacked), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.split("version ")[1].split()[0]


def _qemu(unpacked: Path) -> Path:
    return unpacked / "usr/bin/qemu-system-x86_64"


def _qemu_env(unpacked: Path) -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": _libraries(unpacked)}


def _command(unpacked: Path, kernel: Kernel, work: Path, hci_port: int) -> list[str]:
    command = [
        *(str(_qemu(unpacked)), "-L", str(unpacked / "usr/share/qemu"), "-L", str(unpacked / "usr/share/seabios")),
        *("-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(MEMORY_MB)),
        *("-nodefaults", "-nographic", "-no-reboot", "-monitor", "none", "-device", "virtio-rng-pci"),
        *("-kernel", str(kernel.image), "-initrd", str(work / "first-files"), "-append", KERNEL_LINE),
        *("-serial", f"file:{work / 'console.log'}"),
    ]
    for adapter in ADAPTERS:
        command += ["-chardev", f"socket,id={adapter},host=127.0.0.1,port={hci_port}", "-serial", f"chardev:{adapter}"]
    command += ["-chardev", f"socket,id=control,path={work / 'control'}", "-device", "virtio-serial-pci"]
    command += ["-device", "virtserialport,chardev=control,name=control"]
    computer = "local,id=computer,path=/,security_model=none,readonly=on,multidevs=remap"
    shared = f"local,id=shared,path={work / 'shared'},security_model=none"
    for name, options in ("computer", computer), ("shared", shared):
        command += ["-fsdev", options, "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}"]
    return command


def _prepare(unpacked: Path, kernel: Kernel, work: Path, checkout: Path) -> None:
    shared = work / "shared"
    shared.mkdir(exist_ok=True)
    (work / "first-files").write_bytes(first_files(unpacked, kernel))
    for name in ("bus.conf", "guest.py"):
        shutil.copy(HERE / name, shared)
    shutil.copy(
        next(unpacked / each for each in ("bin/busybox", "usr/bin/busybox") if (unpacked / each).is_file()), shared
    )
    start = shared / "start.sh"
    start.write_text(
        START.format(
            bus=BUS,
            paths=shlex.quote(f"{checkout}:{checkout / 'firmware' / 'lib'}"),
            libraries=shlex.quote(_libraries(unpacked)),
            unpacked=shlex.quote(str(unpacked)),
            python=shlex.quote(sys.executable),
        )
    )
    start.chmod(0o755)


@contextlib.asynccontextmanager
async def booted(unpacked: Path, work: Path, checkout: Path, hci_port: int) -> AsyncIterator[Machine]:
    """A virtual machine whose adapters are at `hci_port` of this computer. Raises `GuestFailed`."""
    kernel = Kernel(unpacked)
    await asyncio.to_thread(_prepare, unpacked, kernel, work, checkout)
    came: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_unix_server(lambda *both: came.set_result(both), work / "control", limit=2**24)
    async with server:
        with (work / "qemu.log").open("wb") as log:
            qemu = await asyncio.create_subprocess_exec(
                *_command(unpacked, kernel, work, hci_port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_qemu_env(unpacked),
            )
        try:
            ended = asyncio.ensure_future(qemu.wait())
            reader, writer = await _first_word(came, ended, work)
            machine = Machine(unpacked, work / "shared", reader, writer)
            try:
                yield machine
            finally:
                await machine.close()
        finally:
            with contextlib.suppress(ProcessLookupError):
                qemu.kill()
            await ended


async def _first_word(
    came: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]], ended: asyncio.Future[int], work: Path
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async def hear() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await came
        if not await reader.readline():
            await ended
        return reader, writer

    hearing = asyncio.ensure_future(hear())
    either: list[asyncio.Future[Any]] = [hearing, ended]
    await asyncio.wait(either, timeout=BOOT_S, return_when=asyncio.FIRST_COMPLETED)
    if ended.done() or not hearing.done():
        hearing.cancel()
        how = f"QEMU ended with {ended.result()}" if ended.done() else f"nothing is heard of it for {BOOT_S:.0f} s"
        said = "".join((work / name).read_text(errors="replace")[-1500:] for name in ("qemu.log", "console.log"))
        raise GuestFailed(f"the virtual machine doesn't start: {how}.\n{said}")
    return hearing.result()
