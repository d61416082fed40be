"""An export has every byte and every edit, and importing it gives equal records."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

import rawfiles
from gallery import deployment, importing, queries, xmp
from gallery.__main__ import main
from gallery.archives import restore
from gallery.archives.exported import ABSENT, CHANGED, NO_KEY, Exported, is_export
from gallery.buckets import Bucket, Version
from gallery.costs import USD
from gallery.editing import Editor
from gallery.exporter import Done, Exporter
from gallery.manifests import (
    CHECKSUMS,
    MANIFEST,
    TAG_CHECKSUMS,
    WORK,
    ExportedPhoto,
    ManifestError,
    Scope,
    decode,
)
from gallery.records import Edits, Photo, Taken
from gallery.shell import CommandError, session_for
from gallery.table import Table
from local.clients import environment
from local.stack import Stack
from local.template import REPOSITORY
from outputs import as_outputs_file, outputs_of
from photofiles import DATE_TIME_ORIGINAL, bag, encode, gps, jpeg, picture, text, tiff_block
from photofiles import xmp as xmp_block
from shared.contracts import (
    Label,
    Position,
    Sidecar,
    TagRequest,
    TagResult,
    ThumbnailRequest,
    ThumbnailResult,
)
from shared.keys import split_upload_key
from shared.s3 import S3PhotoStore
from shared.sidecars import SIDECAR, write
from shared.versions import VERSIONS
from workflow.scripted import Scripted
from workflow.scripted import thumbnail as scripted_thumbnail
from workflow.world import World

Command = Callable[..., tuple[int, str, str]]

ADA, EVE = "eu-central-1:0a1b", "eve"
FOX, RTL, UPPER, LOWER = "2016/IMG 1 🦊.jpg", "2016/שלום.jpg", "2016/fête/A.jpg", "2016/fête/a.jpg"
RAW, TAKEOUT, TEXT, GONE = "CON.nef", "2017/from takeout.jpg", "notes.txt", "2017/gone.jpg"
COPY = "2017/a copy.jpg"
COVERS = {"2016": RTL, "2016/fête": UPPER}
EDITS = {
    FOX: Edits(
        title="זאב 🦊 <&>",
        description="one",
        keywords=["fox", "Füchse"],
        hidden_labels=["animal", "dog"],
        taken=Taken(local="2021-03-01T00:00:00", precision="month"),
        location=Position(latitude=52.518611, longitude=13.376111),
    ),
    UPPER: Edits(title="", keywords=[], removed=["location", "taken"]),
    RAW: Edits(taken=Taken(local="1999-12-31T23:59:59")),
    TAKEOUT: Edits(description="by a person"),
    TEXT: Edits(title="no photo, but edited"),
}


# A session keeps the descriptions of the services, which take a while to read.
session_of = cache(session_for)

# of check-jsonschema, which has no types
validator_of: Any = import_module("jsonschema").Draft202012Validator


def photo(number: int, title: str = "from the file") -> bytes:
    """Return a JPEG with a time and a place, unlike that of each other number."""
    exif = tiff_block(exif=[text(DATE_TIME_ORIGINAL, f"2016:04:09 14:08:{number:02}")], gps=gps())
    properties = f"<dc:title>{title}</dc:title>" + bag("dc:subject", "of the file", f"{number}")
    return jpeg(exif=exif, xmp=xmp_block(properties), width_px=40 + number)


BYTES = {
    FOX: photo(1),
    RTL: photo(2, "سلام"),
    UPPER: photo(3),
    LOWER: photo(4),
    RAW: rawfiles.nef(encode(picture(1200, 800), "JPEG")),
    TAKEOUT: encode(picture(50, 30), "JPEG"),
    TEXT: b"no photo",
    GONE: photo(5),
}
BYTES[COPY] = BYTES[LOWER]
THERE = {name: body for name, body in BYTES.items() if name != GONE}


def thumbnail(store: S3PhotoStore, request: ThumbnailRequest) -> ThumbnailResult:
    """Return the hash that the real step returns, and renditions that nothing has made."""
    with store.stream(request.photo, request.preview) as stream:
        sha256 = stream.hashed().sha256()
    return msgspec.structs.replace(scripted_thumbnail(request), sha256=sha256)


def tag(_: TagRequest) -> TagResult:
    return TagResult(
        labels=[Label(name="Dog", confidence=98.7, parents=["Animal"])],
        label_index=["dog", "animal"],
        labels_status="READY",
        labels_model="scripted 1",
        version=VERSIONS["tag"],
    )


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Start a gallery with photos, edits and covers of one owner."""
    functions = Scripted()
    with Stack.start(functions=functions, wait_scale=0) as running:
        functions.steps = {
            "extract": World(running, functions).extracted,
            "thumbnail": partial(thumbnail, S3PhotoStore(running.s3)),
            "tag": tag,
        }
        sidecar, _ = write(Sidecar(source="TAKEOUT", taken="2017-01-02T03:04:05Z", people=["Bo"]))
        for name, body in BYTES.items():
            running.s3.put_object(
                Bucket=running.photos_bucket,
                Key=f"uploads/{ADA}/{name}",
                Body=body,
                Metadata={SIDECAR: sidecar} if name == TAKEOUT else {},
            )
        running.wait_until_idle()
        edit(running, ADA, EDITS, COVERS)
        running.s3.delete_object(Bucket=running.photos_bucket, Key=f"uploads/{ADA}/{GONE}")
        running.s3.put_object(Bucket=running.photos_bucket, Key=f"uploads/{ADA}/empty/", Body=b"")
        running.wait_until_idle()
        yield running


