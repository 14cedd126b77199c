"""`ossmend explain --live`: the text is pasted, the cloud is asked, nothing is written; without it nobody is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ossmend.config.load import load
from ossmend.daemon.commands.main import main
from ossmend.daemon.explain.live import MOST, asking
from ossmend.daemon.explain.text import explain_text
from ossmend.simulator.serve import Running
from tests.daemon.explain.chinese import english
from tests.journeys.test_every_cause import WRITING, configured, get, image, key, text_of
from tests.simulator.test_scenes_refuse import ANALYST, GALLERY, INTERN, REPORTS, bucket, playing


def credentials(sim: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", sim.access_key_id)
    monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", sim.access_key_secret)


def explained(sim: Running, directory: Path, text: str, *, live: bool, lang: str = "en") -> dict[str, Any]:
    config = load(configured(directory, sim))
    if not live:
        return explain_text(text, config=config, lang=lang)
    with asking(config) as ask:
        return explain_text(text, config=config, lang=lang, live=ask)


def test_a_denial_is_decoded_and_its_policy_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("access_denied") as sim:
        credentials(sim, monkeypatch)
        text = text_of(get("vault", "secret/plan.txt", ANALYST), sim)
        before = len(sim.do(lambda cloud: cloud.requests))
        explained(sim, tmp_path, text, live=False)
        assert len(sim.do(lambda cloud: cloud.requests)) == before
        early = explained(sim, tmp_path, text, live=True)["events"][0]["diagnosis"]
        assert "the diagnostic message could not be decoded yet" in early["evidence"]
        sim.do(lambda cloud: cloud.clock.advance(3))
        (event,) = explained(sim, tmp_path, text, live=True)["events"]
        assert event["diagnosis"]["cause"] == "denied-ram-explicit"
        assert any("no-secrets" in sentence for sentence in event["diagnosis"]["evidence"])
        asked = {each.operation for each in sim.do(lambda cloud: cloud.requests)[before:]}
        assert "DecodeDiagnosticMessage" in asked
        assert not asked & WRITING


def test_the_plan_is_the_daemons_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("invalid_object_state") as sim:
        credentials(sim, monkeypatch)
        text = text_of(get("reports-archive", "2024/q1.csv", REPORTS), sim)
        (event,) = explained(sim, tmp_path, text, live=True)["events"]
        assert [write["operation"] for write in event["writes"]] == ["RestoreObject"]
        thawed = text.replace("2024/q1.csv", "2024/q4.csv")
        assert explained(sim, tmp_path, thawed, live=False)["events"][0]["writes"]
        (event,) = explained(sim, tmp_path, thawed, live=True)["events"]
        assert event["writes"] == []  # it reads: the text is old


def test_a_bucket_that_is_not_there_any_more_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("access_denied") as sim:
        credentials(sim, monkeypatch)
        text = text_of(get("vault", "secret/plan.txt", ANALYST), sim).replace("vault", "vault-gone")
        (event,) = explained(sim, tmp_path, text, live=True)["events"]
    assert event["diagnosis"]["cause"] == "no-such-bucket"


def test_what_the_cloud_said_is_told_in_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(sim: Running, text: str) -> list[str]:
        (event,) = explained(sim, tmp_path, text, live=True, lang="zh")["events"]
        notes = [write["note"] for write in event["writes"]]
        return [each for each in (*event["diagnosis"]["evidence"], *notes) if "OSS 返回：" not in each]

    with playing("access_denied") as sim:
        credentials(sim, monkeypatch)
        text = text_of(get("vault", "secret/plan.txt", ANALYST), sim)
        sim.do(lambda cloud: cloud.clock.advance(3))
        said = told(sim, text)
        assert any("RAM 解码结果" in each for each in said)
        assert [each for each in said if english(each)] == []
    with playing("invalid_object_state") as sim:
        credentials(sim, monkeypatch)
        frozen = text_of(get("reports-archive", "2024/q1.csv", REPORTS), sim)
        for text in (frozen, frozen.replace("2024/q1.csv", "2024/q4.csv")):
            said = told(sim, text)
            assert any("刚刚" in each for each in said)
            assert [each for each in said if english(each)] == []
    with playing("invalid_access_key_id") as sim:
        credentials(sim, monkeypatch)
        said = told(sim, text_of(key("LTAI5tBobDeleted00000001"), sim))
        assert any("回收站" in each for each in said)
        assert [each for each in said if english(each)] == []


def test_a_key_is_looked_up_and_a_picture_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("invalid_access_key_id") as sim:
        credentials(sim, monkeypatch)
        (event,) = explained(sim, tmp_path, text_of(key("LTAI5tBobDeleted00000001"), sim), live=True)["events"]
        assert event["diagnosis"]["cause"] == "key-deleted"
    with playing("image_damage") as sim:
        credentials(sim, monkeypatch)
        (event,) = explained(sim, tmp_path, text_of(image("snapshots", "zeros.jpg"), sim), live=True)["events"]
        assert event["diagnosis"]["facts"]["verdict"] == "zeros"


def test_that_a_text_contradicts_itself_is_told_first_whatever_the_cloud_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playing("invalid_object_state") as sim:
        credentials(sim, monkeypatch)
        text = text_of(get("reports-archive", "2024/q1.csv", REPORTS), sim)
        assert "0016-00000404" in text
        contrary = text.replace("0016-00000404", "0003-00000001")
        (event,) = explained(sim, tmp_path, contrary, live=True)["events"]
        (plain,) = explained(sim, tmp_path, text, live=True)["events"]
    assert event["diagnosis"]["evidence"][0].startswith("error code and EC contradict each other")
    assert event["diagnosis"]["facts"]["contradiction"]["ec_code"] == "AccessDenied"
    assert not any("contradict" in each for each in plain["diagnosis"]["evidence"])


@pytest.mark.parametrize(
    ("name", "cause"),
    [("notes.txt", "image-unsupported"), ("poster.png", "image-too-large"), ("film-still.png", "image-too-large")],
)
def test_the_images_that_oss_answers_with_400_are_explained_as_well(name: str, cause: str) -> None:
    with playing("image_damage") as sim:
        (event,) = explain_text(text_of(image("snapshots", name), sim))["events"]
        assert event["diagnosis"]["cause"] == cause
        assert event["writes"] == []


def test_a_missing_source_and_a_watermark_are_told_apart_from_damage() -> None:
    with playing("image_damage") as sim:
        text = text_of(get("snapshots", "frozen.png", GALLERY, process="image/info"), sim)
        (event,) = explain_text(text)["events"]
        assert event["code"] == "InvalidObjectState"


def test_only_so_many_refusals_of_a_log_are_asked_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("access_denied") as sim:
        credentials(sim, monkeypatch)
        texts = [text_of(get("vault", "payroll.csv", INTERN), sim) for _ in range(MOST + 3)]
        sim.do(lambda cloud: cloud.clock.advance(3))
        many = explained(sim, tmp_path, "\n\n".join(texts), live=True)["events"]
        decoded = [event for event in many if any("RAM decoded it" in said for said in event["diagnosis"]["evidence"])]
        assert (len(many), len(decoded)) == (MOST + 3, MOST)


def test_live_without_a_configuration_says_which_file_it_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSSMEND_CONFIG", "/nonexistent/ossmend.yaml")
    result = CliRunner().invoke(main, ["explain", "--live", "AccessDenied"])
    assert result.exit_code == 78
    assert "/nonexistent/ossmend.yaml" in result.output


def test_a_cloud_that_refuses_us_leaves_what_the_text_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with playing("access_denied") as sim:
        text = text_of(lambda sim: bucket(sim, "guarded", INTERN).delete_object("kept.txt"), sim)
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tNobodyKnowsThisOne")
        monkeypatch.setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "x")
        (plain,) = explained(sim, tmp_path, text, live=False)["events"]
        (event,) = explained(sim, tmp_path, text, live=True)["events"]
        assert event["diagnosis"]["cause"] == plain["diagnosis"]["cause"] != "could-not-check"
        assert any("our own" in sentence for sentence in event["diagnosis"]["evidence"])
