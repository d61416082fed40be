"""Switch on the events of an adopted bucket, or off again.

S3 has one notification configuration for each bucket, and whoever writes one replaces it. So this
command reads what the bucket has, adds the delivery to EventBridge, and writes all of it back.
Terraform would remove the notifications that the bucket's owner has: decision 31.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gallery.deployment import Deployment, add_deployment_arguments
from gallery.shell import CommandError, print_stderr, print_stdout

if TYPE_CHECKING:
    import argparse

    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
Notifications: TypeAlias = dict[str, Any]  # as S3 answers: lists by kind, and EVENTBRIDGE if on
EVENTBRIDGE: Final = "EventBridgeConfiguration"
KINDS: Final = {  # the member that names the destination of each kind of notification
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_deployment_arguments(command)
    command.add_argument("--undo", action="store_true", help="switch the events off again")
    command.add_argument(
        "--dry-run", action="store_true", help="print what is done, change nothing"
    )


def run(given: argparse.Namespace) -> int:
    """Print the notifications of the bucket, and add or remove the delivery to EventBridge."""
    deployment = Deployment.of(given)
    bucket = deployment.outputs.photos_bucket
    if deployment.outputs.key_layout is None:
        raise CommandError(f"{bucket} is the gallery's own: set adopted_bucket and apply it first")
    s3 = deployment.session.client("s3")
    if given.undo:
        events = deployment.session.client("events")
        _refuse_to_undo(events, bucket, deployment.outputs.state_machine_arn)
    else:
        refuse_unusable(s3, bucket, deployment.session.region_name)
    present = notifications(s3, bucket)
    for kind, member in KINDS.items():
        for one in present.get(kind, []):
            print_stdout(f"kept: {', '.join(one['Events'])} to {one[member]}")
    is_on = EVENTBRIDGE in present
    if is_on is not given.undo:
        print_stdout(f"{bucket}: nothing to do, EventBridge is {'on' if is_on else 'off'}")
    elif given.dry_run:
        print_stdout(f"{bucket}: would switch EventBridge {'off' if is_on else 'on'}")
    else:
        switch(s3, bucket, present, on=not is_on)
        print_stdout(f"{bucket}: switched EventBridge {'off' if is_on else 'on'}")
        if not is_on:
            print_stderr("S3 begins to send events in about five minutes. Then run backfill")
    return 0


def notifications(s3: S3Client, bucket: str) -> Notifications:
    """Return the notification configuration of a bucket."""
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def switch(s3: S3Client, bucket: str, present: Notifications, *, on: bool) -> None:
    """Add the delivery to EventBridge to the bucket's notifications, or remove it.

    Raises:
        CommandError: the bucket has another configuration afterwards, so somebody else writes it.
    """
    others = {name: value for name, value in present.items() if name != EVENTBRIDGE}
    wanted: Any = {**others, **({EVENTBRIDGE: {}} if on else {})}
    # Otherwise S3 would send each topic and queue a test message, and refuse all if one is gone.
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=wanted, SkipDestinationValidation=True
    )
    if notifications(s3, bucket) != wanted:
        raise CommandError(f"somebody else changes the notifications of {bucket}: look at them")


def refuse_unusable(s3: S3Client, bucket: str, region: str) -> None:
    """Refuse a bucket that the gallery cannot read, or that would send it no events.

    Raises:
        CommandError: the message says why.
    """
    found = s3.head_bucket(Bucket=bucket).get("BucketRegion", region)
    if found != region:
        raise CommandError(f"{bucket} is in {found}: deploy the gallery there, not in {region}")
    if s3.get_bucket_request_payment(Bucket=bucket).get("Payer") == "Requester":
        raise CommandError(f"{bucket} has Requester Pays, which the gallery does not support")
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        print_stderr(f"{bucket} keeps no versions: what its owner deletes there is lost")


def _refuse_to_undo(events: EventBridgeClient, bucket: str, state_machine_arn: str) -> None:
    """Refuse to switch off events that rules of somebody else may need."""
    own = events.list_rule_names_by_target(TargetArn=state_machine_arn)["RuleNames"]
    pages = events.get_paginator("list_rules").paginate()
    rules = (rule for page in pages for rule in page["Rules"])
    others = [
        rule["Name"]
        for rule in rules
        if "aws.s3" in rule.get("EventPattern", "") and rule["Name"] not in own
    ]
    if others:
        raise CommandError(
            f"other rules may need the events of {bucket}: {', '.join(sorted(others))}."
            " Switch EventBridge off in the bucket's properties if they do not"
        )