def edit(stack: Stack, owner: str, edits: dict[str, Edits], covers: dict[str, str]) -> None:
    editor = Editor(stack.stepfunctions, stack.edit_arn, table(stack))
    for name, one in edits.items():
        editor.edit(owner, f"uploads/{owner}/{name}", one)
    for album, cover in covers.items():
        editor.request(owner, {"album": album, "cover": cover})


def table(stack: Stack) -> Table:
    return Table(stack.dynamodb, stack.table)


class Counted(Bucket):
    """A bucket that counts the objects that are read, and fails after some."""

    def __init__(self, stack: Stack, fail_after: int | None = None) -> None:
        super().__init__(stack.s3, stack.photos_bucket)
        self.read: list[str] = []
        self.fail_after = fail_after

    def get(self, found: Version) -> Any:  # noqa: ANN401  # S3's answer
        if self.fail_after is not None and len(self.read) >= self.fail_after:
            raise ConnectionError("the network is gone")
        self.read.append(found.key)
        return super().get(found)


def export(
    stack: Stack,
    folder: Path,
    *,
    photos: Bucket | None = None,
    owner: str | None = ADA,
    album: str | None = None,
) -> Done:
    photos = photos or Counted(stack)
    scope = Scope(bucket=photos.name, owner=owner, album=album)
    exporter = Exporter(table(stack), photos, [owner or ADA], folder, album)
    return exporter.run(exporter.plan(scope), scope, lambda _: None)


