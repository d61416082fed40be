"""The gallery's commands and queries, and the edits that a person makes.

from gallery.queries import album
from gallery.table import Table

page = album(Table(boto3.client("dynamodb"), "gallery"), owner, "2016/tacos", newest_first=True)
"""

import sys
from pathlib import Path

# What the images and the gallery share is in images/, as `shared`, `tag`, …
_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
