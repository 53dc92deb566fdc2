"""Bytes that come and go on a screen of images and objects: one transfer at a time, and its line.

It knows what is sent and read, and nothing of how the lists are shown.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual import work

from tui import local, registry, transfers
from tui.actions import image as of_images
from tui.actions.action import Target
from tui.client import openstack, verbs
from tui.client.call import Call
from tui.client.errors import ClientError
from tui.client.nouns import Entry
from tui.client.verbs import object_store
from tui.screens.panes import Panes
from tui.widgets.transfer import Transfer


class Carrying(Panes):
    """A screen with a ``Transfer`` on it. Where a file goes, and what to list, the screen says."""

    def place(self) -> tuple[str, str]:
        """Return the container that a file is put into, or none, and what its name begins with."""
        raise NotImplementedError

    def load_entries(self) -> object:
        """List objects again, as after each transfer."""
        raise NotImplementedError

    def stop_transfer(self) -> bool:
        """Stop what is on its way; whether anything was."""
        if self.query_one(Transfer).display:
            self.workers.cancel_group(self, "transfer")
            return True
        return False

    @work(group="acts")
    async def action_upload_image(self) -> None:
        """Make an image of a file."""
        asked = await self._asked_file("image.upload", Target(id="", name=""))
        if asked is None:
            return
        target, path, size = asked
        made = await self.app.ask(
            verbs.image.create_image(of_images.document(target)), openstack.image
        )
        if made is not None:
            call = verbs.image.upload_image(made.id)
            self._transfer("upload", path.name, size, self._sending(call, path), undo=made.id)

    @work(group="acts")
    async def action_put(self) -> None:
        """Upload a file into the container that is open."""
        container, prefix = self.place()
        if not container:
            self.app.say("n makes a container first", is_error=True)
            return
        here = Entry(kind="container", container=container)
        asked = await self._asked_file(
            "object.put", Target(id=container, name=container, noun=here)
        )
        if asked is None:
            return
        target, path, size = asked
        name = target.answers["name"] or prefix + path.name
        call = object_store.put_object(container, name)
        self._transfer("put", f"{container}/{name}", size, self._sending(call, path))

    def action_get(self) -> None:
        """Download the chosen bytes."""
        target = self._suited("object.get")
        if target is None:
            return
        noun: Any = target.noun
        path = Path.cwd() / (target.name.rstrip("/").rpartition("/")[2] or "download")

        async def get(at: transfers.At) -> str:
            session = await self.app.session()
            await transfers.download(session, noun, path, size_bytes=noun.size_bytes, at=at)
            return f"got {path}"

        self._transfer("get", target.name, noun.size_bytes, get)

    def action_verify(self) -> None:
        """Read and sum the chosen bytes."""
        target = self._suited("object.verify")
        if target is None:
            return
        noun: Any = target.noun

        async def verify(at: transfers.At) -> str:
            found = await transfers.verify(await self.app.session(), noun, at=at)
            if found.is_right:
                return f"{target.name}: {found.algorithm} is right"
            known = found.known or "none"
            raise ClientError(
                f"{target.name}: {found.algorithm} {found.computed}, written down is {known}"
            )

        self._transfer("verify", target.name, noun.size_bytes, verify)

    def _transfer(
        self,
        verb: str,
        name: str,
        size_bytes: int | None,
        run: Callable[[transfers.At], Awaitable[str]],
        *,
        undo: str = "",
    ) -> None:
        line = self.query_one(Transfer)
        if line.display:
            self.app.say("one at a time: Esc stops the other", is_error=True)
            return
        line.start(f"{verb} {name}", size_bytes)
        self._run_transfer(line, run, undo)

    @work(group="transfer")
    async def _run_transfer(
        self, line: Transfer, run: Callable[[transfers.At], Awaitable[str]], undo: str
    ) -> None:
        is_done = False
        try:
            self.app.say(await run(line.advance))
            is_done = True
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
        except FileExistsError as error:
            self.app.say(f"{error.filename2 or error.filename} is there already", is_error=True)
        except OSError as error:
            self.app.say(f"{error.filename}: {error.strerror}", is_error=True)
        finally:
            line.stop()
            if undo and not is_done:
                self._take_back(undo)
            self.load_entries()

    @work(group="acts")
    async def _take_back(self, image_id: str) -> None:
        await self.app.ask(verbs.image.delete_image(image_id), lambda _: None)

    def _sending(self, call: Call, path: Path) -> Callable[[transfers.At], Awaitable[str]]:
        async def send(at: transfers.At) -> str:
            await transfers.upload(await self.app.session(), call, path, at=at)
            return f"{path.name} is there"

        return send

    async def _asked(self, action_id: str, target: Target) -> Target | None:
        """Return the target with the answers of the action's form, or None."""
        form = importlib.import_module("tui.screens.form")
        answers = await self.app.push_screen_wait(form.Form(registry.BY_ID[action_id], [target]))
        if answers is None:
            return None
        return Target(id=target.id, name=target.name, noun=target.noun, answers=answers)

    async def _asked_file(self, action_id: str, target: Target) -> tuple[Target, Path, int] | None:
        """Return the answers, the file that they name and its size; None says why to the user."""
        answered = await self._asked(action_id, target)
        if answered is None:
            return None
        try:
            path = await asyncio.to_thread(local.file, answered.answers["file"])
            return answered, path, (await asyncio.to_thread(path.stat)).st_size
        except OSError as error:
            self.app.say(str(error), is_error=True)
            return None

    def _suited(self, action_id: str) -> Target | None:
        """Return what is chosen, if the action works on it."""
        target = self.app.target()
        does = target is not None and registry.BY_ID[action_id].works_on(target)
        return target if does else None