@pytest.fixture(scope="module")
def exported(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export") / "ada"
    export(stack, folder)
    return folder


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """Return a copy of the export, to be damaged."""
    return Path(shutil.copytree(exported, tmp_path / "copy"))


def photos_of(folder: Path) -> dict[str, ExportedPhoto]:
    """Return the photos of an export by their key without the owner."""
    found = decode((folder / MANIFEST).read_bytes()).photos
    return {one.key.removeprefix(f"uploads/{ADA}/"): one for one in found}


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return the bytes of the exported photos by their key without the owner."""
    return {name: (folder / one.path).read_bytes() for name, one in photos_of(folder).items()}


def test_every_byte_is_exported(exported: Path) -> None:
    photos = photos_of(exported)

    assert bytes_of(exported) == THERE
    assert {one.sha256 for one in photos.values()} == {
        hashlib.sha256(body).hexdigest() for body in THERE.values()
    }


def test_the_manifest_tells_statuses_albums_covers_and_what_was_left_out(exported: Path) -> None:
    manifest = decode((exported / MANIFEST).read_bytes())
    photos = photos_of(exported)

    assert {name: one.status for name, one in photos.items() if one.status != "READY"} == {
        TEXT: "REJECTED"
    }
    assert photos[TEXT].reason == "UNSUPPORTED_TYPE"
    assert {(one.path, one.photos, one.cover) for one in manifest.albums} == {
        ("", 2, None),
        ("2016", 2, f"uploads/{ADA}/{RTL}"),
        ("2016/fête", 2, f"uploads/{ADA}/{UPPER}"),
        ("2017", 2, None),
    }
    assert {(one.key, one.reason) for one in manifest.left_out} == {
        (f"uploads/{ADA}/{GONE}", "DELETED"),
        (f"uploads/{ADA}/empty/", "FOLDER"),
    }


def test_the_manifest_is_as_its_schema_says(exported: Path) -> None:
    schema = json.loads((REPOSITORY / "docs" / "manifest.schema.json").read_bytes())
    manifest = json.loads((exported / MANIFEST).read_bytes())
    validator = validator_of(schema)

    assert list(validator.iter_errors(manifest)) == []
    assert list(validator.iter_errors(manifest | {"surprise": 1}))


def test_names_that_a_file_system_refuses_are_changed(exported: Path) -> None:
    photos = photos_of(exported)
    paths = [one.path.casefold() for one in photos.values()]

    assert len(set(paths)) == len(paths)
    assert {name for name, one in photos.items() if one.renamed} == {LOWER, RAW}
    assert not any(":" in one.path for one in photos.values())  # of the owner
    assert Path(photos[FOX].path).name == Path(FOX).name
    assert Path(photos[RAW].path).name.startswith("_CON~")


@pytest.mark.parametrize("file", [CHECKSUMS, TAG_CHECKSUMS])
def test_sha256sum_accepts_the_checksums(exported: Path, file: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own arguments
        ["sha256sum", "--check", "--strict", "--quiet", file],  # noqa: S607  # coreutils
        cwd=exported,
        check=False,
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    listed = {line.split("  ", 1)[1] for line in (exported / file).read_text().splitlines()}
    folder = exported / "data" if file == CHECKSUMS else exported
    there = folder.rglob("*") if file == CHECKSUMS else folder.glob("*")
    assert listed == {path.relative_to(exported).as_posix() for path in there if path.is_file()} - {
        TAG_CHECKSUMS
    }


def test_a_second_run_fetches_nothing_and_changes_nothing(stack: Stack, copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    photos = Counted(stack)

    done = export(stack, copy, photos=photos)

    assert (photos.read, done.fetched, done.leftovers) == ([], 0, [])
    after = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    changing = {copy / MANIFEST, copy / TAG_CHECKSUMS}  # the time of the export
    assert {path: after[path] for path in after.keys() - changing} == {
        path: before[path] for path in before.keys() - changing
    }


def test_an_export_that_was_interrupted_goes_on(stack: Stack, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    with pytest.raises(CommandError, match="Run the same command again"):
        export(stack, folder, photos=Counted(stack, fail_after=3))
    with pytest.raises(CommandError, match="unfinished"):
        Exported(folder)
    whole = {
        path.name
        for path in (folder / "data").rglob("*")
        if path.suffix in {".jpg", ".nef", ".txt"}
    }
    with (folder / WORK / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"path":"data/half a li')  # the power failed
    (folder / WORK / "9.part").write_bytes(b"half a photo")

    photos = Counted(stack)
    export(stack, folder, photos=photos)

    assert len(photos.read) + len(whole) == len(THERE)
    assert not (folder / WORK).exists()
    assert {
        name: (folder / one.path).read_bytes() for name, one in photos_of(folder).items()
    } == THERE


@pytest.mark.parametrize("name", [FOX, RAW, TEXT])  # the row has the hash of the first one only
@pytest.mark.parametrize("damage", ["cut", "changed", "deleted", "a folder"])
def test_a_damaged_file_is_fetched_again(stack: Stack, copy: Path, name: str, damage: str) -> None:
    file = copy / photos_of(copy)[name].path
    body = file.read_bytes()
    match damage:
        case "cut":
            file.write_bytes(body[:-1])
        case "changed":
            file.write_bytes(body[:-1] + b"!")
        case "deleted":
            file.unlink()
        case "a folder":
            file.unlink()
            file.mkdir()
    photos = Counted(stack)
    if damage == "a folder":
        with pytest.raises(CommandError):
            export(stack, copy, photos=photos)
        return

    export(stack, copy, photos=photos)

    assert [key.removeprefix(f"uploads/{ADA}/") for key in photos.read] == [name]
    assert file.read_bytes() == body


def test_without_manifest_and_journal_only_files_without_a_known_hash_are_fetched(
    stack: Stack, copy: Path
) -> None:
    (copy / MANIFEST).unlink()
    (copy / WORK).mkdir()
    photos = Counted(stack)

    export(stack, copy, photos=photos)

    assert {key.removeprefix(f"uploads/{ADA}/") for key in photos.read} == {RAW, TEXT}
    assert photos_of(copy)[TAKEOUT].metadata.keys() == {SIDECAR}


def test_an_export_is_never_mixed_with_other_files(
    stack: Stack, copy: Path, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("mine")

    with pytest.raises(CommandError, match="no export"):
        export(stack, tmp_path)
    with pytest.raises(CommandError, match="not of the album '2016'"):
        export(stack, copy, album="2016")


def test_an_album_is_exported_with_the_albums_within_it(stack: Stack, tmp_path: Path) -> None:
    done = export(stack, tmp_path / "album", album="2016")

    assert set(photos_of(tmp_path / "album")) == {FOX, RTL, UPPER, LOWER}
    assert [album.path for album in done.manifest.albums] == ["2016", "2016/fête"]
    assert done.manifest.left_out == []


def test_a_sidecar_tells_edits_from_what_the_file_states(stack: Stack, exported: Path) -> None:
    for name, one in photos_of(exported).items():
        edits = xmp.read((exported / one.sidecar).read_bytes())
        record = queries.photo(table(stack), ADA, f"uploads/{ADA}/{name}")
        assert record is not None
        assert edits == record.edits
        assert (edits == Edits()) == (name not in EDITS)


def comparable(record: Photo) -> Photo:
    """Return a record without what the time, the key and the version of an upload decide.

    The time of a photo that has no other is that of its upload.
    """
    renditions = {
        name: msgspec.structs.replace(one, key="") for name, one in record.renditions.items()
    }
    path = record.key.partition("/")[2].partition("/")[2]
    return msgspec.structs.replace(
        record,
        key=path,
        uploaded_at=None,
        version_id=None,
        renditions=renditions,
        sort_time=record.sort_time if record.taken_at is not None else None,
    )


@pytest.fixture
def run(
    stack: Stack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Return what runs a command, and returns its exit status and what it printed."""
    outputs = as_outputs_file(outputs_of(stack), tmp_path / "outputs.json")
    for name, value in environment(stack.endpoint_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(deployment, "session_for", session_of)

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--deployment", str(outputs)])
        return status, *capsys.readouterr()

    return run


def test_import_of_an_export_gives_equal_records(
    stack: Stack, exported: Path, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "paced", lambda *_: (1, 1e-9, "no limit"))
    monkeypatch.setattr(restore, "WAIT_SECONDS", 0.2)

    status, printed, error = run("import", str(exported), "--owner", EVE, "--json")
    again, printed_again, _ = run("import", str(exported), "--owner", EVE, "--json")

    assert (status, again) == (0, 0), error
    first, second = json.loads(printed), json.loads(printed_again)
    assert (first["sent"], first["failed"], first["renamed"], first["left_out"]) == (8, {}, {}, {})
    assert (second["sent"], second["known"]) == (0, 8)
    stack.wait_until_idle()
    for name in THERE:
        ada, eve = (
            queries.photo(table(stack), owner, f"uploads/{owner}/{name}") for owner in (ADA, EVE)
        )
        assert ada is not None
        assert eve is not None
        assert comparable(eve) == comparable(ada)
        assert ada.edits.hidden_labels == eve.edits.hidden_labels
    covers = [
        {
            album.path: (album.photos, album.cover and split_upload_key(album.cover.key).file)
            for album in queries.albums(table(stack), owner).items
        }
        for owner in (ADA, EVE)
    ]
    assert covers[0] == covers[1]
    assert covers[0]["2016"] == (2, Path(RTL).name)


def test_a_damaged_export_says_what_it_lacks(copy: Path, tmp_path: Path) -> None:
    photos = photos_of(copy)
    (copy / photos[FOX].path).unlink()
    (copy / photos[RTL].path).write_bytes(BYTES[RTL][:-1])
    (copy / photos[COPY].path).unlink()
    (copy / photos[COPY].path).symlink_to(Path(photos[LOWER].path).absolute())
    album = (copy / photos[UPPER].path).parent  # with LOWER
    album.rename(tmp_path / "elsewhere")
    album.symlink_to(tmp_path / "elsewhere")
    sidecar = copy / photos[TAKEOUT].sidecar
    sidecar.write_bytes(sidecar.read_bytes().replace(b"by a person", b"by a robot!"))
    (copy / photos[RAW].sidecar).unlink()

    archive = Exported(copy)

    edits = {f"{one.folder}/{one.name}".strip("/"): one.edits for one in archive.entries()}
    assert edits == {TAKEOUT: None, RAW: None, TEXT: EDITS[TEXT]}
    assert archive.left_out() == {ABSENT: 5, CHANGED: 2}


@pytest.mark.parametrize(
    "path", ["data/../../x", "/etc/passwd", "data//x", "data/./x", "data/c:x", "data/a\\b", "x"]
)
def test_a_path_that_leads_out_of_the_folder_is_refused(copy: Path, path: str) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    manifest["photos"][0]["path"] = path
    (copy / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(CommandError, match=r"leads out|regex"):
        Exported(copy)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"version": 2}, "version"),
        ({"surprise": 1}, "unknown field `surprise`"),
        ({"photos": None}, "photos"),
    ],
)
def test_an_unknown_manifest_is_refused(copy: Path, change: dict[str, Any], refusal: str) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes()) | change

    with pytest.raises(ManifestError, match=refusal):
        decode(json.dumps(manifest).encode())


