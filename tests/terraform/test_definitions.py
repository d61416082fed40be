"""Terraform renders the definitions as local/ does, including expressions and retry policies."""

import json
from typing import Any

from local.template import Values, render_file
from tools.plan import Plan


def definitions(plan: Plan) -> dict[str, Any]:
    """Return the planned definitions by the name of their template."""
    planned = plan.of_type("aws_sfn_state_machine")
    names = {one.values["name"]: one for one in planned}
    shortest = min(names, key=len)
    return {
        name.removeprefix(shortest).removeprefix("-"): json.loads(one.values["definition"])
        for name, one in names.items()
    }


def names_in(planned: dict[str, Any]) -> Values:
    """Return the template's values in the plan, read from the planned definitions."""
    states = planned[""]["States"]
    thumbnail, tag = states["RenderAndTag"]["Branches"]
    watch = planned["watch"]["States"]
    backfill = planned["backfill"]["States"]["Photos"]
    process = backfill["ItemProcessor"]["States"]["Process"]
    return {
        "functions": {
            "extract": states["Extract"]["Arguments"]["FunctionName"],
            "thumbnail": thumbnail["States"]["Thumbnail"]["Arguments"]["FunctionName"],
            "tag": tag["States"]["Tag"]["Arguments"]["FunctionName"],
        },
        "dead_letters_url": states["DeadLetter"]["Arguments"]["QueueUrl"],
        "event_source": states["Announce"]["Arguments"]["Entries"][0]["Source"],
        "events": "true",
        "derived_bucket": states["EraseRenditions"]["Arguments"]["Bucket"],
        "namespace": watch["Report"]["Arguments"]["Namespace"],
        "photos_bucket": states["FindCurrentVersion"]["Arguments"]["Bucket"],
        "results_bucket": backfill["ResultWriter"]["Arguments"]["Bucket"],
        "state_machine_arn": process["Arguments"]["StateMachineArn"],
        "table": states["ReadRow"]["Arguments"]["TableName"],
    }


def test_terraform_and_local_render_the_same_definitions(plan: Plan) -> None:
    planned = definitions(plan)
    names = names_in(planned)

    assert set(planned) == {"", "backfill", "edit", "reprocess", "watch"}
    assert planned == {
        "": json.loads(render_file("statemachine.json.tftpl", names)),
        **{
            name: json.loads(render_file(f"workflow/{name}.json.tftpl", names))
            for name in ("backfill", "edit", "reprocess", "watch")
        },
    }
