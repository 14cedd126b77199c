"""Codes that are no 403, and stand beside one so often that people paste them: explained, and never acted on."""

from ossmend.remediators.causes.indicators import sole

CAUSES = (
    sole("no-readable-answer", "RequestError ConnectionTimeoutError ResponseTimeoutError",
          ("The program got no answer that it may read: in a browser usually CORS, elsewhere the network", "程序没有得到可读的响应：浏览器中通常是跨域问题，其他情况多为网络问题"),
          (("In a browser look at its console and at the network panel for a refused OPTIONS, then at the bucket's CORS rules.",
            "在浏览器中查看控制台和网络面板是否有被拒绝的 OPTIONS 请求，然后检查 Bucket 的跨域规则。"),
           ("Elsewhere look at DNS, proxy and firewall on the way to the endpoint.", "其他情况请检查到 Endpoint 途中的 DNS、代理和防火墙。")),
          (("Do not allow every origin (*) to make it work.", "不要为此允许所有来源（*）。"),)),
    sole("no-such-object", "NoSuchKey NoSuchVersion SymlinkTargetNotExist",
          ("OSS has no object of that name", "OSS 中没有该名称的对象"),
          (("Compare the name letter by letter: case, blanks, a slash at the beginning, encoding.", "逐字核对名称：大小写、空格、开头的斜杠、编码。"),)),
    sole("no-such-bucket", "NoSuchBucket",
          ("OSS has no bucket of that name", "没有该名称的 Bucket"),
          (("Check name and region; a custom domain may point to a bucket that was deleted.", "核对名称与地域；自定义域名可能指向已删除的 Bucket。"),)),
    sole("restore-in-progress", "RestoreAlreadyInProgress ArchiveRestoreNotFinished",
          ("OSS is already restoring the object", "OSS 已在解冻该对象"),
          (("Wait until it reads: the restore that was asked for first is on its way.", "等待其可读：先前的解冻请求正在进行。"),),
          (("Do not send RestoreObject again.", "不要重复发送 RestoreObject。"),)),
    sole("nothing-to-restore", "OperationNotSupported",
          ("The object's class does not know this operation: it needs no restore", "对象的存储类型不支持该操作：无需解冻"),
          (("Read it: Standard and IA need no restore. Somebody may have converted it.", "直接读取：标准和低频存储无需解冻，可能已被转换。"),)),
    sole("not-configured", "NoSuchCORSConfiguration NoSuchBucketPolicy NoSuchLifecycle NoSuchWebsiteConfiguration",
          ("The bucket has no such configuration", "Bucket 没有该项配置"),
          (("Nothing is wrong: it only says that nothing was configured.", "这不是故障：仅表示尚未配置。"),)),
    sole("too-many-requests", "QpsLimitExceeded TotalQpsLimitExceeded MetaOperationQpsLimitExceeded CpuLimitExceeded "
          "DownloadTrafficRateLimitExceeded UploadTrafficRateLimitExceeded",
          ("Too many requests at once", "请求过于频繁"),
          (("Slow down, and try again after a growing pause.", "降低频率，并以递增的间隔重试。"),)),
    sole("server-fault", "InternalError ServiceUnavailable",
          ("OSS itself had a fault", "OSS 自身出现故障"),
          (("Try again after a growing pause; if it stays, open a ticket with the request id.", "以递增的间隔重试；若持续出现，携带请求 ID 提交工单。"),)),
    sole("callback-failed", "CallbackFailed",
          ("The upload worked; the application's callback did not", "上传成功，但应用的回调失败"),
          (("Look at the callback's address and its answer; the object is there.", "检查回调地址及其返回；对象已经存在。"),)),
)  # fmt: skip
