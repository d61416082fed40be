"""The deployed thing, on this machine: what Terraform will create, created in the embedded AWS.

with Stack.start(functions=InProcess()) as stack:
    version_id = stack.upload("uploads/ada/2016/taco.jpg", photo)
    execution = stack.wait_for("uploads/ada/2016/taco.jpg", version_id)

with Stack.empty(functions=InProcess()) as stack:
    ...  # `terraform apply` with the variables of stack.environment(), then `output -json`
    stack.attach(outputs)
"""

import json
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from botocore.config import Config

from local.embedded import ACCOUNT, ANY_ADDRESS, LOOPBACK, REGION, client, embedded_aws, environment
from local.functions import STEPS, Containers, Functions
from local.rekognition import NoLabels
from local.template import REPOSITORY, Values, render_file
from thumbnail.renditions import DEFAULT_RENDITIONS, RenditionSpec

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.literals import KeyTypeType
    from mypy_boto3_dynamodb.type_defs import KeySchemaElementTypeDef
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from local.moto_patches.wiring import Moto
    from local.rekognition import Labeler

PHOTOS_BUCKET: Final = "photos"
DERIVED_BUCKET: Final = "derived"
TABLE: Final = "gallery"
STATE_MACHINE: Final = "gallery"
DEAD_LETTERS: Final = "dead-letters"
REGISTRY: Final = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
TIMEOUT_SECONDS: Final = 30  # of each function
MEMORY_MB: Final = 1024
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/embedded"


@dataclass(frozen=True)
class StateVisit:
    """One stay in one state, retries included."""

    state: str  # as named in the state machine
    duration_ms: float


@dataclass(frozen=True)
class EndedExecution:
    """An execution that has come to its end."""

    arn: str
    name: str
    status: str  # SUCCEEDED, FAILED, TIMED_OUT or ABORTED
    input: Any  # JSON
    output: Any  # JSON; None unless SUCCEEDED
    error: str | None
    cause: str | None
    duration_ms: float
    payload_bytes: int  # of the largest JSON that went into or out of a state or a task
    visits: tuple[StateVisit, ...]  # in the order in which the states were entered


