"""An HTTP server on the loopback that gives scripted answers and records the requests."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODIFIED = {"Last-Modified": "Fri, 01 Mar 2026 12:00:00 GMT"}  # of every object of S3
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST instead of FIN


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, and whether its delivery fails."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    sent_bytes: int | None = None  # of the body; None sends all of it
    then: str = "close"  # after sent_bytes: close, reset, or stall until the client disconnects


@dataclass(frozen=True)
class Request:
    """One HTTP request, as received."""

    method: str
    target: str  # path and query, percent-encoded
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Service(ThreadingHTTPServer):
    """Gives `answers` in order, one for each request, and appends each request to `requests`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: deque[Answer] = deque()
        self.requests: list[Request] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def script(self, *answers: Answer) -> None:
        """Replace the answers, and forget the requests."""
        self.answers = deque(answers)
        self.requests = []


@contextmanager
def serving() -> Iterator[Service]:
    """Run a service on a free port."""
    with Service() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield service
        finally:
            service.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append(
            Request(self.command, self.path, headers, self.rfile.read(length))
        )
        answer = self.server.answers.popleft()
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.sent_bytes is None:
            self.wfile.write(answer.body)
            return
        self.wfile.write(answer.body[: answer.sent_bytes])
        self.close_connection = True
        if answer.then == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.rfile.close()
            self.connection.close()
        if answer.then == "stall":
            self.connection.recv(1)  # returns when the client disconnects

    do_GET = do_PUT = do_POST = answer  # noqa: N815  # http.server's names

    def log_message(self, *_: object) -> None:
        """Log nothing."""
