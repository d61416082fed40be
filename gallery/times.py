"""How long an execution can last: workflow/times.json, from which Terraform reads it too."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

_TIMES: Final = Path(__file__).parents[1] / "workflow" / "times.json"

LONGEST_EXECUTION: Final = timedelta(seconds=json.loads(_TIMES.read_text())["execution_seconds"])

# Claim takes a photo over a minute after that (workflow/expressions/claim_row.jsonata).
CLAIM_STANDS: Final = LONGEST_EXECUTION + timedelta(minutes=1)
