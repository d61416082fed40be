"""manifest.json of an export: which photo is which file, and what was left out.

docs/manifest.schema.json is made from this file. Fields may be added to a later version of the
format; a reader refuses versions and fields that it does not know. Absent beats null.
"""

from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

import msgspec

from gallery.shell import CommandError
from shared.contracts import Contract, Count, Sha256, UtcTime
from shared.keys import Layout
from shared.rows import Status

MANIFEST: Final = "manifest.json"
CHECKSUMS: Final = "manifest-sha256.txt"  # of all files in DATA, for `sha256sum -c`
TAG_CHECKSUMS: Final = "tagmanifest-sha256.txt"  # of the other files
BAGIT: Final = "bagit.txt"
DATA: Final = "data"
SIDECAR_SUFFIX: Final = ".xmp"
WORK: Final = ".export"  # the folder of an unfinished export, with temporary files
FORMAT_VERSION: Final = 1
MAX_MANIFEST_BYTES: Final = 1_073_741_824  # of a million photos, each with some 600 bytes

LeftOutReason = Literal[
    "ARCHIVED",  # has to be restored before it can be read
    "CUSTOMER_KEY",  # encrypted with a key that the uploader kept (SSE-C)
    "CHANGED",  # deleted, or replaced again and again, while the export ran
    "DELETED",  # in the trash
    "DENIED",  # S3 does not let the caller read it: its KMS key, an ACL, a policy
    "DIFFERENT",  # the bytes that S3 sent do not have the checksum of the photo's row
    "FOLDER",  # an empty object that other programs show as a folder
]
DataPath = Annotated[str, msgspec.Meta(pattern=r"^data/[^\\]+$")]


class ExportedPhoto(Contract, frozen=True):
    """One photo, and its files."""

    path: DataPath  # of the original, relative to the manifest
    key: str  # of the object, exactly as S3 names it
    bytes: Count
    sha256: Sha256  # of the original's bytes
    sidecar: DataPath  # the path of the XMP sidecar
    sidecar_sha256: Sha256
    etag: str  # without quotes
    uploaded_at: UtcTime  # S3's LastModified
    version_id: str | None = None  # absent in a bucket without versioning
    status: Status | None = None  # absent: the object was never processed
    reason: str | None = None  # of REJECTED and FAILED
    renamed: bool = False  # below the owner's folder, the path is not that of the key
    content_type: str | None = None  # of the object
    metadata: dict[str, str] = msgspec.field(default_factory=dict)  # x-amz-meta-… of the object


class ExportedAlbum(Contract, frozen=True):
    """An album that has photos."""

    owner: str
    path: str  # may have slashes; empty for photos directly below their owner
    photos: Count  # in this export, without those of albums within it
    cover: str | None = None  # key of the photo that a person chose


class LeftOut(Contract, frozen=True):
    """A photo or an object that the export does not have."""

    key: str
    reason: LeftOutReason


class Scope(Contract, frozen=True):
    """What a folder is an export of."""

    bucket: str
    owner: str | None = None  # absent: all owners
    album: str | None = None  # and the albums within it; absent: all albums
    layout: Layout | None = None  # of the keys in an adopted bucket; absent: uploads/<owner>/…


class Manifest(Contract, frozen=True):
    """A whole export."""

    format: Literal["gallery-export"]
    version: Literal[1]  # FORMAT_VERSION
    made_at: UtcTime  # the end of the export
    scope: Scope
    photos: list[ExportedPhoto]
    albums: list[ExportedAlbum]
    left_out: list[LeftOut] = msgspec.field(default_factory=list)


class ManifestError(Exception):
    """The manifest cannot be trusted; the message says why."""


def decode(document: bytes) -> Manifest:
    """Return the manifest that a document contains. No path in it leads out of its folder.

    Raises:
        ManifestError: the document is anything else.
    """
    try:
        manifest = msgspec.json.decode(document, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ManifestError(f"not a manifest of version {FORMAT_VERSION}: {error}") from error
    paths: set[str] = set()
    for photo in manifest.photos:
        for path in (photo.path, photo.sidecar):
            if not is_inside(path):
                raise ManifestError(f"the path {path!r} leads out of the folder")
            if path in paths:
                raise ManifestError(f"the path {path!r} is there twice")
            paths.add(path)
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Return the manifest in a file.

    Raises:
        CommandError: it is too large, or no manifest.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_MANIFEST_BYTES:
        raise CommandError(
            f"{path}: {size:,} bytes; at most {MAX_MANIFEST_BYTES:,} are allowed for a manifest"
        )
    try:
        return decode(path.read_bytes())
    except ManifestError as error:
        raise CommandError(f"{path}: {error}") from error


def is_inside(path: str) -> bool:
    """Return whether a relative path stays in its folder on every system."""
    parts = path.split("/")
    return (
        not {"", ".", ".."}.intersection(parts)
        and not any(character in path for character in "\\:\0")
        and not PurePosixPath(path).is_absolute()
    )


def schema() -> str:
    """Return the JSON Schema of a manifest."""
    made = msgspec.json.schema(Manifest)
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"
