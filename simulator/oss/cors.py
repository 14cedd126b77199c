"""Turns a page's origin and a bucket's rules into CORS headers or AccessForbidden; the settings' XML lives here too.

Only the preflight is ever refused. An actual request from a foreign page is served as always, just without the headers
that would let the page read the answer.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from ossmend.simulator.oss import xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.state import Bucket, Cloud, Cors, CorsRule
from ossmend.simulator.wire import Refusal, Response

METHODS = ("GET", "PUT", "DELETE", "POST", "HEAD")
_DOCUMENT_LIMIT = 16 * 1024
_RULE_LIMIT = 10


def effective(cloud: Cloud, bucket: Bucket) -> Cors | None:
    """The rules that preflights see now; a change takes its time if the simulator was told so."""
    if bucket.cors_before is not None:
        before, until = bucket.cors_before
        if cloud.clock.elapsed() < until:
            return before
        bucket.cors_before = None
    return bucket.cors


def store(cloud: Cloud, bucket: Bucket, rules: Cors | None) -> None:
    """Change the configuration; what preflights saw until now stays for the propagation delay."""
    if cloud.cors_delay_seconds:
        seen = effective(cloud, bucket)
        bucket.cors_before = (seen, cloud.clock.elapsed() + cloud.cors_delay_seconds)
    bucket.cors = rules


def lower(allowed_headers: tuple[str, ...]) -> tuple[str, ...]:
    """How OSS keeps an AllowedHeader, whose case means nothing; those of ExposeHeader stay as they were sent."""
    return tuple(header.lower() for header in allowed_headers)


def _glob(pattern: str) -> str:
    """Only `*` is a wildcard in a CORS rule."""
    return pattern.replace("[", "[[]").replace("?", "[?]")


def _rule_for(cors: Cors, origin: str, method: str, headers: list[str]) -> CorsRule | None:
    """The first rule that allows all three."""
    for rule in cors.rules:
        if method not in rule.allowed_methods:
            continue
        if not any(fnmatchcase(origin, _glob(allowed)) for allowed in rule.allowed_origins):
            continue
        patterns = [_glob(allowed) for allowed in rule.allowed_headers]
        if all(any(fnmatchcase(header, pattern) for pattern in patterns) for header in headers):
            return rule
    return None


def _header_names(text: str) -> list[str]:
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def _allow(rule: CorsRule, origin: str) -> dict[str, str]:
    headers = {"Access-Control-Allow-Origin": "*" if "*" in rule.allowed_origins else origin}
    if rule.expose_headers:
        headers["Access-Control-Expose-Headers"] = ", ".join(rule.expose_headers)
    return headers


def decorate(call: Call, headers: dict[str, str]) -> None:
    """CORS headers for an actual request, if a rule allows its origin and method."""
    bucket = call.bucket_or_none
    cors = effective(call.cloud, bucket) if bucket else None
    if cors is None:
        return
    rule = _rule_for(cors, call.request.headers["origin"], call.request.method, [])
    if rule is not None:
        headers.update(_allow(rule, call.request.headers["origin"]))
        headers["Access-Control-Allow-Methods"] = call.request.method
        if rule.max_age_seconds is not None:
            headers["Access-Control-Max-Age"] = str(rule.max_age_seconds)
    if cors.response_vary or (rule is not None and "*" not in rule.allowed_origins):
        headers["Vary"] = "Origin"


def vary(bucket: Bucket, headers: dict[str, str]) -> None:
    """`ResponseVary` concerns every response, also those nobody's page asked for."""
    if bucket.cors is not None and bucket.cors.response_vary:
        headers["Vary"] = "Origin"


def _forbidden(message: str) -> Refusal:
    return Refusal(403, "AccessForbidden", f"CORSResponse: {message}", "0034-00000011")  # EC ours: UNCONFIRMED


@operation("OPTIONS", "object", name="OptionObject", action="none", signed_only=False)
def preflight(call: Call) -> Response:
    """`OPTIONS /key`: unsigned (a signature is ignored), and the key need not exist. On any level."""
    origin = call.header("origin")
    method = call.header("access-control-request-method")
    if not origin:
        raise Refusal(400, "BadRequest", "Insufficient information. Origin request header needed", "0034-00000012")
    if not method:
        raise Refusal(
            400,
            "BadRequest",
            "Insufficient information. Request Access-Control-Request-Method header needed",
            "0034-00000013",  # ours, like the one above
        )
    cors = effective(call.cloud, call.bucket) if call.bucket_or_none else None
    if cors is None:
        raise _forbidden("CORS is not enabled for this bucket.")
    requested = call.header("access-control-request-headers") or ""
    rule = _rule_for(cors, origin, method, _header_names(requested))
    if rule is None:
        raise _forbidden(
            "This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
            "Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's "
            "CORS spec."
        )
    headers = _allow(rule, origin) | {"Access-Control-Allow-Methods": ", ".join(rule.allowed_methods)}
    if requested:
        headers["Access-Control-Allow-Headers"] = requested
    if rule.max_age_seconds is not None:
        headers["Access-Control-Max-Age"] = str(rule.max_age_seconds)
    if cors.response_vary or "*" not in rule.allowed_origins:
        headers["Vary"] = "Origin"
    return Response(200, headers)


