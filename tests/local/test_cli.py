"""`python -m local` as its caller sees it: output, files and exit status."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.__main__ import DEMO_PHOTOS, main
from local.process import OutputError, Photo
from models.build import ModelUnavailableError, WrongWeightsError
from signals import IGNORABLE, default_signals, ignored_signals

ROOT = Path(__file__).parents[2]
PHOTOS = {path.name for path in DEMO_PHOTOS.iterdir()} - {"README.md"}


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # its own process group: `assert_nothing_runs` looks for leftovers
    )


def run(*arguments: str | Path) -> tuple[int, str, str]:
    """Return exit status, stdout and stderr."""
    with start(*arguments) as command:
        out, err = command.communicate(timeout=120)
    assert_nothing_runs(command)
    return command.returncode, out, err


def fill(folder: Path, *, photos: int) -> None:
    """Create a folder with copies of a photo."""
    folder.mkdir()
    for number in range(photos):
        shutil.copy(DEMO_PHOTOS / "chelsea.jpg", folder / f"{number}.jpg")


def assert_nothing_runs(command: subprocess.Popen[str]) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(command.pid, 0)


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[dict[str, Any]], str]:
    """Process the demo's photos by `process --json`; return exit status, documents and stderr."""
    output = tmp_path_factory.mktemp("output")
    status, out, err = run("process", DEMO_PHOTOS, "--json", "--output", output)
    return status, [json.loads(line) for line in out.splitlines()], err


class TestProcess:
    def test_every_photo_has_one_json_document(
        self, processed: tuple[int, list[dict[str, Any]], str]
    ) -> None:
        status, documents, err = processed

        assert status == 0, err
        assert sorted(Path(document["file"]).name for document in documents) == sorted(PHOTOS)
        ends = {Path(document["file"]).name: document["status"] for document in documents}
        assert ends.pop("not-a-photo.jpg") == "REJECTED"
        assert set(ends.values()) == {"READY"}

    def test_progress_is_on_stderr(self, processed: tuple[int, list[dict[str, Any]], str]) -> None:
        assert f"{len(PHOTOS)} of {len(PHOTOS)} photos" in processed[2]

    def test_a_document_is_the_stored_record(
        self, processed: tuple[int, list[dict[str, Any]], str]
    ) -> None:
        rocket = of(processed[1], "rocket.jpg")

        assert rocket["key"] == "uploads/demo/rocket.jpg"
        assert (rocket["format"], rocket["width_px"], rocket["height_px"]) == ("JPEG", 640, 427)
        assert rocket["taken_at"]["local"] == "2015-02-11T18:03:32"
        assert rocket["taken_at"]["utc"] == "2015-02-11T23:03:32Z"
        assert rocket["location"]["longitude"] == pytest.approx(-80.577366, abs=1e-5)
        assert rocket["camera"]["model"] == "Canon EOS 5D Mark III"
        assert set(rocket["keywords"]) == {"rocket", "Cape Canaveral", "fusée & lumière", "launch"}
        assert {"Claim", "Extract", "Thumbnail", "Tag", "Publish"} <= rocket["states_ms"].keys()

    def test_renditions_are_on_this_disk(
        self, processed: tuple[int, list[dict[str, Any]], str]
    ) -> None:
        for document in processed[1]:
            for rendition in document.get("renditions", {}).values():
                path = Path(rendition["path"])
                assert path.stat().st_size == rendition["bytes"]
                assert document.get("copyright", "none").encode() not in path.read_bytes()
                with Image.open(path) as picture:
                    assert picture.size == (rendition["width_px"], rendition["height_px"])

    def test_the_demo_photos_show_what_their_readme_says(
        self, processed: tuple[int, list[dict[str, Any]], str]
    ) -> None:
        documents = processed[1]

        astronaut = of(documents, "astronaut.jpg")
        assert (astronaut["width_px"], astronaut["height_px"]) == (384, 512)
        assert "utc" not in of(documents, "camera.png")["taken_at"]
        assert of(documents, "coffee.heic")["camera"]["model"] == "iPhone 8"
        assert of(documents, "chelsea.jpg")["location"]["latitude"] < 0
        assert of(documents, "chelsea.jpg")["copyright"] == "Stefan van der Walt; CC0 1.0"
        assert of(documents, "cut-short.jpg")["truncated"] == 1
        assert "taken_at" not in of(documents, "hubble.avif")
        assert of(documents, "not-a-photo.jpg")["reason"] == "UNSUPPORTED_TYPE"

    def test_the_record_is_on_this_disk_too(
        self, processed: tuple[int, list[dict[str, Any]], str]
    ) -> None:
        rocket = of(processed[1], "rocket.jpg")
        record = Path(rocket["renditions"]["thumb"]["path"]).with_name("record.json")

        assert json.loads(record.read_text()) == rocket


