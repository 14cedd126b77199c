"""ImageDamage and its neighbours (docs/facts.md#images)."""

from ossmend.remediators.causes.indicators import against, code, ec, said, sign
from ossmend.remediators.causes.model import cause

CODE = "ImageDamage"
_FAMILY = "ImageDamage ImageTooLarge BadRequest"
_NEVER = (
    ("Do not delete the object: an older version may be good.", "不要删除对象：历史版本可能完好。"),
)  # fmt: skip
_NOT_DAMAGE = against("code", "^(BadRequest|ImageTooLarge)$", 2)

CAUSES = (
    cause(
        "image-damaged", _FAMILY,
        ("The stored image is damaged", "存储的图片已损坏"),
        (("Compare size and checksum (CRC-64, MD5) with the original, and upload it again.", "与原图比对大小和校验值（CRC-64、MD5），然后重新上传。"),
         ("On a versioned bucket look for the newest version that still decodes.", "若开启了版本控制，查找仍可解码的最新版本。"),
         ("If it happens again, look for one client or one bad network: an upload that reports success is not proof.",
          "若反复出现，请排查某个客户端或网络：上传返回成功并不能证明内容正确。")),
        (("Do not trust a local viewer: OSS is stricter.", "不要以本地看图软件为准：OSS 更严格。"), *_NEVER),
        (said(r"\bdamaged\b", 1.6), sign("sample", r"all zero(?:e)?s|zero[- ]filled|全(?:是|为)(?:0|零)", 1.5, "the text says that the file is all zeros", "文本说明文件全为零"),
         ec("0040-00000021", 0.9), _NOT_DAMAGE), 0.6, "RestoreVersion",
    ),
    cause(
        "image-truncated", _FAMILY,
        ("The image is cut off: its upload did not finish", "图片不完整：上传未完成"),
        (("Upload it again with a checksum (Content-MD5 or CRC-64) that is really checked.",
          "重新上传，并真正校验 Content-MD5 或 CRC-64。"),
         ("On a versioned bucket look for the newest version that still decodes.", "若开启了版本控制，查找仍可解码的最新版本。")),
        _NEVER, (said(r"\btruncat(?:e|ed|ion)\b|\bincomplete\b|\bunexpected end\b|\bpremature(?:ly)?\b", 5),
                 sign("sample", r"truncat|premature end|incomplete|不完整|截断", 1.8, "the text says that the file is cut off", "文本说明文件不完整"), _NOT_DAMAGE), -0.6, "RestoreVersion",
    ),
    cause(
        "image-not-an-image", _FAMILY,
        ("The object is no image", "对象不是图片"),
        (("Ask for it without x-oss-process: only images can be processed.", "请求时去掉 x-oss-process：只有图片才能处理。"),),
        _NEVER, (sign("key", r"\.(txt|json|html?|zip|pdf|mp4|mov|csv|log|docx?|xlsx?)$", 4.6, "the name ends like something else: {}", "名称后缀不像图片：{}"),
                 said(r"\bnot an image\b|\bcontent type\b", 4)), -1.2,
    ),
    cause(
        "image-too-large", _FAMILY,
        ("The image has more pixels or bytes than OSS processes", "图片像素或大小超出处理上限"),
        (("Scale it down before the upload, or ask for a result below the limit.", "上传前缩小，或让处理结果低于上限。"),),
        (("Do not upload it again as it is: it is not damaged.", "不要原样重新上传：图片并未损坏。"),),
        (said(r"\bpixels?\b|\b(?:image|picture|file|size|width|height|resolution|frames?)\b.{0,80}\b(?:too (?:large|big)|exceed(?:s|ed)?|over the limit|beyond)\b|\bexceed(?:s|ed)?\b.{0,40}\b(?:size|limit)\b", 5), code("ImageTooLarge", 5), against("message", "damaged", 3)), -1.5,
    ),
    cause(
        "image-unsupported", _FAMILY,
        ("The image's format is not supported", "图片格式不受支持"),
        (("Convert it to JPEG, PNG or WebP, and upload that.", "转换为 JPEG、PNG 或 WebP 后上传。"),),
        (("Do not upload it again as it is: it is not damaged.", "不要原样重新上传：图片并未损坏。"),),
        (said(r"\b(?:image|picture|source|file|format|type)\b.{0,60}\b(?:not support(?:ed)?|unsupported)\b|\bunsupported (?:image|picture|format|type)|\bimage format\b", 5), ec("0040-00000005", 1), against("message", "damaged", 3),
         sign("key", r"\.(psd|raw|cr2|nef|svg|ico|dng|eps)$", 2.6, "the name ends like a format that OSS does not process: {}", "名称后缀是 OSS 不处理的格式：{}")), -1.3,
    ),
    cause(
        "image-source-missing", _FAMILY,
        ("The source or watermark image is missing", "源图或水印图不存在"),
        (("Check the names of the source and of the watermark image, and their bucket.", "核对源图和水印图的名称及所在 Bucket。"),),
        (("Do not upload the image again before the name was checked.", "核对名称之前不要重新上传。"),),
        (said(r"\b(?:image|picture|watermark|source)\b.{0,40}\b(?:missing|not exist|not found)\b|\bno such (?:image|picture|object)\b", 5), ec("0040-00000024", 1), against("message", "damaged", 3)), -1.5,
    ),
    cause(
        "image-original-protected", "ImageDamage AccessDenied",
        ("Original image protection is on", "已开启原图保护"),
        (("Ask for a processed style, not for the original.", "请使用图片样式访问，而非原图。"),),
        (("Do not switch the protection off for this.", "不要为此关闭原图保护。"),),
        (said(r"\boriginal (?:picture|image)\b|\bimage protect(?:ion|ed)?\b|\bonly style\b|\bprotected by\b", 5),), -2.5,
    ),
    cause(
        "preflight-incomplete", "BadRequest",
        ("A preflight without Origin or without the method it asks for", "预检请求缺少 Origin 或请求方法"),
        (("Send Origin and Access-Control-Request-Method: a browser does so by itself, a script must.",
          "发送 Origin 和 Access-Control-Request-Method：浏览器会自动发送，脚本需要自行添加。"),),
        signs=(said(r"\bInsufficient information\b"),), prior=-1,
    ),
)  # fmt: skip
