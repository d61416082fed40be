"""What storage, images and queues are protected by, from what Terraform plans."""

from collections.abc import Mapping
from typing import Any

import pytest

from tools.permissions import KEY, resource_policies
from tools.plan import Plan

SUFFIX = "123456789012-us-east-1"
PHOTOS, DERIVED, LOGS, SITE = (
    f"gallery-{kind}-{SUFFIX}" for kind in ("photos", "derived", "logs", "site")
)
ALL = {PHOTOS, DERIVED, LOGS, SITE}
DAY_SECONDS = 24 * 60 * 60


@pytest.fixture(params=["plan", "other_plan"])
def either_plan(request: pytest.FixtureRequest) -> Plan:
    chosen: Plan = request.getfixturevalue(request.param)
    return chosen


def by_bucket(plan: Plan, kind: str) -> dict[str, Mapping[str, Any]]:
    """The values of each resource of a kind, by the bucket that it is about."""
    return {one.values["bucket"]: one.values for one in plan.of_type(kind)}


def rules(plan: Plan, bucket: str) -> list[Mapping[str, Any]]:
    found = by_bucket(plan, "aws_s3_bucket_lifecycle_configuration")[bucket]["rule"]
    return [rule for rule in found if rule["status"] == "Enabled"]


def test_buckets_are_these(either_plan: Plan) -> None:
    assert set(by_bucket(either_plan, "aws_s3_bucket")) == ALL


def test_no_bucket_is_public(either_plan: Plan) -> None:
    blocks = by_bucket(either_plan, "aws_s3_bucket_public_access_block")

    flags = "block_public_acls", "block_public_policy", "ignore_public_acls"
    assert set(blocks) == ALL
    for block in blocks.values():
        assert all(block[flag] for flag in (*flags, "restrict_public_buckets"))


def test_bucket_owner_owns_every_object(either_plan: Plan) -> None:
    controls = by_bucket(either_plan, "aws_s3_bucket_ownership_controls")

    assert {bucket: one["rule"][0]["object_ownership"] for bucket, one in controls.items()} == (
        dict.fromkeys(ALL, "BucketOwnerEnforced")
    )


def test_photos_have_versions_which_expire(either_plan: Plan) -> None:
    versioned = by_bucket(either_plan, "aws_s3_bucket_versioning")
    expiring = [one["noncurrent_version_expiration"] for one in rules(either_plan, PHOTOS)]

    assert versioned[PHOTOS]["versioning_configuration"][0]["status"] == "Enabled"
    assert [days for days in expiring if days] == [
        [{"newer_noncurrent_versions": None, "noncurrent_days": 30}]
    ]


def test_uploads_that_never_end_are_cleaned_up(either_plan: Plan) -> None:
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


def test_photos_and_renditions_are_encrypted_with_the_key_of_the_settings(other_plan: Plan) -> None:
    assert encryption(other_plan) == {
        PHOTOS: ("aws:kms", KEY),
        DERIVED: ("aws:kms", KEY),
        LOGS: ("AES256", ""),  # S3 delivers its logs to no bucket that KMS encrypts
        SITE: ("AES256", ""),  # whoever asks may read it
    }


def test_nothing_is_reached_without_tls(either_plan: Plan) -> None:
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
        (f"arn:aws:sns:{place}:gallery-alarms", "sns:Publish"),  # a topic takes no sns:*
    }


def test_access_to_photos_renditions_and_the_page_is_logged(either_plan: Plan) -> None:
    logging = by_bucket(either_plan, "aws_s3_bucket_logging")

    assert {bucket: one["target_bucket"] for bucket, one in logging.items()} == {
        PHOTOS: LOGS,
        DERIVED: LOGS,
        SITE: LOGS,
    }


def test_only_the_gallerys_page_and_those_of_the_settings_may_use_buckets(
    other_plan: Plan,
) -> None:
    configured = by_bucket(other_plan, "aws_s3_bucket_cors_configuration")

    assert set(configured) == {PHOTOS, DERIVED}
    for one in configured.values():
        for rule in one["cors_rule"]:
            assert sorted(rule["allowed_origins"]) == [
                "http://localhost:5173",
                "https://gallery.example.com",
                "https://photos.example.com",
            ]
            assert "*" not in {*rule["allowed_methods"], *rule["allowed_headers"]}
            assert rule["expose_headers"] == ["ETag", "x-amz-version-id"]


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


def test_only_its_function_pulls_an_image(either_plan: Plan) -> None:
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


def test_dead_letters_are_encrypted_and_kept_as_long_as_can_be(either_plan: Plan) -> None:
    (queue,) = either_plan.of_type("aws_sqs_queue")

    assert queue.values["sqs_managed_sse_enabled"] is True
    assert queue.values["message_retention_seconds"] == 14 * DAY_SECONDS


def test_table_is_encrypted_and_can_be_brought_back(plan: Plan, other_plan: Plan) -> None:
    (table,), (with_key,) = (one.of_type("aws_dynamodb_table") for one in (plan, other_plan))

    for one in (table, with_key):
        assert one.values["point_in_time_recovery"][0]["enabled"] is True
        assert one.values["server_side_encryption"][0]["enabled"] is True
    assert with_key.values["server_side_encryption"][0]["kms_key_arn"] == KEY


def test_nothing_with_photos_or_users_is_destroyed_without_a_word(either_plan: Plan) -> None:
    (table,) = either_plan.of_type("aws_dynamodb_table")
    (users,) = either_plan.of_type("aws_cognito_user_pool")

    assert table.values["deletion_protection_enabled"] is True
    assert users.values["deletion_protection"] == "ACTIVE"
    buckets = by_bucket(either_plan, "aws_s3_bucket")
    assert {bucket for bucket, one in buckets.items() if one["force_destroy"]} == {SITE}


def test_guests_are_refused(either_plan: Plan) -> None:
    (pool,) = either_plan.of_type("aws_cognito_identity_pool")

    assert pool.values["allow_unauthenticated_identities"] is False
    assert pool.values["allow_classic_flow"] is False


def test_logs_are_not_kept_for_ever(either_plan: Plan) -> None:
    kept = {
        one.address: one.values["retention_in_days"]
        for one in either_plan.of_type("aws_cloudwatch_log_group")
    }

    assert set(kept.values()) == {30}
