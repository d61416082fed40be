"""SQS: which queues may name this one for their dead letters."""

from typing import Final

from moto.sqs.models import Queue

from local.moto_patches.wiring import Json, Moto, replaces

Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
Queue.redrive_allow_policy = None
Queue.policy = None

_set_attributes: Final = Queue._set_attributes  # noqa: SLF001  # no other way in


@replaces(Queue, name="_set_attributes")
def _set(self: Moto, attributes: dict[str, Json], now: float | None = None) -> None:
    """AWS leaves what it is not told to change. moto drops the queue's policy with any change."""
    _set_attributes(self, {"Policy": self.policy, **attributes}, now)
    self.redrive_allow_policy = self.redrive_allow_policy or None  # "" takes it away
