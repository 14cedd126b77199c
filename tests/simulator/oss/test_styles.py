"""A style is a name for what is done to a picture, and fails as that does."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

from ossmend.simulator.serve import Running
from tests.simulator.oss.clients import Wire, bucket_of, control, error_of, v2_client
from tests.simulator.oss.test_images import _png

NAME = "examplebucket"


def test_styles_are_kept_listed_and_forgotten(bucket: Any) -> None:
    for name, content in (("small", "image/resize,w_200"), ("large", "image/resize,w_900"), ("large", "csdar5324")):
        bucket.put_bucket_style(name, content)
    assert [(one.name, one.content) for one in bucket.list_bucket_style().styles] == [
        ("large", "csdar5324"),
        ("small", "image/resize,w_200"),
    ]
    found = bucket.get_bucket_style("small")
    assert (found.name, found.content) == ("small", "image/resize,w_200")
    assert parsedate_to_datetime(found.create_time) == parsedate_to_datetime(found.last_modify_time)
    assert [bucket.delete_bucket_style("small").status for _ in range(2)] == [204, 204]
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        bucket.get_bucket_style("small")
    assert (refused.value.status, refused.value.code) == (404, "NoSuchStyle")


@pytest.mark.parametrize("version", ["v1", "v4"])
def test_the_second_sdk_gives_styles_a_category(sim: Running, bucket: Any, version: str) -> None:
    client = v2_client(sim, version)
    style = oss_v2.StyleContent(content="image/resize,p_50")
    client.put_style(oss_v2.PutStyleRequest(bucket=NAME, style_name="half", category="image", style=style))
    found = client.get_style(oss_v2.GetStyleRequest(bucket=NAME, style_name="half")).style
    listed = client.list_style(oss_v2.ListStyleRequest(bucket=NAME)).style_list.styles
    assert [(one.name, one.content, one.category) for one in (found, *listed)] == [
        ("half", "image/resize,p_50", "image")
    ] * 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [("s", "", "Style content is invalid."), ("@%$^&", "image/info", "Style name is invalid.")],
)
def test_a_style_without_a_name_or_a_content_is_refused(bucket: Any, name: str, content: str, message: str) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument) as refused:
        bucket.put_bucket_style(name, content)
    assert refused.value.message == message


def test_a_bucket_has_fifty_styles_at_most(bucket: Any) -> None:
    for number in range(50):
        bucket.put_bucket_style(f"s{number}", "image/info")
    with pytest.raises(oss2.exceptions.AccessDenied) as refused:
        bucket.put_bucket_style("more", "image/info")
    assert refused.value.message == "Your style count is exceeded 50."
    assert bucket.put_bucket_style("s0", "image/resize,w_1").status == 200


def test_a_picture_can_be_asked_for_by_a_style(bucket: Any) -> None:
    bucket.put_bucket_style("small", "image/resize,w_200")
    bucket.put_bucket_style("nonsense", "csdar5324")
    bucket.put_bucket_style("nested", "style/small")
    bucket.put_object("p.png", _png())
    bucket.put_object("cut.png", _png()[:-6], headers={"Content-Type": "image/png"})
    assert bucket.get_object("p.png", process="style/small").read() == _png()
    for key, style, status, code in (
        ("cut.png", "small", 403, "ImageDamage"),
        ("p.png", "nonsense", 400, "InvalidArgument"),
        ("p.png", "nested", 400, "InvalidArgument"),
        ("p.png", "unknown", 404, "NoSuchStyle"),
    ):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.get_object(key, process=f"style/{style}")
        assert (refused.value.status, refused.value.code) == (status, code), style


@pytest.mark.parametrize(("action", "query"), [("oss:ListStyle", "style"), ("oss:GetStyle", "style&styleName=s")])
def test_one_style_and_all_of_them_are_two_rights(
    sim: Running, bucket: Any, wire: Wire, action: str, query: str
) -> None:
    bucket.put_bucket_style("s", "image/info")
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    control(sim, "PUT", "users/looker", {"policy": {"Version": "1", "Statement": [statement]}})
    key = control(sim, "POST", "keys", {"user": "looker"})
    answers = [
        wire.asked("GET", NAME, query=asked, key_id=key["id"], secret=key["secret"])
        for asked in ("style", "style&styleName=s")
    ]
    allowed = [answer.status_code == 200 for answer in answers]
    assert allowed == ["styleName" not in query, "styleName" in query]
    assert {error_of(answer.content)["Code"] for answer in answers if answer.status_code != 200} == {"AccessDenied"}
    assert bucket_of(sim, NAME).get_bucket_style("s").content == "image/info"
