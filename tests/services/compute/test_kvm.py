import json

import pytest

from appliance import config
from services.compute import kvm


def test_what_is_configured_is_not_looked_for(settings: config.Settings) -> None:
    document = {"compute": {"virt_type": "qemu"}}
    verdict = kvm.choose(config.parse(document, home=settings.home))

    assert verdict.virt_type == "qemu"
    assert not (settings.home / "compute").exists()


@pytest.mark.host
def test_a_look_is_kept_for_the_hosts_boot(settings: config.Settings) -> None:
    """A machine is started once, however often the worker is; after a reboot again."""
    kept = settings.home / "compute" / "kvm.json"
    kept.parent.mkdir()
    known = {"virt_type": "kvm", "reason": "seen", "boot_id": kvm.boot()}
    kept.write_text(json.dumps(known))
    assert kvm.choose(settings) == kvm.Verdict(virt_type="kvm", reason="seen")

    kept.write_text(json.dumps(known | {"boot_id": "an older one"}))
    verdict = kvm.choose(settings)
    assert verdict.reason != "seen"
    assert json.loads(kept.read_text())["boot_id"] == kvm.boot()
