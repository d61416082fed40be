"""The cost model matches the alarms and the dashboard that Terraform plans."""

import json
import re

from gallery import costs
from tools.plan import Plan


def test_the_cost_model_counts_every_metric_of_an_alarm(plan: Plan) -> None:
    alarms = plan.of_type("aws_cloudwatch_metric_alarm")

    metrics = [
        sum(bool(query.get("metric")) for query in alarm.values.get("metric_query") or ()) or 1
        for alarm in alarms
    ]
    assert sum(metrics) == costs.ALARM_METRICS


def test_there_is_one_dashboard(plan: Plan) -> None:
    assert len(plan.of_type("aws_cloudwatch_dashboard")) == 1


def test_the_dashboard_uses_the_prices_of_the_cost_model(plan: Plan) -> None:
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

    def contains(service: str, *amounts: float) -> bool:
        """Return whether the expression contains each of the amounts."""
        numbers = re.findall(r"\b\d+(?:\.\d+)?\b", expressions[service])
        return {f"{amount:.9g}" for amount in amounts} <= {f"{float(one):.9g}" for one in numbers}

    usd = costs.USD
    assert contains("Lambda", usd["Lambda, GB-second on arm64"], usd["Lambda, request"])
    assert contains("Step Functions", costs.TRANSITIONS, usd["Step Functions, transition"])
    assert contains("DynamoDB", usd["DynamoDB, write unit"])
    assert contains("Rekognition", usd["Rekognition, DetectLabels"])
