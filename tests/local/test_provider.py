"""The API calls of Terraform's provider: it reads back what it has written."""

import json
from collections.abc import Mapping

import pytest
from botocore.exceptions import ClientError

from embeddedaws import ROLE, Aws
from local.clients import ACCOUNT, REGION
from local.moto_patches import cognitoidp  # noqa: F401  # the import installs the patch


def refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    """Return the code of the error with which AWS refuses a call."""
    return error.value.response["Error"]["Code"]


def test_a_missing_resource_is_refused_at_once_by_its_error(aws: Aws) -> None:
    with pytest.raises(ClientError, match="lookup_developer_identity") as error:
        aws.client("cognito-identity").lookup_developer_identity(IdentityPoolId=f"{REGION}:none")

    assert refused(error) == "EmbeddedAwsError"
    assert error.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_a_function_keeps_the_settings_it_was_created_with(aws: Aws) -> None:
    made = {
        "Architectures": ["arm64"],
        "Environment": {"Variables": {"A": "b"}},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/kept"},
        "MemorySize": 512,
        "Timeout": 30,
        "TracingConfig": {"Mode": "Active"},
    }
    aws.function("kept", **made)

    answer = aws.client("lambda").get_function(FunctionName="kept")

    assert {name: answer["Configuration"][name] for name in made} == made
    assert "ImageConfigResponse" not in answer["Configuration"]
    assert answer["Code"]["ImageUri"].endswith("/gallery-kept:1")


def test_an_update_changes_each_setting_of_a_function(aws: Aws) -> None:
    lambda_ = aws.client("lambda")
    aws.function("changed")
    changes = {
        "EphemeralStorage": {"Size": 1024},
        "KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/aws/lambda/changed"},
        "TracingConfig": {"Mode": "Active"},
        "MemorySize": 1024,
    }
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/gallery-changed@sha256:{'1' * 64}"

    lambda_.update_function_configuration(FunctionName="changed", **changes)
    lambda_.update_function_code(FunctionName="changed", ImageUri=uri, Architectures=["arm64"])

    answer = lambda_.get_function(FunctionName="changed")
    assert {name: answer["Configuration"][name] for name in changes} == changes
    assert answer["Configuration"]["Architectures"] == ["arm64"]
    assert answer["Code"]["ImageUri"] == uri


def test_a_bucket_returns_its_eventbridge_configuration(aws: Aws) -> None:
    s3 = aws.client("s3")
    bucket = aws.bucket(versioned=False)

    answer = s3.get_bucket_notification_configuration(Bucket=bucket)

    assert answer["EventBridgeConfiguration"] == {}


def test_keys_of_versions_are_returned_unchanged(aws: Aws) -> None:
    s3, key = aws.client("s3"), "a é + %41 &.jpg"
    bucket = aws.bucket(versioned=True)
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.delete_object(Bucket=bucket, Key=key)

    answer = s3.list_object_versions(Bucket=bucket, EncodingType="url", Prefix="a é +")

    assert answer["EncodingType"] == "url"
    assert [entry["Key"] for entry in answer["Versions"]] == ["a%20%C3%A9%20%2B%20%2541%20%26.jpg"]
    assert [entry["Key"] for entry in s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]] == [
        key
    ]


def test_a_bucket_is_empty_after_its_last_delete_marker_is_deleted(aws: Aws) -> None:
    s3 = aws.client("s3")
    bucket = aws.bucket(versioned=True)
    version = s3.put_object(Bucket=bucket, Key="a", Body=b"")["VersionId"]
    marker = s3.delete_object(Bucket=bucket, Key="a")["VersionId"]

    for version_id in (version, marker):
        s3.delete_object(Bucket=bucket, Key="a", VersionId=version_id)
    s3.delete_bucket(Bucket=bucket)

    assert bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}


