"""Asynchronous mode: what breaks, and how members come back."""

import os
import signal

import pytest

from harness import processes
from harness.load import Load
from harness.waiting import NotYet, wait_until
from harness.writability import WritabilityWatch

REAL = "/usr/lib/postgresql/15/bin"
ASYNC = {"bootstrap": {"dcs": {"synchronous_mode": "off"}}}


@pytest.fixture(scope="module")
def running(make_module_cluster):
    cluster = make_module_cluster(ASYNC)
    give_programs(cluster)
    return cluster.up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def give_programs(cluster):
    """PostgreSQL's programs by links, so that a test can put one of its own in the place of one of them."""
    programs = cluster.root / "bin"
    programs.mkdir()
    for name in os.listdir(REAL):
        (programs / name).symlink_to(f"{REAL}/{name}")
    cluster.write_config(cluster.config.read_text() + f"postgresql:\n  bin_dir: {programs}\n")


class Replaced:
    """A program of PostgreSQL replaced by a script for a while."""

    def __init__(self, cluster, name, script):
        self.path = cluster.root / "bin" / name
        self.script = script

    def __enter__(self):
        self.path.unlink()
        self.path.write_text(self.script)
        self.path.chmod(0o755)

    def __exit__(self, *_):
        self.path.unlink()
        self.path.symlink_to(f"{REAL}/{self.path.name}")


def test_a_crashed_primary_is_started_again_in_its_place(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load:
        leader.kill_postmaster()
        load.wait_flowing()
        cluster.whole()
    load.check(cluster.leader())


def test_a_lost_host_is_replaced_once_its_lease_has_ended(cluster):
    leader = cluster.leader()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        leader.kill()
        successor = cluster.wait_leader(other_than=(leader,))
        load.wait_flowing()
        leader.start()
        assert cluster.whole() is successor
    watch.verdict()


def test_a_frozen_agent_never_leaves_two_writable_primaries(cluster):
    leader = cluster.leader()
    with WritabilityWatch(cluster.nodes) as watch:
        wait_until("direct writes", lambda: len(watch.writes) > 5)
        leader.agent.freeze()
        try:
            successor = cluster.wait_leader(other_than=(leader,))
            wait_until("direct writes on the new primary", lambda: any(w[0] == successor.name for w in watch.writes))
        finally:
            leader.agent.thaw()
        assert cluster.whole() is successor
    assert watch.verdict() == [leader.name, successor.name]


def test_the_sentinel_ends_a_primary_whose_agent_does_not_come_back(cluster):
    leader = cluster.leader()
    leader.agent.kill()
    wait_until("the sentinel to end PostgreSQL", lambda: not leader.postgres_processes(), 60)
    successor = cluster.wait_leader(other_than=(leader,))
    leader.agent.start()
    assert cluster.whole() is successor


def diverge(cluster):
    """Makes the leader take writes that nobody else has, and loses its host. Returns it."""
    leader = cluster.leader()
    others = [node for node in cluster.nodes if node is not leader]
    leader.sql("create table if not exists forked (id int)")
    receivers = [pid for node in others for pid in node.postgres_processes()
                 if "walreceiver" in processes.command_line(pid)]
    assert len(receivers) == len(others)
    processes.send(receivers, signal.SIGSTOP)
    try:
        leader.sql("insert into forked select generate_series(1, 1000)")
        leader.kill()
    finally:
        processes.send(receivers, signal.SIGCONT)
    cluster.wait_leader(other_than=(leader,))
    return leader


def test_a_former_primary_with_writes_of_its_own_is_rewound(cluster):
    old = diverge(cluster)
    mark = old.agent.log_mark()
    old.start()
    leader = cluster.whole()
    assert "pg_rewind" in old.agent.log_since(mark)
    assert old.sql("select count(*) from forked") == leader.sql("select count(*) from forked")


def test_an_interrupted_rewind_is_made_good_without_hands(cluster):
    old = diverge(cluster)
    # Half of the work, then no sign of life: as a host that is switched off in the middle.
    script = (f"#!/bin/sh\ncase \"$*\" in *--version*|*-V*) exec {REAL}/pg_rewind \"$@\";; esac\n"
              f"timeout -s KILL 0.2 {REAL}/pg_rewind \"$@\"\ntouch {cluster.root}/d/rewinding\nexec sleep 600\n")
    with Replaced(cluster, "pg_rewind", script):
        old.start()
        wait_until("pg_rewind to be at work", lambda: (cluster.root / "d/rewinding").exists(), 60)
        old.kill()
    old.start()
    leader = cluster.whole()
    assert old.sql("select count(*) from forked") == leader.sql("select count(*) from forked")


def test_a_clone_whose_source_dies_half_way_is_made_again(cluster):
    leader = cluster.leader()
    leader.sql("create table if not exists bulk as select g, repeat('x', 500) from generate_series(1, 20000) g")
    replica = next(node for node in cluster.nodes if node is not leader)
    script = (f"#!/bin/sh\ncase \"$*\" in *--version*|*-V*) exec {REAL}/pg_basebackup \"$@\";; esac\n"
              f"exec {REAL}/pg_basebackup --max-rate=3M \"$@\"\n")
    with Replaced(cluster, "pg_basebackup", script):
        assert replica.rest("POST", "/reinitialize", json={"from_leader": True}).status_code == 200

        def half_way():
            copied = sum(f.stat().st_size for f in replica.directory.rglob("base/*/*") if "set-aside" not in str(f))
            state = replica.status()["state"]
            if state != "creating replica" or copied < 4_000_000:
                raise NotYet(f"{state}, {copied} bytes")
            return True
        wait_until("a half-made clone", half_way, 60, every=0.02)
        leader.kill_postmaster()
    cluster.whole()
    assert replica.value("select count(*) from bulk") == 20000


def test_a_switchover_names_every_candidate_that_is_refused(cluster):
    leader = cluster.leader()
    replica = next(node for node in cluster.nodes if node is not leader)
    replica.agent.kill()
    processes.send(replica.postgres_processes(), signal.SIGKILL)
    try:
        wait_until("the candidate to be missed", lambda: leader.rest(
            "POST", "/switchover", within=60, json={"leader": leader.name, "candidate": replica.name}).status_code == 412, 60)
        assert cluster.leader() is leader
    finally:
        replica.start()
    cluster.whole()
