"""All errors that a step raises.

Step Functions sees only the class name (the runtime reports `type(e).__name__`). So rejections are
also listed in workflow/rejections.json, and transient errors in workflow/retry.json; any other name
ends as FAILED. tests/workflow/test_definition.py compares the lists with the classes.

    PhotoError
    ├── RejectedError               the photo cannot be processed as it is: REJECTED with its `code`
    │   ├── BadKeyError             BAD_KEY
    │   ├── ForeignBucketError      FOREIGN_BUCKET
    │   ├── ArchivedPhotoError      ARCHIVED
    │   ├── CustomerKeyError        CUSTOMER_KEY
    │   ├── EmptyPhotoError         EMPTY
    │   ├── PhotoTooLargeError      TOO_LARGE
    │   ├── UnsupportedTypeError    UNSUPPORTED_TYPE
    │   ├── RawWithoutPreviewError  RAW_WITHOUT_PREVIEW
    │   ├── TooManyPixelsError      TOO_MANY_PIXELS
    │   ├── TooComplexError         TOO_COMPLEX
    │   ├── TruncatedPhotoError     TRUNCATED
    │   └── UnreadablePhotoError    UNREADABLE
    ├── PhotoGoneError              this version was deleted meanwhile: no failure
    ├── SupersededError             the object was replaced meanwhile: no failure
    ├── LabelsRefusedError          never leaves Tag, which returns the status FAILED:<code>
    ├── TransientError              the same input may succeed later: retried with backoff
    │   ├── StorageUnavailableError
    │   ├── LabelsThrottledError    busy, not broken: retried for hours
    │   └── LabelsUnavailableError
    └── BrokenError                 a fault of the system: FAILED, dead-letter queue, no retry
        ├── AccessDeniedError
        ├── DeadlineExceededError
        └── InvalidRequestError
"""

from typing import ClassVar


class PhotoError(Exception):
    """Base class of all errors that a step raises on purpose."""


class RejectedError(PhotoError):
    """The photo cannot be processed as it is. A client can show the reason, which is `code`."""

    code: ClassVar[str]


class BadKeyError(RejectedError):
    """The key does not name a file of an owner, or is not valid Unicode."""

    code = "BAD_KEY"


class ForeignBucketError(RejectedError):
    """The event names a bucket other than the photos bucket."""

    code = "FOREIGN_BUCKET"


class ArchivedPhotoError(RejectedError):
    """The object is in a storage class or tier that cannot be read before it is restored."""

    code = "ARCHIVED"


class CustomerKeyError(RejectedError):
    """The object is encrypted with a key that only the uploader has (SSE-C)."""

    code = "CUSTOMER_KEY"


class EmptyPhotoError(RejectedError):
    """The object has no bytes."""

    code = "EMPTY"


class PhotoTooLargeError(RejectedError):
    """The object has more bytes than its way in `limits.WAYS` allows."""

    code = "TOO_LARGE"


class UnsupportedTypeError(RejectedError):
    """The bytes are no accepted image type, or a TIFF with pixels of a kind that is not decoded.

    Name and Content-Type do not count.
    """

    code = "UNSUPPORTED_TYPE"


class RawWithoutPreviewError(RejectedError):
    """A camera's raw photo has no JPEG preview of at least `limits.MIN_PREVIEW_PX`."""

    code = "RAW_WITHOUT_PREVIEW"


class TooManyPixelsError(RejectedError):
    """The frame to decode has more pixels than its way in `limits.WAYS` allows."""

    code = "TOO_MANY_PIXELS"


class TooComplexError(RejectedError):
    """The file would cost, or has cost, far more than a photo does, such as a thousand scans."""

    code = "TOO_COMPLEX"


class TruncatedPhotoError(RejectedError):
    """The file ends before its picture does, and too little of the picture is there."""

    code = "TRUNCATED"


class UnreadablePhotoError(RejectedError):
    """The file begins like an accepted type, but does not decode."""

    code = "UNREADABLE"


class PhotoGoneError(PhotoError):
    """This version of the object does not exist any more."""


class SupersededError(PhotoError):
    """The object is not the one that the event names (S3 answered 412)."""


class LabelsRefusedError(PhotoError):
    """The labeler can never label this photo. The message is the service's error code alone."""


class TransientError(PhotoError):
    """The same input may succeed later."""


class StorageUnavailableError(TransientError):
    """S3 throttled the call, answered 5xx, or broke the connection."""


class LabelsThrottledError(TransientError):
    """Rekognition throttled the call: the account's quota is used up at this moment."""


class LabelsUnavailableError(TransientError):
    """Rekognition answered 5xx, or broke the connection."""


class BrokenError(PhotoError):
    """The deployment or the code is at fault, not the photo."""


class AccessDeniedError(BrokenError):
    """A role lacks a permission that it needs."""


class DeadlineExceededError(BrokenError):
    """The step stopped itself before Lambda's timeout, and most of the time it only waited."""


class InvalidRequestError(BrokenError):
    """A state's input does not match its contract."""
