"""oss2 prints no details for a HEAD, and for a proxy's page as well: a frame and the request id tell them apart."""

from __future__ import annotations

import pytest

from ossmend.daemon.explain.text import explain_text

FRAMES = """  File "oss2/api.py", line 560, in {}
    resp = self.__do_object({}, key)
  File "oss2/api.py", line 2400, in _do
"""
PROXYS = "oss2.exceptions.ServerError: {'status': 403, 'x-oss-request-id': '', 'details': {}}"


def test_an_empty_request_id_is_a_proxys_answer_and_a_frame_that_names_a_get_was_no_head() -> None:
    (event,) = explain_text(FRAMES.format("get_object", "'GET'") + PROXYS)["events"]
    said = event["diagnosis"]
    assert said["cause"] == "no-code"
    assert not any("HEAD" in line for line in said["evidence"])
    assert "proxy or gateway" in said["evidence"][0]


def test_a_head_whose_answer_has_no_request_id_is_a_proxys_answer_too() -> None:
    said = explain_text(FRAMES.format("head_object", "'HEAD'") + PROXYS)["events"][0]["diagnosis"]
    assert said["cause"] == "no-code"
    assert any("it was a HEAD" in line for line in said["evidence"])


@pytest.mark.parametrize("call", ["get_object", "put_object", "list_objects_v2", "upload_part"])
def test_what_oss_itself_answered_to_another_call_is_no_head(call: str) -> None:
    answered = PROXYS.replace("''", "'66F10B88C0FFEE1234ABCD01'")
    said = explain_text(FRAMES.format(call, "x") + answered)["events"][0]["diagnosis"]
    assert said["cause"] == "code-not-shown"


@pytest.mark.parametrize("call", ["head_object", "get_object_meta", "object_exists"])
def test_what_oss_itself_answered_to_a_head_stays_one(call: str) -> None:
    answered = PROXYS.replace("''", "'66F10B88C0FFEE1234ABCD01'")
    said = explain_text(FRAMES.format(call, "x") + answered)["events"][0]["diagnosis"]
    assert said["cause"] == "head-refused"
