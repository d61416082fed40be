"""Least privilege in Terraform's plan: principals, actions, resources and conditions."""

from collections.abc import Mapping
from typing import Any

import pytest

from iam import findings, written
from tools import permissions
from tools.permissions import PAGE, Statement, parse, resource_policies, roles
from tools.plan import Plan

CALLER = "${cognito-identity.amazonaws.com:sub}"
PHOTOS = "arn:aws:s3:::gallery-photos-123456789012-us-east-1"
OWN_SHARES = {
    f"{PHOTOS.replace('photos', 'shares')}/shares/{days}/{CALLER}/*" for days in (1, 7, 30, 90)
}

# Resource types that use a role, and the attribute that names it.
ACTORS = {
    "aws_api_gateway_integration": "credentials",
    "aws_cloudwatch_event_target": "role_arn",
    "aws_cognito_identity_pool_roles_attachment": "roles",
    "aws_lambda_function": "role",
    "aws_sfn_state_machine": "role_arn",
}

# Roles with a trust policy that names no source, and the reason.
UNCONDITIONAL = {
    # API Gateway sends neither key when it assumes the role of an integration: see api.tf.
    "gallery-api-us-east-1": "apigateway.amazonaws.com",
    # AWS documents neither key for the role of a function. Lambda creates the function only if it
    # can assume the role.
    "gallery-extract-us-east-1": "lambda.amazonaws.com",
    "gallery-tag-us-east-1": "lambda.amazonaws.com",
    "gallery-thumbnail-us-east-1": "lambda.amazonaws.com",
}


@pytest.fixture(params=["plan", "other_plan"])
def either_plan(request: pytest.FixtureRequest) -> Plan:
    chosen: Plan = request.getfixturevalue(request.param)
    return chosen


def allowed(plan: Plan) -> list[tuple[str, Statement]]:
    """Return every Allow statement of a plan, with the name of its role or policy."""
    of_roles = [(role.name, one) for role in roles(plan) for one in (*role.trust, *role.statements)]
    of_resources = [
        (policy.address, one) for policy in resource_policies(plan) for one in policy.statements
    ]
    return [(name, one) for name, one in of_roles + of_resources if one.effect == "Allow"]


def of_role(plan: Plan, name: str) -> list[Statement]:
    (found,) = (role for role in roles(plan) if role.name == name)
    return list(found.statements)


def test_each_function_machine_rule_and_api_has_a_role_of_its_own(plan: Plan) -> None:
    actors: dict[str, set[str]] = {}
    for kind, attribute in ACTORS.items():
        for actor in plan.of_type(kind):
            for named in plan.references(actor, attribute):
                if named.startswith("aws_iam_role.") and named.count(".") == 1:
                    role = f"{actor.module}.{named}"
                    is_api = kind == "aws_api_gateway_integration"  # of one API there are several
                    name = f"{actor.module}.api" if is_api else actor.address.partition("[")[0]
                    actors.setdefault(role, set()).add(name)

    assert set(actors) == {role.address for role in roles(plan)}
    assert [role for role, those in actors.items() if len(those) > 1] == []


def test_every_policy_of_the_plan_is_checked(either_plan: Plan) -> None:
    checked = {one.address for one in either_plan.of_type(*permissions.POLICIES)}

    with_policy = {
        one.address
        for one in either_plan.resources
        if "iam_policy" in one.type or "policy" in one.values or one.type.endswith("_policy")
    }
    documents = {one.address for one in either_plan.of_type("aws_iam_policy_document")}
    others = {one.address for one in either_plan.of_type("aws_cloudfront_response_headers_policy")}
    assert with_policy - documents - others == checked


def test_every_action_resource_and_condition_key_exists_in_aws(either_plan: Plan) -> None:
    wrong = [
        f"{name}: {finding}"
        for name, statement in allowed(either_plan)
        for finding in findings(statement)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("statement", "wrong"),
    [
        pytest.param(
            written("s3:GetObjet", f"{PHOTOS}/*"),
            "s3:GetObjet is no action",
            id="a misspelled action",
        ),
        pytest.param(
            written("s4:GetObject", f"{PHOTOS}/*"),
            "s4:GetObject is no action",
            id="an unknown service",
        ),
        pytest.param(
            written("s3:Get*", f"{PHOTOS}/*"), "s3:Get* is a wildcard", id="a wildcard action"
        ),
        pytest.param(written("*", "*"), "* is a wildcard", id="everything"),
        pytest.param(
            written("s3:GetObject", PHOTOS),
            f"s3:GetObject: {PHOTOS} is none of",
            id="a bucket for its objects",
        ),
        pytest.param(
            written("s3:ListBucket", f"{PHOTOS}/*"),
            f"s3:ListBucket: {PHOTOS}/* is none of",
            id="objects for their bucket",
        ),
        pytest.param(
            written("dynamodb:GetItem", "*"),
            "dynamodb:GetItem: * could be narrower",
            id="any resource where one can be named",
        ),
        pytest.param(
            written("s3:GetObject", f"{PHOTOS}/*", StringEquals={"dynamodb:LeadingKeys": "ada"}),
            "s3:GetObject: dynamodb:LeadingKeys says nothing about it",
            id="a condition of another service",
        ),
    ],
)
def test_the_check_reports_an_invalid_statement(statement: Mapping[str, Any], wrong: str) -> None:
    (found,) = findings(parse(statement))

    assert found.startswith(wrong)


def test_only_the_workflow_sends_events_and_only_if_they_are_on(
    plan: Plan, other_plan: Plan
) -> None:
    def senders(of: Plan) -> list[tuple[str, Statement]]:
        return [one for one in allowed(of) if "events:PutEvents" in one[1].actions]

    [(role, statement)] = senders(plan)

    assert role == "gallery-workflow-us-east-1"
    assert statement.conditions == (("StringEquals", "events:source", ("gallery",)),)
    assert senders(other_plan) == []
    sources = [
        of.document["planned_values"]["outputs"]["event_source"] for of in (plan, other_plan)
    ]
    assert [one.get("value") for one in sources] == ["gallery", None]


def test_a_service_acts_only_for_a_named_source(either_plan: Plan) -> None:
    unconditional = {
        name: principal
        for name, statement in allowed(either_plan)
        for kind, principal in statement.principals
        if kind == "Service"
        and not {"aws:SourceAccount", "aws:SourceArn"} & {key for _, key, _ in statement.conditions}
    }

    assert unconditional == UNCONDITIONAL


def test_only_services_and_signed_in_clients_are_allowed(either_plan: Plan) -> None:
    others = {
        principal
        for _, statement in allowed(either_plan)
        for kind, principal in statement.principals
        if kind != "Service"
    }

    assert others == {"cognito-identity.amazonaws.com"}


def test_no_role_may_change_permissions(either_plan: Plan) -> None:
    actions = {action for _, statement in allowed(either_plan) for action in statement.actions}

    assert {one for one in actions if one.startswith(("iam:", "sts:"))} == {
        "sts:AssumeRole",  # of trust policies
        "sts:AssumeRoleWithWebIdentity",
    }


def test_a_client_reaches_only_its_own_rows_and_objects(plan: Plan) -> None:
    for statement in of_role(plan, "gallery-client-us-east-1"):
        (service,) = {action.partition(":")[0] for action in statement.actions}
        if service == "dynamodb":
            keys = {(operator, key): values for operator, key, values in statement.conditions}
            assert keys["ForAllValues:StringEquals", "dynamodb:LeadingKeys"] == (CALLER,)
            assert keys["Null", "dynamodb:LeadingKeys"] == ("false",)
        elif statement.actions in {("s3:ListBucket",), ("s3:ListBucketVersions",)}:
            [(operator, key, prefixes)] = statement.conditions
            assert (operator, key) == ("StringLike", "s3:prefix")
            assert all(prefix.endswith(f"/{CALLER}/*") for prefix in prefixes)
        elif service == "s3":
            assert all(
                f"/{CALLER}/" in f"/{resource.split(':::')[1]}" for resource in statement.resources
            )
        else:
            assert statement.actions == ("execute-api:Invoke",)


def test_a_client_cannot_copy_objects_of_another_client(plan: Plan) -> None:
    readable = {
        resource
        for statement in of_role(plan, "gallery-client-us-east-1")
        for resource in statement.resources
        if any(action.startswith("s3:Get") for action in statement.actions)
    }

    assert readable == {
        f"{PHOTOS}/uploads/{CALLER}/*",
        f"{PHOTOS.replace('photos', 'derived')}/{CALLER}/*",
        *OWN_SHARES,
    }


def test_a_client_writes_and_deletes_only_its_own_uploads_and_shares(plan: Plan) -> None:
    writes = {
        (action, resource)
        for statement in of_role(plan, "gallery-client-us-east-1")
        for action in statement.actions
        for resource in statement.resources
        if action.startswith(("dynamodb:Put", "dynamodb:Up", "dynamodb:De", "s3:Put", "s3:De"))
    }

    assert writes == {
        *(
            (action, resource)
            for action in ("s3:DeleteObject", "s3:PutObject")
            for resource in (f"{PHOTOS}/uploads/{CALLER}/*", *OWN_SHARES)
        ),
        ("s3:DeleteObjectVersion", f"{PHOTOS}/uploads/{CALLER}/*"),
    }


