"""AccessForbidden: why a browser's preflight is refused (facts: section 4)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "AccessForbidden"
_NEVER = (
    ("Do not allow every origin (*): any page could then use the bucket from a browser.",
     "不要允许所有来源（*）：任何网页都能在浏览器中使用该 Bucket。"),
)  # fmt: skip
_NOT_ALLOWED = Sign(
    "message", "CORSResponse: This CORS request is not allowed", 1.5, "OSS said: rules exist, none matches"
)
_NOT_ENABLED = Sign("message", "CORS is not enabled", 5, "OSS said: CORS is not enabled for this bucket")
_OTHERWISE = Sign("message", "CORS is not enabled", -3, "")

CAUSES = (
    cause(
        "cors-not-enabled", CODE,
        ("The bucket has no CORS rules", "Bucket 未配置跨域规则"),
        (("Add the rule that the page needs: its origin, its methods, its headers.",
          "添加页面所需的规则：来源、方法和请求头。"),
         ("Then repeat the preflight; browsers may cache the old answer for a while.",
          "随后重新发送预检请求；浏览器可能缓存旧结果。")),
        _NEVER, (_NOT_ENABLED,), 0.3, "PutBucketCors",
    ),
    cause(
        "cors-origin-not-allowed", CODE,
        ("No CORS rule allows this origin", "没有规则允许该来源"),
        (("Compare the page's origin with the rules: scheme, host and port count, and a slash at the end never matches.",
          "将页面来源与规则逐一比较：协议、域名、端口都要一致，末尾不能有斜杠。"),
         ("Add the origin to one rule, if the page is yours.", "如果页面属于你们，将来源加入一条规则。")),
        _NEVER, (_NOT_ALLOWED, _OTHERWISE, Sign("asked", "origin", 0.3, "the page asked with {}")), 0.8, "PutBucketCors",
    ),
    cause(
        "cors-method-not-allowed", CODE,
        ("No CORS rule allows this method for the origin", "规则未允许该来源使用此方法"),
        (("Add the method to the rule of that origin.", "在该来源的规则中加入此方法。"),),
        _NEVER, (_NOT_ALLOWED, _OTHERWISE, Sign("asked", "method (PUT|POST|DELETE)", 0.4, "a writing method was asked for: {}")),
        -0.2, "PutBucketCors",
    ),
    cause(
        "cors-header-not-allowed", CODE,
        ("No CORS rule allows all headers that the page sends", "规则未允许页面发送的全部请求头"),
        (("Add the missing header to that rule; a new SDK version may send new ones (x-oss-user-agent).",
          "在规则中补充缺少的请求头；SDK 升级后可能带上新的请求头（如 x-oss-user-agent）。"),),
        _NEVER, (_NOT_ALLOWED, _OTHERWISE), -0.2, "PutBucketCors",
    ),
    cause(
        "cors-no-stored-rule", CODE,
        ("No rule is stored for this bucket", "没有为该 Bucket 保存规则"),
        (("Store the rule that may be merged under cors_rules, and name it in the policy.",
          "在 cors_rules 中保存允许合并的规则，并在策略中引用。"),),
        _NEVER,
    ),
    cause(
        "cors-stored-rule-does-not-cover", CODE,
        ("The stored rule does not cover what was asked for", "已保存的规则不包含所请求的内容"),
        (("If the page is yours, widen the stored rule by exactly what is missing.",
          "如果页面属于你们，仅按缺少的部分放宽已保存的规则。"),
         ("If it is not, nothing is wrong: the refusal is right.", "如果不是，说明拒绝是正确的，无需处理。")),
        _NEVER,
    ),
    cause(
        "cors-wildcard-with-credentials", CODE,
        ("The page sends credentials, and the rule allows every origin", "页面携带凭证，而规则允许所有来源"),
        (("Name the origin in the rule: browsers refuse * together with credentials.",
          "在规则中写明具体来源：浏览器不接受 * 与凭证同时使用。"),),
        _NEVER,
    ),
    cause(
        "cors-limit-reached", CODE,
        ("The bucket's CORS configuration is full (10 rules, 16 KB)", "跨域规则已达上限（10 条、16 KB）"),
        (("Merge rules by hand: several origins may share one.", "请手工合并规则：多个来源可共用一条规则。"),),
    ),
    cause(
        "cors-unknown-elements", CODE,
        ("The configuration has settings that a write would lose", "配置中含有写回时会丢失的未知设置"),
        (("Change the rules in the console, where these settings are known.", "请在控制台修改规则，以保留这些设置。"),),
    ),
    cause(
        "cors-already-allowed", CODE,
        ("The preflight passes by now", "预检请求目前已通过"),
        (("Try again; clear the browser's cache of preflights if the page still fails.",
          "请重试；若页面仍失败，请清除浏览器的预检缓存。"),),
    ),
    cause(
        "cors-rule-present-not-effective", CODE,
        ("The rule is there, and the preflight is still refused", "规则已存在，但预检仍被拒绝"),
        (("Look at what is in front of the bucket: a CDN needs CORS rules of its own.",
          "检查 Bucket 前面的组件：CDN 需要单独配置跨域。"),
         ("Compare the preflight's headers with the rule, letter by letter.", "逐字比对预检请求头与规则。")),
        _NEVER,
    ),
    cause(
        "cors-shadowed-by-earlier-rule", CODE,
        ("An earlier rule answers first", "前面的规则先匹配"),
        (("Reorder or merge the rules: the first that matches wins.", "调整顺序或合并规则：先匹配者生效。"),),
    ),
    cause(
        "forbidden-not-cors", CODE,
        ("AccessForbidden without a CORS message", "AccessForbidden，但不是跨域消息"),
        (("Keep the whole response: this code is documented for CORS only.", "保留完整响应：该错误码仅在跨域场景有说明。"),),
        signs=(Sign("readable", "^message$", 2.5, "OSS's message is not one of CORS"),
               Sign("message", "CORS", -6, "")), prior=-1.5,
    ),
)  # fmt: skip
