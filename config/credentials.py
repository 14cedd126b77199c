"""Whose credentials are used: the `credentials:` of `cloud:`, and of each entry that has credentials of its own.

One kind is said, or none: then the standard chain of docs/credentials.md is gone through. daemon/cloud/credentials/
makes a provider of what stands here; nothing in this file opens anything.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model, model_validator

from ossmend.config.fields import AbsolutePath, Secret, at_least, text
from ossmend.remediators.contract.settings import Duration, Settings

Kind = Literal["chain", "static", "environment", "profile", "ecs_role", "oidc", "assume_role"]
AUTO = "auto"
"""In `ecs_role`: the metadata service says which role the machine has."""

RoleArn = Annotated[
    str,
    text(
        r"acs:ram::[0-9]{1,20}:role/[A-Za-z0-9.-]{1,64}",
        "expected a role's ARN, like acs:ram::1234567890123456:role/ossmend",
    ),
]
ProviderArn = Annotated[
    str,
    text(
        r"acs:ram::[0-9]{1,20}:oidc-provider/[A-Za-z0-9._-]{1,128}",
        "expected an OIDC provider's ARN, like acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1",
    ),
]
RoleName = Annotated[str, text(r"[A-Za-z0-9.-]{1,64}", "expected the name of a role, or auto")]
SessionName = Annotated[
    str, text(r"[A-Za-z0-9.@_-]{2,32}", "expected 2 to 32 letters, digits, dots, @, - and _: RAM takes no others")
]
ProfileName = Annotated[str, text(r"[^\s\x00-\x1f]{1,128}", "expected the name of a profile")]


def _not_too_long(value: timedelta) -> timedelta:
    if value > timedelta(hours=12):
        raise ValueError("must be at most 12h")
    return value


Session = Annotated[Duration, at_least(timedelta(minutes=15), "15m"), AfterValidator(_not_too_long)]
"""STS gives no shorter one, and none longer than the role allows."""


class EnvironmentCredentials(Settings):
    """The key pair of the environment and nothing else: no profile, no role of the machine."""


class OidcCredentials(Settings):
    """A role by an OIDC token: RRSA on ACK, which sets the variables that stand in for what is left out here."""

    role_arn: RoleArn | None = None
    """The role. Default: $ALIBABA_CLOUD_ROLE_ARN."""
    provider_arn: ProviderArn | None = None
    """Who has signed the token. Default: $ALIBABA_CLOUD_OIDC_PROVIDER_ARN."""
    token_file: AbsolutePath | None = None
    """The file with the token, read at every renewal. Default: $ALIBABA_CLOUD_OIDC_TOKEN_FILE."""
    session_name: SessionName = "ossmend"
    """By this name ActionTrail shows what was done."""
    duration: Session = timedelta(hours=1)
    """How long a session lives; it is renewed before its end."""


class AssumedRole(Settings):
    """A role that is assumed with other credentials; `from` says which."""

    arn: RoleArn
    """The role: acs:ram::ACCOUNT:role/NAME."""
    external_id: Secret | None = None
    """What the role's trust policy asks for as sts:ExternalId: `!secret NAME`."""
    session_name: SessionName = "ossmend"
    """By this name ActionTrail shows what was done."""
    duration: Session = timedelta(hours=1)
    """How long a session lives; it is renewed before its end. The role's own limit is 1 h unless it was raised."""

    @property
    def base(self) -> CredentialsConfig | None:
        """With whose credentials it is assumed; None: those of the standard chain."""
        found: CredentialsConfig | None = getattr(self, "from")
        return found


FROM = (
    "With whose credentials the role is assumed: any kind, so that roles can be chained. Default: the standard chain."
)

if TYPE_CHECKING:
    AssumeRole = AssumedRole
else:
    # `from` is the word that people read best, and no class body may have it as a name.
    AssumeRole = create_model(
        "AssumeRole",
        __base__=AssumedRole,
        __doc__=AssumedRole.__doc__,
        __module__=__name__,
        **{"from": ("CredentialsConfig | None", Field(None, description=FROM))},
    )


class CredentialsConfig(Settings):
    """Whose credentials are used: one kind, or none for the standard chain (docs/credentials.md)."""

    access_key_id: Secret | None = None
    """A key that the file names, `!secret NAME`. Prefer a role, where nothing has to be written down."""
    access_key_secret: Secret | None = None
    """That key's secret: `!secret NAME`."""
    security_token: Secret | None = None
    """The token of a temporary key: `!secret NAME`. Nobody renews it."""
    environment: EnvironmentCredentials | None = None
    """`{}`: the key pair of the environment, ALIBABA_CLOUD_* or OSS_*, and nothing else of the chain."""
    profile: ProfileName | None = None
    """A profile of the Alibaba Cloud CLI or of an INI file, by its name. Read again when the file changes."""
    profile_file: AbsolutePath | None = None
    """The file with the profile. Default: $ALIBABA_CLOUD_CREDENTIALS_FILE, else the CLI's in the home directory; a
    systemd service sees no home directories.
    """
    ecs_role: RoleName | None = None
    """The role of this ECS instance, from its metadata service (IMDSv2 only). auto: whichever it has."""
    oidc: OidcCredentials | None = None
    """A role by an OIDC token, as on ACK (RRSA)."""
    assume_role: AssumeRole | None = None
    """A role, of this or of another account, that is assumed with other credentials."""
    allow_root: bool | None = None
    """Accept a key of the account itself, which can do everything and cannot be limited by any policy. Default: false;
    true where both endpoints are on this machine, as the simulator's are.
    """

    @model_validator(mode="after")
    def _one(self) -> CredentialsConfig:
        if len(self._said) > 1:
            raise ValueError(f"expected one kind of credentials, found {', '.join(self._said)}")
        if self._said[:1] == ["access_key_id"] and (self.access_key_id is None or self.access_key_secret is None):
            raise ValueError("half a pair: access_key_id and access_key_secret are given both or not at all")
        if self.profile_file is not None and self.profile is None:
            raise ValueError("profile_file without profile: say which profile of it")
        return self

    @property
    def _said(self) -> list[str]:
        """The kinds that are there; the key, its secret and its token are one."""
        pair = (self.access_key_id, self.access_key_secret, self.security_token)
        kinds: dict[str, Any] = {
            "access_key_id": next((each for each in pair if each is not None), None),
            "environment": self.environment,
            "profile": self.profile,
            "ecs_role": self.ecs_role,
            "oidc": self.oidc,
            "assume_role": self.assume_role,
        }
        return [name for name, value in kinds.items() if value is not None]

    @property
    def kind(self) -> Kind:
        said: Any = self._said[0] if self._said else "chain"
        return "static" if said == "access_key_id" else said


if not TYPE_CHECKING:
    AssumeRole.model_rebuild(_types_namespace={"CredentialsConfig": CredentialsConfig})
