"""Stories for the scenarios that people reported (numbers S01 to S58): texts made up to tell the same."""

from __future__ import annotations

from tests.scenarios.story import CORS, RESTORE, Story

STATE = "The operation is not valid for the object's state"
SKEWED = "The difference between the request time and the current time is too large."
NOT_OURS = "The OSS Access Key Id you provided does not exist in our records."
DISABLED = "The OSS Access Key Id you provided is disabled."
SIGNATURE = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)
ACL = "You have no right to access this object because of bucket acl."
OWNER = "The bucket you access does not belong to you."
NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."
)
NOT_ENABLED = "CORSResponse: CORS is not enabled for this bucket."
LTAI = "LTAI5tMadeUpForThisTest1"
STS = "STS.NUMadeUpForThisTest123456"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


def one(*causes: str) -> frozenset[str]:
    return frozenset(causes)


def skew(asked: str, served: str) -> dict[str, str]:
    return {"MaxAllowedSkewMilliseconds": "900000", "RequestTime": asked, "ServerTime": served}


def signed(string: str, signature: str = "aGVsbG8gd29ybGQgZnJvbSB0ZXM=", key_id: str = LTAI) -> dict[str, str]:
    octets = "".join(f"{octet:02X} " for octet in string.encode())
    return {
        "OSSAccessKeyId": key_id,
        "SignatureProvided": signature,
        "StringToSign": string,
        "StringToSignBytes": octets,
    }


ARCHIVED = (
    Story(id="S01", code="InvalidObjectState", message=STATE, ec="0016-00000330", causes=one("copy-source-archived"), before="copyObject err:",
          method="PUT", operation="CopyObject", storage_class="Archive"),
    Story(id="S01-again", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("restoring"), reduced_write=RESTORE, storage_class="Archive",
          after="restore err: StatusCode=409, ErrorCode=RestoreAlreadyInProgress, ErrorMessage=\"The restore operation is in progress.\""),
    Story(id="S02", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("never-restored"), write=RESTORE,
          bucket="backups", key="panel/db_2024-01-01.tar.gz", before="download backup file failed", storage_class="Archive"),
    Story(id="S04", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("never-restored"), write=RESTORE,
          bucket="cloud-drive", key="uploads/1/movie.mkv", storage_class="\"Cold Archive\"".strip('"')),
    Story(id="S05", code="InvalidObjectState", message=STATE, causes=one("never-restored"), write=RESTORE, key="archive/2019/old.zip",
          agent="aliyun-sdk-nodejs/6.23.0 Node.js 20 on Linux x64", storage_class="Archive"),
    Story(id="S06", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("never-restored"), write=RESTORE,
          bucket="jfs", key="myjfs/chunks/0/0/1_0_4194304", agent="Go-http-client/1.1", storage_class="Archive"),
    Story(id="S07", code="InvalidObjectState", message=STATE, ec="0016-00000404", causes=one("archived-by-lifecycle"), write=RESTORE,
          bucket="e2b-templates", key="t/rootfs.ext4", after="head: x-oss-storage-class: Archive, x-oss-transition-time: Fri, 19 Apr 2024 07:21:42 GMT",
          storage_class="Archive"),
)  # fmt: skip

SKEW = (
    Story(id="S09", code="RequestTimeTooSkewed", message=SKEWED, ec="0002-00000504", causes=one("clock-drift"),
          fields=skew("2024-09-23T06:11:02.000Z", "2024-09-23T06:32:40.000Z"), agent="aliyun-sdk-go/1.9.1 (Linux) ossutil", method="GET"),
    Story(id="S10", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-absurd-server-time"), agent="aliyun-sdk-android/2.9.5",
          fields=skew("2018-01-18T03:04:05.000Z", "1970-01-18T03:04:05.000Z")),
    Story(id="S11", code="RequestTimeTooSkewed", message=SKEWED, ec="0002-00000504", causes=one("clock-drift"), agent="Dart/3.3 (dart:io)",
          fields=skew("2024-09-22T06:32:38.000Z", "2024-09-23T06:32:40.000Z"), host="img-dev.example.com"),
    Story(id="S13", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-unset"), agent="aos-http/1.0",
          fields=skew("1970-01-01T00:00:35.000Z", "2024-09-23T06:32:40.000Z"), method="PUT", operation="PutObject"),
    Story(id="S14", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-drift"), agent=CHROME,
          fields=skew("2024-09-23T09:11:09.000Z", "2024-09-23T06:32:40.000Z")),
    Story(id="S15", code="RequestTimeTooSkewed", message=SKEWED, causes=one("clock-slow-upload"), method="PUT", operation="UploadPart",
          fields=skew("2024-09-23T06:14:10.000Z", "2024-09-23T06:32:40.000Z"), took_ms=1_090_000, length=734_003_200,
          before="PUT part 3, Content-Length: 734003200, ntp: synchronized"),
)  # fmt: skip

