"""RequestTimeTooSkewed: kinds of wrong clocks, and what only looks like one (docs/facts.md#clocks)."""

from ossmend.remediators.causes.indicators import against, ec, sign
from ossmend.remediators.causes.model import cause

CODE = "RequestTimeTooSkewed"
_NO_STEP = (
    ("Do not set the clock of a running database or cluster by hand: let NTP correct it bit by bit.",
     "不要手工拨动运行中数据库或集群的时钟：让 NTP 逐步校正。"),
)  # fmt: skip
_NO_TIMES = against("untimed", ".", 1.4)

CAUSES = (
    cause(
        "clock-drift", CODE,
        ("The client's clock is wrong", "客户端时钟不准"),
        (("Let the client's machine keep time by NTP (ntp.aliyun.com), and check that it really synchronises.",
          "让客户端机器使用 NTP（ntp.aliyun.com）校时，并确认同步成功。"),
         ("On a container or VPS correct the host: a container has no clock of its own. On a phone switch automatic time on.",
          "容器或 VPS 需校正宿主机时钟：容器没有独立时钟。手机请打开自动设置时间。"),
         ("SDKs that correct themselves by the server's time help: ali-oss in browsers, Android and iOS.",
          "可使用能按服务器时间自动校正的 SDK：浏览器端 ali-oss、Android、iOS。")),
        _NO_STEP,
        (sign("drift", "^drift$", 2.6, "RequestTime and ServerTime are further apart than the 15 minutes that OSS allows",
              "RequestTime 与 ServerTime 相差超过 OSS 允许的 15 分钟"),
         sign("drift", "^near$", 0.6, "the difference is minutes beside the offset of a time zone: a drift may be so by chance",
              "差值与某时区的偏移相差一两分钟：漂移也可能恰好如此"),
         against("drift", "^zone$", 1), ec("0002-0000050[14]", 0.4), against("late", ".", 0.6), _NO_TIMES),
        1.6,
    ),
    cause(
        "clock-time-zone", CODE,
        ("A time zone was taken for another", "时区被误用"),
        (("Sign with UTC: the program writes local time and calls it GMT.", "使用 UTC 签名：程序把本地时间当成了 GMT。"),
         ("Check TZ of the process and how it formats Date; a clock set by hand to local time looks the same.",
          "检查进程的时区设置和 Date 的格式化方式；手工按本地时间设置的时钟也会如此。")),
        _NO_STEP,
        (sign("drift", "^zone$", 5.2, "the difference is the offset of a time zone from UTC, to within seconds",
              "差值恰为某时区与 UTC 的偏移（误差在数秒之内）"),
         sign("drift", "^near$", 3.4, "the difference is within two minutes of the offset of a time zone from UTC",
              "差值与某时区相对 UTC 的偏移相差不到两分钟"), _NO_TIMES),
        0.1,
    ),
    cause(
        "clock-unset", CODE,
        ("The client's clock was never set", "客户端时钟未设置"),
        (("Wait for network time before the first request: the device starts near its epoch (1970).",
          "首次请求前先等待网络校时：设备开机时间接近初始纪元（1970 年）。"),),
        (("Do not raise an alarm for the whole fleet: it is this device.", "不要为整个集群报警：问题只在这台设备。"),),
        (sign("drift", "^unset$", 7, "the request's time lies before OSS existed", "请求时间早于 OSS 上线时间"),), -1,
    ),
    cause(
        "clock-slow-upload", CODE,
        ("The clock may be fine: the request arrived long after it was signed (slow upload or delayed sending)",
         "时钟可能正常：签名后过久才到达（上传缓慢或延迟发送）"),
        (("Sign each part just before it is sent, and upload in smaller parts.", "在发送前再签名，并采用更小的分片上传。"),
         ("Look for a queue or a retry that sends old signatures again.", "检查是否有队列或重试在重发旧签名。")),
        (("Do not change the clock before it was measured: it may be right.", "测量之前不要修改时钟：它可能是准的。"),),
        (sign("upload", ".", 0.9, "an upload ({}) was refused", "被拒绝的是上传（{}）"),
         sign("big", ".", 2.6, "the body has {}", "请求体大小为 {}"),
         sign("took", ".", 4, "the request took {}", "请求耗时 {}"),
         sign("late", ".", 1.6, "it is late by {} only: a queue or a slow line does that", "仅迟到 {}：排队或慢速线路即可造成"),
         sign("sample", r"ntp.{0,40}(?:ok|synchroni[sz]ed)|clock (?:is|was) (?:correct|right|fine|in sync)|时钟(?:正常|准确)", 2.2,
              "the text says that the clock is right", "文本说明时钟是准的"),
         against("drift", "^(zone|near|unset|absurd)$", 4), against("ahead", ".", 5)),
        -1.2,
    ),
    cause(
        "clock-this-host", CODE,
        ("The clock of this host is wrong", "本机时钟不准"),
        (("Let this host keep time by NTP; chronyc tracking shows whether it does.",
          "让本机使用 NTP 校时；可用 chronyc tracking 查看。"),
         ("At 15 minutes OSS refuses every request of this host.", "偏差达到 15 分钟后，OSS 将拒绝本机的所有请求。")),
        _NO_STEP, prior=None,
    ),
    cause(
        "clock-many-clients", CODE,
        ("Many clients are skewed at once", "多个客户端同时出现时钟偏差"),
        (("Look for what they share: a host, an image, an NTP server, a proxy that changes Date.",
          "查找共同点：宿主机、镜像、NTP 服务器或改写 Date 的代理。"),),
        _NO_STEP, (sign("clients_count", r"^([3-9]|\d\d+)$", 3.2, "{} clients are affected", "受影响的客户端有 {} 个"),), -1.6,
    ),
    cause(
        "clock-absurd-server-time", CODE,
        ("The server time in the text is not OSS's", "文本中的服务器时间不可信"),
        (("Ask OSS directly, without the proxy in between; take several samples before correcting any clock.",
          "绕过代理直接访问 OSS；多次采样之后再校正时钟。"),
         ("If an SDK corrects itself by the server's Date, make it measure anew: one bad Date has poisoned it.",
          "若 SDK 按服务器 Date 自动校正，请让它重新测量：一次错误的 Date 已污染校正值。")),
        (("Do not correct a clock by this one value.", "不要只凭这一个值校正时钟。"),),
        (sign("drift", "^absurd$", 8, "the server time in the text cannot be OSS's", "文本中的服务器时间不可能来自 OSS"),
         sign("sample", r"Date: \w{3}, \d\d \w{3} 19[67]\d", 3.5, "a Date before 1980 came back", "返回的 Date 早于 1980 年")), -2,
    ),
    cause(
        "clock-unmeasured", CODE,
        ("A clock is off by more than 15 minutes; by how much is not told", "时钟偏差超过 15 分钟，具体偏差未知"),
        (("Compare the client's clock with the Date header of any OSS response.", "将客户端时钟与任一 OSS 响应的 Date 头比较。"),
         ("Log the whole error: it holds RequestTime and ServerTime. The offset of a time zone, mostly whole hours, is a time zone; many bytes mean a slow upload.",
          "记录完整错误：其中有 RequestTime 和 ServerTime。恰为时区偏移（多为整小时）则是时区问题；数据量很大则是上传缓慢。")),
        _NO_STEP,
        (sign("untimed", ".", 2.3, "the text has no RequestTime and ServerTime", "文本中没有 RequestTime 和 ServerTime"),
         against("drift", ".", 8)), -1,
    ),
)  # fmt: skip
