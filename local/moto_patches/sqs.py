"""SQS: queue attributes.

AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from typing import Final

from moto.sqs.models import Queue

from local.moto_patches.wiring import Json, Moto, replaces

Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
Queue.redrive_allow_policy = None
Queue.policy = None

_set_attributes: Final = Queue._set_attributes  # noqa: SLF001  # the only access


@replaces(Queue, name="_set_attributes")
def _set(self: Moto, attributes: dict[str, Json], now: float | None = None) -> None:
    """AWS keeps the attributes that a call does not set. moto drops the policy with any change.

    moto does not know RedriveAllowPolicy, which names the queues that may send dead letters here.
    """
    _set_attributes(self, {"Policy": self.policy, **attributes}, now)
    self.redrive_allow_policy = self.redrive_allow_policy or None  # "" removes it
