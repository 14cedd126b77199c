"""A sentence that a remediator says in English -> the same in Chinese, for `explain --live --lang zh`.

Remediators speak English, because the journal and the notices do. What the catalogue says has its Chinese beside it; what
a remediator adds after it has asked the cloud is translated here, sentence by sentence. A test walks through the
remediators' own strings, so that none is forgotten. A sentence that is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

SENTENCES: Sequence[tuple[str, str]] = (
    # what we could not ask
    ("could not check: {}: {} ({}): {}", "无法检查：{0}：{1}（{2}）：{3}"),
    ("could not check: {}", "无法检查：{0}"),
    ("could not check the key: our own {} was refused with {}", "无法检查密钥：我们自己的 {0} 被拒绝（{1}）"),
    ("could not check the key: {}", "无法检查密钥：{0}"),
    ("could not check whether the account answers: our own {}: {}", "无法检查账号是否恢复应答：我们自己的 {0}：{1}"),
    ("could not check whether the account answers: {}", "无法检查账号是否恢复应答：{0}"),
    ("could not ask for the balance: our own {}: {}", "无法查询余额：我们自己的 {0}：{1}"),
    ("could not ask for the balance: {}", "无法查询余额：{0}"),
    ("could not read the bucket's rights: {}", "无法读取 Bucket 的权限设置：{0}"),
    ("could not read the object's ACL, which a copy would lose: our own {}: {}", "无法读取拷贝会丢失的对象 ACL：我们自己的 {0}：{1}"),
    ("could not read the object's ACL: {}", "无法读取对象 ACL：{0}"),
    ("the balance is {}", "账号余额：{0}"),
    ("the object's own ACL is default: it follows the bucket's, and refuses nobody by itself",
     "对象自身的 ACL 为 default：它继承 Bucket 的 ACL，本身不拒绝任何人"),
    ("could not fetch it: our own {} was refused with {}", "无法取回：我们自己的 {0} 被拒绝（{1}）"),
    ("could not look at older versions: our own {} was refused: {}", "无法查看历史版本：我们自己的 {0} 被拒绝：{1}"),
    ("our own {} was refused: {}", "我们自己的 {0} 被拒绝：{1}"),
    ("could not decode the diagnostic message: our own {}: {}", "无法解码诊断消息：我们自己的 {0}：{1}"),
    ("the diagnostic message could not be decoded yet", "诊断消息暂时还无法解码"),
    ("the diagnostic message has expired, and was not decoded", "诊断消息已过期，未解码"),
    ("the diagnostic message speaks of {}, not of this request: left aside", "诊断消息针对的是 {0}，不是本次请求：未采用"),
    ("the diagnostic message is not there yet", "诊断消息尚未生成"),
    ("bucket {} belongs to account {}, and {} tells of account {}", "Bucket {0} 属于账号 {1}，而 {2} 涉及的是账号 {3}"),
    ("there is no bucket {}", "不存在名为 {0} 的 Bucket"),
    # what would be written, and what the world has to say first
    ("if the object is still frozen when it is looked at", "前提：查看时该对象仍处于冻结状态"),
    ("only a rule that a person has stored, and only if it covers the page's origin, method and headers",
     "仅合并由人保存的规则，且该规则须覆盖页面的来源、方法和请求头"),
    ("only a rule that a person has stored, and only if it covers the page's origin, method and headers; a person approves it",
     "仅合并由人保存的规则，且该规则须覆盖页面的来源、方法和请求头；须由人批准"),
    ("if RAM knows the key's owner, and says that the key is disabled", "前提：RAM 能查到密钥所有者，且密钥已停用"),
    ("the RAM user behind {}", "密钥 {0} 所属的 RAM 用户"),
    ("if the object is damaged indeed and the bucket keeps an older version that decodes", "前提：对象确已损坏，且 Bucket 保留有可解码的历史版本"),
    ("if the object is damaged indeed and the bucket keeps an older version that decodes; a person approves it",
     "前提：对象确已损坏，且 Bucket 保留有可解码的历史版本；须由人批准"),
    # batch jobs
    ("OSS took the batch job and does not list it yet", "OSS 已接受批量任务，但列表中尚未出现"),
    ("OSS lists the batch job no more: each object is looked at now", "OSS 的列表中已没有该批量任务：现在逐个查看对象"),
    ("the policy has no batch jobs any more: its objects are restored one by one", "策略不再使用批量任务：对象将逐个解冻"),
    ("no batch job could be made within 24 h: its objects are restored one by one", "24 小时内未能创建批量任务：对象将逐个解冻"),
    ("role {} has {}, which may change buckets: no batch job is made with it", "角色 {0} 拥有可更改 Bucket 的 {1}：不会用它创建批量任务"),
    ("only {} of the objects are still frozen: they are restored one by one", "仅有 {0} 个对象仍处于冻结状态：将逐个解冻"),
    ("{} objects of {} are {} and frozen: one batch job for them", "{1} 中有 {0} 个 {2} 对象处于冻结状态：用一个批量任务解冻"),
    ("batch job {} is cancelled: {}", "批量任务 {0} 已取消：{1}"),
    ("batch job {} is as planned: {} objects, {}, may be restored", "批量任务 {0} 与计划一致：{1} 个对象，{2}，可以解冻"),
    ("batch job {} ended as {}, {}: each object is looked at now", "批量任务 {0} 结束，状态 {1}，{2}：现在逐个查看对象"),
    ("batch job {} is {}", "批量任务 {0} 的状态是 {1}"),
    ("{} batch jobs of ours are not the one that is followed: they are cancelled", "有 {0} 个由我们创建的批量任务不是正在跟踪的那一个：将其取消"),
    ("{} of {} tasks succeeded", "{1} 项中有 {0} 项成功"),
    ("before it had tasks", "当时还没有任务项"),
    ("the policy has no batch jobs any more", "策略不再使用批量任务"),
    ("it was not released within 24 h", "24 小时内未放行"),
    ("it is not what was planned", "与计划不一致"),
    ("other objects are still joining the batch job", "其他对象仍在加入该批量任务"),
    ("its objects have grown since it was planned", "自计划以来对象变大了"),
    # which object is meant
    ("the text names it only in prose: {}", "文本仅在语句中提到它：{0}"),
    ("the text names several buckets: {}", "文本提到多个 Bucket：{0}"),
    ("OSS has none of the objects that the text may mean: {}", "文本可能指向的对象在 OSS 中均不存在：{0}"),
    ("the text may mean {} objects, and {} of them are in the state that the code claims",
     "文本可能指向 {0} 个对象，其中 {1} 个处于错误码所述的状态"),
    # AccessDenied
    ("RAM decoded it: {} in the layer {}, {} on {} to {}", "RAM 解码结果：{0}，层 {1}，操作 {2}，资源 {3}，主体 {4}"),
    ("RAM decoded it: {} in the layer {}, {} on {}", "RAM 解码结果：{0}，层 {1}，操作 {2}，资源 {3}"),
    ("Deny by the {} policy {}, attached to a {}", "由 {0} 策略 {1} 拒绝（绑定到 {2}）"),
    ("Allow by the {} policy {}, attached to a {}", "由 {0} 策略 {1} 允许（绑定到 {2}）"),
    ("{} by the {} policy {}, attached to a {}", "{1} 策略 {2} 的效果为 {0}（绑定到 {3}）"),
    ("{} by the {} policy {}", "{1} 策略 {2} 的效果为 {0}"),
    ("the request had {} = {}", "请求的条件 {0} = {1}"),
    # AccessForbidden
    ("AccessForbidden with another message than CORS's: {}", "AccessForbidden，但不是跨域消息：{0}"),
    ("the text does not name the {} of the refused preflight", "文本未说明被拒绝的预检请求的{0}"),
    ("the preflight of {} on {} passes: rule {} allows it now", "{0} 对 {1} 的预检请求已通过：规则 {2} 现已允许"),
    ("the preflight of {} on {} passes", "{0} 对 {1} 的预检请求已通过"),
    ("rule {} does not allow {}", "规则 {0} 不允许：{1}"),
    ("a rule allows it already: {}", "已有规则允许：{0}"),
    ("{} refuses preflights of {}, and no rule is stored for it", "{0} 拒绝 {1} 的预检请求，且没有为其保存的规则"),
    ("the stored rule {} does not allow {}", "已保存的规则 {0} 不允许：{1}"),
    ("the page sends credentials, and browsers refuse a wildcard origin then", "页面携带凭证，此时浏览器不接受通配来源"),
    ("the bucket's configuration has elements that a write would lose: {}", "Bucket 的配置中含有写回时会丢失的元素：{0}"),
    ("the stored rule {} is in the bucket, and the preflight is still refused", "已保存的规则 {0} 已在 Bucket 中，但预检仍被拒绝"),
    ("with the stored rule {} the bucket would exceed 10 rules or 16 KB", "加入已保存的规则 {0} 后将超过 10 条或 16 KB 的上限"),
    ("the bucket has no CORS configuration", "Bucket 没有跨域配置"),
    ("somebody else wrote the CORS rules of {} at the same moment", "他人在同一时刻写入了 {0} 的跨域规则"),
    ("ours that are gone: {}", "我们的规则中已消失的：{0}"),
    ("theirs that are there: {}", "现存的他人规则：{0}"),
    ("somebody else wrote {} at the same moment: our copy lies over version {}", "他人在同一时刻写入了 {0}：我们的副本盖住了版本 {1}"),
    ("that version is put on top again", "该版本将重新成为最新版本"),
    ("what somebody else wrote at the same moment is on top again", "他人在同一时刻写入的内容已重新成为最新版本"),
    ("the stored rule {} was merged into {} {} times, and is gone each time", "已保存的规则 {0} 已向 {1} 合并 {2} 次，每次都又消失"),
    ("accepted at {}", "接受时间：{0}"),
    ("no request id", "无请求 ID"),
    ("the access log has no Origin: {} is taken from the Referer", "访问日志没有 Origin：{0} 取自 Referer"),
    ("the key of {} is Active (changed {}Z), and nothing was refused after that", "{0} 的密钥处于启用状态（变更于 {1}Z），此后未再被拒绝"),
    ("the key of {} is Active, and nothing was refused after that", "{0} 的密钥处于启用状态，此后未再被拒绝"),
    ("the console does not tell the method: {} was looked at", "控制台未说明请求方法：按 {0} 查看"),
    ("only a browser's console tells of it, which is anybody's text: a person approves the write",
     "仅有浏览器控制台提到此问题，而这类文本任何人都能写：写入须由人批准"),
    ("rule {} answers with a wildcard origin, and browsers refuse it where the page sends credentials",
     "规则 {0} 以通配来源应答，而页面携带凭证时浏览器不接受"),
    ("see case {}: the same bucket and origin", "参见案例 {0}：同一 Bucket 和来源"),
    ("see case {}: the same bucket, refused to pages of {}", "参见案例 {0}：同一 Bucket，被拒绝的页面来自 {1}"),
    ("see case {}: the same bucket, and its text names no origin", "参见案例 {0}：同一 Bucket，其文本未说明来源"),
    ("the rule was merged {} s ago, and the preflight of {} is still refused", "规则已于 {0} 秒前合并，但 {1} 的预检仍被拒绝"),
    ("merge the stored rule {} into {}, for {} (rule {} will still answer the actual request: its ExposeHeader and MaxAge apply)",
     "将已保存的规则 {0} 合并到 {1}，用于 {2}（实际请求仍由规则 {3} 应答：以其 ExposeHeader 和 MaxAge 为准）"),
    ("merge the stored rule {} into {}, for {}", "将已保存的规则 {0} 合并到 {1}，用于 {2}"),
    ("the change is spreading", "变更正在生效"),
    # ImageDamage
    ("{} is not there: the {} is missing", "{0} 不存在：缺少{1}"),
    ("the source image is missing", "源图不存在"),
    ("the object is archived: it has to be restored before anybody can look at it", "对象处于归档类型：解冻之后才能查看"),
    ("the text does not name the object", "文本未说明是哪个对象"),
    ("the image decodes, and OSS answers image/info for it", "图片可以解码，OSS 也能返回 image/info"),
    ("its checksum is the one that OSS keeps: it was already damaged when it was stored", "校验值与 OSS 保存的一致：存储时已经损坏"),
    ("its checksum is not the one that OSS keeps: what we fetched is not what was stored", "校验值与 OSS 保存的不一致：取回的内容不是存储的内容"),
    ("it decodes here; OSS is stricter than most programs", "在此处可以解码；OSS 比多数程序更严格"),
    ("asked for by {} clients", "有 {0} 个客户端请求它"),
    ("the bucket keeps no older version of it: only a new upload helps", "Bucket 没有它的历史版本：只能重新上传"),
    ("image/info is answered with {}: {}", "image/info 返回 {0}：{1}"),
    ("none of the {} newest older versions decodes; archived, and not looked at: {}", "最近 {0} 个历史版本都无法解码；因归档而未查看：{1}"),
    ("none of the {} newest older versions decodes", "最近 {0} 个历史版本都无法解码"),
    ("version {} is good: {}", "版本 {0} 完好：{1}"),
    ("{}; version {} decodes, and can be copied over it", "{0}；版本 {1} 可以解码，可用它覆盖"),
    ("fetched: {}", "取回后查看：{0}"),
    ("it has {} bytes; OSS processes images of at most {}", "大小为 {0} 字节；OSS 最多处理 {1} 字节的图片"),
    ("the object is empty", "对象为空"),
    ("all {} bytes are zero", "全部 {0} 个字节均为零"),
    ("{} of {} bytes were sent", "只收到 {0} 字节，应为 {1} 字节"),
    ("it begins as {} and has no end of one: the upload was cut off", "开头是 {0}，但没有结尾：上传被中断"),
    ("its first bytes are those of {}, which OSS does not process", "开头的字节属于 {0}，OSS 不处理该格式"),
    ("its first bytes are no image's: {}", "开头的字节不是图片：{0}"),
    ("it begins and ends as {}; decoding it needs ossmend[images]", "首尾符合 {0}；解码需要 ossmend[images]"),
    ("it has {} x {} pixels; the limit is {}", "尺寸为 {0} x {1} 像素；上限为{2}"),
    ("{} a side and {} in all", "单边 {0}、总数 {1}"),
    ("{} x {} pixels: too many to decode here", "{0} x {1} 像素：过多，此处不解码"),
    ("it begins as {}, for which there is no decoder here", "开头是 {0}，此处没有相应的解码器"),
    ("it begins as {} and cannot be decoded to its end", "开头是 {0}，但无法完整解码"),
    ("it begins as {} and cannot be decoded", "开头是 {0}，但无法解码"),
    ("it decodes as {} of {} x {} pixels", "可解码为 {0}，{1} x {2} 像素"),
    # InvalidAccessKeyId
    ("the text does not show the whole key id", "文本没有给出完整的 AccessKey ID"),
    ("the text does not name the key", "文本未说明是哪个密钥"),
    ("the key id has a {} at its end or beginning: it was pasted with it", "AccessKey ID 首尾有{0}：粘贴时夹带"),
    ("the key id has characters that no key id has", "AccessKey ID 含有非法字符"),
    ("a temporary (STS) key: it expired, or its token was not sent along; nothing in RAM to look at", "临时密钥（STS）：已过期，或未携带令牌；RAM 中无从查询"),
    ("{} refusals, some clients, one temporary key: its refresh failed or raced", "{0} 次拒绝，多个客户端，同一个临时密钥：刷新失败或相互竞争"),
    ("{} refusals, {} clients, one temporary key: its refresh failed or raced", "{0} 次拒绝，{1} 个客户端，同一个临时密钥：刷新失败或相互竞争"),
    ("{} is named as the owner, but has no such key now", "{0} 被列为所有者，但目前没有该密钥"),
    ("ActionTrail knows the key as the root account's, last used {}", "ActionTrail 显示该密钥属于主账号，最近使用于 {0}"),
    ("ActionTrail knows the key as the root account's", "ActionTrail 显示该密钥属于主账号"),
    ("ActionTrail knows the key as {}'s, last used {}", "ActionTrail 显示该密钥属于 {0}，最近使用于 {1}"),
    ("ActionTrail knows the key as {}'s", "ActionTrail 显示该密钥属于 {0}"),
    ("no user, recycle bin or trail of this account knows the key: a typo, another account's, or purged long ago",
     "本账号的用户、回收站和操作记录中都没有该密钥：拼写错误、属于其他账号，或早已清除"),
    ("OSS calls the key disabled, so there is one; nothing in this account knows it: it is another account's",
     "OSS 称该密钥已被禁用，因此它存在；本账号中没有任何记录：它属于其他账号"),
    ("the key lies in the recycle bin: deleted on {}, together with its user", "密钥在回收站中：于 {0} 与其用户一起被删除"),
    ("the key lies in the recycle bin: deleted on {}", "密钥在回收站中：于 {0} 被删除"),
    ("the key lies in the recycle bin: deleted, together with its user", "密钥在回收站中：与其用户一起被删除"),
    ("the key lies in the recycle bin: deleted", "密钥在回收站中：已被删除"),
    ("it is purged for good on {}", "将于 {0} 彻底清除"),
    ("RAM: the key of {} is Inactive since {}", "RAM：{0} 的密钥自 {1} 起已停用"),
    ("RAM: the key of {} is Inactive", "RAM：{0} 的密钥已停用"),
    ("RAM: the key of {} is Active now (changed {})", "RAM：{0} 的密钥目前处于启用状态（变更于 {1}）"),
    ("RAM: the key of {} is Active now", "RAM：{0} 的密钥目前处于启用状态"),
    ("RAM: the key of {} is {}", "RAM：{0} 的密钥状态为 {1}"),
    ("{} policy allows only {}; the caller's address is not known", "{0}策略仅允许 {1}；调用方地址未知"),
    ("{} policy allows only {}; the caller's address {} cannot be read", "{0}策略仅允许 {1}；无法识别调用方地址 {2}"),
    ("{} policy allows only {}, and the caller is {}", "{0}策略仅允许 {1}，而调用方为 {2}"),
    ("still in use: {} refusals ({})", "仍在使用：{0} 次拒绝（{1}）"),
    ("still in use: {} refusals", "仍在使用：{0} 次拒绝"),
    ("agent {}", "客户端标识 {0}"),
    ("OSS said: {}", "OSS 返回：{0}"),
    ("tag {}: a disabled key of this user is in use", "为 {0} 打标签：该用户已停用的密钥仍在使用"),
    ("the key of {} is {}, and still used", "{0} 的密钥状态为 {1}，且仍在使用"),
    # InvalidObjectState
    ("the text does not say which object is archived", "文本未说明是哪个对象处于归档类型"),
    ("a copy was refused because its source is archived, and the text does not name the source", "拷贝被拒绝是因为源对象处于归档类型，而文本未说明源对象"),
    ("{}: OSS says that there is no such {}", "{0}：OSS 返回不存在该{1}"),
    ("{} is restored, but does not read yet", "{0} 已解冻，但暂时还不可读"),
    ("{} is {} and still does not read", "{0} 为 {1}，仍不可读"),
    ("{} is {} now and reads", "{0} 目前为 {1}，可读"),
    ("{} is {} and was not restored", "{0} 为 {1}，尚未解冻"),
    ("{} was restored, its copy expired, and it was asked for again", "{0} 曾解冻，副本已过期，又被请求"),
    ("{} was restored, expired unseen, and is asked for again", "{0} 曾解冻，在未被查看时过期，又被请求"),
    ("{} reads again until {}", "{0} 已可读，有效期至 {1}"),
    ("{} reads again now", "{0} 已可读"),
    ("{} reads again {}", "{0} 已可读（{1}）"),
    ("{} reads by archive direct read", "{0} 可通过归档直读读取"),
    ("OSS is restoring {} ({})", "OSS 正在解冻 {0}（{1}）"),
    ("OSS took {} restores of {} and shows no trace of them", "OSS 接受了对 {1} 的 {0} 次解冻，但没有任何痕迹"),
    ("OSS took the restore of {} and does not show it yet", "OSS 已接受对 {0} 的解冻，尚未显示"),
    ("OSS took the restore of {} and lost it", "OSS 接受了对 {0} 的解冻，但已丢失"),
    ("HEAD of {}: storage class {}, no restore running and none in effect", "对 {0} 的 HEAD：存储类型 {1}，没有进行中或生效的解冻"),
    ("last verified read {}, asked for again {}", "最近一次确认可读于 {0}，再次请求于 {1}"),
    ("lifecycle rule of the bucket: {}", "Bucket 的生命周期规则：{0}"),
    ("the restored copy of {} has expired, and nobody has asked for it since", "{0} 的解冻副本已过期，此后无人请求"),
    ("the restored copy of {} has expired before anybody looked", "{0} 的解冻副本在被查看之前已过期"),
    ("OSS does not say when the object came into its class", "OSS 未给出对象转入该存储类型的时间"),
    ("request id {}", "请求 ID {0}"),
    # RequestTimeTooSkewed
    ("the text has no RequestTime and ServerTime, so the drift is not known; it is more than 15 minutes",
     "文本中没有 RequestTime 和 ServerTime，偏差未知；但超过 15 分钟"),
    ("RequestTime minus ServerTime is {} s ({}) in {}/{} samples", "RequestTime 减 ServerTime 为 {0} 秒（{1}），{2}/{3} 个样本如此"),
    ("that is {} h, a time zone's offset, but for {} s", "即 {0} 小时，为某时区的偏移，误差 {1} 秒"),
    ("{} clients are affected: {}", "受影响的客户端有 {0} 个：{1}"),
    ("the server time in the text is {}: not OSS's clock, so it proves nothing", "文本中的服务器时间为 {0}：不是 OSS 的时钟，不能说明问题"),
    ("{}: our clock is between {} s and {} s off", "{0}：本机时钟偏差在 {1} 秒与 {2} 秒之间"),
    ("this host's clock is off, too: between {} s and {} s", "本机时钟同样不准：偏差在 {0} 秒与 {1} 秒之间"),
    ("this host's clock could not be measured", "无法测量本机时钟"),
    ("this host's clock is right: the failing client is elsewhere", "本机时钟准确：出错的客户端在别处"),
    ("this host's clock is right again", "本机时钟已恢复准确"),
    ("this host's clock is {} ({})", "本机时钟 {0}（{1}）"),
    ("clocks of unknown machines, off by {} different amounts (with their samples): {}", "若干未知机器的时钟，偏差有 {0} 种（括号内为样本数）：{1}"),
    ("clocks of unknown machines are off by {} different amounts: {}", "若干未知机器的时钟存在 {0} 种偏差：{1}"),
    ("all are late by less than an hour, by different amounts: a queue does that, or several slow clocks",
     "全部迟到不足一小时且数值各不相同：可能是排队发送，也可能是多台时钟偏慢"),
    ("the same client is late by different amounts: a clock is off by one amount, queued requests by many",
     "同一客户端的迟到时间各不相同：时钟偏差只有一个数值，排队的请求才会有多个"),
    ("the time sources contradict each other", "各时间源相互矛盾"),
    ("the clock of {} is {} ({})", "{0}的时钟 {1}（{2}）"),
    # SignatureDoesNotMatch, UserDisable, and what several say
    ("only one client runs into it: {}", "只有一个客户端遇到：{0}"),
    ("{} clients of this key run into it", "使用该密钥的 {0} 个客户端遇到"),
    ("no user of this account has the key: its owner can say more", "本账号没有用户拥有该密钥：请向其所有者了解"),
    ("{} clients, all since {}: something was changed then", "{0} 个客户端，均始于 {1}：当时有变更"),
    ("OSS answers our own read of it: it has just ended, or another account's key or bucket is meant", "OSS 应答了我们自己的读取：问题刚刚结束，或指的是其他账号的密钥或 Bucket"),
    ("the account answers again, and nobody has been refused since", "账号已恢复应答，此后无人被拒绝"),
    ("the account answers, and the bucket is {}; {}", "账号有应答，Bucket 状态：{0}；{1}"),
    ("asked just now, OSS refuses our own read with {}", "刚刚查询，OSS 以 {0} 拒绝了我们自己的读取"),
    ("asked just now, OSS refuses our own read", "刚刚查询，OSS 拒绝了我们自己的读取"),
    ("refused: {} and more", "被拒绝的：{0} 等"),
    ("refused: {}", "被拒绝的：{0}"),
    ("data may be deleted within days of the suspension", "停服后数据可能在数天内被删除"),
)  # fmt: skip
"""A remediator's sentence with `{}` where a value stands, and its Chinese with the values by number; the first that fits."""

