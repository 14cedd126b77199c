"""AccessForbidden: why a browser's preflight is refused (docs/facts.md#cors)."""

from ossmend.remediators.causes.indicators import against, said, sign
from ossmend.remediators.causes.model import cause

CODE = "AccessForbidden"
_NEVER = (
    ("Do not allow every origin (*): any page could then use the bucket from a browser.",
     "不要允许所有来源（*）：否则任何网页都能在浏览器中使用该 Bucket。"),
    ("Do not make the bucket public: that does not help a preflight.", "不要把 Bucket 设为公共：这对预检没有帮助。"),
)  # fmt: skip
_NOT_ALLOWED = said(r"\bCORSResponse: This CORS request is not allowed\b", 1.8)
_OTHERWISE = against("message", "CORS is not enabled", 4)
_CONSOLE = "fields.cors_console"

CAUSES = (
    cause(
        "cors-not-enabled", CODE,
        ("The bucket has no CORS rules", "Bucket 未配置跨域规则"),
        (("Add the rule that the page needs: its origin, its methods, its headers.",
          "添加页面所需的规则：来源、方法和请求头。"),
         ("Then repeat the preflight (OPTIONS); browsers may remember the old answer for a while.",
          "随后重新发送预检请求（OPTIONS）；浏览器可能会缓存旧结果一段时间。")),
        _NEVER,
        (said(r"\bCORS is not enabled\b", 6.5), against("message", "This CORS request is not allowed", 4),
         sign(_CONSOLE, "preflight|No 'Access-Control-Allow-Origin'|header .?Access-Control-Allow-Origin.? missing|access control checks", 1.5,
              "the browser said: {}", "浏览器提示：{}")),
        0.5, "PutBucketCors",
    ),
    cause(
        "cors-origin-not-allowed", CODE,
        ("No CORS rule allows this origin", "没有规则允许该来源"),
        (("Compare the page's origin with the rules: scheme, host and port count, and a slash at the end never matches.",
          "将页面来源与规则逐一比较：协议、域名、端口都要一致，末尾不能有斜杠。"),
         ("Add the origin to one rule, if the page is yours.", "如果页面属于你们，将来源加入一条规则。")),
        _NEVER,
        (_NOT_ALLOWED, _OTHERWISE, sign("asked", ".", 0.4, "the page asked with {}", "页面的请求：{}"),
         sign(_CONSOLE, "preflight|No 'Access-Control-Allow-Origin'|has a value|not allowed by Access-Control-Allow-Origin|access control checks|missing", 1.7,
              "the browser said: {}", "浏览器提示：{}"),
         against(_CONSOLE, "header field|Method|credentials mode|Access-Control-Allow-Headers", 4)),
        0.9, "PutBucketCors",
    ),
    cause(
        "cors-method-not-allowed", CODE,
        ("No CORS rule allows this method for the origin", "规则未允许该来源使用此方法"),
        (("Add the method to the rule of that origin.", "在该来源的规则中加入此方法。"),),
        _NEVER,
        (_NOT_ALLOWED, _OTHERWISE,
         sign("asked", "method (PUT|POST|DELETE)", 0.5, "a writing method was asked for: {}", "请求了写入方法：{}"),
         sign(_CONSOLE, "[Mm]ethod .{0,20}not allowed|Allow-Methods", 6, "the browser said: {}", "浏览器提示：{}")),
        -0.4, "PutBucketCors",
    ),
    cause(
        "cors-header-not-allowed", CODE,
        ("No CORS rule allows all headers that the page sends", "规则未允许页面发送的全部请求头"),
        (("Add the missing header to the one rule that fits origin and method; a new SDK version may send new ones (x-oss-user-agent).",
          "在来源和方法都匹配的那条规则中补充缺少的请求头；SDK 升级后可能带上新的请求头（如 x-oss-user-agent）。"),),
        (("Do not widen all rules: extend one.", "不要放宽所有规则：只扩展一条。"), *_NEVER),
        (_NOT_ALLOWED, _OTHERWISE,
         sign("asked_headers", ".", 0.8, "the page sends these headers: {}", "页面发送的请求头：{}"),
         sign("asked_headers", "x-oss-", 1.2, "headers of an SDK are among them", "其中包含 SDK 的请求头"),
         sign("sample", r"(?i)access-control-request-headers[^\r\n]{0,300}x-oss-", 2.4, "the preflight asked for headers of an SDK (x-oss-...)",
              "预检请求了 SDK 的请求头（x-oss-...）"),
         sign("sample", r"(?:after|since).{0,30}(?:upgrad|updat)|升级", 0.8, "it began after an upgrade", "在升级之后出现"),
         sign(_CONSOLE, "header field|Access-Control-Allow-Headers", 6, "the browser said: {}", "浏览器提示：{}")),
        -0.4, "PutBucketCors",
    ),
    cause(
        "cors-stored-rule-does-not-cover", CODE,
        ("The stored rule does not cover what was asked for", "已保存的规则不包含所请求的内容"),
        (("If the page is yours, widen the stored rule by exactly what is missing.",
          "如果页面属于你们，仅按缺少的部分放宽已保存的规则。"),
         ("If it is not, nothing is wrong: the refusal is right.", "如果不是，说明拒绝是正确的，无需处理。")),
        _NEVER, prior=None,
    ),
    cause(
        "cors-wildcard-with-credentials", CODE,
        ("The page sends credentials, and the rule allows every origin", "页面携带凭证，而规则允许所有来源"),
        (("Name the origin in the rule: browsers refuse * together with credentials.",
          "在规则中写明具体来源：浏览器不接受 * 与凭证同时使用。"),
         ("Or send no credentials: requests that are signed in the URL need none.", "或者不要携带凭证：URL 签名的请求不需要。")),
        _NEVER,
        (sign(_CONSOLE, "credentials mode|wildcard", 6.5, "the browser said: {}", "浏览器提示：{}"),), -2.5,
    ),
    cause(
        "cors-limit-reached", CODE,
        ("The bucket's CORS configuration is full (10 rules, 16 KB)", "跨域规则已达上限（10 条、16 KB）"),
        (("Merge rules by hand: several origins may share one.", "请手工合并规则：多个来源可共用一条规则。"),),
        _NEVER, prior=None,
    ),
    cause(
        "cors-unknown-elements", CODE,
        ("The configuration has settings that a write would lose", "配置中含有写回时会丢失的未知设置"),
        (("Change the rules in the console, where these settings are known.", "请在控制台修改规则，以保留这些设置。"),),
        prior=None,
    ),
    cause(
        "cors-already-allowed", CODE,
        ("The preflight passes now", "预检请求目前已通过"),
        (("Try again; clear the browser's cache of preflights if the page still fails.",
          "请重试；若页面仍失败，请清除浏览器的预检缓存。"),
         ("If every object costs a preflight of its own, set MaxAgeSeconds in the rule.",
          "如果每个对象都触发一次预检，请在规则中设置 MaxAgeSeconds。")),
        prior=None,
    ),
    cause(
        "cors-rule-present-not-effective", CODE,
        ("The rule is there, and the preflight is still refused", "规则已存在，但预检仍被拒绝"),
        (("Look at what is in front of the bucket: a CDN needs CORS rules of its own.",
          "检查 Bucket 前面的组件：CDN 需要单独配置跨域。"),
         ("Compare the preflight's headers with the rule, letter by letter.", "逐字比对预检请求头与规则。")),
        _NEVER, prior=None,
    ),
    cause(
        "cors-rule-changed-back", CODE,
        ("Somebody changes the CORS rules back", "有人反复改回跨域规则"),
        (("Find who writes the bucket's CORS rules: ActionTrail shows PutBucketCors with the caller and the time.",
          "查明谁在写入该 Bucket 的跨域规则：操作审计（ActionTrail）会记录 PutBucketCors 的调用者和时间。"),
         ("Add the rule there: to the Terraform, the operator or the script that owns this configuration.",
          "在其源头添加该规则：Terraform、Operator 或管理该配置的脚本。")),
        (("Do not merge it once more by hand before that: it would be changed back again.",
          "在此之前不要再次手工合并：规则还会被改回。"),), prior=None,
    ),
    cause(
        "forbidden-not-cors", CODE,
        ("AccessForbidden without a CORS message", "AccessForbidden，但不是跨域消息"),
        (("Keep the whole response: this code is documented for CORS only, so ossmend changes nothing.",
          "保留完整响应：该错误码仅在跨域场景有说明，ossmend 不做任何改动。"),),
        (("Do not change CORS rules because of it.", "不要因此修改跨域规则。"), *_NEVER[1:]),
        (sign("not_cors", ".", 5, "OSS's message is not one of CORS: {}", "OSS 的消息不是跨域消息：{}"),
         against("message", "CORS", 8), against("shape", "browser_console", 8)), -1.5,
    ),
)  # fmt: skip