def of(documents: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(document for document in documents if Path(document["file"]).name == name)


def test_demo_prints_a_table_and_writes_a_contact_sheet(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("chelsea.jpg", "not-a-photo.jpg"):
        shutil.copy(DEMO_PHOTOS / name, tmp_path / "in" / name)
    output = tmp_path / "out"

    status, out, err = run("demo", tmp_path / "in", "--output", output, "--keep-copyright")

    assert status == 0, err
    assert "2 photos: 1 READY, 1 REJECTED (UNSUPPORTED_TYPE)" in out
    assert "14 Aug 2021, 09:31 +02:00" in out
    assert f"Contact sheet: {output / 'index.html'}" in out
    page = (output / "index.html").read_text()
    assert 'src="photos/chelsea.jpg/thumb.webp"' in page
    assert (
        b"Stefan van der Walt; CC0 1.0" in (output / "photos/chelsea.jpg/thumb.webp").read_bytes()
    )
    assert (output / "photos/not-a-photo.jpg/record.json").exists()


def test_a_failed_photo_sets_the_exit_status(tmp_path: Path) -> None:
    deep = tmp_path.joinpath("in", *["x" * 250] * 5)  # too long a key for S3 and for DynamoDB
    deep.mkdir(parents=True)
    shutil.copy(DEMO_PHOTOS / "chelsea.jpg", deep)
    shutil.copy(DEMO_PHOTOS / "chelsea.jpg", tmp_path / "in")

    status, out, err = run("process", tmp_path / "in", "--json", "--output", tmp_path / "out")

    documents = [json.loads(line) for line in out.splitlines()]
    assert status == 1, err
    assert sorted(document["status"] for document in documents) == ["FAILED", "READY"]


@pytest.mark.parametrize("number", [*IGNORABLE, signal.SIGTERM])
def test_a_signal_stops_at_once_and_leaves_nothing_behind(
    number: signal.Signals, tmp_path: Path
) -> None:
    fill(tmp_path / "in", photos=40)

    with default_signals():
        command = start("process", tmp_path / "in", "--json", "--output", tmp_path / "demo")
    with command:
        assert command.stdout
        command.stdout.readline()
        os.killpg(command.pid, number)  # a terminal, too, sends it to the whole group
        _, err = command.communicate(timeout=20)

    assert command.returncode == 128 + number, err
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    assert_nothing_runs(command)


def test_signals_that_the_caller_ignores_stop_nothing(tmp_path: Path) -> None:
    """As under `nohup`, and in the background of a shell script."""
    fill(tmp_path / "in", photos=6)

    with ignored_signals():
        command = start("process", tmp_path / "in", "--json", "--output", tmp_path / "demo")
    with command:
        assert command.stdout
        command.stdout.readline()
        for number in IGNORABLE:
            os.killpg(command.pid, number)
        out, err = command.communicate(timeout=60)

    assert command.returncode == 0, err
    assert len(out.splitlines()) == 5


def test_a_reader_that_closes_the_pipe_causes_no_traceback(tmp_path: Path) -> None:
    fill(tmp_path / "in", photos=5)

    with start("process", tmp_path / "in", "--json", "--output", tmp_path / "demo") as command:
        assert command.stdout
        assert command.stderr
        command.stdout.readline()
        command.stdout.close()
        err = command.stderr.read()

    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    assert_nothing_runs(command)


@pytest.mark.parametrize(
    "arguments",
    [[], ["dance"], ["process"], ["demo", "--stages", "clouds"], ["process", "/nowhere.jpg"]],
    ids=" ".join,
)
def test_wrong_usage_ends_with_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)

    printed = capsys.readouterr()
    assert status == 2
    assert printed.out == ""
    assert "python -m local" in printed.err


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run `process` in this process, check that its status is 2, and return its line on stderr."""

    def process(*arguments: str | Path, output: Path = tmp_path / "out") -> str:
        photo = DEMO_PHOTOS / "chelsea.jpg"
        status = main(["process", str(photo), "--output", str(output), *map(str, arguments)])
        printed = capsys.readouterr()
        assert status == 2
        assert printed.out == ""
        [line] = printed.err.splitlines()
        return line

    return process


def test_an_output_that_cannot_be_created_is_reported_in_one_line(
    tmp_path: Path, refused: Callable[..., str]
) -> None:
    file = tmp_path / "file"
    file.touch()

    assert str(file) in refused(output=file)


def test_an_empty_output_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    photo = shutil.copy(DEMO_PHOTOS / "chelsea.jpg", tmp_path)

    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-m", "local", "process", "--output", "", photo],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert "empty name" in done.stderr
    assert list(tmp_path.iterdir()) == [Path(photo)]


@pytest.mark.parametrize("output", ["", "demo"])
def test_an_output_in_the_folder_of_the_photos_is_refused(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(tmp_path / "in", photos=1)

    status = main(["process", str(tmp_path / "in"), "--output", str(tmp_path / "in" / output)])

    assert status == 2
    assert "the folder of the photos" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["0.jpg"]


def test_a_device_is_refused_before_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["process", "--output", str(tmp_path / "out"), "/dev/zero"])

    assert status == 2
    assert "/dev/zero is no file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_keeps_the_results_so_far_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*_: object) -> Iterator[dict[str, Any]]:
        yield {"file": "/in/first.jpg", "status": "READY"}
        raise OutputError("cannot write to /full: No space left on device. 12 kB are free")

    monkeypatch.setattr("local.__main__._run", run_out)
    photo = str(DEMO_PHOTOS / "chelsea.jpg")

    for command in ("demo", "process"):
        status = main([command, photo, "--output", str(tmp_path / "out")])
        printed = capsys.readouterr()
        assert status == 1
        assert "first.jpg" in printed.out
        assert "1 photo: 1 READY" in printed.out
        [line] = printed.err.splitlines()
        assert "/full: No space left on device. 12 kB are free" in line


CTRL_C_BEFORE_AN_IMPORT = """
import os, runpy, signal, sys

def interrupt(event, arguments):
    if event == "import" and arguments[0] == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGINT)

