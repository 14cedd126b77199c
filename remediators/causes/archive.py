"""InvalidObjectState: what can be the matter with an archived object (docs/facts.md#restore-states)."""

from ossmend.remediators.causes.indicators import against, ec, said, sign
from ossmend.remediators.causes.model import cause

CODE = "InvalidObjectState"
_NO_LOOP = (
    ("Do not retry the read in a loop: it cannot work before the restore has ended.",
     "不要循环重试读取：解冻完成之前不会成功。"),
)  # fmt: skip
TIMES = ("Archive takes about a minute, colder classes take hours.", "归档约一分钟，冷归档需数小时。")
"""What is said of an object whose class nobody knows yet."""
_COPY = r"^(UploadPart)?Copy"
_COPYING = r"copyObject|copy_object|CopyObject|UploadPartCopy|(?<![a-z])cp (?:-\S{1,30} ){0,4}oss://\S{1,1100} (?:-\S{1,30} ){0,4}oss://"

CAUSES = (
    cause(
        "never-restored", CODE,
        ("The object is archived and was not restored", "对象处于归档类型，尚未解冻"),
        ((f"Restore the object (RestoreObject), wait until it reads, then try again. {TIMES[0]}",
          f"对该对象执行解冻（RestoreObject），等到可读后再重试。{TIMES[1]}"),
         ("Tell those who wait for it until when the restored copy stays readable.", "告知等待者解冻副本的有效期。")),
        _NO_LOOP,
        (sign("operation", "^(GetObject|SelectObject|ProcessImage)$", 0.3, "a read ({}) was refused", "被拒绝的是读取操作（{}）"),
         sign("fields.storage_class", "archive", 0.2, "the access log names the storage class: {}", "访问日志记录的存储类型：{}"),
         ec("0016-00000404", 0.5), said(r"\bnot valid for the object.s state\b", 0.6), against("operation", _COPY, 4), against("ec", "0016-00000330", 1)),
        2.2, "RestoreObject",
    ),
    cause(
        "restoring", CODE,
        ("OSS is restoring the object", "对象正在解冻中"),
        (("Wait: Archive takes about a minute, colder classes take hours, and more when many are restored at once.",
          "请等待：归档约一分钟，冷归档需数小时，批量解冻时更久。"),),
        (("Do not send RestoreObject again: OSS answers 409 until it is done.", "不要重复发送 RestoreObject：完成前 OSS 会返回 409。"),),
        (sign("sample", 'ongoing-request=\\\\?"true', 5, "the object is being restored: ongoing-request is true",
              "对象正在解冻：ongoing-request 为 true"),
         sign("sample", "restore operation is in progress", 4, "the text also says that a restore is in progress", "文本中提到解冻正在进行"),
         sign("nearby_codes", "RestoreAlreadyInProgress", 5, "OSS also answered RestoreAlreadyInProgress", "OSS 还返回了 RestoreAlreadyInProgress")),
    ),
    cause(
        "restored-copy-expired", CODE,
        ("The restored copy has expired, and the object is frozen again", "解冻副本已过期，对象重新冻结"),
        (("Decide: restore once more, for longer, or move the object to Standard for good.",
          "请决定：再次解冻并延长天数，或将对象永久转为标准存储。"),
         ("If a lifecycle rule archives data that is still read, change that rule.",
          "如果生命周期规则归档了仍在读取的数据，请修改该规则。")),
        (("Do not let it be restored again and again: each time is paid for.", "不要反复解冻：每次都会计费。"),),
        (sign("sample", "(?:restored|thawed) copy (?:has )?expired|解冻.{0,12}过期", 4, "the text says that a restored copy expired", "文本提到解冻副本已过期"),),
        -0.2, "RestoreObject",
    ),
    cause(
        "already-readable", CODE,
        ("The object can be read now", "对象目前已可读"),
        (("Try the request again.", "重试请求即可。"),),
        prior=None,
    ),
    cause(
        "not-archived", CODE,
        ("The object is not in an archive class", "对象不是归档类型"),
        (("Try the request again; if it is still refused, look at the object and version that was asked for.",
          "请重试；若仍被拒绝，请核对所请求的对象和版本。"),),
        prior=None,
    ),
    cause(
        "direct-read-on", CODE,
        ("Archive direct read is on: the object reads without a restore", "已开启归档直读，无需解冻即可读取"),
        (("Try again. Only a website's index or error page must still be restored.",
          "请重试。只有静态网站的首页或错误页仍需解冻。"),),
        prior=None,
    ),
    cause(
        "object-missing", CODE,
        ("OSS has no such object", "OSS 中没有该对象"),
        (("Check bucket, key and version: the text may be cut or wrongly decoded.",
          "请核对 Bucket、Key 与版本：文本可能被截断或解码有误。"),),
        prior=None,
    ),
    cause(
        "object-unnamed", CODE,
        ("The text does not say which object is archived", "文本未说明是哪个对象"),
        (("Log bucket and key with the error; then the object can be restored.",
          "请在日志中同时记录 Bucket 和 Key，以便解冻对象。"),),
        prior=None,
    ),
    cause(
        "archived-version", CODE,
        ("An archived version of the object was asked for", "请求的是对象的归档历史版本"),
        (("Restore that version: RestoreObject with its versionId.", "对该版本执行解冻：RestoreObject 带上 versionId。"),),
        _NO_LOOP,
        (sign("url", "versionId=", 6, "the request names a version: {}", "请求指定了版本：{}"),
         sign("sample", r"versionId=|\bversion[-_ ]?id['\"]?\s{0,2}[:=]\s{0,2}['\"]?CAE", 6, "the text names a version", "文本中指定了版本"),
         against("operation", _COPY, 4)),
        -1.6, "RestoreObject",
    ),
    cause(
        "copy-source-archived", CODE,
        ("The source of a copy is archived", "拷贝的源对象处于归档类型"),
        (("Restore the source object, wait until it reads, then copy. A restore takes its time: wait for its end, do not only send it.",
          "先解冻源对象，等到可读后再拷贝。解冻是异步的：发出请求后要等待完成。"),),
        (("Do not restore the target: it is the source that cannot be read.", "不要解冻目标对象：读不到的是源对象。"),),
        (sign("operation", _COPY, 4.5, "the refused operation is {}: its source is meant", "被拒绝的操作是 {}：指的是源对象"),
         sign("method", "^PUT$", 4.5, "the refused request is a PUT: only a copy reads an object then", "被拒绝的是 PUT 请求：只有拷贝才会读取对象"),
         sign("fields.x-oss-copy-source", ".", 4.5, "the source of the copy is {}", "拷贝源为 {}"),
         sign("sample", _COPYING, 4, "the program was copying", "程序正在执行拷贝"), ec("0016-00000330", 1)),
        -0.5, "RestoreObject",
    ),
    cause(
        "restore-lost", CODE,
        ("OSS accepted a restore and shows no trace of it", "OSS 接受了解冻请求，但没有任何痕迹"),
        (("Open a ticket with the request id of the RestoreObject.", "请携带 RestoreObject 的请求 ID 提交工单。"),),
        prior=None,
    ),
    cause(
        "archived-by-lifecycle", CODE,
        ("A lifecycle rule archives data that is still read", "生命周期规则归档了仍在使用的数据"),
        (("Restore what is needed now.", "先解冻当前需要的对象。"),
         ("Change the rule's prefix or days, so that live data stays in Standard or IA.",
          "调整规则的前缀或天数，使活跃数据保留在标准或低频存储。"),
         ("Move what was archived back: restore, then copy onto itself as Standard.",
          "将已归档数据转回：先解冻，再以标准存储拷贝到自身。")),
        (("Do not restore the same objects every few days.", "不要每隔几天就解冻同一批对象。"),),
        (sign("sample", "x-oss-transition-time", 4.8, "x-oss-transition-time shows that a lifecycle rule moved the object",
              "x-oss-transition-time 表明对象由生命周期规则转换"),
         sign("sample", r"\blifecycle\b|生命周期", 3.6, "the text speaks of a lifecycle rule", "文本提到生命周期规则"),
         sign("fields.sync", "^lifecycle$", 2, "the log marks the request as {}", "日志将该请求标记为 {}")),
        -0.3, "RestoreObject",
    ),
)  # fmt: skip
