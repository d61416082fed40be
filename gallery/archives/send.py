"""Send what a plan says, within a pace. Nothing is overwritten: S3 refuses a key that exists.

A file that fails does not stop the others, and what was sent is there: the next plan finds it.
"""

from __future__ import annotations

import base64
import hashlib
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from gallery.archives.plan import SHA256, Planned, free_key, sha256_of_entry
from gallery.shell import CommandError
from shared.sidecars import SIDECAR
from shared.sidecars import write as header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mypy_boto3_s3 import S3Client

    from gallery.archives.base import Entry, S3Source

IN_MEMORY_BYTES: Final = 16_777_216  # of one file: sent in one request, and read only once
# S3 answers 412 if the key exists:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
ANY: Final = "*"
SENDERS: Final = 8  # files at a time: 128 MB at most in memory
MAX_IN_A_ROW: Final = 10  # files that S3 refuses one after the other: then it refuses all

# Codes that say nothing of the next file: an archive tier of Intelligent-Tiering, a source that is
# gone or has changed. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_OF_ONE_FILE: Final = frozenset({"InvalidObjectState", "NoSuchKey", "PreconditionFailed"})

# Always in parts, even if the file has become short: _only_new holds for parts alone.
_TRANSFER: Final = TransferConfig(
    multipart_threshold=1, multipart_chunksize=8_388_608, max_concurrency=4
)


@dataclass
class Sent:
    """What an import did."""

    keys: list[str] = field(default_factory=list)
    shortened: list[str] = field(default_factory=list)  # keys of photos with too long a sidecar
    failed: dict[str, str] = field(default_factory=dict)  # path -> why


class Sender:
    """Sends files to the photos bucket; S3 refuses to overwrite."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        # boto3's transfer has no such argument.
        events: Any = s3.meta.events
        events.register("provide-client-params.s3.CompleteMultipartUpload", _only_new)

    def send(self, planned: Planned) -> bool:
        """Send one file, and return whether what is said of it had to be shortened.

        Raises:
            FileExistsError: another object has the key.
            ClientError, BotoCoreError, OSError: S3 refuses, or the file cannot be read.
        """
        try:
            if planned.entry.source is None:
                return self._upload(planned)
            self._copy(planned.key, planned.entry.source)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != HTTPStatus.PRECONDITION_FAILED:
                raise
            match self._is_there(planned):
                case None:  # the source of a copy has changed
                    raise
                case False:
                    raise FileExistsError(planned.key) from error
        return False

    def _is_there(self, planned: Planned) -> bool | None:
        """Return whether the object with the key is the file; None if there is no object.

        It is if S3 has stored it and the answer was lost: botocore then sends the request again.
        """
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=planned.key)
        except ClientError:
            return None
        if planned.entry.source is not None:
            return head["ETag"] == planned.entry.source.etag
        return head["Metadata"].get(SHA256) == sha256_of_entry(planned.entry)

    def _upload(self, planned: Planned) -> bool:
        entry = planned.entry
        if entry.size_bytes > IN_MEMORY_BYTES:
            sha256 = sha256_of_entry(entry)
            metadata, is_shortened = _metadata(entry, sha256)
            with entry.open() as file:
                self._s3.upload_fileobj(
                    file,
                    self._bucket,
                    planned.key,
                    ExtraArgs={"ChecksumAlgorithm": "SHA256", "Metadata": metadata},
                    Config=_TRANSFER,
                )
            return is_shortened
        with entry.open() as file:
            body = file.read()
        digest = hashlib.sha256(body)
        metadata, is_shortened = _metadata(entry, digest.hexdigest())
        self._s3.put_object(
            Bucket=self._bucket,
            Key=planned.key,
            Body=body,
            ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
            Metadata=metadata,
            IfNoneMatch=ANY,
        )
        return is_shortened

    def _copy(self, key: str, source: S3Source) -> None:
        """Let S3 copy an object with its metadata, without its tags, in one request.

        CopyObject takes up to 5 GB, twenty times the largest file that is accepted:
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
        """
        self._s3.copy_object(
            Bucket=self._bucket,
            Key=key,
            CopySource={"Bucket": source.bucket, "Key": source.key},
            CopySourceIfMatch=source.etag,
            MetadataDirective="COPY",
            TaggingDirective="REPLACE",
            ChecksumAlgorithm="SHA256",
            IfNoneMatch=ANY,
        )


class Pace:
    """Lets `per_second` files begin in each second."""

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._each = 1 / per_second
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    def wait(self) -> None:
        """Wait until the next file may begin. Time that was not used is not made up for."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(now, self._next) + self._each


