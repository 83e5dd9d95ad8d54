"""Data directories and passwords that are not what they should be: said clearly, nothing removed, no initdb over data."""

import os
import subprocess

import pytest
import yaml

from harness import processes
from harness.configuration import merged
from harness.waiting import NotYet, stays_true, wait_until

BIN = "/usr/lib/postgresql/15/bin"


def listing(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def contents(directory):
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def single(make_cluster):
    return make_cluster(nodes=1, proxies=0)


def test_a_directory_with_foreign_files_is_left_alone(single):
    node = single.nodes[0]
    node.data_dir.mkdir()
    processes.hand_over(node.data_dir)
    keep = node.data_dir / "thesis.txt"
    keep.write_text("the only copy")
    processes.hand_over(keep)
    node.start()
    node.agent.wait_log(str(node.data_dir), "not a PostgreSQL cluster")
    stays_true("nothing is made or removed", lambda: listing(node.data_dir) == ["thesis.txt"], 3, every=0.2)
    assert keep.read_text() == "the only copy" and single.leader() is None


def test_data_of_another_major_version_is_left_alone(single):
    node = single.nodes[0]
    make_database(node.data_dir)
    (node.data_dir / "PG_VERSION").write_text("13\n")
    before = contents(node.data_dir)
    node.start()
    node.agent.wait_log("PostgreSQL 13", "15")
    stays_true("nobody leads", lambda: single.leader() is None and node.postmaster() is None, 3, every=0.2)
    assert contents(node.data_dir) == before, "a directory that can't be used was changed"


def make_database(directory):
    subprocess.run([f"{BIN}/initdb", "-D", str(directory), "-U", "postgres", "-A", "trust", "--no-sync"], check=True,
                   capture_output=True, cwd="/", **processes.identity())


def test_data_of_another_cluster_is_refused(single):
    node = single.nodes[0]
    single.start()
    system = single.wait_leader().system_identifier()
    assert node.agent.stop() == 0
    node.data_dir.rename(node.directory / "kept")
    make_database(node.data_dir)
    before, mark = contents(node.data_dir), node.agent.log_mark()
    node.agent.start()
    node.agent.wait_log(system, since=mark)
    stays_true("nobody leads with it", lambda: node.postmaster() is None, 3, every=0.2)
    assert contents(node.data_dir) == before, "a directory that is not ours was changed"
    assert single.key("initialize") == system
    assert node.agent.stop() == 0
    subprocess.run(["rm", "-rf", str(node.data_dir)], check=True)
    (node.directory / "kept").rename(node.data_dir)
    node.agent.start()
    assert single.wait_leader().system_identifier() == system


def test_a_directory_that_is_not_writable_is_said(single):
    node = single.nodes[0]
    node.etcd.start()
    wait_until("etcd's directory", lambda: (node.directory / "etcd").exists())
    node.directory.chmod(0o500)
    try:
        node.agent.start()
        node.agent.wait_log("not writable")
    finally:
        node.directory.chmod(0o755)
    if not node.agent.is_alive():
        node.agent.start()
    single.wait_leader()


def only_agent(cluster, node):
    """The node runs no etcd."""
    document = yaml.safe_load(cluster.config.read_text())
    document["nodes"][node.name] = {"host": node.address, "roles": ["agent"]}
    cluster.write_config(yaml.safe_dump(document, sort_keys=False))
    node.etcd = None


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_clone_on_a_full_disk_is_said_and_made_once_there_is_room(make_cluster):
    cluster = make_cluster(nodes=2, proxies=0)
    first, second = cluster.nodes
    only_agent(cluster, second)  # etcd on this disk would fill it first
    other_config(cluster, first, {"nodes": {second.name: None}})  # it need not wait for the other one
    first.start()
    first.wait_primary()
    first.sql("create table ballast as select repeat(md5(n::text), 30) from generate_series(1, 50000) n")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m,mode=0755", "none", str(second.directory)], check=True)
    processes.hand_over(second.directory)
    try:
        second.start()
        second.agent.wait_log("No space left on device", within=120)
        assert cluster.leader() is first
        subprocess.run(["mount", "-o", "remount,size=800m", str(second.directory)], check=True)
        cluster.whole(180)
    finally:
        cluster.stop()
        subprocess.run(["umount", "-l", str(second.directory)], check=True)


def other_config(cluster, node, changes):
    """Lets one node read a file of its own."""
    path = cluster.root / f"{node.name}.yaml"
    path.write_text(yaml.safe_dump(merged(yaml.safe_load(cluster.config.read_text()), changes)))
    path.chmod(0o600)
    processes.hand_over(path)
    node.agent.command[node.agent.command.index(str(cluster.config))] = str(path)
    return path


def test_a_wrong_replication_password_is_said_and_mended_by_a_reload(make_cluster):
    cluster = make_cluster(nodes=2, proxies=0)
    only_agent(cluster, cluster.nodes[1])
    first, second = cluster.nodes
    other_config(cluster, first, {"nodes": {second.name: None}})  # it need not wait for the other one
    first.start()
    first.wait_primary()
    path = other_config(cluster, second, {"passwords": {"replication": "wrong"}})
    second.start()
    second.agent.wait_log("password authentication failed", "replicat", within=90)
    assert not (second.data_dir / "PG_VERSION").exists()
    path.write_text(cluster.config.read_text())
    second.agent.signal(1)
    cluster.whole()


def test_a_wrong_superuser_password_is_said(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    node = cluster.nodes[0]
    cluster.start()
    cluster.wait_leader()
    assert node.agent.stop() == 0
    other_config(cluster, node, {"passwords": {"superuser": "wrong"}})
    inode, mark = (node.data_dir / "PG_VERSION").stat().st_ino, node.agent.log_mark()
    node.agent.start()
    node.agent.wait_log("password", "postgres", "wrong", since=mark, within=90)
    assert (node.data_dir / "PG_VERSION").stat().st_ino == inode


def test_a_second_member_of_the_same_name_is_refused(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    cluster.start()
    leader = cluster.wait_leader()
    twin_directory = cluster.root / "twin"
    twin_directory.mkdir()
    processes.hand_over(twin_directory)
    endpoint = f"{leader.address}:2379"
    twin = cluster._node("pg1", cluster.network.address(15))
    path = other_config(cluster, twin, {
        "data_root": str(twin_directory), "etcd3": {"hosts": [endpoint]},
        "nodes": {"pg1": {"host": twin.address, "roles": ["agent"]}}})
    assert path.exists()
    twin.agent.log = cluster.logs / "twin.log"
    twin.agent.start()
    assert twin.agent.wait_end() == 1
    twin.agent.wait_log("pg1", "already runs", leader.address)
    assert cluster.leader() is leader


def test_a_server_that_refuses_to_start_is_said_and_replaced(make_cluster):
    cluster = make_cluster(nodes=3, proxies=1).up()
    leader = cluster.leader()
    # The data of this member can't be read any more: as after a mistake, or with a broken disk.
    # It may be set aside and cloned anew, so the folder is held on to and not looked up again by its name.
    folder = os.open(leader.data_dir / "global", os.O_RDONLY)
    os.rename("pg_filenode.map", leader.directory / "filenode.kept", src_dir_fd=folder)
    leader.kill_postmaster()
    successor = cluster.wait_leader(other_than=(leader,), within=120)
    cluster.proxies[0].sql("create table after_it (id int)")
    wait_until("the failure to be said", lambda: "pg_filenode.map" in leader.agent.log_text(), 60)
    os.rename(leader.directory / "filenode.kept", "pg_filenode.map", dst_dir_fd=folder)
    os.close(folder)
    assert cluster.whole(180) is successor
