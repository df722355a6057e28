"""What a service tells its manager, over a real socket."""

import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.unit import notify

SAID: dict[Callable[[], None], bytes] = {
    notify.ready: b"READY=1",
    notify.alive: b"WATCHDOG=1",
    notify.stopping: b"STOPPING=1",
    lambda: notify.status("Listening on hci0"): b"STATUS=Listening on hci0",
    lambda: notify.status("one\nREADY=1\n"): b"STATUS=one READY=1",
    lambda: notify.status("pouch \udcff"): b"STATUS=pouch ?",
}


@pytest.fixture
def manager() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.settimeout(5)
        yield made


def heard(manager: socket.socket) -> list[bytes]:
    for say in SAID:
        say()
    return [manager.recv(4096) for _ in SAID]


def test_it_is_told_at_a_path(manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    assert heard(manager) == list(SAID.values())


@pytest.mark.skipif(sys.platform != "linux", reason="names of sockets outside a file system are Linux's own")
def test_it_is_told_at_an_abstract_name(manager: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.bind("")  # the kernel gives it a name
    name = manager.getsockname()
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name[1:].decode()}")
    assert heard(manager) == list(SAID.values())


@pytest.mark.parametrize("address", [None, "", "relative", "vsock:2:1234", "@", "/no/such/socket", "/" + "x" * 500])
def test_where_nobody_listens_nothing_happens(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if address is None:
        monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    else:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    for say in SAID:
        say()


def test_a_manager_that_does_not_read_holds_nobody_up(
    manager: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    manager.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    while not _is_full(tmp_path / "notify"):
        notify.status("x" * 1000)
    notify.alive()
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            assert manager.recv(4096) != b"WATCHDOG=1"


def _is_full(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        probe.setblocking(False)
        try:
            probe.sendto(b"", str(path))
        except BlockingIOError:
            return True
    return False
