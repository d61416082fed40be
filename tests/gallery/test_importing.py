"""An import sends what is missing, overwrites nothing, and can end at any moment."""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embeddedaws import TABLE, Aws
from gallery.__main__ import main
from gallery.archives import send
from gallery.archives.base import Archive, Entry
from gallery.archives.folder import Folder
from gallery.archives.plan import Gallery, Plan, Planned, plan
from gallery.archives.s3 import Objects, bucket_and_prefix
from gallery.archives.send import MAX_IN_A_ROW, Import, Pace, Sender, Sent
from gallery.shell import CommandError, UsageError
from gallery.table import Table
from local.clients import environment
from outputs import as_outputs_file, outputs_of
from shared import not_photos, sidecars
from shared.contracts import Sidecar

VECTORS = json.loads((Path(__file__).parents[1] / "vectors.json").read_text(encoding="utf-8"))
PHOTOS = "photos"
TOLD = Sidecar(source="TAKEOUT", title="Tower")


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with Aws.start() as aws:
        for bucket in (PHOTOS, "source"):
            aws.client("s3").create_bucket(Bucket=bucket)
        aws.client("s3").put_bucket_versioning(
            Bucket=PHOTOS, VersioningConfiguration={"Status": "Enabled"}
        )
        yield aws


@pytest.fixture
def owner(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)[:60]


def planned(aws: Aws, archive: Archive, owner: str, album: str = "") -> tuple[Plan, Gallery]:
    gallery = Gallery(Table(aws.client("dynamodb"), TABLE), aws.client("s3"), PHOTOS, owner)
    return plan(archive, gallery, owner=owner, album=album), gallery


def imported(aws: Aws, archive: Archive, owner: str, album: str = "") -> tuple[Plan, Sent]:
    made, gallery = planned(aws, archive, owner, album)
    return made, started(aws, made, gallery, owner, album).run(made.to_send, Pace(1e6))


def started(aws: Aws, made: Plan, gallery: Gallery, owner: str, album: str = "") -> Import:
    taken = {*gallery.keys, *(one.key for one in made.to_send)}
    return Import(Sender(aws.client("s3"), PHOTOS), owner, album, taken)


def there(aws: Aws, owner: str) -> dict[str, bytes]:
    """Return the owner's objects by path."""
    prefix = f"uploads/{owner}/"
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket=PHOTOS, Prefix=prefix).get("Contents", [])
    return {
        one["Key"].removeprefix(prefix): s3.get_object(Bucket=PHOTOS, Key=one["Key"])["Body"].read()
        for one in listed
    }


def write(root: Path, **files: bytes) -> Path:
    for name, body in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".jpg").write_bytes(body)
    return root


def entry(name: str, body: bytes, **more: Any) -> Entry:  # noqa: ANN401  # fields of Entry
    return Entry(
        path=name,
        folder="",
        name=name,
        size_bytes=len(body),
        modified=None,
        open=partial(io.BytesIO, body),
        **more,
    )


class Listed:
    """An archive of these entries."""

    def __init__(self, *entries: Entry) -> None:
        self._entries = entries

    def entries(self) -> Iterator[Entry]:
        return iter(self._entries)

    def left_out(self) -> dict[str, int]:
        return {}


@pytest.mark.parametrize("vector", VECTORS["files_in_folders"], ids=lambda vector: vector["path"])
def test_what_the_page_leaves_out_of_a_folder_is_left_out(
    vector: dict[str, str | None], tmp_path: Path
) -> None:
    path = tmp_path / str(vector["path"])
    path.parent.mkdir(parents=True)
    path.touch()
    folder = Folder(tmp_path)

    found = [one.path for one in folder.entries()]

    assert found == ([] if vector["left_out"] else [vector["path"]])
    assert sum(folder.left_out().values()) == (1 if vector["left_out"] else 0)
    in_folder = any(map(not_photos.is_system_folder, str(vector["path"]).split("/")[:-1]))
    why = "SYSTEM" if in_folder else not_photos.why_left_out(path.name)
    assert why == vector["left_out"]


def test_folders_become_albums_below_the_album_that_is_named(
    aws: Aws, owner: str, tmp_path: Path
) -> None:
    write(tmp_path, a=b"1", trip__b=b"22", trip__day__c=b"333")

    made, _ = imported(aws, Folder(tmp_path), owner, "old/archive")

    assert there(aws, owner) == {
        "old/archive/a.jpg": b"1",
        "old/archive/trip/b.jpg": b"22",
        "old/archive/trip/day/c.jpg": b"333",
    }
    assert (made.bytes, made.lists) == (6, 1)


