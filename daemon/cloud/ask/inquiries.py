"""A question of a diagnosis -> its answer, asked now: who may do what, does the account answer, is it a picture.

Like reads.py, by whose calls it asks, for questions that no write depends on but RestoreVersion's. view.py keeps the
answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ossmend.daemon.cloud.ask.pictures import FETCH_CAP, look, too_large
from ossmend.daemon.cloud.ask.reads import Reads
from ossmend.daemon.cloud.wire import access_answers as wire_access
from ossmend.daemon.cloud.wire.rate_limit import AtOnce, Budget
from ossmend.daemon.cloud.wire.transport import Oss
from ossmend.daemon.host.clock import Clock
from ossmend.remediators.contract.answers import ACCOUNT_CODES, BucketAccess, ImageAnswer, ImageCheck, ObjectVersion
from ossmend.remediators.contract.values import Missing, ObjectRef, ObjectState
from ossmend.remediators.contract.verdict import Refused

Result = TypeVar("Result")

FETCHED_AN_HOUR = 1024 * 1024 * 1024
"""Bytes of pictures: events are anybody's text, and what leaves a region is paid for."""
AT_ONCE = 4
"""Pictures in memory at the same time: 80 MiB at most."""
PLACE_WAIT = 5.0
"""Seconds that a thread is held for a place among them."""
VERSIONS = 100
"""Versions of one key that are looked at; more of them share its prefix, and are passed over."""


class Inquiries:
    """The closed list of what a diagnosis may ask OSS."""

    def __init__(self, oss: Oss, reads: Reads, clock: Clock) -> None:
        self._oss = oss
        self._reads = reads
        self._budget = Budget(clock, FETCHED_AN_HOUR)
        self._fetching = AtOnce(AT_ONCE)

    def bucket_access(self, bucket: str) -> BucketAccess:
        """Each part by itself: what our key may not read is named, and the rest still tells something."""
        unread: list[str] = []
        info = self._part(unread, bucket, "GetBucketInfo", "bucketInfo", wire_access.bucket_info)
        policy = self._part(
            unread,
            bucket,
            "GetBucketPolicy",
            "policy",
            lambda body: body.decode("utf-8", "replace"),
            "NoSuchBucketPolicy",
            "",
        )
        referer = self._part(unread, bucket, "GetBucketReferer", "referer", wire_access.referer)
        pays = self._part(unread, bucket, "GetBucketRequestPayment", "requestPayment", wire_access.requester_pays)
        return BucketAccess(
            acl=info.acl if info else None,
            owner=info.owner if info else None,
            region=info.region if info else None,
            block_public=info.block_public if info else None,
            policy=policy,
            referer=referer,
            requester_pays=pays,
            unread=tuple(unread),
        )

    def _part(
        self,
        unread: list[str],
        bucket: str,
        operation: str,
        sub_resource: str,
        read: Callable[[bytes], Result],
        absent: str = "",
        instead: Result | None = None,
    ) -> Result | None:
        """`absent` is the code of "there is none", answered with `instead`."""
        try:
            return self._reads.of_bucket(operation, bucket, {sub_resource: ""}, lambda answer: read(answer.body))
        except Refused as refused:
            if absent and refused.code == absent:
                return instead
            if refused.code == "NoSuchBucket":
                raise  # there is no bucket to tell parts of
            unread.append(f"our own {operation} was refused: {refused.code}")
            return None

    def object_acl(self, ref: ObjectRef) -> str:
        return self._reads.ask("GetObjectAcl", "GET", ref, lambda answer: wire_access.acl(answer.body), {"acl": ""})

    def answers(self, bucket: str | None) -> str | None:
        """Lists at most one object, or one bucket where none is known; the code if the account itself is refused."""
        try:
            if bucket:
                self._reads.page(bucket, "", "", 1)
            else:
                self._oss.asked(self._oss.list_buckets)
        except Refused as refused:
            if refused.code in ACCOUNT_CODES:
                return refused.code
            raise
        return None

    def has(self, bucket: str) -> bool:
        """Does it belong to the account itself? One call for each bucket; the shortest name that begins so is first."""
        answer = self._oss.asked(lambda: self._oss.list_buckets(bucket))
        return bucket in wire_access.bucket_names(answer.body)

    # ------------------------------------------------------------------------------------------------------ pictures

    def image(self, ref: ObjectRef) -> ImageCheck | Missing:
        """HEAD, then the whole object if it is small enough for OSS's own image processing."""
        state = self._reads.head(ref)
        if isinstance(state, Missing):
            return state
        if state.size > FETCH_CAP:
            return too_large(state.size)
        with self._fetching.one(ref.bucket, PLACE_WAIT):
            self._budget.take(state.size)
            return self._fetched(ref, state)

    def _fetched(self, ref: ObjectRef, state: ObjectState) -> ImageCheck:
        def fetch() -> ImageCheck:
            params = {"versionId": ref.version_id} if ref.version_id else {}
            answer = self._oss.call("GET", ref.bucket, ref.key, params)
            data = bytearray()
            for block in answer.download():
                data += block
                if len(data) > FETCH_CAP:  # it has grown since the HEAD
                    answer.close()
                    return too_large(len(data))
            return look(bytes(data), expected=state.size, checksum=answer.headers.get("x-oss-hash-crc64ecma"))

        return self._oss.asked(fetch)

    def processes(self, ref: ObjectRef) -> ImageAnswer:
        """`image/info`. Refusals are answers here, but those that speak of our own key."""
        params = {"x-oss-process": "image/info"}
        try:
            self._reads.ask("ProcessImage", "GET", ref, lambda _: None, params)
        except Refused as refused:
            if refused.status in (400, 404) or refused.code in ("ImageDamage", "InvalidObjectState"):
                return ImageAnswer(ok=False, code=refused.code, message=refused.message)
            raise
        return ImageAnswer(ok=True)

    def versions(self, ref: ObjectRef) -> tuple[ObjectVersion, ...]:
        params = {"versions": "", "prefix": ref.key, "max-keys": str(VERSIONS), "encoding-type": "url"}
        return self._reads.of_bucket(
            "ListObjectVersions", ref.bucket, params, lambda answer: wire_access.versions(ref.key, answer.body)
        )
