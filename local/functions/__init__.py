"""Run the deployed Lambda functions: handlers in processes of this machine, or container images."""

from local.functions.containers import Containers
from local.functions.in_process import InProcess
from local.functions.interface import (
    IMAGE_ENVIRONMENT,
    REPOSITORIES,
    STEPS,
    Answer,
    Function,
    Functions,
)

__all__ = [
    "IMAGE_ENVIRONMENT",
    "REPOSITORIES",
    "STEPS",
    "Answer",
    "Containers",
    "Function",
    "Functions",
    "InProcess",
]
