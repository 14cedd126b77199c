"""`ossmend init`: what it finds, what it writes, and when it leaves everything as it is."""

from __future__ import annotations

import os
import pty
import select
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import oss2
import pytest
import requests
from oss2.models import BucketLogging

from ossmend.config.load import load
from ossmend.daemon.commands.init_ask import log_is_right
from ossmend.simulator.serve import Running, running_simulator
from tests.daemon.commands.test_main import KEY, run
from tests.patience import HUNG, until

SHANGHAI = "cn-shanghai"


@pytest.fixture
def cloud() -> Iterator[Running]:
    """Three buckets; two log into the third."""
    with running_simulator() as simulator:
        auth = oss2.AuthV4(simulator.access_key_id, simulator.access_key_secret)
        session = oss2.Session()
        session.session.trust_env = False
        for name in ("my-logs", "web-assets", "reports-2024"):
            bucket = oss2.Bucket(auth, simulator.oss, name, region=simulator.region, session=session)
            bucket.create_bucket()
            if name != "my-logs":
                bucket.put_bucket_logging(BucketLogging("my-logs", "oss/"))
        yield simulator


def key(cloud: Running) -> dict[str, str]:
    return {
        "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.access_key_secret,
    }


def who_may(cloud: Running, actions: list[str]) -> dict[str, str]:
    """The key of a RAM user who may do these, anywhere."""
    rights = {"Version": "1", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": ["*"]}]}
    with requests.Session() as session:
        session.trust_env = False
        session.put(f"{cloud.control}/users/reader", json={"policy": rights}, timeout=HUNG)
        made = session.post(f"{cloud.control}/keys", json={"user": "reader"}, timeout=HUNG).json()
    return {"ALIBABA_CLOUD_ACCESS_KEY_ID": made["id"], "ALIBABA_CLOUD_ACCESS_KEY_SECRET": made["secret"]}


def where(cloud: Running) -> tuple[str, ...]:
    return ("--endpoint", cloud.oss, "--rpc-endpoint", cloud.rpc)


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_it_finds_the_account_and_which_bucket_logs_where_and_writes_a_dry_run(cloud: Running, tmp_path: Path) -> None:
    path = tmp_path / "new" / "ossmend.yaml"
    status, told, _ = run("init", "--output", str(path), "--log", "/srv/app/*.log", *where(cloud),
                          environment=key(cloud))  # fmt: skip
    assert status == 0, told
    assert "1234567890123456" in told
    assert "reports-2024, web-assets" in told
    config = load(path)
    assert [source.name for source in config.sources] == ["app_log:/srv/app/*.log", "access_log:my-logs/oss/"]
    assert {policy.mode for policy in config.policies} == {"dry-run"}
    assert config.cloud.region == cloud.region
    text = path.read_text(encoding="utf-8")
    assert cloud.access_key_secret not in text
    assert cloud.access_key_id not in text
    assert stat.S_IMODE(path.stat().st_mode) == (0o644 if os.geteuid() == 0 else 0o640)
    assert names(path.parent) == {"ossmend.yaml"}
    next_step = next(line for line in told.splitlines() if line.startswith("next"))
    assert f"audit --config {path}" in next_step


def test_it_finds_the_log_of_oss_in_the_log_service_and_prints_the_rights_that_reading_it_takes(
    cloud: Running, tmp_path: Path
) -> None:
    cloud.do(lambda world: world.log_service.open(world.account_id, SHANGHAI, world.clock))
    cloud.do(lambda world: world.log_service.open(world.account_id, cloud.region, world.clock))
    path = tmp_path / "ossmend.yaml"
    _, told, _ = run("init", "--output", str(path), "--yes", *where(cloud), environment=key(cloud))
    assert f"log service has OSS's log of {cloud.region}" in told
    assert "log:GetCursorOrData" in told
    names = [source.name for source in load(path).sources]
    assert names == ["access_log:my-logs/oss/", f"sls:{cloud.region}:oss-log-*"], "of no region without a bucket"


def test_buckets_whose_logging_may_not_be_read_are_one_line_with_the_right_that_is_missing(
    cloud: Running, tmp_path: Path
) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for number in range(4):
            session.put(f"{cloud.control}/buckets/more-{number}", json={}, timeout=HUNG)
    reader = who_may(cloud, ["oss:ListBuckets"])
    _, told, _ = run("init", "--output", str(tmp_path / "ossmend.yaml"), "--yes", *where(cloud), environment=reader)
    (line,) = [each for each in told.splitlines() if "GetBucketLogging was refused" in each]
    assert line.startswith("not found   the logging of ")
    assert " more: GetBucketLogging was refused: AccessDenied " in line
    assert line.endswith("; to read it needs oss:GetBucketLogging on acs:oss:*:*:*")


def test_where_the_buckets_may_not_be_listed_the_log_of_the_region_that_is_named_is_found(
    cloud: Running, tmp_path: Path
) -> None:
    cloud.do(lambda world: world.log_service.open(world.account_id, cloud.region, world.clock))
    reader = who_may(cloud, ["log:*"])
    path = tmp_path / "ossmend.yaml"
    _, told, _ = run("init", "--output", str(path), "--yes", "--region", cloud.region, *where(cloud),
                     environment=reader)  # fmt: skip
    (line,) = [each for each in told.splitlines() if each.startswith("not found")]
    assert line.startswith("not found   the buckets, and the logs that OSS writes of them: ListBuckets was refused: ")
    assert [source.name for source in load(path).sources] == [f"sls:{cloud.region}:oss-log-*"]


def test_a_log_that_its_key_may_not_look_for_is_named_with_the_right_that_is_missing(
    cloud: Running, tmp_path: Path
) -> None:
    cloud.do(lambda world: world.log_service.open(world.account_id, cloud.region, world.clock))
    reader = who_may(cloud, ["oss:*"])
    _, told, _ = run("init", "--output", str(tmp_path / "ossmend.yaml"), "--yes", *where(cloud), environment=reader)
    (line,) = [each for each in told.splitlines() if each.startswith("not found")]
    assert line == (
        f"not found   OSS's log of {cloud.region} in the log service: ListShards was refused: Unauthorized; to look "
        "there needs log:ListShards on acs:log:*:*:project/oss-log-*/logstore/oss-log-store"
    )


def test_force_leaves_what_is_no_file_where_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place in (pipe, tmp_path):
        status, told, _ = run("init", "--yes", "--force", "--output", str(place))
        assert (status, told) == (
            1,
            f"{place} is there already, and no file: nothing was changed; name a file with --output\n",
        )
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert names(tmp_path) == {"pipe"}


def test_a_path_with_a_blank_is_told_as_a_shell_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "my 配置.yaml"
    first, again = (run("init", "--yes", "--output", str(path))[1] for _ in range(2))
    assert f"audit --config '{path}' --since 24h" in first
    assert f"check --config '{path}'\n" in again


@pytest.mark.parametrize(("log", "told"), [("", "a path is needed"), (".", "is a directory; name the files in it")])
def test_a_flag_is_refused_what_a_question_is(tmp_path: Path, log: str, told: str) -> None:
    status, _, errors = run("init", "--yes", "--output", str(tmp_path / "a.yaml"), "--log", log)
    assert status == 2
    assert told in errors
    assert names(tmp_path) == set()


def test_it_changes_nothing_in_the_cloud(cloud: Running, tmp_path: Path) -> None:
    before = cloud.do(lambda world: len(world.requests))
    assert run("init", "--output", str(tmp_path / "a.yaml"), *where(cloud), environment=key(cloud))[0] == 0
    asked = cloud.do(lambda world: [each.operation for each in world.requests[before:]])
    assert set(asked) == {"GetCallerIdentity", "ListBuckets", "GetBucketLogging", "ListShards"}


@pytest.mark.parametrize("environment", [{}, KEY, {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY["ALIBABA_CLOUD_ACCESS_KEY_ID"]}])
def test_without_a_key_or_a_network_it_writes_the_flags_and_says_what_it_could_not_find(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    path = tmp_path / "ossmend.yaml"
    status, told, _ = run(
        "init", "--output", str(path), "--region", SHANGHAI, "--log", "/srv/app.log", "--access-log", "my-logs/oss/",
        "--endpoint", "http://127.0.0.1:9", "--rpc-endpoint", "http://127.0.0.1:9", environment=environment,
    )  # fmt: skip
    assert (status, "not found" in told) == (0, True)
    config = load(path)
    assert config.cloud.region == SHANGHAI
    assert [source.name for source in config.sources] == ["app_log:/srv/app.log", "access_log:my-logs/oss/"]


def test_copies_of_access_logs_are_named_by_their_path(cloud: Running, tmp_path: Path) -> None:
    path = tmp_path / "ossmend.yaml"
    status, _, _ = run(
        "init", "--output", str(path), *where(cloud), "--access-log", "/srv/oss-logs/*", environment=key(cloud)
    )
    assert status == 0
    assert [source.name for source in load(path).sources] == ["access_log:/srv/oss-logs/*"]


def test_it_does_not_doubt_what_it_has_chosen_itself(tmp_path: Path) -> None:
    (tmp_path / "app.log").touch()
    flags = ("--output", str(tmp_path / "ossmend.yaml"), "--yes", "--region", SHANGHAI, "--log", f"{tmp_path}/*.log")
    assert "doubt  " not in run("init", *flags)[1]
    assert "doubt  " in run("init", *flags[:-1], "/no/such/*.log", "--force")[1]


def test_the_region_that_a_log_names_most_is_taken_where_nobody_told_another(tmp_path: Path) -> None:
    path, log = tmp_path / "ossmend.yaml", tmp_path / "app.log"
    host = "HostId: b.oss-{}.aliyuncs.com\n".format
    log.write_text(host("cn-beijing") + host(SHANGHAI) * 2 + host("no-such-region") * 9, encoding="utf-8")
    _, told, _ = run("init", "--output", str(path), "--yes", "--log", str(log))
    assert (load(path).cloud.region, "is a guess" in told) == (SHANGHAI, False)


def test_a_region_that_nobody_told_is_said_to_be_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "ossmend.yaml"
    status, told, _ = run("init", "--output", str(path), "--yes")
    assert (status, "is a guess" in told) == (0, True)
    assert "THE REGION WAS NOT FOUND" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "missing"),
    [((), ["--region", "--log"]), (("--region", SHANGHAI), ["--log"]), (("--log", "/srv/app.log"), ["--region"])],
)
def test_where_nobody_can_answer_it_names_what_is_missing_and_writes_nothing(
    tmp_path: Path, flags: tuple[str, ...], missing: list[str]
) -> None:
    status, _, said = run("init", "--output", str(tmp_path / "ossmend.yaml"), *flags)
    assert status == 2
    assert [
        each.split()[0] for each in said.partition("missing:\n")[2].splitlines() if each.startswith("  ")
    ] == missing
    assert "or --yes" in said
    assert names(tmp_path) == set()


