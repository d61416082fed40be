"""A bucket with photos is adopted: the deployment reads it, and manages nothing of it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from terraform.conftest import ADOPTED_BUCKET
from tools.npm import NpmError
from tools.permissions import Statement, roles
from tools.plan import Plan
from tools.tenants import ADA, BOB, Case, Context, Names, may, may_not, planned, simulate

BUCKET = f"arn:aws:s3:::{ADOPTED_BUCKET['name']}"
PHOTO = f"{BUCKET}/family/2016/taco.jpg"
LAYOUT = {"prefix": "family/", "owner": ADA}
# The key of the condition, and one that the simulator takes: it takes none of web identities.
# AWS: every key that can be a policy variable can be in a condition, and this one is a variable.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
IDENTITY, SIMULATED_IDENTITY = "cognito-identity.amazonaws.com:sub", "aws:PrincipalTag/sub"
READS = {"s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketVersions"}


def statements(plan: Plan) -> Iterator[tuple[str, Statement]]:
    """Yield the role and the statement of each permission on the bucket or its objects."""
    for role in roles(plan):
        for statement in role.statements:
            if any(one.startswith(BUCKET) for one in statement.resources):
                yield role.name, statement


def test_nothing_of_the_bucket_is_managed(adopted_plan: Plan) -> None:
    managed = [
        one.address
        for one in adopted_plan.resources
        if one.type.startswith("aws_s3_")
        and ("photos" in one.address or ADOPTED_BUCKET["name"] in one.values.values())
    ]

    assert managed == []


def test_the_own_bucket_is_destroyed_only_without_keep_photos(
    plan: Plan, adopted_plan: Plan
) -> None:
    """Replacing keep_photos runs its check before Terraform takes the policies of the bucket."""
    own, adopted = (
        next(one for one in each.resources if one.address.endswith("terraform_data.keep_photos"))
        for each in (plan, adopted_plan)
    )

    assert adopted.values["triggers_replace"] != own.values.get("triggers_replace")


def test_nobody_may_do_more_than_read_it(adopted_plan: Plan) -> None:
    allowed = {
        (action, resource)
        for _, statement in statements(adopted_plan)
        for action in statement.actions
        for resource in statement.resources
    }

    assert {action for action, _ in allowed} == READS
    assert {one for action, one in allowed if "GetObject" in action} == {f"{BUCKET}/family/*"}
    assert {one for action, one in allowed if "List" in action} == {BUCKET}


def test_a_backfill_lists_only_the_photos(adopted_plan: Plan) -> None:
    [found] = [one for role, one in statements(adopted_plan) if "backfill" in role]

    assert found.conditions == (("StringLike", "s3:prefix", ("family/*",)),)


def requests() -> list[Case]:
    """Return requests of users for the objects of the bucket."""
    ada: Context = {SIMULATED_IDENTITY: ADA}
    bob: Context = {SIMULATED_IDENTITY: BOB}
    read = "s3:GetObject"
    refused = (
        *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        *("s3:GetObjectVersion", "s3:PutObject", "s3:PutObjectTagging", "s3:RestoreObject"),
    )
    listed: Context = {**ada, "s3:prefix": "family/2016/taco.jpg"}
    return [
        may("Ada", "reads a photo", read, PHOTO, ada),
        may_not("Ada", "is another user", read, PHOTO, bob),
        may_not("Ada", "reads another folder", read, f"{BUCKET}/taxes/2016.pdf", ada),
        *(may_not("Ada", "uses the action on a photo", one, PHOTO, ada) for one in refused),
        *(
            may_not("Ada", "lists a photo", one, BUCKET, listed)
            for one in ("s3:ListBucket", "s3:ListBucketVersions")
        ),
        may_not("Ada", "switches off events", "s3:PutBucketNotification", BUCKET, ada),
    ]


def test_only_its_owner_reads_the_photos_and_nobody_writes(adopted_plan: Plan) -> None:
    tried = requests()
    policies = planned(adopted_plan, Names())
    client = json.dumps(policies.client).replace(f'"{IDENTITY}"', f'"{SIMULATED_IDENTITY}"')
    assert SIMULATED_IDENTITY in client
    try:
        verdicts = simulate(tried, replace(policies, client=json.loads(client)))
    except NpmError as error:
        pytest.skip(f"nothing is simulated: {error}")

    assert [
        (case.what, case.action)
        for case, allowed in zip(tried, verdicts, strict=True)
        if allowed != case.allowed
    ] == []


def test_functions_rules_and_commands_know_the_layout(adopted_plan: Plan) -> None:
    settings = {
        one.values["function_name"]: one.values["environment"][0]["variables"]
        for one in adopted_plan.of_type("aws_lambda_function")
    }
    patterns = [
        json.loads(one.values["event_pattern"])["detail"]
        for one in adopted_plan.of_type("aws_cloudwatch_event_rule")
        if ".start[" in one.address
    ]
    outputs = adopted_plan.document["planned_values"]["outputs"]
    layout = outputs["key_layout"]["value"]

    assert {name: json.loads(one["KEY_LAYOUT"]) for name, one in settings.items()} == {
        f"gallery-{step}": LAYOUT for step in ("extract", "tag", "thumbnail")
    }
    assert (
        patterns
        == [{"bucket": {"name": ["old-photos"]}, "object": {"key": [{"prefix": "family/"}]}}] * 2
    )
    assert layout == LAYOUT
    assert outputs["photos_bucket"]["value"] == "old-photos"


def test_the_owner_of_the_bucket_is_told_what_to_allow(adopted_plan: Plan) -> None:
    policy = json.loads(
        adopted_plan.document["planned_values"]["outputs"]["adopted_bucket_policy"]["value"]
    )
    readers = {role.name for role in roles(adopted_plan)} & {
        name for name, _ in statements(adopted_plan)
    }

    assert {action for one in policy["Statement"] for action in one["Action"]} == READS
    for one in policy["Statement"]:
        assert {arn.rpartition("/")[2] for arn in one["Principal"]["AWS"]} == readers
