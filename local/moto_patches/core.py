"""All services: speed, memory and threads. What AWS's callers see does not change."""

from typing import Final

from botocore.model import ServiceModel as BotocoreServiceModel
from botocore.utils import instance_cache
from moto.core import model
from moto.core.common_models import BaseModel
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from local.moto_patches.wiring import Moto, replaces, replaces_static

_get_backend_for_host: Final = DomainDispatcherApplication.get_backend_for_host


@replaces(DomainDispatcherApplication, name="get_backend_for_host")
def _get_backend_once(self: Moto, host: str | None) -> Moto:
    """AWS has a server for each service. moto searches for it at each request.

    moto reads its own folder and tries a pattern for each service of AWS. That takes nearly 1 ms,
    during which every other request waits.
    """
    found = self.__dict__.setdefault("backends_by_host", {})
    if host not in found:
        found[host] = _get_backend_for_host(self, host)
    return found[host]


# Without botocore's cache, which has the same keys as moto's.
_read_operation: Final = BotocoreServiceModel.operation_model.__wrapped__  # type: ignore[attr-defined]


@replaces(model.ServiceModel, name="operation_model")
@instance_cache
def operation_model(self: Moto, name: str) -> Moto:
    """AWS answers many requests at a time. moto fails if two are the first ones to a service.

    moto makes its own model of an operation from botocore's. Both are kept by the same name, and
    another thread may find botocore's before moto's has replaced it.
    """
    return model.OperationModel(_read_operation(self, name)._operation_model, self, name)  # noqa: SLF001


@replaces_static(BaseModel, name="__new__")
def _new(cls: type[Moto], *_: object, **__: object) -> Moto:
    """AWS forgets what is deleted. moto keeps every object it ever made, copies of tables included.

    moto needs only the objects that hold a file, such as S3's: it closes them at the end.
    """
    made = object.__new__(cls)
    if hasattr(cls, "dispose"):
        cls.instances_tracked.append(made)
    return made
