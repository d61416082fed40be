"""Nothing of a deployment is destroyed before `keep_photos` has been asked."""

import re
from pathlib import Path

GALLERY = Path(__file__).parents[2] / "terraform" / "modules" / "gallery"


def test_what_refuses_a_destroy_is_destroyed_before_every_module() -> None:
    configuration = "\n".join(path.read_text() for path in sorted(GALLERY.glob("*.tf")))
    modules = set(re.findall(r'^module "(\w+)"', configuration, re.MULTILINE))
    resource = configuration.partition('resource "terraform_data" "keep_photos"')[2]
    dependencies = resource.partition("depends_on = [")[2].partition("]")[0]

    assert len(modules) > 10
    assert set(re.findall(r"module\.(\w+),", dependencies)) == modules
