"""etcd is lost, wiped, and comes back."""

import pytest

from harness import processes
from harness.load import Load
from harness.waiting import stays_true, wait_until
from harness.writability import WritabilityWatch


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster().up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def test_one_lost_etcd_member_disturbs_nobody(cluster):
    leader = cluster.leader()
    epoch = cluster.key(f"members/{leader.name}")
    with Load(cluster.proxies) as load:
        for node in cluster.nodes:
            processes.send(node.etcd_members() or [node.etcd.pid], 9)
            load.wait_flowing(60)
            if not node.etcd.is_alive():
                node.etcd.kill()
                node.etcd.start()
            wait_until(f"etcd of {node.name}", lambda: "is healthy" in health(cluster, node), 60)
    assert cluster.whole() is leader, epoch
    load.expect_untouched()


def health(cluster, node):
    done = processes.subprocess.run(["etcdctl", f"--endpoints=http://{node.address}:2379", "endpoint", "health"],
                                    text=True, capture_output=True, timeout=20,
                                    env={**processes.os.environ, "ETCDCTL_API": "3"})
    return done.stdout + done.stderr


def test_when_all_etcd_is_lost_the_primary_gives_way_in_time_and_comes_back_with_it(cluster):
    system = cluster.leader().system_identifier()
    with Load(cluster.proxies) as load, WritabilityWatch(cluster.nodes) as watch:
        load.wait_flowing()
        for node in cluster.nodes:
            for pid in [node.etcd.pid, *node.etcd_members()]:
                processes.send([pid], 19)
        wait_until("nobody to be writable", lambda: nobody_writable(cluster), 60)
        stays_true("nobody is writable", lambda: nobody_writable(cluster), 3, every=0.2)
        assert all(node.value("select 1") == 1 for node in cluster.nodes), "reads should go on"
        for node in cluster.nodes:
            processes.send([node.etcd.pid, *node.etcd_members()], 18)
        leader = cluster.whole()
        load.wait_flowing()
    watch.verdict()
    load.check(leader)
    assert leader.system_identifier() == system


def nobody_writable(cluster):
    return all(node.value("select pg_is_in_recovery()") for node in cluster.nodes)


def test_a_wiped_store_is_filled_again_and_nothing_is_initialised_anew(cluster):
    leader = cluster.leader()
    system = leader.system_identifier()
    with Load(cluster.proxies) as load:
        load.wait_flowing()
        cluster.etcdctl("del", "--prefix", "/service/")
        wait_until("the initialize key", lambda: cluster.key("initialize") == system, 60)
        leader = cluster.whole()
        load.wait_flowing()
    load.check(leader)
    assert {node.system_identifier() for node in cluster.nodes} == {system}
    assert cluster.dynamic()["synchronous_mode"] in ("on", True), "the dynamic configuration is lost"


def test_a_store_restored_from_an_old_snapshot_costs_no_write(cluster):
    system = cluster.leader().system_identifier()
    snapshot = cluster.root / "etcd.snapshot"
    cluster.etcdctl("snapshot", "save", str(snapshot))
    with Load(cluster.proxies) as load:
        load.wait_flowing()
        former = cluster.leader()
        former.kill_postmaster()  # so that another one leads than in the snapshot
        cluster.wait_leader(other_than=[former])
        load.wait_flowing()
        members = ",".join(f"{node.name}=http://{node.address}:2380" for node in cluster.nodes)
        for node in cluster.nodes:
            node.etcd.stop()
        for node in cluster.nodes:
            restore(cluster, node, snapshot, members)
        for node in cluster.nodes:
            node.etcd.start()
        leader = cluster.whole()
        load.wait_flowing()
    load.check(leader)
    assert {node.system_identifier() for node in cluster.nodes} == {system}


def restore(cluster, node, snapshot, members):
    place = node.directory / "etcd"
    assert (place / "member").is_dir()
    place.rename(node.directory / "etcd.before")
    processes.subprocess.run(
        ["etcdctl", "snapshot", "restore", str(snapshot), f"--name={node.name}", f"--data-dir={place}",
         f"--initial-cluster={members}", f"--initial-advertise-peer-urls=http://{node.address}:2380"],
        check=True, capture_output=True, timeout=30, env={**processes.os.environ, "ETCDCTL_API": "3"})
    for path in [place, *place.rglob("*")]:
        processes.hand_over(path)
    processes.subprocess.run(["rm", "-rf", str(node.directory / "etcd.before")], check=True)


def test_a_cluster_that_was_switched_off_comes_back_as_it_was(cluster):
    with Load(cluster.proxies) as load:
        load.wait_flowing(50)
    system = cluster.leader().system_identifier()
    for node in cluster.nodes:
        node.kill()
    for node in cluster.nodes:
        node.agent.start()  # before any etcd
    for node in cluster.nodes:
        node.agent.wait_log("DCS is not accessible")
        node.etcd.start()
    leader = cluster.whole(within=180)
    assert leader.system_identifier() == system
    load.check(leader)
