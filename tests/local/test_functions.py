"""Results, errors and ends of a function are Lambda's, whatever runs it.

The cases run under awslambdaric with its compiled module, with the module that stands in for it,
and in containers of the base image, under Lambda's runtime emulator.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import engine
from local.functions import IMAGE_ENVIRONMENT, STEPS, Answer, Containers, Function, InProcess
from local.functions.interface import MAX_ANSWER_BYTES, Functions

ROOT: Final = Path(__file__).parents[2]
TIMEOUT_SECONDS: Final = 2.0

HANDLERS: Final = {
    "extract": """
import decimal, os, sys, time


class PhotoGoneError(Exception):
    pass


def handle(event, context):
    match event.get("do"):
        case "environment":
            return dict(os.environ)
        case "process":
            return os.getpid()
        case "context":
            names = ("aws_request_id", "function_name", "function_version", "invoked_function_arn",
                "log_group_name", "log_stream_name", "memory_limit_in_mb")
            left_ms = context.get_remaining_time_in_millis()
            return {**{name: getattr(context, name) for name in names}, "left_ms": left_ms}
        case "return":
            return event["value"]
        case "make":
            return eval(event["value"])
        case "fill":
            return "x" * event["length"]
        case "raise":
            raise PhotoGoneError(event["message"])
        case "exit":
            sys.exit(event["status"])
        case "end":
            os._exit(3)
        case "signal":
            os.kill(os.getpid(), event["number"])
            time.sleep(60)
        case "sleep":
            time.sleep(3600)
        case "print":
            print("printed: é")
            sys.stderr.write("on stderr\\\\n")
            return "answer"
""",
    "missing": "import no_such_module",
    "broken": "def handle(event, context):\n    return (",
    "nameless": "def other(event, context): pass",
    "raising": "raise LookupError('of the module')",
    "leaving": "import sys; sys.exit(0)",
}


def function(step: str, **changes: Any) -> Function:  # noqa: ANN401  # fields of Function
    """Return a deployed function."""
    fields: dict[str, Any] = {
        "name": f"gallery-{step}",
        "image_uri": f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/cases-{step}:test",
        "environment": (("PHOTOS_BUCKET", "photos"),),
        "timeout_seconds": TIMEOUT_SECONDS,
        "memory_mb": 1024,
        "arn": f"arn:aws:lambda:eu-west-1:123456789012:function:gallery-{step}",
        **changes,
    }
    return Function(**fields)


def write_handlers(code: Path) -> None:
    for name, text in HANDLERS.items():
        (code / name).mkdir()
        (code / name / "__init__.py").touch()
        (code / name / "function.py").write_text(text)


def build_images(code: Path) -> None:
    """Build an image for each handler, with the command that a Dockerfile of images/ has."""
    dockerfile = code / "Dockerfile"
    for name in HANDLERS:
        dockerfile.write_text(
            f"FROM {engine.base_image()}\n"
            f"ENV {' '.join(f'{key}={value}' for key, value in IMAGE_ENVIRONMENT.items())}\n"
            f'COPY {name}/ {name}/\nCMD ["{name}.function.handle"]\n'
        )
        engine.docker("build", f"--tag=cases-{name}:test", str(code))


@dataclass(frozen=True)
class Runner:
    """What runs the functions."""

    functions: Functions

    def invoke(self, step: str, event: object, **changes: Any) -> Answer:  # noqa: ANN401
        """Deploy and invoke a function."""
        deployed = function(step, **changes)
        self.functions.deploy(deployed)
        return self.functions.invoke(deployed, json.dumps(event).encode())

    def do(self, name: str, **more: object) -> Answer:
        """Let a handler do one of the things above."""
        return self.invoke("extract", {"do": name, **more})

    def result(self, name: str, **more: object) -> Any:  # noqa: ANN401  # any JSON
        """Return what the handler returned."""
        answer = self.do(name, **more)
        assert not answer.failed, answer.payload
        return json.loads(answer.payload)

    def report(self, name: str, **more: object) -> dict[str, Any]:
        """Return Lambda's report of the handler's error."""
        return report(self.do(name, **more))


def report(answer: Answer) -> dict[str, Any]:
    """Return Lambda's report of an error."""
    assert answer.failed, answer.payload
    facts: dict[str, Any] = json.loads(answer.payload)
    return facts


