"""Lists of kinds: a kind is one class in one file, and from then on everything knows it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter, ValidationError

from ossmend.config import kinds
from ossmend.config.channels.registry import CHANNELS, ChannelSettings
from ossmend.config.fields import Trust
from ossmend.config.kinds import OneKind
from ossmend.config.load import ConfigRefused, load_text
from ossmend.config.sources.registry import SOURCES, SourceSettings
from ossmend.daemon.notices.channel import SENDERS, build_channels
from ossmend.daemon.sources import READERS

HEAD = "version: 1\ncloud: { region: cn-hangzhou }\n"


class Smoke(SourceSettings):
    """Signals from a hill."""

    hill: int
    trust: Trust = "low"

    @property
    def name(self) -> str:
        return f"smoke:{self.hill}"


class Drum(SourceSettings):
    """Heard from afar."""

    trust: Trust = "high"


@pytest.fixture
def entries() -> TypeAdapter[Any]:
    return TypeAdapter(kinds.entries("Entry", OneKind, {"smoke": Smoke, "drum": Drum}))


def test_a_new_kind_is_a_field_of_the_entry_with_its_own_words(entries: TypeAdapter[Any]) -> None:
    (entry,) = entries.validate_python(({"smoke": {"hill": 3}},), strict=True)
    assert (entry.kind, entry.given, entry.given.name) == ("smoke", Smoke(hill=3), "smoke:3")
    shape = entries.json_schema()["$defs"]["Entry"]["properties"]
    assert {kind: field["description"] for kind, field in shape.items()} == {
        "drum": "Heard from afar.",
        "smoke": "Signals from a hill.",
    }


@pytest.mark.parametrize("entry", [{}, {"smoke": {"hill": 3}, "drum": {}}])
def test_none_and_two_kinds_in_one_entry_are_refused_with_their_names(entries: TypeAdapter[Any], entry: Any) -> None:
    with pytest.raises(ValidationError, match="expected exactly one of drum, smoke; begin a new list entry for each"):
        entries.validate_python((entry,), strict=True)


def test_two_files_that_claim_one_kind_stop_the_start() -> None:
    registry: dict[str, type[SourceSettings]] = {}
    kinds.registered(registry, "smoke")(Smoke)
    kinds.registered(registry, "smoke")(Smoke)  # a file that is loaded twice is still one
    with pytest.raises(ImportError, match="smoke is claimed by"):
        kinds.registered(registry, "smoke")(Drum)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: [ { acces_log: { bucket: logs } } ]", 'acces_log: unknown key; did you mean "access_log"?'),
        ("notify: [ { webhok: { url: 'https://h/' } } ]", 'webhok: unknown key; did you mean "webhook"?'),
        ("sources: [ { app_log: { path: /a, begin: end } } ]", "sources[0].app_log.begin: unknown key"),
        ("notify: [ {} ]", "notify[0]: expected exactly one of webhook; begin a new list entry for each"),
    ],
)
def test_what_is_no_kind_is_refused_with_its_place_and_the_nearest_name(text: str, said: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        load_text(HEAD + text)
    assert said in str(refused.value)
    assert "ossmend.yaml:3:" in str(refused.value)


def test_each_kind_of_source_has_a_reader_and_each_kind_of_channel_a_sender() -> None:
    config = load_text(HEAD + "notify: [ { webhook: { url: 'https://h/' } } ]\n")
    assert list(build_channels(config)) == [config.channels[0].name]
    for kind in SOURCES:
        import_module(f"ossmend.daemon.sources.{kind}")
    assert set(READERS) == set(SOURCES) == {"app_log", "access_log", "sls"}
    assert set(SENDERS) == set(CHANNELS) == {"webhook"}


def test_a_channel_says_where_it_leads() -> None:
    for settings in CHANNELS.values():
        assert settings.address in settings.model_fields


def test_a_channel_that_says_no_name_has_none() -> None:
    class Mute(ChannelSettings):
        address: ClassVar[str] = "wall"
        wall: str

    with pytest.raises(NotImplementedError):
        _ = Mute(wall="north").name
