"""A burst over the quotas of a new account ends READY, with labels, without dead letters."""

import io
import json
import random
from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from gallery.costs import billed_seconds, memory_mb
from local.clients import ACCOUNT, REGION
from local.clock import VirtualClock
from local.functions import Answer, Function
from local.moto_patches.awslambda import find
from local.moto_patches.wiring import wired
from local.quotas import Quotas, ThrottledError, Usage
from local.stack import Stack
from shared.contracts import (
    LABELS_READY,
    Contract,
    ExtractRequest,
    TagResult,
    ThumbnailRequest,
    dump,
)
from shared.errors import LabelsThrottledError
from workflow.scripted import Scripted, event, extract, photo_of, runtime_report, thumbnail

PHOTOS = 200
# A fifth of the quotas of a new account, 10 and 5: as long as a thousand photos take there.
NEW_ACCOUNT = Quotas(invocations_at_once=2, labels_per_second=1)
SDK_ATTEMPTS = 2  # of Tag, at DetectLabels: shared/aws.py


class Lambda:
    """Lambda's client of Step Functions, without HTTP: functions that take their time.

    They answer what the scripted ones answer, and Tag as it does when DetectLabels is throttled.
    """

    def __init__(self, clock: VirtualClock, usage: Usage) -> None:
        self.clock = clock
        self.usage = usage
        self.random = random.Random(1)  # noqa: S311  # no secrets
        photo = photo_of(event("uploads/ada/0.jpg", sequencer=1, version_id="v1"))
        answers: dict[str, Contract] = {
            "extract": extract(ExtractRequest(photo=photo)),
            "thumbnail": thumbnail(ThumbnailRequest(photo=photo)),
            "tag": TagResult(labels=[], label_index=[], labels_status=LABELS_READY, version=1),
        }
        self.answers = {
            step: Answer(json.dumps(dump(answer)).encode()) for step, answer in answers.items()
        }
        self.seconds = {step: billed_seconds(step, memory) for step, memory in memory_mb().items()}
        self.throttled = Counter[str]()

    def invoke(self, *, FunctionName: str, **_: object) -> dict[str, Any]:  # noqa: N803  # boto3's
        """Answer Invoke."""
        function = find(ACCOUNT, REGION, FunctionName)
        try:
            with self.usage.invocation():
                answer = self.run(function)
        except ThrottledError:
            self.throttled["Lambda"] += 1
            raise too_many_requests() from None
        failed = {"FunctionError": "Unhandled"} if answer.failed else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(answer.payload), **failed}

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def run(self, function: Function) -> Answer:
        """Take as long as the function does, and return its answer."""
        if function.step == "tag" and not self.labels_detected():
            self.throttled["Rekognition"] += 1
            return runtime_report(LabelsThrottledError("Provisioned rate exceeded"))
        self.clock.sleep(self.seconds[function.step])
        return self.answers[function.step]

    def labels_detected(self) -> bool:
        """Call DetectLabels as the SDK does, with a wait before the second attempt."""
        for attempt in range(SDK_ATTEMPTS):
            if attempt:
                self.clock.sleep(self.random.uniform(0, 1))
            try:
                self.usage.detect_labels()
            except ThrottledError:
                continue
            return True
        return False


def too_many_requests() -> ClientError:
    return ClientError(
        {
            "Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."},
            "ResponseMetadata": {
                "HTTPStatusCode": 429,
                "RequestId": "",
                "HTTPHeaders": {},
                "HostId": "",
                "RetryAttempts": 0,
            },
        },
        "Invoke",
    )


@pytest.mark.timeout(600)
def test_photos_at_once_that_need_minutes_of_a_new_accounts_quotas_are_ready_with_labels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Real: the state machine, its retriers, the table, the queue. Virtual: the time.

    Step Functions calls functions without HTTP, and they answer what was recorded.
    """
    clock = VirtualClock()
    random.seed(1)  # of the jitter
    with Stack.start(functions=Scripted(), quotas=NEW_ACCOUNT, clock=clock) as stack:
        functions = Lambda(clock, wired().usage)
        monkeypatch.setitem(wired().clients._clients, "lambda", functions)  # noqa: SLF001
        with clock.line_up():  # at once
            for number in range(PHOTOS):
                made = event(f"uploads/ada/{number}.jpg", sequencer=1, version_id="v1")
                stack.stepfunctions.start_execution(
                    stateMachineArn=stack.state_machine_arn, input=json.dumps(made)
                )
        stack.wait_until_idle(timeout_seconds=900)
        ended = Counter(one.output and one.output["outcome"] for one in stack.executions())
        rows = [
            item
            for page in stack.dynamodb.get_paginator("scan").paginate(TableName=stack.table)
            for item in page["Items"]
            if item["sk"]["S"].startswith("photo#")
        ]
        letters = stack.sqs.get_queue_attributes(
            QueueUrl=stack.dead_letters_url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]

    assert functions.throttled.keys() == {"Lambda", "Rekognition"}
    assert ended == {"READY": PHOTOS}
    assert Counter(row["labels_status"]["S"] for row in rows) == {"READY": PHOTOS}
    assert letters == {"ApproximateNumberOfMessages": "0"}
    # The quota of DetectLabels allows 200 s. tools/bursts.py ends after 12 to 16 minutes, with
    # twelve draws of the jitter.
    assert 200 <= clock.now() < 20 * 60
