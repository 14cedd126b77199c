"""RestoreVersion: an older version of a damaged object becomes the newest one again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ossmend.remediators.contract.values import ObjectRef
from ossmend.remediators.contract.write import Place, Write, write

COPIED_AS = "copied as "
"""Begins the outcome of a RestoreVersion; the version it has made follows. An undo is planned on that one."""


def versions_digest(version_id: str, etag: str | None) -> str:
    """What a RestoreVersion is planned on: which version is current."""
    return f"current {version_id}/{etag or '-'}"


@write
@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreVersion(Write):
    """PUT /key with x-oss-copy-source of an older version: that version becomes the newest one again, as a copy.

    Only in buckets that keep versions: nothing is lost, what was current stays as an older version. Undone by a
    RestoreVersion of `current`.
    """

    objects: ClassVar[int] = 1
    asks: ClassVar[tuple[str, ...]] = ("versions", "object_acl")
    operation: Literal["RestoreVersion"] = "RestoreVersion"
    bucket: str
    key: str
    version_id: str
    """The older version that is copied."""
    etag: str | None = None
    size: int
    current: str
    """Version id of what is current, and damaged."""
    current_etag: str | None = None
    storage_class: str
    """Of what is current; a copy would take the bucket's otherwise."""
    acl: str = "default"
    """The object's own ACL: a copy does not inherit it, and must not be more public than what it replaces."""
    planned_on: str

    @classmethod
    def example(cls) -> RestoreVersion:
        return cls(bucket="BUCKET", key="KEY", version_id="V", size=0, current="", storage_class="", planned_on="")

    @classmethod
    def examples(cls) -> tuple[RestoreVersion, ...]:
        """Of an object that has the bucket's ACL, and of one that has its own."""
        return (cls.example(), replace(cls.example(), acl="private"))

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.bucket, self.key)

    @property
    def place(self) -> Place:
        """The object as a whole: which of its versions is copied is what was looked for, not what a text says."""
        return Place(self.bucket, self.key)

    @property
    def target(self) -> str:
        return f"{self.ref} from version {self.version_id}"

    @property
    def permissions(self) -> tuple[tuple[str, str], ...]:
        place = f"acs:oss:*:*:{self.bucket}/{self.key}"
        setting = (("oss:PutObjectAcl", place),) if self.acl != "default" else ()
        return (("oss:GetObjectVersion", place), ("oss:PutObject", place), *setting)

    @property
    def effects(self) -> tuple[str, ...]:
        """That something else is put over this content, whichever of its copies is current: a copy and what it was
        copied from have one ETag.
        """
        return (f"{self.operation} {self.ref} over {self.current_etag or self.current}",)

    def undone(self, outcome: str) -> Write | None:
        """The version that was current before, over the copy; None where the answer that named the copy was lost."""
        made = outcome.removeprefix(COPIED_AS)
        if made in (outcome, "?"):
            return None
        return replace(
            self,
            version_id=self.current,
            etag=self.current_etag,
            current=made,
            current_etag=self.etag,
            planned_on=versions_digest(made, self.etag),
        )

    def not_undone(self) -> str:
        return "the answer that named the new version was lost: restore the version you want by hand"
