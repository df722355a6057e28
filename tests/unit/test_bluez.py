"""What is concluded from what BlueZ says of an adapter. Real BlueZ is asked by `make bluez`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest
from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from host.link import bluez
from host.link.bluez import UNHEARING_S, AdapterState, BlueZ, BlueZWatch
from host.link.errors import RadioError
from tests.refusals import refused

WELL = AdapterState(":1.7", powered=True, discovering=True)


class Bus:
    """A bus on which BlueZ has these adapters: by name, whether each is on. `fails` is raised instead of an answer."""

    def __init__(self, fails: Exception | None = None, **adapters: bool) -> None:
        self._adapters = adapters
        self._fails = fails

    async def call(self, message: Message) -> Any:
        if self._fails is not None:
            raise self._fails
        on = {f"/org/bluez/{name}": powered for name, powered in self._adapters.items()}
        reply: Any
        if message.member == "GetNameOwner":
            reply = ":1.7"
        elif message.member == "GetManagedObjects":
            reply = {"/org/bluez": {"org.bluez.AgentManager1": {}}}
            reply |= {path: {"org.bluez.Adapter1": self._said(powered)} for path, powered in on.items()}
        elif message.path in on:
            reply = self._said(on[message.path])
        else:
            return Message(message_type=MessageType.ERROR, error_name="org.freedesktop.DBus.Error.UnknownObject",
                           reply_serial=1)  # fmt: skip
        return Message(message_type=MessageType.METHOD_RETURN, reply_serial=1, signature="v", body=[reply])

    @staticmethod
    def _said(powered: bool) -> dict[str, Variant]:
        return {"Powered": Variant("b", powered), "Discovering": Variant("b", powered)}


def on(bus: Bus) -> BlueZ:
    return BlueZ(cast(MessageBus, bus))


def watch(bus: Bus | None = None) -> BlueZWatch:
    async def begun() -> BlueZWatch:
        found = BlueZWatch(on(bus or Bus(hci0=True)), "hci0")
        found.begin()
        return found

    found = asyncio.run(begun())
    found._heard_at = 100.0
    return found


def test_the_adapter_that_is_on_is_taken_if_none_is_named() -> None:
    assert asyncio.run(on(Bus(hci0=False, hci1=True)).adapter(None)) == "hci1"
    assert asyncio.run(on(Bus(hci0=False, hci1=False)).adapter(None)) == "hci0"
    assert asyncio.run(on(Bus(hci0=False, hci1=True)).adapter("hci0")) == "hci0"


@pytest.mark.parametrize(("bus", "name", "code"), [
    (Bus(), None, "radio.none"),
    (Bus(hci0=True), "hci7", "radio.not_there"),
    (Bus(OSError("gone")), None, "radio.unreachable"),
    (Bus(EOFError()), None, "radio.unreachable"),
    (Bus(DBusError("org.freedesktop.DBus.Error.ServiceUnknown", "gone")), None, "radio.unreachable"),
], ids=["none", "another", "system", "end", "service"])  # fmt: skip
def test_an_adapter_that_is_not_there_says_why(bus: Bus, name: str | None, code: str) -> None:
    with refused(code, RadioError):
        asyncio.run(on(bus).adapter(name))


def test_the_state_is_that_of_the_adapter_by_its_name() -> None:
    assert asyncio.run(on(Bus(hci0=True, hci1=False)).state("hci1")) == AdapterState(":1.7", False, False)
    with refused("radio.unreachable", RadioError):
        asyncio.run(on(Bus(hci0=True)).state("hci1"))


def test_bluez_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluez, "ANSWER_S", 0.05)
    silent = Bus()
    silent.call = lambda _: asyncio.sleep(60)  # type: ignore[method-assign]
    with refused("radio.unreachable", RadioError):
        asyncio.run(on(silent).state("hci0"))


def test_one_that_listens_is_well_for_as_long_as_it_does() -> None:
    found = watch()
    for second in range(10_000):
        found.judge(WELL, 100.0 + second)
    asyncio.run(found.check())


@pytest.mark.parametrize(("change", "code"), [
    (lambda state: state._replace(powered=False), "radio.off"),
    (lambda state: state._replace(owner=":1.9"), "radio.began_anew"),
])  # fmt: skip
def test_one_that_is_off_or_whose_bluetoothd_is_another_listens_no_more(
    change: Callable[[AdapterState], AdapterState], code: str
) -> None:
    found = watch()
    found.judge(WELL, 101.0)
    with refused(code, RadioError):
        found.judge(change(WELL), 103.0)


def test_a_scan_may_pause_but_not_for_long() -> None:
    found = watch()
    paused = WELL._replace(discovering=False)
    for round_ in range(10):  # a healthy one: some 5 s of every 15
        began = 100.0 + 15 * round_
        for second in range(0, 10, 2):
            found.judge(WELL, began + second)
        for second in range(10, 15, 2):
            found.judge(paused, began + second)
    found.judge(WELL, 300.0)
    found.judge(paused, 300.0 + UNHEARING_S)
    with refused("radio.deaf", RadioError):
        found.judge(paused, 300.1 + UNHEARING_S)


def test_a_new_scan_is_judged_anew() -> None:
    found = watch()
    found.judge(WELL, 101.0)

    async def again() -> None:
        found.begin()
        found.judge(WELL._replace(owner=":1.9", discovering=False), asyncio.get_running_loop().time() + 1)

    asyncio.run(again())


def test_without_a_bus_there_is_no_bluez(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use() -> None:
        async with bluez.connected():
            pytest.fail("there is no such bus")

    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with refused("radio.unreachable", RadioError):
        asyncio.run(use())
    monkeypatch.setattr(bluez.MessageBus, "connect", lambda self: (_ for _ in ()).throw(PermissionError()))
    with refused("radio.denied", RadioError):
        asyncio.run(use())
