"""ImageDamage and its neighbours (facts: section 6 "Images"; scenarios S28, S29, S32)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "ImageDamage"
_NEVER = (
    ("Do not delete the object: an older version may be good.", "不要删除对象：历史版本可能完好。"),
)  # fmt: skip

CAUSES = (
    cause(
        "image-damaged", CODE,
        ("The image is damaged", "图片已损坏"),
        (("Compare size and checksum with the original, and upload it again.", "与原图比对大小和校验值，然后重新上传。"),
         ("On a versioned bucket look for the newest version that still decodes.", "若开启了版本控制，查找仍可解码的最新版本。")),
        (("Do not judge by a local viewer: OSS is stricter.", "不要以本地看图软件为准：OSS 更严格。"), *_NEVER),
        (Sign("message", "damaged", 1.2, "OSS said: {}"),), 1.4, "RestoreVersion",
    ),
    cause(
        "image-truncated", CODE,
        ("The upload of the image was cut off", "图片上传不完整"),
        (("Upload it again with a checksum (Content-MD5 or CRC-64) that is really checked.",
          "重新上传，并校验 Content-MD5 或 CRC-64。"),),
        _NEVER, (Sign("message", "truncat|incomplete|unexpected end", 3.5, "OSS said: {}"),), -0.4,
    ),
    cause(
        "image-not-an-image", CODE,
        ("The object is no image", "对象不是图片"),
        (("Leave image processing off for such objects.", "对此类对象不要使用图片处理。"),),
        (), (Sign("key", r"\.(txt|json|html?|zip|pdf|mp4|csv|log)$", 3, "the key ends like something else: {}"),), -1,
    ),
    cause(
        "image-too-large", CODE,
        ("The image has more pixels than OSS processes", "图片像素超出处理上限"),
        (("Scale it down before the upload, or raise no resize above the limit.", "上传前缩小，或避免超过上限的缩放。"),),
        (), (Sign("message", "too large|pixel", 4, "OSS said: {}"),), -1.5,
    ),
    cause(
        "image-unsupported", CODE,
        ("The image format is not supported", "图片格式不受支持"),
        (("Convert it to JPEG, PNG or WebP.", "转换为 JPEG、PNG 或 WebP。"),),
        (), (Sign("message", "unsupported|not supported|format", 4, "OSS said: {}"),
             Sign("key", r"\.(psd|raw|cr2|svg|ico)$", 2, "the key ends like a format that OSS does not process: {}")), -1.2,
    ),
    cause(
        "image-source-missing", CODE,
        ("The source image is missing", "源图不存在"),
        (("Check the key of the source or watermark image.", "核对源图或水印图的 Key。"),),
        (), (Sign("message", "missing|not exist|not found", 4, "OSS said: {}"), Sign("ec", "0040-00000024", 1, "EC {}")), -1.5,
    ),
    cause(
        "image-original-protected", CODE,
        ("Original image protection is on", "已开启原图保护"),
        (("Ask for a processed style, not for the original.", "请使用图片样式访问，而非原图。"),),
        (), (Sign("message", "original|protect|style", 3.5, "OSS said: {}"),), -2,
    ),
)  # fmt: skip
