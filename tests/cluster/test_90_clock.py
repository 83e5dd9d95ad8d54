"""The wall clock of a host is set by hand, or by an NTP daemon that gave up slewing."""

import pathlib

import pytest

from harness.load import Load
from harness.waiting import stays_true, wait_until

FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)

pytestmark = pytest.mark.skipif(FAKETIME is None, reason="the package libfaketime is not installed")


class Clock:
    """The wall clock of one host's agent and servers; what counts since boot is left alone, as the kernel does."""

    def __init__(self, node):
        self.file = node.directory / "clock"
        self.step("+0")
        node.agent.environment.update(LD_PRELOAD=str(FAKETIME), FAKETIME_TIMESTAMP_FILE=str(self.file),
                                      FAKETIME_DONT_FAKE_MONOTONIC="1", FAKETIME_CACHE_DURATION="1")

    def step(self, offset):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(offset + "\n")
        fresh.chmod(0o644)
        fresh.rename(self.file)


@pytest.mark.parametrize("step", ["+1d", "-1d"])
def test_a_stepped_clock_disturbs_nobody_and_failover_goes_on_working(make_cluster, step):
    cluster = make_cluster({"bootstrap": {"dcs": {"synchronous_mode": True}}})
    clocks = {node.name: Clock(node) for node in cluster.nodes}
    cluster.up()
    leader = cluster.leader()
    now = "select extract(epoch from clock_timestamp())::bigint"
    before = leader.value(now)
    with Load(cluster.proxies) as load:
        clocks[leader.name].step(step)
        wait_until("the server to see the step", lambda: abs(leader.value(now) - before) > 80_000)
        stays_true("the primary stays", lambda: cluster.leader() is leader, 6, every=0.2)
        load.wait_flowing()
        load.expect_untouched()
        leader.kill_postmaster()
        cluster.wait_leader(other_than=[leader])
        load.wait_flowing()
        load.expect_nobody_refused()
        for clock in clocks.values():
            clock.step(step)
        final = cluster.whole()
        load.wait_flowing()
    load.check(final)
