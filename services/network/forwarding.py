"""What the kernel must do before guests may have a network: filter bridged packets, and route."""

from pathlib import Path
from typing import Final

from appliance import errors
from services.network import state_file

_BRIDGE_FILTER: Final = Path("/proc/sys/net/bridge")
_FORWARD: Final = Path("/proc/sys/net/ipv4/ip_forward")


def require_bridge_filter(path: Path = _BRIDGE_FILTER) -> None:
    """Refuse a kernel without br_netfilter.

    It takes a bridge's `nf_call_iptables` and reads it back, and filters nothing.
    """
    if not path.is_dir():
        raise errors.NetworkError(
            f"{path} is missing, so security groups would not hold between guests: "
            "run `modprobe br_netfilter`",
            tried={"look": str(path)},
        )


def enable(was_path: Path) -> None:
    """Let the kernel route; what it did before is kept in `was_path` if that was something else."""
    was = _FORWARD.read_text()
    if was.strip() == "1":
        return
    state_file.replace(was_path, was)
    try:
        _FORWARD.write_text("1\n")
    except OSError as error:
        raise errors.NetworkError(
            f"guests cannot be routed: run `sysctl net.ipv4.ip_forward=1` ({error})",
            tried={"write": f"1 to {_FORWARD}"},
        ) from error


def restore(was_path: Path) -> None:
    """Put back what `enable` found."""
    was = state_file.read(was_path)
    if was:
        _FORWARD.write_text(was)
    was_path.unlink(missing_ok=True)
