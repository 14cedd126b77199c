"""What the simulator itself costs: requests a second from one process, and memory for a million archived objects.

Ratios only, measured side by side in one run: the floor is a bare asyncio server that answers every request with the
same bytes. Run `python bench/simulator.py [--seconds 3] [--objects 1000000]`. With `--against FOLDER`, another checkout
is measured in turns with this one, and only what differs is told: above 1, this one is better.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from urllib.request import Request, urlopen

import oss2

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.results.measure import Run, arguments, measuring
from bench.results.row import Row
from ossmend.simulator.serve import Ready, serve

CONNECTIONS = 8
TURNS = 7
CALLS = (("HEAD", "object"), ("GET", "object"), ("GET", "missing"))
ROWS = (
    *(
        Row(name=f"{version} {method} {key}", unit="x", better="more", to="a bare asyncio server")
        for version in ("v1", "v4")
        for method, key in CALLS
    ),
    Row(name="bytes an archived object", unit="B", better="less", worse="worse"),
    Row(name="archived objects made", unit="/s", better="more"),
    Row(name="page of 1000 from the middle", unit="ms", better="less"),
    Row(name="delimiter over all of them", unit="ms", better="less"),
    Row(name="1000 restores, one by one", unit="ms", better="less"),
    Row(name="memory above an empty one's", unit="MiB", better="less", worse="worse"),
)
_FLOOR = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"


class _Floor(asyncio.Protocol):
    """The least a server can do."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(_FLOOR * data.count(b"\r\n\r\n"))


def _run_floor(port: multiprocessing.Queue[int]) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(_Floor, "127.0.0.1", 0)
        port.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def _run_simulator(ready: multiprocessing.Queue[Ready]) -> None:
    serve(on_ready=ready.put)


