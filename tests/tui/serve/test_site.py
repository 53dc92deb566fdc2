"""Who is let in, who is not, and what a browser is told it may load."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar

from tests.tui.fake_cloud import FakeCloud
from tests.tui.serve.served import FORM, Served, play
from tui.serve import attempts, logins

PATHS = ("/", "/terminal.js", "/ws", "/download/x", "/static/js/textual.js", "/nowhere")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_without_a_login_there_is_the_login_page_and_nothing_else(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(site: Served) -> None:
        for path in PATHS:
            async with site.browser.get(
                site.url + path, headers=site.origin, allow_redirects=False
            ) as answer:
                told = (answer.status, answer.headers.get("Location"))
            assert told == ((303, "/login") if path == "/" else (401, None)), path
        async with site.browser.get(site.url) as answer:
            assert (answer.status, answer.url.path) == (200, "/login")
            assert 'name="password"' in await answer.text()

    play(cloud, tmp_path, scene)


def test_a_login_is_a_cookie_that_no_script_and_no_other_site_can_use(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(site: Served) -> None:
        async with site.browser.post(
            f"{site.url}/login", data=FORM, headers=site.origin, allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert ("Secure" in cookie) is False
        assert "secret" not in cookie
        async with site.browser.get(site.url) as answer:
            assert "novabox: demo in demo" in await answer.text()
        async with site.browser.get(f"{site.url}/static/js/textual.js") as answer:
            assert answer.status == 200

    play(cloud, tmp_path, scene)


def test_behind_tls_the_cookie_never_goes_in_the_open(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        async with site.browser.post(
            f"{site.url}/login", data=FORM, allow_redirects=False,
            headers={"Origin": "https://cloud.example"},
        ) as answer:  # fmt: skip
            assert answer.status == 303
            assert "Secure" in answer.headers["Set-Cookie"]

    play(cloud, tmp_path, scene, public_url="https://cloud.example/")


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://127.0.0.1"])
def test_what_another_sites_page_sends_is_refused(
    cloud: FakeCloud, tmp_path: Path, origin: str
) -> None:
    async def scene(site: Served) -> None:
        foreign = {"Origin": origin} if origin else {}
        async with site.browser.post(f"{site.url}/login", data=FORM, headers=foreign) as answer:
            assert answer.status == 403
        assert await site.log_in() == 303
        async with site.browser.get(f"{site.url}/ws", headers=foreign) as answer:
            assert answer.status == 403
        async with site.browser.post(f"{site.url}/logout", headers=foreign) as answer:
            assert answer.status == 403
        assert len(site.site.logins.all()) == 1

    play(cloud, tmp_path, scene)


def test_a_wrong_password_is_refused_and_never_shown_again(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(site: Served) -> None:
        wrong = FORM | {"password": "hunter2", "user": '"><script>'}
        async with site.browser.post(
            f"{site.url}/login", data=wrong, headers=site.origin
        ) as answer:
            page = await answer.text()
            assert answer.status == 403
        assert "User, password or project is wrong." in page
        assert "hunter2" not in page
        assert "<script>" not in page
        assert not site.site.logins.all()

    play(cloud, tmp_path, scene)


def test_no_cloud_is_said_so(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        assert await site.log_in() == 502

    play(cloud, tmp_path, scene, auth_url="http://127.0.0.1:1/identity/v3")


def test_guessing_passwords_is_slow_even_when_one_of_them_is_right(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    clock = Clock()

    async def scene(site: Served) -> None:
        for _ in range(attempts.PER_ADDRESS):
            assert await site.log_in(password="guess") == 403
        assert await site.log_in() == 429
        clock.now_s += attempts.WINDOW_S + 1
        assert await site.log_in() == 303

    play(cloud, tmp_path, scene, now_s=clock)


def test_right_logins_do_not_count_against_the_limit(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        for _ in range(attempts.PER_ADDRESS + 2):
            assert await site.log_in() == 303

    play(cloud, tmp_path, scene)


def test_nothing_may_be_loaded_from_elsewhere_on_any_page(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        pages = {}
        for path in ("/login", "/", "/terminal.js", "/login/style.css", "/nowhere"):
            async with site.browser.get(site.url + path) as answer:
                pages[path] = await answer.text()
                assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
                assert answer.headers["X-Frame-Options"] == "DENY"
            if path == "/login":
                await site.log_in()
        assert "/static/js/textual.js" in pages["/"]
        for path, page in pages.items():
            assert "http" not in page.replace("https:", "").replace("http:", ""), path
            assert "://" not in page.replace("//${window.location.host}", ""), path

    play(cloud, tmp_path, scene)


def test_logging_out_ends_the_login(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        await site.log_in()
        (login,) = site.site.logins.all()
        async with site.browser.post(f"{site.url}/logout", headers=site.origin) as answer:
            assert answer.url.path == "/login"
        assert not site.site.logins.all()
        stolen = {"novabox_login": login.id}
        async with ClientSession(cookies=stolen, cookie_jar=CookieJar(unsafe=True)) as thief, \
                thief.get(f"{site.url}/terminal.js") as answer:  # fmt: skip
            assert answer.status == 401

    play(cloud, tmp_path, scene)


def test_a_login_ends_with_the_day_and_when_it_is_left_alone(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    clock = Clock()

    async def scene(site: Served) -> None:
        async def is_in() -> bool:
            async with site.browser.get(f"{site.url}/terminal.js") as answer:
                return answer.status == 200

        await site.log_in()
        clock.now_s += logins.IDLE_S - 1
        assert await is_in()
        clock.now_s += logins.IDLE_S + 1
        assert not await is_in()
        await site.log_in()
        for _ in range(int(logins.LASTS_S / 1000)):
            clock.now_s += 1000
            assert await is_in()
        clock.now_s += 1000
        assert not await is_in()
        await site.site.sweep()
        assert not site.site.logins.all()

    play(cloud, tmp_path, scene, now_s=clock)


def test_there_are_no_more_logins_than_there_may_be(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(site: Served) -> None:
        statuses = [await site.log_in() for _ in range(logins.LOGINS_MAX + 1)]
        assert statuses == [303] * logins.LOGINS_MAX + [503]
        numbers = {login.uid for login in site.site.logins.all()}
        assert len(numbers) == logins.LOGINS_MAX

    play(cloud, tmp_path, scene)
