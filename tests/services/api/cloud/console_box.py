"""A running guest of the fake hypervisor, its broker and its log, in a cloud of this process."""

from appliance.model.states import Event
from services.compute.broker import Broker
from services.compute.driver import GuestSpec
from services.compute.fake import Fake
from services.compute.folders import Folders
from tests.cloud import eventually
from tests.services.api.clouds import CLOUD, Cloud

DEADLINE_S = 20.0


class Box:
    """A running guest, its broker and its log."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        cloud.add_host()
        self.id = cloud.run()["id"]
        cloud.advance(self.id, Event.SCHEDULED, host="box1")
        folders = Folders(cloud.settings.home / "compute")
        folders.make(self.id)
        self.log = folders.console_log(self.id)
        self.driver = Fake(cloud.settings.home / "compute" / "fake")
        self._broker = Broker(self.driver, folders, cloud.settings.run_dir)
        self._folders = folders
        self._broker.start()
        self.path = f"{CLOUD}/consoles/{self.id}"

    def boot(self) -> None:
        spec = GuestSpec(instance_id=self.id, vcpus=1, memory_mib=64, console_log=self.log)
        self.driver.spawn(spec)

    def restart(self) -> None:
        """The worker's process dies and is started again."""
        self._broker.close()
        self._broker = Broker(self.driver, self._folders, self.cloud.settings.run_dir)
        self._broker.start()

    def type(self, text: str, session: str = "one", *, user: str = "demo", query: str = "") -> int:
        answer = self.cloud.ask(
            "POST", f"{self.path}/input{query}", user=user, content=text.encode(),
            headers={"X-Console-Session": session, "Content-Type": "application/octet-stream"},
        )  # fmt: skip
        self.reason = answer.json()["error"]["message"] if answer.content else ""
        return answer.status_code

    def printed(self, text: str) -> None:
        wanted = text.encode()
        eventually(lambda: wanted in self.log.read_bytes(), timeout_s=DEADLINE_S, what=text)

    def close(self) -> None:
        self.driver.destroy(self.id)
        self._broker.close()