KEYS = (
    Story(id="S17", code="InvalidAccessKeyId", message=DISABLED, ec="0002-00000903", causes=one("key-disabled"), fields={"OSSAccessKeyId": LTAI}),
    Story(id="S18", code="InvalidAccessKeyId", message=NOT_OURS, ec="0002-00000902", causes=one("key-temporary"), key_id=STS,
          fields={"OSSAccessKeyId": STS}, agent="aliyun-sdk-go/1.9.1 ossutil/v1.4.2", before="mode: EcsRamRole"),
    Story(id="S20", code="InvalidAccessKeyId", message=NOT_OURS, causes=one("key-temporary"), fields={"OSSAccessKeyId": STS}, key_id=STS,
          agent="aliyun-sdk-android/2.9.5", method="PUT", operation="PutObject"),
    Story(id="S21", code="InvalidAccessKeyId", message=NOT_OURS, causes=one("key-malformed"), fields={"OSSAccessKeyId": f" {LTAI}"}),
    Story(id="S21-pasted", code="InvalidAccessKeyId", causes=one("key-malformed"), ec="0002-00000901", fields={"OSSAccessKeyId": f"{LTAI}\n"},
          message="The OSS Access Key Id contains non-acceptable characters, which accepts only alphanumeric characters [0-9a-zA-Z] and "
          "several special characters [. _=]"),
    Story(id="S23", code="InvalidAccessKeyId", agent=CHROME, key_id=STS, fields={"OSSAccessKeyId": STS}, causes=one("key-temporary"),
          message=f"{NOT_OURS} The Security Token may be lost to specify that it is a STS Access Id."),
)  # fmt: skip

ACCOUNT_AND_IMAGES = (
    Story(id="S25", code="UserDisable", message="UserDisable", ec="0003-00000801", causes=one("account-overdue", "account-security-hold"), logged=False),
    Story(id="S27", code="InDebt", message="Your account has an overdue payment.", causes=one("account-overdue"), method="PUT", operation="PutObject"),
    Story(id="S28", code="ImageDamage", message="The image file may be damaged.", causes=one("image-damaged"), operation="ProcessImage",
          query="x-oss-process=image/resize,w_200", after="downloaded copy: 48213 bytes, all zeros"),
    Story(id="S29", code="ImageDamage", message="The image file may be damaged.", causes=one("image-damaged"), status=400, operation="ProcessImage",
          query="x-oss-process=image/info", agent="aliyun-sdk-ios/2.10.10"),
    Story(id="S32-large", code="BadRequest", message="The image has too many pixels, over the limit of 250000000.", status=400,
          causes=one("image-too-large"), ec="0040-00000012", query="x-oss-process=image/resize,w_100", logged=False),
    Story(id="S32-format", code="BadRequest", message="This image format is not supported.", status=400, causes=one("image-unsupported"),
          ec="0040-00000005", key="raw/IMG_1.cr2", query="x-oss-process=image/resize,w_100", logged=False),
    Story(id="S32-missing", code="BadRequest", message="The source image does not exist.", status=400, causes=one("image-source-missing"),
          ec="0040-00000024", query="x-oss-process=image/watermark", logged=False),
    Story(id="S32-damaged", code="ImageDamage", message="The image file may be damaged.", ec="0040-00000021", causes=one("image-damaged"), key="p/a.avif"),
)  # fmt: skip