def test_what_was_not_found_and_what_is_doubted_comes_after_the_long_policy_and_the_key_before_the_next_command(
    tmp_path: Path,
) -> None:
    told = run("init", "--output", str(tmp_path / "ossmend.yaml"), "--yes")[1].splitlines()
    labels = [line.split("  ")[0] for line in told[told.index("}") :] if line[:1].isalpha()]
    assert labels == ["not found", "doubt", "doubt", "written", "first", "next"]
    (first,) = [line for line in told if line.startswith("first ")]
    assert "set the key: export ALIBABA_CLOUD_ACCESS_KEY_ID" in first


def test_of_a_key_of_the_account_itself_it_says_that_no_policy_limits_it(cloud: Running, tmp_path: Path) -> None:
    status, told, said = run("init", "--output", str(tmp_path / "ossmend.yaml"), *where(cloud), environment=key(cloud))
    (attach,) = [line for line in told.splitlines() if line.startswith("attach")]
    assert status == 0
    assert attach.startswith("attach      nothing: this is a key of the account itself")
    assert "set the key" not in told
    assert "nothing is changed in the cloud" in said


def test_a_machine_that_is_configured_already_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ossmend.yaml"
    path.write_text("version: 1\n", encoding="utf-8")
    before = path.stat()
    status, told, _ = run("init", "--output", str(path), "--region", SHANGHAI)
    assert (status, "nothing was changed" in told) == (1, True)
    assert path.stat() == before
    assert names(tmp_path) == {"ossmend.yaml"}


