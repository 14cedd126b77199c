"""`python -m ossmend.simulator`: the simulator without the rest of the product. `ossmend simulator` is the same."""

from __future__ import annotations

import argparse
import json
import sys

from ossmend.simulator.serve import Ready, serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ossmend.simulator")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9300)
    parser.add_argument("--ready-json", action="store_true")
    parser.add_argument("--scene")
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--realistic", action="store_true")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--s3-path-style", action="store_true")
    options = parser.parse_args()

    def on_ready(ready: Ready) -> None:
        if options.ready_json:
            print(json.dumps(ready.as_dict()), flush=True)
        else:
            print(f"OSS and RPC at {ready.oss}, control at {ready.control}, key {ready.access_key_id}", file=sys.stderr)

    return serve(
        options.host,
        options.port,
        scene=options.scene,
        speed=options.speed,
        realistic=options.realistic,
        tls=options.tls,
        s3_path_style=options.s3_path_style,
        on_ready=on_ready,
    )


if __name__ == "__main__":
    sys.exit(main())
