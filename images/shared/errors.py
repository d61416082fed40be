"""Every error that a step may end with.

Step Functions sees only the class name (the runtime reports `type(e).__name__`), so a name
here is also an entry in statemachine.json.tftpl; tests/workflow/test_definition.py holds the
two equal, both ways.

    PhotoError
    ├── RejectedError               the photo can never be processed: REJECTED, with its `code`
    │   ├── BadKeyError             BAD_KEY
    │   ├── ForeignBucketError      FOREIGN_BUCKET
    │   ├── EmptyPhotoError         EMPTY
    │   ├── PhotoTooLargeError      TOO_LARGE
    │   ├── UnsupportedTypeError    UNSUPPORTED_TYPE
    │   ├── TooManyPixelsError      TOO_MANY_PIXELS
    │   ├── TooComplexError         TOO_COMPLEX
    │   ├── TruncatedPhotoError     TRUNCATED
    │   └── UnreadablePhotoError    UNREADABLE
    ├── PhotoGoneError              this version was deleted meanwhile: ends well
    ├── SupersededError             the object changed meanwhile: ends well
    ├── LabelsRefusedError          never leaves Tag, which answers FAILED:<code>: published
    ├── TransientError              the same input may succeed later: retried with backoff
    │   ├── StorageUnavailableError
    │   └── LabelsUnavailableError
    └── BrokenError                 ours to repair: FAILED, dead-letter queue, never retried
        ├── AccessDeniedError
        ├── DeadlineExceededError
        └── InvalidRequestError
"""

from typing import ClassVar


class PhotoError(Exception):
    """Any failure this pipeline names."""


class RejectedError(PhotoError):
    """The photo can never be processed; `code` says why, and a client can show it."""

    code: ClassVar[str]


class BadKeyError(RejectedError):
    """The key names no photo of an owner: not uploads/<owner>/<file>, or not valid Unicode."""

    code = "BAD_KEY"


class ForeignBucketError(RejectedError):
    """The event speaks of a bucket that is not ours."""

    code = "FOREIGN_BUCKET"


class EmptyPhotoError(RejectedError):
    """The object has no bytes."""

    code = "EMPTY"


class PhotoTooLargeError(RejectedError):
    """The object has more than `limits.MAX_BYTES`."""

    code = "TOO_LARGE"


class UnsupportedTypeError(RejectedError):
    """The bytes are of no accepted image type, whatever name and Content-Type say."""

    code = "UNSUPPORTED_TYPE"


class TooManyPixelsError(RejectedError):
    """The frame that would be decoded has more than `limits.MAX_PIXELS`."""

    code = "TOO_MANY_PIXELS"


class TooComplexError(RejectedError):
    """The file costs far more to decode than a photo does, such as a JPEG of a thousand scans."""

    code = "TOO_COMPLEX"


class TruncatedPhotoError(RejectedError):
    """The file ends before its picture does, and what is there is not worth showing."""

    code = "TRUNCATED"


class UnreadablePhotoError(RejectedError):
    """The file begins as an accepted type, and does not decode."""

    code = "UNREADABLE"


class PhotoGoneError(PhotoError):
    """This version of the object is no longer there."""


class SupersededError(PhotoError):
    """The object is not the one that the event spoke of (S3 answered 412)."""


class LabelsRefusedError(PhotoError):
    """The labeler will never label this photo; the message is the service's code, no more."""


class TransientError(PhotoError):
    """The same input may succeed later."""


class StorageUnavailableError(TransientError):
    """S3 throttled the call, answered 5xx, or broke the connection."""


class LabelsUnavailableError(TransientError):
    """Rekognition throttled the call, answered 5xx, or broke the connection."""


class BrokenError(PhotoError):
    """The deployment or our own code is at fault; the photo is not."""


class AccessDeniedError(BrokenError):
    """A role lacks a right that it needs."""


class DeadlineExceededError(BrokenError):
    """The step stopped itself before Lambda would have."""


class InvalidRequestError(BrokenError):
    """A state's input does not match its contract."""
