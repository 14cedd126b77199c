"""Codes that somebody only speaks of, and refusals that stand beside such a code."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in

ID = "69786BB1C0FFEE1234ABCD01"
REFUSED = f"oss: service returned error: StatusCode=403, ErrorCode=AccessDenied, RequestId={ID}"


@pytest.mark.parametrize(
    "text",
    [
        "    except oss2.exceptions.AccessDenied as e:  # failed",
        "} catch (oss.InvalidObjectState e) { error(); }",
        "rescue Aliyun::OSS::AccessDenied => failed",
        "raise oss2.exceptions.AccessDenied",
        "with pytest.raises(oss2.exceptions.AccessDenied):  # fails",
        "level=info msg=oss AccessDenied=3 InvalidObjectState=0 error=none",
        "isinstance(error, oss2.exceptions.InvalidObjectState)",
        "log.error('oss AccessDenied: %s', e)",
        'fail(f"oss AccessDenied: {key}")',
        "error `oss AccessDenied: ${key}`",
        "oss answers an error: AccessDenied, InvalidObjectState or UserDisable",
        "SELECT * FROM oss WHERE code IN ('AccessDenied','InvalidObjectState') AND status=403",
        "oss errors: AccessDenied 403 times, InvalidObjectState 17 times",
        "OSS 错误统计：AccessDenied 403 次，InvalidObjectState 17 次",
        "oss:\n  status: [403, 409]\n  never:\n    - AccessDenied\n    - UserDisable",
        "oss_errors code VARCHAR(64) DEFAULT 'AccessDenied', failed INT",
        "  Given OSS answers 403 AccessDenied",
        "  OSS-->>App: 403 InvalidObjectState",
        "oss_errors,bucket=a,code=UserDisable count=7i,rate=0.1 1763780000000000000",
        "oss.put.error:1|c|#code:UserDisable,bucket:a,status:403",
        "put oss.errors 1763780000 12 bucket=a code=UserDisable status=403",
        'oss_errors_total{code="AccessDenied"} 3 # {trace_id="a"} 1.0 1763780000.1',
        'oss:\n- matchers: [code="UserDisable"]\n  receiver: billing',
        "nock('https://a.oss-cn-hangzhou.aliyuncs.com').put('/k').reply(403, body)",
        "rest.put('https://a.oss-cn-hangzhou.aliyuncs.com/:key', (req, res, ctx) => res(ctx.status(403)))",
        "a.oss-cn-hangzhou.aliyuncs.com. 403 IN A 203.0.113.1",
    ],
)
def test_a_code_that_a_text_only_speaks_of_is_no_refusal(text: str) -> None:
    assert events_in(text, source="test", strict=True) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{REFUSED} (not retried: AccessDenied, InvalidAccessKeyId and UserDisable are final)",
        f"retry on RequestTimeTooSkewed, InternalError: gave up: {REFUSED}",
        f"catch (OSSException e): {REFUSED}",
        f"    except oss2.exceptions.AccessDenied as e:\n{REFUSED}",
        f"log.error('AccessDenied: %s', e)\n{REFUSED}",
        f"  Given a file\n{REFUSED}",
        f"Given up after 3 tries: AccessDenied (RequestId: {ID}) of OSS",
        f"got a new AccessDenied error of OSS, RequestId: {ID}",
        f"put a.png: {REFUSED}",
        f"put 7 failed, code=AccessDenied status=403 request_id={ID}",
    ],
)
def test_a_refusal_beside_a_code_that_is_only_spoken_of_is_read(text: str) -> None:
    (event,) = events_in(text, source="test", strict=True)
    assert (event.code, event.request_id) == ("AccessDenied", ID)


def test_who_asks_about_listed_codes_has_them_explained() -> None:
    found = events_in("what is the difference of AccessDenied and InvalidObjectState?", source="test")
    assert [event.code for event in found] == ["AccessDenied", "InvalidObjectState"]


STATE, DENIED = "The operation is not valid for the object's state", "Access denied by bucket policy"


@pytest.mark.parametrize(
    "text", [f"1: {DENIED}; 2: {STATE}", f"a.png（{DENIED}），b.zip（{STATE}）", f"{DENIED}. {STATE}"]
)
def test_two_sentences_of_oss_on_one_line_are_two_refusals(text: str) -> None:
    assert [event.code for event in events_in(text, source="test", strict=True)] == [
        "AccessDenied",
        "InvalidObjectState",
    ]


def test_a_sentence_that_is_said_again_is_one_refusal() -> None:
    (event,) = events_in(f"{DENIED}. {DENIED}.", source="test", strict=True)
    assert event.code == "AccessDenied"


def test_a_sentence_with_a_printers_apostrophe_implies_its_code() -> None:
    (event,) = events_in(STATE.replace("'", "’"), source="test", strict=True)
    assert event.code == "InvalidObjectState"


def test_the_reason_alone_is_a_status_where_qt_prints_it() -> None:
    text = "Error transferring https://reports.oss-cn-hangzhou.aliyuncs.com/b.zip - server replied: Forbidden"
    (event,) = events_in(text, source="test", strict=True)
    assert (event.status, event.bucket, event.key) == (403, "reports", "b.zip")
