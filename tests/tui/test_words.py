"""State words of the APIs and what they mean."""

from __future__ import annotations

import pytest

from tui import words
from tui.client.nouns import Fault, Image, Instance, Service

NOVA_VM_STATES = (
    "active", "building", "paused", "suspended", "stopped", "rescued", "resized", "soft-delete",
    "deleted", "error", "shelved",
)  # fmt: skip
GLANCE_STATUSES = (
    "queued", "saving", "uploading", "importing", "active", "deactivated", "killed", "deleted",
    "pending_delete",
)  # fmt: skip


@pytest.mark.parametrize("state", NOVA_VM_STATES)
def test_every_vm_state_of_nova_has_a_meaning(state: str) -> None:
    assert words.of_instance(Instance(id="i", vm_state=state))[1] != "unknown"


@pytest.mark.parametrize("status", GLANCE_STATUSES)
def test_every_image_status_of_glance_has_a_meaning(status: str) -> None:
    assert words.of_image(Image(id="i", status=status))[1] != "unknown"


def test_a_task_under_way_is_told_by_its_name() -> None:
    instance = Instance(id="i", vm_state="building", task_state="networking")
    assert words.of_instance(instance) == ("networking", "busy")


def test_an_error_stays_an_error_whatever_its_task() -> None:
    instance = Instance(id="i", vm_state="error", task_state="spawning")
    assert words.of_instance(instance) == ("error", "failed")


def test_a_state_of_a_newer_server_is_shown_as_it_is() -> None:
    assert words.of_instance(Instance(id="i", vm_state="thawing")) == ("thawing", "unknown")


def test_a_fault_is_its_message_in_both_of_its_forms() -> None:
    assert words.fault(Instance(id="i", fault=Fault(message="no room"))) == "no room"
    assert words.fault(Instance(id="i", fault="no room")) == "no room"
    assert words.fault(Instance(id="i")) == ""


def test_a_service_says_how_it_is() -> None:
    assert words.of_service(Service(name="api", state="down")) == ("down", "failed")
    troubled = Service(name="object", state="up", trouble="a device is lost")
    assert words.of_service(troubled) == ("up", "attention")
