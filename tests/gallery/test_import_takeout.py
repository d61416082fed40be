"""A Google Takeout becomes photos in the gallery, with what Google said of them."""

import io
import json
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

import photofiles as pf
from gallery import queries
from gallery.__main__ import main
from gallery.records import Photo
from gallery.table import Table
from local.clients import environment
from local.functions import InProcess
from local.stack import Stack
from outputs import as_outputs_file, outputs_of
from shared.contracts import Location, Person, TakenAt
from takeouts import NAMED, ROOT, YEAR, facts, write_json, write_photo

EXACT = ["--labeler=embedded", "--invocations=1000"]  # nobody is asked for quotas
ALBUM = "Ada & Grace: 2019"
DATED = pf.tiff_block(
    [pf.text(pf.DESCRIPTION, "Of the camera")],
    [pf.text(pf.DATE_TIME_ORIGINAL, "2019:07:14 22:30:05")],
)


# test_takeout.py has all ways of naming; these go through every step.
SENT = [
    one
    for one in NAMED
    if one.name is not None
    or one.photo
    in {
        *("IMG_1.jpg", "IMG_2.jpg", "IMG_2(1).jpg", "IMG_2-bearbeitet.jpg", "IMG_6.jpg"),
        *("IMG_3(1).jpg", "IMG_3(1)-modifie\u0301.jpg", "no facts.jpg"),
    }
]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with (
        pytest.MonkeyPatch.context() as patched,
        Stack.start(functions=InProcess(), wait_scale=0) as stack,
    ):
        for name, value in environment(stack.endpoint_url).items():
            patched.setenv(name, value)
        yield stack


@pytest.fixture(scope="module")
def outputs(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_outputs_file(outputs_of(stack), tmp_path_factory.mktemp("outputs") / "outputs.json")


def jpeg(number: int, exif: bytes = b"") -> bytes:
    """Return a small photo like no other one."""
    picture = io.BytesIO()
    Image.new("RGB", (32, 24), (number * 9 % 256, number * 5 % 256, 90)).save(picture, "JPEG")
    return (
        picture.getvalue()[:2] + (pf.exif_segment(exif) if exif else b"") + picture.getvalue()[2:]
    )


def make(root: Path) -> None:
    """Write the Takeout: a year with every way of naming, and an album with two photos of it."""
    for number, named in enumerate(SENT):
        photo = jpeg(number, DATED if named.photo == "IMG_2.jpg" else b"")
        write_photo(root / ROOT / YEAR / named.photo, photo)
        if named.facts is not None:
            said = facts(named.title or named.photo, number_of(named.facts))
            write_json(root / ROOT / YEAR / f"{named.facts}.json", said)
    write_photo(root / ROOT / YEAR / "IMG_1.mp4", b"live")
    album = root / ROOT / "Ada _ Grace_ 2019"
    write_json(album / "Metadaten.json", {"title": ALBUM, "access": "protected"})
    for number, name in enumerate(("IMG_1.jpg", "IMG_2.jpg")):
        write_photo(album / name, jpeg(number, DATED if name == "IMG_2.jpg" else b""))
        write_json(album / f"{name}.json", facts(name, number_of(f"album {name}")))


def number_of(name: str) -> int:
    """Return a number for a JSON file, by which its content is recognized."""
    return sum(map(ord, name)) % 100  # all near Paris


def record(stack: Stack, path: str) -> Photo:
    photo = queries.photo(Table(stack.dynamodb, stack.table), "ada", f"uploads/ada/{path}")
    assert photo is not None, path
    return photo


def test_a_takeout_is_imported_once_with_what_google_said_of_each_photo(
    stack: Stack, outputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path)
    command = ["import", "--takeout", str(tmp_path), "--owner=ada", f"--deployment={outputs}"]

    status = main([*command, *EXACT, "--json", "--max-concurrency=1000"])

    stack.wait_until_idle()
    said = json.loads(capsys.readouterr().out)
    assert (status, said["failed"], said["refused"]) == (0, {}, {})
    assert (said["sent"], said["copies"]) == (len(SENT), 2)
    assert said["left_out"] == {"videos": 1}
    for named in SENT:
        name = unicodedata.normalize("NFC", named.name or named.photo)
        photo = record(stack, f"{ALBUM if name in {'IMG_1.jpg', 'IMG_2.jpg'} else YEAR}/{name}")
        assert photo.status == "READY"
        if named.facts is None:
            assert (photo.taken_at, photo.sources) == (None, None)
            continue
        if name == "IMG_2.jpg":  # the file states these, and Google repeats them
            assert photo.description == "Of the camera"
            assert photo.taken_at == TakenAt(
                local="2019-07-14T22:30:05", source="EXIF:DateTimeOriginal"
            )
            assert photo.sources == {"location": "TAKEOUT", "people": "TAKEOUT"}
            continue
        number = number_of(f"album {name}" if name == "IMG_1.jpg" else named.facts)
        assert photo.description == f"Description {number}"
        assert photo.people == [Person(name=f"Person {number}")]
        assert photo.location == Location(
            latitude=round(48 + number / 100, 6), longitude=2.3, altitude_m=33.5
        )
        assert photo.place is not None
        assert photo.sources == dict.fromkeys(("description", "location", "people"), "TAKEOUT")
        if photo.taken_at is not None and photo.taken_at.source == "FILENAME":
            assert name.startswith("Screenshot_")  # by the clock of the phone
            continue
        moment = datetime.fromtimestamp(1_563_136_200, UTC) + timedelta(seconds=number)
        local = moment.replace(tzinfo=None).isoformat()
        assert photo.taken_at == TakenAt(local=local, source="TAKEOUT", offset="Z", utc=f"{local}Z")

    assert main([*command, *EXACT]) == 0
    again = capsys.readouterr().out
    assert again.startswith(f"0 photos to send (0.0 GB), {len(SENT) + 2} already in the gallery")


def test_what_google_said_survives_a_move(stack: Stack) -> None:
    """The page moves a photo by CopyObject, which keeps the object's metadata."""
    before = record(stack, f"{YEAR}/IMG_6.jpg")
    assert before.sources is not None
    key = f"uploads/ada/Moved/{YEAR}.jpg"

    stack.s3.copy_object(
        Bucket=stack.photos_bucket,
        Key=key,
        CopySource={"Bucket": stack.photos_bucket, "Key": before.key},
    )
    stack.wait_until_idle()

    moved = record(stack, key.removeprefix("uploads/ada/"))
    assert (moved.taken_at, moved.people, moved.sources) == (
        before.taken_at,
        before.people,
        before.sources,
    )
