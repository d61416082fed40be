"""Process files of this machine, and return a JSON document for each photo."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from rich import filesize

from shared.errors import RejectedError
from shared.items import plain
from shared.keys import UPLOADS_PREFIX
from shared.limits import MAX_BYTES, refuse_bytes
from shared.not_photos import is_system_folder, why_left_out
from thumbnail.renditions import DEFAULT_RENDITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from local.stack import EndedExecution, Stack

OWNER = "demo"
IN_FLIGHT = 4 * (os.cpu_count() or 1)  # photos; enough to keep every core busy while some wait
FAILED = "FAILED"
PROCESSED = frozenset({"READY", "REJECTED"})  # the other outcome is FAILED
RECORDS = "photos"  # the folder of renditions and records, in the output folder
CONTACT_SHEET = "index.html"  # beside it
NOT_A_FILE = "no file: pipes, sockets and devices are not read"
MAX_UPLOAD_BYTES = MAX_BYTES  # a larger file would be rejected too, after filling the memory

Document = dict[str, Any]  # JSON: the stored record, and facts of this run; see `process`


@dataclass(frozen=True)
class Photo:
    """A file, and its name in the pipeline."""

    file: Path
    name: Path  # relative to the common folder of all files of a run, and so unique

    @property
    def text(self) -> str:
        r"""The name as text; bytes that are not UTF-8 become `\xff`."""
        return os.fsencode(self.name.as_posix()).decode("utf-8", "backslashreplace")

    @property
    def key(self) -> str:
        """The key in the photos bucket."""
        return f"{UPLOADS_PREFIX}{OWNER}/{self.text}"


class OutputError(Exception):
    """The results cannot be written; the message names the folder and the reason."""


def find_photos(paths: Iterable[Path], *, on_error: Callable[[OSError], None]) -> list[Photo]:
    """Return the files in `paths` and in their folders that may be photos, sorted, each once.

    A file in `paths` is always included. In folders, at any depth, special files such as pipes are
    skipped, and what shared/not_photos.py names. `on_error` is called for each folder that cannot
    be read.

    Raises:
        FileNotFoundError: one of `paths` does not exist, or none of them contains a photo.
        OSError: one of `paths` is a special file.
    """
    roots = [Path(os.path.abspath(path)) for path in paths]  # noqa: PTH100  # resolves no links
    files: set[Path] = set()
    for root in roots:
        if root.is_dir():
            files.update(_files_below(root, on_error))
        elif not root.exists():
            raise FileNotFoundError(f"{root} does not exist")
        elif _is_special(root):
            raise OSError(f"{root} is {NOT_A_FILE}")
        else:
            files.add(root)
    if not files:
        raise FileNotFoundError(f"no photos in {', '.join(map(str, roots))}")
    common = os.path.commonpath([root if root.is_dir() else root.parent for root in roots])
    return [Photo(file, file.relative_to(common)) for file in sorted(files)]


def check_output(output: Path, photos: Iterable[Path]) -> None:
    """Refuse a folder whose files are not results: they could be the user's photos.

    Args:
        output: the folder for the results.
        photos: the files and folders that are processed.

    Raises:
        OutputError: `output` is in a folder of `photos`, or one of them is a result in it; or it
            contains something that no run has written.
    """
    folder = output.resolve()
    for photo in (path.resolve() for path in photos):
        if photo == folder or (photo.is_dir() and photo in folder.parents):
            raise OutputError(f"{output} is in {photo}, the folder of the photos: {_CHOOSE}")
        if folder / RECORDS in (photo, *photo.parents):
            raise OutputError(f"{photo} is a result in {output}: {_CHOOSE}")
    if not folder.is_dir():
        return
    entries = {path for path in folder.iterdir() if not path.name.startswith(".")}
    foreign = sorted(path.name for path in entries if path.name not in {RECORDS, CONTACT_SHEET})
    records = folder / RECORDS
    if records.is_dir():
        foreign += sorted(f"{RECORDS}/{path.name}" for path in records.iterdir() if path.is_file())
    if foreign:
        raise OutputError(f"{output} has {foreign[0]}, which no run has written: {_CHOOSE}")


_CHOOSE = "name a new folder for the results"


def process(stack: Stack, photos: Iterable[Photo], *, output: Path) -> Iterator[Document]:
    """Upload `photos`, a few at a time, and yield a document for each when its execution ends.

    A document is the stored record with plain JSON values, and:
        file            the path of the file
        status          READY, REJECTED or FAILED (then `error` has the reason)
        renditions      each with its `path` on this disk
        states_ms       milliseconds in each state, in the order in which they were entered
        duration_ms     of the whole execution

    This also writes each document to `output`/photos/<name>/record.json, beside its renditions.

    Raises:
        OutputError: the results cannot be written, such as on a full disk.
    """
    waiting = deque(photos)
    running: dict[str, Photo] = {}

    def fill() -> Iterator[Document]:
        while waiting and len(running) < IN_FLIGHT:
            photo = waiting.popleft()
            try:
                stack.upload(photo.key, read(photo.file))
            except RejectedError as error:
                facts = {"status": "REJECTED", "reason": error.code, "error": str(error)}
                yield _save({}, photo, output, **facts)
            except (OSError, ClientError) as error:
                yield _save({}, photo, output, status=FAILED, error=str(error))
            else:
                running[photo.key] = photo

    yield from fill()
    for execution in stack.executions():
        ended = running.pop(execution.input["object"]["key"], None)
        yield from fill()
        if ended:
            yield _collect(stack, ended, execution, output)
    for photo in running.values():
        yield _save({}, photo, output, status=FAILED, error="no execution started")


def read(file: Path) -> bytes:
    """Return the bytes of a photo.

    Raises:
        shared.errors.RejectedError: it has more than `MAX_UPLOAD_BYTES`.
        OSError: it cannot be read, or is not a file: reading a pipe or a device may never end.
    """
    # A pipe that no one writes to is opened without waiting, and then refused.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as stream:  # noqa: PTH123  # a descriptor
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(f"{file} is {NOT_A_FILE}")
        if facts.st_size > MAX_UPLOAD_BYTES:
            refuse_bytes(facts.st_size)
        body = stream.read(MAX_UPLOAD_BYTES + 1)  # a file may grow, and those of /proc have no size
    if len(body) > MAX_UPLOAD_BYTES:
        refuse_bytes(len(body))
    return body


def write(path: Path, body: bytes) -> None:
    """Create or replace a file: whole, or not at all.

    Raises:
        OutputError: it cannot be written, such as on a full disk.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(body)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        folder = next(folder for folder in path.absolute().parents if folder.is_dir())
        free = filesize.decimal(shutil.disk_usage(folder).free)
        reason = f"{error.strerror}. {free} are free"
        raise OutputError(f"cannot write to {path.parent}: {reason}") from error


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return `value` as JSON in ASCII, which can represent any file name.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    return json.dumps(value, allow_nan=False, indent=indent)


