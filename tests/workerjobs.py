"""Functions that tests run in a worker; shared.worker imports them there."""

import os
import time

from shared.deadline import refuse_late
from shared.errors import TooManyPixelsError
from shared.storage import PhotoStream


def read_all(photo: PhotoStream, suffix: bytes = b"", *, deadline: float) -> tuple[int, bytes]:
    """Return which process this is, and the photo with `suffix`."""
    del deadline
    body = b""
    while part := photo.read(1_000):
        body += part
    return os.getpid(), body + suffix


def read_nothing(_photo: PhotoStream, size: int, *, deadline: float) -> bytes:  # noqa: ARG001
    return bytes(size)


def refuse(photo: PhotoStream, *, deadline: float) -> None:  # noqa: ARG001
    raise TooManyPixelsError(f"{photo.total_bytes} bytes")


def fail(photo: PhotoStream, *, deadline: float) -> None:  # noqa: ARG001
    raise KeyError(photo.total_bytes)  # a bug


def compute(photo: PhotoStream, *, deadline: float) -> str:  # noqa: ARG001
    """Stay in C code, with the interpreter locked: no signal handler and no thread ends this."""
    return "1" if photo.total_bytes > 1 else hex(3**200_000_000)


def sleep(photo: PhotoStream, *, deadline: float) -> int:  # noqa: ARG001
    time.sleep(60 if photo.total_bytes == 1 else 0)
    return 7


def notice(_photo: PhotoStream, *, deadline: float) -> None:
    while True:
        refuse_late(deadline, "counting")


def crash(photo: PhotoStream, *, deadline: float) -> int:  # noqa: ARG001
    if photo.total_bytes == 1:
        os.abort()
    return os.getpid()
