"""A session with one tag, over its cable or over the air, for the commands that need one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from host.cli.dock import on_radio, progress
from host.dock import Dock
from host.errors import InputError, LinkError
from host.link.adapter import Adapter
from host.link.tag_session import TagSession
from host.link.wired import WiredLink, wired
from host.store import Store, Tag
from kitwire.errors import WireError

_Result = TypeVar("_Result")


def with_tag(
    store: Store,
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
        raise click.UsageError("Give --port or --adapter, not both.")
    keys = store.tag_keys(tag.id)
    try:
        if port is not None:
            with wired(port) as link:
                demand(link, tag, port, store)
                result = asyncio.run(_over_wire(link, keys.session, work))
                afterwards(link)
                return result

        async def over_air(radio: Adapter) -> tuple[_Result]:
            async with Dock(store, radio, progress(store)).reach(tag) as link:
                return (await work(await TagSession.open(link, keys.session)),)

        found = on_radio(adapter, over_air)
    except WireError as error:
        raise LinkError(f"the tag of pouch {tag.pouch} did not keep to the protocol: {error}") from error
    if found is None:  # Ctrl-C
        raise click.Abort
    return found[0]


async def _over_wire(link: WiredLink, session_key: bytes, work: Callable[[TagSession], Awaitable[_Result]]) -> _Result:
    return await work(await TagSession.open(link, session_key))


def demand(link: WiredLink, tag: Tag, port: str, store: Store) -> None:
    """Raises `InputError` if another tag than `tag` is on `port`."""
    if link.tag_id != tag.id:
        try:
            other = f"tag {link.tag_id} of pouch {store.tag(link.tag_id).pouch}"
        except InputError:
            other = f"tag {link.tag_id}, which this station does not know"
        raise InputError(f"on port {port} is {other}, not the tag of pouch {tag.pouch}")
