"""Processes of functions: how many there are, what they print, and how they end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local.functions import Answer, Function, InProcess
from local.functions.runtime_api import NEXT, RuntimeApi

ROOT = Path(__file__).parents[2]
HANDLER = """
import logging, os, sys, time

log = logging.getLogger("extract.function")


def handle(event, context):
    if event.get("begun"):
        open(event["begun"], "w").close()
    while event.get("until") and not os.path.exists(event["until"]):
        time.sleep(0.01)
    match event.get("do"):
        case "environment":
            return dict(os.environ)
        case "fail":
            raise LookupError("not found")
        case "print":
            print("on stdout")
            sys.stderr.write("on stderr\\n")
        case "log":
            log.info("photo read", extra={"photo_bytes": 7})
            log.warning("photo late")
        case "end":
            os._exit(3)
    return os.getpid()
"""
JSON_LINES = {"log_format": "JSON", "log_level": "INFO"}


def function(name: str = "gallery-extract", **changes: object) -> Function:
    """Return a deployed function."""
    settings = {"timeout_seconds": 60, "memory_mb": 1024, **changes}
    environment = settings.pop("environment", (("PHOTOS_BUCKET", "photos"),))
    return Function(name, "gallery-extract:test", environment, **settings)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    code = tmp_path_factory.mktemp("images")
    (code / "extract").mkdir()
    (code / "extract" / "function.py").write_text(HANDLER)
    return code


@pytest.fixture(params=[False, True], ids=["awslambdaric", "stand-in"])
def functions(request: pytest.FixtureRequest, code: Path) -> Iterator[InProcess]:
    functions = InProcess(workers=2, code=code, stand_in=request.param)
    functions.start({"AWS_REGION": "eu-west-1", "TZ": ":UTC"})
    functions.deploy(function())
    yield functions
    functions.stop()


def invoke(functions: InProcess, deployed: Function | None = None, **event: object) -> Answer:
    return functions.invoke(deployed or function(), json.dumps(event).encode())


def pid(functions: InProcess, deployed: Function | None = None, **event: object) -> int:
    answer = invoke(functions, deployed, **event)
    assert not answer.failed, answer.payload
    return int(answer.payload)


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until it has happened."""
    for _ in range(2_000):
        if happened():
            return
        time.sleep(0.01)
    raise TimeoutError


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


# How many


def test_two_events_at_the_same_time_have_two_processes(
    functions: InProcess, tmp_path: Path
) -> None:
    a, b = str(tmp_path / "a"), str(tmp_path / "b")

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(pid, functions, begun=a, until=b)
        other = pool.submit(pid, functions, begun=b, until=a)

        assert one.result() != other.result()


def test_a_third_event_waits_for_one_of_two_workers(functions: InProcess, tmp_path: Path) -> None:
    begun, until = [tmp_path / "1", tmp_path / "2", tmp_path / "3"], tmp_path / "end"
    functions.deploy(function("another"))

    with ThreadPoolExecutor(3) as pool:
        names = ("gallery-extract", "another", "another")
        running = [
            pool.submit(pid, functions, function(name), begun=str(path), until=str(until))
            for name, path in zip(names, begun, strict=True)
        ]
        wait_for(lambda: sum(path.exists() for path in begun) == 2)
        time.sleep(0.2)
        assert sum(path.exists() for path in begun) == 2
        until.touch()

        assert len({one.result() for one in running}) >= 2


def test_a_process_that_died_while_idle_is_replaced_unseen(functions: InProcess) -> None:
    first = pid(functions)
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

    assert pid(functions) != first


def test_a_changed_function_runs_with_its_new_settings_alone(functions: InProcess) -> None:
    before = pid(functions)
    changed = function(environment=(("PHOTOS_BUCKET", "others"), ("TABLE", "gallery")))
    functions.deploy(changed)

    environment = json.loads(invoke(functions, changed, do="environment").payload)

    assert environment["PHOTOS_BUCKET"] == "others"
    assert environment["TABLE"] == "gallery"
    assert not is_running(before)


def test_an_event_of_a_function_that_changed_meanwhile_is_answered(functions: InProcess) -> None:
    functions.deploy(function(memory_mb=2048))

    old = pid(functions)

    assert not is_running(old)


