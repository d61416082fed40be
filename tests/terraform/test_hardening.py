"""The protection of storage, images and queues in Terraform's plan."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tools.permissions import KEY, resource_policies
from tools.plan import Plan

SUFFIX = "123456789012-us-east-1"
PHOTOS, DERIVED, LOGS, SHARES, SITE = (
    f"gallery-{kind}-{SUFFIX}" for kind in ("photos", "derived", "logs", "shares", "site")
)
ALL = {PHOTOS, DERIVED, LOGS, SHARES, SITE}
DAY_SECONDS = 24 * 60 * 60


@pytest.fixture(params=["plan", "other_plan"])
def either_plan(request: pytest.FixtureRequest) -> Plan:
    chosen: Plan = request.getfixturevalue(request.param)
    return chosen


def by_bucket(plan: Plan, kind: str) -> dict[str, Mapping[str, Any]]:
    """Return the values of each resource of a kind, by the bucket that it applies to."""
    return {one.values["bucket"]: one.values for one in plan.of_type(kind)}


def rules(plan: Plan, bucket: str) -> list[Mapping[str, Any]]:
    found = by_bucket(plan, "aws_s3_bucket_lifecycle_configuration")[bucket]["rule"]
    return [rule for rule in found if rule["status"] == "Enabled"]


def test_there_are_five_buckets(either_plan: Plan) -> None:
    assert set(by_bucket(either_plan, "aws_s3_bucket")) == ALL


def test_no_bucket_is_public(either_plan: Plan) -> None:
    blocks = by_bucket(either_plan, "aws_s3_bucket_public_access_block")

    flags = "block_public_acls", "block_public_policy", "ignore_public_acls"
    assert set(blocks) == ALL
    for block in blocks.values():
        assert all(block[flag] for flag in (*flags, "restrict_public_buckets"))


def test_the_bucket_owner_owns_every_object(either_plan: Plan) -> None:
    controls = by_bucket(either_plan, "aws_s3_bucket_ownership_controls")

    assert {bucket: one["rule"][0]["object_ownership"] for bucket, one in controls.items()} == (
        dict.fromkeys(ALL, "BucketOwnerEnforced")
    )


def test_photos_are_versioned_and_old_versions_expire(either_plan: Plan) -> None:
    versioned = by_bucket(either_plan, "aws_s3_bucket_versioning")
    expiring = [one["noncurrent_version_expiration"] for one in rules(either_plan, PHOTOS)]

    assert versioned[PHOTOS]["versioning_configuration"][0]["status"] == "Enabled"
    assert [days for days in expiring if days] == [
        [{"newer_noncurrent_versions": None, "noncurrent_days": 30}]
    ]


def test_incomplete_uploads_are_aborted_after_a_day(either_plan: Plan) -> None:
    for bucket in ALL:
        days = [
            abort["days_after_initiation"]
            for rule in rules(either_plan, bucket)
            for abort in rule["abort_incomplete_multipart_upload"]
        ]
        assert days == [1], bucket


def encryption(plan: Plan) -> dict[str, tuple[str, str]]:
    found = by_bucket(plan, "aws_s3_bucket_server_side_encryption_configuration")
    defaults = {
        bucket: one["rule"][0]["apply_server_side_encryption_by_default"][0]
        for bucket, one in found.items()
    }
    return {
        bucket: (one["sse_algorithm"], one["kms_master_key_id"]) for bucket, one in defaults.items()
    }


def test_buckets_are_encrypted(plan: Plan) -> None:
    assert encryption(plan) == dict.fromkeys(ALL, ("AES256", ""))


def test_photos_and_renditions_are_encrypted_with_the_configured_key(other_plan: Plan) -> None:
    assert encryption(other_plan) == {
        PHOTOS: ("aws:kms", KEY),
        DERIVED: ("aws:kms", KEY),
        LOGS: ("AES256", ""),  # S3 cannot deliver its logs to a bucket that KMS encrypts
        SHARES: ("AES256", ""),  # CloudFront would need a permission in the key's policy
        SITE: ("AES256", ""),  # its content is public
    }


def test_requests_without_tls_are_denied(either_plan: Plan) -> None:
    denied = {
        (resource, action)
        for policy in resource_policies(either_plan)
        for statement in policy.statements
        if statement.effect == "Deny"
        and statement.conditions == (("Bool", "aws:SecureTransport", ("false",)),)
        for resource in statement.resources
        for action in statement.actions
    }

    place = "us-east-1:123456789012"
    assert denied == {
        *((f"arn:aws:s3:::{bucket}{suffix}", "s3:*") for bucket in ALL for suffix in ("", "/*")),
        (f"arn:aws:sqs:{place}:gallery-dead-letters", "sqs:*"),
        (f"arn:aws:sns:{place}:gallery-alarms", "sns:Publish"),  # a topic does not accept sns:*
    }


def test_access_to_photos_renditions_and_the_page_is_logged(either_plan: Plan) -> None:
    logging = by_bucket(either_plan, "aws_s3_bucket_logging")

    assert {bucket: one["target_bucket"] for bucket, one in logging.items()} == {
        PHOTOS: LOGS,
        DERIVED: LOGS,
        SHARES: LOGS,
        SITE: LOGS,
    }


def test_no_log_has_the_data_of_an_execution_or_the_body_of_a_request(other_plan: Plan) -> None:
    machines = other_plan.of_type("aws_sfn_state_machine")
    logging = [one.values["logging_configuration"][0] for one in machines]
    [stage] = other_plan.of_type("aws_api_gateway_stage")
    access = json.loads(stage.values["access_log_settings"][0]["format"])

    assert len(logging) == 5  # photos, edits, backfill, reprocess and the watch
    assert not any(one["include_execution_data"] for one in logging)
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    assert not any("body" in value.casefold() for value in access.values())
    for one in other_plan.of_type("aws_api_gateway_method_settings"):
        assert not one.values["settings"][0].get("data_trace_enabled")
        assert one.values["settings"][0].get("logging_level") in (None, "OFF")


def test_only_the_gallery_and_the_configured_origins_may_use_the_buckets(
    other_plan: Plan,
) -> None:
    configured = by_bucket(other_plan, "aws_s3_bucket_cors_configuration")

    assert set(configured) == {PHOTOS, DERIVED, SHARES}
    for one in configured.values():
        for rule in one["cors_rule"]:
            assert sorted(rule["allowed_origins"]) == [
                "http://localhost:5173",
                "https://gallery.example.com",
                "https://photos.example.com",
            ]
            assert "*" not in {*rule["allowed_methods"], *rule["allowed_headers"]}
            assert "*" not in "".join(rule["expose_headers"])


def test_images_cannot_be_replaced_and_are_scanned(either_plan: Plan) -> None:
    repositories = either_plan.of_type("aws_ecr_repository")

    assert {one.values["name"] for one in repositories} == {
        "gallery-extract",
        "gallery-tag",
        "gallery-thumbnail",
    }
    for one in repositories:
        assert one.values["image_tag_mutability"] == "IMMUTABLE"
        assert one.values["image_scanning_configuration"] == [{"scan_on_push": True}]


def test_only_its_own_function_may_pull_an_image(either_plan: Plan) -> None:
    pulling = {
        policy.address: statement
        for policy in resource_policies(either_plan)
        if "aws_ecr_repository_policy" in policy.address
        for statement in policy.statements
    }

    functions = "arn:aws:lambda:us-east-1:123456789012:function"
    for key in ("extract", "tag", "thumbnail"):
        statement = pulling.pop(f'module.registry.aws_ecr_repository_policy.this["{key}"]')
        assert statement.actions == ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
        assert statement.principals == (("Service", "lambda.amazonaws.com"),)
        assert statement.conditions == (
            ("ArnEquals", "aws:SourceArn", (f"{functions}:gallery-{key}",)),
        )
    assert pulling == {}


def test_dead_letter_messages_are_encrypted_and_kept_for_14_days(either_plan: Plan) -> None:
    (queue,) = either_plan.of_type("aws_sqs_queue")

    assert queue.values["sqs_managed_sse_enabled"] is True
    assert queue.values["message_retention_seconds"] == 14 * DAY_SECONDS


def test_the_table_is_encrypted_and_can_be_restored(plan: Plan, other_plan: Plan) -> None:
    (table,), (with_key,) = (one.of_type("aws_dynamodb_table") for one in (plan, other_plan))

    for one in (table, with_key):
        assert one.values["point_in_time_recovery"][0]["enabled"] is True
        assert one.values["server_side_encryption"][0]["enabled"] is True
    assert with_key.values["server_side_encryption"][0]["kms_key_arn"] == KEY


def test_photos_rows_and_users_are_protected_from_deletion(either_plan: Plan) -> None:
    (table,) = either_plan.of_type("aws_dynamodb_table")
    (users,) = either_plan.of_type("aws_cognito_user_pool")

    assert table.values["deletion_protection_enabled"] is True
    assert users.values["deletion_protection"] == "ACTIVE"
    buckets = by_bucket(either_plan, "aws_s3_bucket")
    assert {bucket for bucket, one in buckets.items() if one["force_destroy"]} == {SHARES, SITE}


def test_unauthenticated_identities_are_refused(either_plan: Plan) -> None:
    (pool,) = either_plan.of_type("aws_cognito_identity_pool")

    assert pool.values["allow_unauthenticated_identities"] is False
    assert pool.values["allow_classic_flow"] is False


def test_logs_are_kept_for_30_days(either_plan: Plan) -> None:
    kept = {
        one.address: one.values["retention_in_days"]
        for one in either_plan.of_type("aws_cloudwatch_log_group")
    }

    assert set(kept.values()) == {30}


def test_no_lifecycle_rule_archives_an_object(either_plan: Plan) -> None:
    configured = by_bucket(either_plan, "aws_s3_bucket_lifecycle_configuration")

    for one in configured.values():
        for rule in one["rule"]:
            assert not rule["transition"]
            assert not rule["noncurrent_version_transition"]
