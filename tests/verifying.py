"""A deployed gallery for the tests of verify: everything that Terraform's outputs name."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3

from deployment import Dogs
from gallery.outputs import Outputs
from gallery.verify import new_owner, verify
from gallery.verify.checks import checks
from gallery.verify.report import Line
from gallery.verify.run import Patience, Run
from local.functions import STEPS, Answer, Function, InProcess
from local.stack import ROLE, Stack
from local.template import render_file

SITE = "https://gallery.example.com"
LOGS = "logs"
# The embedded AWS sends events at once, but this machine may be busy with other tests.
PATIENCE = Patience(events=60, photo=120, quiet=0.2, messages=0, first_wait=0.05)

Change = Callable[[dict[str, Any]], dict[str, Any]]


def failing(name: str) -> Change:
    """Return a change of a function's answer to an error of that name."""
    return lambda _: {"errorType": name, "errorMessage": "injected", "stackTrace": []}


class Faulty(InProcess):
    """The handlers; some answers about some photos are changed."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: dict[tuple[str, str], Change] = {}  # by step, and a part of the key

    def invoke(self, function: Function, payload: bytes) -> Answer:
        answer = super().invoke(function, payload)
        for (step, part), change in list(self.changes.items()):
            if function.step == step and part.encode() in payload:
                changed = change(json.loads(answer.payload))
                return Answer(json.dumps(changed).encode(), failed="errorType" in changed)
        return answer


class Api(ThreadingHTTPServer):
    """The status API's data plane, which no emulator has: as terraform/ configures it."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(("127.0.0.1", 0), _ApiHandler)
        self.stack = stack
        self.faults: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/executions"


class _ApiHandler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        stack, name = self.server.stack, self.path.rpartition("/")[2]
        if "Authorization" not in self.headers and "unsigned" not in self.server.faults:
            self._answer(403, {"message": "Missing Authentication Token"})
            return
        arn = f"{stack.state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
        try:
            found = stack.stepfunctions.describe_execution(executionArn=arn)
        except stack.stepfunctions.exceptions.ExecutionDoesNotExist:
            self._answer(404, {"message": "The execution does not exist."})
            return
        state: dict[str, Any] = {
            "status": found["status"],
            "startDate": found["startDate"].timestamp(),
            "stopDate": found["stopDate"].timestamp(),
        }
        if "signed" in self.server.faults:
            state["output"] = found["output"]
        self._answer(200, state)

    def do_OPTIONS(self) -> None:
        origin = "*" if "preflight" in self.server.faults else SITE
        headers = {"Access-Control-Allow-Headers": "Authorization,X-Amz-Date,X-Amz-Security-Token"}
        if origin in {"*", self.headers["Origin"]}:
            headers["Access-Control-Allow-Origin"] = origin
        self._answer(204, None, headers)

    def _answer(
        self, status: int, body: dict[str, Any] | None, headers: dict[str, str] | None = None
    ) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _list_versions(stack: Stack, bucket: str) -> Any:  # noqa: ANN401  # JSON
    return stack.s3.list_object_versions(Bucket=bucket)


