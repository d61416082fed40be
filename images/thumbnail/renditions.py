"""The setting RENDITIONS: the pictures to make of each photo; and what is made of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

MAX_SIDE_PX: Final = 4096  # a page that needs a larger picture links to the original
NAME: Final = re.compile(r"[a-z0-9-]{1,32}")

MIME_TYPES: Final = {"avif": "image/avif", "jpeg": "image/jpeg", "webp": "image/webp"}
EXTENSIONS: Final = {"avif": "avif", "jpeg": "jpg", "webp": "webp"}

Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE_PX)]


class RenditionSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to make one rendition. A photo that is smaller than the box is not enlarged."""

    fit: Literal["inside", "cover"]  # inside: the whole photo; cover: its middle fills the box
    width_px: Side
    height_px: Side
    format: Literal["webp", "jpeg", "avif"]
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)]  # 1 smallest, 100 best


DEFAULT_RENDITIONS: Final[Mapping[str, RenditionSpec]] = {
    "thumb": RenditionSpec(fit="inside", width_px=400, height_px=400, format="webp", quality=80),
    "large": RenditionSpec(fit="inside", width_px=1600, height_px=1600, format="webp", quality=80),
}


@dataclass(frozen=True, slots=True)
class Encoded:
    """The file of one rendition."""

    body: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """All renditions of a photo."""

    renditions: dict[str, Encoded]  # by name
    truncated: bool  # the photo ends early: a part of each picture is missing


def parse_renditions(text: str) -> dict[str, RenditionSpec]:
    """Parse `{"<name>": {"fit", "width_px", "height_px", "format", "quality"}, ...}`.

    A name has 1 to 32 characters of a-z, 0-9 and the hyphen, since it is a part of keys.

    Raises:
        ValueError: not JSON, or against a rule; the message names the rule and the value.
    """
    try:
        configured = msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise ValueError(f"RENDITIONS: {error}, got {text!r}") from error
    if not configured:
        raise ValueError("RENDITIONS has no rendition")
    return {name: _parse_spec(name, spec) for name, spec in configured.items()}


def _parse_spec(name: str, spec: object) -> RenditionSpec:
    if NAME.fullmatch(name) is None:
        raise ValueError(f"RENDITIONS: a name is 1 to 32 of a-z, 0-9 and -, got {name!r}")
    try:
        return msgspec.convert(spec, type=RenditionSpec)
    except msgspec.ValidationError as error:
        raise ValueError(f"RENDITIONS: {name}: {error}, got {spec!r}") from error