def test_a_manifest_may_state_what_does_not_exist(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    manifest["photos"] = [one for one in manifest["photos"] if one["key"].endswith(FOX)]
    manifest["photos"][0] |= {"uploaded_at": "2024-99-99T99:99:99Z", "metadata": {SIDECAR: "z:?"}}
    manifest["photos"] += [
        manifest["photos"][0] | {"key": "x", "path": "data/x", "sidecar": "data/y"}
    ]
    for album, cover in zip(manifest["albums"], ["x", f"uploads/{EVE}/a", RTL, ""], strict=True):
        album["cover"] = cover
    (copy / MANIFEST).write_text(json.dumps(manifest))

    archive = Exported(copy)

    [entry] = archive.entries()
    assert (entry.modified, entry.sidecar, entry.is_cover) == (None, None, False)
    assert archive.left_out() == {NO_KEY: 1}


def test_an_export_of_several_owners_is_imported_by_owner(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST).read_bytes())
    manifest["photos"][0]["key"] = "uploads/bob/b.jpg"
    (copy / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(CommandError, match=f"choose one of 'bob', '{ADA}'"):
        Exported(copy)
    assert [one.name for one in Exported(copy, "bob").entries()] == ["b.jpg"]
    assert is_export(copy)
    assert not is_export(copy / "data")


def test_a_dry_run_prints_the_figures_and_writes_nothing(run: Command, tmp_path: Path) -> None:
    folder = tmp_path / "new"

    status, printed, _ = run("export", str(folder), "--owner", ADA, "--dry-run", "--json")

    size = sum(map(len, THERE.values()))
    figures = json.loads(printed)
    assert (status, folder.exists()) == (0, False)
    assert figures["usd"] == pytest.approx(
        USD["S3, PUT"]  # one page of a list
        + 8 * USD["S3, GET"]
        + 8 * USD["DynamoDB, read unit"]
        + size / 1e9 * USD["S3, GB to the internet"],
        abs=1e-6,
    )
    expected = {"photos": 8, "bytes": size, "photos_to_fetch": 8, "bytes_to_fetch": size}
    assert {name: figures[name] for name in expected} == expected
    assert figures["left_out"] == {"DELETED": 1, "FOLDER": 1}


def test_the_command_exports_and_then_has_nothing_to_fetch(run: Command, tmp_path: Path) -> None:
    folder = str(tmp_path / "new")

    status, printed, _ = run("export", folder, "--owner", ADA, "--json")
    again, printed_again, _ = run("export", folder, "--owner", ADA, "--json")

    assert (status, again) == (0, 0)
    fetched = [(one["photos"], one["fetched"]) for one in map(json.loads, (printed, printed_again))]
    assert fetched == [(8, 8), (8, 0)]
    assert json.loads(printed_again)["usd"] < json.loads(printed)["usd"]


def test_a_full_disk_is_told_before_anything_is_fetched(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 9))  # noqa: SLF001

    status, _, error = run("export", str(tmp_path / "new"), "--owner", ADA)

    assert (status, (tmp_path / "new").exists()) == (1, False)
    assert "GB free" in error


