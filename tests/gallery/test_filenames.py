"""Paths of an export: accepted by every file system, inside of their folder, each once."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.filenames import MAX_NAME_BYTES, Paths, distinguished, portable
from gallery.manifests import is_inside

SEPARATORS = set('<>:"/\\|?*%')
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"
}
# what exists, and what is close to a rule
NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), max_size=300),
    st.sampled_from(
        ["", ".", "..", "...", "con", "CON.jpg", "COM¹", "lpt9 .x", "a.", "a ", "A.jpg", "a.jpg"]
    ),
    st.sampled_from(["a.jpg.xmp", "a.jpg~1", "é", "e\u0301", "ß", "SS", "ﬁ", "FI", "x" * 400]),
)


def compared(path: str) -> str:
    """Return a path as the strictest file systems compare it."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


@pytest.mark.parametrize(
    "name",
    [
        "IMG_0001.JPG",
        "שלום 🦊.jpg",
        "a..b.jpg",
        ".hidden",
        "-rf",
        "a~1.jpg",
        "console.jpg",
        "Ärger",
    ],
)
def test_a_name_that_every_file_system_accepts_is_kept(name: str) -> None:
    assert portable(name, name) == name


@given(NAMES)
def test_a_name_is_accepted_everywhere(name: str) -> None:
    for made in (portable(name, name), distinguished(name, name)):
        assert not SEPARATORS.intersection(made)
        assert all(ord(one) >= 0x20 for one in made)
        assert made == made.rstrip(". ")
        assert made.partition(".")[0].rstrip().lower() not in DEVICES
        assert 0 < len(made.encode()) <= MAX_NAME_BYTES
        assert is_inside(made)


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=8))
def test_two_photos_never_have_a_file_in_common(keys: list[list[str]]) -> None:
    paths = Paths(".xmp")
    distinct = sorted({tuple(names) for names in keys})

    made = [paths.of(names) for names in distinct]

    files = [compared(file) for path in made for file in (path, f"{path}.xmp")]
    assert len(set(files)) == len(files)
    folders = {
        compared("/".join(path.split("/")[:end]))
        for path in made
        for end in range(1, path.count("/") + 1)
    }
    assert folders.isdisjoint(files)
    assert all(is_inside(path) for path in made)


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_a_path_depends_on_the_key_alone_if_nothing_else_has_it(names: list[str]) -> None:
    assert Paths(".xmp").of(tuple(names)) == Paths(".xmp").of(tuple(names))
