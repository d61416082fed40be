"""All services: how a request finds its own, and what is kept of what they made."""

from typing import Final

from moto.core.common_models import BaseModel
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from local.moto_patches.wiring import Moto, replaces, replaces_static

_get_backend_for_host: Final = DomainDispatcherApplication.get_backend_for_host


@replaces(DomainDispatcherApplication, name="get_backend_for_host")
def _get_backend_once(self: Moto, host: str | None) -> Moto:
    """AWS has a server for each service. moto looks for it anew at each request.

    It does so in its own folder on the disk, and through a pattern for each service of AWS. That
    takes nearly a millisecond, in which no other request is let in.
    """
    found = self.__dict__.setdefault("backends_by_host", {})
    if host not in found:
        found[host] = _get_backend_for_host(self, host)
    return found[host]


@replaces_static(BaseModel, name="__new__")
def _new(cls: type[Moto], *_: object, **__: object) -> Moto:
    """AWS forgets what is deleted. moto keeps all that it ever made, copies of tables included.

    Only what holds a file, as S3's objects do, is needed again: it is closed in the end.
    """
    made = object.__new__(cls)
    if hasattr(cls, "dispose"):
        cls.instances_tracked.append(made)
    return made
