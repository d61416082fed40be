"""Any region, any partition: names, ARNs, and where Amazon Rekognition is."""

import json
import re
from collections.abc import Iterator

import boto3
import pytest

from tools.plan import NoTerraformError, Plan, make_plan

REGION = "us-gov-west-1"  # in another partition; no region with Rekognition has a longer name
LONGEST_NAME = "gallery-of-all-tacos"
ROLE_CHARACTERS = 64  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html


@pytest.fixture(scope="module")
def government() -> Iterator[Plan]:
    """Plan a deployment with the longest name in the partition aws-us-gov."""
    try:
        yield make_plan(name=LONGEST_NAME, region=REGION)
    except NoTerraformError as error:
        pytest.skip(f"nothing is planned: {error}")


def planned(plan: Plan) -> str:
    return json.dumps([dict(one.values) for one in plan.resources])


def test_every_arn_has_the_partition_of_the_region(government: Plan) -> None:
    partitions = set(re.findall(r"\barn:([a-z-]+):", planned(government)))

    assert partitions == {"aws-us-gov"}


def test_names_that_are_unique_in_the_account_contain_the_region(government: Plan) -> None:
    names = {
        one.values["name" if one.type == "aws_iam_role" else "dashboard_name"]
        for one in government.of_type("aws_iam_role", "aws_cloudwatch_dashboard")
    }

    assert names
    assert {name for name in names if not name.endswith(f"-{REGION}")} == set()


def test_role_names_are_short_enough_in_any_region(government: Plan) -> None:
    session = boto3.Session()
    longest_region = max(
        len(region)
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("lambda", partition_name=partition)
    )

    roles = [one.values["name"] for one in government.of_type("aws_iam_role")]

    assert max(map(len, roles)) - len(REGION) + longest_region <= ROLE_CHARACTERS


def test_the_regions_with_rekognition_are_those_that_the_sdk_knows(government: Plan) -> None:
    """boto3 has them from AWS's own endpoint data. A failure means that AWS has added one."""
    session = boto3.Session()
    known = {
        region
        for partition in ("aws", "aws-us-gov")
        for region in session.get_available_regions("rekognition", partition_name=partition)
    }

    configured = government.document["variables"]["rekognition_regions"]["value"]

    assert set(configured) == known
    assert configured == sorted(configured)