def _hammer(port: int, request: bytes, seconds: float) -> float:
    """Requests a second over a few connections, one request in flight on each."""
    counts = [0] * CONNECTIONS
    end = time.perf_counter() + seconds

    def run(slot: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < end:
                connection.sendall(request)
                if not connection.recv(65536):
                    raise ConnectionError("the server closed the connection")
                counts[slot] += 1

    threads = [threading.Thread(target=run, args=(slot,)) for slot in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _signed(ready: Ready, method: str, key: str, version: str) -> bytes:
    """A request signed by the real SDK's signer, as bytes that can be sent again and again."""
    auth = oss2.make_auth(ready.access_key_id, ready.access_key_secret, version)
    port = ready.oss.rpartition(":")[2]
    request = oss2.http.Request(method, f"{ready.oss}/bench/{key}", region="cn-hangzhou", product="oss")
    auth._sign_request(request, "bench", key)  # noqa: SLF001  # the SDK has no public way to sign without sending
    headers = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items() if value is not None)
    return f"{method} /bench/{key} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{headers}Content-Length: 0\r\n\r\n".encode()


def _memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _control(ready: Ready, method: str, path: str, body: object) -> None:
    request = Request(
        f"{ready.control}/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method
    )
    with urlopen(request, timeout=300) as answer:
        answer.read()


def _throughput(run: Run, ready: Ready, floor_port: int, seconds: float) -> None:
    floor = _hammer(floor_port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", seconds)
    port = int(ready.oss.rpartition(":")[2])
    for version in ("v1", "v4"):
        for method, key in CALLS:
            rate = _hammer(port, _signed(ready, method, key, version), seconds)
            run.tell(f"{version} {method} {key}", rate / floor)
            run.note(f"{version} {method} {key}: {rate:.0f}/s")


def _million(run: Run, ready: Ready, pid: int, count: int) -> None:
    before = _memory_mib(pid)
    started = time.perf_counter()
    settings = {"pattern": "archive/{n:08d}.bin", "count": count, "size": 1 << 30, "storage_class": "Archive"}
    _control(ready, "POST", "buckets/bench/objects", settings)
    made = time.perf_counter() - started
    after = _memory_mib(pid)
    run.tell("bytes an archived object", (after - before) * 2**20 / count)
    run.tell("archived objects made", count / made)
    bucket = oss2.Bucket(oss2.Auth(ready.access_key_id, ready.access_key_secret), ready.oss, "bench")
    middle = f"archive/{count // 2:08d}"
    page = _milliseconds(lambda: bucket.list_objects_v2(start_after=middle, max_keys=1000))
    run.tell("page of 1000 from the middle", page)
    run.tell("delimiter over all of them", _milliseconds(lambda: bucket.list_objects_v2(delimiter="/")))
    keys = [f"archive/{n:08d}.bin" for n in range(1000)]
    run.tell("1000 restores, one by one", _milliseconds(lambda: [bucket.restore_object(key) for key in keys]))
    run.tell("memory above an empty one's", _memory_mib(pid) - before)


def _milliseconds(do: Callable[[], object]) -> float:
    """The SDK's parsing is in it."""
    started = time.perf_counter()
    do()
    return (time.perf_counter() - started) * 1000


# ---------------------------------------------------------------------------------------- beside another checkout


class _Checkout:
    """The simulator of one folder, in a process of its own, with what `Ready` has and a bucket to measure in."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "ossmend.simulator", "--port", "0", "--ready-json"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(folder / "src")}, cwd=folder
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.ready = Ready(**{name: told[name] for name in Ready.__dataclass_fields__ if name in told})
        _control(self.ready, "PUT", "buckets/bench", {"objects": {"object": {"content": "hello"}}})

    def rate(self, request: bytes, seconds: float) -> tuple[float, float]:
        """Requests a second, and requests for a second of processor time."""
        before = self._cpu_seconds()
        found = _hammer(int(self.ready.oss.rpartition(":")[2]), request, seconds)
        return found, found * seconds / (self._cpu_seconds() - before)

    def _cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def bytes_an_object(self, count: int) -> float:
        before = _memory_mib(self.process.pid)
        settings = {"pattern": "archive/{n:08d}.bin", "count": count, "size": 1 << 30, "storage_class": "Archive"}
        _control(self.ready, "POST", "buckets/bench/objects", settings)
        return (_memory_mib(self.process.pid) - before) * 2**20 / count


def _compare(folder: Path, seconds: float, count: int) -> None:
    """In turns, several times, and the middle of what was found: one disturbed turn tells nothing."""
    here, there = _Checkout(Path(__file__).parents[1]), _Checkout(folder)
    try:
        for version in ("v1", "v4"):
            for method, key in CALLS:
                turns = []
                for _ in range(TURNS):
                    ours = here.rate(_signed(here.ready, method, key, version), seconds / TURNS)
                    theirs = there.rate(_signed(there.ready, method, key, version), seconds / TURNS)
                    turns.append([mine / other for mine, other in zip(ours, theirs, strict=True)])
                rate, cpu = (median(ratios) for ratios in zip(*turns, strict=True))
                print(
                    f"{version} {method:4} {key:8} {rate:5.2f} x requests a second, {cpu:5.2f} x for the same processor"
                )
        mine, other = here.bytes_an_object(count), there.bytes_an_object(count)
        print(f"bytes an object: {mine:.0f}, there {other:.0f}: {other / mine:5.2f}")
    finally:
        for checkout in (here, there):
            checkout.process.terminate()
            checkout.process.wait(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--objects", type=int, default=1_000_000, help="at least 1000")
    parser.add_argument("--against", type=Path, metavar="FOLDER")
    given = arguments(parser)
    if given.against:
        _compare(given.against.resolve(), given.seconds, given.objects)
        return
    with measuring("simulator", ROWS, given) as run:
        _measure(run, given)


def _measure(run: Run, given: argparse.Namespace) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready_queue: multiprocessing.Queue[Ready] = spawn.Queue()
    port_queue: multiprocessing.Queue[int] = spawn.Queue()
    simulator = spawn.Process(target=_run_simulator, args=(ready_queue,))
    floor = spawn.Process(target=_run_floor, args=(port_queue,))
    simulator.start()
    floor.start()
    try:
        ready, port = ready_queue.get(timeout=30), port_queue.get(timeout=30)
        assert simulator.pid is not None
        _control(ready, "PUT", "buckets/bench", {"objects": {"object": {"content": "hello"}}})
        _throughput(run, ready, port, given.seconds)
        _million(run, ready, simulator.pid, given.objects)
    finally:
        for process in (simulator, floor):
            process.terminate()
            process.join(10)


if __name__ == "__main__":
    main()