def test_pipes_links_and_locked_folders_are_counted(tmp_path: Path) -> None:
    write(tmp_path, trip__a=b"1")
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "again").symlink_to(tmp_path / "trip")
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    folder = Folder(tmp_path)

    assert [one.path for one in folder.entries()] == ["trip/a.jpg"]
    assert {why: count for why, count in folder.left_out().items() if count} == {
        "links to folders": 1,
        "pipes, sockets, devices and broken links": 2,
    }


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        list(Folder(tmp_path / "nowhere").entries())


def test_what_is_in_the_table_by_content_is_not_sent(aws: Aws, owner: str, tmp_path: Path) -> None:
    body = b"taco"
    key = f"uploads/{owner}/elsewhere.jpg"
    aws.client("s3").put_object(Bucket=PHOTOS, Key=key, Body=body)
    ready(aws, owner, key, body)
    write(tmp_path, album__a=body, album__b=b"TACO", album__c=b"more")

    made, _ = planned(aws, Folder(tmp_path), owner)

    assert made.known == 1
    assert [one.entry.name for one in made.to_send] == ["b.jpg", "c.jpg"]
    assert made.read_units > 0
    assert made.usd == pytest.approx(made.read_units * 0.125e-6 + 0.005e-3)


def ready(aws: Aws, owner: str, key: str, body: bytes) -> None:
    """Write what the index of contents needs of a READY photo's row."""
    content = f"{len(body):09}#{hashlib.sha256(body).hexdigest()}#{'0' * 24}"
    row = {"pk": owner, "sk": f"photo#{key.partition(owner)[2][1:]}", "content_key": content}
    aws.client("dynamodb").put_item(
        TableName=TABLE, Item={name: {"S": value} for name, value in row.items()}
    )


def test_an_import_that_ended_anywhere_sends_only_what_is_missing(
    aws: Aws, owner: str, tmp_path: Path
) -> None:
    """No photo has a row yet: what was sent is found by the objects alone."""
    files = {f"f{number}": b"%04d" % number for number in range(12)}
    write(tmp_path, **files)
    made, gallery = planned(aws, Folder(tmp_path), owner)
    work = started(aws, made, gallery, owner)
    sends = iter(range(5))

    class Ending(Pace):
        def wait(self) -> None:
            if next(sends, None) is None:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.run(made.to_send, Ending(1))
    assert len(there(aws, owner)) == 5

    again, _ = imported(aws, Folder(tmp_path), owner)

    assert (again.known, len(again.to_send), again.renamed) == (5, 7, {})
    assert sorted(there(aws, owner).values()) == sorted(files.values())
    versions = aws.client("s3").list_object_versions(Bucket=PHOTOS, Prefix=f"uploads/{owner}/")
    assert len(versions["Versions"]) == 12


def test_of_files_with_the_same_bytes_the_first_one_is_sent(aws: Aws, owner: str) -> None:
    made, _ = imported(
        aws, Listed(entry("a.jpg", b"x"), entry("b.jpg", b"x"), entry("c.jpg", b"y")), owner
    )

    assert made.copies == 1
    assert there(aws, owner) == {"a.jpg": b"x", "c.jpg": b"y"}


def test_a_name_that_is_taken_gets_a_number_and_a_second_import_finds_it(
    aws: Aws, owner: str
) -> None:
    imported(aws, Listed(entry("a.jpg", b"first")), owner)

    second = Listed(entry("a.jpg", b"other"), entry("a.jpg", b"third"))
    made, _ = imported(aws, second, owner)

    assert list(made.renamed.values()) == [f"uploads/{owner}/a (3).jpg"]
    assert there(aws, owner) == {"a.jpg": b"first", "a (2).jpg": b"other", "a (3).jpg": b"third"}
    assert planned(aws, second, owner)[0].known == 2


def test_a_name_in_nfd_and_one_in_nfc_are_the_same(aws: Aws, owner: str, tmp_path: Path) -> None:
    for number, name in enumerate(("e\u0301.jpg", "\u00e9.jpg")):  # Linux keeps both
        (tmp_path / name).write_bytes(b"%d" % number)

    imported(aws, Folder(tmp_path), owner)

    assert there(aws, owner) == {"\u00e9.jpg": b"0", "\u00e9 (2).jpg": b"1"}


