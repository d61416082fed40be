"""The reference implementation of JSONata evaluates whole executions as jsonata-python does.

tests/workflow/test_expressions.py compares single expressions in both.
"""

import pytest

from second_opinion.rerun import WORKFLOW, run_again
from tools.npm import NpmError, install


@pytest.mark.timeout(600)
def test_the_reference_implementation_evaluates_executions_alike() -> None:
    try:
        install("jsonata")
    except NpmError as error:
        pytest.skip(f"the reference implementation of JSONata is not here: {error}")

    run_again("shadow_jsonata", WORKFLOW)