def test_an_album_without_its_owner_is_refused(run: Command, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        run("export", str(tmp_path / "new"), "--album", "2016")

    assert ended.value.code == 2


def test_an_archived_photo_is_left_out_until_it_is_restored(stack: Stack, tmp_path: Path) -> None:
    key = "uploads/zoe/old.jpg"
    stack.s3.put_object(
        Bucket=stack.photos_bucket, Key=key, Body=BYTES[FOX], StorageClass="GLACIER"
    )

    done = export(stack, tmp_path / "zoe", owner="zoe")
    assert [(one.key, one.reason) for one in done.manifest.left_out] == [(key, "ARCHIVED")]

    stack.s3.restore_object(Bucket=stack.photos_bucket, Key=key, RestoreRequest={"Days": 1})
    done = export(stack, tmp_path / "zoe", owner="zoe")
    assert [one.key for one in done.manifest.photos] == [key]
    stack.wait_until_idle()


class Unreliable(Counted):
    """A bucket with answers that end early, or have another byte."""

    def __init__(self, stack: Stack, *, broken: int, wrong: int) -> None:
        super().__init__(stack)
        self.broken, self.wrong = broken, wrong

    def get(self, found: Version) -> Any:  # noqa: ANN401  # S3's answer
        answer = super().get(found)
        body = answer["Body"].read()
        if self.broken:
            self.broken -= 1
            return {**answer, "Body": Body(body[:-1], breaks=True)}
        if self.wrong:
            self.wrong -= 1
            return {**answer, "Body": Body(body[:-1] + b"!")}
        return {**answer, "Body": Body(body)}


class Denying(Counted):
    """A bucket in which S3 refuses to read one photo."""

    def __init__(self, stack: Stack, code: str) -> None:
        super().__init__(stack)
        self.code = code

    def get(self, found: Version) -> Any:  # noqa: ANN401  # S3's answer
        if found.key == f"uploads/{ADA}/{FOX}":
            raise ClientError({"Error": {"Code": self.code}}, "GetObject")
        return super().get(found)


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException"])
def test_a_photo_that_may_not_be_read_is_told_and_the_others_are_exported(
    stack: Stack, tmp_path: Path, code: str
) -> None:
    done = export(stack, tmp_path / "new", photos=Denying(stack, code), album="2016")

    assert [(one.key, one.reason) for one in done.manifest.left_out] == [
        (f"uploads/{ADA}/{FOX}", "DENIED")
    ]
    assert bytes_of(tmp_path / "new") == {name: BYTES[name] for name in (RTL, UPPER, LOWER)}


@dataclass
class Body:
    content: bytes
    breaks: bool = False

    def iter_chunks(self, _size: int) -> Iterator[bytes]:
        yield self.content
        if self.breaks:
            raise ReadTimeoutError(endpoint_url="s3")


@pytest.mark.parametrize(("broken", "wrong"), [(2, 0), (0, 2), (1, 1)])
def test_an_answer_that_is_broken_or_wrong_is_asked_for_again(
    stack: Stack, tmp_path: Path, broken: int, wrong: int
) -> None:
    photos = Unreliable(stack, broken=broken, wrong=wrong)

    done = export(stack, tmp_path / "new", photos=photos, album="2016")

    assert (done.fetched, len(photos.read)) == (4, 6)
    assert bytes_of(tmp_path / "new") == {name: BYTES[name] for name in (FOX, RTL, UPPER, LOWER)}


def test_bytes_that_stay_wrong_are_left_out_and_told(stack: Stack, tmp_path: Path) -> None:
    done = export(
        stack, tmp_path / "new", photos=Unreliable(stack, broken=0, wrong=99), album="2017"
    )

    assert {one.reason for one in done.manifest.left_out if one.reason != "DELETED"} == {
        "DIFFERENT"
    }
    assert list((tmp_path / "new" / "data").rglob("*.*")) == []


def test_a_photo_that_is_replaced_while_the_export_runs_is_told(
    stack: Stack, tmp_path: Path
) -> None:
    key = f"uploads/{EVE}/replaced.txt"
    stack.upload(key, b"old")
    photos, scope = Counted(stack), Scope(bucket=stack.photos_bucket, owner=EVE)
    exporter = Exporter(table(stack), photos, [EVE], tmp_path / "eve", None)
    plan = exporter.plan(scope)
    [version] = [one.found.version_id for one in plan.originals if one.found.key == key]
    stack.s3.delete_object(Bucket=stack.photos_bucket, Key=key, VersionId=str(version))

    done = exporter.run(plan, scope, lambda _: None)

    stack.wait_until_idle()
    assert (key, "CHANGED") in {(one.key, one.reason) for one in done.manifest.left_out}