def test_force_replaces_it_and_keeps_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "ossmend.yaml"
    path.write_text("version: 1\n# mine\n", encoding="utf-8")
    assert run("init", "--output", str(path), "--yes", "--region", SHANGHAI, "--force")[0] == 0
    (kept,) = names(tmp_path) - {"ossmend.yaml"}
    assert (tmp_path / kept).read_text(encoding="utf-8") == "version: 1\n# mine\n"
    assert load(path).cloud.region == SHANGHAI


@pytest.mark.parametrize(
    ("flags", "status"),
    [(("--region", "cn hangzhou"), 2), (("--endpoint", "http://oss.example.com"), 2), (("--access-log", "NO/oss"), 78)],
)
def test_what_would_be_refused_is_not_written(tmp_path: Path, flags: tuple[str, ...], status: int) -> None:
    assert run("init", "--output", str(tmp_path / "ossmend.yaml"), *flags)[0] == status
    assert names(tmp_path) == set()


def test_a_name_with_yaml_in_it_is_a_name(tmp_path: Path) -> None:
    path, log = tmp_path / "ossmend.yaml", "/srv/a: b #c\"'{x}.log"
    assert run("init", "--output", str(path), "--region", SHANGHAI, "--log", log)[0] == 0
    assert [source.name for source in load(path).sources] == [f"app_log:{log}"]


