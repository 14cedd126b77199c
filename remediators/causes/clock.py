"""RequestTimeTooSkewed: kinds of wrong clocks, and what only looks like one (facts: section 7)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "RequestTimeTooSkewed"
_NO_STEP = (
    ("Do not set the clock of a running database or cluster by hand: let NTP slew it.",
     "不要手工拨动运行中数据库或集群的时钟：让 NTP 逐步校正。"),
)  # fmt: skip

CAUSES = (
    cause(
        "clock-drift", CODE,
        ("The client's clock is wrong", "客户端时钟不准"),
        (("Let the client's host keep time by NTP (ntp.aliyun.com), and check that it really synchronises.",
          "让客户端主机使用 NTP（ntp.aliyun.com）校时，并确认同步成功。"),
         ("On a container or VPS correct the host: a container has no clock of its own.",
          "容器或 VPS 需校正宿主机时钟：容器没有独立时钟。")),
        _NO_STEP,
        (Sign("drift", "^drift$", 3, "RequestTime and ServerTime are further apart than OSS allows"),
         Sign("ec", "0002-0000050[14]", 0.4, "EC {} is that of skewed clocks"),
         Sign("readable", "no message", -1, "")), 1.6,
    ),
    cause(
        "clock-time-zone", CODE,
        ("A time zone was taken for another", "时区被误用"),
        (("Sign with UTC: the program formats local time as GMT.", "使用 UTC 签名：程序把本地时间当成了 GMT。"),
         ("Check TZ of the process and how it formats Date.", "检查进程的时区设置以及 Date 的格式化方式。")),
        _NO_STEP,
        (Sign("drift", "^zone$", 5, "the difference is a whole number of half hours"),), -0.6,
    ),
    cause(
        "clock-unset", CODE,
        ("The client's clock was never set", "客户端时钟未设置"),
        (("Wait for network time before the first request; this device starts near its epoch.",
          "首次请求前先等待网络校时；该设备开机时间接近初始纪元。"),),
        (), (Sign("drift", "^unset$", 5.5, "the request's time lies before OSS existed"),), -1,
    ),
    cause(
        "clock-slow-upload", CODE,
        ("The clock is fine: the request was sent long after it was signed", "时钟正常：签名后过久才发出请求"),
        (("Sign each part just before it is sent; upload in smaller parts.", "在发送前再签名；采用更小的分片上传。"),
         ("Look for a queue or a retry that sends old signatures again.", "检查是否有队列或重试在重发旧签名。")),
        (("Do not change the clock: it is right.", "不要修改时钟：时钟没有问题。"),),
        (Sign("operation", "^(UploadPart|PutObject|AppendObject|PostObject)$", 0.5, "an upload ({}) was refused"),
         Sign("drift", "^(zone|unset)$", -3, "")), -1,
    ),
    cause(
        "clock-this-host", CODE,
        ("The clock of this host is wrong", "本机时钟不准"),
        (("Let this host keep time by NTP (chronyc tracking shows whether it does).",
          "让本机使用 NTP 校时（可用 chronyc tracking 查看）。"),
         ("At 15 minutes OSS refuses every request of this host.", "偏差达到 15 分钟后，OSS 将拒绝本机的所有请求。")),
        _NO_STEP,
    ),
    cause(
        "clock-many-clients", CODE,
        ("Many clients are skewed at once", "多个客户端同时出现时钟偏差"),
        (("Look for what they share: a host, an image, an NTP server, a proxy that changes Date.",
          "查找共同点：宿主机、镜像、NTP 服务器或改写 Date 的代理。"),),
        _NO_STEP, (Sign("clients", "^many$", 1.8, "{} clients are affected"),), -1,
    ),
    cause(
        "clock-absurd-server-time", CODE,
        ("The server time in the text is not OSS's", "文本中的服务器时间不可信"),
        (("Ask OSS directly, without the proxy in between; do not correct a clock by this value.",
          "绕过代理直接访问 OSS；不要据此校正时钟。"),),
        (), (Sign("drift", "^absurd$", 6, "the server time in the text cannot be OSS's"),), -2,
    ),
    cause(
        "clock-unmeasured", CODE,
        ("A clock is off by more than 15 minutes; by how much is not told", "时钟偏差超过 15 分钟，具体偏差未知"),
        (("Compare the client's clock with any OSS response's Date header.", "将客户端时钟与 OSS 响应的 Date 头比较。"),
         ("Log the whole error: it holds RequestTime and ServerTime.", "记录完整错误：其中包含 RequestTime 和 ServerTime。")),
        _NO_STEP,
    ),
)  # fmt: skip
