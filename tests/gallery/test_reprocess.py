"""Reprocess: the right photos are selected, and one execution reprocesses all of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gallery.reprocess import Job, Selection, Tally, jobs
from gallery.table import Table
from shared.contracts import ExtractRequest, ExtractResult
from shared.errors import AccessDeniedError, EmptyPhotoError
from shared.versions import VERSIONS
from workflow.bulk import definition, deployed, outcomes, results, succeeded
from workflow.bulk import gallery as command
from workflow.conftest import deployed as gallery  # noqa: F401  # a fixture
from workflow.scripted import extract
from workflow.test_validators import cfn_lint
from workflow.world import World

ROW = {
    "status": "READY",
    "key": "uploads/ada/2016/tacos/a.jpg",
    "versions": {"extract": 2, "thumbnail": 3, "tag": 1},
}


@pytest.fixture
def world(gallery: Any) -> Iterator[World]:  # noqa: ANN401, F811  # the fixture
    stack, functions = gallery
    made = World(stack, functions)
    functions.steps |= {"extract": extract, "thumbnail": made.stored_thumbnail}
    yield made
    made.clear()


@pytest.fixture
def reprocess_arn(world: World) -> Iterator[str]:
    with deployed(world.stack, "reprocess") as arn:
        yield arn


@pytest.mark.parametrize(
    ("selection", "row"),
    [
        (Selection(everything=True), ROW),
        (Selection(everything=True, album="2016/tacos"), ROW),
        (Selection(failed=True), {**ROW, "status": "FAILED"}),
        (Selection(older={"extract": 3}), ROW),
        (Selection(older={"extract": 1, "tag": 2}), ROW),
        (Selection(older={"tag": 1}), {**ROW, "versions": {"extract": 2}}),
        (Selection(older={"tag": 1}), {**ROW, "status": "REJECTED", "versions": {}}),
    ],
    ids=["all", "album", "failed", "older", "one of two", "no result", "no results"],
)
def test_includes(selection: Selection, row: dict[str, Any]) -> None:
    assert selection.includes(row)


@pytest.mark.parametrize(
    ("selection", "row"),
    [
        (Selection(everything=True), {**ROW, "status": "DELETED"}),
        (Selection(everything=True), {**ROW, "status": "PROCESSING"}),
        (Selection(everything=True, album="2016"), ROW),
        (Selection(failed=True), ROW),
        (Selection(failed=True, album="2017"), {**ROW, "status": "FAILED"}),
        (Selection(older={"extract": 2, "tag": 1}), ROW),
        (Selection(), ROW),
    ],
    ids=["deleted", "in work", "album above", "ready", "another album", "as new", "no condition"],
)
def test_excludes(selection: Selection, row: dict[str, Any]) -> None:
    assert not selection.includes(row)


def put(world: World, *names: str) -> list[str]:
    """Upload photos, wait until they are processed, and return their keys."""
    keys = [f"uploads/alice/{name}" for name in names]
    for key in keys:
        world.stack.upload(key, key.encode())
    world.stack.wait_until_idle()
    return keys


def test_selected_photos_are_counted_with_those_to_be_labeled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = put(world, "2024/a.jpg", "2025/b.jpg")
    world.delete(first)
    world.stack.wait_until_idle()
    third, fourth = put(world, "2024/c.jpg", "2024/d.jpg")
    table = Table(world.stack.dynamodb, world.stack.table)
    tally = Tally()

    listed = list(jobs(table, "alice", Selection(album="2024"), relabel=False, tally=tally))
    assert listed == []

    selection = Selection(everything=True, album="2024")
    listed = list(jobs(table, "alice", selection, relabel=False, tally=tally))

    assert [job.key for job in listed] == [third, fourth]
    assert [job.sequencer for job in listed] == [
        world.rows()[f"photo#2024/{name}.jpg"]["sequencer"] for name in ("c", "d")
    ]
    assert (tally.photos, tally.labeled) == (2, 0)
    older = Tally()
    with monkeypatch.context() as newer_code:
        newer_code.setitem(VERSIONS, "tag", VERSIONS["tag"] + 1)
        list(jobs(table, "alice", selection, relabel=False, tally=older))
    assert (older.photos, older.labeled) == (2, 2)
    again = Tally()
    assert all(job.relabel for job in jobs(table, "alice", selection, relabel=True, tally=again))
    assert (again.photos, again.labeled) == (2, 2)


def test_a_job_is_what_the_state_machine_reads() -> None:
    written = json.loads(msgspec.json.encode([Job("k", "1"), Job("k", "1", relabel=True)]))

    assert written == [
        {"key": "k", "sequencer": "1"},
        {"key": "k", "sequencer": "1", "relabel": True},
    ]
    task = definition("reprocess")["States"]["Photos"]["ItemProcessor"]["States"]["Process"]
    for name in Job.__struct_fields__:
        assert f"$states.input.{name}" in task["Arguments"]["Input"]


def test_cfn_lint_accepts_the_reprocess(tmp_path: Path) -> None:
    made = definition("reprocess")
    photos = made["States"]["Photos"]
    photos["MaxConcurrency"] = 6  # cfn-lint, unlike AWS, takes no expression here
    photos["ItemProcessor"]["States"]["Process"]["TimeoutSeconds"] = 1  # nor here

    linted = cfn_lint(json.dumps(made), tmp_path)

    assert linted.returncode == 0, linted.stdout


def test_the_reprocess_processes_photos_as_the_backfill_does() -> None:
    reprocess, backfill = (
        definition(name)["States"]["Photos"]["ItemProcessor"]["States"]["Process"]
        for name in ("reprocess", "backfill")
    )

    for same in ("Resource", "TimeoutSeconds", "Retry", "Output"):
        assert reprocess[same] == backfill[same]


def test_one_execution_reprocesses_the_photos_that_a_dry_run_counts(
    world: World, reprocess_arn: str
) -> None:
    keys = put(world, "2024/a.jpg", "2024/b.jpg", "2025/c.jpg")

    def newer(request: ExtractRequest) -> ExtractResult:
        if request.photo.key == keys[1]:
            raise AccessDeniedError("no right")
        return msgspec.structs.replace(extract(request), version=2)

    world.functions.steps["extract"] = newer
    asked = ("reprocess", "--album", "2024")

    dry = command(world.stack, reprocess_arn, *asked, "--dry-run")
    assert dry.returncode == 0
    assert dry.stdout == (
        "2 photos, 0 of them to be labeled: about USD 0.00 and 0.0 hours (5 at once, 1.2 s each)\n"
    )
    assert {row.get("versions", {}).get("extract") for row in photos(world)} == {1}

    done = command(world.stack, reprocess_arn, *asked, "--json")

    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["photos"], figures["labeled"]) == (2, 0)
    arn = figures["execution_arn"]
    ended = succeeded(world.stack, arn)
    assert outcomes(results(world.stack, ended)) == {"READY": 1, "FAILED": 1}
    assert [row["versions"]["extract"] for row in photos(world)] == [2, 1, 1]
    assert [row["status"] for row in photos(world)] == ["READY"] * 3


def test_only_failed_photos_are_reprocessed_if_asked(world: World, reprocess_arn: str) -> None:
    world.functions.steps["extract"] = lambda request: (
        _fail(AccessDeniedError("no right"))
        if request.photo.key.endswith("broken.jpg")
        else _fail(EmptyPhotoError("0 bytes"))
        if request.photo.key.endswith("empty.jpg")
        else extract(request)
    )
    put(world, "broken.jpg", "empty.jpg", "good.jpg")
    world.functions.steps["extract"] = extract
    world.functions.calls.clear()

    done = command(world.stack, reprocess_arn, "reprocess", "--failed")

    assert done.returncode == 0, done.stderr
    succeeded(world.stack, done.stdout.splitlines()[-1].removeprefix("started: "))
    assert {row["sk"]: row["status"] for row in photos(world)} == {
        "photo#broken.jpg": "READY",
        "photo#empty.jpg": "REJECTED",
        "photo#good.jpg": "READY",
    }
    assert {key for _, key in world.functions.calls} == {"uploads/alice/broken.jpg"}


def _fail(error: Exception) -> ExtractResult:
    raise error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reprocess"], "with --older, --failed, --rejected, --album or --everything"),
        (["reprocess", "--older", "title"], "invalid choice: 'title'"),
        (["reprocess", "--everything", "--max-concurrency", "0"], "must be 1 to 10000, got 0"),
    ],
    ids=["no selection", "no step", "concurrency"],
)
def test_refuses(world: World, arguments: list[str], message: str) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:gallery-reprocess"

    done = command(world.stack, arn, *arguments)

    assert done.returncode == 2
    assert message in done.stderr


def photos(world: World) -> list[dict[str, Any]]:
    """Return the photos' rows in the order of their keys."""
    return [row for sk, row in world.rows().items() if sk.startswith("photo#")]
