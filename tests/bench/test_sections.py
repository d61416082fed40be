"""The computations of the sections are right. Their measurements are not tested."""

import re
import sys
from pathlib import Path

import pytest
import pyvips

from bench import ROOT, cold, corpus, growth, instructions, memory, peers, pipeline, thumbnail
from bench.processes import Process, compare, cpu_ms
from bench.section import prose
from bench.workers import throttled
from gallery import backfill, costs
from gallery.quotas import DEFAULT_QUOTAS
from gallery.read_units import read_units


def test_processes_are_compared_by_cpu_time() -> None:
    quick = Process([sys.executable, "-I", "-S", "-c", "pass"])
    slow = Process([sys.executable, "-I", "-S", "-c", "sum(range(5_000_000))"])

    found = compare({"quick": quick, "slow": slow}, "quick", 1, lambda: None)

    assert found["quick"]["ratio"] == 1
    assert found["slow"]["ratio"] > 1
    assert found["slow"]["ms"] > found["quick"]["ms"]


def test_a_failing_process_raises() -> None:
    failing = Process([sys.executable, "-c", "raise SystemExit(3)"])

    with pytest.raises(ChildProcessError, match="SystemExit"):
        compare({"failing": failing}, "failing", 1, lambda: None)


@pytest.mark.parametrize("image", cold.IMAGES)
def test_the_start_programs_run_with_the_rooms_of_their_image(image: str, tmp_path: Path) -> None:
    for room in cold.copied_rooms(image):
        (tmp_path / room).symlink_to(ROOT / "images" / room)
    environment = {**cold.SETTINGS, "PYTHONPATH": str(tmp_path), "TABLE": "gallery"}

    assert cpu_ms(Process([sys.executable, "-c", cold.start_program(image)], environment)) > 0


@pytest.mark.parametrize(
    ("now", "regressed"),
    [(100.0, set()), (104.9, set()), (105.1, {"core"}), (50.0, set())],
    ids=["equal", "tolerated", "grown", "less"],
)
def test_only_growth_beyond_the_tolerance_is_a_regression(now: float, regressed: set[str]) -> None:
    assert set(instructions.grown({"core": now}, {"core": 100.0})) == regressed


@pytest.mark.parametrize("labeler", ["rekognition", "embedded"])
def test_time_is_linear_once_a_quota_limits_it(labeler: str) -> None:
    at_once = DEFAULT_QUOTAS.invocations_at_once
    rate = min(backfill.rates(at_once, DEFAULT_QUOTAS, labeler=labeler).values())

    first, million = (growth.seconds(count, labeler=labeler) for count in (1, growth.MILLION))

    assert first == costs.seconds_each(labeler=labeler)
    assert million == pytest.approx(growth.MILLION / rate, rel=0.01)
    assert growth.usd(2000, labeler=labeler) == pytest.approx(
        2 * sum(item.usd for item in costs.thousand_photos(labeler=labeler))
    )


def test_costs_of_the_page_are_those_of_operations() -> None:
    page = "\n".join(pipeline.costs_page())
    [sums] = re.findall(r"\| \*\*all\*\* \| \*\*(.*)\*\* \|", page)

    assert [float(one) for one in sums.split("** | **")] == [
        pytest.approx(
            sum(one.usd for one in costs.thousand_photos(labeler=labeler, workflow=workflow)),
            abs=0.006,
        )
        for labeler in pipeline.LABELERS
        for workflow in ("standard", "express")
    ]
    assert page.count(" *") >= len(costs.memory_mb())


def test_a_small_photo_becomes_a_frame_without_being_enlarged() -> None:
    photo = pyvips.Image.black(30, 40, bands=3).copy(interpretation="srgb")
    photo = photo.draw_rect([255, 0, 0], 0, 0, 5, 5, fill=True)

    frame = corpus._frame(photo)  # noqa: SLF001  # the corpus itself takes ten seconds

    assert (frame.width, frame.height) == (corpus.WIDTH_PX, corpus.HEIGHT_PX)
    assert frame.crop(0, 0, 40, 30).avg() == pytest.approx(photo.avg())


def test_columns_select_photos_by_prefix() -> None:
    ratios = {"12mp-1.jpg": 2.0, "12mp-2.jpg": 0.5, "48mp.jpg": 4.0}

    assert thumbnail.mean(ratios, thumbnail.COLUMNS["12 MP"]) == pytest.approx(1)
    assert thumbnail.mean(ratios, thumbnail.COLUMNS["progressive"]) is None


def test_another_program_with_the_same_name_is_no_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "convert"
    stand_in.write_text("#!/bin/sh\necho 'I only print a PNG'\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(peers, "DEBIAN", tmp_path / "debian")

    assert peers._found(peers.PROGRAMS["ImageMagick"], {}) is None  # noqa: SLF001  # as above

    stand_in.write_text("#!/bin/sh\necho 'Version: ImageMagick 6.9.11-60 Q16'\n")
    found = peers._found(peers.PROGRAMS["ImageMagick"], {})  # noqa: SLF001  # as above
    assert found == (str(stand_in), "6.9.11-60")


def test_prose_has_at_most_100_columns() -> None:
    *lines, last = prose("word " * 100)

    assert max(map(len, lines)) <= 100
    assert last == ""


def test_memory_is_measured_at_its_marks() -> None:
    assert {memory.FEW, memory.MANY, int(memory.SETTLED)} <= {100, 200, 1000}
    assert throttled.PIECE_BYTES < 1_000_000


def test_an_eventually_consistent_read_costs_half() -> None:
    row = {"pk": {"S": "a" * 4000}, "n": {"N": "12"}, "list": {"L": [{"M": {"x": {"S": "y"}}}]}}

    assert read_units([row, row], consistent=True) == 2
    assert read_units([row, row], consistent=False) == 1
    with pytest.raises(ValueError, match="type 'B'"):
        read_units([{"b": {"B": b""}}], consistent=True)