def _hears_ctrl_c() -> None:
    """As at a terminal: a shell ignores SIGINT for what it starts in the background, and so would our children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """`init` with a person in front of it."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self._screen, far = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ALIBABA", "ALIYUN", "OSS"))}
        command = [sys.executable, "-m", "ossmend", "init", *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=far,
            stdout=far,
            stderr=far,
            env=kept | environment,
            preexec_fn=_hears_ctrl_c,  # noqa: PLW1509  # it sets one signal, and needs no lock for that
        )
        os.close(far)

    def answers(self, question: str, answer: str) -> None:
        """Wait for the question, and type."""
        seen = ""
        while question not in seen:
            assert select.select([self._screen], [], [], HUNG)[0], f"no {question!r} in {seen!r}"
            seen += os.read(self._screen, 4096).decode()
        os.write(self._screen, answer.encode())

    def waits(self) -> None:
        """Until it sleeps in the read of an answer: a signal a moment earlier would be seen only after that answer."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        until("it waits for an answer", lambda: stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "S")

    def ends(self) -> int:
        try:
            while True:
                assert select.select([self._screen], [], [], HUNG)[0], "it goes on"
                if not os.read(self._screen, 4096):
                    break
        except OSError:
            pass  # the other side is gone
        os.close(self._screen)
        return self.process.wait(timeout=HUNG)


def test_on_a_terminal_it_asks_and_a_found_log_may_be_refused(cloud: Running, tmp_path: Path) -> None:
    path = tmp_path / "ossmend.yaml"
    asked = Terminal("--output", str(path), *where(cloud), environment=key(cloud))
    asked.answers("Region of the buckets", "\n")
    (tmp_path / "one.log").touch()
    asked.answers("Log of an application", f"{tmp_path}/one.log\n")
    asked.answers("Log of an application", "\n")
    asked.answers("Read the access logs", "n\n")
    assert asked.ends() == 0
    assert [source.name for source in load(path).sources] == [f"app_log:{tmp_path}/one.log"]


def test_each_answer_is_checked_at_once_and_asked_again_with_the_reason_and_a_doubt_is_taken_when_typed_twice(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ossmend.yaml"
    asked = Terminal("--output", str(path), environment={})
    asked.answers("Region of the buckets", "cn hangzhou\n")
    asked.answers("expected a region", "cn-hangzhu\n")
    asked.answers('did you mean "cn-hangzhou"?; type it once more if it is meant', "cn-shanghai\n")
    asked.answers("Log of an application", f"{tmp_path}\n")
    asked.answers("is a directory; name the files in it", f"{tmp_path}/none.log\n")
    asked.answers("nothing is there yet", f"{tmp_path}/none.log\n")
    asked.answers("Log of an application", f"{tmp_path}/none.log\n")
    asked.answers("is named already", "\n")
    assert asked.ends() == 0
    assert load(path).cloud.region == SHANGHAI
    assert [source.name for source in load(path).sources] == [f"app_log:{tmp_path}/none.log"]


def test_what_was_written_where_and_the_next_command_are_the_last_lines_however_long_the_policy_is(
    cloud: Running, tmp_path: Path
) -> None:
    path = tmp_path / "ossmend.yaml"
    told = run("init", "--output", str(path), "--yes", *where(cloud), environment=key(cloud))[1].splitlines()
    assert len(told) > 30
    assert [line.split("  ")[0] for line in told[-2:]] == ["written", "next"]
    assert str(path) in told[-2]


def test_a_flag_that_would_be_refused_is_refused_before_the_account_is_looked_at(
    cloud: Running, tmp_path: Path
) -> None:
    before = cloud.do(lambda world: len(world.requests))
    flags = ("--output", str(tmp_path / "a.yaml"), *where(cloud), "--access-log", "NO/oss")
    assert run("init", *flags, environment=key(cloud))[0] == 78
    assert cloud.do(lambda world: len(world.requests)) == before


def test_ctrl_c_at_a_question_leaves_nothing(cloud: Running, tmp_path: Path) -> None:
    asked = Terminal("--output", str(tmp_path / "a" / "ossmend.yaml"), *where(cloud), environment=key(cloud))
    asked.answers("Region of the buckets", "\n")
    asked.answers("Log of an application", "")
    asked.waits()
    asked.process.send_signal(signal.SIGINT)
    assert asked.ends() == 1
    assert names(tmp_path) == set()


def test_a_path_that_nobody_may_look_at_is_no_fault_of_ours(tmp_path: Path) -> None:
    long = f"/{'a' * 300}"
    refused, doubt = log_is_right(f"{long}/x.log", ())
    assert (refused, "nothing is there yet" in doubt) == ("", True)
    status, _, errors = run("init", "--output", long, "--yes", environment={})
    assert status == 1
    assert "cannot be written: File name too long" in errors
