"""After images/builder/trim.py, clients still work and few files are left."""

import json
import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import botocore
import botocore.session
import pytest
from botocore.client import BaseClient
from botocore.loaders import Loader

from builder.trim import trim

INSTALLED = Path(botocore.__file__).parent.parent


CALLED = {"rekognition": {"DetectLabels"}, "s3": {"GetObject", "PutObject"}}
LABELS = b'{"Labels": [{"Name": "Cat", "Confidence": 98.5}]}'


class Aws(BaseHTTPRequestHandler):
    """Answers a PUT with an empty body and others with LABELS, and records the requests."""

    protocol_version = "HTTP/1.1"  # for "Expect: 100-continue"

    requests: ClassVar[list[tuple[str, str, bytes]]] = []  # Authorization, request line, body

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests.append((self.headers["Authorization"], self.requestline, body))
        answer = b"" if self.command == "PUT" else LABELS
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_POST  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Keep the test's output clean."""


@pytest.fixture
def endpoint_url() -> Iterator[str]:
    """A server that answers for S3 and Rekognition."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Aws) as server:
        Aws.requests.clear()
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed packages with four of botocore's 400 services, trimmed to s3 and rekognition."""
    folder = tmp_path_factory.mktemp("packages")
    models = folder / "botocore" / "data"
    models.mkdir(parents=True)
    for path in (INSTALLED / "botocore" / "data").glob("*.json"):
        shutil.copy(path, models)
    for service in ["ec2", "rekognition", "s3", "sts"]:
        shutil.copytree(INSTALLED / "botocore" / "data" / service, models / service)
    shutil.copytree(INSTALLED / "boto3" / "data", folder / "boto3" / "data")
    (folder / "bin").mkdir()
    (folder / "bin" / "jp.py").touch()

    trim(folder, CALLED)

    return folder


def client(
    packages: Path, service: str, *, region: str = "eu-west-1", endpoint_url: str | None = None
) -> BaseClient:
    """Return a client that uses only the models in `packages`."""
    session = botocore.session.Session()
    models = Loader([str(packages / "botocore" / "data")], include_default_search_paths=False)
    session.register_component("data_loader", models)
    return session.create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id="id",
        aws_secret_access_key="secret",
    )


def test_only_the_models_of_the_named_services_are_left(packages: Path) -> None:
    models = packages / "botocore" / "data"

    assert {path.name for path in models.iterdir() if path.is_dir()} == {"rekognition", "s3"}
    assert not list(models.rglob("*.gz"))
    assert sum(path.stat().st_size for path in models.rglob("*.json")) < 250_000  # of 22 MB


def test_commands_and_resource_models_are_deleted(packages: Path) -> None:
    assert not (packages / "bin").exists()
    assert not (packages / "boto3" / "data").exists()


@pytest.mark.parametrize(
    ("service", "region", "host"),
    [
        ("s3", "eu-west-1", "https://s3.eu-west-1.amazonaws.com"),
        ("s3", "us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com"),
        ("s3", "cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn"),
        ("rekognition", "us-gov-west-1", "https://rekognition.us-gov-west-1.amazonaws.com"),
    ],
)
def test_clients_know_their_endpoint_in_every_partition(
    packages: Path, service: str, region: str, host: str
) -> None:
    assert client(packages, service, region=region).meta.endpoint_url == host


@pytest.mark.parametrize("service", CALLED)
def test_called_operations_are_unchanged_and_others_are_gone(packages: Path, service: str) -> None:
    trimmed = client(packages, service).meta.service_model
    whole = botocore.session.Session().get_service_model(service)

    assert set(trimmed.operation_names) == CALLED[service]
    for name in CALLED[service]:
        ours, theirs = trimmed.operation_model(name), whole.operation_model(name)
        for side in ["input_shape", "output_shape"]:
            assert described(getattr(ours, side)) == described(getattr(theirs, side))
        assert [shape.name for shape in ours.error_shapes] == [
            shape.name for shape in theirs.error_shapes
        ]


def described(shape: Any, seen: tuple[str, ...] = ()) -> Any:  # noqa: ANN401  # botocore's shapes
    """Return a shape with all shapes inside it."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    seen = (*seen, shape.name)
    parts = {
        "structure": lambda: {name: described(one, seen) for name, one in shape.members.items()},
        "list": lambda: [described(shape.member, seen)],
        "map": lambda: [described(shape.key, seen), described(shape.value, seen)],
    }.get(shape.type_name, lambda: None)()
    return shape.name, shape.type_name, sorted(shape.metadata), shape.serialization, parts


def test_an_unknown_operation_is_refused(tmp_path: Path) -> None:
    models = tmp_path / "botocore" / "data"
    (tmp_path / "boto3" / "data").mkdir(parents=True)
    shutil.copytree(INSTALLED / "botocore" / "data" / "s3", models / "s3")
    shutil.copy(INSTALLED / "botocore" / "data" / "endpoints.json", models)

    with pytest.raises(LookupError, match="S3 has no GetObjekt"):
        trim(tmp_path, {"s3": {"GetObject", "GetObjekt"}})


def test_rekognitions_client_sends_signed_requests_and_reads_responses(
    packages: Path, endpoint_url: str
) -> None:
    rekognition: Any = client(packages, "rekognition", endpoint_url=endpoint_url)

    result = rekognition.detect_labels(Image={"Bytes": b"JPEG"})

    rekognition.close()
    assert result["Labels"] == [{"Name": "Cat", "Confidence": 98.5}]
    ((authorization, _, body),) = Aws.requests
    assert json.loads(body) == {"Image": {"Bytes": "SlBFRw=="}}
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=id/")


def test_s3s_client_sends_requests_and_reads_responses(packages: Path, endpoint_url: str) -> None:
    s3: Any = client(packages, "s3", endpoint_url=endpoint_url)

    body = s3.get_object(Bucket="photos", Key="a.jpg", Range="bytes=0-9")["Body"].read()
    s3.put_object(Bucket="derived", Key="a.webp", Body=b"WebP", ContentType="image/webp")

    s3.close()
    assert body == LABELS
    assert [line for _, line, _ in Aws.requests] == [
        "GET /photos/a.jpg HTTP/1.1",
        "PUT /derived/a.webp HTTP/1.1",
    ]


def test_an_unknown_service_is_refused(tmp_path: Path) -> None:
    (tmp_path / "boto3" / "data").mkdir(parents=True)
    (tmp_path / "botocore" / "data").mkdir(parents=True)

    with pytest.raises(FileNotFoundError, match="holds no models"):
        trim(tmp_path, {"s4": set()})
