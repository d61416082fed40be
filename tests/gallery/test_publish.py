"""Publish: the page is complete at every moment, and cached for the right time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embeddedaws import Answering
from gallery.__main__ import main
from gallery.publish import CONFIG, KEPT, PublishError, content_type, keys, publish
from local.stack import Stack
from outputs import as_outputs_file, gallery, outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
BUCKET = "site"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack.empty(functions=Answering()) as running:
        yield running


@pytest.fixture
def bucket(stack: Stack) -> Iterator[str]:
    stack.s3.create_bucket(Bucket=BUCKET)
    yield BUCKET
    for key in names(stack):
        stack.s3.delete_object(Bucket=BUCKET, Key=key)
    stack.s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    build(tmp_path, "index.html", "404.html", "icon.svg", "assets/index-1.js", "assets/index-1.css")
    return tmp_path


def build(folder: Path, *files: str) -> None:
    (folder / "assets").mkdir(exist_ok=True)
    for name in files:
        (folder / name).write_text(name)


def names(stack: Stack) -> set[str]:
    listed = stack.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {item["Key"] for item in listed}


def test_the_page_is_uploaded_after_the_files_it_needs(dist: Path) -> None:
    assert keys(dist) == [
        "assets/index-1.css",
        "assets/index-1.js",
        "404.html",
        "icon.svg",
        "index.html",
    ]


def test_a_folder_without_a_page_is_refused(tmp_path: Path) -> None:
    build(tmp_path, "icon.svg")

    with pytest.raises(PublishError, match="make web"):
        keys(tmp_path)


def test_only_files_with_a_hash_in_their_names_are_cached(
    stack: Stack, bucket: str, dist: Path
) -> None:
    publish(stack.s3, bucket, dist, now=datetime.now(UTC))

    told = {key: stack.s3.head_object(Bucket=bucket, Key=key) for key in names(stack)}
    assert {key: one["CacheControl"] for key, one in told.items()} == {
        "404.html": "no-cache",
        "assets/index-1.css": "public, max-age=31536000, immutable",
        "assets/index-1.js": "public, max-age=31536000, immutable",
        "icon.svg": "no-cache",
        "index.html": "no-cache",
    }


def test_a_compressed_file_is_uploaded_in_place_of_the_other(
    stack: Stack, bucket: str, dist: Path
) -> None:
    (dist / "assets/index-1.js.br").write_bytes(b"compressed")

    uploaded = publish(stack.s3, bucket, dist, now=datetime.now(UTC))

    script = stack.s3.get_object(Bucket=bucket, Key="assets/index-1.js")
    assert script["Body"].read() == b"compressed"
    assert (script["ContentEncoding"], script["ContentType"]) == (
        "br",
        "text/javascript; charset=utf-8",
    )
    assert "ContentEncoding" not in stack.s3.get_object(Bucket=bucket, Key="assets/index-1.css")
    assert set(uploaded) == names(stack)
    assert "assets/index-1.js.br" not in uploaded


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("assets/a.js", "text/javascript; charset=utf-8"),
        ("assets/a.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("LICENCE", "application/octet-stream"),
    ],
)
def test_the_content_type_follows_from_the_name(key: str, kind: str) -> None:
    assert content_type(key) == kind


def test_a_deployment_without_a_page_is_published_by_doing_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = as_outputs_file(outputs_of(site_bucket=None, site_url=None), tmp_path / "outputs.json")

    # `make apply` ends with it, and must not fail after the deployment.
    assert main(["publish", f"--deployment={file}"]) == 0
    assert "site is false" in capsys.readouterr().out


def test_files_of_earlier_builds_stay_for_30_days(stack: Stack, bucket: str, dist: Path) -> None:
    now = datetime.now(UTC)
    publish(stack.s3, bucket, dist, now=now)
    stack.s3.put_object(Bucket=bucket, Key=CONFIG, Body=b"{}")
    (dist / "assets" / "index-1.js").rename(dist / "assets" / "index-2.js")

    publish(stack.s3, bucket, dist, now=now + timedelta(days=1))
    assert {"assets/index-1.js", "assets/index-2.js"} <= names(stack)

    publish(stack.s3, bucket, dist, now=now + KEPT + timedelta(days=1))
    assert "assets/index-1.js" not in names(stack)
    assert {"assets/index-2.js", "assets/index-1.css", CONFIG} <= names(stack)


def test_prints_an_error_of_aws_and_exits_with_1(stack: Stack, dist: Path) -> None:
    outputs = outputs_of(site_bucket="none")

    done = gallery(outputs, "publish", f"--dist={dist}", environment=stack.environment())

    assert done.returncode == 1
    assert done.stderr.startswith("publish: An error occurred (NoSuchBucket)")
