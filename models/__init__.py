"""Make the label model of the embedded tag image from published weights, and its labels."""

import sys
from pathlib import Path

_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
