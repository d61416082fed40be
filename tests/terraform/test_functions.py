"""Each function has exactly the settings that its code reads."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.settings import labeler_settings
from thumbnail.renditions import DEFAULT_RENDITIONS, parse_renditions
from tools.plan import Plan

IMAGES = Path(__file__).parents[2] / "images"
STEPS = ("extract", "tag", "thumbnail")


def function(plan: Plan, step: str) -> Mapping[str, Any]:
    (found,) = (
        one for one in plan.of_type("aws_lambda_function") if one.module == f"module.{step}"
    )
    return found.values


def settings(plan: Plan, step: str) -> Mapping[str, str]:
    (environment,) = function(plan, step)["environment"]
    variables: Mapping[str, str] = environment["variables"]
    return variables


@pytest.mark.parametrize("step", STEPS)
def test_a_function_has_exactly_the_settings_that_its_handler_names(step: str, plan: Plan) -> None:
    handler = (IMAGES / step / "handler.py").read_text()
    (reads,) = re.findall(r"^Reads +(.+)$", handler, re.MULTILINE)

    assert set(settings(plan, step)) == set(reads.split(", "))


def test_the_planned_renditions_are_the_defaults_of_the_code(plan: Plan) -> None:
    assert parse_renditions(settings(plan, "thumbnail")["RENDITIONS"]) == DEFAULT_RENDITIONS


def test_the_planned_renditions_state_no_copyright(plan: Plan) -> None:
    assert settings(plan, "thumbnail")["KEEP_COPYRIGHT"] == "false"


def test_the_code_reads_the_planned_settings_of_the_labeler(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings(plan, "tag").items():
        monkeypatch.setenv(name, value)

    assert labeler_settings() == ("rekognition", 50, 55.0)


@pytest.mark.parametrize("step", STEPS)
def test_a_function_times_out_before_its_task(step: str, plan: Plan) -> None:
    (machine,) = (
        one for one in plan.of_type("aws_sfn_state_machine") if one.module == "module.workflow"
    )
    (task_timeout_seconds,) = {
        int(seconds)
        for seconds in re.findall(
            rf'"FunctionName":"[^"]+-{step}".*?"TimeoutSeconds":([0-9]+)',
            machine.values["definition"],
        )
    }

    assert function(plan, step)["timeout"] + 5 <= task_timeout_seconds