class Stack:
    """A running deployment. Every method is safe to call from several threads."""

    def __init__(self, endpoint_url: str, executions: "Executions") -> None:
        self.endpoint_url = endpoint_url
        self.photos_bucket = PHOTOS_BUCKET
        self.derived_bucket = DERIVED_BUCKET
        self.table = TABLE
        self.state_machine_arn = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STATE_MACHINE}"
        self.dead_letters_url = f"{endpoint_url}/{ACCOUNT}/{DEAD_LETTERS}"
        self._executions = executions
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @classmethod
    @contextmanager
    def start(
        cls,
        *,
        functions: Functions,
        renditions: Mapping[str, RenditionSpec] = DEFAULT_RENDITIONS,
        labeler: "Labeler | None" = None,
        retry_scale: float = 1.0,
        image_tag: str = "latest",
    ) -> "Iterator[Stack]":
        """Start the embedded AWS on a free port of the loopback, and deploy into it.

        Leaving the context ends every process, container and thread that was started.

        Args:
            functions: what runs the functions: `InProcess()`, `Containers()`, or any other
                `local.functions.Functions`.
            renditions: the functions' RENDITIONS.
            labeler: what answers Rekognition's DetectLabels; absent means: no labels at all.
            retry_scale: by which the waits between retries are multiplied; tests use 0.
            image_tag: of the images gallery-extract, gallery-thumbnail and gallery-tag.
        """
        with cls.empty(functions=functions, labeler=labeler, retry_scale=retry_scale) as stack:
            stack.deploy(renditions, image_tag)
            yield stack

    @classmethod
    @contextmanager
    def empty(
        cls,
        *,
        functions: Functions,
        labeler: "Labeler | None" = None,
        retry_scale: float = 1.0,
    ) -> "Iterator[Stack]":
        """Start the embedded AWS, with nothing in it, for somebody else to deploy into: `attach`.

        Args:
            functions: what runs the functions that are deployed.
            labeler: what answers Rekognition's DetectLabels; absent means: no labels at all.
            retry_scale: by which the waits between retries are multiplied; tests use 0.
        """
        executions = Executions()
        with embedded_aws(
            functions=functions,
            labeler=labeler or NoLabels(),
            retry_scale=retry_scale,
            # enough to keep every core busy, and few enough that no task waits out its timeout
            executions_at_once=2 + 2 * (os.cpu_count() or 1),
            watcher=executions,
            host=ANY_ADDRESS if isinstance(functions, Containers) else LOOPBACK,
        ) as endpoint_url:
            stack = cls(endpoint_url, executions)
            try:
                functions.start({**environment(endpoint_url), "TZ": ":UTC"})  # as in Lambda
                yield stack
            finally:
                executions.abort()
                functions.stop()
                executions.wait(timeout_seconds=5)
                stack._close()

    def attach(self, outputs: Mapping[str, Any]) -> None:
        """Work with what Terraform made: `outputs` are those of `terraform output -json`."""
        self.photos_bucket = outputs["photos_bucket"]["value"]
        self.derived_bucket = outputs["derived_bucket"]["value"]
        self.table = outputs["table"]["value"]
        self.state_machine_arn = outputs["state_machine_arn"]["value"]
        self.dead_letters_url = outputs["dead_letters_url"]["value"]

    def client(self, service: str) -> Any:  # noqa: ANN401  # one of boto3's generated classes
        """Return this stack's client for any service."""
        with self._lock:
            if service not in self._clients:
                config = Config(max_pool_connections=32)
                self._clients[service] = client(service, self.endpoint_url, config=config)
            return self._clients[service]

    @cached_property
    def s3(self) -> "S3Client":
        """This stack's S3."""
        return cast("S3Client", self.client("s3"))

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        """This stack's DynamoDB."""
        return cast("DynamoDBClient", self.client("dynamodb"))

    @cached_property
    def events(self) -> "EventBridgeClient":
        """This stack's EventBridge."""
        return cast("EventBridgeClient", self.client("events"))

    @cached_property
    def sqs(self) -> "SQSClient":
        """This stack's SQS."""
        return cast("SQSClient", self.client("sqs"))

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        """This stack's Step Functions."""
        return cast("SFNClient", self.client("stepfunctions"))

    def environment(self) -> dict[str, str]:
        """Return the AWS_… variables with which any SDK or CLI reaches this stack."""
        return environment(self.endpoint_url)

    def upload(self, key: str, body: bytes) -> str:
        """Put a photo into the photos bucket through S3's API, and return its version id.

        When it returns, EventBridge has started what the rules ask for.
        """
        answer = self.s3.put_object(Bucket=self.photos_bucket, Key=key, Body=body)
        return answer["VersionId"]

    def executions(self, *, timeout_seconds: float = 600) -> Iterator[EndedExecution]:
        """Yield each execution of this stack once, as it ends, from the first on.

        Blocks while some are running and none has ended; stops when none is running or waiting
        to run (so start, or upload, before you iterate; uploads made while iterating join in).

        Raises:
            TimeoutError: for so long nothing ended though something was running.
        """
        while (execution := self._executions.next(timeout_seconds=timeout_seconds)) is not None:
            yield execution

    def wait_for(
        self, key: str, version_id: str | None = None, *, timeout_seconds: float = 60
    ) -> EndedExecution:
        """Return the first execution for this object (and version), when it has ended.

        Raises:
            TimeoutError: it has not ended, or never began, in that time.
        """

        def is_it(execution: EndedExecution) -> bool:
            thing = execution.input.get("object", {})
            return thing.get("key") == key and version_id in (None, thing.get("version-id"))

        return self._executions.find(is_it, timeout_seconds=timeout_seconds)

    def wait_until_idle(self, *, timeout_seconds: float = 60) -> None:
        """Return when no execution is running or waiting to run.

        Raises:
            TimeoutError: some still are.
        """
        if not self._executions.wait(timeout_seconds=timeout_seconds):
            raise TimeoutError(f"executions still run after {timeout_seconds} s")

    def deploy(self, renditions: Mapping[str, RenditionSpec], image_tag: str) -> None:
        """Create what Terraform creates, from the same two templates."""
        arns = self._deploy_functions(renditions, image_tag)
        for bucket in (PHOTOS_BUCKET, DERIVED_BUCKET):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(
            Bucket=PHOTOS_BUCKET, VersioningConfiguration={"Status": "Enabled"}
        )
        self.s3.put_bucket_notification_configuration(
            Bucket=PHOTOS_BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        create_table(self.dynamodb, TABLE)
        self.sqs.create_queue(QueueName=DEAD_LETTERS)
        names: Values = {
            "photos_bucket": PHOTOS_BUCKET,
            "derived_bucket": DERIVED_BUCKET,
            "table": TABLE,
            "dead_letters_url": self.dead_letters_url,
            "functions": arns,
        }
        self.stepfunctions.create_state_machine(
            name=STATE_MACHINE,
            definition=render_file("statemachine.json.tftpl", names),
            roleArn=ROLE,
        )
        rules = json.loads(render_file("workflow/upload_rules.json.tftpl", names))
        for name, rule in rules.items():
            self.events.put_rule(Name=name, EventPattern=json.dumps(rule["pattern"]))
            self.events.put_targets(
                Rule=name,
                Targets=[
                    {
                        "Id": STATE_MACHINE,
                        "Arn": self.state_machine_arn,
                        "RoleArn": ROLE,
                        "InputTransformer": {
                            "InputPathsMap": rule["input_paths"],
                            "InputTemplate": rule["input_template"],
                        },
                        "DeadLetterConfig": {
                            "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DEAD_LETTERS}"
                        },
                    }
                ],
            )

    def _deploy_functions(
        self, renditions: Mapping[str, RenditionSpec], image_tag: str
    ) -> dict[str, str]:
        """Create the function of each step; return their ARNs."""
        role = self.client("iam").create_role(
            RoleName=ROLE.rpartition("/")[2], AssumeRolePolicyDocument="{}"
        )
        settings = {  # of all three, so that they can share processes
            "PHOTOS_BUCKET": PHOTOS_BUCKET,
            "DERIVED_BUCKET": DERIVED_BUCKET,
            "TABLE": TABLE,
            "RENDITIONS": msgspec.json.encode(renditions).decode(),
            "LABELER": "rekognition",
            "MAX_LABELS": "50",
            "MIN_CONFIDENCE": "55",
        }
        lambda_ = self.client("lambda")

        def create(step: str) -> str:
            arn: str = lambda_.create_function(
                FunctionName=step,
                PackageType="Image",
                Code={"ImageUri": f"{REGISTRY}/gallery-{step}:{image_tag}"},
                Role=role["Role"]["Arn"],
                Environment={"Variables": settings},
                Timeout=TIMEOUT_SECONDS,
                MemorySize=MEMORY_MB,
            )["FunctionArn"]
            return arn

        with ThreadPoolExecutor(len(STEPS)) as pool:
            return dict(zip(STEPS, pool.map(create, STEPS), strict=True))

    def _close(self) -> None:
        for made in self._clients.values():
            made.close()


class Executions:
    """Those that run, and those that have ended."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[int, Moto] = {}  # by identity
        self._ended: list[EndedExecution] = []
        self._unseen: deque[EndedExecution] = deque()
        self._aborted = False

    def may_run(self) -> bool:
        """Return whether the stack goes on."""
        return not self._aborted

    def started(self, execution: "Moto") -> None:
        """Note that `execution` runs, or waits to."""
        with self._changed:
            self._running[id(execution)] = execution

    def ended(self, execution: "Moto") -> None:
        """Note that `execution` has ended, or was never begun."""
        reports = [_report(execution)] if execution.exec_worker.env is not None else []
        with self._changed:
            del self._running[id(execution)]
            self._ended += reports
            self._unseen += reports
            self._changed.notify_all()

    def next(self, *, timeout_seconds: float) -> EndedExecution | None:
        """Return the next that ended, or None where none is left to end."""
        with self._changed:
            if not self._changed.wait_for(
                lambda: self._unseen or not self._running, timeout_seconds
            ):
                raise TimeoutError(f"no execution ended for {timeout_seconds} s")
            return self._unseen.popleft() if self._unseen else None

    def find(
        self, is_it: Callable[[EndedExecution], bool], *, timeout_seconds: float
    ) -> EndedExecution:
        """Return the first that ended and is it."""
        with self._changed:
            found = self._changed.wait_for(
                lambda: next(filter(is_it, self._ended), None), timeout_seconds
            )
        if found is None:
            raise TimeoutError(f"no such execution ended within {timeout_seconds} s")
        return found

    def wait(self, *, timeout_seconds: float) -> bool:
        """Return whether all have ended within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout_seconds)

    def abort(self) -> None:
        """End those that run before their next state, and begin no other."""
        with self._changed:
            self._aborted = True
            running = list(self._running.values())
        for execution in running:
            if execution.exec_worker.env is not None:
                execution.stop(datetime.now(UTC), error=None, cause="the stack was stopped")


