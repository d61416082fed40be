"""Handlers in worker processes: results, errors and timeouts are those of Lambda."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.functions import IMAGE_ENVIRONMENT, Answer, Function, InProcess

HANDLERS = {
    "extract": """
import os, signal, time

class PhotoGoneError(Exception):
    pass

def handle(event, context):
    match event["do"]:
        case "answer":
            return {"pid": os.getpid(), "environment": dict(os.environ)}
        case "context":
            return [context.aws_request_id, context.get_remaining_time_in_millis()]
        case "raise":
            raise PhotoGoneError("gone: é")
        case "exit":
            os._exit(3)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(3600)
        case "meet":
            open(event["here"], "w").close()
            while not os.path.exists(event["there"]):
                time.sleep(0.01)
        case "nan":
            return float("nan")
        case "print":
            print("nothing of this is an answer")
            return "answer"
""",
    "thumbnail": "import no_such_module",
    "tag": "def handle(event, context): return event",
}
TIMEOUT_SECONDS = 2.0


def function(step: str, *, timeout_seconds: float = TIMEOUT_SECONDS, **settings: str) -> Function:
    """Return a deployed function."""
    uri = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/gallery-{step}@sha256:{'0' * 64}"
    environment = tuple(sorted({"PHOTOS_BUCKET": "photos", **settings}.items()))
    return Function(f"gallery-{step}", uri, environment, timeout_seconds, memory_mb=1024)


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    code = tmp_path_factory.mktemp("images")
    write_handlers(code)
    functions = InProcess(workers=2, code=code)
    functions.start({"AWS_REGION": "eu-west-1", "TZ": ":UTC"})
    for step in HANDLERS:
        functions.deploy(function(step))
    yield functions
    functions.stop()


def write_handlers(code: Path) -> None:
    for name, text in HANDLERS.items():
        (code / name).mkdir()
        (code / name / "__init__.py").touch()
        (code / name / "handler.py").write_text(text)


def invoke(functions: InProcess, do: str, **more: object) -> Answer:
    return functions.invoke(function("extract"), json.dumps({"do": do, **more}).encode())


def report(answer: Answer) -> dict[str, Any]:
    assert answer.failed
    facts: dict[str, Any] = json.loads(answer.payload)
    return facts


def test_a_handler_has_the_environment_of_a_function_and_no_other(
    functions: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of this machine")

    environment = json.loads(invoke(functions, "answer").payload)["environment"]

    assert environment["PHOTOS_BUCKET"] == "photos"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment.items() >= IMAGE_ENVIRONMENT.items()
    assert "AWS_PROFILE" not in environment
    assert "HOME" not in environment


def test_two_functions_of_one_step_have_separate_environments(functions: InProcess) -> None:
    other = function("extract", PHOTOS_BUCKET="of another deployment", TZ=":Europe/Berlin")
    functions.deploy(other)

    answer = json.loads(functions.invoke(other, b'{"do": "answer"}').payload)
    first = json.loads(invoke(functions, "answer").payload)

    assert answer["environment"]["PHOTOS_BUCKET"] == "of another deployment"
    assert answer["environment"]["TZ"] == ":Europe/Berlin"  # over Lambda's own
    assert first["environment"]["PHOTOS_BUCKET"] == "photos"


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


def test_a_result_passes_unchanged(functions: InProcess) -> None:
    event = {"text": 'é "\\\n', "number": 1.5, "none": None}

    answer = functions.invoke(function("tag"), json.dumps(event).encode())

    assert (json.loads(answer.payload), answer.failed) == (event, False)


def test_a_context_has_the_request_id_and_the_remaining_time(functions: InProcess) -> None:
    first, left_ms = json.loads(invoke(functions, "context").payload)
    second, _ = json.loads(invoke(functions, "context").payload)

    assert first != second
    assert 0 < left_ms <= TIMEOUT_SECONDS * 1000


def test_an_exception_is_reported_by_its_class(functions: InProcess) -> None:
    facts = report(invoke(functions, "raise"))

    assert facts["errorType"] == "PhotoGoneError"
    assert facts["errorMessage"] == "gone: é"
    assert "handle" in "".join(facts["stackTrace"])


def test_a_result_that_is_not_json_is_an_error(functions: InProcess) -> None:
    assert report(invoke(functions, "nan"))["errorType"] == "ValueError"


def test_output_of_a_handler_is_not_its_result(functions: InProcess) -> None:
    assert json.loads(invoke(functions, "print").payload) == "answer"


def test_a_handler_that_cannot_be_imported_returns_lambdas_error(functions: InProcess) -> None:
    facts = report(functions.invoke(function("thumbnail"), b"{}"))

    assert facts["errorType"] == "Runtime.ImportModuleError"
    assert "no_such_module" in facts["errorMessage"]


@pytest.mark.parametrize(("do", "how"), [("exit", "exit status 3"), ("die", "signal: 9")])
def test_a_process_that_dies_returns_lambdas_error_and_is_replaced(
    functions: InProcess, do: str, how: str
) -> None:
    facts = report(invoke(functions, do))

    assert facts["errorType"] == "Runtime.ExitError"
    assert how in facts["errorMessage"]
    assert len(pids(functions)) == 2


def test_a_handler_that_hangs_is_ended_and_replaced(functions: InProcess) -> None:
    begun = time.monotonic()

    facts = report(invoke(functions, "hang"))

    assert facts["errorType"] == "Sandbox.Timedout"
    assert "timed out after 2.00 seconds" in facts["errorMessage"]
    assert time.monotonic() - begun < TIMEOUT_SECONDS + 2
    assert len(pids(functions)) == 2


def pids(functions: InProcess) -> set[int]:
    """Return the processes that answer four invocations, and so all of two."""
    return {json.loads(invoke(functions, "answer").payload)["pid"] for _ in range(4)}


def test_two_events_are_handled_at_the_same_time(functions: InProcess, tmp_path: Path) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(invoke, functions, "meet", here=a, there=b)
        other = pool.submit(invoke, functions, "meet", here=b, there=a)

        assert not one.result().failed
        assert not other.result().failed


def test_ctrl_c_does_not_end_the_processes(functions: InProcess) -> None:
    for pid in pids(functions):
        os.kill(pid, signal.SIGINT)

    assert not invoke(functions, "answer").failed


def test_stop_ends_the_processes_and_every_call_that_waits(tmp_path: Path) -> None:
    write_handlers(tmp_path)
    functions = InProcess(workers=1, code=tmp_path)
    functions.start({})
    patient = function("extract", timeout_seconds=600)
    functions.deploy(patient)
    [pid] = pids(functions)
    answers: list[Answer] = []

    def hang() -> None:
        answers.append(functions.invoke(patient, b'{"do": "hang"}'))

    waiting = [threading.Thread(target=hang) for _ in range(3)]
    for thread in waiting:
        thread.start()

    functions.stop()

    for thread in waiting:
        thread.join(10)
    assert [report(answer)["errorType"] for answer in answers] == ["Runtime.ExitError"] * 3
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
