"""The setting RENDITIONS is validated, and errors name the rule and the value."""

import json

import msgspec
import pytest

from thumbnail.renditions import (
    DEFAULT_RENDITIONS,
    EXTENSIONS,
    MIME_TYPES,
    RenditionSpec,
    parse_renditions,
)

THUMB = {"fit": "cover", "width_px": 200, "height_px": 100, "format": "jpeg", "quality": 75}


def test_all_fields_are_read() -> None:
    expected = RenditionSpec(fit="cover", width_px=200, height_px=100, format="jpeg", quality=75)

    assert parse_renditions(json.dumps({"thumb": THUMB})) == {"thumb": expected}


def test_the_defaults_as_json_give_the_defaults() -> None:
    text = msgspec.json.encode(DEFAULT_RENDITIONS).decode()

    assert parse_renditions(text) == DEFAULT_RENDITIONS
    assert set(DEFAULT_RENDITIONS) == {"thumb", "large"}


def test_every_format_has_an_extension_and_a_type() -> None:
    formats = set(
        msgspec.json.schema(RenditionSpec)["$defs"]["RenditionSpec"]["properties"]["format"]["enum"]
    )

    assert formats == set(EXTENSIONS) == set(MIME_TYPES)


@pytest.mark.parametrize("name", ["", "Thumb", "a b", "../thumb", "ä", "x" * 33, "thumb\n"])
def test_a_name_that_may_not_be_part_of_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name is 1 to 32 of a-z, 0-9 and -, got"):
        parse_renditions(json.dumps({name: THUMB}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fit": "fill"}, r"thumb: Invalid enum value 'fill' - at `\$\.fit`, got"),
        ({"width_px": 0}, r"thumb: Expected `int` >= 1 - at `\$\.width_px`, got"),
        ({"height_px": 4_097}, r"thumb: Expected `int` <= 4096 - at `\$\.height_px`, got"),
        ({"width_px": "200"}, r"thumb: Expected `int`, got `str` - at `\$\.width_px`, got"),
        ({"quality": 101}, r"thumb: Expected `int` <= 100 - at `\$\.quality`, got"),
        ({"format": "gif"}, r"thumb: Invalid enum value 'gif' - at `\$\.format`, got"),
        ({"color": "blue"}, r"thumb: Object contains unknown field `color`, got"),
    ],
    ids=str,
)
def test_an_error_names_the_rule_and_the_value(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        parse_renditions(json.dumps({"thumb": THUMB | change}))

    assert repr(next(iter(change.values()))) in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"thumb"', "null"])
def test_a_text_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="RENDITIONS: "):
        parse_renditions(text)


def test_no_renditions_are_refused() -> None:
    with pytest.raises(ValueError, match="no rendition"):
        parse_renditions("{}")


def test_a_rendition_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="thumb: Expected `object`, got `int`, got 400"):
        parse_renditions('{"thumb": 400}')
