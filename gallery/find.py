"""Find: print the photos that have all of some terms, from a period, page by page.

gallery/search.py finds them; docs/search.md says what that costs. Only the table is read.
"""

from __future__ import annotations

import argparse
import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gallery import search
from gallery.deployment import Deployment, add_deployment_arguments, add_owner_argument
from gallery.queries import MAX_LIMIT
from gallery.search import MAX_TERMS, ROW_KINDS, ROWS_OF, Term
from gallery.shell import UsageError, print_stderr, print_stdout, whole_number
from shared.terms import words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gallery.records import Found, Page
    from gallery.search import Kind
    from gallery.table import Table

OPTIONS: Final[dict[Kind, tuple[str, str]]] = {
    "any": (
        "TEXT",
        "a label, person, keyword, place, camera or word; if no photo has it, its words",
    ),
    "label": ("NAME", "what the photo shows, or a more general name of it: animal finds dogs"),
    "person": ("NAME", "a person that the file names"),
    "keyword": ("TEXT", "a keyword"),
    "place": ("NAME", "a city, a region or a country"),
    "city": ("NAME", "the city or the next town"),
    "region": ("NAME", "the region"),
    "country": ("NAME", "the country"),
    "camera": ("NAME", "make and model of the camera"),
    "word": ("WORD", "a word of the title or of the description, or several"),
    "album": ("PATH", "the album, without albums within it"),
}
MAX_HINTS: Final = 5
HINT_CHARACTERS: Final = 3  # of a text that no term begins with

_MIDNIGHT: Final = "0001-01-01T00:00:00"
_TIME: Final = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d)?)?)?)?", re.ASCII)
_SHOWN: Final = {"year": 4, "month": 7, "day": 10, None: 19}  # characters of a time, by precision


class Period(NamedTuple):
    """From `start` to before `end`; None: without a bound."""

    start: datetime | None
    end: datetime | None


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    command.add_argument(
        "words", nargs="*", type=_terms("any"), metavar="TEXT", help="the same as --any TEXT"
    )
    for kind, (metavar, content) in OPTIONS.items():
        command.add_argument(
            f"--{kind}",
            action="append",
            default=[],
            type=_terms(kind),
            metavar=metavar,
            help=f"{content}; repeatable",
        )
    command.add_argument(
        "--after",
        type=_end,
        metavar="TIME",
        help="only photos from after this year, month, day or time of the camera's clock: 2018 and"
        " 2018-12-31 mean from 2019 on",
    )
    command.add_argument(
        "--before",
        type=start_of,
        metavar="TIME",
        help="only photos from before it: 2019 excludes 2019",
    )
    add_owner_argument(command)
    command.add_argument(
        "--limit",
        type=whole_number(1),
        default=100,
        metavar="N",
        help="photos, at most (default: %(default)s)",
    )
    command.add_argument("--oldest-first", action="store_true", help="default: newest first")
    command.add_argument("--json", action="store_true", help="print a JSON object for each photo")
    add_deployment_arguments(command)


def run(given: argparse.Namespace) -> int:
    """Print the photos; to stderr what was read, or why there are none."""
    stated = [given.words, *(getattr(given, kind) for kind in OPTIONS)]
    terms = [one for options in stated for option in options for one in option]
    period = Period(given.after, given.before)
    _refuse(terms, period)
    deployment = Deployment.of(given)
    table = deployment.table
    owners = deployment.owners(given.owner)
    left, read_units, more = given.limit, 0.0, False
    meant = terms
    for owner in owners:
        meant, units = _meant(table, owner, terms)
        read_units += units
        _refuse(meant, period)
        for page in _pages(table, owner, meant, period, given, left=left):
            for found in page.items:
                print_stdout(_json(found) if given.json else _line(found))
            left -= len(page.items)
            read_units += page.read_units
            more = page.cursor is not None
        if left == 0:
            more = more or owner != owners[-1]
            break
    _summarize(given.limit - left, read_units, more=more)
    if left == given.limit:
        _explain(table, owners, meant if len(owners) == 1 else terms, period)
    return 0


def _meant(table: Table, owner: str, terms: list[Term]) -> tuple[list[Term], float]:
    """Return terms with the words of a text that no photo has as a whole; and the read units."""
    meant: list[Term] = []
    read_units = 0.0
    for one in terms:
        words = words_of(one.text) if one.kind == "any" else []
        if words not in ([], [one.text]):
            whole = search.find(table, owner, [one], limit=1)
            read_units += whole.read_units
            if not whole.items:
                meant += (search.term("any", word) for word in words)
                continue
        meant.append(one)
    return meant, read_units


def _refuse(terms: list[Term], period: Period) -> None:
    """Refuse a search that has no meaning, in the words of the command line."""
    if len(set(terms)) > MAX_TERMS:
        raise UsageError(f"a search has at most {MAX_TERMS} terms, got {len(set(terms))}")
    start, end = period
    if not terms and start is None and end is None:
        raise UsageError("say what to find: a TEXT, one of the options, --after or --before")
    if start is not None and end is not None and start >= end:
        raise UsageError(
            f"no time is after --after and before --before:"
            f" {start.isoformat()} is not before {end.isoformat()}"
        )