def _files_below(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not is_system_folder(name)]
        for name in files:
            path = Path(parent, name)
            if why_left_out(name) is None and not _is_special(path):
                yield path


def _is_special(path: Path) -> bool:
    """Return whether it is a pipe, a socket or a device: reading one may never end."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:  # such as a broken link: `process` reports it
        return False


def _collect(stack: Stack, photo: Photo, execution: EndedExecution, output: Path) -> Document:
    answer = stack.dynamodb.get_item(
        TableName=stack.table,
        Key={
            "pk": {"S": OWNER},
            "sk": {"S": "photo#" + photo.key.removeprefix(f"{UPLOADS_PREFIX}{OWNER}/")},
        },
        ConsistentRead=True,
    )
    record = plain(answer.get("Item", {}))
    folder = output / RECORDS / photo.name
    for name, rendition in record.get("renditions", {}).items():
        path = folder / (name + Path(rendition["key"]).suffix)
        body = stack.s3.get_object(Bucket=stack.derived_bucket, Key=rendition["key"])["Body"]
        write(path, body.read())
        rendition["path"] = str(path)

    states_ms: dict[str, float] = {}
    for visit in execution.visits:
        spent_ms = states_ms.get(visit.state, 0) + visit.duration_ms
        states_ms[visit.state] = round(spent_ms, 1)
    facts: Document = {"states_ms": states_ms, "duration_ms": round(execution.duration_ms, 1)}
    if execution.status != "SUCCEEDED":
        facts |= {"status": FAILED}
        facts |= {"error": execution.cause or execution.error or execution.status}
    elif "status" not in record:
        facts |= {"status": FAILED, "error": f"no record was stored: {execution.output}"}
    return _save(record, photo, output, **facts)


def _save(record: Document, photo: Photo, output: Path, **facts: object) -> Document:
    document = {"file": str(photo.file), **record, **facts}
    folder = output / RECORDS / photo.name
    write(folder / "record.json", to_json(document, indent=2).encode("ascii") + b"\n")
    _remove_others(folder, record.get("renditions", {}))
    return document


def _remove_others(folder: Path, renditions: Mapping[str, Document]) -> None:
    """Remove renditions of an earlier run, by name: other files may be the user's."""
    kept = {Path(rendition["path"]) for rendition in renditions.values()}
    for path in set(folder.iterdir()) - kept:
        if path.stem in DEFAULT_RENDITIONS and path.suffix and path.is_file():
            path.unlink()
