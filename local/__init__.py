"""The whole pipeline on this machine: embedded AWS, real state machine, real handlers.

clients.py       account, region and clients of the embedded AWS
embedded.py      the embedded AWS: moto's server, completed by moto_patches/ and rekognition.py
functions/       runs Lambda functions, in processes or in containers
stack/           the deployed pipeline: resources, uploads, executions
process.py       puts files through a stack; report.py shows the results
__main__.py      `python -m local demo` and `process`
site.py          `python -m local.site`: the gallery in a browser
"""

import sys
from pathlib import Path

# The handlers import `shared`, `extract`, … from images/, as they do in their containers.
_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
