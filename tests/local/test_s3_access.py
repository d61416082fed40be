"""S3: conditions of bucket policies, archived objects, and customers' keys."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embeddedaws import Aws

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}


def denying(bucket: str, **conditions: Mapping[str, str]) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def status_of(call: Callable[[], Any]) -> int:
    try:
        answer = call()
    except ClientError as error:
        answer = error.response
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


class TestABucketPolicy:
    CLASS = "s3:x-amz-storage-class"

    @pytest.mark.parametrize("action", ["put_object", "create_multipart_upload"])
    def test_refuses_a_write_for_which_all_conditions_of_a_denial_hold(
        self, aws: Aws, action: str
    ) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
        policy = denying(
            bucket, Null={self.CLASS: "false"}, StringNotEquals={self.CLASS: "STANDARD"}
        )
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)

        def write(**more: str) -> int:
            return status_of(lambda: getattr(s3, action)(Bucket=bucket, Key="a", **more))

        assert write() == 200
        assert write(StorageClass="STANDARD") == 200
        assert write(StorageClass="DEEP_ARCHIVE") == 403

    def test_refuses_every_write_without_the_header_that_must_not_have_another_value(
        self, aws: Aws
    ) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
        policy = denying(bucket, StringNotEquals={self.CLASS: "STANDARD"})
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)

        assert status_of(lambda: s3.put_object(Bucket=bucket, Key="a")) == 403


@pytest.mark.parametrize(
    ("storage_class", "status"),
    [("GLACIER", 403), ("DEEP_ARCHIVE", 403), ("GLACIER_IR", 200), ("INTELLIGENT_TIERING", 200)],
)
def test_only_an_archived_object_cannot_be_read(aws: Aws, storage_class: str, status: int) -> None:
    s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
    s3.put_object(Bucket=bucket, Key="a", Body=b"taco", StorageClass=storage_class)

    assert status_of(lambda: s3.get_object(Bucket=bucket, Key="a")) == status


class TestACustomerKey:
    def test_is_refused_by_a_new_bucket(self, aws: Aws) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)

        assert status_of(lambda: s3.put_object(Bucket=bucket, Key="a", **KEY)) == 403
        assert status_of(lambda: s3.create_multipart_upload(Bucket=bucket, Key="a", **KEY)) == 403

    def test_is_needed_to_read_what_was_stored_with_it(self, aws: Aws) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
        allow_customer_keys(s3, bucket)
        s3.put_object(Bucket=bucket, Key="a", Body=b"taco", **KEY)

        assert s3.get_object(Bucket=bucket, Key="a", **KEY)["Body"].read() == b"taco"
        with pytest.raises(ClientError, match=r"InvalidRequest.*Server Side Encryption") as caught:
            s3.get_object(Bucket=bucket, Key="a")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def allow_customer_keys(s3: Any, bucket: str) -> None:  # noqa: ANN401  # a client
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


class TestACopy:
    def test_overwrites_nothing_if_it_must_not(self, aws: Aws) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
        for key in ("from", "there"):
            s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

        def copy(key: str, **more: str) -> int:
            source = {"Bucket": bucket, "Key": "from"}
            return status_of(
                lambda: s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **more)
            )

        assert copy("new", IfNoneMatch="*") == 200
        assert copy("new", IfNoneMatch="*") == 412
        assert copy("there", IfNoneMatch="*") == 412
        assert s3.get_object(Bucket=bucket, Key="there")["Body"].read() == b"there"
        s3.delete_object(Bucket=bucket, Key="there")
        assert copy("there", IfNoneMatch="*") == 200  # a delete marker is no object
        assert copy("new") == 200

    def test_is_of_the_bytes_that_the_caller_names(self, aws: Aws) -> None:
        s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
        key = "é + %2F a.jpg"
        old = s3.put_object(Bucket=bucket, Key=key, Body=b"old")
        new = s3.put_object(Bucket=bucket, Key=key, Body=b"new")

        def copy(etag: str, **version: str) -> int:
            source: Any = {"Bucket": bucket, "Key": key, **version}
            return status_of(
                lambda: s3.copy_object(
                    Bucket=bucket, Key="copy", CopySource=source, CopySourceIfMatch=etag
                )
            )

        assert copy(new["ETag"]) == 200
        assert copy(old["ETag"]) == 412
        assert copy(old["ETag"], VersionId=old["VersionId"]) == 200
        assert copy(new["ETag"], VersionId=old["VersionId"]) == 412