def test_what_the_gallery_refuses_has_its_reason_and_the_rest_is_sent(aws: Aws, owner: str) -> None:
    archive = Listed(
        entry("é" * 600 + ".jpg", b"1"),
        entry("\udcff.jpg", b"1"),
        entry("empty.jpg", b""),
        replace(entry("large.jpg", b""), size_bytes=300_000_000),
        entry("kept.jpg", b"1"),
    )

    made, sent = imported(aws, archive, owner)

    assert [why.split()[0] for why in made.refused.values()] == ["path", "key", "it", "it"]
    assert (len(sent.keys), list(there(aws, owner))) == (1, ["kept.jpg"])


def test_a_name_that_is_taken_while_files_are_sent_is_not_overwritten(aws: Aws, owner: str) -> None:
    made, gallery = planned(aws, Listed(entry("a.jpg", b"mine")), owner)
    aws.client("s3").put_object(Bucket=PHOTOS, Key=f"uploads/{owner}/a.jpg", Body=b"theirs")

    sent = started(aws, made, gallery, owner).run(made.to_send, Pace(1e6))

    assert sent.keys == [f"uploads/{owner}/a (2).jpg"]
    assert there(aws, owner) == {"a.jpg": b"theirs", "a (2).jpg": b"mine"}


def test_a_large_file_is_sent_in_parts_with_checksums_and_overwrites_nothing(
    aws: Aws, owner: str
) -> None:
    body = os.urandom(send.IN_MEMORY_BYTES + 1)
    made, gallery = planned(aws, Listed(entry("a.tif", body, sidecar=TOLD)), owner)
    aws.client("s3").put_object(Bucket=PHOTOS, Key=f"uploads/{owner}/a.tif", Body=b"theirs")

    started(aws, made, gallery, owner).run(made.to_send, Pace(1e6))

    assert there(aws, owner) == {"a.tif": b"theirs", "a (2).tif": body}
    key = f"uploads/{owner}/a (2).tif"
    head = aws.client("s3").head_object(Bucket=PHOTOS, Key=key, ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-3"')
    assert sidecars.read(head["Metadata"]["sidecar"]) == TOLD
    assert planned(aws, Listed(entry("other.tif", body)), owner)[0].known == 1


def test_photos_that_other_programs_sent_are_known_by_their_etags(aws: Aws, owner: str) -> None:
    s3 = aws.client("s3")
    whole, parts = b"whole", os.urandom(6_000_000)
    s3.put_object(Bucket=PHOTOS, Key=f"uploads/{owner}/whole.nef", Body=whole)
    key = f"uploads/{owner}/parts.nef"
    begun = s3.create_multipart_upload(Bucket=PHOTOS, Key=key)["UploadId"]
    upload = {"Bucket": PHOTOS, "Key": key, "UploadId": begun}
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        for number, body in enumerate((parts[:5_242_880], parts[5_242_880:]), 1)
    ]
    s3.complete_multipart_upload(
        **upload,
        MultipartUpload={
            "Parts": [{"PartNumber": at, "ETag": one} for at, one in enumerate(etags, 1)]
        },
    )
    other = bytes(len(parts))

    made, _ = planned(
        aws,
        Listed(entry("a", whole), entry("b", parts), entry("c", other), entry("d", b"WHOLE")),
        owner,
    )

    assert made.known == 2
    assert [one.entry.name for one in made.to_send] == ["c", "d"]


def test_a_file_that_is_not_what_its_archive_states_is_not_sent(aws: Aws, owner: str) -> None:
    _, sent = imported(
        aws, Listed(entry("a.jpg", b"1", sha256="0" * 64), entry("b.jpg", b"22")), owner
    )

    assert list(sent.failed) == ["a.jpg"]
    assert list(there(aws, owner)) == ["b.jpg"]


def test_files_that_s3_refuses_one_after_the_other_end_the_import(aws: Aws, owner: str) -> None:
    entries = [entry(f"{at}.jpg", b"x" * at) for at in range(1, MAX_IN_A_ROW + 20)]
    made, gallery = planned(aws, Listed(*entries), owner)
    sender = Sender(aws.client("s3"), "a-bucket-that-is-not-there")

    with pytest.raises(CommandError, match="Run the import again"):
        Import(sender, owner, "", set(gallery.keys)).run(made.to_send, Pace(1e6))


