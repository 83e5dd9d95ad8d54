"""`holdfast drill storm`: faults at random, one after and amid the other, on hosts in network namespaces. Needs root.
Afterwards the cluster is whole, nothing acknowledged is missing, and the history of the checked clients is
linearizable. The seed of a failure is in its output: HOLDFAST_STORM_SEED does it again."""

import json
import os
import random
import subprocess

import pytest

from harness import program
from harness.cluster import Cluster
from harness.network import Namespaces, can_make_namespaces
from harness.front import FrontHost
from harness.processes import Service

pytestmark = pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")


class SupervisedHosts(Cluster):
    """As in production: each host is one `holdfast run`, which starts again what a storm kills."""

    proxy_host = FrontHost

    def __init__(self):
        network = Namespaces()
        self.address = network.address(100)
        fronts = {name: {"roles": ["proxy", "vip"]} for name in ("lb1", "lb2")}
        super().__init__({"nodes": fronts, "vip": {"address": f"{self.address}/24"}}, network=network)
        self.hosts = [Service(f"host {node.name}", [program.holdfast(), "run", "-c", self.config, "--node", node.name],
                              node.directory, self.logs / f"{node.name}-run.log", prefix=network.enter(node.name), user={})
                      for node in self.nodes]
        for node in self.nodes:
            node.etcd = node.agent = None  # the supervisor's

    def start(self):
        for host in self.hosts + self.proxies:
            host.start()
        return self

    def stop(self):
        for host in self.hosts:
            host.kill()
        super().stop()

    def drill(self, *words, within):
        """Runs as root, as it has to reach into the hosts' namespaces. Its exit code, and its report."""
        report = self.logs / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run([program.holdfast(), "drill", *words, "-c", self.config, "--json", report, "--html",
                               self.logs / "report.html"], capture_output=True, text=True, timeout=within)
        (self.logs / "drill.txt").write_text(done.stdout + done.stderr)
        print(done.stdout, done.stderr)
        return done.returncode, json.loads(report.read_text()) if report.exists() else None


@pytest.fixture(scope="module")
def cluster(request):
    made = SupervisedHosts()
    try:
        yield made.up()
    finally:
        kept = made.remove(keep=getattr(request.node, "has_failed", False))
        if kept:
            print(f"logs are kept in {kept}")


def test_after_a_storm_the_cluster_is_whole_and_nothing_acknowledged_is_lost(cluster):
    seed = int(os.environ.get("HOLDFAST_STORM_SEED", random.randrange(1, 1_000_000)))
    print(f"HOLDFAST_STORM_SEED={seed}")
    code, report = cluster.drill("storm", "--minutes", "40s", "--seed", str(seed), within=420)
    assert report is not None, f"no report: exit {code}"
    assert report["seed"] == seed
    assert report["writes_lost"] == []
    assert report["two_writable_primaries"] == []
    assert report["history"]["violations"] == []
    assert report["history"]["operations"] > 0 and report["writes_acknowledged"] > 0
    assert report["steps"][-1]["left"] == []
    assert any(event["ours"] for event in report["events"]), "the storm did nothing"
    assert code == 0
    cluster.whole()


def test_a_storm_refuses_a_cluster_that_others_use(cluster):
    shop = cluster.wait_leader().connect(application_name="shop")
    try:
        code, report = cluster.drill("storm", "--minutes", "10s", within=120)
    finally:
        shop.close()
    assert code == 2
    assert report is None
