"""Google Photos, as Google Takeout writes it: photos, and JSON files beside them.

Nothing of this is documented by Google. The names are those that people report; docs/archives.md
lists them, and tests/takeouts.py makes them all. No rule depends on Google's language: a
JSON file tells by its content whether it is of a photo or of an album.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gallery.archives.base import normal
from gallery.archives.folder import REASONS, entry_of, walk
from shared.contracts import Sidecar
from shared.limits import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_PEOPLE,
    MAX_PERSON_CHARACTERS,
    MAX_TAG_CHARACTERS,
)
from shared.not_photos import why_left_out
from shared.text import distinct, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gallery.archives.base import Entry

SOURCE: Final = "TAKEOUT"
TRASHED: Final = "photos in the trash of Google Photos"
UNMATCHED: Final = "JSON files without their photo: of videos, or of a part that is not here"
UNREAD: Final = "JSON files that cannot be read"

_MAX_JSON_BYTES: Final = 1_048_576  # usual ones have 1,000; those of albums with comments more
_SUFFIX: Final = ".supplemental-metadata"  # since the end of 2024
# A JSON file's name has at most 46 characters before .json, and a photo's 47 before its extension:
# the rest is cut off. Numbers and letters outside ASCII make it some less.
_LEAST_CUT: Final = 40
_NUMBER: Final = re.compile(r"(?P<name>.+?)(?P<number>\(\d{1,5}\))", re.DOTALL)
# By which Google names an edited copy, in the language of the account. It may cut them off.
_WORDS: Final = (
    *("animation", "collage", "edited", "effects", "mix", "original", "smile"),
    *("bearbeitet", "bewerkt", "düzenlendi", "editada", "editado", "editat", "edytowane"),
    *("ha editado", "modificado", "modificato", "modifié", "muokattu", "redigerad", "redigeret"),
    *("redigert", "szerkesztett", "upraveno", "изменено", "отредактировано", "編集済み"),
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LOWEST_M, _HIGHEST_M = -1_000, 20_000  # as in contracts.Sidecar
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class _Folder:
    """One folder, of all parts of the Takeout."""

    photos: list[tuple[Path, str]] = field(default_factory=list)  # file, folder below the root
    videos: list[str] = field(default_factory=list)  # names
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)  # JSON of photos, by its name
    title: str | None = None  # of the album

    @property
    def is_album(self) -> bool:
        """Whether a person made it. Older Takeouts have JSON of albums in folders of years, too."""
        return self.title is not None


class Takeout:
    """The photos of a Takeout, those of albums first. See base.Archive."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._left_out: Counter[str] = Counter()

    def entries(self) -> Iterator[Entry]:
        """Yield the photos, each with what Google says of it.

        A photo of an album is in the folder of its year, too: the album's comes first.
        """
        self._left_out.clear()
        folders = self._folders()
        for name, folder in sorted(folders.items(), key=lambda one: (not one[1].is_album, one[0])):
            matcher = Matcher(folder.facts, {path.name for path, _ in folder.photos})
            album = normal((folder.title or name).replace("/", "_"))
            used = {matcher.find(video) for video in folder.videos}
            for path, below in folder.photos:
                found = matcher.find(path.name)
                used.add(found)
                facts = folder.facts[found] if found is not None else {}
                if facts.get("trashed") is True:
                    self._left_out[TRASHED] += 1
                    continue
                entry = entry_of(path, self._root, below, self._left_out)
                if entry is not None:
                    yield replace(
                        entry,
                        folder=album,
                        name=_own_name(entry.name, facts),
                        sidecar=sidecar_of(facts, entry.name),
                    )
            self._left_out[UNMATCHED] += len(folder.facts.keys() - used)

    def left_out(self) -> Mapping[str, int]:
        """Return the numbers of files and folders that were left out, by reason."""
        return self._left_out

    def _folders(self) -> dict[str, _Folder]:
        """Return the folders by name. Parts of a Takeout repeat them, and may divide a pair."""
        folders: defaultdict[str, _Folder] = defaultdict(_Folder)
        for below, files in walk(self._root, self._left_out):
            name = PurePosixPath(below).name  # albums are not within others
            for path in files:
                if path.name.lower().endswith(".json") and not path.name.startswith("."):
                    self._read(path, folders[name])
                    continue
                why = why_left_out(path.name)
                if why is None:
                    folders[name].photos.append((path, below))
                else:
                    self._left_out[REASONS[why]] += 1
                    if why == "VIDEO":
                        folders[name].videos.append(path.name)
        return folders

    def _read(self, path: Path, folder: _Folder) -> None:
        try:
            with path.open("rb") as file:
                body = file.read(_MAX_JSON_BYTES + 1)
            facts = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
        except (OSError, RecursionError, UnicodeError, msgspec.MsgspecError):
            self._left_out[UNREAD] += 1
            return
        if isinstance(facts, dict) and isinstance(title := facts.get("title"), str):
            facts["title"] = title[:MAX_TAG_CHARACTERS]  # NFC takes n² steps for n marks
        if not isinstance(facts, dict):
            self._left_out[REASONS["SIDECAR"]] += 1
        elif _is_photo(facts):
            stem = path.name[: -len(".json")]
            folder.facts.setdefault(_plain(stem), facts)
        elif (title := _text(facts.get("title"), MAX_TAG_CHARACTERS)) is not None and not _is_year(
            title, path.parent.name
        ):
            folder.title = title
        # Others, such as comments on an album, say nothing of a photo.


