"""Code -> a line that an application should write, where ossmend needs more than the code and the object to act.

Any shape is read (JSON, logfmt, the SDK's own text); what counts is that the facts are there. A test reads each line as
the daemon does, and takes each fact away in turn. code_pages.py prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ossmend.remediators.causes.model import Text


class LogLine(NamedTuple):
    line: str
    needs: tuple[str, ...]
    """Fields that are more than the code and the object."""
    why: Text


LINES: Mapping[str, LogLine] = {
    "AccessForbidden": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"upload refused","code":"AccessForbidden",'
        '"message":"CORSResponse: This CORS request is not allowed.","bucket":"web-assets","key":"up/a.png",'
        '"origin":"https://app.example.com","access-control-request-method":"PUT",'
        '"access-control-request-headers":"content-type, x-oss-meta-owner"}',
        ("origin", "access-control-request-method", "access-control-request-headers"),
        Text(
            "OSS's answer names neither the page nor what the browser asked for, so whoever logs it has to: the page's "
            "origin, the method and the headers of the request that the preflight was for. With them it is certain "
            "whether the stored rule covers the request; without the origin nothing is proposed.",
            "OSS 的响应既不包含页面来源，也不包含浏览器请求的内容，因此需要由记录日志的程序写明：页面来源（Origin）、"
            "预检所对应请求的方法和请求头。有了这些才能确定已保存的规则是否覆盖该请求；没有来源则不会提出任何写入。",
        ),
    ),
    "InvalidAccessKeyId": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"download refused","code":"InvalidAccessKeyId",'
        '"message":"The OSS Access Key Id you provided is disabled.","bucket":"reports","key":"2026/q3.csv",'
        '"OSSAccessKeyId":"LTAI5tExampleOfAReport01","client_ip":"10.0.0.8"}',
        ("OSSAccessKeyId", "client_ip"),
        Text(
            "The key id (never the secret) is what RAM is asked about; OSS's answer has it as OSSAccessKeyId. The "
            "client's address tells who still uses the key.",
            "向 RAM 查询时需要 AccessKey ID（切勿记录 Secret）；OSS 的响应中为 OSSAccessKeyId。"
            "客户端地址说明谁仍在使用该密钥。",
        ),
    ),
    "RequestTimeTooSkewed": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"download refused","code":"RequestTimeTooSkewed",'
        '"bucket":"reports","key":"2026/q3.csv","RequestTime":"2026-11-28T02:12:44.000Z",'
        '"ServerTime":"2026-11-28T03:12:44.000Z","client_ip":"10.0.0.8"}',
        ("RequestTime", "ServerTime", "client_ip"),
        Text(
            "Both times are in OSS's answer: they tell how far the clock is off, and a wrong time zone from a drift. "
            "The client's address tells whose clock it is.",
            "两个时间都在 OSS 的响应中：由此可知时钟偏差多少，是时区错误还是漂移。客户端地址说明是谁的时钟。",
        ),
    ),
    "SignatureDoesNotMatch": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"upload refused","code":"SignatureDoesNotMatch",'
        '"bucket":"reports","key":"2026/q3.csv","OSSAccessKeyId":"LTAI5tExampleOfAReport01","StringToSign":'
        '"PUT\\n\\ntext/csv\\nSat, 28 Nov 2026 03:12:44 GMT\\n/reports/2026/q3.csv","client_ip":"10.0.0.8",'
        '"user_agent":"reports/2.4"}',
        ("OSSAccessKeyId", "StringToSign", "client_ip", "user_agent"),
        Text(
            "What OSS signed itself (StringToSign, from its answer) shows which signing fault it is; key id, client "
            "and agent tell one client's fault from everybody's. Never log the signature or the secret.",
            "OSS 自身所签名的内容（响应中的 StringToSign）说明是哪一种签名问题；AccessKey ID、客户端地址和 "
            "User-Agent 可区分是某个客户端还是全部。切勿记录签名或 Secret。",
        ),
    ),
    "AccessDenied": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"download refused","bucket":"reports",'
        '"key":"2026/q3.csv","body":"<Error><Code>AccessDenied</Code><Message>Access denied by authorizer\'s policy.'
        "</Message><RequestId>6929B33D0000000000000001</RequestId><HostId>reports.oss-cn-hangzhou.aliyuncs.com</HostId>"
        "<AccessDeniedDetail><AuthAction>oss:GetObject</AuthAction><AuthPrincipalDisplayName>report-reader"
        "</AuthPrincipalDisplayName><AuthPrincipalType>SubUser</AuthPrincipalType><PolicyType>"
        "AccountLevelIdentityBasedPolicy</PolicyType><NoPermissionType>ImplicitDeny</NoPermissionType>"
        '</AccessDeniedDetail></Error>"}',
        ("body",),
        Text(
            "Log OSS's whole answer: AccessDeniedDetail says who lacks which action and which policy said no, and the "
            "narrowest grant is made of it. The message alone leaves it open.",
            "请记录 OSS 的完整响应：AccessDeniedDetail 说明谁缺少哪项操作权限、由哪类策略拒绝，"
            "最小授权即由此得出。仅有消息无法判断。",
        ),
    ),
    "InvalidObjectState": LogLine(
        '{"time":"2026-11-28T03:12:45Z","level":"error","msg":"copy refused","code":"InvalidObjectState",'
        '"operation":"CopyObject","bucket":"reports","key":"copies/q3.csv","x-oss-copy-source":"/reports/2026/q3.csv"}',
        ("x-oss-copy-source",),
        Text(
            "Bucket and object are enough for a read. For a copy the source is the object that is archived, and OSS's "
            "answer does not name it. A source in another bucket is told, and not restored.",
            "读取时，Bucket 和对象即可。拷贝时，被归档的是源对象，而 OSS 的响应不包含它。"
            "源对象位于其他 Bucket 时只告知，不解冻。",
        ),
    ),
}  # fmt: skip
"""Codes that are not here need their code, bucket and object, and nothing else."""
