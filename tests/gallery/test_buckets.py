"""The S3 adapter of reprocess and reconcile: versions, folders and deletions of any number."""

import json
from collections.abc import Iterator

import pytest

from embeddedaws import Aws
from gallery import buckets
from gallery.buckets import Bucket, Refusal

NAME = "objects"


@pytest.fixture
def bucket(aws: Aws) -> Iterator[Bucket]:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=NAME)
    yield Bucket(s3, NAME)
    listed = s3.list_object_versions(Bucket=NAME)
    for one in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
        s3.delete_object(Bucket=NAME, Key=one["Key"], VersionId=one["VersionId"])
    s3.delete_bucket(Bucket=NAME)


def test_without_versions_the_version_is_the_etag(bucket: Bucket) -> None:
    bucket.put("a", b"hello")

    [found] = bucket.objects("")

    assert found.version == "5d41402abc4b2a76b9719d911017c592"  # MD5, without quotes


def test_only_the_current_version_of_a_key_that_is_not_deleted_is_listed(
    aws: Aws, bucket: Bucket
) -> None:
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b", "gone"):
        bucket.put(key, b"")
    bucket.delete(["gone"])
    current = {key: s3.head_object(Bucket=NAME, Key=key)["VersionId"] for key in ("a", "b")}

    assert {found.key: found.version for found in bucket.objects("")} == current


def test_folders_are_those_directly_below_the_prefix(bucket: Bucket) -> None:
    for key in ("uploads/ada/2016/a", "uploads/bob/a", "uploads/c", "other/eve/a"):
        bucket.put(key, b"")

    assert list(bucket.folders("uploads/")) == ["ada", "bob"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_any_number_of_objects_is_deleted(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(buckets, "MAX_DELETED", 2)
    keys = [str(number) for number in range(count)]
    for key in [*keys, "stays"]:
        bucket.put(key, b"")

    bucket.delete(keys)

    assert [found.key for found in bucket.objects("")] == ["stays"]


def test_what_s3_did_not_delete_is_returned_with_its_code(aws: Aws, bucket: Bucket) -> None:
    for key in ("goes", "stays"):
        bucket.put(key, b"")
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{NAME}/stays",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [refusal]})
    aws.client("s3").put_bucket_policy(Bucket=NAME, Policy=policy)

    refused = bucket.delete(["goes", "stays"])
    aws.client("s3").delete_bucket_policy(Bucket=NAME)

    assert refused == [Refusal("stays", "AccessDenied")]
    assert [found.key for found in bucket.objects("")] == ["stays"]