def test_any_number_of_unreadable_files_does_not_end_the_import(aws: Aws, owner: str) -> None:
    damaged = [entry(f"{at}.jpg", b"x" * at, sha256="0" * 64) for at in range(1, 40)]

    _, sent = imported(aws, Listed(*damaged, entry("z.jpg", b"whole")), owner)

    assert len(sent.failed) == len(damaged)
    assert there(aws, owner) == {"z.jpg": b"whole"}


def test_any_number_of_objects_in_an_archive_tier_does_not_end_the_import(
    aws: Aws, owner: str
) -> None:
    class Tiered(Sender):
        def send(self, planned: Planned) -> bool:
            if planned.entry.name != "z.jpg":
                raise ClientError({"Error": {"Code": "InvalidObjectState"}}, "CopyObject")
            return super().send(planned)

    entries = [entry(f"{at}.jpg", b"x" * at) for at in range(1, 40)]
    made, _ = planned(aws, Listed(*entries, entry("z.jpg", b"whole")), owner)

    sent = Import(Tiered(aws.client("s3"), PHOTOS), owner, "", set()).run(made.to_send, Pace(1e6))

    assert (len(sent.failed), sent.keys) == (len(entries), [f"uploads/{owner}/z.jpg"])


def test_a_file_is_sent_though_another_of_its_size_cannot_be_read(aws: Aws, owner: str) -> None:
    def refuse() -> io.BytesIO:
        raise PermissionError(13, "Permission denied")

    damaged = replace(entry("a.jpg", b"taco"), open=refuse)

    made, sent = imported(aws, Listed(damaged, entry("b.jpg", b"taco")), owner)

    assert (made.unread, list(sent.failed)) == ({}, ["a.jpg"])
    assert there(aws, owner) == {"b.jpg": b"taco"}


@pytest.mark.parametrize("size", [4, send.IN_MEMORY_BYTES + 1])
def test_a_file_that_s3_has_stored_though_its_answer_was_lost_is_not_sent_twice(
    aws: Aws, owner: str, size: int
) -> None:
    made, gallery = planned(aws, Listed(entry(f"{size}.jpg", os.urandom(size))), owner)
    work = started(aws, made, gallery, owner)
    assert not work.sender.send(made.to_send[0])

    sent = work.run(made.to_send, Pace(1e6))

    assert (sent.keys, sent.failed) == ([f"uploads/{owner}/{size}.jpg"], {})
    assert f"{size} (2).jpg" not in there(aws, owner)


def test_a_file_that_became_short_meanwhile_overwrites_nothing(aws: Aws, owner: str) -> None:
    short = replace(entry("a.jpg", b"short"), size_bytes=send.IN_MEMORY_BYTES + 1)
    made, gallery = planned(aws, Listed(short), owner)
    aws.client("s3").put_object(Bucket=PHOTOS, Key=f"uploads/{owner}/a.jpg", Body=b"theirs")

    started(aws, made, gallery, owner).run(made.to_send, Pace(1e6))

    assert there(aws, owner) == {"a.jpg": b"theirs", "a (2).jpg": b"short"}


def test_a_photo_whose_object_was_replaced_since_is_sent(aws: Aws, owner: str) -> None:
    key = f"uploads/{owner}/a.jpg"
    aws.client("s3").put_object(Bucket=PHOTOS, Key=key, Body=b"another")
    ready(aws, owner, key, b"taco")
    aws.client("s3").put_object(Bucket=PHOTOS, Key=f"uploads/{owner}/b.jpg", Body=b"TACO")

    made, _ = planned(aws, Listed(entry("c.jpg", b"taco")), owner)

    assert [one.entry.name for one in made.to_send] == ["c.jpg"]


