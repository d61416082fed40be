"""From a photo with people, keywords, a position and texts to its rows, and to no log or error."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

import photofiles as pf
from gallery.editing import EditError, Editor
from gallery.records import Edits
from gallery.table import Query, Table
from local.functions import Answer, Function, InProcess
from local.stack import Stack
from shared.contracts import Position
from workflow.world import assert_found_by_terms, term_rows

MARK = "zyxwv"  # in every text of the photo and of its edits
PLACES = ("paris", "france", "berlin", "germany", "u09tv", "u33db", "48.86", "52.51")
SECRETS = (MARK, *PLACES)
AS_DEPLOYED: Any = {"log_format": "JSON", "log_level": "INFO"}


@dataclass
class Dogs:
    """A labeler."""

    version: str = "1"

    def label(self, photo: bytes) -> list[dict[str, Any]]:  # noqa: ARG002  # a Labeler
        return [{"Name": "Dog", "Confidence": 98.7, "Parents": [{"Name": "Animal"}]}]


class Recording(InProcess):
    """Keeps what the functions log and which errors they answer with."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def deploy(self, function: Function) -> None:
        super().deploy(replace(function, **AS_DEPLOYED))

    def invoke(self, function: Function, payload: bytes) -> Answer:
        answer = super().invoke(replace(function, **AS_DEPLOYED), payload)
        self.said.append(answer.log.decode())
        if answer.failed:
            self.said.append(answer.payload.decode())
        return answer


@pytest.fixture(scope="module")
def functions() -> Recording:
    return Recording()


@pytest.fixture(scope="module")
def stack(functions: Recording) -> Iterator[Stack]:
    with Stack.start(functions=functions, labeler=Dogs(), wait_scale=0) as running:
        yield running


@pytest.fixture(scope="module")
def editor(stack: Stack) -> Editor:
    return Editor(stack.stepfunctions, stack.edit_arn, Table(stack.dynamodb, stack.table))


def photo(*, cut_off: bool = False) -> bytes:
    """Return a JPEG of Ada at the Eiffel Tower."""
    people = pf.bag("Iptc4xmpExt:PersonInImage", f"Ada {MARK}")
    keywords = pf.bag("dc:subject", f"Straße {MARK}", f"STRASSE {MARK}")
    title = f"<dc:title><rdf:Alt><rdf:li>Der Hund {MARK}</rdf:li></rdf:Alt></dc:title>"
    names = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    camera = [pf.text(0x010F, "Canon"), pf.text(0x0110, f"Canon EOS 5D {MARK}")]
    file = pf.jpeg(
        exif=pf.tiff_block(camera, gps=pf.gps()),
        xmp=pf.xmp(people + keywords + title, names),
        width_px=640,
        height_px=480,
    )
    return file[: len(file) // 3] if cut_off else file


def rows(stack: Stack) -> dict[str, dict[str, Any]]:
    every = Query(owner="ada", index=None, range_key="sk", low="a", high="z")
    return {row["sk"]: row for row in Table(stack.dynamodb, stack.table).every(every)}


def test_a_photo_is_found_by_all_that_its_file_and_a_person_state(
    stack: Stack, editor: Editor
) -> None:
    stack.upload("uploads/ada/a.jpg", photo())
    stack.wait_until_idle()

    of_file = {"geo#u09tunqu5", "city#paris", "region#ile-de-france", "country#france"}
    of_file |= {f"person#ada {MARK}", f"keyword#strasse {MARK}", f"camera#canon eos 5d {MARK}"}
    labels = {"label#dog", "label#animal"}
    words = {"word#der", "word#hund", f"word#{MARK}"}
    found = rows(stack)
    assert_found_by_terms(found)
    assert {one for one in term_rows(found) if not one.startswith(("geo", "region"))} == {
        one for one in of_file | labels | words if not one.startswith(("geo", "region"))
    }
    texts = {row.get("text") for sk, row in found.items() if sk.startswith("keyword#")}
    assert texts == {f"Straße {MARK}"}

    berlin = Position(latitude=52.518611, longitude=13.376111)
    edits = Edits(title=f"Am Meer {MARK}", keywords=[], location=berlin, hidden_labels=["dog"])
    editor.edit("ada", "uploads/ada/a.jpg", edits)

    found = rows(stack)
    assert_found_by_terms(found)
    assert {"word#meer", "city#berlin", "geo#u33db2spj", "label#animal"} < term_rows(found)
    gone = {"word#hund", "city#paris", f"keyword#strasse {MARK}", "label#dog"}
    assert not gone & term_rows(found)


def test_no_log_and_no_error_has_a_name_a_place_or_a_text_of_a_photo(
    stack: Stack, functions: Recording, editor: Editor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="gallery")
    functions.said.clear()
    keys = [f"uploads/ada/private/{name}.jpg" for name in ("whole", "cut", "nothing")]
    for key, body in zip(keys, (photo(), photo(cut_off=True), MARK.encode()), strict=True):
        stack.upload(key, body)
    ended = [stack.wait_for(key) for key in keys]
    wrong: list[dict[str, Any]] = [
        {"title": MARK * 100},
        {"keywords": [MARK * 100]},
        {"taken": {"local": "2016-04-09T14:08:13", MARK: 1}},
        {"location": {"latitude": 52.518611, "longitude": 1333.376111}},
    ]
    problems = []
    for patch in wrong:
        with pytest.raises(ValueError, match=r".") as refused:
            editor.request("ada", {"path": "private/whole.jpg", **patch})
        problems.append(str(refused.value))
    berlin = Position(latitude=52.518611, longitude=13.376111)
    editor.edit("ada", keys[0], Edits(title=MARK, location=berlin))

    photos = [row for sk, row in rows(stack).items() if sk.startswith("photo#private/")]
    assert {row["status"] for row in photos} == {"READY", "REJECTED"}
    said = "\n".join(
        [
            *functions.said,
            *problems,
            *(record.getMessage() for record in caplog.records),
            *(json.dumps([one.output, one.error, one.cause]) for one in ended),
            *(row.get("error", "") for row in photos),
        ]
    )
    for key in keys[:2]:
        assert key in said  # so that the logs are here
    assert [secret for secret in SECRETS if secret in said.casefold()] == []


def test_an_edit_that_fails_says_nothing_of_what_was_written(
    stack: Stack, functions: Recording, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.upload("uploads/ada/b.jpg", photo())
    stack.wait_until_idle()
    functions.said.clear()
    usual = InProcess.invoke

    def broken(self: InProcess, function: Function, payload: bytes) -> Answer:
        made = json.loads(payload)
        made["edited"]["keywords"] = [{"text": MARK}]  # a fault of the workflow
        return usual(self, function, json.dumps(made).encode())

    monkeypatch.setattr(InProcess, "invoke", broken)

    with pytest.raises(EditError, match="InvalidRequestError") as failed:
        editor.edit("ada", "uploads/ada/b.jpg", Edits(title=MARK, keywords=[MARK]))

    assert MARK not in str(failed.value)
    assert MARK not in "\n".join(functions.said)
