"""A filter is followed or refused; none is ignored, which would show what was to be left out."""

from __future__ import annotations

from typing import Any

import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, control, error_of, service_of

_TAGS: dict[str, dict[str, str]] = {
    "plain": {},
    "red-square": {"colour": "red", "shape": "square"},
    "red-round": {"colour": "red", "shape": "round"},
    "strange": {"%@abc": "++123%", "colour": ""},
}


@pytest.fixture
def tagged(sim: Running) -> Running:
    for name, tags in _TAGS.items():
        control(sim, "PUT", f"buckets/{name}", {"tags": tags})
    return sim


@pytest.mark.parametrize("version", ["v1", "v4"])
@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"tag-key": "colour"}, ["red-round", "red-square", "strange"]),
        ({"tag-key": "colour", "tag-value": "red"}, ["red-round", "red-square"]),
        ({"tag-key": "colour", "tag-value": ""}, ["strange"]),
        ({"tag-key": "colour", "tag-value": "blue"}, []),
        ({"tag-key": "unknown"}, []),
        ({"tagging": '"colour":"red","shape":"round"'}, ["red-round"]),
        ({"tagging": '"%@abc":"++123%"'}, ["strange"]),
        ({"tagging": '"shape"'}, ["red-round", "red-square"]),
        ({"tagging": '"colour":"unknown"'}, []),
        ({"tagging": ""}, ["plain", "red-round", "red-square", "strange"]),
        ({"tag-key": "shape", "prefix": "red-s"}, ["red-square"]),
        ({"tag-key": "colour", "max-keys": "1", "marker": "red-round"}, ["red-square"]),
    ],
)
def test_buckets_are_listed_by_their_tags(
    tagged: Running, version: str, params: dict[str, str], names: list[str]
) -> None:
    given = dict(params)
    page = service_of(tagged, version).list_buckets(
        given.pop("prefix", ""), given.pop("marker", ""), int(given.pop("max-keys", "100")), given
    )
    assert [each.name for each in page.buckets] == names


def test_asked_for_tags_a_bucket_shows_its_own(tagged: Running, wire: Wire) -> None:
    answer = wire.asked("GET", "", query="tagging=%22shape%22%3A%22round%22")
    assert answer.text.count("<Bucket>") == 1
    assert "<Tagging><TagSet><Tag><Key>colour</Key><Value>red</Value></Tag><Tag>" in answer.text
    assert "<Tagging>" not in wire.asked("GET", "", query="prefix=red").text


def test_buckets_are_listed_by_their_resource_group(sim: Running, bucket: oss2.Bucket, wire: Wire) -> None:
    document = (
        "<BucketResourceGroupConfiguration><ResourceGroupId>rg-a</ResourceGroupId></BucketResourceGroupConfiguration>"
    )
    control(sim, "PUT", "buckets/grouped", {"documents": {"resourceGroup": document}})
    for group, name in (("rg-a", "grouped"), ("rg-default", "examplebucket")):
        text = wire.signed("GET", headers={"x-oss-resource-group-id": group}).text
        assert (text.count("<Bucket>"), f"<Name>{name}</Name>" in text) == (1, True)
    assert "<Bucket>" not in wire.signed("GET", headers={"x-oss-resource-group-id": "rg-unknown"}).text


@pytest.mark.parametrize(
    "filters", ["tag-value=red", "tagging=red", "tagging=%22a%22%3A", "colour=red", "tagkey=colour"]
)
def test_filter_that_cannot_be_followed_is_refused(tagged: Running, wire: Wire, filters: str) -> None:
    answer = wire.asked("GET", "", query=filters)
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidArgument")


@pytest.mark.parametrize("listing", ["", "list-type=2", "versions", "uploads"])
@pytest.mark.parametrize("unknown", ["suffix=.txt", "modified-since=1", "storage-class=IA", "nonsense"])
def test_no_listing_ignores_a_filter(sim: Running, bucket: Any, wire: Wire, listing: str, unknown: str) -> None:
    answer = wire.asked("GET", "examplebucket", query="&".join(filter(None, (listing, unknown))))
    assert (answer.status_code, error_of(answer.content)["Code"]) == (400, "InvalidArgument")
    for name in ("prefix=a", "x-oss-request-payer=requester", "security-token=", "x-id=ListObjects"):
        query = "&".join(filter(None, (listing, name)))
        assert wire.asked("GET", "examplebucket", query=query).status_code == 200, name
