"""Serve a bucket inside a container: GET and PUT as S3 answers them, on the loopback interface.

    python3 bucket.py FOLDER    # GET /bucket/a/b.jpg answers with FOLDER/b.jpg

It returns as soon as it answers, and goes on in a process of its own. The tests run the images
without a network, so the bucket has to be inside the container. This program needs only the
standard library of the image's Python.
"""

import os
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 4566


class Bucket(BaseHTTPRequestHandler):
    """Serve objects from a folder; accept PUT, but store nothing."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = (Path(sys.argv[1]) / Path(self.path.partition("?")[0]).name).read_bytes()
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if span is None:
            self._answer(200, body)
            return
        first, last = int(span[1]), min(int(span[2]), len(body) - 1)
        content_range = f"bytes {first}-{last}/{len(body)}"
        headers = {
            "Content-Range": content_range,
            "Last-Modified": self.date_time_string(),
        }
        self._answer(206, body[first : last + 1], headers)

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", PORT), Bucket)
    if os.fork() == 0:
        null = os.open(os.devnull, os.O_RDWR)  # `docker exec` waits while anybody has its streams
        for stream in range(3):
            os.dup2(null, stream)
        server.serve_forever()
