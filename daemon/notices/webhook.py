"""webhook: the notice itself as JSON, signed with the receiver's secret so that it can tell that it is ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from ossmend.config.channels.webhook import Webhook as Settings
from ossmend.daemon.notices.channel import channel
from ossmend.daemon.notices.posted import Answer, Post, Posted


@channel("webhook")
class Webhook(Posted):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def body(self, notice: Mapping[str, Any]) -> Post:
        data = json.dumps(notice, ensure_ascii=False, sort_keys=True).encode()
        secret = self._settings.secret
        if secret is None:
            return Post(self._settings.url, data)
        mac = hmac.new(secret.get_secret_value().encode(), data, hashlib.sha256)
        return Post(self._settings.url, data, {"X-Ossmend-Signature": f"sha256={mac.hexdigest()}"})

    def accepted(self, answer: Answer) -> bool:
        return 200 <= answer.status < 300
