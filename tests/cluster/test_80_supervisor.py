"""`holdfast run`: all roles of one host under one supervisor, started by root."""

import os
import pathlib
import shutil
import tempfile

import pytest

from harness import processes, program
from harness.waiting import wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")


@pytest.fixture
def hidden():
    """The program in a folder that root alone may enter, as a clone in root's home is."""
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hf-hidden-", dir="/tmp"))
    yield shutil.copy(program.built(), directory / "holdfast")
    shutil.rmtree(directory)


def test_the_roles_run_as_the_user_of_the_servers_wherever_the_program_lies(make_cluster, hidden):
    cluster = make_cluster(nodes=1, proxies=1)
    node, proxy = cluster.nodes[0], cluster.proxies[0]
    hosts = [processes.Service(f"host {name}", [hidden, "run", "-c", cluster.config, "--node", name], directory,
                               cluster.logs / f"{name}-run.log", user={}).start()
             for name, directory in ((node.name, node.directory), (proxy.name, proxy.directory))]
    try:
        node.wait_primary()
        server = processes.identity()["user"]
        assert {os.stat(f"/proc/{pid}").st_uid for pid in node.postgres_processes()} == {server}
        roles = set(processes.processes_below(node.directory)) - {hosts[0].pid}
        assert {os.stat(f"/proc/{pid}").st_uid for pid in roles} == {server}
        wait_until("the proxy to lead there", lambda: proxy.server_of() == node.address)
    finally:
        ended = [host.stop() for host in reversed(hosts)]
    assert ended == [0, 0]
    assert not processes.processes_below(node.directory), "something was left running"