module = sys.argv[1]
sys.addaudithook(interrupt)
sys.argv[0] = "-m"  # as it is while Python imports the package of a program
runpy.run_module(module, run_name="__main__", alter_sys=False)
"""


@pytest.mark.parametrize("imported", ["pathlib", "argparse", "botocore", "local.functions"])
@pytest.mark.parametrize("module", ["local", "local.site"])
def test_ctrl_c_during_the_imports_prints_no_traceback(module: str, imported: str) -> None:
    # Without site: pathlib is not imported before the program is.
    paths = os.pathsep.join([str(ROOT), *sys.path[1:]])
    with default_signals():
        command = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-S", "-c", CTRL_C_BEFORE_AN_IMPORT, module, imported],
            check=False,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": paths},
        )

    assert (command.returncode, command.stderr) == (-signal.SIGINT, "")


def test_stderr_has_the_progress_and_nothing_else(
    processed: tuple[int, list[dict[str, Any]], str],
) -> None:
    steps = [f"{done} of {len(PHOTOS)} photos" for done in range(1, len(PHOTOS) + 1)]

    assert processed[2].splitlines() == steps


def test_a_missing_docker_client_is_reported_in_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER", "/nowhere/docker")

    assert "docker client" in refused("--stages", "docker")


def test_a_docker_that_fails_is_reported_in_one_line(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER", "false")

    line = refused("--stages", "docker")

    assert "false network" in line


@pytest.mark.parametrize("error", [ModelUnavailableError, WrongWeightsError])
def test_a_missing_label_model_is_reported_in_one_line(
    error: type[Exception], refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*, report: object) -> Path:
        assert report
        raise error("no weights")

    monkeypatch.setattr("local.labels.ensure_model", fail)

    assert "no weights" in refused()


def test_a_folder_that_cannot_be_read_is_reported_and_sets_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(*_: object, on_error: Callable[[OSError], None], **__: object) -> list[Photo]:
        on_error(PermissionError(errno.EACCES, "Permission denied", "/locked"))
        return [Photo(DEMO_PHOTOS / "chelsea.jpg", Path("chelsea.jpg"))]

    monkeypatch.setattr("local.__main__.find_photos", find)
    monkeypatch.setattr(
        "local.__main__._run", lambda *_: (each for each in [{"file": "", "status": "READY"}])
    )

    photos = str(tmp_path / "in")
    assert main(["process", photos, "--json", "--output", str(tmp_path / "out")]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "/locked" in line
