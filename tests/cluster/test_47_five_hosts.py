"""The whole of it: three database hosts, two proxy hosts with a floating address, and a client, each in a network
namespace of its own. Needs root."""

import signal

import pytest

from harness import processes
from harness.cluster import Cluster
from harness.front import Client, FrontHost, holder
from harness.load import Load
from harness.network import Namespaces, can_make_namespaces
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")

FRONTS = ("lb1", "lb2")


class FiveHosts(Cluster):
    proxy_host = FrontHost

    def __init__(self):
        network = Namespaces()
        network.enter("client", 30)
        self.address = network.address(100)
        super().__init__({"nodes": {name: {"roles": ["proxy", "vip"]} for name in FRONTS},
                          "vip": {"address": f"{self.address}/24"}}, network=network)
        self.client = Client(network, self.address)

    def lose(self, host):
        """A host without power: nothing of it runs, nothing of it answers."""
        self.network.cut(host.name)
        host.kill()

    def give_back(self, *hosts):
        for host in hosts:
            self.network.mend(host.name)
            host.start()

    def settled(self):
        """Whole, one host has the address, and the client gets to the leader through it."""
        leader = self.whole()
        front = holder(self.proxies)
        wait_until("the client to be led to the leader", lambda: self.client.server_of() == leader.address)
        return leader, front


@pytest.fixture(scope="module")
def running():
    cluster = FiveHosts()
    try:
        yield cluster.up()
    finally:
        cluster.remove()


@pytest.fixture
def cluster(running):
    for host in running.nodes + running.proxies:
        running.network.mend(host.name)
        host.start()
    running.settled()
    return running


@pytest.fixture
def load(cluster):
    with Load([cluster.client]) as load:
        yield load


def expect_nothing_lost(cluster, load):
    load.wait_flowing()
    leader, front = cluster.settled()
    load.end()
    load.check(leader)
    return leader, front


def test_the_primary_s_host_is_lost_and_clients_go_on_at_the_same_address(cluster, load):
    leader, front = cluster.leader(), holder(cluster.proxies)
    cluster.lose(leader)
    load.wait_flowing()
    cluster.give_back(leader)
    successor, same_front = expect_nothing_lost(cluster, load)
    assert successor is not leader
    assert same_front is front, "the address moved although its host was well"


def test_the_proxy_host_with_the_address_is_lost_and_the_other_answers(cluster, load):
    leader, front = cluster.leader(), holder(cluster.proxies)
    cluster.lose(front)
    other = holder(cluster.proxies, but=(front,))
    load.wait_flowing()
    cluster.give_back(front)
    same_leader, last = expect_nothing_lost(cluster, load)
    assert same_leader is leader
    assert last is other, "the address went back without need, and cut every client once more"


def test_the_primary_s_host_and_the_proxy_host_are_lost_at_once(cluster, load):
    leader, front = cluster.leader(), holder(cluster.proxies)
    cluster.lose(leader)
    cluster.lose(front)
    load.wait_flowing()
    cluster.give_back(leader, front)
    successor, last = expect_nothing_lost(cluster, load)
    assert successor is not leader
    assert last is not front


def test_a_killed_proxy_gives_the_address_to_the_other_host(cluster, load):
    front = holder(cluster.proxies)
    processes.send([front.role("proxy")], signal.SIGKILL)
    other = next(each for each in cluster.proxies if each is not front)
    wait_until("the address at the other host", lambda: other.router()["holds_addresses"])
    load.wait_flowing()
    wait_until("the proxy to be started again", lambda: not front.router()["is_sick"])
    _, last = expect_nothing_lost(cluster, load)
    assert last is other


def test_a_frozen_vip_process_loses_the_address_and_does_not_fight_for_it(cluster, load):
    front = holder(cluster.proxies)
    frozen = front.role("vip")
    processes.send([frozen], signal.SIGSTOP)
    try:
        other = holder(cluster.proxies, but=(front,))
        wait_until("the frozen host to be without the address",
                   lambda: cluster.address not in cluster.network.addresses(front.name))
        load.wait_flowing()
    finally:
        processes.send([frozen], signal.SIGCONT)
    wait_until("the thawed one to stand by", lambda: front.router()["state"] == "BACKUP")
    _, last = expect_nothing_lost(cluster, load)
    assert last is other


def test_with_both_proxies_hung_the_address_stays_and_says_so(cluster):
    fronts = cluster.proxies
    hung = [front.role("proxy") for front in fronts]
    processes.send(hung, signal.SIGSTOP)
    try:
        wait_until("both to be known as sick", lambda: all(front.router()["is_sick"] for front in fronts))
        front = holder(fronts)
        assert "frozen" in front.router()["priority_why"]
        assert cluster.address in cluster.network.addresses(front.name)
    finally:
        processes.send(hung, signal.SIGCONT)
    wait_until("both to be well", lambda: not any(front.router()["is_sick"] for front in fronts))
