"""Lambda's Runtime API for one process, at a port of the loopback.

A web page in a browser of this machine reaches the port too: it would get the event. Its requests
name another host, or have a header that only browsers send, and are answered 404.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import wait
from typing import BinaryIO, Final

LOOPBACK: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 10  # for the process to read an answer

_OF_BROWSERS: Final = {b"origin", b"sec-fetch-site"}
_ROOT: Final = "/2018-06-01/runtime"
NEXT: Final = f"{_ROOT}/invocation/next"
INIT_ERROR: Final = f"{_ROOT}/init/error"


def response_to(request_id: str) -> str:
    """Return the path at which the process posts the result of an event."""
    return f"{_ROOT}/invocation/{request_id}/response"


def error_of(request_id: str) -> str:
    """Return the path at which the process posts the error of an event."""
    return f"{_ROOT}/invocation/{request_id}/error"


@dataclass(frozen=True)
class Request:
    """A request of the process."""

    path: str
    body: bytes


class RuntimeApi:
    """The server. No thread runs it: the process waits for an answer until `receive` is called."""

    def __init__(self, ended: int) -> None:
        """Listen at a free port; the descriptor `ended` becomes readable as the process ends."""
        self._ended = ended
        self._listener = socket.create_server((LOOPBACK, 0))
        self._connection: socket.socket | None = None
        self._stream: BinaryIO | None = None

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API has them."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def receive(self, deadline: float, *paths: str) -> Request:
        """Wait for a request for one of `paths`. The caller answers it before the next call.

        Raises:
            EOFError: the process ended, and had sent no further request.
            TimeoutError: it is `deadline`, in seconds of `time.monotonic()`.
        """
        while True:
            connections = [] if self._connection is None else [self._connection]
            left_seconds = max(0.0, deadline - time.monotonic())
            ready = wait([*connections, self._listener, self._ended], left_seconds)
            if not ready:
                raise TimeoutError
            if self._ended in ready and NEXT in paths:  # whatever it has asked for before
                raise EOFError
            if self._connection in ready:
                request = self._read(left_seconds)
                if request is None:
                    self._disconnect()
                elif request.path in paths:
                    return request
                else:
                    self.answer(HTTPStatus.NOT_FOUND)
            elif self._listener in ready:
                self._disconnect()
                self._connection, _ = self._listener.accept()
                self._stream = self._connection.makefile("rb")
            else:
                raise EOFError

    def answer(
        self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer the last request. If the process has ended, the next `receive` raises."""
        lines = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        message = f"HTTP/1.1 {status.value} {status.phrase}\r\n{head}\r\n".encode() + body
        if self._connection is not None:
            self._connection.settimeout(ANSWER_SECONDS)
            with suppress(OSError):
                self._connection.sendall(message)

    def close(self) -> None:
        """Close every socket."""
        self._disconnect()
        self._listener.close()

    def _read(self, timeout_seconds: float) -> Request | None:
        """Return the request, or None if the connection ends before it does."""
        if self._connection is None or self._stream is None:
            return None
        self._connection.settimeout(timeout_seconds or 0.001)  # 0 would mean: do not wait
        headers: dict[bytes, bytes] = {}
        try:
            first = self._stream.readline().split()
            while header := self._stream.readline().strip():
                name, _, value = header.partition(b":")
                headers[name.lower()] = value.strip()
            length = int(headers.get(b"content-length", b"0"))
            body = self._stream.read(length)
        except ConnectionError:
            return None
        if len(first) != len(("GET", "/path", "HTTP/1.1")) or len(body) != length:
            return None
        is_ours = headers.get(b"host") == self.address.encode() and not _OF_BROWSERS & set(headers)
        return Request(first[1].decode() if is_ours else "", body)

    def _disconnect(self) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._connection is not None:
            self._connection.close()
        self._connection = self._stream = None