def test_a_process_has_the_variables_of_a_function_and_no_others(
    functions: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of this machine")
    functions.deploy(function("another"))

    environment = json.loads(invoke(functions, function("another"), do="environment").payload)

    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert "AWS_PROFILE" not in environment
    assert "HOME" not in environment


# Who reaches their Runtime API


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example:{port}"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_web_page_gets_no_event(headers: dict[str, str]) -> None:
    reader, writer = os.pipe()
    api = RuntimeApi(reader)
    host, port = api.address.split(":")
    named = {name: value.format(port=port) for name, value in headers.items()}
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(api.receive, time.monotonic() + 60, NEXT)

        page = HTTPConnection(host, int(port), timeout=60)
        page.request("GET", NEXT, headers=named)
        assert page.getresponse().status == HTTPStatus.NOT_FOUND
        assert not received.done()
        page.close()

        process = HTTPConnection(host, int(port), timeout=60)
        process.request("GET", NEXT)
        assert received.result().path == NEXT

    process.close()
    api.close()
    for end in (reader, writer):
        os.close(end)


# What they print


def test_an_answer_has_what_its_event_printed(functions: InProcess) -> None:
    assert invoke(functions, do="print").log == b"on stdout\non stderr\n"
    assert invoke(functions).log == b""


def test_lines_of_a_handler_are_in_json_where_the_function_says_so(functions: InProcess) -> None:
    in_json = function("another", **JSON_LINES)
    functions.deploy(in_json)

    lines = invoke(functions, in_json, do="log").log.splitlines()

    first, second = map(json.loads, lines)
    assert first["level"] == "INFO"
    assert first["message"] == "photo read"
    assert first["logger"] == "extract.function"
    assert first["photo_bytes"] == 7
    assert first["requestId"] == second["requestId"]
    assert second["level"] == "WARNING"


def test_lines_of_a_handler_are_text_otherwise_from_warning_on(functions: InProcess) -> None:
    [line] = invoke(functions, do="log").log.decode().splitlines()

    level, _, _, message = line.split("\t")
    assert (level, message) == ("[WARNING]", "photo late")


def test_an_error_is_logged(functions: InProcess) -> None:
    assert invoke(functions, do="fail").log.startswith(b"[ERROR] LookupError: not found\r")


# How they end


def test_the_end_of_a_process_is_logged_here(
    functions: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    invoke(functions, do="end")

    assert "gallery-extract: Runtime exited with error: exit status 3" in caplog.text


def test_ctrl_c_does_not_reach_the_processes(functions: InProcess) -> None:
    assert os.getpgid(pid(functions)) != os.getpgid(0)


def test_stop_ends_the_processes_and_every_call_that_waits(
    functions: InProcess, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun = [tmp_path / str(number) for number in range(4)]
    idle = pid(functions)
    answers: list[Answer] = []

    def hang(path: Path) -> None:
        answers.append(invoke(functions, begun=str(path), until="/never"))

    waiting = [threading.Thread(target=hang, args=[path]) for path in begun]
    for thread in waiting:
        thread.start()
    wait_for(lambda: sum(path.exists() for path in begun) == 2)

    functions.stop()

    for thread in waiting:
        thread.join(10)
    names = [json.loads(answer.payload)["errorType"] for answer in answers]
    assert names == ["Runtime.ExitError"] * 4
    assert not is_running(idle)
    assert caplog.text == ""


KILLED = """
import os, signal, sys
from pathlib import Path
from local.functions import Function, InProcess

deployed = Function("any", "gallery-extract:test", (), timeout_seconds=60, memory_mb=1024)
functions = InProcess(workers=1, code=Path(sys.argv[1]), stand_in=sys.argv[2] == "stand-in")
functions.start({})
functions.deploy(deployed)
print(functions.invoke(deployed, b"{}").payload.decode(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("client", ["awslambdaric", "stand-in"])
def test_the_processes_end_with_the_process_that_started_them(code: Path, client: str) -> None:
    started = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", KILLED, str(code), client],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
    )

    process = int(started.stdout)
    wait_for(lambda: not is_running(process))
