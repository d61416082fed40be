"""Upload the gallery's page, as `make web` built it, into the bucket that CloudFront serves.

    python -m gallery.publish --bucket BUCKET [--dist web/dist]

Files that are named by their content go first and index.html last, so that whoever comes meanwhile
gets the old page or the new one, whole. Files of earlier builds stay a while, for pages that are
open. config.json is Terraform's.
"""

import argparse
import mimetypes
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DIST: Final = Path("web/dist")
INDEX: Final = "index.html"
CONFIG: Final = "config.json"
ASSETS: Final = "assets/"  # where Vite puts what it names by its content
FOR_GOOD: Final = "public, max-age=31536000, immutable"
ASK_EACH_TIME: Final = "no-cache"
KEPT: Final = timedelta(days=30)  # longer than a page stays open

_TYPES: Final = mimetypes.MimeTypes()  # Python's own, whatever this machine adds to them
_TYPES.add_type("text/javascript", ".js")  # which Python says from 3.12 on


class PublishError(Exception):
    """The page cannot be uploaded; the message says why."""


def keys(dist: Path) -> list[str]:
    """Return the keys of a build, in the order in which they are uploaded.

    Raises:
        PublishError: there is no page.
    """
    found = [path.relative_to(dist).as_posix() for path in dist.rglob("*") if path.is_file()]
    if INDEX not in found:
        raise PublishError(f"{dist} holds no page: make web")
    return sorted(found, key=lambda key: (key == INDEX, not key.startswith(ASSETS), key))


def publish(s3: "S3Client", bucket: str, dist: Path, *, now: datetime) -> list[str]:
    """Upload a build, delete what only builds of long ago had, and return the keys uploaded.

    Raises:
        PublishError: there is no page.
    """
    uploaded = keys(dist)
    for key in uploaded:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=(dist / key).read_bytes(),
            ContentType=content_type(key),
            CacheControl=FOR_GOOD if key.startswith(ASSETS) else ASK_EACH_TIME,
        )
    for key, changed in _listed(s3, bucket):
        if key not in {*uploaded, CONFIG} and now - changed > KEPT:
            s3.delete_object(Bucket=bucket, Key=key)
    return uploaded


def content_type(key: str) -> str:
    """Return the Content-Type of a file, by its name."""
    kind, _ = _TYPES.guess_type(key)
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _listed(s3: "S3Client", bucket: str) -> Iterator[tuple[str, datetime]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            yield item["Key"], item["LastModified"]


def main() -> None:
    """Read the command line, upload, and exit with 1 and a sentence where that fails."""
    parser = argparse.ArgumentParser(prog="gallery.publish", description=__doc__.split("\n")[0])
    parser.add_argument("--bucket", required=True, help="Terraform's output site_bucket")
    parser.add_argument("--dist", type=Path, default=DIST, help="the build")
    given = parser.parse_args()
    try:
        done = publish(boto3.client("s3"), given.bucket, given.dist, now=datetime.now(UTC))
    except (BotoCoreError, ClientError, PublishError) as error:
        sys.exit(f"publish: {error}")
    print(f"{len(done)} files are in s3://{given.bucket}")  # noqa: T201  # what it is for


if __name__ == "__main__":
    main()
