"""Turns requests about a bucket's image styles into changes; images.py asks what a style stands for.

Sources: the pages of the four calls, and what oss2's own suite asserts: a style's content is only looked at when a
picture is asked for with it.
"""

from __future__ import annotations

import re
from typing import Final

from ossmend.simulator.oss import permit, refusals, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML
from ossmend.simulator.state import Style
from ossmend.simulator.wire import Refusal, Response, http_date

_NAME = re.compile(r"[A-Za-z0-9._-]{1,63}\Z")
_MOST: Final = 50
_LONGEST: Final = 4096
"""Ours: how long a content may be is UNCONFIRMED."""


def find(call: Call, name: str) -> Style:
    style = call.bucket.styles.get(name)
    if style is None:
        raise Refusal(404, "NoSuchStyle", "The specified style does not exist.", "0040-00000050")  # EC ours
    return style


def _name(call: Call) -> str:
    name = call.query.get("styleName", "")
    if not _NAME.match(name):
        raise refusals.invalid_argument("Style name is invalid.", "styleName", name[:200])
    return name


@operation("PUT", "bucket", "style", name="PutStyle")
def put(call: Call) -> Response:
    """A new style, or another content for one that is there; the limit is documented with its words."""
    name, content = _name(call), xml.parse(call.request.body, "Style").value("Content")
    if not content or len(content) > _LONGEST:
        raise refusals.invalid_argument("Style content is invalid.", "Content", content[:200])
    before = call.bucket.styles.get(name)
    if before is None and len(call.bucket.styles) >= _MOST:
        raise refusals.access_denied(f"Your style count is exceeded {_MOST}.", "0040-00000051")  # EC ours
    created = before.created if before else call.now
    call.bucket.styles[name] = Style(content, call.query.get("category") or "image", created, call.now)
    return Response(200)


@operation("GET", "bucket", "style", name="GetStyle", action="none")
def get(call: Call) -> Response:
    """One style by its name, or without a name all of them."""
    if "styleName" not in call.query:
        permit.require(call, "oss:ListStyle", call.bucket)
        call.log_operation = "ListStyle"
        styles = [xml.group("Style", *_children(*named)) for named in sorted(call.bucket.styles.items())]
        return Response(200, dict(XML), xml.document("StyleList", styles))
    permit.require(call, "oss:GetStyle", call.bucket)
    name = _name(call)
    return Response(200, dict(XML), xml.document("Style", _children(name, find(call, name))))


def _children(name: str, style: Style) -> list[str]:
    return [
        xml.element("Name", name),
        xml.element("Content", style.content),
        xml.element("Category", style.category),
        xml.element("CreateTime", http_date(style.created)),
        xml.element("LastModifyTime", http_date(style.modified)),
    ]


@operation("DELETE", "bucket", "style", name="DeleteStyle")
def delete(call: Call) -> Response:
    call.bucket.styles.pop(_name(call), None)
    return Response(204)
