"""Tools are measured in turn and equally often, and failures are left out."""

import sys
from pathlib import Path

import pytest

from bench.rounds import Tool, cpu_ms, interleave, workers

WORKER = """
import json, sys
for line in sys.stdin:
    operation, path = line.rstrip("\\n").split("\\t")
    with open(sys.argv[1], "a") as asked:
        print(operation, path.rpartition("/")[2], file=asked)
    if operation == "die":
        sys.exit()
    bad = operation == "fail" and path.endswith("b.jpg")
    answer = {"error": "no"} if bad else {"cpu_ms": 2.0, "wall_ms": 3.0, "bytes": 4}
    print(json.dumps(answer), flush=True)
"""
PHOTOS = [Path("a.jpg"), Path("b.jpg")]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """The file in which the worker logs its requests."""
    return tmp_path / "asked"


def tool(operation: str, asked: Path) -> Tool:
    return Tool(operation, (sys.executable, "-c", WORKER, str(asked)), operation)


def test_every_tool_gets_every_photo_in_each_round_and_once_to_warm_up(asked: Path) -> None:
    tools = [tool("one", asked), tool("two", asked)]

    with workers() as running:
        found = interleave(running, tools, PHOTOS, 3, lambda: None)

    lines = asked.read_text().splitlines()
    assert {line: lines.count(line) for line in lines} == {
        "one a.jpg": 4,
        "one b.jpg": 4,
        "two a.jpg": 4,
        "two b.jpg": 4,
    }
    assert cpu_ms(found.samples["two"], "b.jpg") == [2.0, 2.0, 2.0]


def test_a_photo_that_a_tool_fails_on_is_left_out_and_not_tried_again(asked: Path) -> None:
    with workers() as running:
        found = interleave(running, [tool("fail", asked)], PHOTOS, 3, lambda: None)

    assert list(found.samples["fail"]) == ["a.jpg"]
    assert found.failed == {"fail": {"b.jpg": "no"}}
    assert asked.read_text().count("fail b.jpg") == 1


def test_a_worker_that_dies_does_not_end_the_run(asked: Path) -> None:
    with workers() as running:
        found = interleave(running, [tool("die", asked)], PHOTOS, 1, lambda: None)

    assert found.samples == {"die": {}}
    assert found.failed["die"] == dict.fromkeys(["a.jpg", "b.jpg"], "the worker has died")
