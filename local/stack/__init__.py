"""The gallery's backend on this machine: the resources of terraform/, in the embedded AWS.

with Stack.start(functions=InProcess()) as stack:
    version_id = stack.upload("uploads/ada/2016/taco.jpg", photo)
    execution = stack.wait_for("uploads/ada/2016/taco.jpg", version_id)

with Stack.empty(functions=InProcess()) as stack:
    ...  # `terraform apply` with the variables of stack.environment(), then `output -json`
    stack.attach(outputs)
"""

from local.stack.executions import EndedExecution, Executions, StateVisit
from local.stack.names import ROLE
from local.stack.resources import create_table
from local.stack.stack import Stack

__all__ = ["ROLE", "EndedExecution", "Executions", "Stack", "StateVisit", "create_table"]