@pytest.fixture(
    scope="module",
    params=["awslambdaric", "stand-in", pytest.param("containers", marks=pytest.mark.docker)],
)
def runner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    code = tmp_path_factory.mktemp("images")
    write_handlers(code)
    functions: Functions
    repositories = [f"cases-{name}" for name in HANDLERS]
    if request.param == "containers":
        build_images(code)
        functions = Containers(copies=1, repositories=repositories)
    else:
        stand_in = request.param == "stand-in"
        functions = InProcess(workers=2, code=code, repositories=repositories, stand_in=stand_in)
    functions.start(
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-west-1", "TZ": ":UTC"}
    )
    yield Runner(functions)
    functions.stop()


# What a handler is given


def test_a_handler_has_the_variables_of_lambda(runner: Runner) -> None:
    environment = runner.result("environment")

    assert environment["PHOTOS_BUCKET"] == "photos"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["_HANDLER"] == "extract.function.handle"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "gallery-extract"
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert environment.items() >= IMAGE_ENVIRONMENT.items()


def test_a_context_names_the_invocation(runner: Runner) -> None:
    first = runner.result("context")
    second = runner.result("context")

    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first["aws_request_id"])
    assert first["aws_request_id"] != second["aws_request_id"]
    assert 0 < first["left_ms"] <= TIMEOUT_SECONDS * 1000
    assert first["function_name"] == "gallery-extract"
    assert first["invoked_function_arn"].endswith(":function:gallery-extract")
    assert first["memory_limit_in_mb"] == "1024"


# Results


@pytest.mark.parametrize(
    "value",
    [
        {"text": 'é 🌮 "\\\n\0', "number": 1.5, "none": None, "list": [True, []]},
        None,
        "",
        0,
        "text",
    ],
    ids=str,
)
def test_json_passes_unchanged(runner: Runner, value: object) -> None:
    assert runner.result("return", value=value) == value


@pytest.mark.parametrize(
    ("made", "payload"),
    [
        ("'é'", '"é"'),
        ("float('nan')", "NaN"),
        ("decimal.Decimal('1.10')", "1.10"),
        ("(1, 2)", "[1, 2]"),
        ("b'no JSON'", "no JSON"),
    ],
)
def test_a_result_is_encoded_as_the_runtime_does(runner: Runner, made: str, payload: str) -> None:
    answer = runner.do("make", value=made)

    assert (answer.payload.decode(), answer.failed) == (payload, False)


def test_a_result_that_json_cannot_hold_is_an_error(runner: Runner) -> None:
    facts = runner.report("make", value="{1, 2}")

    assert facts["errorType"] == "Runtime.MarshalError"
    assert "set is not JSON serializable" in facts["errorMessage"]


def test_a_result_that_utf8_cannot_hold_ends_the_process(runner: Runner) -> None:
    facts = runner.report("make", value="chr(0xD800)")

    assert facts["errorType"] == "Runtime.ExitError"
    assert facts["errorMessage"].endswith("Error: Runtime exited with error: exit status 1")


def test_a_result_of_6_mib_passes(runner: Runner) -> None:
    length = MAX_ANSWER_BYTES - len('""')

    assert runner.result("fill", length=length) == "x" * length


def test_a_longer_result_is_an_error_and_ends_the_process(runner: Runner) -> None:
    before = runner.result("process")

    facts = runner.report("fill", length=MAX_ANSWER_BYTES - len('""') + 1)

    limit = "maximum allowed payload size (6291556 bytes)"
    assert facts["errorType"] == "Function.ResponseSizeTooLarge"
    assert facts["errorMessage"] == f"Response payload size exceeded {limit}."
    assert runner.result("process") != before


