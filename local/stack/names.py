"""The names of the resources that `local.stack.resources` creates."""

from typing import Final

from local.clients import ACCOUNT, REGION

PHOTOS_BUCKET: Final = "photos"
DERIVED_BUCKET: Final = "derived"
SHARES_BUCKET: Final = "shares"
TABLE: Final = "gallery"
STATE_MACHINE: Final = "gallery"
STATE_MACHINE_ARN: Final = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STATE_MACHINE}"
EDIT_STATE_MACHINE: Final = f"{STATE_MACHINE}-edit"
EDIT_ARN: Final = f"{STATE_MACHINE_ARN}-edit"
DEAD_LETTERS: Final = "dead-letters"
DEAD_LETTERS_ARN: Final = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DEAD_LETTERS}"
EVENT_SOURCE: Final = "gallery"  # of what other systems are told
REGISTRY: Final = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/embedded"