WORDS = {
    "an explicit Deny": "显式 Deny",
    "no Allow": "没有 Allow",
    "unknown": "未知",
    "the caller": "调用方",
    "object": "对象",
    "bucket": "Bucket",
    "version": "版本",
    "line break": "换行",
    "tab": "制表符",
    "blank": "空格",
    "the key's": "密钥的",
    "the account's": "账号的",
    "the client": "客户端",
    "this host": "本机",
    "nobody we know": "未知用户",
    "a service": "某个服务",
    "bucket and origin": "Bucket 和来源",
    "origin": "来源",
    "critical": "严重",
    "warning": "警告",
    "requests without a Referer": "不带 Referer 的请求",
    "ours": "本账号",
}
"""Values that are our own words."""

_CLOUD: tuple[tuple[str, str], ...] = (
    (r"another account \(([\w.-]{1,60})\)", r"其他账号（\1）"),
    (r", and was asked for in ", "，而请求发往 "),
    (r"\bon, and the ACL is public", "已开启，而 ACL 为公共"),
    (r"\bmissing: (\S{1,80}) was never made, or is gone", r"不存在：\1 从未创建或已删除"),
    (r"\bstatement (\d{1,4}) denies (.{1,100}?) to (.{1,60}?) under a condition", r"语句 \1 在一定条件下拒绝 \3 执行 \2"),
    (r"\bstatement (\d{1,4}) denies (.{1,100}?) to ", r"语句 \1 拒绝执行 \2，对象为 "),
    (r"\beverybody not excepted\b", "除例外以外的所有人"),
    (r"\brequests without a Referer\b", "不带 Referer 的请求"),
    (r"\bnegative: (?=-?\d)", "为负："),
    (r"\bpositive: (?=\d)", "为正："),
    (r"\bzero: (?=\d)", "为零："),
)  # fmt: skip
"""What a remediator reads in the cloud and the catalogue's Chinese sentences quote."""
_VALUES: tuple[tuple[str, str], ...] = (
    (r"\b(\d[\d.]{0,12}) days behind\b", r"慢 \1 天"),
    (r"\b(\d[\d.]{0,12}) days ahead\b", r"快 \1 天"),
    (r"\b(\d[\d.]{0,12}) h behind\b", r"慢 \1 小时"),
    (r"\b(\d[\d.]{0,12}) h ahead\b", r"快 \1 小时"),
    (r"\b(\d[\d.]{0,12}) min behind\b", r"慢 \1 分钟"),
    (r"\b(\d[\d.]{0,12}) min ahead\b", r"快 \1 分钟"),
    (r"\b(\d[\d.]{0,12}) s behind\b", r"慢 \1 秒"),
    (r"\b(\d[\d.]{0,12}) s ahead\b", r"快 \1 秒"),
    (r"\b(\d{1,9}) from (?=\S)", r"\1 次来自 "),
    (r"\borigin (?=\S{1,80}:)", "来源 "),
    (r"\bmethod (?=[A-Z]{3,7}\b)", "方法 "),
    (r"\bheader (?=[\w-])", "请求头 "),
)
"""Our own words inside a value of a sentence."""


@cache
def _pieces(pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), told) for pattern, told in pairs)


_HAN = re.compile(r"[\u4e00-\u9fff]")
LONGEST = 500
"""What is longer quotes a text at length, and is left as it is."""


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Compiled when the first sentence is asked for: an explanation in English asks for none."""
    return tuple((re.compile(re.escape(en).replace(r"\{\}", "(.{1,500}?)"), re.DOTALL), zh) for en, zh in SENTENCES)


def sentence(said: str) -> str:
    """The Chinese of one sentence; what nobody has translated stays as it is."""
    if _HAN.search(said) or len(said) > LONGEST:
        return _inside(said, _pieces(_CLOUD))  # the catalogue's own: it quotes OSS, whose words stay
    return _value(said)


def _value(said: str) -> str:
    """A sentence, one of our words, or the text's own. A sentence may hold another in its values."""
    if said in WORDS:
        return WORDS[said]
    for pattern, told in _patterns():
        if (found := pattern.fullmatch(said)) is not None:
            return told.format(*(_value(each) if each != said else each for each in found.groups()))
    return _inside(said, _pieces((*_CLOUD, *_VALUES)))


def _inside(said: str, pieces: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, told in pieces:
        said = pattern.sub(told, said)
    return said