def _report(execution: "Moto") -> EndedExecution:
    history = execution.exec_worker.env.event_manager.get_event_history()
    return EndedExecution(
        arn=execution.exec_arn,
        name=execution.name,
        status=execution.exec_status.value,
        input=execution.input_data,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
        duration_ms=_milliseconds(execution.stop_date - execution.start_date),
        payload_bytes=max(map(_payload_bytes, history)),
        visits=tuple(_visits(history, execution.stop_date)),
    )


def create_table(dynamodb: "DynamoDBClient", name: str) -> None:
    """Create the gallery's table, with its keys and indexes as workflow/table.json names them."""
    schema = json.loads((REPOSITORY / "workflow/table.json").read_text(encoding="utf-8"))
    indexes = schema["indexes"]
    used = {keys[kind] for keys in (schema, *indexes.values()) for kind in _KEY_KINDS}
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in sorted(used)
        ],
        KeySchema=_key_schema(schema),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _key_schema(keys),
                "Projection": {
                    "ProjectionType": keys["projection"],
                    **(
                        {"NonKeyAttributes": keys["non_key_attributes"]}
                        if "non_key_attributes" in keys
                        else {}
                    ),
                },
            }
            for index, keys in indexes.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


_KEY_KINDS: Final[Mapping[str, "KeyTypeType"]] = {"hash_key": "HASH", "range_key": "RANGE"}


