"""Settings and clients are created from the environment, once, at their first use."""

from collections.abc import Callable

import pytest

from shared import aws, s3, settings
from shared.contracts import PhotoRef
from tag import aws as tag_aws
from wire import MODIFIED, Answer, serving


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (settings.photos_bucket, "PHOTOS_BUCKET"),
        (settings.derived_bucket, "DERIVED_BUCKET"),
        (settings.renditions_json, "RENDITIONS"),
        (settings.keep_copyright, "KEEP_COPYRIGHT"),
        (settings.table, "TABLE"),
        (settings.labeler_settings, "LABELER"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_missing_setting_raises_with_its_name(
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

    assert settings.photos_bucket() == "photos_bucket"
    assert settings.derived_bucket() == "derived_bucket"
    assert settings.renditions_json() == "renditions"
    for text, is_kept in (("true", True), ("false", False)):
        monkeypatch.setenv("KEEP_COPYRIGHT", text)
        assert settings.keep_copyright() is is_kept
    assert settings.labeler_settings() == ("labeler", 50, 55.5)


def test_clients_are_created_once_with_the_endpoint_in_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    s3.photo_store.cache_clear()
    tag_aws.rekognition.cache_clear()
    with serving() as service, monkeypatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", service.url)
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        service.script(
            Answer(206, b"x", {"Content-Range": "bytes 0-0/9", **MODIFIED}),
            Answer(200, b'{"Labels": []}'),
        )

        chunk = s3.photo_store().read(PhotoRef(bucket="photos", key="k"), 0, 0)
        tag_aws.rekognition().detect_labels({"Bytes": b"x"}, max_labels=1, min_confidence=1)

        assert chunk[:2] == (b"x", 9)
        assert s3.photo_store() is s3.photo_store()
        assert tag_aws.rekognition() is tag_aws.rekognition()
    s3.photo_store.cache_clear()
    tag_aws.rekognition.cache_clear()


def test_all_attempts_of_a_request_end_before_the_function() -> None:
    config = vars(aws.CLIENT_CONFIG)

    attempts = config["retries"]["total_max_attempts"]
    backoff_seconds = attempts - 1  # standard mode waits at most 1 s before the second attempt
    slowest_seconds = (
        attempts * (config["connect_timeout"] + config["read_timeout"]) + backoff_seconds
    )

    assert slowest_seconds <= 27  # the functions have 30 s, and stop themselves 3 s before
