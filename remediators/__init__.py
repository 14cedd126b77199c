"""What is known about each error code, one file a code. This table says which; `Remediator.registry` imports them.

A file is imported when somebody asks for its code, so that `explain` pays for the one that its text names. The suite
holds the table against the files.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FILES: Mapping[str, str] = MappingProxyType(
    {
        "AbnormalBucketOwnerStatus": "user_disable",
        "AccessDenied": "access_denied",
        "AccessForbidden": "access_forbidden",
        "BucketDisable": "user_disable",
        "ImageDamage": "image_damage",
        "InDebt": "user_disable",
        "InDebtOverdue": "user_disable",
        "InvalidAccessKeyId": "invalid_access_key_id",
        "InvalidObjectState": "invalid_object_state",
        "RequestTimeTooSkewed": "request_time_too_skewed",
        "SignatureDoesNotMatch": "signature_does_not_match",
        "UserDisable": "user_disable",
    }
)
"""Every code that has a remediator -> its file in this folder."""

CODES = tuple(sorted(FILES))
