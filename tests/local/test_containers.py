"""The containers return what the handlers in processes return."""

import json
import socket
import subprocess
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import pytest

import engine
from local.functions import Answer, Containers, Function, Functions, InProcess
from local.stack import Stack
from outcomes import Outcome, outcomes


def run(functions: Functions) -> dict[str, Outcome]:
    with Stack.start(functions=functions, image_tag=engine.image_tag()) as stack:
        return outcomes(stack, timeout_seconds=120)


@pytest.mark.docker
def test_containers_return_the_same_records_and_renditions_as_processes() -> None:
    for name in engine.FUNCTIONS:
        engine.image(name)

    containers = Containers()
    in_containers = run(containers)

    assert in_containers == run(InProcess())
    statuses = [outcome.record["status"] for outcome in in_containers.values()]
    assert sorted(statuses) == ["READY"] * 7 + ["REJECTED"]
    assert sum(len(outcome.renditions) for outcome in in_containers.values()) == 14
    left_over = engine.docker("ps", "--all", "--quiet", f"--filter=label={containers.label}")
    assert left_over == ""


@pytest.mark.docker
def test_a_container_that_dies_returns_lambdas_error_and_is_replaced() -> None:
    functions = Containers(copies=1)
    uri = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{engine.image('extract')}"
    settings = (("PHOTOS_BUCKET", "photos"),)
    function = Function("extract", uri, settings, timeout_seconds=30, memory_mb=1024)
    with Stack.empty(functions=functions):
        functions.deploy(function)
        containers = ["ps", "--quiet", f"--filter=ancestor={engine.image('extract')}"]
        engine.docker("kill", *engine.docker(*containers).split())

        assert named(functions.invoke(function, b"{}")) == "Runtime.ExitError"
        assert named(functions.invoke(function, b"{}")) == "InvalidRequestError"


@pytest.mark.parametrize(
    ("config", "address"),
    [
        ([{"Subnet": "127.0.0.0/8", "Gateway": "127.0.0.3"}], "127.0.0.3"),
        # Before its first restart, Docker tells the subnet alone.
        ([{"Subnet": "127.0.0.4/30"}], "127.0.0.5"),
        # No address of this machine, as with Docker Desktop: its containers reach the loopback.
        ([{"Subnet": "192.0.2.0/24", "Gateway": "192.0.2.1"}], "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_the_embedded_aws_listens_where_the_bridge_of_docker_has_its_gateway(
    monkeypatch: pytest.MonkeyPatch, config: object, address: str
) -> None:
    monkeypatch.setattr("local.functions.containers._docker", lambda *_: json.dumps(config))

    assert Containers.address() == address


@pytest.mark.docker
def test_the_embedded_aws_listens_on_the_bridge_alone_and_no_container_gets_in_without_a_key() -> (
    None
):
    image = engine.image("extract")
    with Stack.empty(functions=Containers()) as stack:
        stack.s3.create_bucket(Bucket="photos")
        stack.s3.put_object(Bucket="photos", Key="a", Body=b"private")
        place = urlsplit(stack.endpoint_url)
        arguments = (f"--entrypoint={engine.PYTHON}", image, "-c", GET, stack.endpoint_url)

        printed = engine.docker("run", "--rm", *arguments)
        open_ = [address for address in addresses() if is_open(address, place.port)]

    assert printed.split() == ["403", "403", "404", "403"]
    assert open_ == [place.hostname]
    subnets = engine.docker("network", "inspect", "--format", SUBNETS, "bridge").split()
    assert any(ip_address(str(place.hostname)) in ip_network(subnet) for subnet in subnets)


SUBNETS = "{{range .IPAM.Config}}{{println .Subnet}}{{end}}"

GET = """
import sys, urllib.error, urllib.request
for path in ("/photos/a", "/photos", "/moto-api/data.json", "/2015-03-31/functions"):
    try:
        print(urllib.request.urlopen(sys.argv[1] + path).read())
    except urllib.error.HTTPError as error:
        print(error.code)
"""


def addresses() -> list[str]:
    """Return the addresses of this machine."""
    listed = json.loads(subprocess.check_output(["ip", "-json", "-4", "address"]))  # noqa: S607
    return [one["local"] for link in listed for one in link["addr_info"]]


def is_open(address: str, port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port or 0)) == 0


def named(answer: Answer) -> object:
    """Return the error name of a failed invocation."""
    assert answer.failed
    return json.loads(answer.payload)["errorType"]


def test_a_missing_docker_client_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "/nowhere/docker")
    stack = Stack.start(functions=Containers())

    with pytest.raises(FileNotFoundError, match="/nowhere/docker"), stack:
        pass


def test_a_docker_that_fails_raises_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER", "false")
    stack = Stack.start(functions=Containers())

    with pytest.raises(subprocess.CalledProcessError), stack:
        pass
