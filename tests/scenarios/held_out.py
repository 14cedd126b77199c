"""Stories written after the weights were set, and not used to set them: what calibration is honestly measured on.

Whoever changes a weight because of what one of these shows moves *all* of them to retired.py and writes new ones: keeping
those that went well would make the rest look better than it is. A story that is misread stays here, and counts.
"""

from __future__ import annotations

from tests.scenarios.listed import (
    ACCOUNT_LEVEL,
    ACL,
    CHROME,
    DISABLED,
    NOT_ALLOWED,
    NOT_ENABLED,
    NOT_OURS,
    SIGNATURE,
    SKEWED,
    STATE,
    STS,
    detail,
    one,
    signed,
    skew,
)
from tests.scenarios.story import CORS, RESTORE, Story

DATE = "Wed, 11 Jun 2025 02:44:51 GMT"
NOW = "2025-06-11T02:44:51.000Z"

HELD_OUT: tuple[Story, ...] = (
    Story(id="u-tiles", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("never-restored"), write=RESTORE, bucket="geo-tiles",
          key="z12/2048/1361.pbf", storage_class="Archive", before="tile server: upstream 403"),
    Story(id="u-sync", code="InvalidObjectState", message=STATE, ec="0016-00000330", causes=one("copy-source-archived"), method="PUT", operation="CopyObject",
          bucket="mirror", key="pkg/1.tgz", before="server-side copy from oss://origin/pkg/1.tgz", storage_class="Archive"),
    Story(id="u-old-version", code="InvalidObjectState", message=STATE, causes=one("archived-version"), write=RESTORE, bucket="contracts", key="c/7.docx",
          query="versionId=CAEQNBiBgMCX5qyB3hgiIGJj", storage_class="Archive"),
    Story(id="u-waiting", code="InvalidObjectState", message=STATE, causes=one("restoring"), reduced_write=RESTORE, bucket="contracts", key="c/8.docx",
          before="restore was requested 20 s ago; x-oss-restore: ongoing-request=\"true\""),
    Story(id="u-pi", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-drift"), fields=skew("2025-05-29T17:03:12.000Z", NOW), agent="raspberry/1"),
    Story(id="u-minus-three", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-time-zone"), fields=skew("2025-06-10T23:44:40.000Z", NOW)),
    Story(id="u-stream", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-slow-upload"), method="POST", operation="AppendObject",
          fields=skew("2025-06-11T02:26:30.000Z", NOW), took_ms=1_101_000, length=1_073_741_824, before="append of 1 GiB over a 4G line, Content-Length: 1073741824"),
    Story(id="u-epoch", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-unset"), fields=skew("1970-01-01T08:00:11.000Z", NOW)),
    Story(id="u-newline", code="InvalidAccessKeyId", message=NOT_OURS, causes=one("key-malformed"), fields={"OSSAccessKeyId": "\nLTAI5tSecondHeldOutKey1"}),
    Story(id="u-lambda", code="InvalidAccessKeyId", message=NOT_OURS, causes=one("key-temporary"), fields={"OSSAccessKeyId": STS}, key_id=STS, agent="fc-function/3"),
    Story(id="u-typo", code="InvalidAccessKeyId", message=NOT_OURS, ec="0002-00000902", causes=one("key-not-of-this-account", "key-deleted"),
          fields={"OSSAccessKeyId": "LTAI5tSecondHeldOutKey2"}),
    Story(id="u-left", code="InvalidAccessKeyId", message=DISABLED, ec="0002-00000903", causes=one("key-disabled"), before="the colleague has left the company"),
    Story(id="u-suspended", code="UserDisable", message="UserDisable", ec="0003-00000801", causes=one("account-overdue", "account-security-hold")),
    Story(id="u-photo", code="ImageDamage", message="The image file may be damaged.", causes=one("image-damaged"), key="p/1.png", status=400, operation="ProcessImage"),
    Story(id="u-raw", code="ImageDamage", message="The image file may be damaged.", causes=one("image-unsupported", "image-damaged"), key="p/IMG_4.nef"),
    Story(id="u-old-secret", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("wrong-secret"), fields=signed(f"DELETE\n\n\n{DATE}\n/logs/x.gz"),
          bucket="logs", key="x.gz", method="DELETE", operation="DeleteObject", before="worked until the key was rotated"),
    Story(id="u-plus", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("plus-lost"), bucket="logs", key="x.gz",
          fields=signed("GET\n\n\n1749609891\n/logs/x.gz", "Zm9vYmFyIGJhe mJpYmJsZQ5MA="), query="Expires=1749609891&OSSAccessKeyId=x&Signature=y"),
    Story(id="u-hash", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("key-encoding"), bucket="logs", key="C#/notes+1.md",
          fields=signed(f"GET\n\n\n{DATE}\n/logs/C%23/notes%2B1.md")),
    Story(id="u-meta", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("signed-header-differs"), bucket="logs", key="up.bin", method="PUT",
          operation="PutObject", fields=signed("PUT\n\n\n1749609891\nx-oss-storage-class:IA\n/logs/up.bin"), query="Expires=1749609891&OSSAccessKeyId=x&Signature=y"),
    Story(id="u-v4", code="SignatureDoesNotMatch", message=SIGNATURE, ec="0002-00000201", causes=one("v4-without-region"), bucket="logs", key="a",
          fields=signed("OSS4-HMAC-SHA256\n20250611T024451Z\n20250611/us-west-1/oss/aliyun_v4_request\n" + "1b" * 32, "ee" * 32)),
    Story(id="u-private", message=ACL, causes=one("denied-bucket-acl"), key_id="-", requester="-", agent="curl/8.5"),
    Story(id="u-grant", message="Access denied.", causes=one("denied-ram-implicit"), detail=detail(ACCOUNT_LEVEL, "ImplicitDeny", "oss:ListObjects")),
    Story(id="u-scp", message="Access denied.", causes=one("denied-control-policy"), detail=detail("ControlPolicy", "ImplicitDeny", "oss:PutBucketAcl")),
    Story(id="u-upload-acl", message="Put public object acl is not allowed", causes=one("denied-public-access-block"), method="PUT", operation="PutObject"),
    Story(id="u-share", message="Request has expired.", ec="0002-00000069", causes=one("url-expired"), fields={"Expires": "2025-06-11T01:44:51.000Z", "ServerTime": NOW},
          query="Expires=1749606291&OSSAccessKeyId=x&Signature=y"),
    Story(id="u-anon-list", message="Anonymous access is forbidden for this operation.", causes=one("denied-anonymous"), key="", operation="GetBucket", key_id="-", requester="-"),
    Story(id="u-elsewhere", causes=one("denied-wrong-endpoint"), message="The bucket you are attempting to access must be addressed using the specified endpoint."),
    Story(id="u-no-cors", code="AccessForbidden", message=NOT_ENABLED, causes=one("cors-not-enabled"), write=CORS, method="OPTIONS", operation="OptionObject", agent=CHROME,
          key_id="-", requester="-", referer="https://shop.example.cn/"),
    Story(id="u-cors-origin", code="AccessForbidden", message=NOT_ALLOWED, causes=one("cors-origin-not-allowed"), write=CORS, method="OPTIONS", operation="OptionObject",
          agent=CHROME, key_id="-", requester="-", before="Origin: http://localhost:5173, Access-Control-Request-Method: GET"),
    Story(id="u-sts-gone", code="SecurityTokenExpired", message="The security token you provided has expired.", causes=one("token-expired"), key_id=STS),
)  # fmt: skip
