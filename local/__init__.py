"""The whole pipeline on this machine: embedded AWS, real state machine, real handlers."""

import sys
from pathlib import Path

# The handlers import `shared`, `extract`, … from images/, as they do in their containers.
_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
