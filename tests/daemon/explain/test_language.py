"""Who writes Chinese is answered in Chinese; a name in Chinese, or a word, changes nothing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ossmend.daemon.commands.explain import command
from ossmend.daemon.explain import language

OFFER = "In English: --lang en. 英文说明：--lang en。"
CHINESE = "小程序上传图片报 403，bucket 是 my-photos，错误码 AccessDenied，怎么解决？"


@pytest.mark.parametrize(
    "text",
    [
        CHINESE,
        "上传失败: AccessDenied",
        '{"msg":"文件上传失败","code":"AccessDenied","status":403}',
        "2026-03-01 10:00:00 ERROR 文件上传失败 AccessDenied",
        "请问这个错误怎么解决？\n2026-03-01 10:00:00 ERROR AccessDenied\n2026-03-01 10:00:01 INFO done",
    ],
)
def test_chinese_sentences_are_answered_in_chinese(text: str) -> None:
    assert language.of(text) == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "AccessDenied",
        "ErrorCode=AccessDenied bucket=b key=报告/2024年度总结汇总.csv",
        "GET https://my-data.oss-cn-hangzhou.aliyuncs.com/季度报告总结.csv AccessDenied 403",
        r"cannot read D:\数据\季度报告总结: AccessDenied",
        "用户 7 got AccessDenied",
        "2026-03-01 10:00:00 ERROR AccessDenied\n2026-03-01 10:00:01 INFO 登录成功 user=张伟\n2026-03-01 INFO ok",
    ],
)
def test_names_and_single_words_are_no_sentence(text: str) -> None:
    assert language.of(text) == "en"


def test_the_page_says_how_to_have_the_other_language_where_it_chose_one() -> None:
    said = CliRunner().invoke(command, [CHINESE]).output
    assert "存储空间" in said or "没有 RAM 策略" in said
    assert said.rstrip().endswith(OFFER)
    assert OFFER not in CliRunner().invoke(command, ["--lang", "zh", CHINESE]).output
    assert OFFER not in CliRunner().invoke(command, ["AccessDenied"]).output
    assert "No RAM policy allows it" in CliRunner().invoke(command, ["--lang", "en", CHINESE]).output


def test_machines_are_answered_in_english() -> None:
    (event,) = json.loads(CliRunner().invoke(command, ["--json", CHINESE]).output)["events"]
    assert event["diagnosis"]["evidence"]
    assert language.of(" ".join(event["diagnosis"]["evidence"])) == "en"
