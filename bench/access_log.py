"""Access logs, by the clock: how fast the refusals of a log are read, as ratios to what counts lines or downloads.

Anchors in the same run: ripgrep's and GNU grep's count of the same literal in the same file, fail2ban-regex, and for a
log that is streamed from the simulator what oss2 alone, and our own client alone, download. An anchor that is not
installed is left out and named. A row is what triage counts by; an event is all of a line. The processor is mostly
shared, so each row has a second ratio: by the seconds of a processor that it took, children's and kernel's included.
Run `python bench/access_log.py [--megabytes 1000]`.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import oss2

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.restores import simulator
from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.config.load import load_text
from ossmend.daemon.cloud.accounts import connect
from ossmend.daemon.cloud.settings import cloud_settings
from ossmend.daemon.host.clock import SystemClock
from ossmend.daemon.journal.store import open_store
from ossmend.daemon.sources import Source, move
from ossmend.daemon.sources.access_files import AccessFiles
from ossmend.daemon.sources.access_log import LOG_ZONE, AccessLog
from ossmend.daemon.sources.parsers.access_line import entry_event, parse_line
from ossmend.daemon.sources.parsers.access_row import Refusal
from ossmend.daemon.sources.scanner import refused_lines
from ossmend.daemon.stages.triage import Triage

MEGABYTE = 1_000_000
BLOCK = 256 * 1024
OBJECT = 50 * MEGABYTE
GREPS = {"ripgrep": ["rg", "-c", "-F"], "GNU grep": ["grep", "-c", "-F"]}
AIMS: dict[str, float | None] = {"ripgrep": 0.6, "GNU grep": 2.5, "fail2ban-regex": 100.0}
DOWNLOADS: dict[str, float | None] = {"oss2 alone": None, "our client alone": 0.7}
P1, P2 = "P1 rows together", "P2 rows streamed"
STREAMED = {"": P2, ", TLS": "P2 rows, TLS"}
"""Plain, within one machine, a download is quicker than any network is; OSS is reached by TLS."""
LOCAL = (P1, "rows alone", "events", "rows stored")


def ratios(what: str, to: str, aim: float | None) -> tuple[Row, Row]:
    """By the clock, and by the seconds of a processor; the name tells to what, as several are measured beside."""
    short = to.removesuffix(", TLS").removesuffix(" alone").removesuffix("-regex").removeprefix("GNU ")
    name = f"{what} / {short}"
    return (
        Row(name=name, unit="x", better="more", to=f"{to}, by the clock", aim=aim),
        Row(name=f"{name}, CPU", unit="x", better="more", to=f"{to}, by processor time"),
    )


def declared() -> Iterator[Row]:
    """Each way beside each of its anchors, and the speed of all."""
    for to, aim in AIMS.items():
        pairs = [ratios(what, to, aim if what == P1 else None) for what in LOCAL]
        yield from (row for column in zip(*pairs, strict=True) for row in column)
    for over, what in STREAMED.items():
        for to, aim in DOWNLOADS.items():
            yield from ratios(what, f"{to}{over}", aim)
    downloads = (each for over, what in STREAMED.items() for each in (what, *(f"{to}{over}" for to in DOWNLOADS)))
    for what in (*LOCAL, *AIMS, *downloads):
        yield Row(name=f"speed: {what}", unit="GB/s", better="more")


TRIES = 3
"""The quickest of so many is kept: whatever else the machine does can only add to it."""
TURNS = 7
"""Of the downloads, in turns: the median of so many is kept."""
LITERAL = '" 403 '
CONFIG = """
version: 1
cases: { most_open: 1000000, most_open_per_policy: 1000000 }
policies: [ { name: thaw, on: InvalidObjectState, match: { bucket: "*" } } ]
"""
CLOUD = """
cloud: {{ region: {region}, endpoint: "{oss}", rpc_endpoint: "{rpc}", credentials: {{ allow_root: true }} }}
clock: {{ ntp_servers: [] }}
"""
LINE = (
    '10.0.{a}.{b} - - [01/Mar/2026:{hour:02}:10:00 +0800] "GET /2024/{number:07}.parquet HTTP/1.1" {status} {size} 31 '
    '"-" "aliyun-sdk-python/2.19.1(Linux/5.10/x86_64;3.11.7)" "reports-cn.oss-cn-hangzhou.aliyuncs.com" '
    '"{request_id:024X}" "true" "1234567890123456" "GetObject" "reports-cn" "2024/{number:07}.parquet" {size} 12 '
    '"{code}" 412 "1234567890123456" - "-" "standard" "-" "-" "LTAI5tExampleExample1234" "-"\n'
)


ROWS = tuple(declared())


class Measured(NamedTuple):
    """How many refusals, and GB a second by the clock and by the processor."""

    number: int
    speed: float
    by_cpu: float


def line(dice: random.Random) -> str:
    refused = dice.random() < 0.01
    return LINE.format(
        a=dice.randrange(256),
        b=dice.randrange(256),
        hour=dice.randrange(24),
        number=dice.randrange(10**7),
        status=403 if refused else dice.choice((200, 200, 200, 206, 304, 404)),
        size=dice.randrange(1000, 10**6),  # 403 would be counted, too
        request_id=dice.getrandbits(96),
        code=dice.choice(("AccessDenied", "InvalidObjectState")) if refused else "-",
    )


def write(path: Path, size: int) -> None:
    dice = random.Random(7)  # the same log in every run
    with path.open("w", encoding="ascii") as file:
        while file.tell() < size:
            file.write("".join(line(dice) for _ in range(2000)))


def whole_lines(path: Path) -> Iterator[bytes]:
    rest = b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            data = rest + block
            whole = data.rfind(b"\n") + 1
            yield data[:whole]
            rest = data[whole:]
    yield rest


def alone(path: Path) -> int:
    """Found and split by this process, which makes rows of it."""
    return sum(map(len, batches(AccessFiles(str(path), "beginning", SystemClock(), large=sys.maxsize))))


def together(path: Path) -> int:
    """The same, found and split by processes of its own."""
    return sum(map(len, batches(AccessFiles(str(path), "beginning", SystemClock(), large=1))))


def events(path: Path) -> int:
    """Each refusal read whole, as all of them were before there were rows."""
    number = 0
    for block in whole_lines(path):
        for refused in refused_lines(block, len(block)):
            entry = parse_line(refused)
            number += entry is not None and entry_event(entry, source="bench") is not None
    return number


def stored(path: Path) -> int:
    """Rows by processes of its own, each batch stored by triage: where every key is another, every one is a case."""
    with tempfile.TemporaryDirectory() as directory:
        clock = SystemClock()
        store = open_store(Path(directory), exclusive=True)
        triage = Triage(load_text(CONFIG + "cloud: { region: cn-hangzhou }"), store, clock)
        number = 0
        source, cursor = AccessFiles(str(path), "beginning", clock, large=1), dict[str, Any]()
        more = True
        while more:
            batch = source.read(cursor or None)
            number += triage.take("bench", batch.of("high")).events
            move(cursor, batch.moved)
            more = batch.more
        store.close()
    return number


def batches(source: Source) -> Iterator[tuple[Refusal, ...]]:
    cursor: dict[str, Any] = {}
    more = True
    while more:
        batch = source.read(cursor or None)
        move(cursor, batch.moved)
        yield batch.refusals
        more = batch.more


def counted(program: list[str], path: Path) -> int:
    done = subprocess.run([*program, LITERAL, str(path)], capture_output=True, check=True)
    return int(done.stdout)


def by_fail2ban(path: Path) -> int:
    subprocess.run(["fail2ban-regex", str(path), '^<HOST> .*" 403 '], capture_output=True, check=True)
    return 0


def measure(size: int, work: Callable[[], int], tries: int = TRIES) -> Measured:
    """The best of some tries, by the clock and by the processor."""
    speed, by_cpu, number = 0.0, 0.0, 0
    for _ in range(tries):
        started, used = time.perf_counter(), cpu()
        number = work()
        speed = max(speed, size / 1e9 / (time.perf_counter() - started))
        by_cpu = max(by_cpu, size / 1e9 / max(cpu() - used, 1e-9))
    return Measured(number, speed, by_cpu)


def cpu() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


# ------------------------------------------------------------------------------------------------------------ streamed


def parts(path: Path) -> Iterator[bytes]:
    """Whole lines, as much as OSS puts into one object of a busy hour."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(OBJECT):
            whole = data.rfind(b"\n") + 1
            yield rest + data[:whole]
            rest = data[whole:]


