"""Synchronous mode: what breaks, and that no acknowledged write is lost."""

import signal

import pytest

from harness import processes
from harness.load import Load
from harness.waiting import NotYet, stays_true, wait_until
from harness.writability import WritabilityWatch


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster().up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def epoch_of(cluster):
    import json
    leader = cluster.leader()
    return json.loads(cluster.key(f"members/{leader.name}"))["holdfast"]["epoch"]


def test_a_killed_agent_started_again_takes_its_postgresql_over_unnoticed(cluster):
    leader = cluster.leader()
    postmaster, epoch = leader.postmaster(), epoch_of(cluster)
    with Load(cluster.proxies) as load:
        leader.agent.kill()
        leader.agent.start()
        leader.wait_primary()
        load.wait_flowing()
        cluster.whole()
    assert leader.postmaster() == postmaster and cluster.leader() is leader
    # A new agent's first record is from before it knows its lease.
    wait_until("the record to say the same epoch", lambda: epoch_of(cluster) == epoch)
    load.expect_untouched()
    load.check(leader)


def test_a_killed_agent_of_a_replica_is_taken_over_too(cluster):
    replica = cluster.sync_standby()
    postmaster = replica.postmaster()
    replica.agent.kill()
    replica.agent.start()
    cluster.whole()
    assert replica.postmaster() == postmaster


def test_the_killed_postmaster_of_the_primary_is_replaced_and_comes_back_as_replica(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load:
        leader.kill_postmaster()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        assert cluster.whole() is successor
        load.wait_flowing()
    load.check(successor)
    load.expect_nobody_refused()


def test_a_killed_replica_server_is_started_again(cluster):
    leader = cluster.leader()
    for replica in (node for node in cluster.nodes if node is not leader):
        replica.kill_postmaster()
    assert cluster.whole() is leader


def test_writes_go_on_when_the_synchronous_standby_dies(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    with Load(cluster.proxies) as load:
        sync.kill()
        wait_until("another synchronous standby",
                   lambda: cluster.sync_standby() not in (None, sync) and cluster.leader() is leader)
        load.wait_flowing()
        sync.start()
        cluster.whole()
    load.check(leader)


def test_a_lost_host_is_replaced_and_its_former_primary_rejoins(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        leader.kill()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        leader.start()
        assert cluster.whole() is successor
        load.wait_flowing()
    watch.verdict()
    load.check(successor)
    load.check(leader)


def test_a_frozen_agent_never_leaves_two_writable_primaries(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        load.wait_flowing()
        leader.agent.freeze()
        try:
            successor = cluster.wait_leader(other_than=(leader,))
            load.wait_flowing()
        finally:
            leader.agent.thaw()
        assert cluster.whole() is successor
        load.wait_flowing()
    assert watch.verdict() == [leader.name, successor.name]
    load.check(successor)


def test_a_server_that_hangs_is_replaced(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load:
        frozen = leader.freeze_postgres()
        try:
            successor = cluster.wait_leader(other_than=(leader,))
            load.wait_flowing()
        finally:
            processes.send([pid for pid in frozen if processes.is_running(pid)], signal.SIGCONT)
        assert cluster.whole() is successor
    load.check(successor)


def test_an_agent_told_to_end_hands_over_and_stops_its_server_cleanly(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load:
        assert leader.agent.stop() == 0
        assert leader.postmaster() is None
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        leader.agent.start()
        cluster.whole()
    load.check(successor)
    load.expect_nobody_refused()


def test_a_killed_proxy_leaves_the_other_serving(cluster):
    first, second = cluster.proxies
    first.service.kill()
    try:
        assert second.server_of() == cluster.leader().address
    finally:
        first.start()
    cluster.whole()


def test_new_connections_are_held_while_there_is_no_primary(cluster):
    leader = cluster.leader()
    others = [node for node in cluster.nodes if node is not leader]
    for node in others:
        node.agent.freeze()  # nobody can take over
    try:
        old = cluster.proxies[0].connect()
        leader.kill_postmaster()
        with pytest.raises(Exception):  # cut, not left hanging
            with old.cursor() as cursor:
                cursor.execute("select pg_sleep(60)")
        wait_until("the gate to be shut", lambda: cluster.proxies[0].stats().json()["gate"]["state"] != "open"
                   or leader.is_primary(), 30)
    finally:
        for node in others:
            node.agent.thaw()
    assert cluster.proxies[0].sql("select 1") == [(1,)]  # held until somebody leads
    cluster.whole()


def test_strict_mode_makes_writes_wait_for_a_standby_instead_of_risking_them(cluster):
    leader = cluster.leader()
    others = [node for node in cluster.nodes if node is not leader]
    cluster.patch({"synchronous_mode_strict": True})
    try:
        with Load(cluster.proxies) as load:
            for node in others:
                node.agent.freeze()
                processes.send(node.postgres_processes(), signal.SIGKILL)
            count = []

            def stand_still():
                count.append(len(load.acknowledged))
                if len(count) < 20 or count[-1] != count[-20]:
                    raise NotYet(f"{count[-1]} writes acknowledged")
                return True
            wait_until("writes to wait", stand_still, 60, every=0.1)
            stays_true("no write is acknowledged", lambda: len(load.acknowledged) == count[-1], 3)
            for node in others:
                node.agent.thaw()
            load.wait_flowing()
        load.check(cluster.whole())
    finally:
        for node in others:
            node.agent.thaw()
        cluster.patch({"synchronous_mode_strict": None})


def test_reads_are_led_to_the_primary_when_no_replica_is_left(cluster):
    leader = cluster.leader()
    others = [node for node in cluster.nodes if node is not leader]
    for node in others:
        node.agent.kill()
        processes.send(node.postgres_processes(), signal.SIGKILL)
    try:
        for proxy in cluster.proxies:
            wait_until("reads to be led to the primary", lambda: proxy.server_of(proxy.READ) == leader.address, 60)
        with Load(cluster.proxies) as load:
            load.wait_flowing()
    finally:
        for node in others:
            node.start()
    cluster.whole()