class Matcher:
    """Finds the JSON file of a photo, among those of its folder.

    Args:
        facts: the JSON files' contents, by their names without .json, in NFC.
        photos: the names of all photos of the folder.
    """

    def __init__(self, facts: Mapping[str, Mapping[str, Any]], photos: set[str]) -> None:
        self._facts = facts
        self._photos = {_plain(name).casefold() for name in photos}
        self._by_number: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in facts:
            match = _NUMBER.fullmatch(name)
            number = "" if match is None else match["number"]
            self._by_number[number].append((name.removesuffix(number), name))
        for names in self._by_number.values():
            names.sort()

    def find(self, photo: str) -> str | None:
        """Return the name of a photo's JSON file, without .json; None if there is none."""
        name = _plain(photo)
        if (own := self._of(name)) is not None:
            return own
        for origin, word in _origins(name):
            # The word is in any language: a known one is enough, or the photo itself beside it.
            if _is_known(word) or origin.casefold() in self._photos:
                found = self._of(origin)
                if found is not None:
                    return found
        return None

    def _of(self, photo: str) -> str | None:
        """Return the JSON file of this very name; a number is at another place in it."""
        stem, extension = _split(photo)
        scores = [*self._scores(photo, "")]  # IMG(1).jpg.json: the name itself has a number
        if (match := _NUMBER.fullmatch(stem)) is not None:
            scores += self._scores(match["name"] + extension, match["number"])
        if not any(is_titled for _, is_titled, _, _ in scores):
            # Two names that are cut to the same one are numbered.
            for number in self._by_number:
                scores += [one for one in self._scores(photo, number) if one[:2] == (1, True)]
        return max(scores)[-1] if scores else None

    def _scores(self, photo: str, number: str) -> Iterator[tuple[int, bool, int, str]]:
        """Yield the JSON files with this number that may be the photo's; the greatest is best."""
        stem, _ = _split(photo)
        whole = photo + _SUFFIX
        names, beginning = self._by_number.get(number, []), stem[:_LEAST_CUT]
        first = bisect_left(names, (beginning, ""))  # a folder of a year has thousands
        for own, name in takewhile(lambda one: one[0].startswith(beginning), names[first:]):
            title = self._facts[name].get("title")
            is_titled = isinstance(title, str) and _plain(_split(title)[0]).startswith(stem)
            is_beginning = whole.startswith(own)
            if is_beginning and len(own) >= len(photo):
                yield 2, is_titled, len(own), name
            elif own == stem or (is_beginning and len(own) >= _LEAST_CUT):
                yield 1, is_titled, len(own), name
            elif _has_other_extension(own, stem):  # IMG.HEIC.json of IMG.jpg, made of it by Google
                yield 0, is_titled, len(own), name


def sidecar_of(facts: Mapping[str, Any], name: str) -> Sidecar | None:
    """Return what Google says of a photo; None if that is nothing.

    Args:
        facts: the content of the JSON file; nothing in it is certain.
        name: the photo's, which `title` usually repeats.
    """
    latitude, longitude, altitude_m = _position(facts)
    title = _text(facts.get("title"), MAX_TAG_CHARACTERS)
    people = facts.get("people")
    listed = people if isinstance(people, list) else []
    names = [one.get("name") for one in listed if isinstance(one, dict)]
    sidecar = Sidecar(
        source=SOURCE,
        taken=_moment(facts.get("photoTakenTime")),
        latitude=latitude,
        longitude=longitude,
        altitude_m=altitude_m,
        title=None if title is None or _is_file_name(title, name) else title,
        description=_text(facts.get("description"), MAX_DESCRIPTION_CHARACTERS),
        people=distinct(
            (one for one in names if isinstance(one, str)), MAX_PERSON_CHARACTERS, MAX_PEOPLE
        )
        or None,
    )
    return sidecar if sidecar != Sidecar(source=SOURCE) else None


def _is_photo(facts: Mapping[str, Any]) -> bool:
    return isinstance(facts.get("photoTakenTime"), dict) or (
        isinstance(facts.get("title"), str) and "url" in facts and "creationTime" in facts
    )