def test_objects_of_another_bucket_are_copied_by_s3_with_what_is_said_of_them(
    aws: Aws, owner: str
) -> None:
    s3 = aws.client("s3")
    prefix = f"{owner}/old/"
    told = sidecars.write(TOLD)[0]
    s3.put_object(
        Bucket="source", Key=f"{prefix}trip/a+b é.jpg", Body=b"1", Metadata={"sidecar": told}
    )
    for name in ("", ".hidden/b.jpg", "c.mov", "@eaDir/d.jpg", "@eaDir/e.jpg"):
        s3.put_object(Bucket="source", Key=f"{prefix}{name}", Body=b"12")
    s3.put_object(Bucket="source", Key=f"{prefix}f.jpg", Body=b"1", StorageClass="GLACIER")
    before = s3.list_object_versions(Bucket="source", Prefix=prefix)["Versions"]
    archive = Objects(s3, *bucket_and_prefix(f"s3://source/{owner}/old"))

    made, sent = imported(aws, archive, owner)

    assert sent.keys == [f"uploads/{owner}/trip/a+b é.jpg"]
    head = s3.head_object(Bucket=PHOTOS, Key=sent.keys[0])
    assert head["Metadata"]["sidecar"] == told
    assert made.left_out == {
        "archived objects: restore them first": 1,
        "folders that are hidden or belong to other programs": 2,
        "videos": 1,
    }
    assert s3.list_object_versions(Bucket="source", Prefix=prefix)["Versions"] == before
    again, _ = planned(aws, archive, owner)
    assert (again.known, again.downloaded_bytes) == (1, 0)


def test_an_archived_object_that_was_restored_is_copied(aws: Aws, owner: str) -> None:
    s3 = aws.client("s3")
    for name in ("restored", "restoring", "archived"):
        s3.put_object(Bucket="source", Key=f"{owner}/{name}.jpg", Body=b"1", StorageClass="GLACIER")
    restored = {
        f"{owner}/restored.jpg": {"IsRestoreInProgress": False, "RestoreExpiryDate": "2030-01-01"},
        f"{owner}/restoring.jpg": {"IsRestoreInProgress": True},
    }
    asked = []

    def state(params: dict[str, Any], **_: object) -> None:
        asked.append(params["headers"].get("x-amz-optional-object-attributes"))

    def answer(parsed: dict[str, Any], **_: object) -> None:  # the embedded AWS does not say it
        for one in parsed["Contents"]:
            if one["Key"] in restored:
                one["RestoreStatus"] = restored[one["Key"]]

    s3.meta.events.register("before-call.s3.ListObjectsV2", state)
    s3.meta.events.register("after-call.s3.ListObjectsV2", answer)
    archive = Objects(s3, "source", f"{owner}/")
    found = [one.name for one in archive.entries()]
    s3.meta.events.unregister("before-call.s3.ListObjectsV2", state)
    s3.meta.events.unregister("after-call.s3.ListObjectsV2", answer)

    assert asked == ["RestoreStatus"]
    assert found == ["restored.jpg"]
    assert archive.left_out() == {
        "archived objects: restore them first": 2,
        "folders that are hidden or belong to other programs": 0,
    }


def test_an_object_that_changed_since_it_was_listed_is_not_copied(aws: Aws, owner: str) -> None:
    s3 = aws.client("s3")
    s3.put_object(Bucket="source", Key=f"{owner}/a.jpg", Body=b"1")
    made, gallery = planned(aws, Objects(s3, "source", f"{owner}/"), owner)
    s3.put_object(Bucket="source", Key=f"{owner}/a.jpg", Body=b"2")

    sent = started(aws, made, gallery, owner).run(made.to_send, Pace(1e6))

    assert list(sent.failed) == [f"{owner}/a.jpg"]
    assert there(aws, owner) == {}


def test_the_pace_holds_also_after_a_pause() -> None:
    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 6))
        now[0] += seconds

    pace = Pace(4, clock=lambda: now[0], sleep=sleep)
    for pause in (0, 0, 10, 0):
        now[0] += pause
        pace.wait()

    assert slept == [0.25, 0.25]


def test_a_dry_run_says_all_and_sends_nothing(
    aws: Aws,
    owner: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment(aws.endpoint_url).items():
        monkeypatch.setenv(name, value)
    outputs = as_outputs_file(
        outputs_of(table=TABLE, photos_bucket=PHOTOS), tmp_path / "outputs.json"
    )
    write(tmp_path / "in", a=b"1", b=b"22")
    (tmp_path / "in/clip.mov").touch()
    command = ["import", str(tmp_path / "in"), f"--owner={owner}", f"--deployment={outputs}"]

    assert main([*command, "--dry-run", "--labeler=embedded", "--invocations=100"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "2 photos to send (0.0 GB), 0 already in the gallery, 0 copies of others"
    assert lines[1] == "left out: 1 videos"
    assert lines[-1].startswith("about USD 0.00, and at least 0.0 hours (")
    assert there(aws, owner) == {}


@pytest.mark.parametrize("address", ["s3://", "s3:///prefix"])
def test_an_address_without_a_bucket_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        bucket_and_prefix(address)
