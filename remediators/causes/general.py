"""What fits every code: unknown, could not check, no code at all, somebody else's error."""

from ossmend.remediators.causes.model import cause

CAUSES = (
    cause(
        "unknown", "",
        ("The cause is not known", "原因未知"),
        (("Keep the whole error with its body and request id: most causes show in the fields that were cut off.",
          "保留完整的错误、响应体和请求 ID：多数原因就写在被截断的字段里。"),
         ("Ask Alibaba Cloud support with the request id.", "携带请求 ID 咨询阿里云支持。")),
        (("Do not widen permissions on a guess.", "不要凭猜测放宽权限。"),),
        prior=None,
    ),
    cause(
        "could-not-check", "",
        ("ossmend could not check: its own request was refused or not answered", "ossmend 无法检查：自身的请求被拒绝或没有响应"),
        (("Look at ossmend's own permissions, credentials and clock: ossmend check --live.",
          "检查 ossmend 自身的权限、凭证和时钟：ossmend check --live。"),),
        (("Do not take this for a finding about the application.", "不要把它当作对应用的结论。"),),
        prior=None,
    ),
    cause(
        "no-code", "",
        ("A 403 without an OSS error code", "没有 OSS 错误码的 403"),
        (("Find out what answered: a proxy, a firewall or a CDN in front of OSS answers without OSS's XML body.",
          "查明是谁返回的：OSS 前面的代理、防火墙或 CDN 不会带 OSS 的 XML 响应体。"),
         ("Log status, headers (x-oss-request-id, x-oss-ec) and the whole body.",
          "记录状态码、响应头（x-oss-request-id、x-oss-ec）和完整响应体。")),
        (("Do not treat it as a missing permission before the code is known.", "在得知错误码之前，不要当作缺少权限处理。"),),
        prior=None,
    ),
    cause(
        "unknown-code", "",
        ("A code that ossmend does not know", "ossmend 不认识的错误码"),
        (("Look the code up in OSS's list of error codes, and keep the whole error with its request id.",
          "在 OSS 错误码列表中查找该码，并保留完整错误和请求 ID。"),),
        (("Do not treat it like a code that only sounds alike.", "不要把它当作名称相近的错误码处理。"),),
        prior=None,
    ),
    cause(
        "another-service", "",
        ("An error of another service, not of OSS", "这是其他服务的错误，不是 OSS 的"),
        (("Ask those who run that service; ossmend leaves it alone.", "请联系该服务的负责人；ossmend 不会处理。"),
         ("If the program was meant to talk to OSS, look at its endpoint.", "如果程序本应访问 OSS，请检查它的 Endpoint。")),
        (("Do not change anything in OSS or RAM because of it.", "不要因此改动 OSS 或 RAM 的设置。"),),
        prior=None,
    ),
)  # fmt: skip
