"""What fits every code: unknown, could not check, no code at all, somebody else's error."""

from ossmend.remediators.causes.model import cause

CAUSES = (
    cause(
        "unknown", "",
        ("The cause is not known", "原因未知"),
        (("Keep the whole error with its body and request id: most causes show in the fields that were cut off.",
          "保留完整错误及响应体和请求 ID：多数原因就在被截断的字段里。"),
         ("Ask Alibaba Cloud support with the request id.", "携带请求 ID 咨询阿里云支持。")),
        (("Do not widen permissions on a guess.", "不要凭猜测放宽权限。"),),
    ),
    cause(
        "could-not-check", "",
        ("ossmend could not check: its own request was refused or not answered", "ossmend 无法检查：自身请求被拒绝或无响应"),
        (("Look at ossmend's own permissions, credentials and clock (ossmend check --live).",
          "检查 ossmend 自身的权限、凭证和时钟（ossmend check --live）。"),),
        (("Do not take this for a finding about the application.", "不要把它当作对应用的结论。"),),
    ),
    cause(
        "no-code", "",
        ("A 403 without an OSS error code", "没有 OSS 错误码的 403"),
        (("Look at what answered: a proxy, a WAF or a block page in front of OSS has no XML body.",
          "确认是谁返回的：代理、WAF 或拦截页不会带 XML 响应体。"),
         ("Log status, headers (x-oss-request-id, x-oss-ec) and body.", "记录状态码、响应头（x-oss-request-id、x-oss-ec）和响应体。")),
        (("Do not treat it as a missing permission before the code is known.", "在得知错误码之前，不要当作缺少权限处理。"),),
    ),
    cause(
        "unknown-code", "",
        ("A code that this catalogue does not know", "目录中没有的错误码"),
        (("Read OSS's page of error codes for it; send us a sample.", "查阅 OSS 错误码文档，并向我们提供样例。"),),
        (("Do not treat it like a similar code.", "不要当作相似的错误码处理。"),),
    ),
    cause(
        "another-service", "",
        ("An error of another service, not of OSS", "来自其他服务的错误，不是 OSS"),
        (("Ask that service's owner; ossmend leaves it alone.", "请联系该服务的负责人；ossmend 不会处理。"),),
    ),
)  # fmt: skip
