"""A service is looked up once."""

import pytest
from moto import backends

from embeddedaws import Aws


def test_of_many_requests_to_a_service_only_the_first_looks_for_it(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    s3.list_buckets()
    dynamodb.list_tables()
    looked = []

    def counted() -> list[str]:
        looked.append("once more")
        return []

    monkeypatch.setattr(backends, "list_of_moto_modules", counted)

    s3.list_buckets()
    dynamodb.list_tables()

    assert looked == []
