"""The closed list of writes: every call that ossmend could ever make to change something, one file each.

A security reviewer reads this folder. Nothing here deletes, widens an ACL or a policy, or enables, disables or creates
a key. A write does not know how it is sent: that is the file of the same name in daemon/cloud/send/.
"""

from ossmend.remediators.contract.write import WRITES
from ossmend.remediators.writes import (
    create_job,
    put_bucket_cors,
    restore_object,
    restore_version,
    tag_user,
    update_job_status,
)

__all__ = [
    "OPERATIONS",
    "WRITES",
    "create_job",
    "put_bucket_cors",
    "restore_object",
    "restore_version",
    "tag_user",
    "update_job_status",
]

OPERATIONS: tuple[str, ...] = tuple(WRITES)
