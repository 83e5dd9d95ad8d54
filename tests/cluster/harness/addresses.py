"""Loopback addresses that nobody else uses at the same time."""

import itertools
import os
import socket

_thirds = itertools.count(os.getpid() % 97)


def take_network():
    """Three leading numbers of 127.x.y.z, free on the ports that a cluster needs."""
    second = 40 + os.getpid() % 180
    for third in _thirds:
        network = f"127.{second}.{third % 250 + 1}"
        if all(_is_free(f"{network}.11", port) for port in (2379, 2380, 5432, 8008)):
            return network


def _is_free(host, port):
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
