"""Work with a gallery: `python -m gallery COMMAND` in a shell, `gallery.queries` in Python.

from gallery.queries import album
from gallery.table import Table

page = album(Table(boto3.client("dynamodb"), "gallery"), owner, "2016/tacos", newest_first=True)
"""

import sys
from pathlib import Path

# The gallery imports images/shared as the images do: as `shared`.
_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
