"""Stories that nobody listed: the rest of what OSS refuses, and what only looks like OSS."""

from __future__ import annotations

from tests.scenarios.listed import (
    ACCOUNT_LEVEL,
    CHROME,
    DISABLED,
    LTAI,
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

V1 = "GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n"

ARCHIVED = (
    Story(id="version", code="InvalidObjectState", message=STATE, causes=one("archived-version"), write=RESTORE, query="versionId=CAEQMhiBgIDXiaaB0BYiIGQzYTQ"),
    Story(id="being-restored", code="InvalidObjectState", message=STATE, causes=one("restoring"), reduced_write=RESTORE,
          after='HEAD says x-oss-restore: ongoing-request="true"', storage_class="Archive"),
    Story(id="copy-names-source", code="InvalidObjectState", message=STATE, causes=one("copy-source-archived"), method="PUT", operation="CopyObject",
          fields={"x-oss-copy-source": "/cold-data/2019/a.bin"}, key="2024/copy.bin", storage_class="Archive"),
    Story(id="unicode-name", code="InvalidObjectState", message=STATE, causes=one("never-restored"), write=RESTORE, key="报表/2024 年/总 表.xlsx",
          storage_class="Archive"),
    Story(id="video", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("never-restored"), write=RESTORE, key="v/1080p/film.mp4",
          storage_class="DeepCold Archive"),
)  # fmt: skip

CLOCKS = (
    Story(id="zone", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-time-zone"), fields=skew("2021-10-10T17:51:03.000Z", "2021-10-11T01:51:03.000Z")),
    Story(id="zone-ahead", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-time-zone"), fields=skew("2021-10-11T09:51:01.000Z", "2021-10-11T01:51:03.000Z")),
    Story(id="zone-india", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-time-zone"), fields=skew("2021-10-11T07:21:20.000Z", "2021-10-11T01:51:03.000Z")),
    Story(id="ahead", code="RequestTimeTooSkewed", message=SKEWED, ec="0002-00000504", causes=one("clock-drift"),
          fields=skew("2024-09-23T06:54:40.000Z", "2024-09-23T06:32:40.000Z")),
    Story(id="years", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-drift"), fields=skew("2020-01-03T06:54:40.000Z", "2024-09-23T06:32:40.000Z")),
    Story(id="device", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-unset"), fields=skew("2000-01-01T00:10:00.000Z", "2024-09-23T06:32:40.000Z")),
)  # fmt: skip

KEYS = (
    Story(id="placeholder", code="InvalidAccessKeyId", message=NOT_OURS, causes=one("key-not-of-this-account"), fields={"OSSAccessKeyId": "your-access-key-id"},
          key_id="your-access-key-id"),
    Story(id="unknown-key", code="InvalidAccessKeyId", message=NOT_OURS, ec="0002-00000902", causes=one("key-not-of-this-account", "key-deleted"),
          fields={"OSSAccessKeyId": LTAI}),
    Story(id="quotes", code="InvalidAccessKeyId", causes=one("key-malformed"), fields={"OSSAccessKeyId": f'"{LTAI}"'},
          message="The OSS Access Key Id contains non-acceptable characters"),
    Story(id="restricted", code="InvalidAccessKeyId", message=DISABLED, ec="0002-00000904", causes=one("key-disabled", "key-ip-restricted"),
          fields={"OSSAccessKeyId": LTAI}),
    Story(id="token-lost", code="InvalidAccessKeyId", causes=one("key-temporary"),
          message=f"{NOT_OURS} The Security Token may be lost to specify that it is a STS Access Id."),
    Story(id="expired-token", code="SecurityTokenExpired", message="The security token you provided has expired.", ec="0002-00000007", causes=one("token-expired"), key_id=STS),
    Story(id="bad-token", code="InvalidSecurityToken", message="The security token you provided is invalid.", causes=one("token-invalid"), key_id=STS),
    Story(id="mixed-token", code="AccessKeyIdAndSecurityTokenNotMatch", message="The AccessKeyId and SecurityToken do not match.", causes=one("token-mismatch")),
    Story(id="no-token", code="SecurityTokenNotSupported", message="STS is not supported here.", causes=one("token-not-supported")),
)  # fmt: skip

ACCOUNTS = (
    Story(id="overdue", code="InDebtOverdue", message="The account is overdue.", causes=one("account-overdue")),
    Story(id="bucket-off", code="BucketDisable", message="The bucket is disabled.", causes=one("account-security-hold")),
    Story(id="violation", code="UserDisable", message="The user is disabled for a security violation.", causes=one("account-security-hold")),
    Story(id="owner", code="AbnormalBucketOwnerStatus", message="The status of the bucket owner is abnormal.", causes=one("account-abnormal")),
    Story(id="not-activated", code="UserDisable", message="UserDisable", ec="0003-00000801", causes=one("oss-not-activated", "account-overdue"), method="PUT",
          operation="PutBucket", key="", before="creating the bucket"),
)  # fmt: skip

SIGNED = (
    Story(id="twice", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("wrong-resource"), fields=signed(f"{V1}/shop-data/shop-data/a.txt"), key="a.txt"),
    Story(id="oss-region", code="SignatureDoesNotMatch", message=SIGNATURE, ec="0002-00000201", causes=one("v4-without-region"),
          fields=signed("OSS4-HMAC-SHA256\n20240923T063240Z\n20240923/oss-cn-hangzhou/oss/aliyun_v4_request\n" + "ab" * 32, "cd" * 32)),
    Story(id="other-region", code="SignatureDoesNotMatch", message=SIGNATURE, ec="0002-00000201", causes=one("v4-without-region"),
          fields=signed("OSS4-HMAC-SHA256\n20240923T063240Z\n20240923/cn-beijing/oss/aliyun_v4_request\n" + "ab" * 32, "cd" * 32)),
    Story(id="boto", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("s3-client"), agent="Boto3/1.34 md/Botocore#1.34",
          fields=signed("AWS4-HMAC-SHA256\n20240923T063240Z\n20240923/us-east-1/s3/aws4_request\n" + "ab" * 32, "cd" * 32)),
    Story(id="escaped-twice", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("url-cut-or-garbled"), query="Expires=1727073160&OSSAccessKeyId=x&Signature=y",
          fields=signed("GET\n\n\n1727073160\n/shop-data/img/2024/a.jpg", "aGVsbG8gd29ybGQgZnJvbSB0ZX%3D")),
    Story(id="content-type", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("signed-header-differs"), method="PUT", operation="PutObject",
          fields=signed("PUT\n\napplication/octet-stream\n1727073160\n/shop-data/img/2024/a.jpg"), query="Expires=1727073160&OSSAccessKeyId=x&Signature=y"),
    Story(id="proxied", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("proxy-rewrites"), fields=signed(f"{V1}/shop-data/a.txt"), key="a.txt",
          before="through our nginx reverse proxy it fails, directly it works"),
    Story(id="plain-wrong", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("wrong-secret"), fields=signed(f"{V1}/shop-data/a.txt"), key="a.txt"),
)  # fmt: skip

DENIED = (
    Story(id="explicit", message="Access denied by bucket policy.", ec="0003-00000201", causes=one("denied-ram-explicit"),
          detail=detail(ACCOUNT_LEVEL, "ExplicitDeny", "oss:PutBucketReferer")),
    Story(id="implicit", message="Access denied.", ec="0003-00000202", causes=one("denied-ram-implicit"), detail=detail(ACCOUNT_LEVEL, "ImplicitDeny", "oss:GetObject")),
    Story(id="control", message="Access denied.", causes=one("denied-control-policy"), detail=detail("ControlPolicy", "ExplicitDeny", "oss:DeleteBucket")),
    Story(id="object-acl", message="You do not have read permission on this object.", ec="0003-00000005", causes=one("denied-object-acl")),
    Story(id="public-block", message="Put public object acl is not allowed", ec="0016-00000901", causes=one("denied-public-access-block"), method="PUT", operation="PutObject"),
    Story(id="referer", message="You are denied by bucket referer policy.", ec="0003-00000501", causes=one("denied-referer"), referer="https://other.example.org/"),
    Story(id="anonymous", message="Anonymous access is forbidden for this operation.", ec="0003-00001201", causes=one("denied-anonymous"), key_id="-", requester="-"),
    Story(id="vpc", message="Access denied by VPC endpoint policy.", causes=one("denied-vpc-endpoint")),
    Story(id="no-date", message="OSS authentication requires a valid Date.", ec="0002-00000503", causes=one("date-missing")),
    Story(id="half-url", message="Query-string authentication requires the Signature, Expires and OSSAccessKeyId parameters", causes=one("url-malformed")),
    Story(id="expires-text", message="Invalid date (should be seconds since epoch): tomorrow", ec="0002-00000070", causes=one("url-malformed")),
    Story(id="form", message="Invalid according to Policy: Policy expired.", causes=one("post-policy-failed"), method="POST", operation="PostObject"),
    Story(id="form-code", code="InvalidPolicyDocument", message="Invalid according to Policy: Policy Condition failed", causes=one("post-policy-failed"), method="POST", operation="PostObject"),
    Story(id="kms", message="The operation is forbidden by kms.", causes=one("kms-denied")),
    Story(id="payer", message="Access denied: requester pay bucket, x-oss-request-payer is missing", ec="0003-00000703", causes=one("requester-pays")),
    Story(id="far-copy", message="Target object does not reside in the same data center as source object.", causes=one("cross-region-copy"), method="PUT", operation="CopyObject"),
    Story(id="rename", message="Hierarchical namespace is disabled.", causes=one("feature-not-enabled"), method="POST"),
    Story(id="blocked", message="Cannot visit oss, forbidden by security system.", ec="0061-00000001", causes=one("security-block")),
    Story(id="expired-v4", message="Request has expired.", ec="0002-00000236", causes=one("url-expired"),
          query="x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20240920T063240Z&x-oss-expires=3600&x-oss-signature=abc",
          fields={"ServerTime": "2024-09-23T06:32:40.000Z"}),
)  # fmt: skip

PAGES = (
    Story(id="not-cors", code="AccessForbidden", message="The request is forbidden.", causes=one("forbidden-not-cors")),
    Story(id="no-rules", code="AccessForbidden", message=NOT_ENABLED, causes=one("cors-not-enabled"), write=CORS, method="OPTIONS", operation="OptionObject",
          key_id="-", requester="-", agent=CHROME, referer="https://app.example.com/"),
    Story(id="no-match", code="AccessForbidden", message=NOT_ALLOWED, causes=one("cors-origin-not-allowed"), write=CORS, method="OPTIONS", operation="OptionObject",
          key_id="-", requester="-", agent=CHROME),
)  # fmt: skip

OTHERS = (
    Story(id="host", code="NonStandardHostForbidden", message="The host is not standard.", causes=one("host-not-standard"), logged=False),
    Story(id="cname", code="CnameDenied", message="The cname is bound to another bucket.", causes=one("cname-denied")),
    Story(id="redirect", code="PermanentRedirect", message="Use the specified endpoint.", causes=one("wrong-region-redirect")),
    Story(id="accelerate", code="TransferAccelerationDisabled", message="Transfer acceleration is disabled.", causes=one("acceleration-disabled")),
    Story(id="not-yours", code="BucketNotBelongTo", message="You are not the owner of the bucket.", causes=one("denied-not-owner")),
    Story(id="kms-debt", code="KmsInDebtOverdue", message="KMS is overdue.", causes=one("kms-overdue")),
    Story(id="kms-off", code="KmsUbsmsInvalidBid", message="KMS is not activated.", causes=one("service-not-activated")),
    Story(id="worm", code="WORMConfigurationLocked", message="The WORM Configuration is locked.", causes=one("worm-locked"), method="DELETE"),
    Story(id="log-target", code="InvalidTargetBucketForLogging", message="The target bucket is not owned by the requester.", causes=one("log-target-not-owned"), method="PUT"),
    Story(id="apk", code="ApkDownloadForbidden", message="Download of apk is forbidden.", status=400, causes=one("apk-download-forbidden"), logged=False),
    Story(id="unheard-of", code="QuantumStateForbidden", message="The quantum state is forbidden.", causes=one("unknown-code")),
)  # fmt: skip

FURTHER: tuple[Story, ...] = (*ARCHIVED, *CLOCKS, *KEYS, *ACCOUNTS, *SIGNED, *DENIED, *PAGES, *OTHERS)
