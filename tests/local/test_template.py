"""Our templates render here as they do in Terraform."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.template import (
    EXPRESSIONS,
    PARTS,
    UPLOADS,
    WORKFLOW,
    TemplateError,
    Values,
    render,
    render_expression,
    render_file,
)

VALUES: Values = {"table": "gallery", "functions": {"tag": "arn:tag"}}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("${table} ${functions.tag}", "gallery arn:tag"),
        ("${ table }", "gallery"),
        ("{% $table %} {% {'a': 1} %}", "{% $table %} {% {'a': 1} %}"),
        ("$${table} %%{ if } $$", "${table} %{ if } $$"),
        ("100% $5 {}", "100% $5 {}"),
    ],
)
def test_names_are_replaced_and_nothing_else(template: str, rendered: str) -> None:
    assert render(template, VALUES) == rendered


@pytest.mark.parametrize(
    "template",
    [
        "${unknown}",
        "${functions.unknown}",
        "${functions}",
        "${table.name}",
        "${upper(table)}",
        "${}",
        "{%{'a': 1} %}",
        "%{ if true }",
    ],
)
def test_what_terraform_would_refuse_or_render_otherwise_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, VALUES)


@given(st.text())
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    assert render("<${value}>", {"value": value}) == f"<{value}>"


@pytest.mark.parametrize("part", sorted(path.stem for path in PARTS.glob("*.jsonata")))
def test_an_expression_holds_the_parts_that_it_names_with_their_values(part: str) -> None:
    mark = f"${{parts.{part}}}"
    named = [path.stem for path in EXPRESSIONS.glob("*.jsonata") if mark in path.read_text()]
    assert named
    for name in named:
        times = json.loads((WORKFLOW / "times.json").read_text())
        times = {name: json.dumps(value) for name, value in times.items()}
        values = {**VALUES, "photos_bucket": "p", "times": times}
        text = render_expression(name, values)
        whole = render((PARTS / f"{part}.jsonata").read_text(), {"key_layout": UPLOADS, **values})
        lines = re.sub(r"/\*.*?\*/", "\n", whole, flags=re.DOTALL).splitlines()

        assert all(" ".join(line.split()) in text for line in lines)
        assert "${" not in text


@pytest.mark.parametrize(
    "name",
    ["statemachine.json.tftpl", "workflow/edit.json.tftpl", "workflow/upload_rules.json.tftpl"],
)
def test_our_templates_render_to_json_with_every_name_the_stack_gives(name: str) -> None:
    functions = {"extract": "e", "tag": "t", "thumbnail": "n"}
    names: Values = {
        "photos_bucket": "p",
        "derived_bucket": "d",
        "table": "t",
        "dead_letters_url": "u",
        "event_source": "gallery",
        "events": "true",
        "functions": functions,
    }

    assert json.loads(render_file(name, names))
