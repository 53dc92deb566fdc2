"""A request to run instances while it is being filled in; sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client import verbs
from tui.client.call import Call
from tui.client.nouns import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDraft:
    """What to run; an empty name or an absent choice says what is still missing."""

    name: str = ""
    image: Choice | None = None
    flavor: Choice | None = None
    key: Choice | None = None
    network: Choice | None = None
    count: int = 1

    def missing(self) -> list[str]:
        """Return the names of the fields without which the request would be refused."""
        wanted = {"name": self.name, "image": self.image, "flavor": self.flavor}
        return [field for field, value in wanted.items() if not value]

    def call(self) -> Call:
        """Return the Compute v2.1 call."""
        server: dict[str, object] = {"name": self.name}
        if self.image:
            server["imageRef"] = self.image.id
        if self.flavor:
            server["flavorRef"] = self.flavor.id
        if self.key:
            server["key_name"] = self.key.name
        if self.network:
            server["networks"] = [{"uuid": self.network.id}]
        if self.count > 1:
            server |= {"min_count": self.count, "max_count": self.count}
        return verbs.compute.create_server(server)

    def cli(self) -> tuple[str, ...]:
        """Return the same request as a line of the OpenStack client."""
        chosen = {
            "--image": self.image,
            "--flavor": self.flavor,
            "--key-name": self.key,
            "--network": self.network,
        }
        options = [word for option, choice in chosen.items() if choice
                   for word in (option, choice.name)]  # fmt: skip
        if self.count > 1:
            options += ["--min", str(self.count), "--max", str(self.count)]
        return ("openstack", "server", "create", *options, *([self.name] if self.name else []))
