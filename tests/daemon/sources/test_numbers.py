"""403 is a status only where it was answered: not where it counts, measures or numbers something."""

from __future__ import annotations

import pytest

from ossmend.daemon.sources.parsers import events_in

URL = "https://reports.oss-cn-hangzhou.aliyuncs.com/a.csv"


@pytest.mark.parametrize(
    "text",
    [
        "Succeed: Total num: 403, size: 1,403,210. OK num: 403(upload 400 files, 3 directories).",
        f"PUT {URL} 200 403",
        f"{URL} 403 parts",
        f"{URL},200,403",
        f"{URL} 403 200",
        f"width: 403 {URL}",
        f"{URL} (403) exists already, skipped",
        f"上传完成：{URL}，大小 403 字节",
        f"耗时：403 {URL}",
        f"{URL}: 403 records imported, no error",
        f"got 403 bytes from {URL}",
        f"response: 403 KB from {URL}",
        f"下载失败 403 次之后成功 {URL}",
        "oss upload error at line 403 of upload.py",
        "oss: failed after 403 seconds: i/o timeout",
        "ERROR oss upload worker 403 crashed: out of memory",
        "Error: order 403 not uploaded to OSS: disk full",
        "oss put failed: only 403 of 500 bytes written",
        "OSSException count over the last 403 minutes: 0",
        "returned 403 rows (oss_fdw)",
        f"connect to reports.oss-cn-hangzhou.aliyuncs.com port 403 failed: {URL} timed out",
    ],
)
def test_a_number_that_counts_or_measures_is_no_event(text: str) -> None:
    assert events_in(text, source="test") == []


@pytest.mark.parametrize(
    "text",
    [
        f"{URL} 403",
        f"{URL} -> 403",
        f"got 403 from {URL}",
        f"got 403 errors from {URL}",
        f"{URL} returned 403 status",
        f"{URL} returned status 403 (12 bytes)",
        f"下载失败 403 {URL}",
    ],
)
def test_a_403_that_was_answered_is_one_event(text: str) -> None:
    (event,) = events_in(text, source="test")
    assert (event.status, event.bucket, event.key) == (403, "reports", "a.csv")


@pytest.mark.parametrize(
    "text",
    [
        'oss_client_errors_total{bucket="reports",code="403"} 12',
        '# TYPE oss_errors counter\noss_errors{code="AccessDenied",status="403",bucket="reports"} 3 1764331200000',
        'if (error.code === "AccessDenied") { retry(oss); }',
        'if ("InvalidObjectState".equals(e.getErrorCode())) { oss.restoreObject(bucket, key); }',
        "case 'SignatureDoesNotMatch': // oss",
    ],
)
def test_a_metric_and_source_code_that_asks_for_a_code_are_no_event(text: str) -> None:
    assert events_in(text, source="test") == []


@pytest.mark.parametrize(
    "text",
    [
        'logger.error("AccessDenied: The bucket you access does not belong to you.")',
        '{"Code": "AccessDenied", "Message": "The bucket you access does not belong to you."}',
        'oss_errors{code="403"} 1\nERROR oss: AccessDenied: The bucket you access does not belong to you.',
    ],
)
def test_what_looks_like_a_metric_or_code_and_tells_of_a_refusal_is_one_event(text: str) -> None:
    assert [event.code for event in events_in(text, source="test")] == ["AccessDenied"]


@pytest.mark.parametrize("host", ["api.github.com", "registry.example.com", "hooks.slack.com"])
def test_a_403_on_a_line_with_the_address_of_another_service_is_that_services(host: str) -> None:
    text = f'PUT {URL} -> 200 OK\nPOST https://{host}/v1/things -> 403 {{"message":"rate limit exceeded"}}'
    assert [(event.bucket, event.key) for event in events_in(text, source="test", strict=True)] == []
    assert all(event.bucket is None for event in events_in(text, source="test"))
