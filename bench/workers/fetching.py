"""A GET alone, a GET and then a thumbnail, and a thumbnail made while the photo arrives.

The first argument is the port of bench.workers.throttled. That server reads the photos, not this
worker.
"""

import json
import sys
import time
from collections.abc import Callable

import urllib3

from bench.workers.ours import FIT
from shared.storage import PhotoStream
from thumbnail.render import render

SERVER = urllib3.PoolManager()


def _arriving(response: urllib3.BaseHTTPResponse) -> PhotoStream:
    """Return the stream over a response."""
    return PhotoStream(
        lambda size: response.read(None if size < 0 else size),
        int(response.headers["Content-Length"]),
    )


def _made(photo: bytes | PhotoStream) -> int:
    return len(render(photo, {"fit": FIT}).renditions["fit"].body)


OPERATIONS: dict[str, Callable[[PhotoStream], int]] = {
    "get": lambda arriving: len(arriving.read()),
    "get-then": lambda arriving: _made(arriving.read()),
    "as-it-arrives": _made,
}


def main() -> None:
    """Answer the lines of standard input; see bench/rounds.py."""
    for line in sys.stdin:
        operation, path, *_ = line.rstrip("\n").split("\t")
        wall, cpu = time.perf_counter(), time.process_time()
        response = SERVER.request(
            "GET", f"http://127.0.0.1:{sys.argv[1]}{path}", preload_content=False
        )
        size = OPERATIONS[operation](_arriving(response))
        answer = {
            "cpu_ms": (time.process_time() - cpu) * 1e3,
            "wall_ms": (time.perf_counter() - wall) * 1e3,
            "bytes": size,
        }
        response.drain_conn()
        response.release_conn()
        print(json.dumps(answer), flush=True)  # noqa: T201  # the protocol


if __name__ == "__main__":
    main()
