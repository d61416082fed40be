"""AWS Batch: not loaded. moto's Step Functions import it, and with it all of EC2, in 0.8 s."""

import sys
from types import ModuleType
from typing import Final

from local.moto_patches.wiring import Moto

_NAME: Final = (
    "moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_batch"
)


class _NoBatch:
    def __init__(self, *_: Moto) -> None:
        raise RuntimeError("the embedded AWS has no AWS Batch")


_module: Final = ModuleType(_NAME)
_module.__dict__["StateTaskServiceBatch"] = _NoBatch
sys.modules.setdefault(_NAME, _module)
