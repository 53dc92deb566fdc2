"""The loaded rule set of this host, and which addresses lose what when it changes."""

from pathlib import Path
from typing import Literal

from appliance import command, errors, trace
from services.network import granted, nftables
from services.network.plan import HostPlan


class RuleSet:
    """Both tables of ours in the kernel; `path` keeps what they may have granted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, plan: HostPlan) -> Literal["created", "changed"] | None:
        """Load the rules of `plan` unless exactly they are loaded; say what had to be done."""
        old, new = granted.read(self._path), nftables.permissions(plan)
        both = granted.both(old, new)
        if both != old:
            granted.write(self._path, both)
        text = nftables.rules(plan)
        was = self.loaded()
        if was == nftables.digest(text):
            return None
        with trace.hop("driver", "load rules", target="nftables", ports=len(plan.ports)):
            command.run(
                ["nft", "-f", "-"], stdin=nftables.document(text), failing_as=errors.NetworkError
            )
        return "changed" if was else "created"

    def revoked(self, plan: HostPlan) -> tuple[str, ...]:
        """Addresses whose connections must end because `plan` takes something from them."""
        return granted.revoked(granted.read(self._path), nftables.permissions(plan))

    def settle(self, plan: HostPlan) -> None:
        """Remember, once those connections have ended, that only `plan` grants anything."""
        now = nftables.permissions(plan)
        if granted.read(self._path) != now:
            granted.write(self._path, now)

    def loaded(self) -> str | None:
        """Digest of what is loaded; None for nothing, or half of it."""
        return nftables.loaded(_nft("list", "chains"))

    def remove(self) -> bool:
        """Remove both tables; say whether they were there."""
        was = self.loaded()
        _nft("-f", "-", stdin=nftables.no_rules())
        return was is not None


def _nft(*arguments: str, stdin: str = "") -> str:
    return command.run(["nft", *arguments], failing_as=errors.NetworkError, stdin=stdin)
