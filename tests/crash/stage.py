"""A simulator with one trouble of each kind that ossmend writes about, and what arrived there of its writes.

Three archived objects, a bucket whose CORS rules lack one, a damaged picture with a good older version, and a disabled
key that is still in use. What arrived is noted in the simulator's own thread, as it is answered: whether a write was
accepted is read off the cloud before and after it, and off no journal. judge.py reads it; faults.py strikes here.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import oss2
import pytest
import requests
from PIL import Image

from ossmend.simulator import edit_buckets, edit_objects
from ossmend.simulator.oss.restore import DAY
from ossmend.simulator.serve import Running
from ossmend.simulator.state import Cloud, Cors, CorsRule, RequestRecord, Restore
from tests.patience import HUNG

REPORTS, ASSETS, PHOTOS = "reports-crash", "assets-crash", "photos-crash"
KEYS = ("2024/q1/report 100%+ü.csv", "2024/q1/b.csv", "2024/q2/c.csv")
PICTURE = "cat äö.jpg"
USER, KEY_ID = "courier", "LTAI5tCourierDisabled0001"
TAG = "ossmend-refused-key"
ORIGIN = "https://app.example.com"
OURS = CorsRule((ORIGIN,), ("GET", "PUT"), ("*",), ("ETag",), 600)
BEFORE = (
    CorsRule(("https://www.example.com",), ("GET",), ("*",), ("ETag",), 60),
    CorsRule(("https://old.example.com",), ("HEAD", "POST"), ("x-a", "x-b"), ("x-c",), 5),
    CorsRule(("*",), ("HEAD",), (), (), 1),
)
THEIRS = CorsRule(("https://partner.example.net",), ("DELETE",), ("x-partner",), (), 7)
WRITES: Mapping[str, str] = {
    "RestoreObject": "object", "PutBucketCors": "cors", "CopyObject": "picture", "TagResources": "tags",
}  # fmt: skip
"""By operation, as OSS and RAM call it: what it changes."""
REPAIRS: Mapping[str, str] = {"AccessForbidden": "PutBucketCors", "ImageDamage": "CopyObject"}
"""By code: what can be taken back again."""
RESTORE_SECONDS = 0.4


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((64, 64)).save(out, "JPEG")
    return out.getvalue()


GOOD = _jpeg()
DAMAGED = GOOD[: len(GOOD) // 2]


@dataclass(frozen=True, slots=True)
class Arrived:
    """One write of the daemon, as the cloud saw it."""

    operation: str
    subject: str
    status: int
    changed: bool
    left: object
    """What the subject is after it."""

    @property
    def accepted(self) -> bool:
        return self.changed or 200 <= self.status < 300


class Requests(list[RequestRecord]):
    """The simulator's log of requests, which tells whoever wants to know of each one of the daemon, as it comes."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners: list[Callable[[RequestRecord], None]] = []

    def append(self, record: RequestRecord) -> None:
        super().append(record)
        if record.user_agent.find("ossmend/") >= 0:
            for listener in tuple(self.listeners):
                listener(record)


