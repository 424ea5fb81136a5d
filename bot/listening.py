"""The sockets that the servers of this process listen on."""

from __future__ import annotations

import socket


def listen(address: str) -> socket.socket:
    """Take an address such as 127.0.0.1:8080 or [::1]:8080; raises OSError when it is taken or wrong."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named, asyncio turns Nagle's algorithm off; otherwise every answer waits 40 ms for it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError:
        listener.close()
        raise
    return listener
