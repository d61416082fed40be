"""A hostile file ends REJECTED in the whole gallery: no dead letter, no failed execution."""

import shutil
from collections.abc import Iterator

import pytest

import bombs
from local.functions import InProcess
from local.stack import EndedExecution, Stack
from local.template import REPOSITORY
from photofiles import jpeg
from shared.items import plain

REJECTED = {"outcome": "REJECTED", "reason": "TOO_COMPLEX"}
TIMEOUT_SCALE = 0.6  # 18 s for each step, of which 15 until its deadline
HANGING = """
_render = render

def render(photo, renditions, **options):
    if photo.total_bytes == {}:
        3 ** 200_000_000  # in C, with the interpreter locked
    return _render(photo, renditions, **options)
"""
HOSTILE = {
    "segments.jpg": lambda: bombs.jpeg_segments(1_000_000, behind_scan=True),
    "texts.png": lambda: bombs.png_texts(500_000),
    "strips.tif": lambda: bombs.tiff_entries(65_000, 250_000),
    "shared.tif": lambda: bombs.tiff_shared_strips(60_000, 500_000),  # refused by Thumbnail
}
HANGS = jpeg(before=b"\xff\xef\0\x04hi")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a gallery of the real handlers; Thumbnail hangs at one photo, as a decoder might."""
    code = tmp_path_factory.mktemp("images") / "images"
    shutil.copytree(REPOSITORY / "images", code, ignore=shutil.ignore_patterns("networks"))
    with (code / "thumbnail" / "render.py").open("a") as file:
        file.write(HANGING.format(len(HANGS)))
    with (code / "thumbnail" / "function.py").open("a") as file:  # so that a busy machine suffices
        file.write("\nimport os\n\nos.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] = '128'\n")
    with Stack.start(
        functions=InProcess(code=code), wait_scale=0, timeout_scale=TIMEOUT_SCALE
    ) as running:
        yield running


def ended(stack: Stack, name: str, photo: bytes) -> EndedExecution:
    key = f"uploads/ada/{name}"
    return stack.wait_for(key, stack.upload(key, photo), timeout_seconds=120)


def dead_letters(stack: Stack) -> int:
    answer = stack.sqs.get_queue_attributes(
        QueueUrl=stack.dead_letters_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def row(stack: Stack, name: str) -> dict[str, object]:
    [item] = stack.dynamodb.query(
        TableName=stack.table,
        KeyConditionExpression="pk = :pk and sk = :sk",
        ExpressionAttributeValues={":pk": {"S": "ada"}, ":sk": {"S": f"photo#{name}"}},
    )["Items"]
    return plain(item)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_rejected_without_a_dead_letter_message(stack: Stack, name: str) -> None:
    execution = ended(stack, name, HOSTILE[name]())

    assert (execution.status, execution.output, execution.cause) == ("SUCCEEDED", REJECTED, None)
    assert row(stack, name)["reason"] == "TOO_COMPLEX"
    assert dead_letters(stack) == 0


def test_a_decoder_that_hangs_is_ended_and_the_next_photo_is_shown(stack: Stack) -> None:
    execution = ended(stack, "hangs.jpg", HANGS)

    assert (execution.status, execution.output, execution.cause) == ("SUCCEEDED", REJECTED, None)
    found = row(stack, "hangs.jpg")
    assert (found["reason"], found["step"]) == ("TOO_COMPLEX", "Thumbnail")
    assert dead_letters(stack) == 0
    ended(stack, "next.jpg", jpeg())
    assert row(stack, "next.jpg")["status"] == "READY"
