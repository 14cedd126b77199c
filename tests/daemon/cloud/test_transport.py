"""Lies and accidents on the wire: bounded, told apart, never sent twice where that matters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ossmend.daemon.cloud.accounts import Cloud
from ossmend.daemon.cloud.wire.connections import RequestIds
from ossmend.remediators.contract.values import Missing
from ossmend.remediators.contract.verdict import Refused, TryAgain
from tests.daemon.cloud.stubs import BUCKET, answer, liar, oss_error, page_of, ref, refused_port

Open = Callable[..., Cloud]


@pytest.mark.parametrize("accident", [oss_error(500, "InternalError"), oss_error(503, "ServiceUnavailable"), "reset"])
def test_a_passing_accident_of_a_read_is_asked_again(open_port: Open, accident: bytes | str) -> None:
    with liar(accident, accident, answer(200)) as server:
        assert not isinstance(open_port(server.url).view(()).object(ref("k")), Missing)
        assert len(server.heads) == 3


@pytest.mark.parametrize("accident", [oss_error(500, "InternalError"), oss_error(429, "QpsLimitExceeded"), "reset"])
def test_a_lasting_accident_ends_after_three_tries(open_port: Open, accident: bytes | str) -> None:
    with liar(accident) as server:
        with pytest.raises(TryAgain):
            open_port(server.url).view(()).cors(BUCKET)
        assert len(server.heads) == 3


@pytest.mark.parametrize(
    "refusal",
    [oss_error(403, "AccessDenied"), oss_error(403, "RequestTimeTooSkewed"), oss_error(400, "InvalidArgument"),
     answer(403, b"<html>blocked</html>"), answer(501, b"")],
)  # fmt: skip
def test_a_refusal_is_never_asked_again(open_port: Open, refusal: bytes) -> None:
    with liar(refusal) as server:
        with pytest.raises(Refused) as refused:
            open_port(server.url).view(()).cors(BUCKET)
        assert len(server.heads) == 1
        assert refused.value.operation == "GetBucketCors"
        assert refused.value.request_id == "66F10B88AAAAAAAAAAAAAAAA"


def test_nobody_listening_is_try_again(open_port: Open) -> None:
    with pytest.raises(TryAgain, match="ConnectionRefusedError"):
        open_port(refused_port()).view(()).object(ref("k"))


def test_silence_ends_with_the_read_timeout(open_port: Open) -> None:
    with liar("silence") as server, pytest.raises(TryAgain, match="silent for"):
        open_port(server.url, read_timeout=0.1).view(()).object(ref("k"))


def test_half_a_body_is_no_answer(open_port: Open) -> None:
    whole = b"<CORSConfiguration></CORSConfiguration>"
    with liar(answer(200, whole[:20], length=len(whole)), answer(200, whole)) as server:
        assert open_port(server.url).view(()).cors(BUCKET).rules == ()
        assert len(server.heads) == 2


def test_an_answer_in_chunks_is_read_whole(open_port: Open) -> None:
    body = b"<Error><Code>AccessDenied</Code><Message>m</Message></Error>"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    head = b"HTTP/1.1 403 F\r\nx-oss-request-id: R\r\nTransfer-Encoding: chunked\r\n\r\n"
    with liar(head + chunks) as server, pytest.raises(Refused, match="AccessDenied"):
        open_port(server.url).view(()).cors(BUCKET)


def test_an_answer_without_an_end_is_cut_off(open_port: Open) -> None:
    huge = answer(403, b"<Error>" + b"x" * (2 * 1024 * 1024))
    with liar(huge) as server, pytest.raises(TryAgain, match="does not end"):
        open_port(server.url).view(()).cors(BUCKET)


def test_a_redirect_is_not_followed(open_port: Open) -> None:
    with liar(answer(200)) as elsewhere, liar(answer(307, headers=f"Location: {elsewhere.url}/x\r\n")) as server:
        with pytest.raises(Refused):
            open_port(server.url).view(()).object(ref("k"))
        assert elsewhere.heads == []


def test_nonsense_instead_of_http_is_try_again(open_port: Open) -> None:
    with liar(b"SSH-2.0-OpenSSH_9.6\r\n\r\n") as server, pytest.raises(TryAgain):
        open_port(server.url).view(()).object(ref("k"))


def test_an_unreadable_success_is_refused_and_not_guessed(open_port: Open) -> None:
    with liar(answer(200, b"<html>welcome</html>")) as server, pytest.raises(Refused, match="UnreadableAnswer"):
        open_port(server.url).view(()).cors(BUCKET)


@pytest.mark.parametrize("origin", ["https://a\r\nX-Evil: 1", "https://\u4f8b.example", "https://a\x00"])
def test_an_origin_that_no_header_can_carry_does_not_leave(open_port: Open, origin: str) -> None:
    with liar(answer(200)) as server:
        with pytest.raises(Refused, match="Unsendable"):
            open_port(server.url).view(()).preflight(BUCKET, None, origin, "GET", ())
        assert server.heads == []


def test_a_read_probe_does_not_download_what_it_did_not_ask_for(open_port: Open) -> None:
    with liar(answer(200, b"x" * 1000, length=50_000_000_000)) as server:
        assert open_port(server.url).view(()).reads(ref("k"))
        assert "Range: bytes=0-0" in server.heads[0]


def test_a_log_that_breaks_off_can_be_continued(open_port: Open) -> None:
    with liar(
        answer(200, b"line 1\nli", length=20), answer(206, b"ne 2\n"), answer(416), answer(200, b"line 1\nx")
    ) as server:
        logs = open_port(server.url).logs
        got: list[bytes] = []
        with pytest.raises(TryAgain):
            got.extend(logs.open(BUCKET, "log", 0))
        assert b"".join(got) == b"line 1\nli"
        assert b"".join(logs.open(BUCKET, "log", 9)) == b"ne 2\n"
        assert b"".join(logs.open(BUCKET, "log", 14)) == b""
        assert b"".join(logs.open(BUCKET, "log", 7)) == b"x"  # the range was ignored
        assert "Range: bytes=9-" in server.heads[1]


def test_logs_are_listed_after_the_last_one_read(open_port: Open) -> None:
    with liar(answer(200, page_of(["log1", "log2"]))) as server:
        rows = open_port(server.url).logs.list(BUCKET, "lo", "log0", 1000)
        assert [(row.key, row.size, row.etag) for row in rows] == [("log1", 1, "AB"), ("log2", 1, "AB")]
        target = server.asked[0]
        assert "start-after=log0" in target
        assert "prefix=lo" in target
        assert "max-keys=1000" in target


def test_a_short_page_of_logs_is_not_taken_for_the_end(open_port: Open) -> None:
    with liar(answer(200, page_of(["log1"], truncated=True)), answer(200, page_of(["log2"]))) as server:
        rows = open_port(server.url).logs.list(BUCKET, "", "", 1000)
        assert [row.key for row in rows] == ["log1", "log2"]
        assert "start-after=log1" in server.asked[1]
        assert "max-keys=999" in server.asked[1]


def test_of_our_request_ids_the_newest_are_known() -> None:
    told: list[str] = []
    ids = RequestIds(told.append, room=3)
    for number in (1, 2, 3, 3, 4):
        ids.add(f"R{number}")
    assert [f"R{number}" in ids for number in (1, 2, 3, 4)] == [False, True, True, True]
    assert told == ["R1", "R2", "R3", "R4"]
