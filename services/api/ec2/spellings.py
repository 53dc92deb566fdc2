"""What clients send and read that today's model of EC2 does not know any more.

Found in boto 2.49, euca2ools 3.4 and the API's older versions.
"""

from collections.abc import Mapping
from typing import Final

# action → a parameter as it was once called → as it is called now
OLD_NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "GetConsoleOutput": {"InstanceId.1": "InstanceId"},  # boto 2 asks for a list of one
    "AttachVolume": {"Device.1": "Device"},
    "ModifyInstanceAttribute": {
        "DisableApiTermination": "DisableApiTermination.Value",
        "InstanceType": "InstanceType.Value",
    },
}
# action → parameters that meant something once and mean nothing here
FORGOTTEN: Final[Mapping[str, frozenset[str]]] = {
    "RunInstances": frozenset({"AddressingType"}),  # boto 2: networks before VPCs
}
# every action may have these; who signs them has been seen by then
OF_THE_PROTOCOL: Final = frozenset({
    "Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion",
    "Timestamp", "Expires", "SecurityToken", "AUTHPARAMS",
})  # fmt: skip
SIGNED_PREFIX: Final = "X-Amz-"  # of the parameters of a presigned request


def renamed(action: str, pairs: Mapping[str, str]) -> dict[str, str]:
    """The action's own parameters, each as it is called now."""
    old, forgotten = OLD_NAMES.get(action, {}), FORGOTTEN.get(action, frozenset())
    return {
        old.get(name, name): value
        for name, value in pairs.items()
        if name not in OF_THE_PROTOCOL
        and name not in forgotten
        and not name.startswith(SIGNED_PREFIX)
    }
