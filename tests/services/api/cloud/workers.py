"""The workers of a cloud's only host, in this process on fake drivers: they step and answer."""

from typing import Any

from appliance import inquiry
from appliance.db import connection, instances, ports
from appliance.model.states import Event
from services.compute import answers as compute_answers
from services.network import answers as network_answers
from services.network.fake import FakeDriver
from services.network.manager import Manager
from services.volume import answers as volume_answers
from tests.services.api.clouds import Cloud
from tests.services.compute.host import Host as ComputeHost
from tests.services.volume.host import Host as VolumeHost

HOST = "box1"


class Workers:
    """What runs beside the API; nothing of it steps by itself."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.db: connection.Database = cloud.db
        self.stored: dict[str, Any] = {"is_there": True, "reason": ""}  # what the image worker says
        self.servers: list[inquiry.Server] = []
        cloud.add_host()
        self.compute = ComputeHost(cloud.settings, cloud.db)
        self.volume = VolumeHost(cloud.settings, cloud.db)
        self.network_driver = FakeDriver(cloud.settings.home / "network")
        self.network = Manager(
            settings=cloud.settings, db=cloud.db, queue=cloud.topics, driver=self.network_driver
        )

    def answer(self) -> None:
        """Answer what is asked, from now on."""
        run_dir = self.cloud.settings.run_dir
        compute, volume = self.compute, self.volume
        told = compute_answers.answers(
            compute.settings, compute.db, compute.driver, compute.folders
        )
        by_topic = {
            f"compute.{HOST}": told,
            f"network.{HOST}": network_answers.answers(self.network),
            f"volume.{HOST}": volume_answers.answers(
                volume.settings, volume.db, volume.pool, volume.exporter
            ),
            "image": {"stored": lambda _: self.stored},
        }
        self.servers = [inquiry.serve(run_dir, name, one) for name, one in by_topic.items()]

    def close(self) -> None:
        """Answer no more."""
        for server in self.servers:
            server.close()

    def running(self, **server: Any) -> str:
        """An instance that is asked for, placed, wired and spawned; its id."""
        key = self.cloud.run(**server)["id"]
        self.cloud.advance(key, Event.SCHEDULED, host=HOST)
        self.network.allocate(instances.get(self.db, key))
        self.compute.steps["spawn"](key)
        return key

    def tap(self, instance_id: str) -> str:
        """The tap of the instance's first port."""
        return ports.of_instance(self.db, instance_id)[0].tap
