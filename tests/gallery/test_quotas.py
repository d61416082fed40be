"""Commands read the account's quotas, and pace themselves to them."""

import argparse
from collections.abc import Iterator

import boto3
import pytest

from embeddedaws import Aws
from gallery import quotas
from gallery.quotas import (
    NEW_ACCOUNT,
    Quotas,
    photos_per_second,
    quotas_of,
)
from local.clients import environment
from local.quotas import Quotas as EmbeddedQuotas


@pytest.fixture(scope="module")  # a process can run one at a time
def aws() -> Iterator[Aws]:
    """Start an embedded AWS with quotas."""
    with Aws.start(quotas=EmbeddedQuotas(invocations_at_once=40, labels_per_second=25)) as running:
        yield running


@pytest.fixture
def session(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Return a session of the embedded AWS."""
    for name, value in environment(aws.endpoint_url).items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def given(*arguments: str) -> argparse.Namespace:
    """Return the parsed arguments."""
    parser = argparse.ArgumentParser()
    quotas.add_quota_arguments(parser)
    return parser.parse_args(arguments)


def test_aws_tells_the_quotas_of_the_account(session: boto3.Session) -> None:
    assert quotas_of(given(), session) == Quotas(invocations_at_once=40, labels_per_second=25)


def test_arguments_replace_what_aws_tells(session: boto3.Session) -> None:
    set_ = given("--invocations", "3", "--labels-per-second", "0.5")

    assert quotas_of(set_, session) == Quotas(invocations_at_once=3, labels_per_second=0.5)


def test_a_caller_whom_aws_tells_nothing_has_the_quotas_of_a_new_account(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment("http://127.0.0.1:1").items():  # nobody listens there
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    assert quotas_of(given(), boto3.Session()) == NEW_ACCOUNT
    told = capsys.readouterr().err
    assert "assuming 10 invocations at once: " in told
    assert "assuming 5 DetectLabels a second: " in told


def test_the_embedded_labeler_is_not_limited_by_rekognition(session: boto3.Session) -> None:
    allowed = photos_per_second(
        quotas_of(given("--labeler", "embedded"), session), labeler="embedded"
    )

    assert list(allowed) == ["Lambda: 40 invocations at once"]


def test_an_account_without_a_quota_of_its_own_has_the_default(session: boto3.Session) -> None:
    known = session.client("service-quotas").list_aws_default_service_quotas

    assert [one["Value"] for one in known(ServiceCode="rekognition")["Quotas"]] == [5]
    assert known(ServiceCode="lambda")["Quotas"] == []


@pytest.mark.parametrize("value", ["0", "nan", "-1", "x"])
def test_a_quota_is_a_positive_number(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        given(f"--labels-per-second={value}")

    assert value in capsys.readouterr().err
