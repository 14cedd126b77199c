"""Turns ListCname into the domains that are bound to a bucket; a scene or the control address binds them.

Source: the page of the call. Binding by PutCname proves who owns a domain with a token in the DNS: not simulated.
"""

from __future__ import annotations

from ossmend.simulator.oss import refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML
from ossmend.simulator.wire import Response, iso_date


@operation("GET", "bucket", "cname", name="ListCname")
def list_cname(call: Call) -> Response:
    """Each domain as it is enabled; when it was bound is not kept, so the bucket's own date stands for that."""
    if "comp" in call.query:
        raise refusals.not_implemented("comp")
    bound = [
        xml.group(
            "Cname",
            xml.element("Domain", domain),
            xml.element("LastModified", iso_date(call.bucket.created)),
            xml.element("Status", "Enabled"),
        )
        for domain in sorted(call.bucket.cnames)
    ]
    children = [xml.element("Bucket", call.bucket_name), xml.element("Owner", call.bucket.owner), *bound]
    return Response(200, dict(XML), xml.document("ListCnameResult", children))
