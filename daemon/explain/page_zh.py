"""What `explain --lang zh` says about the remediators: their own docstrings and settings, told in Chinese.

page.py prints these where the English comes from the code itself. A test compares both ways: every remediator, every
paragraph and every setting has its Chinese.
"""

from __future__ import annotations

from collections.abc import Mapping

PARAGRAPHS: Mapping[str, tuple[str, ...]] = {
    "access_denied": (
        "AccessDenied：谁在哪个资源上缺少哪项操作权限，以及是哪一层拒绝的。不会为此写入任何内容。",
        "将文本与云端的回答一起权衡：RAM 解码诊断消息（有延迟，也会过期），OSS 给出 ACL、策略、Referer 名单和所有者。无权读取的部分会如实说明，其余仍然有效。只有在添加 Allow 有用时才给出建议，且不超过被拒绝的内容。",
    ),
    "access_forbidden": (
        "AccessForbidden：浏览器的预检请求被拒绝。若已保存的跨域规则能覆盖该请求，则将其合并到 Bucket。",
        "合并的规则始终是由人保存的：事件中出现的来源只是陌生人的说法。读取完整配置，保持顺序，只改一处后写回；浏览器自己的预检请求通过才算完成。",
        "浏览器控制台会报告同一问题，但不带 OSS 的错误码。它与 OSS 的响应合为一个案例，按同样的规则判断；但控制台文本任何人都能写，因此仅由它报告的问题，未经人批准不会写入。",
    ),
    "image_damage": (
        "ImageDamage：存储的图片是损坏、不完整、过大、不是图片，还是不存在？并给出最近一个完好的版本。",
        "在 OSS 自身的大小上限内取回对象，查看并解码，然后再次询问 OSS：它比任何看图软件都严格。若 Bucket 保留历史版本，可将最近一个可解码的版本拷贝回来；需由人批准，除非策略设置了 `restore_version: enforce`。",
    ),
    "invalid_access_key_id": (
        "InvalidAccessKeyId：OSS 拒绝了某个密钥。查明它属于谁、处于什么状态并做标记；从不改动密钥。",
        "事件中的 AccessKey ID 是未经验证的文本，因此只查询而不轻信：依次查看文本、RAM、回收站和 ActionTrail，得到第一个答案即止。无法查询的内容如实说明“无法检查”，不作指控。",
    ),
    "invalid_object_state": (
        "InvalidObjectState：对象处于归档类型。请求 OSS 解冻，然后等到真正可读。",
        "对冻结的对象，OSS 的 HEAD 也返回 200；它无法区分“从未请求”“已过期”和“丢失”，耗时也可能超过该优先级的参考时间。因此每次都重新读取状态，超时不算失败；读到一个字节才算完成。",
    ),
    "request_time_too_skewed": (
        "RequestTimeTooSkewed：某台机器的时钟不准。说明是谁、偏差多少、偏向哪边、属于哪一类。",
        "错误本身带有两个时钟（RequestTime、ServerTime）；本机时钟与时间服务器和 OSS 比较：应答需要时间，所以每次比较只能得出偏差所在的范围；连最小的可能偏差也过大时，才认为时钟有误。不会设置任何时钟：由人或 NTP 校正。",
    ),
    "signature_does_not_match": (
        "SignatureDoesNotMatch：属于哪一种已知的签名问题，出在哪个客户端。不会为此写入任何内容。",
        "不会因此怪罪所有人共用的密钥：RAM 和 ActionTrail 可说明同一密钥在别处是否可用，相邻案例可说明是一个客户端还是全部被拒绝。",
    ),
    "user_disable": (
        "UserDisable 及同类错误码：账号本身被拒绝。合并为一个案例；在账号恢复应答之前不写入任何内容。",
        "欠费、因安全原因受限，或从未开通：错误码不区分，BSS 的余额或许可以。ossmend 不能付款，也不能启用；它只告知、计数，并查看账号是否恢复应答。案例未关闭期间，brakes.py 会拦住所有写入：不应循环调用已停用的账号。",
    ),
}
"""By module: one for each paragraph of its docstring, sources left out."""

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "cors": {"rule": "`cors_rules` 中某一项的名称。没有它就不会写入任何内容，案例只告知运维人员。"},
    "image": {
        "restore_version": "用最近一个可解码的版本覆盖损坏的版本。`approve`：无论策略的模式如何，每次都由人批准；`enforce`：由策略的模式决定；`never`：只告知哪个版本完好。"
    },
    "key": {"tag_owner": "若已停用的密钥仍在使用，为其 RAM 用户打标签。这是唯一的写入；默认关闭。"},
    "restore": {
        "batch": "大量对象由 OSS 自身的一个批量任务解冻。默认：逐个调用。",
        "days": "解冻副本保持可读的天数；越久费用越高。归档类型最多 7 天：超过的按 7 天处理。",
        "tier": "Expedited、Standard 或 Bulk（深度冷归档没有 Bulk）；默认 Standard。归档类型没有优先级。",
        "on_refreeze": "副本过期后又被请求时：告知运维人员（默认），或再解冻一次。",
        "poll": "多久查看一次进行中的解冻。默认：按存储类型，从 2 秒起加倍，最长 20 秒至 30 分钟。",
    },
    "clock": {
        "warn_after": "本机时钟偏差达到多少时提示。",
        "critical_after": "本机时钟偏差达到多少时作为严重问题提示：请求很快会被拒绝。",
    },
}
"""By section of the policy."""
