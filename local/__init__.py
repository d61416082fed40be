"""The whole pipeline on this machine: embedded AWS, real state machine, real handlers.

clients.py       account, region and clients of the embedded AWS
embedded.py      the embedded AWS: moto's server, completed by moto_patches/ and rekognition.py
functions/       runs Lambda functions, in processes or in containers
stack/           the deployed pipeline: resources, uploads, executions
program.py       runs a command as a program: signals, closed pipes, no lines of libraries
process.py       puts files through a stack; report.py shows the results
__main__.py      `python -m local demo` and `process`
site.py          `python -m local.site`: the gallery in a browser
"""

import signal
import sys

# `python -m local` and `python -m local.site` first import for seconds. Until local/program.py
# takes over, Ctrl-C ends them without a traceback. So this precedes all other imports.
if sys.argv[:1] == ["-m"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from pathlib import Path

# The handlers import `shared`, `extract`, … from images/, as they do in their containers.
_IMAGES = str(Path(__file__).parent.parent / "images")
if _IMAGES not in sys.path:
    sys.path.append(_IMAGES)
