"""Turns settings into a running simulator: `serve` for the command line, `running_simulator` for tests."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ossmend.simulator import control
from ossmend.simulator.clock import Clock
from ossmend.simulator.scene import apply_scene
from ossmend.simulator.server import Connection
from ossmend.simulator.state import Cloud

Scene = str | Path | Mapping[str, Any] | None
LOOPBACK = ("127.0.0.1", "localhost", "::1")
HUNG = 120.0
"""Seconds after which a thread that should have answered is given up; no measure of speed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What `--ready-json` prints: where the simulator listens, and a key that may do everything."""

    oss: str
    rpc: str
    control: str
    region: str
    access_key_id: str
    access_key_secret: str
    ca_file: str = ""
    """With `--tls`: the certificate that clients of `oss` must trust."""

    def as_dict(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}


def build_cloud(
    scene: Scene = None, *, speed: float = 1.0, realistic: bool = False, s3_path_style: bool = False
) -> Cloud:
    """A cloud with its defaults, and the scene on top."""
    cloud = Cloud(clock=Clock(speed=speed, realistic=realistic))
    cloud.s3_path_style = s3_path_style
    if scene is not None:
        apply_scene(cloud, scene)
    return cloud


async def _listen(
    cloud: Cloud, host: str, port: int, stop: asyncio.Event, on_ready: Callable[[Ready], None], *, tls: bool = False
) -> None:
    if host not in LOOPBACK:
        raise ValueError(f"the simulator listens on loopback only, not on {host}: whoever reaches it can do everything")
    loop = asyncio.get_running_loop()
    connections: set[Connection] = set()

    async def open_port(number: int, context: ssl.SSLContext | None = None) -> str:
        server = await loop.create_server(
            lambda: Connection(cloud, connections), host, number, backlog=1024, ssl=context
        )
        cleanup.callback(server.close)
        return f"http{'s' if context else ''}://{host}:{server.sockets[0].getsockname()[1]}"

    with ExitStack() as cleanup:
        key = cloud.identity.administrator_key
        if tls:
            # The RPC SDKs and whoever uses the control API stay on plain HTTP: not each of them can be given a CA.
            from ossmend.simulator.tls import Authority

            authority = Authority(Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="ossmend-ca-"))))
            oss, plain, ca_file = await open_port(port, authority.context()), await open_port(0), authority.ca_file
        else:
            plain = oss = await open_port(port)
            ca_file = None
        address = f"{plain}{control.PREFIX}/{cloud.control_secret}"
        on_ready(Ready(oss, plain, address, cloud.region, key.id, key.secret, str(ca_file or "")))
        try:
            await stop.wait()
        finally:
            for connection in tuple(connections):
                connection.close()


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    scene: Scene = None,
    speed: float = 1.0,
    realistic: bool = False,
    tls: bool = False,
    s3_path_style: bool = False,
    on_ready: Callable[[Ready], None] | None = None,
) -> int:
    """Run until SIGTERM or SIGINT; the exit status: 0, 1 if the port is taken, 2 for a scene or a speed that cannot be.

    `on_ready` is called once, when connections are accepted.
    """
    try:
        cloud = build_cloud(scene, speed=speed, realistic=realistic, s3_path_style=s3_path_style)
    except (ValueError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await _listen(cloud, host, port, stop, on_ready or (lambda _ready: None), tls=tls)

    try:
        asyncio.run(main())
    except OSError as problem:
        sys.stderr.write(f"cannot listen on {host}:{port}: {problem.strerror or problem}\n")
        return 1
    return 0


@dataclass(slots=True)
class Running:
    """A simulator in a thread of this process. `cloud` may be looked at; change it through `control` or `do`."""

    ready: Ready
    cloud: Cloud
    _loop: asyncio.AbstractEventLoop
    _stop: asyncio.Event
    _thread: threading.Thread = field(repr=False)

    @property
    def oss(self) -> str:
        return self.ready.oss

    @property
    def rpc(self) -> str:
        return self.ready.rpc

    @property
    def control(self) -> str:
        return self.ready.control

    @property
    def region(self) -> str:
        return self.ready.region

    @property
    def access_key_id(self) -> str:
        return self.ready.access_key_id

    @property
    def access_key_secret(self) -> str:
        return self.ready.access_key_secret

    def do(self, change: Callable[[Cloud], Any]) -> Any:
        """Run `change(cloud)` in the simulator's own thread and wait for it: no request sees it half done."""

        async def run() -> Any:
            return change(self.cloud)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(HUNG)

    def stop(self) -> None:
        """End it; again is fine."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(HUNG)


def start(
    *,
    port: int = 0,
    scene: Scene = None,
    speed: float = 1.0,
    realistic: bool = False,
    tls: bool = False,
    cloud: Cloud | None = None,
) -> Running:
    """Start one in a thread; the caller stops it."""
    built = cloud or build_cloud(scene, speed=speed, realistic=realistic)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    listening = threading.Event()
    found: list[Ready] = []
    failed: list[Exception] = []

    def on_ready(ready: Ready) -> None:
        found.append(ready)
        listening.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(_listen(built, "127.0.0.1", port, stop, on_ready, tls=tls))
            loop.run_until_complete(loop.shutdown_asyncgens())
        except OSError as problem:
            failed.append(problem)
        finally:
            listening.set()
            loop.close()

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    listening.wait(HUNG)
    if not found:
        raise RuntimeError("the simulator did not start listening") from next(iter(failed), None)
    return Running(found[0], built, loop, stop, thread)


@contextmanager
def running_simulator(
    *,
    port: int = 0,
    scene: Scene = None,
    speed: float = 1.0,
    realistic: bool = False,
    tls: bool = False,
    cloud: Cloud | None = None,
) -> Iterator[Running]:
    """A simulator for the length of a `with` block."""
    running = start(port=port, scene=scene, speed=speed, realistic=realistic, tls=tls, cloud=cloud)
    try:
        yield running
    finally:
        running.stop()
