"""Costs: the counted constants are right, and the tables add up."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gallery import costs
from local.template import PLACEHOLDERS, render_file
from thumbnail.renditions import DEFAULT_RENDITIONS

ROOT = Path(__file__).parents[2]


def test_a_photo_enters_as_many_states_as_are_counted(tmp_path: Path) -> None:
    photo = ROOT / "local" / "photos" / "rocket.jpg"
    command = [sys.executable, "-m", "local", "process", "--json", "--output", str(tmp_path)]

    done = subprocess.run(  # noqa: S603  # our own program
        [*command, str(photo)], cwd=ROOT, check=True, capture_output=True, text=True
    )

    document = json.loads(done.stdout)
    assert document["status"] == "READY"
    assert len(document["states_ms"]) == costs.TRANSITIONS
    assert len(document["renditions"]) == costs.RENDITIONS == len(DEFAULT_RENDITIONS)


def test_the_watch_runs_as_often_and_reads_as_many_shards_as_counted() -> None:
    watch = json.loads(render_file("workflow/watch.json.tftpl", PLACEHOLDERS))
    shards = watch["States"]["AgeOfEachShard"]["Items"]
    settings = (ROOT / "terraform" / "modules" / "observability" / "watch.tf").read_text()

    assert len(re.findall(r"[0-9a-f]", shards.partition("'")[2].partition("'")[0])) == (
        costs.WATCH_SHARDS
    )
    assert re.findall(r"watch_minutes = (\d+)", settings) == [str(costs.WATCH_MINUTES)]


def test_memory_is_what_terraform_gives() -> None:
    assert set(costs.memory_mb()) == {"extract", "tag", "thumbnail"}
    assert all(128 <= memory <= 10_240 for memory in costs.memory_mb().values())


def test_memory_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "variables.tf").write_text('variable "memory" {}')
    monkeypatch.setattr(costs, "VARIABLES", tmp_path / "variables.tf")

    with pytest.raises(LookupError, match="memory_mb has no default"):
        costs.memory_mb()


@pytest.mark.parametrize(
    ("memory", "seconds"), [(costs.CORE_MB, 0.625), (2 * costs.CORE_MB, 0.625), (885, 1.07)]
)
def test_less_than_a_core_takes_longer_and_more_than_a_core_does_not_help(
    memory: int, seconds: float
) -> None:
    assert costs.billed_seconds("thumbnail", memory) == pytest.approx(seconds, abs=0.01)


def test_the_tables_add_up() -> None:
    rows = re.findall(
        r"\| \*{0,2}([\w -]+?)\*{0,2} \| .*\| \*{0,2}([\d.]+)\*{0,2} \|", costs.tables()
    )
    sums, parts = [], list[float]()
    for service, usd in rows:
        if service == "all":
            sums.append((float(usd), parts))
            parts = []
        elif "." in usd:
            parts.append(float(usd))

    assert len(sums) == 4
    for total, added in sums:
        rounding = 0.005 + 0.0005 * len(added)  # a total has cents, a part tenths of a cent
        assert total == pytest.approx(sum(added), abs=rounding)


@pytest.mark.parametrize("step", costs.NEEDS_MB)
def test_the_cheapest_memory_suffices_and_no_other_that_does_costs_less(step: str) -> None:
    size = costs.cheapest_mb(step)

    assert size >= costs.NEEDS_MB[step]
    enough = [other for other in costs.MEMORY_SIZES_MB if other >= costs.NEEDS_MB[step]]
    assert all(
        costs.lambda_usd(step, memory=size) <= costs.lambda_usd(step, memory=other)
        for other in enough
    )


def test_express_saves_the_transitions_and_nothing_else() -> None:
    standard, express = (
        {item.service: item.usd for item in costs.thousand_photos(labeler="embedded", workflow=one)}
        for one in ("standard", "express")
    )

    assert express.pop("Step Functions") < standard.pop("Step Functions") / 50
    assert express == standard
