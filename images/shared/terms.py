"""What a photo can be found by: terms of several kinds, each with a row of its own in the table.

A term has the key <kind>#<text>, the text cleaned and folded, so that all spellings of it are one
term. tests/vectors.json has examples. Which terms get rows, and in which order they are kept if a
photo has too many, is decided where rows are written: workflow/parts/terms.jsonata.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from shared.contracts import Camera, Edited, Location, Metadata, Place, Position, Term, Terms
from shared.limits import MAX_TERM_ROWS, MAX_TERMS_BYTES
from shared.text import clean_label, fold_label

# In the order in which they are kept if a photo has too many.
Kind: TypeAlias = Literal[
    "geo", "person", "keyword", "city", "region", "country", "camera", "label", "word"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Stated: TypeAlias = Iterable[tuple[Kind, str]]

GEOHASH_CHARACTERS: Final = 9  # a cell of 4.8 m × 4.8 m at most

_GEOHASH_DIGITS: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_BITS_A_DIGIT: Final = 5
_MIN_LETTERS: Final = 2  # of a word, unless one character is a word, as in Chinese


def term(kind: Kind, text: str) -> Term | None:
    """Return the term of a text as it is written; None if nothing of it is left."""
    written = clean_label(text)
    folded = fold_label(written)
    if not folded:
        return None
    return Term(key=f"{kind}#{folded}", text=None if written == folded else written)


def terms_of(metadata: Metadata) -> Terms:
    """Return the terms of what a file states. Those of labels are apart: see `Terms`."""
    fields: dict[str, Stated] = {
        "place": _of_place(metadata.location, metadata.place),
        "people": (("person", person.name) for person in metadata.people or []),
        "keywords": (("keyword", keyword) for keyword in metadata.keywords or []),
        "camera": [("camera", camera_name(metadata.camera))],
        "title": _of_text(metadata.title),
        "description": _of_text(metadata.description),
    }
    return _terms(fields, keep_empty=False)


def edited_terms(edited: Edited, place: Place | None) -> Terms:
    """Return the terms of what a person wrote: a list for each edited field, even an empty one.

    Args:
        edited: the edited fields.
        place: of `edited.position`.
    """
    fields: dict[str, Stated] = {}
    if edited.position is not None:
        fields["place"] = _of_place(edited.position, place)
    if edited.keywords is not None:
        fields["keywords"] = (("keyword", keyword) for keyword in edited.keywords)
    if edited.title is not None:
        fields["title"] = _of_text(edited.title)
    if edited.description is not None:
        fields["description"] = _of_text(edited.description)
    return _terms(fields, keep_empty=True)


def words_of(text: str) -> list[str]:
    """Return the words of a text: runs of letters, marks and digits of any script.

    An apostrophe ends a word, as in `l'été`. Scripts without spaces, such as Chinese, have one
    "word" for each run. A word has two letters at least, or one of a script without case.
    """
    shown = unicodedata.normalize("NFC", text)
    runs = "".join(one if _is_of_word(one) else " " for one in shown).split()
    return [run for run in runs if len(run) >= _MIN_LETTERS or unicodedata.category(run) == "Lo"]


def geohash(latitude: float, longitude: float) -> str:
    """Return the geohash of a position: cells that begin alike are near each other.

    Each bit halves the cell, by longitude and latitude in turn:
    https://en.wikipedia.org/wiki/Geohash
    """
    ranges = [[-180.0, 180.0], [-90.0, 90.0]]
    number = 0
    for bit in range(GEOHASH_CHARACTERS * _BITS_A_DIGIT):
        value, halved = (longitude, latitude)[bit % 2], ranges[bit % 2]
        middle = sum(halved) / 2
        is_upper = value >= middle
        halved[0 if is_upper else 1] = middle
        number = 2 * number + is_upper
    return "".join(
        _GEOHASH_DIGITS[number >> _BITS_A_DIGIT * place & 31]
        for place in reversed(range(GEOHASH_CHARACTERS))
    )


def camera_name(camera: Camera | None) -> str:
    """Return make and model, without repeating the make: `Canon EOS 5D Mark III`."""
    if camera is None:
        return ""
    make, model = camera.make or "", camera.model or ""
    if make and model.casefold().startswith(make.split()[0].casefold()):
        return model
    return f"{make} {model}".strip()


def _is_of_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _of_text(text: str | None) -> Stated:
    return (("word", word) for word in words_of(text or ""))


def _of_place(position: Location | Position | None, place: Place | None) -> Stated:
    if position is not None and getattr(position, "gps_valid", True):
        yield "geo", geohash(position.latitude, position.longitude)
    if place is not None:
        yield "city", place.city or ""
        yield "region", place.region or ""
        yield "country", place.country


def _terms(fields: Mapping[str, Stated], *, keep_empty: bool) -> Terms:
    """Return the terms of each field, each once, at most `MAX_TERM_ROWS` of a field.

    All together have at most `MAX_TERMS_BYTES` as JSON.
    """
    room = MAX_TERMS_BYTES
    kept: dict[str, list[Term]] = {}
    left_out: dict[str, int] = {}
    for field, stated in fields.items():
        distinct: dict[str, Term] = {}
        for kind, text in stated:
            if (one := term(kind, text)) is not None:
                distinct.setdefault(one.key, one)
        found: list[Term] = []
        for one in list(distinct.values())[:MAX_TERM_ROWS]:
            room -= len(msgspec.json.encode(one))
            if room < 0:
                break
            found.append(one)
        if found or keep_empty:
            kept[field] = found
        if len(distinct) > len(found):
            left_out[field] = len(distinct) - len(found)
    return Terms(**kept, left_out=left_out or None)
