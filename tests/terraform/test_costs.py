"""What docs/operations.md says of costs is what Terraform plans."""

import json
import re

from gallery import costs
from tools.plan import Plan


def test_every_metric_that_an_alarm_looks_at_is_counted(plan: Plan) -> None:
    alarms = plan.of_type("aws_cloudwatch_metric_alarm")

    looked_at = [
        sum(bool(query.get("metric")) for query in alarm.values.get("metric_query") or ()) or 1
        for alarm in alarms
    ]
    assert sum(looked_at) == costs.ALARM_METRICS


def test_one_dashboard_is_paid_for(plan: Plan) -> None:
    assert len(plan.of_type("aws_cloudwatch_dashboard")) == 1


def test_the_dashboard_reckons_with_the_same_prices(plan: Plan) -> None:
    [dashboard] = plan.of_type("aws_cloudwatch_dashboard")
    body = json.loads(dashboard.values["dashboard_body"])
    [cost] = [
        widget["properties"]
        for widget in body["widgets"]
        if "Cost" in widget["properties"]["title"]
    ]
    expressions = {
        metric[0]["label"]: metric[0]["expression"]
        for metric in cost["metrics"]
        if isinstance(metric[0], dict)
    }

    def named(service: str, *amounts: float) -> bool:
        """Whether the expression has each of these numbers."""
        numbers = re.findall(r"\b\d+(?:\.\d+)?\b", expressions[service])
        return {f"{amount:.9g}" for amount in amounts} <= {f"{float(one):.9g}" for one in numbers}

    usd = costs.USD
    assert named("Lambda", usd["Lambda, GB-second on arm64"], usd["Lambda, request"])
    assert named("Step Functions", costs.TRANSITIONS, usd["Step Functions, transition"])
    assert named("DynamoDB", usd["DynamoDB, write unit"])
    assert named("Rekognition", usd["Rekognition, DetectLabels"])
