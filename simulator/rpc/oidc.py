"""Turns an OIDC token into a role's temporary key, as a pod does that has a role (RRSA); sts.py has the signed way.

Nobody signs this call: the token is the proof. Real providers sign with a key that STS fetches from the issuer; here a
provider has a secret (HS256), which the control API sets, so that a test can make tokens. Which code refuses which
token is from the documentation; the statuses are our choice (UNCONFIRMED).
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ossmend.simulator.policies import applies, as_list, statements
from ossmend.simulator.rpc.call import Answer, Call, RpcError, invalid, not_found, operation
from ossmend.simulator.rpc.sts import assumed, role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ossmend.simulator.principals import OidcProvider, Role

_ARN = re.compile(r"acs:ram::(\d+):oidc-provider/([A-Za-z0-9._-]{1,128})\Z")


@dataclass(frozen=True, slots=True)
class _Token:
    issuer: str
    subject: str
    audience: str


@operation("Sts", name="AssumeRoleWithOIDC")
def assume_role_with_oidc(call: Call) -> Answer:
    match = _ARN.match(call.text("OIDCProviderArn"))
    if match is None:
        raise invalid("OIDCProviderArn", "The parameter OIDCProviderArn is wrongly formed.")
    provider = call.identity.oidc_providers.get(match[2]) if match[1] == call.identity.account_id else None
    if provider is None:
        raise not_found("OIDCProvider", "The OIDC provider does not exist.")
    token = _token(call, provider)
    role = role_of(call)
    if not _lets_in(call, role, token):
        raise RpcError(403, "AuthenticationFail.NoPermission", "This operator is not permitted by the trust policy.")
    info = {"Subject": token.subject, "Issuer": token.issuer, "ClientIds": token.audience}
    return assumed(call, role) | {"OIDCTokenInfo": info}


def _token(call: Call, provider: OidcProvider) -> _Token:
    """What the token says, if it is whole, signed by the provider, meant for STS, and not over."""
    try:
        head, body, signature = call.text("OIDCToken").strip().split(".")
        wanted = hmac.digest(provider.secret.encode(), f"{head}.{body}".encode(), "sha256")
        told: Any = json.loads(_decoded(body))
        token = _Token(str(told["iss"]), str(told["sub"]), str(as_list(told["aud"])[0]))
        ends = float(told["exp"])
        whole = hmac.compare_digest(wanted, _decoded(signature))
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise _bad("Invalid") from error
    if not whole or token.issuer != provider.issuer or token.audience not in provider.client_ids:
        raise _bad("Invalid")
    if ends <= call.cloud.clock.shown():
        raise _bad("Expired")
    return token


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _bad(how: str) -> RpcError:
    words = {"Expired": "This JSON Web Token has expired.", "Invalid": "The JSON Web Token is invalid."}
    return RpcError(401, f"AuthenticationFail.OIDCToken.{how}", words[how])


def _lets_in(call: Call, role: Role, token: _Token) -> bool:
    context = {"oidc:iss": token.issuer, "oidc:sub": token.subject, "oidc:aud": token.audience}
    resource = f"acs:ram:*:{call.identity.account_id}:role/{role.name}"
    arn = call.text("OIDCProviderArn")
    said: set[object] = set()
    for statement in statements(role.trust):
        flat = {**statement, "Principal": _federated(statement)}
        if applies(flat, "sts:AssumeRole", resource, context, who=lambda named: named == arn):
            said.add(statement.get("Effect"))
    return said == {"Allow"}


def _federated(statement: Mapping[str, Any]) -> list[str]:
    principals = statement.get("Principal")
    return as_list(principals.get("Federated")) if isinstance(principals, dict) else []
