"""The object store's process, as far as its trash goes, and the API's end of an undo."""

from starlette.testclient import TestClient

from appliance import config, context, ids
from appliance.db import connection, journal
from appliance.model.journal import Entry
from services.api.cloud.objects_undone import ObjectsUndone
from services.object.handover import Handover
from services.object.trash import Bin, Recorder
from storage.objects.store import ObjectStore
from tests import asgi
from tests.services.object.conftest import object_face

CTX = context.RequestContext(
    user_id=ids.UserId("u-member"), user_name="member", project_id=ids.ProjectId("p"),
    roles=frozenset({"member"}),
)  # fmt: skip
URL = "/v1/AUTH_p/c"


class Box:
    """The object store's process, as far as the trash goes, and the API's end of an undo."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self.settings, self.db = settings, db
        self.start()

    def start(self) -> None:
        self.bin = Bin(self.settings)
        self.store = ObjectStore(self.settings.home / "objects", rubbish=self.bin)
        self.recorder = Recorder(self.store, self.db, self.bin)
        self.client: TestClient = asgi.client(
            object_face(self.store), headers={"X-Auth-Token": "member"}
        )

    def listen(self) -> ObjectsUndone:
        Handover(self.store, self.settings.run_dir, self.bin).start()
        return ObjectsUndone(self.db, self.settings.run_dir)

    def entries(self) -> list[Entry]:
        self.recorder.record()
        return journal.newest(self.db, "p")

    def put(self, *names: str, data: bytes = b"bytes") -> None:
        self.client.put(URL)
        for name in names:
            assert self.client.put(f"{URL}/{name}", content=data).status_code == 201

    def delete(self, *names: str, **headers: str) -> None:
        for name in names:
            answer = self.client.delete(f"{URL}/{name}", headers=headers)
            assert answer.status_code == 204, answer.text

    def names(self) -> list[str]:
        answer = self.client.get(URL)
        return answer.text.split() if answer.status_code < 300 else [str(answer.status_code)]
