"""Turns configurations the simulator does not act on into stored documents: lifecycle, website, encryption, ...

They are checked for their frame, kept word for word, and given back; nothing happens because of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ossmend.simulator.oss import xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML
from ossmend.simulator.wire import Refusal, Response


@dataclass(frozen=True, slots=True)
class Document:
    """One kind of configuration: its sub-resource, root, names, and what GET answers while there is none."""

    subresource: str
    root: str
    name: str
    missing: tuple[str, str] | None
    default: str = ""
    deletable: bool = True
    needs: tuple[str, ...] = ()
    """The document must have one of these children."""
    reset: str = ""
    """A document in which this child is empty puts the default back."""


_DOCUMENTS = (
    Document(
        "lifecycle",
        "LifecycleConfiguration",
        "BucketLifecycle",
        ("NoSuchLifecycle", "No Row found in Lifecycle Table."),
        needs=("Rule",),
    ),
    Document(
        "website",
        "WebsiteConfiguration",
        "BucketWebsite",
        ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration."),
        needs=("IndexDocument", "ErrorDocument", "RoutingRules"),
    ),
    Document(
        "encryption",
        "ServerSideEncryptionRule",
        "BucketEncryption",
        ("NoSuchServerSideEncryptionRule", "The server side encryption configuration does not exist."),
        needs=("ApplyServerSideEncryptionByDefault",),
    ),
    Document(
        "accessmonitor",
        "AccessMonitorConfiguration",
        "BucketAccessMonitor",
        None,
        "<Status>Disabled</Status>",
        deletable=False,
    ),
    Document(
        "httpsConfig",
        "HttpsConfiguration",
        "BucketHttpsConfig",
        None,
        "<TLS><Enable>false</Enable></TLS>",
        deletable=False,
    ),
    Document(
        "resourceGroup",
        "BucketResourceGroupConfiguration",
        "BucketResourceGroup",
        None,
        "<ResourceGroupId>rg-default</ResourceGroupId>",
        deletable=False,
        reset="ResourceGroupId",
    ),
    Document(
        "userDefinedLogFieldsConfig",
        "UserDefinedLogFieldsConfiguration",
        "UserDefinedLogFieldsConfig",
        ("NoSuchUserDefinedLogFieldsConfig", "The specified bucket does not have a user-defined log fields config."),
        needs=("HeaderSet", "ParamSet"),
    ),
)


KINDS: Final = {kind.subresource: kind for kind in _DOCUMENTS}


def check(kind: Document, body: bytes) -> xml.Node:
    """The document; one without its frame is refused."""
    document = xml.parse(body, kind.root)
    if kind.needs and not any(document.first(name) for name in kind.needs):
        raise xml.malformed_xml(f"{' or '.join(kind.needs)} is required")
    return document


def _register(kind: Document) -> None:
    def put(call: Call) -> Response:
        document = check(kind, call.request.body)
        if kind.reset and not document.value(kind.reset):
            call.bucket.documents.pop(kind.subresource, None)
        else:
            call.bucket.documents[kind.subresource] = call.request.body
        return Response(200)

    def get(call: Call) -> Response:
        stored = call.bucket.documents.get(kind.subresource)
        if stored is not None:
            return Response(200, dict(XML), stored)
        if kind.missing is None:
            return Response(200, dict(XML), xml.document(kind.root, [kind.default]))
        code, message = kind.missing
        raise Refusal(404, code, message, extras=[("BucketName", call.bucket_name)])

    def delete(call: Call) -> Response:
        call.bucket.documents.pop(kind.subresource, None)
        return Response(204)

    operation("PUT", "bucket", kind.subresource, name=f"Put{kind.name}")(put)
    operation("GET", "bucket", kind.subresource, name=f"Get{kind.name}")(get)
    if kind.deletable:
        operation("DELETE", "bucket", kind.subresource, name=f"Delete{kind.name}")(delete)


for _kind in _DOCUMENTS:
    _register(_kind)
