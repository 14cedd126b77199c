"""InvalidObjectState: what can be the matter with an archived object (facts: section 3)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "InvalidObjectState"
_COPY = Sign("operation", r"^(UploadPart)?Copy", 3, "the refused operation is {}: its source is meant")
_COPY_EC = Sign("ec", "0016-00000330", 1, "EC {} is seen when a copy's source is archived")

CAUSES = (
    cause(
        "never-restored", CODE,
        ("The object is archived and was not restored", "对象处于归档类型，尚未解冻"),
        (("Restore the object (RestoreObject), wait until it reads, then try again.",
          "对该对象执行解冻（RestoreObject），等到可读后再重试。"),
         ("Tell the requester until when the restored copy stays readable.", "告知使用方解冻副本的有效期。")),
        (("Do not retry the read in a loop: it cannot work before the restore has ended.",
          "不要循环重试读取：解冻完成之前不会成功。"),),
        prior=2.6, cure="RestoreObject",
        signs=(Sign("operation", "^(GetObject|SelectObject)$", 0.7, "a read ({}) was refused"),
               Sign("ec", "0016-00000404", 0.4, "EC {} is that of reading an archived object"),
               Sign("operation", r"^(UploadPart)?Copy", -3, ""), Sign("ec", "0016-00000330", -2, "")),
    ),
    cause(
        "restoring", CODE,
        ("OSS is restoring the object", "对象正在解冻中"),
        (("Wait: Archive takes about a minute, colder classes take hours.", "请等待：归档约一分钟，冷归档需数小时。"),),
        (("Do not send RestoreObject again.", "不要重复发送 RestoreObject。"),),
        signs=(Sign("fields.x-oss-restore", 'ongoing-request="true"', 4, "the object said {}"),),
    ),
    cause(
        "restored-copy-expired", CODE,
        ("The restored copy has expired, and the object is frozen again", "解冻副本已过期，对象重新冻结"),
        (("Decide: restore once more, for longer, or move the object to Standard for good.",
          "请决定：再次解冻并延长天数，或将对象永久转为标准存储。"),
         ("If a lifecycle rule archives data that is still read, change that rule.",
          "如果生命周期规则归档了仍在读取的数据，请修改该规则。")),
        (("Do not let it be restored again and again: each time is paid for.", "不要反复解冻：每次都会计费。"),),
        cure="RestoreObject",
    ),
    cause(
        "already-readable", CODE,
        ("The object reads by now", "对象目前已可读"),
        (("Try the request again.", "重试请求即可。"),),
    ),
    cause(
        "not-archived", CODE,
        ("The object is no longer in an archive class", "对象已不是归档类型"),
        (("Try the request again; if it is still refused, look at the object and version that was asked for.",
          "请重试；若仍被拒绝，请核对所请求的对象和版本。"),),
    ),
    cause(
        "direct-read-on", CODE,
        ("Archive direct read is on: the object reads without a restore", "已开启归档直读，无需解冻即可读取"),
        (("Try again. Only a website's index or error page must still be restored.",
          "请重试。仅静态网站首页或错误页仍需解冻。"),),
    ),
    cause(
        "object-missing", CODE,
        ("The object is not there", "对象不存在"),
        (("Check bucket, key and version: the text may be cut or wrongly decoded.",
          "请核对 Bucket、Key 与版本：文本可能被截断或解码有误。"),),
    ),
    cause(
        "object-unnamed", CODE,
        ("The text does not say which object is archived", "文本未说明是哪个对象"),
        (("Log bucket and key with the error; then the object can be restored.",
          "请在日志中同时记录 Bucket 和 Key，以便解冻对象。"),),
    ),
    cause(
        "archived-version", CODE,
        ("An archived version of the object was asked for", "请求的是对象的归档历史版本"),
        (("Restore that version (RestoreObject with versionId).", "对该版本执行解冻（RestoreObject 带 versionId）。"),),
        signs=(Sign("url", "versionId=", 3, "the request names a version: {}"),), prior=-1, cure="RestoreObject",
    ),
    cause(
        "copy-source-archived", CODE,
        ("The source of a copy is archived", "拷贝的源对象处于归档类型"),
        (("Restore the source object, wait until it reads, then copy.", "先解冻源对象，等到可读后再拷贝。"),),
        (("Do not restore the target: it is the source that cannot be read.", "不要解冻目标对象：读不到的是源对象。"),),
        signs=(_COPY, _COPY_EC, Sign("message", "copy", 1, "OSS speaks of a copy")), prior=-0.5, cure="RestoreObject",
    ),
    cause(
        "restore-lost", CODE,
        ("OSS accepted a restore and shows no trace of it", "OSS 接受了解冻请求，但没有任何痕迹"),
        (("Open a ticket with the request id of the RestoreObject.", "请携带 RestoreObject 的请求 ID 提交工单。"),),
    ),
    cause(
        "archived-by-lifecycle", CODE,
        ("A lifecycle rule archives data that is still read", "生命周期规则归档了仍在使用的数据"),
        (("Change the rule's prefix or days, so that live data stays in Standard or IA.",
          "调整规则的前缀或天数，使活跃数据保留在标准或低频存储。"),
         ("Move what was archived back: restore, then copy onto itself as Standard.",
          "将已归档数据转回：先解冻，再以标准存储拷贝到自身。")),
        (("Do not restore the same objects every few days.", "不要每隔几天就解冻同一批对象。"),),
    ),
)  # fmt: skip
