"""Running the one server: reused while healthy, else launched and followed hop by hop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Final

from tui import quantities
from tui.client import decode, events, nouns, openstack, stream, verbs
from tui.client.errors import Refused
from tui.client.nouns import Choice, Hop
from tui.client.openstack import Server
from tui.client.session import Session
from tui.demo.failure import DemoFailed
from tui.demo.teller import Teller
from tui.drafts import RunDraft
from tui.theatre import order
from tui.widgets.spans import fit

NAME: Final = "demo"
FLAVOR: Final = "m1.tiny"
_ACTIVE_S: Final = 180.0
_GONE_S: Final = 60.0
_LONG_US: Final = 20_000
_LOOKS_MAX: Final = 20
_LOOK_S: Final = 0.05


async def reusable(session: Session, *, key_name: str, key_is_new: bool) -> Server | None:
    """Return the server of an earlier run if it may still answer, after starting it if need be.

    One in ERROR, or made with a key that is lost, can serve nobody: it is deleted.
    """
    servers = await session.fetch(verbs.compute.servers(), openstack.servers)
    server = next((server for server in servers if server.name == NAME), None)
    if server is None:
        return None
    if server.status == "SHUTOFF" and server.key_name == key_name and not key_is_new:
        await session.send(verbs.compute.start_server(server.id))
    elif server.status != "ACTIVE" or server.key_name != key_name or key_is_new:
        await _delete(session, server.id)
        return None
    return server


async def run(session: Session, image: Choice) -> tuple[Server, str]:
    """Ask for the server; return it and the request's id."""
    flavors = await session.fetch(verbs.compute.flavors(), openstack.flavor_choices)
    flavor = next((flavor for flavor in flavors if flavor.name == FLAVOR), None)
    if flavor is None:
        raise DemoFailed(f"there is no flavor {FLAVOR}: {', '.join(item.name for item in flavors)}")
    networks = await session.fetch(verbs.network.networks(), openstack.network_choices)
    draft = RunDraft(
        name=NAME,
        image=image,
        flavor=flavor,
        key=Choice(id="test", name="test"),
        network=networks[0] if networks else None,
    )
    answer = await session.send(draft.call())
    return openstack.server(answer.body), answer.request_id


async def follow(session: Session, server_id: str, *, request_id: str, teller: Teller) -> list[Hop]:
    """Tell the request's hops as they end, until the server is ACTIVE; return them all.

    Raises DemoFailed with the fault's reason when it ends in ERROR, or does not end.
    """
    teller.say(f"  request {request_id}")
    told: dict[str, str] = {}
    try:
        async with asyncio.timeout(_ACTIVE_S):
            await _until_active(session, server_id, request_id=request_id, told=told, teller=teller)
    except TimeoutError as error:
        raise DemoFailed(
            f"server {server_id} is not ACTIVE after {_ACTIVE_S:.0f} s:"
            f" look at  novabox trace {request_id}"
        ) from error
    hops = await _all_hops(session, request_id)
    for hop in hops:
        _tell(hop, told, start_us=order.start_us(hops), teller=teller)
    return hops


async def server(session: Session, server_id: str) -> Server:
    """Return the server as it is now."""
    return await session.fetch(verbs.compute.server(server_id), openstack.server)


async def _until_active(
    session: Session, server_id: str, *, request_id: str, told: dict[str, str], teller: Teller
) -> None:
    start_us = 0
    follow = stream.follow(session, kinds=("hop", "instance"), request_id=request_id)
    async with aclosing(follow) as live:
        async for event in live:
            news = await _news(session, event, request_id)
            start_us = start_us or order.start_us(news)
            for hop in news:
                _tell(hop, told, start_us=start_us, teller=teller)
            instance = _instance(event, server_id)
            if instance and instance.vm_state == "error":
                raise DemoFailed(f"server {server_id}: {(await server(session, server_id)).reason}")
            if instance and instance.vm_state == "active" and not instance.task_state:
                return


async def _news(session: Session, event: events.Event, request_id: str) -> list[Hop]:
    """Return the hops an event brings; a new connection may have missed some, so all of them."""
    if isinstance(event, events.Connected):
        return await _hops(session, request_id)
    return [event] if isinstance(event, Hop) and event.request_id == request_id else []


def _instance(event: events.Event, server_id: str) -> nouns.Instance | None:
    items: list[nouns.Noun | None] = []
    if isinstance(event, events.Snapshot):
        items = [*event.objects.get("instance", [])]
    elif isinstance(event, events.Change):
        items = [event.noun]
    found = (item for item in items if isinstance(item, nouns.Instance) and item.id == server_id)
    return next(found, None)


def _tell(hop: Hop, told: dict[str, str], *, start_us: int, teller: Teller) -> None:
    """Tell a hop when it is first heard of, and its end too when it was long in coming."""
    before, told[hop.id] = told.get(hop.id), hop.status
    _show_stream(hop, teller)
    glyphs = teller.glyphs
    ends = f"{hop.source} {glyphs.arrow} {hop.target}"
    if before is None:
        at = quantities.duration(max(0, hop.started_at - start_us))
        took = glyphs.ellipsis if hop.status == "running" else quantities.duration(hop.duration_us)
        name = fit(hop.name, 34, ellipsis=glyphs.ellipsis)
    elif before == "running" and (hop.duration_us or 0) >= _LONG_US:
        at, name = "", f"{glyphs.ellipsis} {hop.name}"
        took = quantities.duration(hop.duration_us)
    else:
        return
    size = f"  {quantities.size(hop.bytes)}" if hop.bytes else ""
    style = "red" if hop.status == "error" else "dim"
    teller.say(f"  {at:>9}  {ends:<26} {name:<34} {took:>9}{size}", style=style)


def _show_stream(hop: Hop, teller: Teller) -> None:
    """Show how far a running stream has come, where its hop says of how many bytes."""
    total = hop.detail.get("total_bytes") if isinstance(hop.detail, dict) else None
    if hop.status == "running" and hop.bytes and isinstance(total, int):
        teller.stream_at(hop.id, f"{hop.source} {hop.target} {hop.name}", hop.bytes, total)
    elif hop.status != "running":
        teller.stream_over(hop.id)


async def _all_hops(session: Session, request_id: str) -> list[Hop]:
    """Return the whole trace: the last hops end a moment after the server is ACTIVE."""
    hops = await _hops(session, request_id)
    for _ in range(_LOOKS_MAX):
        if all(hop.status != "running" for hop in hops):
            break
        await asyncio.sleep(_LOOK_S)
        hops = await _hops(session, request_id)
    return order.causal(hops)


async def _hops(session: Session, request_id: str) -> list[Hop]:
    """Return what the trace holds so far: its first hop may still be on its way there."""
    try:
        return await session.fetch(verbs.novabox.request(request_id), decode.hops)
    except Refused as error:
        if error.status != 404:
            raise
        return []


async def _delete(session: Session, server_id: str) -> None:
    """Delete and wait until it is gone."""
    await session.send(verbs.compute.delete_server(server_id))
    follow = stream.follow(session, kinds=("instance",))
    async with asyncio.timeout(_GONE_S), aclosing(follow) as live:
        async for event in live:
            if isinstance(event, events.Snapshot) and _instance(event, server_id) is None:
                return
            if isinstance(event, events.Change) and event.id == server_id and event.noun is None:
                return
