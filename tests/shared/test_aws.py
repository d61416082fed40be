"""Settings and clients: from the environment, at first use, once."""

from collections.abc import Callable

import pytest

from shared import aws
from shared.contracts import PhotoRef
from wire import Answer, serving


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (aws.photos_bucket, "PHOTOS_BUCKET"),
        (aws.derived_bucket, "DERIVED_BUCKET"),
        (aws.renditions_json, "RENDITIONS"),
        (aws.table, "TABLE"),
        (aws.labeler_settings, "LABELER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_missing_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, setting: Callable[[], object], name: str
) -> None:
    monkeypatch.delenv(name, raising=False)

    with pytest.raises(KeyError, match=name):
        setting()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PHOTOS_BUCKET", "DERIVED_BUCKET", "RENDITIONS", "LABELER"):
        monkeypatch.setenv(name, name.lower())
    monkeypatch.setenv("MAX_LABELS", "50")
    monkeypatch.setenv("MIN_CONFIDENCE", "55.5")

    assert aws.photos_bucket() == "photos_bucket"
    assert aws.derived_bucket() == "derived_bucket"
    assert aws.renditions_json() == "renditions"
    assert aws.labeler_settings() == ("labeler", 50, 55.5)


def test_clients_are_made_once_and_go_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aws.photo_store.cache_clear()
    aws.rekognition.cache_clear()
    with serving() as service, monkeypatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", service.url)
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        service.script(
            Answer(206, b"x", {"Content-Range": "bytes 0-0/9"}), Answer(200, b'{"Labels": []}')
        )

        chunk = aws.photo_store().read(PhotoRef(bucket="photos", key="k"), 0, 0)
        aws.rekognition().detect_labels({"Bytes": b"x"}, max_labels=1, min_confidence=1)

        assert chunk == (b"x", 9)
        assert aws.photo_store() is aws.photo_store()
        assert aws.rekognition() is aws.rekognition()
    aws.photo_store.cache_clear()
    aws.rekognition.cache_clear()


def test_all_attempts_together_end_before_the_functions_do() -> None:
    config = vars(aws.CLIENT_CONFIG)

    attempts = config["retries"]["total_max_attempts"]
    backoff_seconds = attempts - 1  # standard mode waits at most 1 s before the second attempt
    slowest_seconds = (
        attempts * (config["connect_timeout"] + config["read_timeout"]) + backoff_seconds
    )

    assert slowest_seconds <= 27  # the functions have 30 s, and stop themselves 3 s before
