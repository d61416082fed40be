"""A port of this machine for a program that takes a number, and cannot say which one it took."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below the ports that connections get: Linux takes those from 32,768 on, macOS from 49,152 on.
# Among them, any connection of another test could take the port before the program listens.
# https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
PORTS = range(20_000, 30_000)


def free_port() -> int:
    """Return a port on which nothing listens.

    Raises:
        OSError: there is none.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise OSError("no port is free")