def bucket_policy(aws: Aws, bucket: str, statement: Mapping[str, object]) -> None:
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_a_bucket_that_requires_tls_accepts_objects_here(aws: Aws) -> None:
    s3, bucket = aws.client("s3"), aws.bucket(versioned=False)
    deny: dict[str, object] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }

    bucket_policy(aws, bucket, {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    s3.put_object(Bucket=bucket, Key="a", Body=b"taco")
    bucket_policy(aws, bucket, deny)

    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=bucket, Key="b", Body=b"taco")


@pytest.mark.parametrize(("prefix", "delivered"), [("photos/", True), ("others/", False)])
def test_access_logs_are_delivered_if_a_bucket_policy_allows_it(
    aws: Aws, prefix: str, *, delivered: bool
) -> None:
    s3, bucket, logs = aws.client("s3"), aws.bucket(versioned=False), aws.bucket(versioned=False)
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": [f"arn:aws:s3:::{logs}/derived/*", f"arn:aws:s3:::{logs}/photos/*"],
    }
    bucket_policy(aws, logs, allow)
    status = {"LoggingEnabled": {"TargetBucket": logs, "TargetPrefix": prefix}}

    if not delivered:
        with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
            s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
        return
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    s3.put_object(Bucket=bucket, Key="a", Body=b"")

    assert s3.list_objects_v2(Bucket=logs, Prefix=prefix)["KeyCount"] > 0


def test_a_queue_keeps_each_policy_until_it_is_changed(aws: Aws) -> None:
    sqs, url = aws.client("sqs"), aws.queue()

    def attribute(name: str) -> str | None:
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        value: str | None = attributes["Attributes"].get(name)
        return value

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": '{"Statement": []}'})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedriveAllowPolicy": '{"a": "b"}'})

    assert attribute("Policy") == '{"Statement": []}'
    assert attribute("RedriveAllowPolicy") == '{"a": "b"}'

    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": "", "RedriveAllowPolicy": ""})

    assert not attribute("Policy")
    assert attribute("RedriveAllowPolicy") is None


def test_a_state_machine_lists_its_published_versions(aws: Aws) -> None:
    stepfunctions = aws.client("stepfunctions")
    arn = aws.state_machine({"Done": {"Type": "Succeed"}})

    before = stepfunctions.list_state_machine_versions(stateMachineArn=arn)
    stepfunctions.update_state_machine(stateMachineArn=arn, roleArn=ROLE, publish=True)
    after = stepfunctions.list_state_machine_versions(stateMachineArn=arn)

    assert before["stateMachineVersions"] == []
    assert [one["stateMachineVersionArn"] for one in after["stateMachineVersions"]] == [f"{arn}:1"]


def test_an_identity_pool_keeps_its_roles_and_its_flow(aws: Aws) -> None:
    cognito = aws.client("cognito-identity")
    pool = cognito.create_identity_pool(
        IdentityPoolName="pool", AllowUnauthenticatedIdentities=False, AllowClassicFlow=True
    )["IdentityPoolId"]

    cognito.set_identity_pool_roles(IdentityPoolId=pool, Roles={"authenticated": ROLE})

    assert cognito.get_identity_pool_roles(IdentityPoolId=pool)["Roles"] == {"authenticated": ROLE}
    assert cognito.describe_identity_pool(IdentityPoolId=pool)["AllowClassicFlow"] is True
    with pytest.raises(ClientError) as error:
        cognito.get_identity_pool_roles(IdentityPoolId=f"{REGION}:none")
    assert refused(error) == "ResourceNotFoundException"


def test_a_protected_user_pool_is_not_deleted(aws: Aws) -> None:
    cognito = aws.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="pool", DeletionProtection="ACTIVE")["UserPool"]["Id"]

    with pytest.raises(ClientError, match="deletion protection") as error:
        cognito.delete_user_pool(UserPoolId=pool)
    cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    cognito.delete_user_pool(UserPoolId=pool)

    assert refused(error) == "InvalidParameterException"
    assert cognito.list_user_pools(MaxResults=10)["UserPools"] == []


def test_versions_are_found_by_prefix_in_order_and_page_by_page(aws: Aws) -> None:
    s3, bucket = aws.client("s3"), aws.bucket(versioned=True)
    for key in ("b/2", "a/1", "b/1", "b", "b/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")

    def listed(**asked: object) -> list[str]:
        pages = s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": 1}, **asked
        )
        return [one["Key"] for page in pages for one in page.get("Versions", [])]

    assert listed() == ["a/1", "b", "b/1", "b/1", "b/2"]
    assert listed(Prefix="b/") == ["b/1", "b/1", "b/2"]
    assert listed(Prefix="c") == []


def headers_policy(max_age_s: int) -> dict[str, object]:
    """Return the configuration of a response headers policy."""
    transport = {
        "Override": True,
        "IncludeSubdomains": False,
        "Preload": False,
        "AccessControlMaxAgeSec": max_age_s,
    }
    item = {"Header": "Permissions-Policy", "Value": "camera=()", "Override": True}
    return {
        "Name": "headers",
        "Comment": "of a page",
        "SecurityHeadersConfig": {"StrictTransportSecurity": transport},
        "CustomHeadersConfig": {"Quantity": 1, "Items": [item]},
    }


def test_a_response_headers_policy_is_created_updated_and_deleted(aws: Aws) -> None:
    cloudfront = aws.client("cloudfront")
    made = cloudfront.create_response_headers_policy(
        ResponseHeadersPolicyConfig=headers_policy(max_age_s=1)
    )
    name = made["ResponseHeadersPolicy"]["Id"]

    changed = cloudfront.update_response_headers_policy(
        Id=name, IfMatch=made["ETag"], ResponseHeadersPolicyConfig=headers_policy(max_age_s=2)
    )
    answer = cloudfront.get_response_headers_policy(Id=name)
    cloudfront.delete_response_headers_policy(Id=name, IfMatch=answer["ETag"])
    with pytest.raises(ClientError) as error:
        cloudfront.get_response_headers_policy(Id=name)

    config = answer["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    assert config == headers_policy(max_age_s=2)
    assert made["ETag"] != changed["ETag"] == answer["ETag"]
    assert refused(error) == "NoSuchResponseHeadersPolicy"


def test_a_distribution_returns_exactly_the_settings_it_was_given(
    aws: Aws,
) -> None:
    origin = {
        "Id": "bucket",
        "DomainName": f"page.s3.{REGION}.amazonaws.com",
        "OriginAccessControlId": "E2QWRUHAPOMQZL",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    behaviour = {
        "TargetOriginId": "bucket",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
    }
    made = aws.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "once",
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behaviour,
            "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
        }
    )

    config = made["Distribution"]["DistributionConfig"]
    [answer] = config["Origins"]["Items"]
    assert answer["OriginAccessControlId"] == "E2QWRUHAPOMQZL"
    assert "ForwardedValues" not in config["DefaultCacheBehavior"]
    assert not {"ACMCertificateArn", "IAMCertificateId"} & set(config["ViewerCertificate"])
