"""Deploy terraform/ to MiniStack, an implementation of AWS that is independent of moto.

    with deployed(folder) as deployment:
        record = deployment.process("uploads/ada/taco.jpg", photo)
        url, outputs = deployment.stack.endpoint_url, deployment.outputs()

MiniStack runs in a process and an environment of its own (tools/ministack/). It sends invocations
of Lambda to this process, which runs the real handlers and answers Rekognition's DetectLabels.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from deployment import IMAGES, Deployment, Dogs
from local.clients import ACCOUNT, CREDENTIALS, Clients, environment
from local.embedded import LOOPBACK
from local.functions import Function, Functions, InProcess
from local.rekognition import Labeler, Rekognition, RekognitionError
from local.stack import EndedExecution, Executions, Stack, StateVisit
from ports import free_port
from second_opinion.servers import running
from tools.npm import NpmError, install
from tools.plan import ROOT

PROGRAM: Final = ROOT / ".cache" / "ministack" / "bin" / "python"
SERVER: Final = ROOT / "tools" / "ministack" / "server.py"
POLL_SECONDS: Final = 0.1


@contextmanager
def deployed(
    folder: Path,
    *,
    functions: Functions | None = None,
    labeler: Labeler | None = None,
    **settings: object,
) -> Iterator[Deployment]:
    """Apply the configuration to a new MiniStack, and yield the deployment.

    Without MiniStack, Node or Terraform the calling test is skipped.

    Args:
        folder: an empty folder, for the configuration, its state and MiniStack's log.
        functions: runs the handlers; by default in processes of this machine.
        labeler: answers DetectLabels; by default every photo is labeled Dog.
        settings: more variables of the configuration.
    """
    functions, labeler = functions or InProcess(), labeler or Dogs()
    with (
        started(folder, functions=functions, labeler=labeler) as stack,
        Deployment.of(stack, folder, images=IMAGES, **settings) as deployment,
    ):
        deployment.apply()
        yield deployment


@contextmanager
def started(folder: Path, *, functions: Functions, labeler: Labeler) -> Iterator[Stack]:
    """Start MiniStack on a free port, without resources; the log is `folder`/ministack.log.

    Retries do not wait.
    """
    if not PROGRAM.exists():
        pytest.skip("MiniStack is not installed: make second-opinions")
    try:
        jsonata = install("jsonata") / "evaluate.mjs"
    except NpmError as error:
        pytest.skip(f"MiniStack has no JSONata: {error}")
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    polling = Clients(url)
    stack = Stack(url, Polled(polling))

    def read_object(bucket: str, key: str, version_id: str | None) -> bytes | None:
        version: Any = {} if version_id is None else {"VersionId": version_id}
        try:
            body: bytes = stack.s3.get_object(Bucket=bucket, Key=key, **version)["Body"].read()
        except ClientError:
            return None
        return body

    with _answering(functions, Rekognition(labeler, read_object)) as functions_url:
        variables = {
            **CREDENTIALS,  # it verifies presigned URLs
            "BIND_HOST": LOOPBACK,
            "FUNCTIONS_URL": functions_url,
            "GATEWAY_PORT": str(port),
            "JSONATA": str(jsonata),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "SFN_WAIT_SCALE": "0",
        }
        log_file = folder / "ministack.log"
        with running([PROGRAM, SERVER], port=port, log_file=log_file, variables=variables):
            functions.start(
                {**environment(url), "AWS_ENDPOINT_URL_REKOGNITION": functions_url, "TZ": ":UTC"}
            )
            try:
                yield stack
            finally:
                functions.stop()
                stack.close()
                polling.close()


@contextmanager
def _answering(functions: Functions, rekognition: Rekognition) -> Iterator[str]:
    """Answer the invocations of tools/ministack/server.py, and DetectLabels; yield the URL."""
    deployed: set[Function] = set()
    lock = threading.Lock()

    def invoke(question: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        configuration = question["function"]
        function = Function(
            name=configuration["FunctionName"],
            image_uri=configuration["ImageUri"],
            environment=tuple(sorted(configuration["Environment"]["Variables"].items())),
            timeout_seconds=configuration["Timeout"],
            memory_mb=configuration["MemorySize"],
        )
        with lock:
            if function not in deployed:
                functions.deploy(function)
                deployed.add(function)
        answer = functions.invoke(function, json.dumps(question["payload"]).encode())
        failed = {"X-Amz-Function-Error": "Unhandled"} if answer.failed else {}
        return 200, failed, answer.payload

    def detect_labels(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        try:
            return 200, {}, json.dumps(rekognition.detect_labels(request)).encode()
        except RekognitionError as error:
            report = {"__type": error.code, "message": str(error)}
            return 400, {}, json.dumps(report).encode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            labels = self.headers.get("X-Amz-Target") == "RekognitionService.DetectLabels"
            status, headers, payload = (detect_labels if labels else invoke)(body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(payload))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Polled(Executions):
    """The executions of every state machine, by Step Functions' API."""

    def __init__(self, aws: Clients) -> None:
        super().__init__()
        self._aws = aws
        self._reports: dict[str, EndedExecution] = {}  # by ARN
        self._returned: set[str] = set()  # by `next`

    def find(
        self, matches: Callable[[EndedExecution], bool], *, timeout_seconds: float
    ) -> EndedExecution:
        """Return the first execution that ended and matches, as `Executions` does."""
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            if found := next(filter(matches, self._ended_ones()), None):
                return found
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"no such execution ended within {timeout_seconds} s")

    def next(self, *, timeout_seconds: float) -> EndedExecution | None:
        """Return the next execution that has ended, or None if none is left or runs."""
        end = time.monotonic() + timeout_seconds
        while time.monotonic() < end:
            is_running = self._is_running()  # first: what ends meanwhile is found below
            for execution in self._ended_ones():
                if execution.arn not in self._returned:
                    self._returned.add(execution.arn)
                    return execution
            if not is_running:
                return None
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"no execution ended for {timeout_seconds} s")

    def wait(self, *, timeout_seconds: float) -> bool:
        """Wait until no execution runs. S3's events start theirs a moment after an upload."""
        end = time.monotonic() + timeout_seconds
        while self._is_running():
            if time.monotonic() > end:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _listed(self) -> list[Any]:
        client = self._aws.stepfunctions
        machines = client.list_state_machines()["stateMachines"]
        pages = client.get_paginator("list_executions")
        return [
            execution
            for machine in machines
            for page in pages.paginate(stateMachineArn=machine["stateMachineArn"])
            for execution in page["executions"]
        ]

    def _is_running(self) -> bool:
        return any(one["status"] == "RUNNING" for one in self._listed())

    def _ended_ones(self) -> list[EndedExecution]:
        """Return what has ended, the first that ended first."""
        ended = [one for one in self._listed() if one["status"] != "RUNNING"]
        for one in ended:
            if one["executionArn"] not in self._reports:
                self._reports[one["executionArn"]] = self._report(one["executionArn"])
        ended.sort(key=lambda one: one["stopDate"])
        return [self._reports[one["executionArn"]] for one in ended]

    def _report(self, arn: str) -> EndedExecution:
        client = self._aws.stepfunctions
        described = client.describe_execution(executionArn=arn)
        history = client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        entered = [
            event["stateEnteredEventDetails"]
            for event in history
            if "stateEnteredEventDetails" in event
        ]
        is_success = described["status"] == "SUCCEEDED"
        took = described["stopDate"] - described["startDate"]
        return EndedExecution(
            arn=arn,
            name=described["name"],
            status=described["status"],
            input=json.loads(described["input"]),
            output=json.loads(described["output"]) if is_success else None,
            error=described.get("error"),
            cause=described.get("cause"),
            duration_ms=took.total_seconds() * 1000,
            payload_bytes=0,  # not counted
            visits=tuple(StateVisit(one["name"], 0) for one in entered),  # not timed
        )