def _invalid_rule(message: str, name: str, value: str = "", ec: str = "0034-00000009") -> Refusal:
    extras = [("ArgumentName", name), ("ArgumentValue", value)]
    return Refusal(400, "InvalidArgument", message, ec, extras)


def _read_rule(node: xml.Node) -> CorsRule:
    origins, methods = node.values("AllowedOrigin"), node.values("AllowedMethod")
    if not origins or not all(origins):
        raise _invalid_rule("AllowedOrigin is required.", "AllowedOrigin", ec="0034-00000008")
    if not methods:
        raise _invalid_rule("AllowedMethod is required.", "AllowedMethod")
    for method in methods:
        if method not in METHODS:
            raise _invalid_rule("The AllowedMethod is not valid.", "AllowedMethod", method)
    for name, values in (("AllowedOrigin", origins), ("AllowedHeader", node.values("AllowedHeader"))):
        for value in values:
            if value.count("*") > 1:
                raise _invalid_rule(f"At most one wildcard is allowed in {name}.", name, value)
    expose = node.values("ExposeHeader")
    if any("*" in value for value in expose):
        raise _invalid_rule("ExposeHeader cannot contain a wildcard.", "ExposeHeader", ",".join(expose))
    ages = node.values("MaxAgeSeconds")
    if len(ages) > 1 or any(not age.isascii() or not age.isdigit() or len(age) > 9 for age in ages):
        raise _invalid_rule("The MaxAgeSeconds is not valid.", "MaxAgeSeconds", ",".join(ages))
    age = int(ages[0]) if ages else None
    return CorsRule(origins, methods, lower(node.values("AllowedHeader")), expose, age)


@operation("PUT", "bucket", "cors", name="PutBucketCors")
def put_bucket_cors(call: Call) -> Response:
    """Replaces the whole configuration."""
    document = xml.parse(call.request.body, "CORSConfiguration", limit=_DOCUMENT_LIMIT)
    nodes = document.all("CORSRule")
    if not nodes:
        raise xml.malformed_xml("at least one CORSRule is needed")
    if len(nodes) > _RULE_LIMIT:
        raise Refusal(
            400, "CORSRuleBeyondLimit", "The number of CORS rules is beyond the limit of 10.", "0034-00000010"
        )
    vary_text = document.first("ResponseVary")
    response_vary = xml.boolean(vary_text.text) if vary_text is not None else False
    store(call.cloud, call.bucket, Cors(tuple(_read_rule(node) for node in nodes), response_vary))
    return Response(200)


@operation("GET", "bucket", "cors", name="GetBucketCors")
def get_bucket_cors(call: Call) -> Response:
    cors = call.bucket.cors
    if cors is None:
        raise Refusal(
            404,
            "NoSuchCORSConfiguration",
            "The CORS Configuration does not exist.",
            "0034-00000001",
            [("BucketName", call.bucket_name)],
        )
    rules = []
    for rule in cors.rules:
        children = [xml.element("AllowedOrigin", value) for value in rule.allowed_origins]
        children += [xml.element("AllowedMethod", value) for value in rule.allowed_methods]
        children += [xml.element("AllowedHeader", value) for value in rule.allowed_headers]
        children += [xml.element("ExposeHeader", value) for value in rule.expose_headers]
        if rule.max_age_seconds is not None:
            children.append(xml.element("MaxAgeSeconds", str(rule.max_age_seconds)))
        rules.append(xml.group("CORSRule", *children))
    rules.append(xml.element("ResponseVary", xml.flag(cors.response_vary)))
    return Response(200, {"Content-Type": "application/xml"}, xml.document("CORSConfiguration", rules))


@operation("DELETE", "bucket", "cors", name="DeleteBucketCors")
def delete_bucket_cors(call: Call) -> Response:
    store(call.cloud, call.bucket, None)
    return Response(204)
