"""Quorum mode, which a new cluster has if nothing else is asked for: any standby may acknowledge a commit."""

import signal
import time

import pytest

from harness import processes
from harness.load import Load
from harness.node import PASSWORDS
from harness.waiting import NotYet, stays_true, wait_until
from harness.writability import WritabilityWatch


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster({"bootstrap": {"dcs": {"synchronous_mode": None}}}).up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def stands_still(load):
    """Waits until no write has been acknowledged for two seconds; how many have been."""
    counts = []

    def look():
        counts.append(len(load.acknowledged))
        if len(counts) < 20 or counts[-1] != counts[-20]:
            raise NotYet(f"{counts[-1]} writes acknowledged")
        return True
    wait_until("writes to wait", look, 60, every=0.1)
    return counts[-1]


def stranger(leader, name):
    """pg_receivewal that calls itself like a member, and flushes at once."""
    place = leader.directory / "stranger"
    place.mkdir(exist_ok=True)
    processes.hand_over(place)
    where = f"host={leader.address} user=replicator password={PASSWORDS['replication']} application_name={name}"
    command = ["/usr/lib/postgresql/15/bin/pg_receivewal", "-D", place, "-d", where, "--synchronous", "--no-loop"]
    return processes.Service("stranger", command, leader.directory, place / "log")


def test_is_the_mode_of_a_new_cluster_and_shown_as_patroni_does(cluster):
    leader = cluster.leader()
    names = sorted(node.name for node in cluster.replicas())
    assert cluster.dynamic()["synchronous_mode"] == "quorum"
    assert cluster.sync() == {"leader": leader.name, "standbys": names, "quorum": 1}
    assert leader.value("show synchronous_standby_names") == 'ANY 1 ("%s","%s")' % tuple(names)
    assert leader.check("/read-only-quorum") == 200 and leader.check("/quorum") == 503
    for node in cluster.replicas():
        assert node.check("/quorum") == 200 and node.check("/read-only-quorum") == 200
        assert node.check("/sync") == 503 and node.check("/async") == 503
        assert node.status()["quorum_standby"] is True and "sync_standby" not in node.status()
    roles = {member["name"]: member["role"] for member in leader.get("/cluster").json()["members"]}
    assert [roles[name] for name in names] == ["quorum_standby"] * 2
    listed = cluster.cli("list").stdout
    assert listed.count("Quorum Standby") == 2, listed


def test_a_killed_primary_costs_no_acknowledged_write(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load:
        leader.kill_postmaster()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        assert cluster.whole() is successor
        load.wait_flowing()
    load.check(successor)
    load.expect_nobody_refused()


def test_a_lost_host_of_the_primary_costs_no_acknowledged_write(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        leader.kill()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        assert cluster.sync()["leader"] == successor.name
        leader.start()
        assert cluster.whole() is successor
        load.wait_flowing()
    watch.verdict()
    load.check(successor)
    load.check(leader)


def test_a_switchover_names_its_candidate_and_costs_nothing(cluster):
    leader = cluster.leader()
    candidate = cluster.replicas()[0]
    with Load(cluster.proxies) as load:
        answer = leader.rest("POST", "/switchover", json={"leader": leader.name, "candidate": candidate.name}, within=60)
        assert answer.status_code == 200, answer.text
        load.wait_flowing()
        assert cluster.whole() is candidate
    load.check(candidate)
    load.expect_nobody_refused()


def test_a_standby_dies_and_no_write_waits_for_it(cluster):
    leader = cluster.leader()
    gone, other = cluster.replicas()
    with Load(cluster.proxies) as load:
        gone.kill()
        wait_until("the other one alone to be listed",
                   lambda: cluster.sync() == {"leader": leader.name, "standbys": [other.name], "quorum": 0})
        load.wait_flowing()
        gone.start()
        assert cluster.whole() is leader
    load.check(leader)
    load.expect_untouched()


def test_both_standbys_die_and_writes_go_on_but_nobody_else_may_lead(cluster):
    leader = cluster.leader()
    others = cluster.replicas()
    with Load(cluster.proxies) as load:
        for node in others:
            node.agent.freeze()
            processes.send(node.postgres_processes(), signal.SIGKILL)
        try:
            wait_until("nobody to be listed", lambda: cluster.sync()["standbys"] == [], 60)
            load.wait_flowing()
        finally:
            for node in others:
                node.agent.thaw()
        assert cluster.whole() is leader
    load.check(leader)


def waiting_sessions(leader):
    return {name for (name,) in leader.sql("select application_name from pg_stat_activity where wait_event = 'SyncRep'")}


def test_both_standbys_die_and_strict_mode_waits_and_says_so(cluster):
    leader = cluster.leader()
    others = cluster.replicas()
    cluster.patch({"synchronous_mode_strict": True})
    try:
        with Load(cluster.proxies) as load:
            for node in others:
                node.agent.freeze()
                processes.send(node.postgres_processes(), signal.SIGKILL)
            count = stands_still(load)
            stays_true("no write is acknowledged", lambda: len(load.acknowledged) == count, 3)
            # EC-59: nothing of the agent's own ever waits for a standby, its write probe neither.
            wait_until("the probe to have had its turn", lambda: waiting_sessions(leader) == {"load"})
            stays_true("the agent waits for nobody", lambda: waiting_sessions(leader) == {"load"}, 3)
            assert cluster.sync()["standbys"], "those last listed may still lead"
            assert "commits wait (synchronous_mode_strict)" in leader.agent.log_tail(400)
            for node in others:
                node.agent.thaw()
            load.wait_flowing()
        load.check(cluster.whole())
    finally:
        for node in others:
            node.agent.thaw()
        cluster.patch({"synchronous_mode_strict": None})


def test_the_mode_changes_under_load_and_nothing_is_lost(cluster):
    with Load(cluster.proxies) as load:
        for mode in ("on", "quorum", "off", "quorum", "on", "off", "on", "quorum"):
            before = time.monotonic()
            cluster.patch({"synchronous_mode": mode})
            names = {"on": lambda text: text.startswith('"'), "off": lambda text: text == "",
                     "quorum": lambda text: text.startswith("ANY 1 (") and "," in text}[mode]
            leader = cluster.leader()
            wait_until(f"PostgreSQL to wait as {mode} wants it",
                       lambda: names(leader.value("show synchronous_standby_names")), 30)
            listed = {"on": 1, "off": 0, "quorum": 2}[mode]
            wait_until(f"{listed} to be listed", lambda: len(cluster.sync()["standbys"]) == listed, 30)
            load.wait_flowing()
            assert load.longest_gap(since=before) < 5
        leader = cluster.whole()
        leader.kill_postmaster()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
    load.check(successor)


def test_a_stranger_with_a_standbys_name_is_not_counted(cluster):  # EC-61
    leader = cluster.leader()
    gone, other = cluster.replicas()
    gone.kill()
    wait_until("the other one alone to be listed", lambda: cluster.sync()["standbys"] == [other.name])
    with Load(cluster.proxies) as load:
        receiver = stranger(leader, gone.name).start()
        try:
            wait_until("the stranger to stream", lambda: leader.sql(
                "select 1 from pg_stat_replication where application_name = %s and state = 'streaming'", gone.name))
            stays_true("it is not listed", lambda: cluster.sync()["standbys"] == [other.name], 3)
            load.wait_flowing()
        finally:
            receiver.kill()
    gone.start()
    cluster.whole()
