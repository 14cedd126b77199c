"""Turns configurations the simulator does not act on into stored documents: lifecycle, website, encryption, ...

They are checked (document_rules.py), kept, and given back; little happens because of them (access_time.py, website.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ossmend.simulator.oss import document_rules, xml
from ossmend.simulator.oss.call import Call, operation
from ossmend.simulator.oss.service import XML, resource_group
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
    rule: Callable[[xml.Node], None] | None = None
    """Refuses what OSS refuses."""
    rewritten: bool = False
    """Is what is left by the rule stored, and not the client's own words?"""
    reset: str = ""
    """A document in which this child is empty puts the default back."""


_DOCUMENTS = (
    Document(
        "lifecycle",
        "LifecycleConfiguration",
        "BucketLifecycle",
        ("NoSuchLifecycle", "No Row found in Lifecycle Table."),
        needs=("Rule",),
        rule=document_rules.lifecycle,
    ),
    Document(
        "website",
        "WebsiteConfiguration",
        "BucketWebsite",
        ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration."),
        needs=("IndexDocument", "ErrorDocument", "RoutingRules"),
        rule=document_rules.website,
        rewritten=True,
    ),
    Document(
        "encryption",
        "ServerSideEncryptionRule",
        "BucketEncryption",
        ("NoSuchServerSideEncryptionRule", "The server side encryption configuration does not exist."),
        needs=("ApplyServerSideEncryptionByDefault",),
        rule=document_rules.encryption,
        rewritten=True,
    ),
    Document(
        "accessmonitor",
        "AccessMonitorConfiguration",
        "BucketAccessMonitor",
        None,
        "<Status>Disabled</Status>",
        deletable=False,
        rule=document_rules.access_monitor,
    ),
    Document(
        "httpsConfig",
        "HttpsConfiguration",
        "BucketHttpsConfig",
        None,
        "<TLS><Enable>false</Enable></TLS>",
        deletable=False,
        rule=document_rules.https,
        rewritten=True,
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


_SWITCHES = (
    b"AllowSmallFile|ExpiredObjectDeleteMarker|IsAccessTime|MirrorCheckMd5|MirrorFollowRedirect|MirrorPassQueryString|"
    b"MirrorSNI|PassAll|PassQueryString|ReturnToStdWhenVisit|SupportSubDir"
)
_SWITCH = re.compile(rb"(<(?:" + _SWITCHES + rb")>)(True|False)(?=</)")
_GROUP_ID = re.compile(r"rg-(?:default|[a-z0-9]{13,20})\Z")


def settled(kind: Document, body: bytes) -> bytes:
    """The document as it is stored; refused without its frame, or where its rule says so.

    Switches are given back as OSS writes them: oss2 sends Python's `True`, and cannot read it.
    """
    document = xml.parse(body, kind.root)
    if kind.needs and not any(document.first(name) for name in kind.needs):
        raise xml.malformed_xml(f"{' or '.join(kind.needs)} is required")
    if kind.rule is not None:
        kind.rule(document)
    if kind.rewritten:
        body = xml.document(kind.root, [xml.markup(child) for child in document.children])
    return _SWITCH.sub(lambda found: found[1] + found[2].lower(), body)


def _know_group(call: Call, group: str) -> None:
    """Groups are Resource Management's, which is not simulated: any id that could be one is taken."""
    if not _GROUP_ID.match(group) and not any(group == resource_group(b) for b in call.cloud.buckets.values()):
        raise Refusal(
            400, "ResourceGroupIdPreCheckError", "The resource group does not exist.", "0039-00000001"
        )  # ours


def named_group(call: Call) -> bytes | None:
    """The document of the resource group that a new bucket is to belong to; None: the account's own."""
    group = call.header("x-oss-resource-group-id")
    if not group:
        return None
    _know_group(call, group)
    return xml.document("BucketResourceGroupConfiguration", [xml.element("ResourceGroupId", group)])


def _register(kind: Document) -> None:
    def put(call: Call) -> Response:
        document = settled(kind, call.request.body)
        if kind.subresource == "lifecycle" and (call.header("x-oss-allow-same-action-overlap") or "").lower() != "true":
            document_rules.refuse_overlap(xml.parse(document, kind.root))
        named = xml.parse(document, kind.root).value(kind.reset) if kind.reset else ""
        if kind.subresource == "resourceGroup" and named:
            _know_group(call, named)
        if kind.reset and not named:
            call.bucket.documents.pop(kind.subresource, None)
        else:
            call.bucket.documents[kind.subresource] = document
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