def test_only_clients_change_photos(plan: Plan) -> None:
    changing = {
        name
        for name, statement in allowed(plan)
        for action in statement.actions
        if action.startswith(("s3:Put", "s3:Delete"))
        and any(resource.startswith(PHOTOS) for resource in statement.resources)
    }

    assert changing == {"gallery-client-us-east-1"}


def test_the_api_describes_executions_and_starts_edits_only(plan: Plan) -> None:
    states = "arn:aws:states:us-east-1:123456789012"

    assert {
        (action, resource)
        for statement in of_role(plan, "gallery-api-us-east-1")
        for action in statement.actions
        for resource in statement.resources
    } == {
        ("states:DescribeExecution", f"{states}:execution:gallery:*"),
        ("states:StartSyncExecution", f"{states}:stateMachine:gallery-edit"),
    }


def test_an_edit_writes_rows_in_transactions_and_reaches_no_object(plan: Plan) -> None:
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/gallery"
    extract = "arn:aws:lambda:us-east-1:123456789012:function:gallery-extract"
    in_transactions = (
        ("ForAnyValue:StringEquals", "dynamodb:EnclosingOperation", ("TransactWriteItems",)),
    )

    assert {
        (action, resource, statement.conditions)
        for statement in of_role(plan, "gallery-edit-us-east-1")
        for action in statement.actions
        for resource in statement.resources
        if not action.startswith(("logs:", "xray:"))
    } == {
        ("dynamodb:ConditionCheckItem", table, ()),
        ("dynamodb:GetItem", table, ()),
        ("lambda:InvokeFunction", extract, ()),
        *(
            (f"dynamodb:{action}", table, in_transactions)
            for action in ("DeleteItem", "PutItem", "UpdateItem")
        ),
    }


def test_a_backfill_lists_only_uploads_and_reads_no_object(plan: Plan) -> None:
    of_photos = [
        (action, statement.conditions)
        for statement in of_role(plan, "gallery-backfill-us-east-1")
        for action in statement.actions
        if any(resource.startswith(PHOTOS) for resource in statement.resources)
    ]

    only_uploads = (("StringLike", "s3:prefix", ("uploads/*",)),)
    assert of_photos == [
        ("s3:ListBucket", only_uploads),
        ("s3:ListBucketVersions", only_uploads),
    ]


def test_who_reads_versions_may_list_them(either_plan: Plan) -> None:
    """Otherwise S3 may answer 403 for a version that is gone: decision 3."""
    for step in ("extract", "tag", "thumbnail"):
        actions = {
            action
            for statement in of_role(either_plan, f"gallery-{step}-us-east-1")
            for action in statement.actions
            if not statement.conditions
        }

        assert "s3:GetObjectVersion" in actions
        assert {"s3:ListBucket", "s3:ListBucketVersions"} <= actions


def test_a_backfill_starts_only_the_gallery_and_its_own_map(plan: Plan) -> None:
    states = "arn:aws:states:us-east-1:123456789012"

    started = {
        resource
        for statement in of_role(plan, "gallery-backfill-us-east-1")
        if "states:StartExecution" in statement.actions
        for resource in statement.resources
    }

    assert started == {f"{states}:stateMachine:gallery", f"{states}:stateMachine:gallery-backfill"}


@pytest.mark.parametrize("name", ["backfill", "reprocess"])
def test_aborting_a_bulk_run_may_stop_its_children_and_their_photos(name: str, plan: Plan) -> None:
    executions = "arn:aws:states:us-east-1:123456789012:execution"

    stopped = {
        resource
        for statement in of_role(plan, f"gallery-{name}-us-east-1")
        if "states:StopExecution" in statement.actions
        for resource in statement.resources
    }

    assert stopped == {
        f"{executions}:gallery:*",
        f"{executions}:gallery-{name}:*",
        f"{executions}:gallery-{name}/*:*",
    }


def test_the_key_is_used_only_through_s3_and_dynamodb(other_plan: Plan) -> None:
    conditions = [
        values
        for _, statement in allowed(other_plan)
        if any(action.startswith("kms:") for action in statement.actions)
        for values in [{key: values for _, key, values in statement.conditions}]
    ]

    services = {"dynamodb.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"}
    assert conditions
    assert all(set(values["kms:ViaService"]) <= services for values in conditions)


def test_the_embedded_labeler_needs_no_rekognition(plan: Plan, other_plan: Plan) -> None:
    with_rekognition, without = (
        {
            action
            for statement in of_role(one, "gallery-tag-us-east-1")
            for action in statement.actions
        }
        for one in (plan, other_plan)
    )

    assert with_rekognition - without == {"rekognition:DetectLabels"}


def test_the_page_of_permissions_is_up_to_date(plan: Plan, other_plan: Plan) -> None:
    assert PAGE.read_text() == permissions.page(plan, other_plan), "run make docs"
