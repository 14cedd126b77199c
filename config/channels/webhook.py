"""Settings of `webhook`; sent by daemon/notices/webhook.py."""

from __future__ import annotations

import hashlib
from typing import ClassVar
from urllib.parse import urlsplit

from ossmend.config.channels.registry import ChannelSettings, channel
from ossmend.config.fields import Secret, WebUrl


@channel("webhook")
class Webhook(ChannelSettings):
    """POSTs every notice as JSON."""

    address: ClassVar[str] = "url"
    url: WebUrl
    """Where to; https, or http to this machine."""
    secret: Secret | None = None
    """Signs the body (X-Ossmend-Signature: sha256=HMAC): `!secret NAME`. Default: unsigned."""

    @property
    def name(self) -> str:
        """Its host and a hash, because a token may be part of its address."""
        digest = hashlib.sha256(self.url.encode()).hexdigest()[:12]
        return f"{urlsplit(self.url).hostname}#{digest}"
