"""The web application: who may in, and what each path does.

Every path but the login page asks for a login; every request that changes something, and every
socket, must come from a page of this very origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from tui.client import credentials
from tui.client.credentials import Credentials
from tui.client.errors import ClientError, Refused
from tui.serve import pages
from tui.serve.attempts import Attempts
from tui.serve.logins import LASTS_S, Logins
from tui.serve.offer import Offer
from tui.serve.tabs import LOGIN, Tabs

log = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 16 * 1024  # a login form
_SWEEP_S: Final = 15.0
_FIELD_MAX: Final = 255  # a name, as Keystone bounds it; a password is within it too
_FIELDS: Final = ("user", "password", "project", "domain")
_COOKIE: Final = "novabox_login"
_OPEN_PATHS: Final = frozenset({"/login", "/login/style.css", "/login/font.ttf"})
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """The handlers, and what they share. ``homes`` is the folder of the processes' own folders."""

    def __init__(self, offer: Offer, *, homes: Path) -> None:
        self._offer = offer
        self.logins = Logins(offer.now_s)
        self._attempts = Attempts(offer.now_s)
        self._tabs = Tabs(offer, self.logins, homes=homes)

    def application(self) -> web.Application:
        """Return the application; its shutdown ends every tab."""
        application = web.Application(
            middlewares=[self._guard], client_max_size=BODY_BYTES_MAX, logger=log
        )
        application.add_routes([
            web.get("/login", self._ask),
            web.post("/login", self._log_in),
            web.get("/login/style.css", _style),
            web.get("/login/font.ttf", _font),
            web.post("/logout", self._log_out),
            web.get("/", self._terminal),
            web.get("/terminal.js", _script),
            web.get("/ws", self._tabs.socket),
            web.get("/download/{key}", self._tabs.download),
            web.static("/static", pages.STATIC),
        ])  # fmt: skip
        application.on_response_prepare.append(_add_headers)
        application.cleanup_ctx.append(self._sweeping)
        application.on_shutdown.append(self._end_all)
        return application

    async def sweep(self) -> None:
        """End the logins whose time is over, and their tabs."""
        for login in self.logins.over():
            log.info("login of %r is over", login.who.username)
            await self._tabs.end(login)

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.method != "GET" or request.path == "/ws":
            self._check_origin(request)
        if request.path not in _OPEN_PATHS:
            login = self.logins.find(request.cookies.get(_COOKIE, ""))
            if login is None:
                if request.path == "/":
                    raise web.HTTPSeeOther("/login")
                raise web.HTTPUnauthorized(text="log in first")
            request[LOGIN] = login
        return await handler(request)

    def _check_origin(self, request: web.Request) -> None:
        """Refuse what another site's page makes a browser send."""
        if request.headers.get("Origin", "") != self._offer.origin(request.host):
            raise web.HTTPForbidden(text="this request does not come from a page of this server")

    async def _ask(self, _: web.Request) -> web.Response:
        return _html(pages.login(project=self._offer.project))

    async def _log_in(self, request: web.Request) -> web.Response:
        """Let the cloud say whether the password is right; every try counts against the limit."""
        form = await request.post()
        given = {name: str(form.get(name, ""))[:_FIELD_MAX] for name in _FIELDS}
        address = request.remote or ""
        if wait_s := self._attempts.begin(address):
            answer = _again(f"Too many tries: wait {wait_s:.0f} s.", given, status=429)
            answer.headers["Retry-After"] = f"{wait_s + 1:.0f}"
            return answer
        who = self._who(given)
        try:
            async with self._offer.open_session(who) as session:
                await session.log_in()
        except Refused:
            log.warning("login of %r from %s refused", who.username, address)
            return _again("User, password or project is wrong.", given, status=403)
        except ClientError as error:
            log.error("login of %r: %s", who.username, error)  # noqa: TRY400 - it says all
            return _again("The cloud does not answer.", given, status=502)
        self._attempts.succeeded(address)
        return self._let_in(who, given)

    def _let_in(self, who: Credentials, given: dict[str, str]) -> web.Response:
        if (login := self.logins.open(who)) is None:
            return _again("Too many people are logged in.", given, status=503)
        log.info("login of %r", who.username)
        answer = web.Response(status=303, headers={"Location": "/"})
        answer.set_cookie(
            _COOKIE, login.id, httponly=True, samesite="Strict", path="/",
            secure=self._offer.is_seen_as_tls, max_age=int(LASTS_S),
        )  # fmt: skip
        return answer

    def _who(self, given: dict[str, str]) -> Credentials:
        return Credentials(
            auth_url=self._offer.auth_url, username=given["user"], password=given["password"],
            project_name=given["project"], user_domain_name=given["domain"],
            project_domain_name=given["domain"], ca_file=os.environ.get("OS_CACERT", ""),
            is_insecure=credentials.is_yes(os.environ.get("OS_INSECURE", "")),
        )  # fmt: skip

    async def _log_out(self, request: web.Request) -> web.Response:
        await self._tabs.end(request[LOGIN])
        answer = web.Response(status=303, headers={"Location": "/login"})
        answer.del_cookie(_COOKIE, path="/")
        return answer

    async def _terminal(self, request: web.Request) -> web.Response:
        who = request[LOGIN].who
        return _html(pages.fill("terminal.html", user=who.username, project=who.project_name))

    async def _sweeping(self, _: web.Application) -> AsyncIterator[None]:
        async def sweep() -> None:
            while True:
                await asyncio.sleep(_SWEEP_S)
                await self.sweep()

        task = asyncio.create_task(sweep())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _end_all(self, _: web.Application) -> None:
        await asyncio.gather(*(self._tabs.end(login) for login in self.logins.all()))


def _again(reason: str, given: dict[str, str], *, status: int) -> web.Response:
    """Return the login page as it was filled in, but for the password."""
    page = pages.login(
        reason=reason, user=given["user"], project=given["project"], domain=given["domain"]
    )
    return _html(page, status=status)


def _html(page: str, *, status: int = 200) -> web.Response:
    return web.Response(text=page, content_type="text/html", status=status)


async def _style(_: web.Request) -> web.Response:
    return web.Response(text=pages.read("style.css"), content_type="text/css")


async def _font(_: web.Request) -> web.FileResponse:
    return web.FileResponse(pages.FONT)


async def _script(_: web.Request) -> web.Response:
    return web.Response(text=pages.read("terminal.js"), content_type="text/javascript")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(pages.HEADERS)
