"""SignatureDoesNotMatch: the known signing faults (facts: sections 2.2, 8.4; scenarios S33-S38)."""

from ossmend.remediators.causes.model import Sign, cause

CODE = "SignatureDoesNotMatch"
_NOT_THE_KEY = (
    ("Do not replace the key for everybody: the same key may work elsewhere.", "不要为所有人更换密钥：同一密钥在别处可能正常。"),
)  # fmt: skip
_STRING = "fields.StringToSign"

CAUSES = (
    cause(
        "wrong-secret", CODE,
        ("The secret at this client is wrong", "该客户端的 Secret 有误"),
        (("Paste the secret again at this client: no blank or line end, not the old one after a rotation.",
          "在该客户端重新填写 Secret：不要带空格或换行，也不要用轮换前的旧值。"),
         ("Check that the variables are really loaded and belong to this key id.", "确认变量已加载，且与该 AccessKey ID 配对。")),
        _NOT_THE_KEY,
        (Sign("fields.SignatureProvided", r"\s", 0.3, "the signature as it arrived has a blank in it"),
         Sign("message", "Check your key and signing method", 0.3, "OSS said: {}"),
         Sign("ec", "0002-00000(040|201)", 0.3, "EC {} is that of a signature that differs")), 0.9,
    ),
    cause(
        "plus-lost", CODE,
        ("A + in the signature became a blank on the way", "签名中的 + 在传输中变成了空格"),
        (("Percent-encode the signature in the URL (+ as %2B), and copy the URL whole.",
          "URL 中的签名需要编码（+ 写作 %2B），并完整复制 URL。"),),
        _NOT_THE_KEY,
        (Sign("fields.SignatureProvided", r"\S \S", 3.6, "the signature as it arrived has a blank where a + may have been: {}"),), -1.5,
    ),
    cause(
        "key-encoding", CODE,
        ("The object's name is encoded differently by signer and sender", "对象名在签名与发送时编码不一致"),
        (("Sign the name as it is, and encode it once when it is sent; look at %, #, +, braces and blanks.",
          "按原始名称签名，发送时仅编码一次；注意 %、#、+、花括号与空格。"),),
        (("Do not rename objects to get around it without telling those who read them.",
          "不要在未通知使用方的情况下改名规避。"),),
        (Sign("special_key", ".", 1.9, "the key has characters that are often encoded twice or not at all: {}"),
         Sign(_STRING, r"%[0-9A-F]{2}", 0.8, "the string that OSS signed has an encoded name in it")), -1,
    ),
    cause(
        "signed-header-differs", CODE,
        ("A header that was signed is sent differently", "参与签名的请求头与实际发送不一致"),
        (("Send Content-Type, Content-MD5 and every x-oss- header exactly as they were signed.",
          "Content-Type、Content-MD5 及所有 x-oss- 请求头须与签名时完全一致。"),
         ("On a presigned PUT the uploader must send the Content-Type that was signed.",
          "预签名 PUT 上传时必须携带签名时的 Content-Type。")),
        _NOT_THE_KEY,
        (Sign(_STRING, r"^PUT(\\n|\n)[^\n\\]*(\\n|\n)[a-z]+/[a-z0-9.+-]+", 1.0, "a Content-Type is part of what OSS signed"),
         Sign(_STRING, r"^PUT(\\n|\n)[^\n\\]*(\\n|\n)[^\n\\]*(\\n|\n)\d{10}(\\n|\n)", 1.8, "it is a presigned PUT"),
         Sign(_STRING, "x-oss-(meta|callback)", 1.0, "x-oss- headers are part of what OSS signed"),
         Sign("message", "content-type|header", 1.5, "OSS said: {}")), -0.6,
    ),
    cause(
        "s3-client", CODE,
        ("An S3 client's signature or addressing", "使用了 S3 客户端的签名或寻址方式"),
        (("Use OSS's S3-compatible endpoint settings: virtual-hosted style, signature version as documented.",
          "按文档配置 S3 兼容：虚拟托管域名与相应的签名版本。"),),
        _NOT_THE_KEY,
        (Sign("ec", "0002-000004(29|30|23|18)", 1, "EC {} is that of S3-compatible signing"),
         Sign(_STRING, "AWS4-HMAC|x-amz-", 4, "the string to sign is an S3 one"),
         Sign("user_agent", "aws-sdk|boto|minio", 2, "the client is {}")), -1.5,
    ),
    cause(
        "v4-without-region", CODE,
        ("A V4 signature with a wrong or missing region", "V4 签名的地域缺失或有误"),
        (("Set the region of the client bare (cn-hangzhou).", "将客户端地域设为不带前缀的形式（cn-hangzhou）。"),),
        _NOT_THE_KEY,
        (Sign("ec", "0002-00000201", 0.4, "EC {} is that of V4"),
         Sign(_STRING, "OSS4-HMAC-SHA256.*/(oss-|//|us-east-1)", 3, "the scope of the signature names no OSS region"),
         Sign(_STRING, "^OSS4-HMAC", 0.5, "it is a V4 signature")), -1,
    ),
    cause(
        "chunked-signing", CODE,
        ("The client signs its body in chunks, which OSS does not verify", "客户端使用了分块签名，OSS 不支持"),
        (("Turn chunked payload signing off in the client.", "在客户端关闭分块负载签名。"),),
        _NOT_THE_KEY,
        (Sign(_STRING, "STREAMING-", 5, "the string to sign carries the marker of chunked signing"),
         Sign("message", "chunk", 2.5, "OSS said: {}"), Sign("ec", "0002-00000430", 0.8, "EC {}")), -2,
    ),
    cause(
        "proxy-rewrites", CODE,
        ("Something between client and OSS changes the request", "中间代理改写了请求"),
        (("Compare StringToSign with what the client signed; look for a proxy that changes Host, path or headers.",
          "比对 StringToSign 与客户端签名内容；检查改写 Host、路径或请求头的代理。"),),
        _NOT_THE_KEY,
        (Sign("clients", "^many$", 0.9, "{} clients are affected"),
         Sign("fields.Via", ".", 2.5, "the request came through {}")), -1,
    ),
)  # fmt: skip
