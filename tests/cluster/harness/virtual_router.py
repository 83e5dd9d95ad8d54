"""Virtual routers in network namespaces: ours or keepalived, the hosts that they run on, and a client that asks
whose the address is."""

import ctypes
import errno
import functools
import itertools
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import requests

from .network import Namespaces, _ip
from .processes import Service, kill_all_below
from .program import holdfast
from .waiting import NotYet, wait_until

KEEPALIVED = shutil.which("keepalived", path="/usr/sbin:/usr/bin:/sbin:/bin")
VIP = "10.9.0.10"
VIP6 = "fd09::10"
WHOAMI = 7777  # TCP: who answers tells its name
STATS = 9165
ERRORS = ("packet_len_err", "advert_interval_err", "ip_ttl_err", "invalid_type_rcvd", "addr_list_err",
          "invalid_authtype", "authtype_mismatch", "auth_failure")
OUR_ERRORS = ERRORS + ("chk_err", "vers_err", "stranger_rcvd")

_numbers = itertools.count()
_libc = ctypes.CDLL(None, use_errno=True)


class Wire(Namespaces):
    """Hosts at a switch that has a namespace, too: nothing of it is seen in the machine's own network, so every
    wire uses the same addresses. Removes all of it at its end."""

    def __init__(self):  # noqa: not Namespaces', whose bridge is in the machine's own network
        self.tag = f"hv{os.getpid()}x{next(_numbers)}"
        self.prefix = "10.9.0"
        self.names = {}
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.tag}-", dir="/tmp"))
        self.directory.chmod(0o755)
        self.switch = f"{self.tag}-switch"
        self.routers = []
        self.listeners = []
        _ip("netns", "add", self.switch)
        _ip("-n", self.switch, "link", "add", "br0", "type", "bridge", "mcast_snooping", "0")
        _ip("-n", self.switch, "link", "set", "br0", "up")
        self.client = Host(self, "client", 99)

    def __enter__(self):
        return self

    def __exit__(self, kind, _error, _trace):
        self.remove(keep=kind is not None)

    def _make(self, node, number):
        name = self.names[node] = f"{self.tag}-{node}"
        _ip("netns", "add", name)
        self.inside(node, lambda: pathlib.Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0"))
        self.plug(node, "eth0")
        _ip("-n", name, "addr", "add", f"{self.address(number)}/24", "dev", "eth0")
        _ip("-n", name, "addr", "add", f"fd09::{number}/64", "dev", "eth0")
        _ip("-n", name, "link", "set", "lo", "up")

    def plug(self, node, interface, bridged=True):
        """Gives the host one more interface, at the switch."""
        port = node if interface == "eth0" else f"{node}.{interface}"
        _ip("-n", self.switch, "link", "add", port, "type", "veth", "peer", "name", interface,
            "netns", self.names[node])
        if bridged:
            _ip("-n", self.switch, "link", "set", port, "master", "br0")
        _ip("-n", self.switch, "link", "set", port, "up")
        _ip("-n", self.names[node], "link", "set", interface, "up")

    def inside(self, node, work):
        """As Namespaces', but what goes wrong inside is raised outside."""
        def guarded():
            try:
                return True, work()
            except Exception as error:  # noqa: of any kind, it is raised again
                return False, error
        is_done, result = super().inside(node, guarded)
        if not is_done:
            raise result
        return result

    def cut(self, node):
        """Frames are lost; the host doesn't see it."""
        _ip("-n", self.switch, "link", "set", node, "nomaster")

    def mend(self, node):
        _ip("-n", self.switch, "link", "set", node, "master", "br0")

    def pull(self, node):
        """The host sees that its link has no carrier."""
        _ip("-n", self.switch, "link", "set", node, "down")

    def push_in(self, node):
        _ip("-n", self.switch, "link", "set", node, "up")

    def filter_multicast(self, node):
        """None reaches the host: so does a switch that snoops IGMP and has lost its querier."""
        _ip("-n", self.switch, "link", "set", node, "type", "bridge_slave", "mcast_flood", "off")

    def holders(self, address=VIP, among=None):
        """Names of the hosts whose kernel has the address."""
        return [router.name for router in among or self.routers if router.has(address)]

    def who_answers(self, address=VIP, within=1.0):
        """What a client finds at the address: the name of a host; else None."""
        try:
            return self.inside("client", lambda: _ask(address, within))
        except OSError:
            return None

    def remove(self, keep=False):
        for router in self.routers:
            router.end()
        kill_all_below(self.directory)
        for listener in self.listeners:
            listener.close()
        for name in [*self.names.values(), self.switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        else:
            print(f"logs are kept in {self.directory}")


def _ask(address, within):
    with socket.create_connection((address, WHOAMI), timeout=within) as connection:
        return connection.recv(100).decode() or None


def is_local(address):
    """Whether the namespace that the caller stands in has the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
            return True
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return False


class Listener:
    """Tells everybody who connects where he has come to."""

    def __init__(self, wire, name):
        self.name = name
        self.socket = wire.inside(name, self._listen)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @staticmethod
    def _listen():
        listening = socket.socket(socket.AF_INET6)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("::", WHOAMI))
        listening.listen(50)
        return listening

    def _serve(self):
        while True:
            try:
                connection, _peer = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.sendall(self.name.encode())
                except OSError:
                    pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


class Host:
    def __init__(self, wire, name, number):
        self.wire = wire
        self.name = name
        self.address = wire.address(number)
        self.address6 = f"fd09::{number}"
        self.directory = wire.directory / name
        self.directory.mkdir()
        self.prefix = wire.enter(name, number)
        wire.listeners.append(Listener(wire, name))

    def inside(self, work):
        return self.wire.inside(self.name, work)

    def has(self, address=VIP):
        return self.inside(lambda: is_local(address))

    def ip(self, *words):
        _ip("-n", self.wire.names[self.name], *words)

    def ip_json(self, *words):
        done = subprocess.run(["ip", "-n", self.wire.names[self.name], "-j", *words], capture_output=True, text=True)
        return json.loads(done.stdout or "[]")

    def set_sysctl(self, path, value):
        self.inside(lambda: pathlib.Path("/proc/sys", path).write_text(str(value)))

    def mac(self, interface="eth0"):
        return self.ip_json("link", "show", interface)[0]["address"]


class Router(Host):
    """A host with one speaker of VRRP. `settings` are of one instance, by keepalived's names."""

    def __init__(self, wire, name, number):
        super().__init__(wire, name, number)
        self.service = None
        wire.routers.append(self)

    def start(self):
        self.started_at = self.service.log_mark()
        self.service.start()
        return self

    def is_alive(self):
        return self.service.is_alive()

    def end(self):
        if self.service:
            self.kill()

    def wait_log(self, *words, **options):
        return self.service.wait_log(*words, **options)


class Ours(Router):
    """`holdfast vip`. `config` is the whole document; `instance` the settings of its one instance, if it is that."""

    def __init__(self, wire, name, number, vip=None, config=None, environment=None, words=()):
        super().__init__(wire, name, number)
        self.file = self.directory / "holdfast.yml"
        self.config = config or {"scope": "test", "name": name, "roles": ["vip"], "vip": vip}
        self.config["vip"].setdefault("stats", {"listen": f"0.0.0.0:{STATS}"})
        self.write()
        node = ["--node", name] if "nodes" in self.config else []
        self.service = Service(name, [*words, holdfast(), "vip", "-c", self.file, *node], self.directory,
                               self.directory / "holdfast.log", prefix=self.prefix, environment=environment, user={})

    @property
    def instance(self):
        """Settings of the first instance, to be changed and reloaded."""
        if "address" in self.config["vip"]:
            return self.config["vip"]  # the short form
        return next(iter(self.config["vip"]["vrrp_instance"].values()))

    def write(self):
        self.file.write_text(json.dumps(self.config, indent=1))

    def reload(self):
        mark = self.service.log_mark()
        self.write()
        self.service.signal(signal.SIGHUP)
        self.wait_log("reload", since=mark)

    def set_priority(self, priority):
        self.instance["priority"] = priority
        self.reload()

    def kill(self):
        self.service.thaw()
        self.service.kill()

    def stop(self):
        return self.service.stop()

    def document(self):
        return self.inside(lambda: requests.get(f"http://127.0.0.1:{STATS}/vip", timeout=5).json())

    def row(self, name=None):
        rows = self.document()["instances"]
        return next(row for row in rows if name in (None, row["name"]))

    def state(self, name=None):
        return self.row(name)["state"]

    def statistics(self, name=None):
        return self.row(name)["statistics"]

    def errors(self):
        rows = self.document()["instances"]
        return {f"{self.name}: {key}": row["statistics"][key]
                for row in rows for key in OUR_ERRORS if row["statistics"][key]}

    def transitions(self):
        return [(each["from"], each["to"]) for each in self.document()["transitions"]]


class Keepalived(Router):
    """The real one. `instances` are the settings by name; a value may be a list (a block) or True (a bare word)."""

    def __init__(self, wire, name, number, instances, rest="", globals_=""):
        super().__init__(wire, name, number)
        self.file = self.directory / "keepalived.conf"
        self.instances, self.rest, self.globals = instances, rest, globals_
        self.write()
        files = [word for option in "prcb" for word in (f"-{option}", self.directory / f"{option}.pid")]
        self.service = Service(name, [KEEPALIVED, "-n", "-l", "-D", "-P", "-f", self.file, *files], self.directory,
                               self.directory / "keepalived.log", prefix=self.prefix,
                               environment={"TMPDIR": str(self.directory)}, user={})

    @property
    def instance(self):
        return next(iter(self.instances.values()))

    def write(self):
        text = "global_defs {\n " + self.globals + "\n}\n" + self.rest
        for name, settings in self.instances.items():
            text += f"vrrp_instance {name} {{\n{print_settings(settings)}}}\n"
        self.file.write_text(text)

    def reload(self):
        mark = self.service.log_mark()
        self.write()
        self.service.signal(signal.SIGHUP)
        self.wait_log("Reload complete", since=mark)

    def set_priority(self, priority):
        self.instance["priority"] = priority
        self.reload()

    def _pids(self):
        """The parent and the child that speaks VRRP."""
        if not self.is_alive():
            return []
        pid = self.service.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def freeze(self):
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def kill(self):
        """Nobody of it may start the other again, or say good-bye."""
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in self._pids():
                os.kill(pid, number)
        self.service.kill()
        for file in self.directory.glob("*.pid"):  # else it may think that it runs still
            file.unlink()

    def stop(self):
        return self.service.stop()

    def document(self):
        """Its state and statistics, as it dumps them on a signal."""
        self.wait_log("Startup complete", since=self.started_at)  # before, the signal would kill it
        dump = self.directory / "keepalived.json"
        dump.unlink(missing_ok=True)
        os.kill(self._pids()[-1], _json_signal())

        def read():
            return json.loads(dump.read_text())
        return wait_until(f"the dump of {self.name}", read, 20)

    def state(self):
        return ("INIT", "BACKUP", "MASTER", "FAULT")[self.document()[0]["data"]["state"]]

    def statistics(self):
        return self.document()[0]["stats"]

    def errors(self):
        return {f"{self.name}: {key}": row["stats"][key]
                for row in self.document() for key in ERRORS if row["stats"][key]}


@functools.cache
def _json_signal():
    return int(subprocess.run([KEEPALIVED, "--signum=JSON"], capture_output=True, text=True).stdout)


def print_settings(settings, indent=" "):
    """keepalived's form of what is a map in ours."""
    text = ""
    for key, value in settings.items():
        if value is False or value is None:
            continue
        if value is True:
            text += f"{indent}{key}\n"
        elif isinstance(value, dict):
            text += f"{indent}{key} {{\n{print_settings(value, indent + ' ')}{indent}}}\n"
        elif isinstance(value, list):
            text += f"{indent}{key} {{\n" + "".join(f"{indent} {each}\n" for each in value) + f"{indent}}}\n"
        else:
            text += f"{indent}{key} {value}\n"
    return text


def settled(wire, master, address=VIP, within=30.0, among=None):
    """Waits until `master` alone has the address, and is who answers there."""
    def look():
        holders = wire.holders(address, among)
        if holders != [master.name]:
            raise NotYet(f"held by {holders}")
        answers = wire.who_answers(address)
        if answers != master.name:
            raise NotYet(f"{answers} answers")
        return True
    return wait_until(f"{master.name} alone to have {address}", look, within)


class HolderWatch:
    """Looks all the time who has the address, from before a fault until after it."""

    def __init__(self, wire, address=VIP):
        self.wire, self.address = wire, address
        self.doubles = []  # two at once
        self.seen = []  # holders, each time that they changed
        self.running = True
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.thread.join()

    def _run(self):
        spaces = [(router.name, open(f"/run/netns/{self.wire.names[router.name]}")) for router in self.wire.routers]
        while self.running:
            now = [name for name, space in spaces if self._has(space)]
            # Looked at one after the other: who had it first must have it still.
            if len(now) > 1 and self._has(dict(spaces)[now[0]]):
                self.doubles.append(now)
            if not self.seen or self.seen[-1] != now:
                self.seen.append(now)
        for _name, space in spaces:
            space.close()

    def _has(self, space):
        if _libc.setns(space.fileno(), 0x40000000) != 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")
        return is_local(self.address)