def _is_year(title: str, folder: str) -> bool:
    """Return whether an album of older Takeouts is the folder of a year, or of a day.

    Their title is that of the folder, in the language of the account: Photos from 2019.
    """
    if _plain(title) != _plain(folder):
        return False
    words = re.sub(r"[\d\W_]+", " ", title).split()
    day = re.fullmatch(r"\d{4}-\d\d-\d\d(?: ?#\d+)?", title)
    return day is not None or (
        len(_YEAR.findall(title)) == 1 and bool(words) and words[0].casefold() in _PHOTOS
    )


_PHOTOS: Final = frozenset(
    {
        *("bilde", "bilder", "billeder", "foto", "foto's", "fotky", "fotografie", "fotografii"),
        *("fotos", "fotografías", "fotoğraflar", "fényképek", "kuvat", "photo", "photos"),
        *("valokuvat", "zdjęcia", "снимки", "фото", "фотографии"),
    }
)


def _own_name(name: str, facts: Mapping[str, Any]) -> str:
    """Return a photo's whole name, if Takeout has cut it and its JSON has the rest.

    Google replaces some characters by _ in names of files; `title` has them.
    """
    title = facts.get("title")
    if not isinstance(title, str):
        return name
    stem, extension = _split(name)
    whole, own_extension = _split(unicodedata.normalize("NFC", title))
    is_cut = len(whole) > len(stem) >= _LEAST_CUT and _plain(whole).startswith(_plain(stem))
    if not is_cut or own_extension.casefold() != extension.casefold():
        return name
    return whole.replace("/", "_") + extension


def _is_file_name(title: str, name: str) -> bool:
    """Return whether a title is the name of a file, which says nothing of the photo."""
    stem, extension = _split(title)
    own = _split(_plain(name))[0]
    return re.fullmatch(r"\.\w{2,5}", extension) is not None or _plain(stem) in (own, _plain(name))


def _origins(name: str) -> Iterator[tuple[str, str]]:
    """Yield the names of which `name` can be an edited copy, and the word that says so.

    IMG-edited(1).jpg is of IMG(1).jpg, and IMG(1)-edited.jpg too.
    """
    stem, extension = _split(name)
    ways = [(stem, "")]
    if (match := _NUMBER.fullmatch(stem)) is not None:
        ways.append((match["name"], match["number"]))
    for own, number in ways:
        for at in range(len(own) - 2, 0, -1):
            word = own[at + 1 :]
            if own[at] in "-_" and word[0].isalpha() and not re.search(r"\d", word):
                yield own[:at] + number + extension, word


def _is_known(word: str) -> bool:
    """Return whether a word says in some language that a photo was edited; it may be cut."""
    return len(word) > 1 and any(one.startswith(word.casefold()) for one in _WORDS)


def _has_other_extension(own: str, stem: str) -> bool:
    """Return whether `own` is the stem with another extension, and maybe the suffix, cut."""
    if not own.startswith(f"{stem}."):
        return False
    extension, _, rest = own[len(stem) + 1 :].partition(".")
    return extension.isalnum() and len(extension) <= 4 and _SUFFIX[1:].startswith(rest)  # noqa: PLR2004  # letters of an extension


def _split(name: str) -> tuple[str, str]:
    """Return a name's stem, and its extension with the dot."""
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if stem else (name, "")


def _plain(name: str) -> str:
    """Return a name in NFC, with _ for what Google replaces by it."""
    return re.sub(r"[%&'*:<>?\"|\\/]", "_", unicodedata.normalize("NFC", name))


def _text(value: object, max_characters: int) -> str | None:
    return text(value, max_characters) if isinstance(value, str) else None


def _moment(stated: object) -> str | None:
    """Return a time of Google's as contracts.UtcTime; None for 0, which it writes for none."""
    try:
        seconds = int(stated["timestamp"]) if isinstance(stated, dict) else 0
        moment = _EPOCH + timedelta(seconds=seconds)
    except (KeyError, OverflowError, TypeError, ValueError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}".rjust(20, "0") if seconds else None


def _position(facts: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """Return latitude, longitude and altitude; a person's correction before the file's own.

    Google writes 0, 0 for no position, and 0 for no altitude.
    """
    for name in ("geoData", "geoDataExif"):
        stated = facts.get(name)
        if not isinstance(stated, dict):
            continue
        latitude, longitude = stated.get("latitude"), stated.get("longitude")
        if not (_is_number(latitude, 90) and _is_number(longitude, 180)):
            continue
        if (latitude, longitude) != (0, 0):
            altitude_m: Any = stated.get("altitude")
            is_known = _is_number(altitude_m, _HIGHEST_M) and _LOWEST_M <= altitude_m != 0
            return latitude, longitude, altitude_m if is_known else None
    return None, None, None


def _is_number(value: Any, most: float) -> bool:  # noqa: ANN401  # any JSON
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= most