def _pages(  # noqa: PLR0913  # all of them make the search
    table: Table,
    owner: str,
    terms: list[Term],
    period: Period,
    given: argparse.Namespace,
    *,
    left: int,
) -> Iterator[Page[Found]]:
    """Yield pages as they are read, of `left` photos in all."""
    cursor: str | None = None
    while left > 0:
        page = search.find(
            table,
            owner,
            terms,
            start=period.start,
            end=period.end,
            newest_first=not given.oldest_first,
            limit=min(left, MAX_LIMIT),
            cursor=cursor,
        )
        yield page
        left -= len(page.items)
        cursor = page.cursor
        if cursor is None:
            return


def _line(found: Found) -> str:
    """Return a photo as people read it: the time as far as it is known, the size, the key."""
    time = found.sort_time.replace("T", " ")[: _SHOWN[found.precision]]
    size = f"{found.width_px:,} × {found.height_px:,}"
    return f"{time:<19}  {size:>15}  {found.key}"


def _json(found: Found) -> str:
    """Return a photo as JSON on one line, in ASCII characters that no terminal interprets."""
    return json.dumps(msgspec.to_builtins(found)).replace("\x7f", "\\u007f")


def _summarize(photos: int, read_units: float, *, more: bool) -> None:
    if photos > 0:
        hint = "; there may be more: --limit" if more else ""
        print_stderr(f"{_photos(photos)}, {read_units:g} read units{hint}")


def _explain(table: Table, owners: list[str], terms: list[Term], period: Period) -> None:
    """Print why nothing is found: how many photos each term has, and similar terms if none."""
    within = "" if period == (None, None) else " in this period"
    if not owners:
        print_stderr("the gallery has no photos")
        return
    if not terms:
        print_stderr("there is no photo in this period")
        return
    distinct = list(dict.fromkeys(terms))
    if len(distinct) > 1:
        print_stderr(f"no photo{within} has all of these: {', '.join(map(_name, distinct))}")
    if len(owners) != 1:
        print_stderr(f"{len(owners)} owners were searched. To see why, name one with --owner")
        return
    counts = search.count_each(table, owners[0], distinct, start=period.start, end=period.end)
    for one, count in zip(distinct, counts, strict=True):
        if count.photos:
            number = f"{'over ' if count.more else ''}{_photos(count.photos)}"
            print_stderr(f"{number}{within} with {_name(one)}")
        else:
            hint = _hint(table, owners[0], one)
            print_stderr(f"no photo{within} with {_name(one)}{hint}")


def _photos(number: int) -> str:
    return "1 photo" if number == 1 else f"{number:,} photos"


def _name(one: Term) -> str:
    """Return a term in words, such as: the label 'dog'."""
    return f"the {'text' if one.kind == 'any' else one.kind} {one.text!r}"


def _hint(table: Table, owner: str, one: Term) -> str:
    """Return the terms that begin like one without photos, those of its own kind first."""
    own = ROWS_OF[one.kind]
    if not own:  # albums have no rows of terms
        return ""
    others = tuple(kind for kind in ROW_KINDS if kind not in own)
    beginning = one.text[:HINT_CHARACTERS]
    for kinds, text in ((own, one.text), (others, one.text), (own, beginning)):
        found = search.suggestions(table, owner, text, kinds, limit=MAX_HINTS).items
        if any(term.kind in own and term.text == one.text for term in found):
            return ""  # it has photos of other times
        if found:
            verb = "is" if len(found) == 1 else "are"
            names = (f"the {term.kind} {term.written!r}" for term in found)
            return f"; there {verb} {', '.join(names)}"
    return ""


def _terms(kind: Kind) -> Callable[[str], list[Term]]:
    """Return a type of argparse: terms of a kind. A text of words is one term for each."""

    def terms(text: str) -> list[Term]:
        words = words_of(text) if kind == "word" else []
        try:
            return [search.term(kind, one) for one in words or [text]]
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return terms


def start_of(text: str) -> datetime:
    """Return the start of a year, month, day, minute or second.

    Raises:
        ArgumentTypeError: it is none of them.
    """
    iso = text.replace(" ", "T")
    try:
        if _TIME.fullmatch(iso):
            return datetime.fromisoformat(iso + _MIDNIGHT[len(iso) :])
    except ValueError:
        pass  # such as a 13th month
    raise argparse.ArgumentTypeError(
        "must be a year, month, day or time, such as 2019, 2019-06, 2019-06-30 or 2019-06-30T14:30,"
        f" got {text}"
    )


def _end(text: str) -> datetime:
    """Return the time at which a year, month, day, minute or second ends.

    Raises:
        ArgumentTypeError: it is none of them, or ends after the year 9999.
    """
    start = start_of(text)
    try:
        match len(text):
            case 4:
                return start.replace(year=start.year + 1)
            case 7:
                return (start + timedelta(days=31)).replace(day=1)
            case 10:
                return start + timedelta(days=1)
            case 16:
                return start + timedelta(minutes=1)
        return start + timedelta(seconds=1)
    except (OverflowError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"must end before the year 10000, got {text}") from error
