"""What can be done to images."""

from __future__ import annotations

from typing import Final

from tui.actions.action import Action, Level, deleting, openstack
from tui.client import verbs

ACTIONS: Final = (
    Action(
        id="image.run", keys="r", label="run from it", views=("images",),
        purpose="Run an instance from the image.", does="app.run_form",
        cli=openstack("server", "create", "--image", "ID"),
        call=lambda target: verbs.compute.create_server({"imageRef": target.id}),
    ),
    Action(
        id="image.delete", keys="ctrl+d", label="delete", views=("images",),
        purpose="The image goes to the trash: for ten minutes z brings it back.",
        level=Level.ONE_OBJECT, cli=openstack("image", "delete", "ID"), plan=deleting("image"),
        call=lambda target: verbs.image.delete_image(target.id),
    ),
)  # fmt: skip
