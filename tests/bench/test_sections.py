"""The computations of the sections are right. Their measurements are not tested."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import pyvips

from bench import ROOT, cold, corpus, memory, peers, plots, thumbnail
from bench.peers import Peers
from bench.rounds import Measured, Sample, Tool, programs, workers
from bench.workers import ours
from gallery import costs
from shared.limits import WAYS


def test_a_program_has_the_cpu_time_of_its_process_alone() -> None:
    commands = {
        name: [sys.executable, "-I", "-S", "-c", program]
        for name, program in {"slow": "sum(range(5_000_000))", "quick": "pass"}.items()
    }
    tools = [Tool(name, programs(commands), name) for name in commands]

    with workers() as running:
        slow, quick = (running.ask(one, one.operation, Path(os.devnull)) for one in tools)

    assert slow["cpu_ms"] > 2 * quick["cpu_ms"] > 0


def test_a_program_that_fails_says_why_and_may_say_much() -> None:
    program = "import sys; sys.stderr.write('x' * 1_000_000); sys.exit('no such thing')"
    tool = Tool("fails", programs({"fails": [sys.executable, "-c", program]}), "fails")

    with workers() as running:
        answer = running.ask(tool, tool.operation, Path(os.devnull))

    assert answer["error"].endswith("no such thing")


@pytest.mark.parametrize("image", cold.IMAGES)
def test_the_start_programs_run_with_the_rooms_of_their_image(image: str, tmp_path: Path) -> None:
    dockerfile = (ROOT / "images" / image / "Dockerfile").read_text()
    for room in re.findall(r"^COPY (\w+)/ \1/$", dockerfile, re.MULTILINE):
        (tmp_path / room).symlink_to(ROOT / "images" / room)
    settings = {"AWS_DEFAULT_REGION": "eu-west-1", "PYTHONPATH": str(tmp_path), "TABLE": "gallery"}

    command = [sys.executable, "-c", cold.start_program(image)]
    subprocess.run(command, env=settings, check=True)  # noqa: S603  # our own code


def test_without_images_there_is_no_picture_of_starts() -> None:
    [picture] = [one for one in plots.PICTURES if one.name == "cold"]

    assert picture.by_processor({"AMD": {"cold": {}}}) == {}


def test_the_picture_of_costs_has_those_of_operations() -> None:
    for labeler, parts in zip(plots.LABELERS, plots.PICTURES[0].bars({}).values(), strict=True):
        usd = sum(one.usd for one in costs.thousand_photos(labeler=labeler))
        assert sum(parts.values()) == pytest.approx(usd)


def test_a_small_photo_becomes_a_frame_without_being_enlarged() -> None:
    photo = pyvips.Image.black(30, 40, bands=3).copy(interpretation="srgb")
    photo = photo.draw_rect([255, 0, 0], 0, 0, 5, 5, fill=True)

    frame = corpus._frame(photo)  # noqa: SLF001  # the corpus itself takes ten seconds

    assert (frame.width, frame.height) == (corpus.WIDTH_PX, corpus.HEIGHT_PX)
    assert frame.crop(0, 0, 40, 30).avg() == pytest.approx(photo.avg())


def test_baseline_and_progressive_are_told_apart(tmp_path: Path) -> None:
    image = pyvips.Image.black(8, 8)
    for name, interlace in (("baseline.jpg", False), ("progressive.jpg", True)):
        image.jpegsave(str(tmp_path / name), interlace=interlace)

    assert not corpus.is_progressive(tmp_path / "baseline.jpg")
    assert corpus.is_progressive(tmp_path / "progressive.jpg")
    assert not corpus.is_progressive(tmp_path / "none.jpg")


def test_another_program_with_the_same_name_is_no_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "convert"
    stand_in.write_text("#!/bin/sh\necho 'I only print a PNG'\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(peers, "DEBIAN", tmp_path / "debian")

    assert peers._found(peers.PROGRAMS["ImageMagick"]) is None  # noqa: SLF001  # as above

    stand_in.write_text("#!/bin/sh\necho 'Version: ImageMagick 6.9.11-60 Q16'\n")
    found = peers._found(peers.PROGRAMS["ImageMagick"])  # noqa: SLF001  # as above
    assert found == (str(stand_in), "6.9.11-60")


def test_only_an_unpacked_program_gets_the_unpacked_libraries() -> None:
    assert peers.environment_of("/usr/bin/vipsthumbnail") == ()
    assert "VIPSHOME" in dict(peers.environment_of(str(peers.DEBIAN / "usr/bin/vipsthumbnail")))


def test_a_program_that_is_missing_is_named() -> None:
    available = {"vipsthumbnail": "/usr/bin/vipsthumbnail"}
    found = Peers(programs=available, skipped={"FFmpeg": "no ffmpeg (Debian: ffmpeg)"})

    assert [tool.name for tool in thumbnail.program_tools(found)] == ["vipsthumbnail"]


def test_a_program_gets_the_path_where_its_command_names_it(tmp_path: Path) -> None:
    photo = tmp_path / "a b.heic"
    photo.write_text("photo")
    commands = {"path": ["/bin/echo", "{photo}"], "input": ["/bin/cat"]}
    tools = [Tool(name, programs(commands), name) for name in commands]
    made = tmp_path / "made"

    with workers() as running:
        printed = []
        for tool in tools:
            assert "error" not in running.ask(tool, tool.operation, photo, made)
            printed.append(made.read_text())

    assert printed == [f"{photo}\n", "photo"]


def test_what_fails_is_on_the_page_with_its_reason() -> None:
    measured = Measured({"FFmpeg": {"heic-1.heic": [Sample(1, 1, 1)]}})
    measured.fail("FFmpeg", "heic-1.heic", "moov atom not found\n/a/b.heic: Invalid data found\n")
    names = ("ms", "bytes", "to_limit", "to_original", "to_draft", "quality")
    figures = {**{name: {} for name in names}, "failed": measured.failed}

    assert measured.samples == {"FFmpeg": {}}
    assert "Failed: FFmpeg (b.heic: Invalid data found): heic-1.heic." in thumbnail.tables(figures)


@pytest.mark.parametrize("rate", ["40", "80"])
def test_a_download_takes_its_time(rate: str) -> None:
    body = os.urandom(800_000)
    stream = ours._arriving(body, float(rate))  # noqa: SLF001  # what the worker reads from
    started = time.perf_counter()

    assert stream.read(1000) + stream.read(-1) == body

    seconds = time.perf_counter() - started
    assert seconds >= ours.FIRST_BYTE_SECONDS + 0.8 / float(rate)


def test_the_most_demanding_way_sets_the_memory() -> None:
    small = {step: {"peak_mib": 100.0, "cpu_s": 1.0} for step in memory.STEPS}
    large = {step: {"peak_mib": 1600.0, "cpu_s": 1.0} for step in memory.STEPS}
    figures = {"largest": {**dict.fromkeys(WAYS, small), "AVIF": large}}

    first, *_ = memory.needs(figures).items()

    assert first == ("AVIF", 1600 + 3 * WAYS["AVIF"].max_bytes / 2**20 + memory.RUNTIME_MIB)
