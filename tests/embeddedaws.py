"""An embedded AWS without a deployment, and short calls for what tests create in it."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from local.clients import ACCOUNT, REGION, Clients
from local.clock import Clock
from local.embedded import embedded_aws
from local.functions import STEPS, Answer, Function
from local.quotas import UNLIMITED, Quotas
from local.rekognition import NoLabels
from local.stack import EndedExecution, Executions, create_table

ROLE = f"arn:aws:iam::{ACCOUNT}:role/tests"
TABLE = "things"
PATIENCE_SECONDS = 120  # an execution takes less than one, but this machine may be busy


@dataclass
class Answering:
    """`local.functions.Functions` that answer as the test says, by the function's name."""

    answers: dict[str, Callable[[Any], Answer]] = field(default_factory=dict)
    deployed: list[Function] = field(default_factory=list)
    refuse: Callable[[Function], None] = lambda _: None  # raises if an image does not start

    def start(self, environment: Mapping[str, str]) -> None:
        """Do nothing."""

    def deploy(self, function: Function) -> None:
        """Record the function."""
        self.refuse(function)
        self.deployed.append(function)

    def stop(self) -> None:
        """Do nothing."""

    def invoke(self, function: Function, payload: bytes) -> Answer:
        """Answer by name."""
        return self.answers[function.name](json.loads(payload))


class Aws(Clients):
    """A running embedded AWS."""

    def __init__(
        self, url: str, executions: Executions, functions: Answering, labeler: NoLabels
    ) -> None:
        super().__init__(url)
        self.executions = executions
        self.functions = functions
        self.labeler = labeler

    @classmethod
    @contextmanager
    def start(cls, *, quotas: Quotas = UNLIMITED, clock: Clock | None = None) -> "Iterator[Aws]":
        """Start one, with a table, and a function for each step."""
        executions = Executions()
        functions = Answering()
        labeler = NoLabels()
        with embedded_aws(
            functions=functions,
            labeler=labeler,
            wait_scale=0,
            executions_at_once=4,
            watcher=executions,
            quotas=quotas,
            clock=clock,
        ) as url:
            aws = cls(url, executions, functions, labeler)
            create_table(aws.dynamodb, TABLE)
            for step in STEPS:
                aws.function(step)
            yield aws
            aws.close()

    def function(self, name: str, **more: object) -> str:
        """Create a function from an image of that name; return its ARN."""
        iam = self.client("iam")
        if not iam.list_roles()["Roles"]:
            iam.create_role(RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}")
        arn: str = self.client("lambda").create_function(
            FunctionName=name,
            PackageType="Image",
            Code={"ImageUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/gallery-{name}:1"},
            Role=ROLE,
            **more,
        )["FunctionArn"]
        return arn

    def state_machine(self, states: Mapping[str, object]) -> str:
        """Create a state machine that begins at the first of `states`; return its ARN."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        arn: str = self.client("stepfunctions").create_state_machine(
            name=str(uuid.uuid4()), definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
        return arn

    def run(self, states: Mapping[str, object], execution_input: object = None) -> EndedExecution:
        """Run the states to their end."""
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=self.state_machine(states), input=json.dumps(execution_input or {})
        )["executionArn"]
        return self.executions.find(
            lambda execution: execution.arn == started, timeout_seconds=PATIENCE_SECONDS
        )

    def bucket(self, *, versioned: bool) -> str:
        """Create a bucket that sends its events to EventBridge; return its name."""
        s3 = self.client("s3")
        name = f"bucket-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def queue(self) -> str:
        """Create a queue; return its URL."""
        url: str = self.client("sqs").create_queue(QueueName=str(uuid.uuid4()))["QueueUrl"]
        return url

    def rule(self, pattern: Mapping[str, object], **target: object) -> None:
        """Create a rule with one target."""
        name = str(uuid.uuid4())
        events = self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "target", **target}])

    def messages(self, queue_url: str) -> list[dict[str, Any]]:
        """Receive and delete all messages of the queue."""
        sqs = self.client("sqs")
        taken: list[dict[str, Any]] = []
        while batch := sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        ).get("Messages"):
            taken += batch
            for message in batch:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return taken


def queue_arn(queue_url: str) -> str:
    """Return the ARN of a queue."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue_url.rpartition('/')[2]}"