def test_output_of_a_handler_is_not_its_result(runner: Runner) -> None:
    assert runner.result("print") == "answer"


# Errors


def test_an_exception_is_reported_by_its_class(runner: Runner) -> None:
    facts = runner.report("raise", message="gone: é 🌮")

    assert facts.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert facts["errorType"] == "PhotoGoneError"
    assert facts["errorMessage"] == "gone: é 🌮"
    assert "in handle" in facts["stackTrace"][0]


def test_a_long_message_is_reported_in_full(runner: Runner) -> None:
    assert runner.report("raise", message="x" * 200_000)["errorMessage"] == "x" * 200_000


@pytest.mark.parametrize(
    ("step", "error", "message"),
    [
        ("missing", "Runtime.ImportModuleError", "No module named 'no_such_module'"),
        ("broken", "Runtime.UserCodeSyntaxError", "was never closed"),
        ("nameless", "Runtime.HandlerNotFound", "Handler 'handle' missing on module"),
        ("raising", "LookupError", "of the module"),
    ],
)
def test_a_handler_that_cannot_be_loaded_fails_each_event(
    runner: Runner, step: str, error: str, message: str
) -> None:
    for _ in range(2):
        facts = report(runner.invoke(step, {}))

        assert facts["errorType"] == error
        assert message in facts["errorMessage"]


@pytest.mark.parametrize(
    ("do", "more", "ending"),
    [
        ("exit", {"status": 0}, "Runtime exited without providing a reason"),
        ("exit", {"status": 4}, "Runtime exited with error: exit status 4"),
        ("end", {}, "Runtime exited with error: exit status 3"),
        ("signal", {"number": 9}, "Runtime exited with error: signal: killed"),
        ("signal", {"number": 11}, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_a_process_that_ends_returns_lambdas_error_and_is_replaced(
    runner: Runner, do: str, more: dict[str, object], ending: str
) -> None:
    facts = runner.report(do, **more)

    assert facts["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: \S+ Error: {ending}", facts["errorMessage"])
    assert runner.result("return", value=1) == 1


def test_a_process_that_ends_at_its_import_returns_lambdas_error(runner: Runner) -> None:
    facts = report(runner.invoke("leaving", {}))

    assert facts["errorType"] == "Runtime.ExitError"
    assert "Runtime exited" in facts["errorMessage"]  # the emulator gives no reason


def test_a_handler_that_hangs_is_ended_and_replaced(runner: Runner) -> None:
    facts = runner.report("sleep")

    assert facts["errorType"] == "Sandbox.Timedout"
    ending = r"Error: Task timed out after 2\.00 seconds"
    assert re.fullmatch(rf"RequestId: \S+ {ending}", facts["errorMessage"])
    assert runner.result("return", value=1) == 1


def test_a_process_serves_one_event_after_another(runner: Runner) -> None:
    assert runner.result("process") == runner.result("process")


# The images


@pytest.mark.parametrize("step", STEPS)
def test_the_images_have_the_command_and_the_variables_of_the_processes(step: str) -> None:
    dockerfile = (ROOT / "images" / step / "Dockerfile").read_text()
    deployed = Function(step, f"gallery-{step}", (), timeout_seconds=1, memory_mb=128)

    assert f'CMD ["{deployed.handler}"]' in dockerfile
    [base] = re.findall(r"^ARG BASE_IMAGE=.*/python:(\S+)", dockerfile, re.MULTILINE)
    assert IMAGE_ENVIRONMENT["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{base}"


@pytest.mark.parametrize(
    ("image", "step"),
    [
        (f"gallery-extract@sha256:{'0' * 64}", "extract"),
        ("gallery-thumbnail:latest", "thumbnail"),
        ("gallery/tag:2024-07", "tag"),
        ("gallery-extract", "extract"),
    ],
)
def test_the_repository_name_ends_in_the_step(image: str, step: str) -> None:
    uri = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{image}"

    assert Function("name", uri, (), timeout_seconds=30, memory_mb=128).step == step
