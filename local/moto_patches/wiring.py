"""Connect moto's services in this process to this project, and replace moto's functions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from local.clients import Clients
    from local.clock import Clock
    from local.functions import Function
    from local.gate import Keys
    from local.quotas import Usage

Moto: TypeAlias = Any  # an object of moto; its types are too loose for more
Json: TypeAlias = Any

Method = TypeVar("Method", bound=Callable[..., object])


class Watcher(Protocol):
    """Is called at the start and at the end of each execution."""

    def started(self, execution: Moto) -> None:
        """Record that an execution runs, or waits for a slot."""
        ...

    def may_run(self) -> bool:
        """Return whether an execution that has waited for a slot should still run."""
        ...

    def ended(self, execution: Moto) -> None:
        """Record that an execution has ended, or will never begin."""
        ...


@dataclass
class Wiring:
    """What moto's services use of the embedded AWS of this process."""

    clock: "Clock"  # of Step Functions: its waits, and whose turn it is
    usage: "Usage"  # of the account's quotas
    watcher: Watcher
    deploy: "Callable[[Function], None]"  # called with each new or changed Lambda function
    clients: "Clients"  # Step Functions calls the other services with these
    keys: "Keys"  # Cognito issues temporary ones


_wirings: list[Wiring] = []


@contextmanager
def connected(wiring: Wiring) -> Iterator[None]:
    """Let moto's services in this process use `wiring`.

    Raises:
        RuntimeError: they use another one.
    """
    if _wirings:
        raise RuntimeError("this process has an embedded AWS already: only one can run at a time")
    _wirings.append(wiring)
    try:
        yield
    finally:
        _wirings.clear()
        wiring.clients.close()


def wired() -> Wiring:
    """Return the wiring of moto's services in this process."""
    return _wirings[0]


def replaces(*owners: object, name: str) -> Callable[[Method], Method]:
    """Replace the attribute `name` of each of `owners` by the decorated function."""

    def replace(function: Method) -> Method:
        for owner in owners:
            setattr(owner, name, function)
        return function

    return replace


def replaces_static(owner: object, *, name: str) -> Callable[[Method], Method]:
    """Do as `replaces`, for a static method."""

    def replace(function: Method) -> Method:
        setattr(owner, name, staticmethod(function))
        return function

    return replace
