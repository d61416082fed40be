"""S3: events of changes, in the form of AWS's."""

import json
from typing import Any

import pytest
from moto.s3.models import s3_backends

from embeddedaws import Aws, queue_arn

EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"


class Listened:
    """A bucket, and the events that it sends."""

    def __init__(self, aws: Aws, *, versioned: bool) -> None:
        self.s3 = aws.client("s3")
        self.aws = aws
        self.bucket = aws.bucket(versioned=versioned)
        self.queue = aws.queue()
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [self.bucket]}}}
        aws.rule(pattern, Arn=queue_arn(self.queue))

    def events(self) -> list[dict[str, Any]]:
        events = [json.loads(message["Body"]) for message in self.aws.messages(self.queue)]
        return sorted(events, key=lambda event: str(event["detail"]["object"]["sequencer"]))


@pytest.fixture
def versioned(aws: Aws) -> Listened:
    return Listened(aws, versioned=True)


@pytest.fixture
def unversioned(aws: Aws) -> Listened:
    return Listened(aws, versioned=False)


def test_an_upload_sends_one_event_in_the_form_of_s3(versioned: Listened) -> None:
    put = versioned.s3.put_object(Bucket=versioned.bucket, Key="a.jpg", Body=b"taco")

    [event] = versioned.events()
    assert event["source"] == "aws.s3"
    assert event["detail-type"] == "Object Created"
    assert event["resources"] == [f"arn:aws:s3:::{versioned.bucket}"]
    assert len(event["time"]) == len("2021-11-12T00:00:00Z")
    assert event["time"].endswith("Z")
    detail = event["detail"]
    sequencer = detail["object"].pop("sequencer")
    assert int(sequencer, 16) > 0
    assert detail["object"] == {
        "key": "a.jpg",
        "size": 4,
        "etag": put["ETag"].strip('"'),
        "version-id": put["VersionId"],
    }
    assert detail["reason"] == "PutObject"
    assert detail["bucket"] == {"name": versioned.bucket}
    assert set(detail) == {
        "version",
        "bucket",
        "object",
        "request-id",
        "requester",
        "source-ip-address",
        "reason",
    }


def test_a_bucket_without_versions_sends_no_version_id(unversioned: Listened) -> None:
    unversioned.s3.put_object(Bucket=unversioned.bucket, Key="a.jpg", Body=b"taco")
    unversioned.s3.delete_object(Bucket=unversioned.bucket, Key="a.jpg")

    created, deleted = unversioned.events()
    assert set(created["detail"]["object"]) == {"key", "size", "etag", "sequencer"}
    assert set(deleted["detail"]["object"]) == {"key", "sequencer"}
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"


@pytest.mark.parametrize(
    "key",
    ["a b+c%41.jpg", "é 🌮 \"q\" 'a' <&>.jpg", "./a//b/../c.jpg", "line\nbreak/a\r\n\tb.jpg"],
)
def test_an_event_contains_the_key_unchanged(versioned: Listened, key: str) -> None:
    versioned.s3.put_object(Bucket=versioned.bucket, Key=key, Body=b"taco")

    [event] = versioned.events()
    assert event["detail"]["object"]["key"] == key


def test_a_multipart_upload_sends_one_event(versioned: Listened) -> None:
    place = {"Bucket": versioned.bucket, "Key": "a.jpg"}
    upload = {**place, "UploadId": versioned.s3.create_multipart_upload(**place)["UploadId"]}
    part = versioned.s3.upload_part(**upload, PartNumber=1, Body=b"taco")
    done = versioned.s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )

    [event] = versioned.events()
    assert event["detail"]["reason"] == "CompleteMultipartUpload"
    assert event["detail"]["object"]["size"] == 4
    assert event["detail"]["object"]["etag"] == done["ETag"].strip('"')


def test_a_copy_sends_one_event(versioned: Listened) -> None:
    versioned.s3.put_object(Bucket=versioned.bucket, Key="a.jpg", Body=b"taco")
    versioned.s3.copy_object(
        Bucket=versioned.bucket,
        Key="b.jpg",
        CopySource={"Bucket": versioned.bucket, "Key": "a.jpg"},
    )

    _, event = versioned.events()
    assert event["detail"]["reason"] == "CopyObject"
    assert event["detail"]["object"]["key"] == "b.jpg"


def test_each_deletion_sends_an_event_with_its_type_and_version(versioned: Listened) -> None:
    place = {"Bucket": versioned.bucket, "Key": "a.jpg"}
    first = versioned.s3.put_object(**place, Body=b"1")["VersionId"]
    versioned.s3.put_object(**place, Body=b"2")
    marker = versioned.s3.delete_object(**place)["VersionId"]
    versioned.s3.delete_objects(
        Bucket=versioned.bucket,
        Delete={"Objects": [{"Key": "a.jpg", "VersionId": first}, {"Key": "nothing.jpg"}]},
    )

    marked, deleted = versioned.events()[2:]
    assert marked["detail-type"] == "Object Deleted"
    assert marked["detail"]["reason"] == "DeleteObject"
    assert marked["detail"]["deletion-type"] == "Delete Marker Created"
    assert marked["detail"]["object"]["etag"] == EMPTY_ETAG
    assert marked["detail"]["object"]["version-id"] == marker
    assert "size" not in marked["detail"]["object"]
    assert deleted["detail"]["deletion-type"] == "Permanently Deleted"
    assert set(deleted["detail"]["object"]) == {"key", "version-id", "sequencer"}
    assert deleted["detail"]["object"]["version-id"] == first


def test_sequencers_rise_and_ids_differ(versioned: Listened) -> None:
    for number in range(20):
        versioned.s3.put_object(Bucket=versioned.bucket, Key="a.jpg", Body=b"%d" % number)

    events = versioned.events()
    sizes = [event["detail"]["object"]["size"] for event in events]
    assert sizes == [1] * 10 + [2] * 10
    assert len({event["detail"]["object"]["sequencer"] for event in events}) == 20
    assert len({event["id"] for event in events}) == 20


def test_a_large_object_is_not_kept_in_memory(versioned: Listened) -> None:
    versioned.s3.put_object(Bucket=versioned.bucket, Key="a.jpg", Body=bytes(100_000))

    stored = s3_backends["123456789012"]["aws"].get_object(versioned.bucket, "a.jpg")
    assert stored._value_buffer._rolled  # noqa: SLF001  # of a SpooledTemporaryFile


def test_a_change_of_tags_sends_no_event(versioned: Listened) -> None:
    place = {"Bucket": versioned.bucket, "Key": "a.jpg"}
    versioned.s3.put_object(**place, Body=b"taco", Tagging="a=b")
    versioned.s3.put_object_tagging(**place, Tagging={"TagSet": [{"Key": "a", "Value": "c"}]})

    assert len(versioned.events()) == 1
