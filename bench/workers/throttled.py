"""An HTTP server that sends files at a limited rate, after a delay before the first byte.

    python -m bench.workers.throttled MEGABYTES_PER_SECOND

Prints its port, and serves all files by path until standard input ends. The rate is that of each
connection, as in S3; the loopback is far faster.
"""

import sys
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

FIRST_BYTE_SECONDS = 0.015  # of a GET within a region
PIECE_BYTES = 65_536

read = cache(Path.read_bytes)


class Throttled(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else some answers wait 40 ms for the client to acknowledge
    bytes_per_second: float

    def do_GET(self) -> None:  # as http.server wants it
        """Send the file at the limited rate."""
        body = memoryview(read(Path(unquote(self.path))))
        time.sleep(FIRST_BYTE_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        started = time.perf_counter()
        for first in range(0, len(body), PIECE_BYTES):
            self.wfile.write(body[first : first + PIECE_BYTES])
            due = started + (first + PIECE_BYTES) / self.bytes_per_second
            time.sleep(max(0.0, due - time.perf_counter()))

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until standard input ends."""
    Throttled.bytes_per_second = float(sys.argv[1]) * 1e6
    server = ThreadingHTTPServer(("127.0.0.1", 0), Throttled)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201  # the protocol
    sys.stdin.read()


if __name__ == "__main__":
    main()
