"""EventBridge: limits of PutEvents, state machines as targets, transformers, dead letters."""

import json
import logging
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule, events_backends
from moto.sqs.models import sqs_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.utilities.arns import parse_arn

from local.moto_patches.wiring import Json, Moto, replaces

logger = logging.getLogger(__name__)

# A quoted string of the template (a variable in it becomes text), or a bare variable (JSON).
_STRING_OR_VARIABLE: Final = re.compile(r'"(?:[^"\\]|\\.)*"|<([^<>"]+)>')
_VARIABLE: Final = re.compile(r"<([^<>]+)>")


def send(  # noqa: PLR0913, PLR0917  # the fields of every event
    account: str,
    region: str,
    source: str,
    detail_type: str,
    resource: str,
    detail: Mapping[str, Json],
) -> None:
    """Send an event of an AWS service to the default bus."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [resource],
        "detail": detail,
    }
    for rule in list(events_backends[account][region].event_buses["default"].rules.values()):
        rule.send_to_targets(event)


_MAX_ENTRY_BYTES: Final = 256 * 1024  # of all entries together
_MAX_DETAIL_TYPE: Final = 128  # characters
_moto_put_events: Final = EventsBackend.put_events


@replaces(EventsBackend, name="put_events")
def _put_events(self: Moto, events: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """AWS refuses what is too large, or sent in AWS's own name. moto accepts it.

    The answer has one entry for each event, with an ErrorCode if it was refused.
    AWS: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
    AWS: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
    AWS: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
    """
    if sum(map(_entry_bytes, events)) > _MAX_ENTRY_BYTES:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    refused = [_refusal(event) for event in events]
    sent = [event for event, refusal in zip(events, refused, strict=True) if refusal is None]
    answers = iter(_moto_put_events(self, sent))
    return [next(answers) if refusal is None else refusal for refusal in refused]


def _entry_bytes(event: Mapping[str, Json]) -> int:
    """Return the size of an event, as EventBridge counts it."""
    texts = [event.get("Source"), event.get("DetailType"), event.get("Detail")]
    texts += event.get("Resources") or []
    return (14 if event.get("Time") else 0) + sum(len((text or "").encode()) for text in texts)


def _refusal(event: Mapping[str, Json]) -> dict[str, str] | None:
    """Return the answer to an event that AWS refuses, and moto does not."""
    source, detail_type = event.get("Source") or "", event.get("DetailType") or ""
    if source.startswith("aws."):
        message = f"Not authorized for the source {source}."
        return {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": message}
    if len(detail_type) > _MAX_DETAIL_TYPE:
        message = "Parameter DetailType is not valid. Reason: it is too long."
        return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        is_object = isinstance(json.loads(event.get("Detail") or "{}"), dict)
    except ValueError:
        is_object = False
    return (
        None
        if is_object
        else {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    )


@replaces(Rule, name="send_to_targets")
def _send_to_targets(
    self: Moto,
    original_event: Mapping[str, Json],
    transform_input: bool = True,  # noqa: ARG001, FBT001, FBT002  # moto's signature
) -> None:
    """AWS starts state machines, transforms every target's input, and keeps undelivered events.

    moto starts state machines for its own notifications only, transforms only the events of
    PutEvents, sends events by disabled rules too, and loses what it cannot deliver.
    AWS: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    AWS: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html#eb-rule-dlq
    moto: https://github.com/getmoto/moto/issues/8452
    """
    event = {key: value for key, value in original_event.items() if key != "ingestion-time"}
    if not isinstance(event["time"], str):
        moment = datetime.fromtimestamp(event["time"], UTC)
        event["time"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    if self.state != "ENABLED" or not self.event_pattern.matches_event(event):
        return
    for target in self.targets:
        try:
            _deliver(event, target)
        except Exception as error:  # noqa: BLE001  # the target's service may raise anything
            _dead_letter(event, self.arn, target, error)


def transform(template: str, paths: Mapping[str, str], event: Mapping[str, Json]) -> str:
    """Fill an InputTemplate: `<name>` becomes JSON, or text inside a quoted string.

    AWS: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    values = {name: _lookup(event, path) for name, path in paths.items()}

    def text(variable: re.Match[str]) -> str:
        value = values[variable.group(1)]
        return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]

    def string_or_json(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return _VARIABLE.sub(text, match.group())
        return json.dumps(values[match.group(1)])

    return _STRING_OR_VARIABLE.sub(string_or_json, template)


def _lookup(event: Mapping[str, Json], path: str) -> Json:
    value: Json = event
    for name in path.removeprefix("$.").split("."):
        if not isinstance(value, Mapping) or name not in value:
            return ""  # as EventBridge does for a path that the event does not have
        value = value[name]
    return value


def _deliver(event: Mapping[str, Json], target: Mapping[str, Json]) -> None:
    body = json.dumps(event)
    if transformer := target.get("InputTransformer"):
        body = transform(transformer["InputTemplate"], transformer.get("InputPathsMap", {}), event)
    arn = parse_arn(target["Arn"])
    if arn.service == "states":
        stepfunctions_parser_backends[arn.account][arn.region].start_execution(
            state_machine_arn=target["Arn"],
            name=f"{event['id']}_{uuid.uuid4()}",
            execution_input=body,
        )
    elif arn.service == "sqs":
        sqs_backends[arn.account][arn.region].send_message(arn.resource_id, body)
    else:
        raise ValueError(f"no delivery to {target['Arn']}: only to state machines and queues")


def _dead_letter(
    event: Mapping[str, Json], rule_arn: str, target: Mapping[str, Json], error: Exception
) -> None:
    """Send an undelivered event to the target's dead-letter queue, if it has one."""
    if "DeadLetterConfig" not in target:
        logger.warning("event lost on its way to %s: %s", target["Arn"], error)
        return
    attributes = {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": getattr(error, "TYPE", None) or type(error).__name__,
        "ERROR_MESSAGE": str(error),
    }
    arn = parse_arn(target["DeadLetterConfig"]["Arn"])
    sqs_backends[arn.account][arn.region].send_message(
        arn.resource_id,
        json.dumps(event),
        message_attributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )
