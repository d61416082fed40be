"""Costs: the counted constants are right, and the tables add up."""

import json
import math
import re
import statistics
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gallery import costs
from gallery.read_units import item_bytes, read_units
from local.template import PLACEHOLDERS, WORKFLOW, render_file
from publishing import NOW, Publisher, usual_results_of
from shared.items import plain
from shared.limits import MAX_TERM_ROWS
from thumbnail.renditions import DEFAULT_RENDITIONS

ROOT = Path(__file__).parents[2]
TABLE = json.loads((WORKFLOW / "table.json").read_text())
KEYS = {"pk", "sk"}  # in every index


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


class Sizes:
    """A DynamoDB client that computes what DynamoDB charges for each row that it is to write.

    Amazon's DynamoDB Local charged the same for each of these rows, written one by one.
    """

    def __init__(self) -> None:
        self.table = 0  # write units
        self.indexes = 0
        self.photo: dict[str, Any] = {}  # the row that was written last

    def update_item(self, **_: object) -> dict[str, object]:
        """Claim: a row of under 1 KB, and its copy in the index `processing`."""
        self.table += 1
        self.indexes += 1
        return {}

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        """Publish: a transaction doubles the units of the table."""
        for item in TransactItems:
            row = item["Put"]["Item"] if "Put" in item else {}  # the count of an album is small
            self.table += 2 * units(row)
            if "content_key" in row:
                self.photo = row
            for index in TABLE["indexes"].values():
                kept = {*KEYS, *index.get("non_key_attributes", ()), index["range_key"]}
                if {index["hash_key"], index["range_key"]} <= row.keys():
                    self.indexes += units({name: row[name] for name in kept & row.keys()})
        self.indexes += 1  # the photo leaves the index `processing`


def units(item: dict[str, Any]) -> int:
    return max(1, math.ceil(item_bytes(item) / 1024))


def test_a_photo_takes_as_many_units_as_are_counted() -> None:
    owner = "us-east-1:9cc8d1a8-0d1f-4b7c-8c52-3ab2c1f0a1b2"  # as long as Cognito's
    key = f"uploads/{owner}/2024/summer/IMG_0001.jpg"
    sizes, labeled, largest = Sizes(), Sizes(), Sizes()
    extracted, rendered, tagged = usual_results_of(key)
    metadata = msgspec.structs.replace(
        extracted.metadata, camera=None, creator=None, location=None, place=None
    )

    Publisher(sizes).ready(key, NOW, usual_results_of(key))
    extracted = msgspec.structs.replace(extracted, metadata=metadata)
    Publisher(labeled).ready(key, NOW, (extracted, rendered, tagged))
    Publisher(largest).ready(key, NOW, usual_results_of(key, stated=True))

    found_by = plain(sizes.photo)["found_by"]
    kinds = Counter(term.partition("#")[0] for term in found_by)
    assert kinds["label"] == costs.TERM_ROWS["label"]
    assert len(found_by) == sum(costs.TERM_ROWS.values())
    assert sizes.table == costs.owner_write_units()
    assert sizes.table + sizes.indexes == costs.write_units()
    assert labeled.table == costs.owner_write_units(
        record_kb=costs.LABELED_RECORD_KB, term_rows=costs.TERM_ROWS["label"]
    )
    assert largest.table == costs.owner_write_units(
        record_kb=costs.FULL_RECORD_KB, term_rows=MAX_TERM_ROWS
    )
    indexed = {name: sizes.photo[name] for name in {*KEYS, "content_key"}}
    of_size, of_content = (read_units(found, consistent=False) for found in ([], [indexed]))
    record = read_units([sizes.photo], consistent=True)
    assert {"new": of_size, "there": 2 * of_content + record} == costs.ASK_READ_UNITS


def test_each_step_has_the_memory_that_it_needs() -> None:
    assert set(costs.memory_mb()) == {"extract", "tag", "thumbnail"}
    for step, needed in costs.NEEDS_MB.items():
        assert needed <= costs.memory_mb()[step.partition(",")[0]] <= 10_240


def test_the_cpu_times_are_those_that_the_bench_measured() -> None:
    # If they differ: set CPU_MS to what `make bench BENCH=functions` measured, and `make docs`.
    results = ROOT / "bench" / "results" / "amd-epyc.json"
    measured = json.loads(results.read_text())["functions"]["ms"]

    for step in ("extract", "thumbnail"):
        each = [ms for photo, ms in measured[step].items() if photo.startswith("12mp")]
        assert len(each) == 5
        assert costs.CPU_MS[step] == pytest.approx(statistics.geometric_mean(each), rel=0.1, abs=1)


@pytest.mark.parametrize(
    ("memory", "seconds"), [(costs.CORE_MB, 0.475), (2 * costs.CORE_MB, 0.475), (885, 0.775)]
)
def test_less_than_a_core_takes_longer_and_more_than_a_core_does_not_help(
    monkeypatch: pytest.MonkeyPatch, memory: int, seconds: float
) -> None:
    monkeypatch.setitem(costs.CPU_MS, "thumbnail", 300)
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
