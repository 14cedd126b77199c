"""Turns one request of the log service into a Call, and its refusals into SlsError; the operations register here.

Codes, statuses and sentences are those of the page "Error codes" of the log service and of each operation's own page,
unless a comment says UNCONFIRMED. shards.py, search.py and groups.py hold the operations, answers.py writes answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ossmend.simulator.log_store import LOGSTORE, Project

if TYPE_CHECKING:
    from ossmend.simulator.consumers import ConsumerGroup
    from ossmend.simulator.log_store import Shard
    from ossmend.simulator.principals import AccessKey
    from ossmend.simulator.state import Cloud
    from ossmend.simulator.wire import Request, Response


class SlsError(Exception):
    """A refused call."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code, message)
        self.status = status
        self.code = code
        self.message = message


def invalid(what: str) -> SlsError:
    return SlsError(400, "ParameterInvalid", what)


def missing(what: str) -> SlsError:
    return SlsError(400, "MissingParameter", what)


def not_simulated(what: str) -> SlsError:
    """Of the real service too, perhaps, but not here. The SDK tries ten times, as after any 5xx."""
    return SlsError(501, "NotImplemented", f"{what} is not simulated")


_NUMBER: Final = re.compile(r"\d{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """What a request addresses: the project in its Host, the rest in its path."""

    project: str = ""
    region: str = ""
    """The endpoint's region; empty where an address stands for all of them."""
    operation: str = ""
    """Empty: nothing that is served here."""
    logstore: str = ""
    shard: str = ""
    group: str = ""


@dataclass(slots=True)
class Call:
    """One request on its way through; the readers raise the refusal that a missing or bad parameter gets."""

    cloud: Cloud
    request: Request
    place: Place
    key: AccessKey
    project: Project

    def text(self, name: str) -> str:
        """A query parameter that must be there."""
        value = self.request.query.get(name, "")
        if not value:
            raise missing(f"Missing query key : {name}.")
        return value

    def json(self) -> Any:
        try:
            return json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise SlsError(400, "PostBodyInvalid", "The request body is not valid JSON object.") from None

    def check_logstore(self) -> None:
        if self.place.logstore != LOGSTORE:
            raise SlsError(404, "LogStoreNotExist", f"logstore {self.place.logstore} does not exist")

    @property
    def shard(self) -> Shard:
        """The shard in the path."""
        return self.shard_named(self.place.shard)

    def shard_named(self, text: str) -> Shard:
        found = self.project.shards.get(int(text)) if _NUMBER.match(text) else None
        if found is None:
            raise SlsError(400, "ShardNotExist", f"Shard {text} does not exist")
        return found

    @property
    def group(self) -> ConsumerGroup:
        found = self.project.consumer_groups.get(self.place.group)
        if found is None:
            raise SlsError(404, "ConsumerGroupNotExist", "consumer group not exist")
        return found

    @property
    def resource(self) -> str:
        """What RAM is asked about: the logstore, or the consumer group in it."""
        base = f"acs:log:{self.project.region}:{self.project.account_id}:project/{self.project.name}"
        within = f"{base}/logstore/{self.place.logstore}"
        operation = OPERATIONS[self.place.operation]
        return f"{within}/consumergroup/{self.place.group or '*'}" if operation.of_group else within


Run = Callable[[Call], "Response"]


@dataclass(frozen=True, slots=True)
class Operation:
    run: Run
    action: str
    of_group: bool
    """Is the right to it a right on a consumer group?"""


OPERATIONS: Final[dict[str, Operation]] = {}


def operation(name: str, *, action: str = "", of_group: bool = False) -> Callable[[Run], Run]:
    """Register a function as what the log service does under that name."""

    def register(run: Run) -> Run:
        OPERATIONS[name] = Operation(run, action or f"log:{name}", of_group)
        return run

    return register
