"""Publish: upload the gallery's page, as `make web` built it, to the bucket that CloudFront serves.

Files with a hash of their content in their names go first and index.html last, so that a visitor
gets either the old page or the new one, complete. Files of earlier builds stay for 30 days, for
pages that are still open. Terraform writes config.json.

Scripts and style sheets are uploaded in Brotli, which the build has written beside them. Every
browser that can run them accepts it over HTTPS, and CloudFront does not compress them again.
AWS: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
"""

import argparse
import mimetypes
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gallery.deployment import Deployment, add_deployment_arguments
from gallery.shell import CommandError, print_stdout

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DIST: Final = Path(__file__).parents[1] / "web" / "dist"
INDEX: Final = "index.html"
CONFIG: Final = "config.json"
ASSETS: Final = "assets/"  # where Vite puts files with a hash of their content in their names
CACHED_FOR_A_YEAR: Final = "public, max-age=31536000, immutable"
REVALIDATED: Final = "no-cache"
BROTLI: Final = ".br"
KEPT: Final = timedelta(days=30)  # longer than a page stays open

_TYPES: Final = mimetypes.MimeTypes()  # Python's own, without this machine's additions
_TYPES.add_type("text/javascript", ".js")  # Python 3.11 has application/javascript


class PublishError(CommandError):
    """The page cannot be uploaded."""


def keys(dist: Path) -> list[str]:
    """Return the keys of a build, in the order of their upload.

    Raises:
        PublishError: the folder has no page.
    """
    files = (path for path in dist.rglob("*") if path.is_file() and path.suffix != BROTLI)
    found = [path.relative_to(dist).as_posix() for path in files]
    if INDEX not in found:
        raise PublishError(f"{dist} holds no page: run `make web`")
    return sorted(found, key=lambda key: (key == INDEX, not key.startswith(ASSETS), key))


def publish(s3: "S3Client", bucket: str, dist: Path, *, now: datetime) -> list[str]:
    """Upload a build, delete files of builds older than `KEPT`, and return the uploaded keys.

    Raises:
        PublishError: the folder has no page.
    """
    uploaded = keys(dist)
    for key in uploaded:
        compressed = dist / f"{key}{BROTLI}"
        encoding: dict[str, str] = {"ContentEncoding": "br"} if compressed.is_file() else {}
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=(compressed if encoding else dist / key).read_bytes(),
            ContentType=content_type(key),
            CacheControl=CACHED_FOR_A_YEAR if key.startswith(ASSETS) else REVALIDATED,
            **encoding,  # type: ignore[arg-type]  # a dict of one known name
        )
    for key, changed in _objects(s3, bucket):
        if key not in {*uploaded, CONFIG} and now - changed > KEPT:
            s3.delete_object(Bucket=bucket, Key=key)
    return uploaded


def content_type(key: str) -> str:
    """Return the Content-Type of a file, by its name."""
    kind, _ = _TYPES.guess_type(key)
    if kind is None:
        return "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _objects(s3: "S3Client", bucket: str) -> Iterator[tuple[str, datetime]]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            yield item["Key"], item["LastModified"]


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument(
        "--dist",
        type=Path,
        default=DIST,
        metavar="FOLDER",
        help="of the build (default: web/dist of this repository)",
    )


def run(given: argparse.Namespace) -> int:
    """Upload the build."""
    deployment = Deployment.of(given)
    bucket = deployment.outputs.site_bucket
    if bucket is None:
        print_stdout("nothing to upload: the deployment has no page (site is false)")
        return 0  # `make apply` publishes after every deployment
    uploaded = publish(deployment.session.client("s3"), bucket, given.dist, now=datetime.now(UTC))
    print_stdout(f"{len(uploaded)} files are in s3://{bucket}")
    print_stdout(f"Gallery: {deployment.outputs.site_url}")
    return 0
