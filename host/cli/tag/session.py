"""A session with one tag, over its cable or over the air, for the commands that need one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import click

from host import clock, service
from host.cli.showing.docking import on_radio, progress
from host.cli.steps import told
from host.docking.service import Dock
from host.errors import InputError, KitdockError, LinkError
from host.link.adapter import Adapter
from host.link.tag_session import TagSession
from host.link.usb import Repl
from host.link.wired import WiredLink, opened, wired
from host.phrase import Phrase
from host.tag.events import Tag
from kitwire.errors import WireError

_Result = TypeVar("_Result")


def with_tag(
    store: service.Database,
    tag: Tag,
    port: str | None,
    adapter: str | None,
    work: Callable[[TagSession], Awaitable[_Result]],
    afterwards: Callable[[WiredLink], None] = lambda link: None,
) -> _Result:
    """What `work` gives in a session with `tag`, on `port` if that is given, else over `adapter`.

    `afterwards` is done on the cable when the session is over. Raises `LinkError`.
    """
    if port is not None and adapter is not None:
        raise click.UsageError(told(Phrase("tags.port_or_adapter")))
    keys = service.Tags(store).tag_keys(tag.id)
    try:
        if port is not None:
            with wired(port) as link:
                demand(link, tag, port, store)
                result, ended_at = asyncio.run(_over_wire(link, keys.session, work))
                service.Tags(store).note_own_stop(tag.id, ended_at, clock.now_ms())
                afterwards(link)
                return result

        async def over_air(radio: Adapter) -> tuple[_Result]:
            with Dock(store, progress(store)) as here:
                async with here.reach(radio, tag) as link:
                    return (await work(await TagSession.open(link, keys.session)),)

        found = on_radio(adapter, over_air)
    except WireError as error:
        raise LinkError("tags.protocol_broken", pouch=tag.pouch, error=str(error)) from error
    if found is None:  # Ctrl-C
        raise click.Abort
    return found[0]


def note_own_stop(store: service.Database, tag: Tag, board: Repl) -> None:
    """Note that the stop of `tag`, at its prompt now, was the station's own, if it proves to be that tag."""
    with suppress(KitdockError, WireError):
        link = opened(board)
        _, ended_at = asyncio.run(_over_wire(link, service.Tags(store).tag_keys(tag.id).session, _nothing))
        service.Tags(store).note_own_stop(tag.id, ended_at, clock.now_ms())


async def _nothing(session: TagSession) -> None:
    pass


async def _over_wire(
    link: WiredLink, session_key: bytes, work: Callable[[TagSession], Awaitable[_Result]]
) -> tuple[_Result, int]:
    """What `work` gives, and the last sequence of the log before it."""
    session = await TagSession.open(link, session_key)
    session.ask_status()
    ended_at = (await session.status()).status.last_sequence
    return await work(session), ended_at


def demand(link: WiredLink, tag: Tag, port: str, store: service.Database) -> None:
    """Raises `InputError` if another tag than `tag` is on `port`."""
    if link.tag_id != tag.id:
        there: str | None = None
        with suppress(InputError):
            there = service.Tags(store).tag(link.tag_id).pouch
        raise InputError(
            "tags.unknown_on_port" if there is None else "tags.another_on_port",
            port=port,
            tag=link.tag_id,
            there=there,
            pouch=tag.pouch,
        )