@dataclass
class World:
    """A deployed gallery, and what verify needs to look at it."""

    stack: Stack
    functions: Faulty
    api: Api
    outputs: Outputs
    folder: Path  # with a stand-in of Terraform
    told: list[str] = field(default_factory=list)

    def run(
        self,
        kind: type[Run] = Run,
        *,
        patience: Patience = PATIENCE,
        **more: Any,  # noqa: ANN401
    ) -> Run:
        """Return a run of an owner of its own."""
        return kind(
            outputs=self.outputs,
            session=boto3.Session(),
            deployment=self.folder,
            terraform=str(self.folder / "terraform"),
            owner=new_owner(),
            tell=self.told.append,
            patience=patience,
            **more,
        )

    def verify(
        self,
        *only: str,
        run: Run | None = None,
        moments: dict[str, Callable[[Run], object]] | None = None,
    ) -> dict[str, Line]:
        """Run verify, and return its lines by name; call `moments` just before their lines."""
        run = run or self.run()

        def tell(text: str) -> None:
            self.told.append(text)
            moment = (moments or {}).get(text.partition(": ")[0])
            if moment is not None:
                moment(run)

        run.tell = tell
        lines: list[Line] = []
        verify(run, checks(only), lines.append)
        return {line.name: line for line in lines}

    def everything(self) -> dict[str, list[Any]]:
        """Return all objects with their versions, all rows, and all dead-letter messages."""
        stack = self.stack
        stack.wait_until_idle()
        listed: Any = partial(_list_versions, stack)
        versions = {
            bucket: [
                (one["Key"], one["VersionId"])
                for kind in ("Versions", "DeleteMarkers")
                for one in listed(bucket).get(kind, [])
            ]
            for bucket in (stack.photos_bucket, stack.derived_bucket, LOGS)
        }
        rows = stack.dynamodb.scan(TableName=stack.table)["Items"]
        messages = stack.sqs.receive_message(
            QueueUrl=stack.dead_letters_url, MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        return {
            **versions,
            "rows": sorted(rows, key=str),
            "messages": [one["Body"] for one in messages.get("Messages", [])],
        }

    def plan(self, status: int, *messages: dict[str, Any]) -> None:
        """Let Terraform's stand-in print such a plan."""
        lines = "\n".join(json.dumps({"@level": "info", **one}) for one in messages)
        program = self.folder / "terraform"
        program.write_text(f"#!/bin/sh\ncat << 'EOF'\n{lines}\nEOF\nexit {status}\n")
        program.chmod(0o755)


class _Ok:
    status_code = 200


def answers(client: Any, operation: str, answer: Any) -> None:  # noqa: ANN401  # any client
    """Let a client get an answer, or what `answer` makes of the parameters, without a request."""
    service = client.meta.service_model.service_id.hyphenize()

    def respond(params: dict[str, Any], **_: object) -> tuple[_Ok, Any] | None:
        found = answer(params) if callable(answer) else answer
        return None if found is None else (_Ok(), found)

    client.meta.events.register_first(f"before-call.{service}.{operation}", respond)


@contextmanager
def deployed(folder: Path) -> Iterator[World]:
    """Start the embedded AWS with all that verify looks at."""
    functions = Faulty()
    with Stack.start(functions=functions, labeler=Dogs(), wait_scale=0) as stack:
        stack.s3.create_bucket(Bucket=LOGS)
        values = {
            "photos_bucket": stack.photos_bucket,
            "results_bucket": LOGS,
            "state_machine_arn": stack.state_machine_arn,
        }
        bulk = {
            name: stack.stepfunctions.create_state_machine(
                name=f"gallery-{name}",
                definition=render_file(f"workflow/{name}.json.tftpl", values),
                roleArn=ROLE,
            )["stateMachineArn"]
            for name in ("backfill", "reprocess")
        }
        topic = stack.client("sns").create_topic(Name="alarms")["TopicArn"]
        stack.client("cloudwatch").put_metric_alarm(
            AlarmName="gallery-failed",
            AlarmActions=[topic],
            Namespace="AWS/States",
            MetricName="ExecutionsFailed",
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            TreatMissingData="notBreaching",
        )
        api = Api(stack)
        thread = threading.Thread(target=partial(api.serve_forever, 0.05))
        thread.start()
        world = World(
            stack,
            functions,
            api,
            Outputs(
                alarm_topic_arn=topic,
                backfill_arn=bulk["backfill"],
                dead_letters_url=stack.dead_letters_url,
                derived_bucket=stack.derived_bucket,
                executions_url=api.url,
                function_names={step: step for step in STEPS},
                logs_bucket=LOGS,
                photos_bucket=stack.photos_bucket,
                reprocess_arn=bulk["reprocess"],
                site_bucket="site",
                site_url=SITE,
                state_machine_arn=stack.state_machine_arn,
                table=stack.table,
            ),
            folder,
        )
        world.plan(0)
        try:
            yield world
        finally:
            api.shutdown()
            thread.join()
            api.server_close()
