"""What an upload says beside its content: its encryption, its callback, a picture to make; and live channels."""

from __future__ import annotations

import base64
import json
from typing import Any

import oss2
import pytest
import requests
from oss2 import models

from ossmend.simulator.serve import Running
from tests.patience import HUNG
from tests.simulator.oss.clients import Wire
from tests.simulator.oss.test_images import _png

_SSE = "x-oss-server-side-encryption"
_KEY = f"{_SSE}-key-id"
_CIPHER = "x-oss-server-side-data-encryption"


def _said(result: Any) -> tuple[str | None, str | None, bool]:
    return result.headers.get(_SSE), result.headers.get(_CIPHER), _KEY in result.headers


@pytest.mark.parametrize(
    ("algorithm", "cipher", "said"),
    [
        ("KMS", "SM4", ("KMS", "SM4", True)),
        ("KMS", "", ("KMS", None, True)),
        ("AES256", "SM4", ("AES256", None, False)),
        ("", "SM4", (None, None, False)),
    ],
)
def test_an_upload_is_answered_with_its_encryption(
    bucket: Any, algorithm: str, cipher: str, said: tuple[str | None, str | None, bool]
) -> None:
    headers = {name: value for name, value in ((_SSE, algorithm), (_CIPHER, cipher)) if value}
    assert _said(bucket.put_object("k", b"1", headers=headers)) == said
    assert _said(bucket.append_object("a", 0, b"1", headers=headers)) == said
    assert _said(bucket.append_object("a", 1, b"1")) == said
    assert _said(bucket.head_object("k")) == said


def test_an_upload_in_parts_says_its_encryption_once(bucket: Any) -> None:
    headers = {_SSE: "KMS", _CIPHER: "SM4"}
    begun = bucket.init_multipart_upload("k", headers=headers)
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.upload_part("k", begun.upload_id, 1, b"1", headers=headers)
    part = bucket.upload_part("k", begun.upload_id, 1, b"1")
    assert part.headers["Content-MD5"] == oss2.utils.content_md5(b"1")
    parts = [models.PartInfo(1, part.etag)]
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.complete_multipart_upload("k", begun.upload_id, parts, headers=headers)
    done = bucket.complete_multipart_upload("k", begun.upload_id, parts)
    assert {_said(each) for each in (begun, part, done)} == {("KMS", "SM4", True)}


def _callback(**settings: str) -> str:
    return base64.b64encode(json.dumps(settings).encode()).decode()


_ASKED = _callback(callbackUrl="http://app.example.com/", callbackBody="k=${object}")


def test_a_callback_is_not_reached_and_the_object_is_there(bucket: Any) -> None:
    url = bucket.sign_url("PUT", "by-url", 60, params={"callback": _ASKED})
    answer = requests.put(url, data=b"1", timeout=HUNG)
    assert (answer.status_code, "<Code>CallbackFailed</Code>" in answer.text) == (203, True)
    assert bucket.put_object("by-header", b"1", headers={"x-oss-callback": _ASKED}).status == 203
    upload = bucket.init_multipart_upload("in-parts").upload_id
    parts = [models.PartInfo(1, bucket.upload_part("in-parts", upload, 1, b"1").etag)]
    signed = bucket.sign_url("POST", "in-parts", 60, params={"uploadId": upload, "callback": _ASKED})
    body = oss2.xml_utils.to_complete_upload_request(parts)
    assert requests.post(signed, data=body, timeout=HUNG).status_code == 203
    for key in ("by-url", "by-header", "in-parts"):
        assert bucket.get_object(key).read() == b"1"


@pytest.mark.parametrize(
    "text", ["%%%", base64.b64encode(b"[]").decode(), _callback(callbackUrl="http://a.example.com/")]
)
def test_a_callback_that_is_none_is_refused_before_anything_is_stored(bucket: Any, text: str) -> None:
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.put_object("k", b"1", headers={"x-oss-callback": text})
    assert not bucket.object_exists("k")


def test_a_picture_is_saved_under_another_key(sim: Running, bucket: Any) -> None:
    bucket.put_object("p.png", _png(), headers={"Content-Type": "image/png"})
    where = {
        name: base64.urlsafe_b64encode(text.encode()).decode() for name, text in (("o", "d/q.png"), ("b", "other"))
    }
    made = bucket.process_object("p.png", f"image/resize,w_1|sys/saveas,o_{where['o']}")
    assert (made.status, made.bucket, made.object) == (200, "", "d/q.png")
    assert bucket.head_object("d/q.png").content_type == "image/png"
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        bucket.process_object("p.png", f"image/resize,w_1|sys/saveas,o_{where['o']},b_{where['b']}")
    for process in ("image/resize,w_1", "image/resize,w_1|sys/saveas,o_***"):
        with pytest.raises(oss2.exceptions.InvalidArgument):
            bucket.process_object("p.png", process)


@pytest.mark.parametrize("key", ["a\x0cb", "<\x01>", "\U000f000c", "\U000f000c\x0c"])
def test_keys_with_control_characters_are_deleted_by_list(bucket: Any, key: str) -> None:
    bucket.put_object(key, b"1")
    assert bucket.batch_delete_objects([key]).deleted_keys == [key]
    assert not bucket.object_exists(key)


def test_a_bucket_is_made_where_its_endpoint_is(sim: Running) -> None:
    proxies = {"http": sim.oss}
    endpoint = "http://oss-ap-south-1.aliyuncs.com"
    auth = oss2.Auth(sim.access_key_id, sim.access_key_secret)
    made = oss2.Bucket(auth, endpoint, "far-away", proxies=proxies)
    made.create_bucket()
    assert made.get_bucket_info().location == "oss-ap-south-1"
    assert made.put_object("k", b"1").status == 200


def test_live_channels_are_made_listed_switched_and_deleted(sim: Running, bucket: Any) -> None:
    target = models.LiveChannelInfoTarget(playlist_name="list.m3u8")
    made = bucket.create_live_channel("c", models.LiveChannelInfo(target=target))
    for name in ("b", "a"):
        bucket.create_live_channel(name, models.LiveChannelInfo(target=target))
    assert made.play_url.endswith("/c/list.m3u8")
    assert [each.name for each in oss2.LiveChannelIterator(bucket, max_keys=2)] == ["a", "b", "c"]
    bucket.put_live_channel_status("a", "disabled")
    assert bucket.get_live_channel("a").status == "disabled"
    assert bucket.get_live_channel_stat("b").status == "Idle"
    assert bucket.get_live_channel_history("b").records == []
    with pytest.raises(oss2.exceptions.InvalidArgument):
        bucket.post_vod_playlist("a", "vod.m3u8", start_time=1, end_time=2)
    bucket.delete_live_channel("a")
    with pytest.raises(oss2.exceptions.NoSuchLiveChannel):
        bucket.get_live_channel("a")
    with pytest.raises(oss2.exceptions.AccessDenied):
        oss2.Bucket(oss2.AnonymousAuth(), sim.oss, "examplebucket").delete_live_channel("b")


@pytest.mark.parametrize(
    ("query", "body", "code"),
    [
        ("live", b"<LiveChannelConfiguration/>", b"InvalidArgument"),
        ("live&status=on", b"", b"NoSuchLiveChannel"),
        ("live", b"", b"MalformedXML"),
    ],
)
def test_a_live_channel_that_is_none_is_refused(bucket: Any, wire: Wire, query: str, body: bytes, code: bytes) -> None:
    answer = wire.signed("PUT", "examplebucket", "ch", query=query, body=body)
    assert (answer.status_code // 100, code in answer.content) == (4, True)
