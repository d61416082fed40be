"""What moto's services in this process work for, and how they are changed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from local.functions import Function

Moto: TypeAlias = Any  # an object of moto's, which are typed too loosely for more
Json: TypeAlias = Any

Method = TypeVar("Method", bound=Callable[..., object])


class Watcher(Protocol):
    """What is told of executions."""

    def started(self, execution: Moto) -> None:
        """Note that an execution was asked for."""
        ...

    def may_run(self) -> bool:
        """Return whether one that had to wait for a slot is still wanted."""
        ...

    def ended(self, execution: Moto) -> None:
        """Note that an execution has come to its end."""
        ...


@dataclass
class Wiring:
    """The embedded AWS of this process."""

    endpoint_url: str  # where Step Functions finds the other services
    retry_scale: float  # by which waits between retries are multiplied
    slots: threading.Semaphore  # executions that may run at once; more wait
    watcher: Watcher
    deploy: "Callable[[Function], None]"  # told of each new or changed Lambda function
    new_client: Callable[[str], Any]  # makes a boto3 client for a service
    clients: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:  # noqa: ANN401  # one of boto3's generated classes
        """Return the client for `service`; making one costs 20 to 100 ms."""
        with self.lock:
            if service not in self.clients:
                self.clients[service] = self.new_client(service)
            return self.clients[service]


_wirings: list[Wiring] = []


@contextmanager
def connected(wiring: Wiring) -> Iterator[None]:
    """Let moto's services in this process work for `wiring`.

    Raises:
        RuntimeError: they work for another already.
    """
    if _wirings:
        raise RuntimeError("one embedded AWS to a process, and another is running")
    _wirings.append(wiring)
    try:
        yield
    finally:
        _wirings.clear()
        for client in wiring.clients.values():
            client.close()


def wired() -> Wiring:
    """Return what moto's services in this process work for."""
    return _wirings[0]


def replaces(*owners: object, name: str) -> Callable[[Method], Method]:
    """Put the decorated function in the place of `name` in each of `owners`."""

    def replace(function: Method) -> Method:
        for owner in owners:
            setattr(owner, name, function)
        return function

    return replace


def replaces_static(owner: object, *, name: str) -> Callable[[Method], Method]:
    """As `replaces`, for a static method."""

    def replace(function: Method) -> Method:
        setattr(owner, name, staticmethod(function))
        return function

    return replace