@dataclass(slots=True)
class Stage:
    """The cloud of one trial."""

    simulator: Running
    arrived: list[Arrived] = field(default_factory=list)
    asked: int = 0
    """Requests of the daemon so far."""
    requests: Requests = field(default_factory=Requests)
    theirs: Literal["", "added", "seen", "overwritten unseen"] = ""
    """The rule of others. OSS has no conditional write: what comes between the last look and the PUT nobody can see."""
    final: dict[str, Any] = field(default_factory=dict)
    """What each subject is at the end."""
    _known: dict[str, object] = field(default_factory=dict)

    def build(self) -> None:
        self.simulator.do(self._build)

    def _build(self, cloud: Cloud) -> None:
        cloud.requests = self.requests
        cloud.restore_seconds["Archive"]["Standard"] = RESTORE_SECONDS
        frozen = {"content": "x" * 10, "storage_class": "Archive"}
        edit_buckets.put_bucket(cloud, REPORTS, {"objects": dict.fromkeys(KEYS, frozen)})
        edit_buckets.put_bucket(cloud, ASSETS, {}).cors = Cors(BEFORE)
        edit_buckets.put_bucket(cloud, PHOTOS, {"versioning": "Enabled"})
        for data in (GOOD, DAMAGED):
            put_picture(cloud, data)
        cloud.identity.add_user(USER)
        cloud.identity.add_key(USER, key_id=KEY_ID, secret="courier-secret", status="Inactive")
        self._known = {subject: self.state(cloud, subject) for subject in self.subjects}
        self.requests.listeners.append(self._note)

    @property
    def subjects(self) -> tuple[str, ...]:
        return (*(f"object {key}" for key in KEYS), "cors", "picture", "tags")

    # ----------------------------------------------------------------------------------------------------- what arrives

    def _note(self, record: RequestRecord) -> None:
        self.asked += 1
        if self.theirs == "added" and record.operation in ("GetBucketCors", "PutBucketCors"):
            self.theirs = "seen" if record.operation == "GetBucketCors" else "overwritten unseen"
        kind = WRITES.get(record.operation)
        if kind is None:
            return
        subject = f"object {record.key}" if kind == "object" else kind
        before, after = self._known.get(subject), self.state(self.simulator.cloud, subject)
        self._known[subject] = after
        self.arrived.append(Arrived(record.operation, subject, record.status, after != before, after))

    def changed_by_others(self, cloud: Cloud) -> None:
        """In the simulator's thread, after somebody else's change: it is none of the daemon's."""
        self._known = {subject: self.state(cloud, subject) for subject in self.subjects}

    def state(self, cloud: Cloud, subject: str) -> object:
        """What a subject is now; None where its bucket is gone."""
        kind, _, key = subject.partition(" ")
        if kind == "tags":
            return cloud.identity.users[USER].tags.get(TAG)
        bucket = cloud.buckets.get({"object": REPORTS, "cors": ASSETS, "picture": PHOTOS}[kind])
        if bucket is None:
            return None
        if kind == "cors":
            return bucket.cors.rules if bucket.cors is not None else ()
        stack = bucket.stack(key if kind == "object" else PICTURE)
        if not stack:
            return None
        if kind == "object":
            return stack[0].restore or "frozen"
        return stack[0].version_id, stack[0].content.read(0, stack[0].size)

    def finish(self) -> int:
        """Keep what is there at the end; how often a fault of the simulator struck."""
        self.final = self.simulator.do(lambda cloud: {each: self.state(cloud, each) for each in self.subjects})
        return sum(fault.struck for fault in self.simulator.cloud.faults.rules)

    # -------------------------------------------------------------------------------------- what an application logs

    def refusals(self) -> list[str]:
        """One line for each trouble, as real clients are refused and log it."""
        return [self._picture(), self._key(), self._preflight(), *(self._object(key) for key in KEYS)]

    def _bucket(self, name: str, key_id: str = "", secret: str = "") -> oss2.Bucket:
        auth = oss2.AuthV4(key_id or self.simulator.access_key_id, secret or self.simulator.access_key_secret)
        session = oss2.Session()
        session.session.trust_env = False
        return oss2.Bucket(auth, self.simulator.oss, name, region=self.simulator.region, session=session)

    def _object(self, key: str) -> str:
        refused = _refused(lambda: self._bucket(REPORTS).get_object(key), "InvalidObjectState")
        return f"ERROR reader: cannot read oss://{REPORTS}/{key}: {refused}\n"

    def _picture(self) -> str:
        refused = _refused(lambda: self._bucket(PHOTOS).get_object(PICTURE, process="image/info"), "ImageDamage")
        return f"ERROR thumbnails: oss://{PHOTOS}/{PICTURE}: {refused}\n"

    def _key(self) -> str:
        courier = self._bucket(REPORTS, KEY_ID, "courier-secret")
        return f"ERROR courier: {_refused(lambda: courier.get_object(KEYS[0]), 'InvalidAccessKeyId')}\n"

    def _preflight(self) -> str:
        wanted = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-new"}
        with requests.Session() as session:
            session.trust_env = False
            answer = session.options(f"{self.simulator.oss}/{ASSETS}/a.png", headers=wanted, timeout=HUNG)
        assert answer.status_code == 403
        body = answer.text.replace("\n", "")
        return (f"upload failed: OPTIONS /{ASSETS}/a.png origin={ORIGIN} method=PUT headers=x-new "
                f"bucket={ASSETS}: {body}\n")  # fmt: skip


def put_picture(cloud: Cloud, data: bytes) -> None:
    settings = {"content_base64": base64.b64encode(data).decode(), "content_type": "image/jpeg", "acl": "private"}
    edit_objects.put_object(cloud, PHOTOS, PICTURE, settings)


def restore_by_hand(cloud: Cloud, key: str) -> None:
    bucket = cloud.buckets[REPORTS]
    now = cloud.clock.elapsed()
    (version, *older) = bucket.stack(key)
    if version.restore is None:
        bucket.set_stack(key, (replace(version, restore=Restore("Standard", 1, now, now + DAY)), *older), now=now)


def _refused(read: Callable[[], object], code: str) -> str:
    """What a client's log says of a refusal."""
    with pytest.raises(oss2.exceptions.ServerError) as caught:
        read()
    assert caught.value.code == code
    return str(caught.value)