@dataclass
class Import:
    """Sends the files of a plan, some at a time. A file that fails does not stop the others."""

    sender: Sender
    owner: str
    album: str
    taken: set[str]  # keys
    on_sent: Callable[[], None] = lambda: None
    done: Sent = field(default_factory=Sent)
    _failed_in_a_row: int = 0

    def run(self, to_send: Iterable[Planned], pace: Pace) -> Sent:
        """Send the files as fast as `pace` allows.

        Raises:
            CommandError: S3 refused `MAX_IN_A_ROW` files one after the other.
            KeyboardInterrupt: after the files that had begun.
        """
        running: dict[Future[bool], Planned] = {}
        with ThreadPoolExecutor(SENDERS) as pool:
            try:
                for planned in to_send:
                    if len(running) >= SENDERS:
                        self._settle(running, wait(running, return_when=FIRST_COMPLETED).done)
                    if self._failed_in_a_row >= MAX_IN_A_ROW:
                        break
                    pace.wait()
                    running[pool.submit(self._send, planned)] = planned
            finally:
                self._settle(running, wait(running).done)
        if self._failed_in_a_row >= MAX_IN_A_ROW:
            last = list(self.done.failed.values())[-1]
            raise CommandError(
                f"{self._failed_in_a_row} files failed one after the other, the last one with:"
                f" {last}. {len(self.done.keys):,} were sent. Run the import again for the others"
            )
        return self.done

    def _send(self, planned: Planned) -> bool:
        while True:
            try:
                return self.sender.send(planned)
            except FileExistsError:  # the name was taken after the plan was made
                self.taken.add(planned.key)
                planned.key = free_key(planned.entry, self.owner, self.album, self.taken)

    def _settle(self, running: dict[Future[bool], Planned], ended: Iterable[Future[bool]]) -> None:
        for future in ended:
            planned = running.pop(future)
            try:
                is_shortened = future.result()
            except (BotoCoreError, ClientError, OSError) as error:
                self.done.failed[planned.entry.path] = str(error) or type(error).__name__
                self._failed_in_a_row += not _is_of_one_file(error)
                continue
            self.done.keys.append(planned.key)
            if is_shortened:
                self.done.shortened.append(planned.key)
            self._failed_in_a_row = 0
            self.on_sent()


def _is_of_one_file(error: Exception) -> bool:
    """Return whether an error says nothing of the next file: it stays in the way of each import."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"] in _OF_ONE_FILE
    return not isinstance(error, BotoCoreError)  # the file cannot be read


def _metadata(entry: Entry, sha256: str) -> tuple[dict[str, str], bool]:
    """Return the user-defined metadata of an object, and whether it had to be shortened."""
    if entry.sha256 is not None and entry.sha256 != sha256:
        raise OSError(f"its SHA-256 is {sha256}; the archive states {entry.sha256}")
    metadata, is_shortened = {SHA256: sha256}, False
    if entry.sidecar is not None:
        metadata[SIDECAR], is_shortened = header(entry.sidecar)
    return metadata, is_shortened


def _only_new(params: dict[str, Any], **_: object) -> dict[str, Any]:
    return {**params, "IfNoneMatch": ANY}