def _key_schema(keys: Mapping[str, str]) -> "list[KeySchemaElementTypeDef]":
    return [{"AttributeName": keys[kind], "KeyType": type_} for kind, type_ in _KEY_KINDS.items()]


def _payload_bytes(event: Mapping[str, Any]) -> int:
    """Return the length of an event's largest JSON, compact and in UTF-8, as AWS counts."""
    details = [value for value in event.values() if isinstance(value, dict)]
    texts = [
        one[name] for one in details for name in ("input", "output", "parameters") if name in one
    ]
    plain = [
        json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) for text in texts
    ]
    return max((len(text.encode(errors="replace")) for text in plain), default=0)


def _visits(history: Iterable[Mapping[str, Any]], end: datetime) -> Iterator[StateVisit]:
    """Pair each state's entry with its exit; a state that never exits lasts to the end."""
    exits: dict[str, deque[datetime]] = {}
    for event in history:
        if "stateExitedEventDetails" in event:
            name = event["stateExitedEventDetails"]["name"]
            exits.setdefault(name, deque()).append(_moment(event["timestamp"]))
    for event in history:
        if "stateEnteredEventDetails" in event:
            name = event["stateEnteredEventDetails"]["name"]
            left = exits[name].popleft() if exits.get(name) else end
            yield StateVisit(name, _milliseconds(left - _moment(event["timestamp"])))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _milliseconds(duration: timedelta) -> float:
    return max(0.0, duration.total_seconds() * 1000)
