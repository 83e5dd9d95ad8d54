"""Hosts in network namespaces: pulled cables and one-sided losses. Needs root."""

import pytest

from harness.load import Load
from harness.network import Namespaces, can_make_namespaces
from harness.waiting import wait_until
from harness.writability import WritabilityWatch

pytestmark = pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster({"bootstrap": {"dcs": {"synchronous_mode": "off"}}}, network=Namespaces()).up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def test_a_primary_that_is_cut_off_gives_way_before_another_leads(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes, inside=cluster.network) as watch:
        load.wait_flowing()
        cluster.network.cut(leader.name)
        try:
            successor = cluster.wait_leader(other_than=(leader,))
            load.wait_flowing()
        finally:
            cluster.network.mend(leader.name)
        assert cluster.whole() is successor
    assert watch.verdict() == [leader.name, successor.name]


def test_a_primary_cut_off_from_the_other_members_but_not_from_clients_is_not_written_to(cluster):
    leader = cluster.leader()
    others = [node.address for node in cluster.nodes if node is not leader]
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        load.wait_flowing()
        cluster.network.block(leader.name, others)
        try:
            successor = cluster.wait_leader(other_than=(leader,))
            load.wait_flowing()
            assert cluster.proxies[0].server_of() == successor.address
        finally:
            cluster.network.unblock(leader.name, others)
        assert cluster.whole() is successor
    assert watch.verdict() == [leader.name, successor.name]


def test_in_synchronous_mode_a_cut_off_primary_costs_no_acknowledged_write(cluster):
    cluster.patch({"synchronous_mode": "on"})
    leader = cluster.whole()
    with Load(cluster.proxies) as load:
        load.wait_flowing()
        cluster.network.cut(leader.name)
        try:
            cluster.wait_leader(other_than=(leader,))
            load.wait_flowing()
        finally:
            cluster.network.mend(leader.name)
        successor = cluster.whole()
    load.check(successor)


def test_a_replica_that_is_cut_off_disturbs_nobody_and_catches_up(cluster):
    leader = cluster.leader()
    replica = next(node for node in cluster.nodes if node is not leader)
    cluster.network.cut(replica.name)
    try:
        with Load(cluster.proxies) as load:
            load.wait_flowing(100)
        wait_until("the replica to be missed", lambda: replica.name not in str(
            [row for row in cluster.leader().sql("select application_name from pg_stat_replication")]), 90)
        assert cluster.leader() is leader
    finally:
        cluster.network.mend(replica.name)
    assert cluster.whole() is leader
