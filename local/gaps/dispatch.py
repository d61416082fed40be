"""Which service a request is for, by its host.

moto looks for it anew at each request, in its own folder on the disk and through a pattern for each
service of AWS. That takes nearly a millisecond, in which no other request is let in.
"""

from typing import Final

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from local.gaps.wiring import Moto, replaces

_get_backend_for_host: Final = DomainDispatcherApplication.get_backend_for_host


@replaces(DomainDispatcherApplication, name="get_backend_for_host")
def _get_backend_once(self: Moto, host: str | None) -> Moto:
    """Find a host's service once for each embedded AWS."""
    found = self.__dict__.setdefault("backends_by_host", {})
    if host not in found:
        found[host] = _get_backend_for_host(self, host)
    return found[host]
