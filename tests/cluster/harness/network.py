"""What joins the hosts of a cluster: loopback addresses, or (as root) network namespaces at a bridge, where a
cable can be pulled."""

import ctypes
import json
import os
import shutil
import subprocess
import threading

from .addresses import take_network

_libc = ctypes.CDLL(None, use_errno=True)


class Loopback:
    def __init__(self):
        self.prefix = take_network()

    def address(self, number):
        return f"{self.prefix}.{number}"

    def enter(self, _node):
        return []

    def remove(self):
        pass


def can_make_namespaces():
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        return False
    made = subprocess.run(["unshare", "-n", "ip", "link", "add", "hfprobe", "type", "bridge"], capture_output=True)
    return made.returncode == 0


class Namespaces:
    """Each host in a network namespace of its own, all at one bridge. The tests reach every host by it."""

    def __init__(self):
        number = os.getpid() % 200 + 20
        self.tag = f"hf{os.getpid() % 100000}"
        self.prefix = f"10.213.{number}"
        self.names = {}
        _ip("link", "add", self.tag, "type", "bridge")
        _ip("addr", "add", f"{self.prefix}.1/24", "dev", self.tag)
        _ip("link", "set", self.tag, "up")

    def address(self, number):
        return f"{self.prefix}.{number}"

    def enter(self, node, number=None):
        """What a command of this host has in front; makes the host's namespace at first."""
        if node not in self.names:
            self._make(node, number)
        return ["ip", "netns", "exec", self.names[node]]

    def _make(self, node, number):
        name = self.names[node] = f"{self.tag}-{node}"
        outer, inner = f"{self.tag}{node}", "eth0"
        _ip("netns", "add", name)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", name)
        _ip("link", "set", outer, "master", self.tag, "up")
        for words in (["addr", "add", f"{self.address(number)}/24", "dev", inner], ["link", "set", inner, "up"],
                      ["link", "set", "lo", "up"]):
            _ip("-n", name, *words)

    def cut(self, node):
        """Pulls the host's cable."""
        _ip("link", "set", f"{self.tag}{node}", "nomaster")

    def mend(self, node):
        _ip("link", "set", f"{self.tag}{node}", "master", self.tag)

    def block(self, node, others):
        """Packets of the host to these addresses vanish; everything else goes on."""
        for address in others:
            _ip("-n", self.names[node], "route", "add", "blackhole", f"{address}/32")

    def unblock(self, node, others):
        for address in others:
            _ip("-n", self.names[node], "route", "del", "blackhole", f"{address}/32")

    def addresses(self, node):
        """IPv4 and IPv6 addresses that the host's kernel has."""
        shown = json.loads(_ip("-j", "-n", self.names[node], "addr", "show"))
        return [entry["local"] for link in shown for entry in link["addr_info"]]

    def inside(self, node, work):
        """Runs `work` on a thread that stands in the host's namespace; its result."""
        result = []

        def enter_and_work():
            with open(f"/run/netns/{self.names[node]}") as namespace:
                if _libc.setns(namespace.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
                    raise OSError(ctypes.get_errno(), "setns")
            result.append(work())

        thread = threading.Thread(target=enter_and_work)
        thread.start()
        thread.join()
        if not result:
            raise OSError(f"no result from inside {node}")
        return result[0]

    def remove(self):
        for name in self.names.values():
            _ip("netns", "del", name)
        _ip("link", "del", self.tag)


def _ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()}"
    return done.stdout
