"""Import later what only some starts need: the real module, at its first use.

botocore, urllib3 and exifread import modules for what no step does: to write documentation of AWS's
operations, to find the version of a package, to parse XMP. A `Deferral` puts a stand-in in their
place. It has the names in `NAMES`, each of which imports the module when it is called, asked for an
attribute or an instance, or inherited from. Any other name imports the module at once: if a later
release of a package asks for more, the start is slower, and nothing else changes.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from threading import Lock
from types import ModuleType
from typing import Any, Final

# An exception cannot be here: `except` takes only classes.
NAMES: Final[Mapping[str, frozenset[str]]] = {
    "_pi_heif": frozenset(),  # most photos are not HEIC
    "ast": frozenset(),  # inspect parses no signature from a text
    "botocore.docs.bcdoc.restdoc": frozenset({"DocumentStructure"}),
    "botocore.docs.method": frozenset({"document_model_driven_method"}),
    "botocore.docs.paginator": frozenset({"document_paginate_method"}),
    "botocore.docs.service": frozenset({"ServiceDocumenter"}),
    "botocore.docs.waiter": frozenset({"document_wait_method"}),
    "botocore.waiter": frozenset(),
    "configparser": frozenset(),  # a function has no ~/.aws/config
    "dateutil.parser": frozenset({"parse"}),  # shared.aws parses S3's times
    "dateutil.tz": frozenset({"tzlocal", "tzutc"}),
    "getpass": frozenset({"getpass"}),  # of a second factor
    "gzip": frozenset({"GzipFile", "compress", "open"}),  # the image's models are uncompressed
    "importlib.metadata": frozenset({"version"}),  # urllib3 asks only before it uses HTTP/2
    "ipaddress": frozenset({"IPv4Address", "IPv6Address", "ip_address"}),
    "jmespath": frozenset(),  # of paginators and waiters
    "subprocess": frozenset({"Popen"}),  # of programs that print credentials
    "tempfile": frozenset(),
    "urllib.request": frozenset({"getproxies", "proxy_bypass"}),  # see shared.aws
    "xml.dom.minidom": frozenset({"parseString"}),  # exifread reads no XMP for us
}

_ONE_AT_A_TIME: Final = Lock()  # a stand-in is replaced by one thread


class Deferral:
    """A finder for `sys.meta_path`, and the loader of its stand-ins."""

    def __init__(self, names: Mapping[str, frozenset[str]] = NAMES) -> None:
        """Defer the modules in `names`, from `start` to `stop`."""
        self._names = names

    def start(self) -> None:
        """Defer imports from here on."""
        sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Import as usual from here on, if not before. Stand-ins stay in their places."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a stand-in for a module that is deferred and exists."""
        real = PathFinder.find_spec(name, path) if name in self._names else None
        if real is None:
            return None
        loader: Any = self  # importlib.abc.Loader itself imports 15 modules
        spec = ModuleSpec(name, loader, is_package=real.submodule_search_locations is not None)
        spec.submodule_search_locations = real.submodule_search_locations
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return a stand-in."""
        return _StandIn(spec.name, self._names[spec.name])

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: a stand-in has no code."""


class _StandIn(ModuleType):
    def __init__(self, name: str, deferred: frozenset[str]) -> None:
        super().__init__(name)
        self._deferred = deferred

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # the import system asks, and `inspect` of all modules
            raise AttributeError(name)
        return _Later(self, name) if name in self._deferred else getattr(_real(self), name)


class _Later:
    """A function or class of a deferred module."""

    def __init__(self, stand_in: _StandIn, name: str) -> None:
        self._stand_in, self._name = stand_in, name

    def __call__(self, *arguments: object, **options: object) -> object:
        return self._real()(*arguments, **options)

    def __getattr__(self, name: str) -> object:
        return getattr(self._real(), name)

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._real(),)  # of a class that inherits from it, as boto3's do

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._real())

    def _real(self) -> Any:  # noqa: ANN401  # whatever it is
        return getattr(_real(self._stand_in), self._name)


def _real(stand_in: _StandIn) -> ModuleType:
    """Return the module of a stand-in, imported by the usual finders."""
    name = stand_in.__name__
    with _ONE_AT_A_TIME:
        is_first = sys.modules.get(name) is stand_in
        if is_first:
            del sys.modules[name]
    if is_first:
        deferrals = [finder for finder in sys.meta_path if isinstance(finder, Deferral)]
        for deferral in deferrals:
            deferral.stop()
        try:
            import_module(name)
        except BaseException:
            sys.modules[name] = stand_in  # so that the next use fails likewise
            raise
        finally:
            for deferral in deferrals:
                deferral.start()
    return import_module(name)  # waits for another thread that imports it
