"""What a host says when it can't start, and that it then touches nothing."""

import contextlib
import re
import socket

import pytest

from harness import program
from harness.cluster import short_directory
from harness.processes import hand_over
from harness.waiting import wait_until

GOOD = """scope: payments
data_root: {root}/data
nodes:
  pg1: 127.0.0.91
  lb1: {{host: 127.0.0.92, roles: [proxy]}}
passwords: {{superuser: a, replication: b}}
"""

BROKEN = {
    "an unknown key": ("postgresql:\n  pg_ctl_timeot: 10\n", 8, ["postgresql.pg_ctl_timeot", "pg_ctl_timeout"]),
    "an unknown key at the top": ("scpoe: x\n", 7, ["scpoe", "scope"]),
    "a wrong type": ("etcd_server:\n  snapshot_count: many\n", 8, ["etcd_server.snapshot_count"]),
    "a value out of bounds": ("bootstrap:\n  dcs:\n    ttl: 5\n", 9, ["bootstrap.dcs.ttl", "20"]),
    "a word that is none of those allowed": ("watchdog:\n  mode: sometimes\n", 8, ["watchdog.mode", "automatic"]),
    "something that 'nodes' decides": ("restapi:\n  listen: 127.0.0.1:8008\n", 8, ["restapi.listen", "nodes"]),
    "another consensus store": ("consul:\n  host: 127.0.0.1\n", 7, ["consul", "etcd3"]),
    "a time that is none": ("proxy:\n  hold_timeout: soon\n", 8, ["proxy.hold_timeout"]),
    "text that is no YAML": ("log: [\n", None, []),
    "a key twice": ("scope: again\n", 7, ["scope"]),
}


@pytest.fixture
def place():
    root = short_directory("hf-config-")
    yield root
    program.subprocess.run(["rm", "-rf", str(root)], check=True)


def write(place, addition):
    path = place / "holdfast.yaml"
    path.write_text(GOOD.format(root=place) + addition)
    hand_over(path)
    return path


@pytest.mark.parametrize("what", BROKEN)
def test_a_configuration_error_is_said_with_its_line_before_anything_starts(place, what):
    addition, line, words = BROKEN[what]
    path = write(place, addition)
    for verb in (["config", "check", path], ["-c", path, "agent", "--node", "pg1"], ["-c", path, "run", "--node", "pg1"]):
        done = program.run(*verb)
        said = done.stdout + done.stderr
        assert done.returncode == 2, said
        where = rf"{re.escape(str(path))}:{line if line else '[0-9]+'}\b"
        assert re.search(where, said), f"no {where} in: {said}"
        assert all(word in said for word in words), said
    assert not (place / "data").exists(), "something was made before the configuration was found wrong"


def test_a_good_configuration_is_said_to_be_good_and_shown_with_its_origins(place):
    path = write(place, "")
    assert program.run("config", "check", path, "--node", "pg1").returncode == 0
    shown = program.run("config", "show", path, "--node", "pg1", check=True).stdout
    assert "127.0.0.91:5432" in shown
    assert "passwords" not in shown or "superuser: a" not in shown, "a password is shown"


def test_a_missing_file_is_said(place):
    done = program.run("-c", place / "nowhere.yaml", "run")
    assert done.returncode == 2 and "nowhere.yaml" in done.stdout + done.stderr


def test_a_host_that_is_none_of_the_nodes_is_told_so(place):
    done = program.run("-c", write(place, ""), "agent", "--node", "pg7")
    assert done.returncode == 2 and "pg7" in done.stdout + done.stderr


@contextlib.contextmanager
def occupied(address, port):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((address, port))
        taken.listen()
        yield


@pytest.mark.parametrize("port", [5000, 5001, 7000])
def test_a_proxy_whose_port_is_taken_says_which(make_cluster, port):
    cluster = make_cluster(nodes=1, proxies=1)
    proxy = cluster.proxies[0]
    with occupied(proxy.address, port):
        proxy.start()
        assert proxy.service.wait_end() == 1
    assert f"{proxy.address}:{port}" in proxy.service.log_text(), proxy.service.log_text()
    assert "in use" in proxy.service.log_text()


def test_an_agent_whose_rest_port_is_taken_says_so_and_touches_nothing(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    node = cluster.nodes[0]
    node.etcd.start()
    with occupied(node.address, 8008):
        node.agent.start()
        assert node.agent.wait_end() == 1
    node.agent.wait_log(f"{node.address}:8008", "in use")
    assert not node.data_dir.exists()


def test_an_etcd_whose_port_is_taken_says_so_and_comes_up_when_it_is_free(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    node = cluster.nodes[0]
    with occupied(node.address, 2379):
        node.etcd.start()
        node.etcd.wait_log(f"{node.address}:2379", "in use")
    if not node.etcd.is_alive():
        node.etcd.start()
    node.agent.start()
    cluster.wait_leader()


def test_postgresql_whose_port_is_taken_says_so_and_starts_when_it_is_free(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    node = cluster.nodes[0]
    with occupied(node.address, 5432):
        node.start()
        node.agent.wait_log("5432", within=90)
        wait_until("the agent to say that PostgreSQL's address is in use",
                   lambda: "in use" in node.agent.log_text().lower(), 60)
    cluster.wait_leader(120)


def test_etcd_that_is_down_at_the_start_is_waited_for(make_cluster):
    cluster = make_cluster(nodes=1, proxies=0)
    node = cluster.nodes[0]
    node.agent.start()
    node.agent.wait_log("DCS is not accessible")
    assert not node.data_dir.exists()
    node.etcd.start()
    cluster.wait_leader()