SIGNED = (
    Story(id="S33", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("signed-header-differs"), method="PUT", operation="PutObject",
          fields=signed("PUT\n\nimage/jpeg\n1727073160\nx-oss-meta-author:me\n/shop-data/img/2024/a.jpg"), ec="0002-00000040",
          before="fetch(presigned URL) with a File body", query="Expires=1727073160&OSSAccessKeyId=x&Signature=y"),
    Story(id="S35", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("key-encoding"), key="docs/100%/{a}#$1.txt",
          fields=signed("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/shop-data/docs/100%25/%7Ba%7D%23%241.txt"), ec="0002-00000040"),
    Story(id="S37-chunked", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("chunked-signing"), method="PUT", operation="PutObject",
          fields=signed("AWS4-HMAC-SHA256\n20240923T063240Z\n20240923/cn-hangzhou/s3/aws4_request\nSTREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
          agent="aws-sdk-dotnet-coreclr/3.7"),
    Story(id="S37-region", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("v4-without-region"), ec="0002-00000201",
          fields=signed("OSS4-HMAC-SHA256\n20240923T063240Z\n20240923//oss/aliyun_v4_request\n" + "ab" * 32, "cd" * 32)),
    Story(id="S38", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("wrong-secret"), key="notes/today.md",
          fields=signed("GET\n\n\nMon, 23 Sep 2024 06:32:40 GMT\n/shop-data/notes/today.md"), ec="0002-00000040"),
    Story(id="S38-cut", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("url-cut-or-garbled"), key="v/clip.mp4",
          fields=signed("GET\n\n\n1727073160\n/shop-data/v/clip.mp4", "aGVsbG8gd29y"), query="Expires=1727073160&OSSAccessKeyId=x&Signature=y"),
    Story(id="S38-plus", code="SignatureDoesNotMatch", message=SIGNATURE, causes=one("plus-lost"), key="v/clip.mp4",
          fields=signed("GET\n\n\n1727073160\n/shop-data/v/clip.mp4", "aGVsbG8g 29ybGQgZnJvbSB0ZXM="), query="Expires=1727073160&OSSAccessKeyId=x&Signature=y"),
)  # fmt: skip


def detail(layer: str, kind: str, action: str, who: str = "SubUser") -> dict[str, str]:
    return {"PolicyType": layer, "AuthPrincipalOwnerId": "1012345678901234", "AuthPrincipalType": who, "AuthPrincipalDisplayName": "2012345678901234",
            "NoPermissionType": kind, "AuthAction": action, "EncodedDiagnosticMessage": "AQIBIAEBAQ=="}  # fmt: skip


ACCOUNT_LEVEL = "AccountLevelIdentityBasedPolicy"

DENIED = (
    Story(id="S40", message=ACL, ec="0003-00000001", causes=one("denied-bucket-acl"), requester="-", key_id="-", referer="https://blog.example.com/"),
    Story(id="S40-owner", message=OWNER, ec="0003-00000001", causes=one("denied-bucket-acl", "denied-ram-implicit", "denied-not-owner"), operation="PutObject",
          method="PUT"),
    Story(id="S41", message="You are forbidden to list buckets.", causes=one("denied-list-buckets"), key="", bucket="", host="oss-cn-hangzhou.aliyuncs.com",
          operation="GetService", logged=False),
    Story(id="S41-prefix", message="You have no right to access this object because of RAM policy.", ec="0003-00000202", causes=one("denied-ram-implicit"),
          key="team-a", detail=detail(ACCOUNT_LEVEL, "ImplicitDeny", "oss:ListObjects"), operation="GetBucket"),
    Story(id="S43-region", ec="0003-00001403", causes=one("denied-wrong-endpoint"), fields={"Bucket": "shop-data", "Endpoint": "oss-cn-beijing.aliyuncs.com"},
          message="The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."),
    Story(id="S43-group", message="Access denied.", causes=one("denied-resource-group"), detail=detail("ResourceGroupLevelIdentityBasedPolicy", "ImplicitDeny", "oss:PutBucket")),
    Story(id="S43-role", message="Access denied.", causes=one("denied-role"), detail=detail("AssumeRolePolicy", "ImplicitDeny", "sts:AssumeRole", "AssumedRoleUser")),
    Story(id="S44", message="Access denied.", ec="0003-00000202", causes=one("denied-ram-implicit"), detail=detail(ACCOUNT_LEVEL, "ImplicitDeny", "oss:ListObjects")),
    Story(id="S46", code="SecondLevelDomainForbidden", message="Please use virtual hosted style to access.", causes=one("path-style-address"),
          host="oss-cn-hangzhou.aliyuncs.com", logged=False),
    Story(id="S47", message="Access denied by bucket policy.", causes=one("denied-bucket-policy", "unknown"), ec="0003-00000101"),
    Story(id="S47-session", message="Access denied by authorizer's policy.", causes=one("denied-session-policy"), key_id=STS,
          detail=detail("SessionPolicy", "ImplicitDeny", "oss:PutObject", "AssumedRoleUser")),
    Story(id="S56", message="Request has expired.", ec="0002-00000069", causes=one("url-expired"), query="Expires=1726727560&OSSAccessKeyId=x&Signature=y",
          fields={"Expires": "2024-09-19T06:32:40.000Z", "ServerTime": "2024-09-23T06:32:40.000Z"}),
    Story(id="S58", message="Access denied by authorizer's policy.", causes=one("denied-session-policy"), key_id=STS, method="PUT", operation="PutObject"),
)  # fmt: skip

BROWSERS = (
    Story(id="S49", code="AccessForbidden", message=NOT_ENABLED, causes=one("cors-not-enabled"), write=CORS, method="OPTIONS", operation="OptionObject",
          referer="https://app.example.com/upload", key_id="-", requester="-", agent=CHROME),
    Story(id="S50", code="AccessForbidden", message=NOT_ALLOWED, causes=one("cors-header-not-allowed"), write=CORS, method="OPTIONS", operation="OptionObject",
          referer="https://app.example.com/", key_id="-", requester="-", agent=CHROME,
          before="preflight Origin: https://app.example.com, Access-Control-Request-Method: PUT, Access-Control-Request-Headers: authorization,x-oss-date,x-oss-user-agent; "
          "since the upgrade of ali-oss"),
    Story(id="S55", code="AccessForbidden", message=NOT_ENABLED, causes=one("cors-not-enabled"), write=CORS, method="OPTIONS", operation="OptionObject",
          before="XHR error, status -1 (upload from the page)", referer="https://up.example.com/", key_id="-", requester="-", agent=CHROME),
    Story(id="S55-narrow", code="AccessForbidden", message=NOT_ALLOWED, causes=one("cors-origin-not-allowed"), write=CORS, method="OPTIONS",
          operation="OptionObject", before="Origin: https://up.example.com", referer="https://up.example.com/", key_id="-", requester="-", agent=CHROME),
)  # fmt: skip

LISTED: tuple[Story, ...] = (*ARCHIVED, *SKEW, *KEYS, *ACCOUNT_AND_IMAGES, *SIGNED, *DENIED, *BROWSERS)
