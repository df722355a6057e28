"""A tag that runs no MicroPython gets its keys and is read over USB, if it answers as docs/wire.md says."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from host.access.vault import TagKeys
from host.docking.keeping import Keeping
from host.docking.session import dock
from host.link.usb import provision_over_usb
from host.link.wired import wired
from kitcore.server import Server
from kitwire import keys as key_checks
from kitwire import record
from tests.memory_tag import MemoryTag
from tests.station import Store

NOW_MS = 1_767_225_600_000
GREETING = b"raw REPL; CTRL-B to exit\r\n>"


class AnotherTag:
    """The section "Over USB", as a program."""

    def __init__(self) -> None:
        self.tag: MemoryTag | None = None
        self.server: Server | None = None
        self.started = self.went_on = 0

    def serve(self, port: int) -> None:
        pending = b""
        while True:
            try:
                pending += os.read(port, 4096)
            except OSError:
                return  # the other end was closed for good
            while pending:
                if pending == b"\x05A\x01":
                    os.write(port, b"R\x00")
                elif pending.endswith(b"\r\x01"):
                    os.write(port, GREETING)
                elif pending.endswith(b"\x04"):
                    os.write(port, b"OK" + self.run(pending[:-1].decode()) + b"\x04\x04>")
                elif pending.strip(b"\r\x03"):
                    break  # there is more to come
                pending = b""

    def run(self, program: str) -> bytes:
        enrolled = re.fullmatch(r"import provision\nprovision\.enrol\('(\w+)', '(\w+)', '(\w+)', '(\w+)'\)\n", program)
        fed = re.fullmatch(r"wired\.feed\('(\w*)'\)", program)
        if enrolled:
            return self.enrol(*enrolled.groups())
        if program == "import wired\nwired.open()\n":
            assert self.tag is not None
            self.server = self.tag.server()
            return json.dumps({"tag": self.tag.id}).encode()
        if fed:
            assert self.server is not None
            return b"".join(frame.hex().encode() + b"\r\n" for frame in self.server.feed(bytes.fromhex(fed[1])))
        self.started += program == "import machine\nmachine.reset()"
        self.went_on += "clock.go_on(10)" in program
        return b"" if program == "pass" or "machine." in program else b"not in docs/wire.md"

    def enrol(self, tag_id: str, advert: str, session: str, log: str) -> bytes:
        if self.tag is not None:
            return json.dumps({"error": "it is a tag already"}).encode()
        self.tag = MemoryTag(tag_id, bytes.fromhex(session), bytes.fromhex(log))
        checks = {"advert": advert, "session": session, "log": log}
        told = {name: key_checks.check_value(bytes.fromhex(key)).hex() for name, key in checks.items()}
        return json.dumps({"tag": tag_id, **told}).encode()


@contextmanager
def plugged_in() -> Iterator[tuple[AnotherTag, str]]:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    tag = AnotherTag()
    thread = threading.Thread(target=tag.serve, args=(ours,), daemon=True)
    thread.start()
    try:
        yield tag, os.ttyname(theirs)
    finally:
        os.close(theirs)
        thread.join(5)
        os.close(ours)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.create(tmp_path / "station.db", "Example Police", "Europe/London", False, NOW_MS) as opened:
        yield opened


def test_a_tag_that_answers_as_the_wire_text_says_is_enrolled_and_read(store: Store) -> None:
    own, tag_id = TagKeys.random(), os.urandom(8).hex()
    with plugged_in() as (another, port):
        store.enrol_tag(tag_id, "P-01", own, NOW_MS, lambda: provision_over_usb(port, tag_id, own, False))
        assert another.tag is not None and another.started == 1
        another.tag.happen(record.BOOT)
        with wired(port) as link, Keeping(store) as keeping:
            work = dock(keeping, store.tag(tag_id), lambda: NOW_MS, lambda step: None, nullcontext(link), hurry=False)
            report = asyncio.run(work)
        assert (report.error, report.added, another.went_on) == (None, 2, 1)
    assert [event.type for event in store.events(tag_id)] == ["boot", "time_set"]
