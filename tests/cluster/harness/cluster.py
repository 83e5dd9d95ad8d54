"""A whole cluster: three database hosts, two proxies."""

import json
import os
import pathlib
import shutil
import signal
import tempfile

from . import processes, program
from .configuration import cluster_file
from .network import Loopback
from .node import Node
from .proxy import Proxy
from .waiting import NotYet, wait_until


def short_directory(prefix):
    """PostgreSQL's sockets and the sentinel's allow only short paths."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    path.chmod(0o755)
    processes.hand_over(path)
    return path


class Cluster:
    """Made, not yet started. `changes` goes over the configuration of harness/configuration.py."""

    proxy_host = Proxy

    def __init__(self, changes=None, nodes=3, proxies=2, network=None):
        self.root = short_directory("hf-")
        self.network = network or Loopback()
        self.logs = self._make("logs")
        self.scope = "story"
        addresses = {f"pg{n}": self.network.address(10 + n) for n in range(1, nodes + 1)}
        fronts = {f"lb{n}": self.network.address(20 + n) for n in range(1, proxies + 1)}
        self.config = self.root / "holdfast.yaml"
        self.write_config(cluster_file(addresses, fronts, self.root / "d", changes or {}))
        self._make("d")
        self._make(f"d/{self.scope}")
        self.nodes = [self._node(name, address) for name, address in addresses.items()]
        self.proxies = [self._proxy(name, address) for name, address in fronts.items()]

    def _make(self, name):
        path = self.root / name
        path.mkdir(exist_ok=True)
        processes.hand_over(path)
        return path

    def write_config(self, text):
        self.config.write_text(text)
        self.config.chmod(0o600)
        processes.hand_over(self.config)

    def _enter(self, name, address):
        number = int(address.rsplit(".", 1)[1])
        return [] if isinstance(self.network, Loopback) else self.network.enter(name, number)

    def _node(self, name, address):
        return Node(name, address, self._make(f"d/{self.scope}/{name}"), self.config, self.logs, self._enter(name, address))

    def _proxy(self, name, address):
        return self.proxy_host(name, address, self._make(f"d/{self.scope}/{name}"), self.config, self.logs,
                               self._enter(name, address))

    # ---- life

    def start(self):
        for part in self.nodes + self.proxies:
            part.start()
        return self

    def up(self):
        """Started, and whole."""
        self.start()
        self.whole(within=180)
        return self

    def mend(self):
        """What a test before may have left: everything thawed and started again."""
        services = [part for node in self.nodes for part in (node.etcd, node.agent)] + [p.service for p in self.proxies]
        processes.send(processes.processes_below(self.root), signal.SIGCONT)
        for service in services:
            if service.process is not None and not service.is_alive():
                service.start()

    def stop(self):
        """Everything, whatever state it is in."""
        for node in self.nodes:
            for service in (node.agent, node.etcd):
                if service:
                    service.kill()
        for proxy in self.proxies:
            proxy.service.kill()
        processes.kill_all_below(self.root)

    def remove(self, keep=False):
        """Stops everything and removes it; `keep`: but not the logs, whose place is returned."""
        try:
            self.stop()
        finally:
            self.network.remove()
        if keep:
            kept = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-logs-", dir="/tmp"))
            shutil.copytree(self.logs, kept, dirs_exist_ok=True)
            shutil.copy(self.config, kept)
            for node in self.nodes:
                for log in list(node.directory.glob("*.log")) + list(node.data_dir.glob("log/*")):
                    shutil.copy(log, kept / f"{node.name}-{log.name}")
        shutil.rmtree(self.root, ignore_errors=True)
        return kept if keep else None

    # ---- who is what

    def node(self, name):
        return next(node for node in self.nodes if node.name == name)

    def leader(self):
        """The one node that says it leads; None: nobody, or more than one."""
        leading = [node for node in self.nodes if node.is_primary()]
        return leading[0] if len(leading) == 1 else None

    def wait_leader(self, within=90, other_than=()):
        def find():
            found = self.leader()
            return found if found and found not in other_than else None
        names = ", ".join(node.name for node in other_than)
        return wait_until("a leader" + (f" other than {names}" if names else ""), find, within)

    def replicas(self):
        leader = self.leader()
        return [node for node in self.nodes if node is not leader]

    def sync_standby(self):
        """The synchronous standby, as it says itself."""
        return next((node for node in self.nodes if node.check("/sync", within=2) == 200), None)

    def sync(self):
        """What the key `sync` says: leader, standbys, quorum."""
        found = json.loads(self.key("sync") or "{}")
        listed = found.get("sync_standby") or ""
        return {"leader": found.get("leader"), "standbys": listed.split(",") if listed else [],
                "quorum": found.get("quorum", 0)}

    def dynamic(self):
        for node in self.nodes:
            if node.check("/config") == 200:
                return node.get("/config").json()
        raise NotYet("nobody answers GET /config")

    def whole(self, within=120, but=()):
        """Waits until one leads and all others (except `but`) stream from it, in synchronous mode with a
        synchronous standby, and both proxies lead to the leader. Returns the leader."""
        return wait_until("a whole cluster", lambda: self._look_whole(but), within, every=0.1)

    def _look_whole(self, but):
        expected = [node for node in self.nodes if node not in but]
        for service in [part for node in expected for part in (node.etcd, node.agent) if part]:
            assert service.is_alive(), f"{service.name} has ended:\n" + service.log_tail()
        states = {node.name: node.status() for node in expected}
        leading = [node for node in expected if node.is_primary()]
        if len(leading) != 1:
            raise NotYet(f"{len(leading)} leaders: {self._brief(states)}")
        leader = leading[0]
        timeline = states[leader.name].get("timeline")
        for node in expected:
            state = states[node.name]
            if node is not leader and (state.get("replication_state") != "streaming" or state.get("timeline") != timeline):
                raise NotYet(f"{node.name} does not stream on timeline {timeline}: {self._brief(states)}")
        rows = leader.sql("select application_name, sync_state from pg_stat_replication where state = 'streaming'")
        if len(rows) != len(expected) - 1:
            raise NotYet(f"{leader.name} streams to {rows}")
        mode = str(self.dynamic().get("synchronous_mode", "off")).lower()
        others = sorted(node.name for node in expected if node is not leader)
        if mode == "quorum" and (self.sync()["standbys"] != others or any(row[1] != "quorum" for row in rows)):
            raise NotYet(f"not all are voters yet: {self.sync()}, {rows}")
        wants_sync = mode in ("on", "true")
        if wants_sync and len(expected) > 1 and (not any(row[1] == "sync" for row in rows) or not self.sync_standby()):
            raise NotYet(f"no synchronous standby yet: {rows}")
        for proxy in self.proxies:
            if proxy.service.is_alive() and proxy.server_of() != leader.address:
                raise NotYet(f"{proxy.name} leads to another server")
        return leader

    @staticmethod
    def _brief(states):
        keys = ("role", "state", "timeline", "replication_state")
        return json.dumps({name: {key: state.get(key) for key in keys} for name, state in states.items()})

    # ---- the operator

    def cli(self, *words, **options):
        return program.run("-c", self.config, *words, **options)

    def patch(self, changes):
        """Changes the dynamic configuration, and waits until every living agent has it."""
        node = self.wait_leader()
        answer = node.rest("PATCH", "/config", json=changes)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def etcdctl(self, *words, node=None):
        chosen = node or next(n for n in self.nodes if n.etcd and n.etcd.is_alive())
        environment = {**os.environ, "ETCDCTL_API": "3"}
        done = processes.subprocess.run(["etcdctl", f"--endpoints=http://{chosen.address}:2379", *words], text=True,
                                        capture_output=True, timeout=20, env=environment)
        assert done.returncode == 0, f"etcdctl {words}: {done.stderr}"
        return done.stdout

    def key(self, name):
        """Value of a key of this cluster in etcd; "" when it is not there."""
        return self.etcdctl("get", "--print-value-only", f"/service/{self.scope}/{name}").strip()
