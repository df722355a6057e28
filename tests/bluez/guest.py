"""Runs in the virtual machine and does what the program outside asks, one line of JSON each way."""

from __future__ import annotations

import asyncio
import glob
import json
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from typing import Any

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

BLUEZ = "org.bluez"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Guest:
    """What can be asked, by the name of the method."""

    def __init__(self) -> None:
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._bus: MessageBus | None = None

    async def start(self, name: str, argv: list[str], env: dict[str, str]) -> None:
        """Start a program; what it prints goes to the shared folder."""
        with open(f"/mnt/{name}.log", "ab", buffering=0) as log:  # noqa: PTH123
            self._processes[name] = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, **env}
            )

    async def end(self, name: str, how: str) -> int:
        """Send the signal called `how` and wait for the end: its exit status."""
        process = self._processes[name]
        with suppress(ProcessLookupError):
            process.send_signal(signal.Signals[how])
        return await process.wait()

    async def wait(self, name: str) -> int:
        return await self._processes[name].wait()

    async def status(self, name: str) -> int | None:
        """Its exit status, or None while it runs."""
        return self._processes[name].returncode

    async def run(self, argv: list[str], env: dict[str, str]) -> tuple[int, str]:
        """The exit status of a program and what it prints."""
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **env},
        )  # fmt: skip
        printed, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, printed.decode(errors="replace")

    async def rows(self, database: str, sql: str) -> list[list[Any]]:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            return [list(row) for row in connection.execute(sql)]

    async def powered(self, adapter: str) -> bool:
        """Whether BlueZ is there and has the adapter's power on."""
        with suppress(OSError, EOFError, RuntimeError):
            return bool((await self._ask("Get", "ss", ["org.bluez.Adapter1", "Powered"], adapter)).value)
        return False

    async def power(self, adapter: str, on: bool) -> None:
        await self._ask("Set", "ssv", ["org.bluez.Adapter1", "Powered", Variant("b", on)], adapter)

    async def _ask(self, member: str, signature: str, body: list[Any], adapter: str) -> Any:
        if self._bus is None or not self._bus.connected:
            self._bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        call = Message(BLUEZ, f"/org/bluez/{adapter}", PROPERTIES, member, signature=signature, body=body)
        answer = await self._bus.call(call)
        assert answer is not None
        if answer.message_type == MessageType.ERROR:
            raise RuntimeError(f"{answer.error_name}: {answer.body}")
        return answer.body[0] if answer.body else None


async def serve(port: int) -> None:
    guest = Guest()
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    loop.add_reader(port, lambda: lines.put_nowait(os.read(port, 4096)))
    tasks: set[asyncio.Task[None]] = set()

    async def answer(line: bytes) -> None:
        asked = json.loads(line)
        reply: dict[str, Any] = {"id": asked["id"]}
        try:
            reply["result"] = await getattr(guest, asked["do"])(**asked["with"])
        except Exception as error:  # noqa: BLE001  for the program outside to judge
            reply["error"] = f"{type(error).__name__}: {error}"
        write(port, json.dumps(reply).encode() + b"\n")

    write(port, b'{"id": 0, "result": null}\n')
    pending = b""
    while True:
        *whole, pending = (pending + await lines.get()).split(b"\n")
        for line in whole:
            task = loop.create_task(answer(line))
            tasks.add(task)
            task.add_done_callback(tasks.discard)


def write(port: int, data: bytes) -> None:
    os.set_blocking(port, True)
    while data:
        data = data[os.write(port, data) :]
    os.set_blocking(port, False)


if __name__ == "__main__":
    (name,) = glob.glob("/dev/vport*p*")  # noqa: PTH207
    sys.stdout.write(f"guest on {name}\n")
    sys.stdout.flush()
    asyncio.run(serve(os.open(name, os.O_RDWR | os.O_NONBLOCK)))
