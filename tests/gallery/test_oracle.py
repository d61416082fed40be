"""Every query returns the same as a brute force over everything that happened."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple, TypedDict

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gallery import queries, search
from gallery.editing import Editor
from gallery.records import Edits, Taken
from gallery.table import Query, Table
from publishing import Publisher
from questions import all_items
from shared.contracts import (
    ExtractResult,
    ImageFacts,
    Label,
    Metadata,
    Person,
    Precision,
    Rendition,
    TagResult,
    TakenAt,
    ThumbnailResult,
)
from shared.keys import digest, photo_sort_key, split_upload_key
from shared.text import fold_label
from tag.labels import label_index
from workflow.world import assert_found_by_terms, make_earlier

HISTORIES = 20
UPLOADED = "2024-07-01T10:00:00"
FILES = ("a.jpg", "b.jpg", "2016/a.jpg", "2016/b.jpg", "2016/tacos/a.jpg", "2016#1/ü b.jpg")
ALBUMS = ("", "2016", "2016/tacos", "2016#1", "elsewhere")
TIMES = ("2016-04-09T12:08:13", "2016-04-09T12:08:14", "2017-01-01T00:00:00", "2024-07-01T10:00:00")
LABELS = (
    Label(name="Dog", confidence=99, parents=["Animal", "Pet"]),
    Label(name="Cat", confidence=98, parents=["Animal"]),
    Label(name="C", confidence=97),
    Label(name="C#", confidence=96),
    Label(name="C#2016", confidence=95),
    Label(name="STRASSE", confidence=94),
)
ASKED_LABELS = ("dog", "ANIMAL", "Pet", "c", "c#", "c#2016", "Straße", "unheard of")
BOUNDS = [datetime.fromisoformat(time) for time in (*TIMES, "2016-04-09T12:08:13.500")]


class Asked(TypedDict):
    """The arguments of a query with pages."""

    limit: int
    newest_first: bool


class Action(NamedTuple):
    """One change of one photo."""

    owner: str
    file: str
    kind: Literal["READY", "REJECTED", "FAILED", "DELETED", "PROCESSING", "edit", "earlier"]
    time: str
    precision: Precision | None
    title: str | None
    labels: list[Label]
    people: int
    edits: Edits


actions = st.builds(
    Action,
    owner=st.sampled_from(["ada", "bob"]),
    file=st.sampled_from(FILES),
    kind=st.sampled_from(
        [
            *("READY", "READY", "READY", "REJECTED", "FAILED", "DELETED", "PROCESSING"),
            *("edit", "edit", "earlier"),
        ]
    ),
    time=st.sampled_from(TIMES),
    precision=st.sampled_from([None, "day", "year"]),
    title=st.none() | st.sampled_from(["Tacos", "“Ümlaut”"]),
    labels=st.lists(st.sampled_from(LABELS), unique_by=lambda label: label.name),
    people=st.sampled_from([0, 2, 30]),
    edits=st.builds(
        Edits,
        title=st.none() | st.sampled_from(["", "Mine"]),
        description=st.none() | st.sampled_from(["", "My tacos, and mine"]),
        keywords=st.none() | st.just(["mine"]),
        hidden_labels=st.lists(st.sampled_from(["dog", "animal", "c#"]), unique=True),
        taken=st.none()
        | st.builds(Taken, local=st.sampled_from(TIMES))
        | st.just(Taken(local="2017-01-01T00:00:00", precision="year")),
    ),
)


class Known(msgspec.Struct):
    """The expected state of a photo, as far as queries return it."""

    key: str
    status: str = ""
    published: str = ""  # the outcome of the last execution that ended
    stated: str = ""  # the time that the file states
    stated_precision: Precision | None = None
    title: str | None = None
    labels: list[Label] = []
    edits: Edits = Edits()

    @property
    def time(self) -> str:
        edited = self.edits.taken if self.published == "READY" else None
        return edited.local if edited else self.stated

    @property
    def precision(self) -> Precision | None:
        edited = self.edits.taken if self.published == "READY" else None
        return edited.precision if edited else self.stated_precision

    @property
    def shown_title(self) -> str | None:
        return (self.title if self.edits.title is None else self.edits.title) or None

    def found_by(self) -> set[str]:
        return set(label_index(self.labels)) - set(self.edits.hidden_labels)


def apply(
    action: Action, owner: str, known: dict[str, Known], editor: Editor, publisher: Publisher
) -> None:
    """Apply an action to the table and to `known`."""
    key = f"uploads/{owner}/{action.file}"
    now = f"{UPLOADED}Z"
    if action.kind == "edit":
        photo = known.get(key)
        if photo is not None and photo.status != "DELETED":
            photo.edits = action.edits
            editor.edit(owner, key, action.edits)
        return
    if action.kind == "earlier":
        photo = known.get(key)
        if photo is not None and photo.published == "READY":
            make_earlier(editor.table, owner, photo_sort_key(owner, key))
        return
    photo = known.setdefault(key, Known(key))
    photo.status = action.kind
    if action.kind == "PROCESSING":
        publisher.claim(key, now)
        return
    photo.published = action.kind
    ready = action.kind == "READY"
    photo.stated = action.time if ready else UPLOADED
    photo.stated_precision = action.precision if ready else None
    photo.title = action.title if ready else None
    photo.labels = action.labels if ready else []
    if ready:
        publisher.ready(key, now, results(action, key))
    elif action.kind == "DELETED":
        publisher.deleted(key, now)
    else:
        publisher.problem(key, now, action.kind)


def results(action: Action, key: str) -> tuple[ExtractResult, ThumbnailResult, TagResult]:
    """Return the answers of the three steps for a photo."""
    image = ImageFacts(
        format="JPEG", mime_type="image/jpeg", bytes=1000, width_px=4032, height_px=3024
    )
    taken = TakenAt(local=action.time, source="EXIF:DateTimeOriginal", precision=action.precision)
    thumb = Rendition(
        key=f"{digest(key)}/thumb.webp",
        width_px=400,
        height_px=300,
        bytes=9000,
        mime_type="image/webp",
    )
    people = [Person(name=f"Person {number}") for number in range(action.people)]
    metadata = Metadata(taken_at=taken, title=action.title, people=people)
    sha256 = hashlib.sha256(action.time.encode()).hexdigest()  # so that some are the same
    labels = sorted(action.labels, key=lambda label: -label.confidence)
    return (
        ExtractResult(
            image=image,
            metadata=metadata,
            uploaded_at=f"{action.time}Z",
            sort_time=action.time,
            version=1,
            precision=action.precision,
        ),
        ThumbnailResult(renditions={"thumb": thumb}, sha256=sha256, version=1),
        TagResult(labels=labels, label_index=label_index(labels), labels_status="READY", version=1),
    )


def in_order(known: list[Known], *, newest_first: bool) -> list[Known]:
    return sorted(known, key=lambda it: (it.time, digest(it.key)), reverse=newest_first)


numbers = itertools.count()


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    history=st.lists(actions, min_size=5, max_size=25),
    asked=st.fixed_dictionaries({"limit": st.integers(1, 5), "newest_first": st.booleans()}),
)
def test_every_query_returns_the_same_as_a_brute_force(
    table: Table, publisher: Publisher, editor: Editor, history: list[Action], asked: Asked
) -> None:
    number = next(numbers)  # each history has owners of its own
    owners = {name: f"{name} {number}" for name in ("ada", "bob")}
    known: dict[str, dict[str, Known]] = {owner: {} for owner in owners.values()}
    for action in history:
        owner = owners[action.owner]
        apply(action, owner, known[owner], editor, publisher)

    for owner, photos in known.items():
        every = Query(owner=owner, index=None, range_key="sk", low="a", high="z")
        assert_found_by_terms({row["sk"]: row for row in table.every(every)})
        check_photos(table, owner, photos)
        check_months(table, owner, list(photos.values()))
        check_albums(table, owner, list(photos.values()), asked)
        check_times(table, owner, list(photos.values()), asked)
        check_labels(table, owner, list(photos.values()), asked)
        check_problems(table, owner, list(photos.values()), asked)
        check_copies(table, owner, list(photos.values()), asked)


def check_photos(table: Table, owner: str, known: Mapping[str, Known]) -> None:
    for file in FILES:
        key = f"uploads/{owner}/{file}"
        photo = queries.photo(table, owner, key)
        if key not in known:
            assert photo is None
            continue
        expected = known[key]
        assert photo is not None
        assert (photo.key, photo.status) == (key, expected.status)
        assert photo.title == expected.shown_title
        assert photo.keywords == (expected.edits.keywords or [])
        assert photo.edits == Edits(
            title=expected.edits.title,
            description=expected.edits.description,
            keywords=expected.edits.keywords,
            hidden_labels=sorted(expected.edits.hidden_labels),
            taken=expected.edits.taken,
        )
        assert {label.name for label in photo.labels} == {
            label.name
            for label in expected.labels
            if fold_label(label.name) not in expected.edits.hidden_labels
        }


def check_albums(table: Table, owner: str, known: list[Known], asked: Asked) -> None:
    ready = [photo for photo in known if photo.published == "READY"]
    by_album: dict[str, list[Known]] = {}
    for photo in ready:
        by_album.setdefault(split_upload_key(photo.key).album, []).append(photo)
    for path in ALBUMS:
        found = all_items(partial(queries.album, table, owner, path, **asked))
        expected = in_order(by_album.get(path, []), newest_first=asked["newest_first"])
        assert [(it.key, it.status, it.sort_time, it.title) for it in found] == [
            (it.key, it.status, it.time, it.shown_title) for it in expected
        ]
        assert [it.taken_at.precision for it in found] == [it.precision for it in expected]
    albums = all_items(partial(queries.albums, table, owner, limit=asked["limit"]))
    assert {(it.path, it.photos, it.cover.key) for it in albums} == {
        (path, len(photos), in_order(photos, newest_first=True)[0].key)
        for path, photos in by_album.items()
    }
    assert len(albums) == len(by_album)


def check_months(table: Table, owner: str, known: list[Known]) -> None:
    found = queries.months(table, owner)
    counts = Counter(photo.time[:7] for photo in known if photo.published == "READY")
    assert [(it.month, it.photos) for it in found.items] == sorted(counts.items(), reverse=True)


def check_times(table: Table, owner: str, known: list[Known], asked: Asked) -> None:
    for start, end in itertools.pairwise(sorted(BOUNDS)):
        found = all_items(partial(queries.between, table, owner, start, end, **asked))
        expected = [
            photo
            for photo in in_order(known, newest_first=asked["newest_first"])
            if photo.published == "READY" and start <= datetime.fromisoformat(photo.time) < end
        ]
        assert [it.key for it in found] == [it.key for it in expected]


def check_labels(table: Table, owner: str, known: list[Known], asked: Asked) -> None:
    for label in ASKED_LABELS:
        terms = [search.term("label", label)]
        found = all_items(partial(search.find, table, owner, terms, **asked))
        expected = [
            photo
            for photo in in_order(known, newest_first=asked["newest_first"])
            if fold_label(label) in photo.found_by()
        ]
        assert [(it.key, it.sort_time, it.precision, it.thumb.width_px) for it in found] == [
            (it.key, it.time, it.precision, 400) for it in expected
        ]


def check_problems(table: Table, owner: str, known: list[Known], asked: Asked) -> None:
    found = all_items(partial(queries.problems, table, owner, **asked))
    expected = [
        photo
        for photo in in_order(known, newest_first=asked["newest_first"])
        if photo.published in {"REJECTED", "FAILED"}
    ]
    assert [(it.key, it.status, it.sort_time) for it in found] == [
        (it.key, it.status, it.time) for it in expected
    ]


def check_copies(table: Table, owner: str, known: list[Known], asked: Asked) -> None:
    found = all_items(partial(queries.copies, table, owner, limit=asked["limit"] + 1))
    same: dict[str, list[str]] = {}
    for photo in known:
        if photo.published == "READY":
            sha256 = hashlib.sha256(photo.stated.encode()).hexdigest()
            same.setdefault(sha256, []).append(photo.key)
    assert {it.sha256: it.keys for it in found} == {
        sha256: sorted(keys) for sha256, keys in same.items() if len(keys) > 1
    }
    assert {it.bytes for it in found} <= {1000}
