"""Many, slow and hostile clients: the others are served."""

import resource
import socket
import time

import pytest
import requests

from harness.load import Load
from harness.waiting import NotYet, wait_until

NONSENSE = (b"\0" * 64, b"\xff" * 4096, b"GET / HTTP/1.1\r\n\r\n" * 50, b"\x7f\xff\xff\xff" + b"A" * 100,
            b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster().up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def ports_of(cluster):
    proxy, node = cluster.proxies[0], cluster.leader()
    return [(proxy.address, proxy.WRITE), (proxy.address, proxy.READ), (proxy.address, proxy.STATS), (node.address, 8008)]


def test_garbage_on_every_port_hurts_nobody_else(cluster):
    before = {node.name: node.agent.pid for node in cluster.nodes}
    with Load(cluster.proxies) as load:
        for address, port in ports_of(cluster):
            for nonsense in NONSENSE:
                with socket.create_connection((address, port), timeout=5) as client:
                    client.settimeout(0.2)
                    try:
                        client.sendall(nonsense)
                        client.recv(1000)
                    except OSError:
                        pass  # hung up on, or nothing answered: both are right
        load.wait_flowing()
        load.expect_untouched()
    assert all(node.agent.is_alive() and node.agent.pid == before[node.name] for node in cluster.nodes)
    assert all(proxy.service.is_alive() for proxy in cluster.proxies)
    cluster.whole()


def test_garbage_after_the_upgrade_to_a_heartbeat_stream_hurts_nobody_else(cluster):
    node = cluster.leader()
    url = node.url("/heartbeat")
    protocol = None
    for word in ("holdfast-heartbeat/1", "holdfast-heartbeat", "holdfast"):
        request = f"GET /heartbeat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {word}\r\n\r\n".encode()
        with socket.create_connection((node.address, 8008), timeout=5) as client:
            client.settimeout(5)
            client.sendall(request)
            first = client.recv(100)
            if b" 101 " in first:
                protocol = word
                for nonsense in NONSENSE:
                    try:
                        client.sendall(nonsense)
                    except OSError:
                        break
                break
    assert protocol, f"{url} takes none of the names tried"
    assert node.agent.is_alive()
    cluster.whole()


def test_half_open_and_silent_connections_on_every_port_hurt_nobody_else(cluster):
    silent = [socket.create_connection(place, timeout=5) for place in ports_of(cluster) for _ in range(30)]
    for client in silent[::2]:
        client.sendall(b"\0")
    try:
        with Load(cluster.proxies) as load:
            load.wait_flowing()
        load.expect_untouched()
        assert cluster.leader().check("/primary") == 200
    finally:
        for client in silent:
            client.close()


def test_a_slow_loris_on_rest_is_thrown_out_and_others_are_answered(cluster):
    node = cluster.leader()
    slow = [socket.create_connection((node.address, 8008), timeout=5) for _ in range(100)]
    try:
        for client in slow:
            client.sendall(b"GET /patroni HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            client.setblocking(False)
        assert node.check("/primary") == 200

        def thrown_out():
            gone = 0
            for client in slow:
                try:
                    client.send(b"a")
                    gone += client.recv(10) == b"" or 1
                except BlockingIOError:
                    pass
                except OSError:
                    gone += 1
            assert node.check("/primary", within=5) == 200
            if gone < len(slow):
                raise NotYet(f"{gone} of {len(slow)} are gone")
            return True
        wait_until("every slow request to be ended", thrown_out, 90, every=0.5)
    finally:
        for client in slow:
            client.close()
    cluster.whole()


def test_two_thousand_idle_connections_on_a_proxy_hurt_nobody_else(cluster):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    proxy = cluster.proxies[0]
    cluster.patch({"proxy_only": None})
    idle = []
    try:
        for _ in range(2000):  # they say nothing: no backend of PostgreSQL is taken before the start-up packet
            idle.append(socket.create_connection((proxy.address, proxy.READ), timeout=30))
        wait_until("all to be counted", lambda: proxy.stats("/;csv").status_code == 200, 30)
        with Load(cluster.proxies) as load:
            load.wait_flowing()
        load.expect_untouched()
        assert proxy.service.is_alive()
    finally:
        for client in idle:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def all_gone():
        waiting = sum(listener["clients"] for listener in proxy.stats().json()["listeners"])
        if waiting > 5:
            raise NotYet(f"{waiting} clients are still counted")
        return True
    wait_until("the proxy to have forgotten them", all_gone, 60)
    cluster.whole()