def streamed(path: Path, over: str) -> dict[str, Measured]:
    """A log in objects of a bucket: downloaded by oss2 alone, by our client alone, and read by the source."""
    size = path.stat().st_size
    with simulator(*(["--tls"] if over else [])) as told:
        trust = told.pop("ca_file", None)
        if trust is not None:
            os.environ["REQUESTS_CA_BUNDLE"] = trust  # for oss2; ours takes nothing of this kind from the environment
        auth = oss2.AuthV4(told["access_key_id"], told["access_key_secret"])
        bucket = oss2.Bucket(
            auth, told["oss"], "bench-logs", region=told["region"], enable_crc=False, connect_timeout=600
        )
        bucket.create_bucket()
        keys = []
        for number, part in enumerate(parts(path)):
            keys.append(f"oss/reports{datetime.now(LOG_ZONE):%Y-%m-%d-%H}-00-00-{number:04}")
            bucket.put_object(keys[-1], part)
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = told["access_key_id"]
        os.environ["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = told["access_key_secret"]
        settings = replace(cloud_settings(load_text(CONFIG + CLOUD.format(**told))), ca_bundle=trust)
        cloud = connect(settings, clock=SystemClock(), may_write=False)

        def by_oss2() -> int:
            answers = map(bucket.get_object, keys)
            return sum(len(block) for answer in answers for block in iter(partial(answer.read, 64 * 1024), b""))

        def by_client() -> int:
            return sum(len(block) for key in keys for block in cloud.logs.open("bench-logs", key))

        def read() -> int:
            return sum(map(len, batches(AccessLog("bench-logs", "oss/", cloud.logs, SystemClock()))))

        works = {f"oss2 alone{over}": by_oss2, f"our client alone{over}": by_client, STREAMED[over]: read}
        return in_turns(size, works)


def in_turns(size: int, works: Mapping[str, Callable[[], int]]) -> dict[str, Measured]:
    """The median of each: two processes that talk differ from one try to the next by four times, and the best try of
    one beside the best of another says nothing about either.
    """
    turns = [[measure(size, work, 1) for work in works.values()] for _ in range(TURNS)]
    return {
        name: Measured(tries[0].number, median(each.speed for each in tries), median(each.by_cpu for each in tries))
        for name, tries in zip(works, zip(*turns, strict=True), strict=True)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--streamed", type=int, default=200, help="megabytes of the log in the simulator")
    given = arguments(parser)
    with measuring("access_log", ROWS, given) as run, tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "access.log"
        write(path, given.megabytes * MEGABYTE)
        anchors, found = beside(path)
        write(path, given.streamed * MEGABYTE)
        there_are, downloads = alone(path), {over: streamed(path, over) for over in STREAMED}
        for name, each in chain.from_iterable(part.items() for part in (anchors, found, *downloads.values())):
            run.tell(f"speed: {name}", each.speed)
        for what, one in found.items():
            told(run, what, one, anchors)
        for over, what in STREAMED.items():
            one = downloads[over].pop(what)
            assert one.number == there_are, f"they do not agree: {one}, {there_are}"
            told(run, what, one, downloads[over])
        missing = [name for name in AIMS if name not in anchors]
        if missing:
            run.note(f"not installed, so left out: {', '.join(missing)}")


def beside(path: Path) -> tuple[dict[str, Measured], dict[str, Measured]]:
    """The anchors that are installed, and our ways; all must find as many refusals."""
    size = path.stat().st_size
    there = {name: call for name, call in GREPS.items() if shutil.which(call[0])}
    anchors = {name: measure(size, partial(counted, call, path)) for name, call in there.items()}
    works = dict(zip(LOCAL, (together, alone, events, stored), strict=True))
    found = {name: measure(size, partial(work, path), 1 if work is stored else TRIES) for name, work in works.items()}
    numbers = {each.number for each in (*anchors.values(), *found.values())}
    assert len(numbers) == 1, f"they do not agree: {anchors}, {found}"
    if shutil.which("fail2ban-regex"):
        anchors["fail2ban-regex"] = measure(size, partial(by_fail2ban, path), 1)
    return anchors, found


def told(run: Run, what: str, one: Measured, anchors: Mapping[str, Measured]) -> None:
    for to, anchor in anchors.items():
        by_clock, by_cpu = ratios(what, to, None)
        run.tell(by_clock.name, one.speed / anchor.speed)
        run.tell(by_cpu.name, one.by_cpu / anchor.by_cpu)


if __name__ == "__main__":
    main()
