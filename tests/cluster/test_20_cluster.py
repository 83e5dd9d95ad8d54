"""A healthy cluster, as its users, operators and other programs see it."""

import json
import re
import subprocess

import pytest
import requests
import yaml

from harness import program
from harness.load import Load
from harness.processes import Service, identity
from harness.waiting import NotYet, wait_until


@pytest.fixture(scope="module")
def running(make_module_cluster):
    return make_module_cluster().up()


@pytest.fixture
def cluster(running):
    running.mend()
    running.whole()
    return running


def test_three_hosts_started_at_once_make_one_cluster(cluster):
    identifiers = {node.system_identifier() for node in cluster.nodes}
    assert identifiers == {cluster.key("initialize")}
    bootstraps = [node.name for node in cluster.nodes if "bootstrapped a new cluster" in node.agent.log_text()]
    assert len(bootstraps) == 1


def test_the_primary_streams_to_all_others_each_by_its_own_slot(cluster):
    leader = cluster.leader()
    names = {node.name for node in cluster.nodes if node is not leader}
    rows = leader.sql("select application_name, slot_name from pg_stat_replication r "
                      "join pg_replication_slots s on s.active_pid = r.pid")
    assert {row[0] for row in rows} == {row[1] for row in rows} == names


def test_checksums_are_on_as_initdb_was_told(cluster):
    assert cluster.leader().value("show data_checksums") == "on"


def test_nothing_waits_for_a_restart_in_a_new_cluster(cluster):
    pending = {node.name: node.status().get("pending_restart_reason") for node in cluster.nodes}
    assert not any(pending.values()), pending


def test_settings_of_the_dynamic_configuration_are_in_force_everywhere(cluster):
    assert {node.value("show max_connections") for node in cluster.nodes} == {"60"}


HEALTH = {  # path: status on (leader, synchronous standby, other replica)
    "/": (200, 503, 503),
    "/primary": (200, 503, 503),
    "/read-write": (200, 503, 503),
    "/master": (200, 503, 503),
    "/leader": (200, 503, 503),
    "/standby-leader": (503, 503, 503),
    "/replica": (503, 200, 200),
    "/replica?lag=1MB": (503, 200, 200),
    "/replica?lag=16kB&replication_state=streaming": (503, 200, 200),
    "/replica?tag_zone=north": (503, 503, 503),
    "/read-only": (200, 200, 200),
    "/sync": (503, 200, 503),
    "/synchronous": (503, 200, 503),
    "/read-only-sync": (200, 200, 503),
    "/async": (503, 503, 200),
    "/asynchronous": (503, 503, 200),
    "/quorum": (503, 503, 503),
    "/health": (200, 200, 200),
    "/liveness": (200, 200, 200),
    "/readiness": (200, 200, 200),
    "/readiness?lag=10MB&mode=write": (200, 200, 200),
}


def test_every_health_check_answers_by_role(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    other = next(node for node in cluster.nodes if node not in (leader, sync))
    for method in ("GET", "HEAD", "OPTIONS"):
        for path, expected in HEALTH.items():
            def answers():
                seen = tuple(node.rest(method, path).status_code for node in (leader, sync, other))
                if seen != expected:
                    raise NotYet(f"{method} {path}: {seen}, not {expected}")
                return True
            wait_until(f"{method} {path} to answer by role", answers, 15)  # lag is of the last second
    head = leader.rest("HEAD", "/primary")
    assert head.content == b""


def test_the_status_document_has_what_patroni_says(cluster):
    leader = cluster.leader()
    status = leader.status()
    assert status["state"] == "running" and status["role"] == "primary"
    assert status["xlog"]["location"] > 0 and status["timeline"] >= 1
    assert status["database_system_identifier"] == leader.system_identifier()
    assert status["patroni"]["scope"] == cluster.scope and status["patroni"]["name"] == leader.name
    assert {row["state"] for row in status["replication"]} == {"streaming"}
    standby = cluster.sync_standby().status()
    assert standby["role"] == "replica" and standby["sync_standby"] is True
    assert standby["replication_state"] == "streaming"
    assert set(standby["xlog"]) == {"received_location", "replayed_location", "replayed_timestamp", "paused"}


def test_the_cluster_document_lists_all_members(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    for node in cluster.nodes:
        document = node.get("/cluster").json()
        roles = {member["name"]: member["role"] for member in document["members"]}
        assert set(roles) == {"pg1", "pg2", "pg3"} and document["scope"] == cluster.scope
        assert roles[leader.name] == "leader" and roles[sync.name] == "sync_standby"
        assert {member["host"] for member in document["members"]} == {n.address for n in cluster.nodes}


def test_metrics_can_be_read_by_prometheus(cluster):
    line = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]+="[^"]*",?)*\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$')
    for node in cluster.nodes:
        text = node.get("/metrics").text
        for sample in text.splitlines():
            assert sample.startswith("#") or line.match(sample), sample
        labels = f'{{scope="{cluster.scope}",name="{node.name}"}}'
        assert f"patroni_primary{labels} {1 if node is cluster.leader() else 0}" in text
        assert f"patroni_postgres_running{labels} 1" in text
    for proxy in cluster.proxies:
        for sample in proxy.stats("/metrics").text.splitlines():
            assert sample.startswith("#") or line.match(sample), sample


def test_a_patched_setting_reaches_every_server(cluster):
    cluster.patch({"postgresql": {"parameters": {"work_mem": "5MB"}}})
    wait_until("work_mem on every server", lambda: {n.value("show work_mem") for n in cluster.nodes} == {"5MB"}, 30)
    assert cluster.leader().get("/config").json()["postgresql"]["parameters"]["work_mem"] == "5MB"
    cluster.patch({"postgresql": {"parameters": {"work_mem": None}}})
    wait_until("work_mem as before", lambda: {n.value("show work_mem") for n in cluster.nodes} == {"4MB"}, 30)


def test_a_bad_patch_is_refused_and_changes_nothing(cluster):
    leader = cluster.leader()
    before = leader.get("/config").json()
    for bad in ({"ttl": 3}, {"ttl": "often"}, {"synchronous_mode": "perhaps"}):
        answer = leader.rest("PATCH", "/config", json=bad)
        assert answer.status_code == 400 and list(bad)[0] in answer.text, answer.text
    assert leader.rest("PATCH", "/config", data="{not json").status_code == 400
    assert leader.get("/config").json() == before


# ---- command line

def patronictl_file(cluster):
    path = cluster.root / "patronictl.yaml"
    hosts = [f"{node.address}:2379" for node in cluster.nodes]
    path.write_text(yaml.safe_dump({"scope": cluster.scope, "etcd3": {"hosts": hosts}}))
    path.chmod(0o644)
    return path


def rows_of(text):
    keys = ("Cluster", "Member", "Host", "Role", "TL")
    return sorted(tuple(row.get(key) for key in keys) for row in json.loads(text))


def test_debians_patronictl_lists_the_cluster_and_ours_agrees(cluster):
    theirs = subprocess.run(["/usr/bin/patronictl", "-c", patronictl_file(cluster), "list", "-f", "json"],
                            capture_output=True, text=True, timeout=60)
    assert theirs.returncode == 0, theirs.stderr
    ours = cluster.cli("list", "-f", "json", check=True).stdout
    assert rows_of(theirs.stdout) == rows_of(ours)
    assert {row[3] for row in rows_of(ours)} == {"Leader", "Sync Standby", "Replica"}
    link = cluster.root / "patronictl"
    link.symlink_to(program.holdfast())
    linked = program.run("-c", patronictl_file(cluster), "list", cluster.scope, "-f", "json", program=str(link), check=True)
    assert rows_of(linked.stdout) == rows_of(ours)


def test_status_says_healthy_in_one_screen(cluster):
    def healthy():
        done = cluster.cli("status")
        if done.returncode != 0:
            raise NotYet(f"exit {done.returncode}: {done.stdout}{done.stderr}")
        return done
    text = wait_until("status to be healthy", healthy, 30).stdout
    assert cluster.leader().name in text


def test_the_query_verb_reads_from_the_chosen_role(cluster):
    done = cluster.cli("query", "-r", "replica", "-U", "postgres", "-d", "postgres", "-c", "select pg_is_in_recovery()",
                       "--format", "tsv", environment={"PGPASSWORD": "s3cret-super"}, check=True)
    assert "t" in done.stdout.split()[-1].lower(), done.stdout


# ---- routing

def test_reads_are_led_to_replicas_and_writes_to_the_primary(cluster):
    leader = cluster.leader()
    replicas = {node.address for node in cluster.nodes if node is not leader}
    for proxy in cluster.proxies:
        assert proxy.server_of() == leader.address
        held = [proxy.connect(port=proxy.READ) for _ in range(4)]
        seen = set()
        for connection in held:
            with connection.cursor() as cursor:
                cursor.execute("select host(inet_server_addr())")
                seen.add(cursor.fetchone()[0])
            connection.close()
        assert seen == replicas, "four connections at once should be spread over both replicas"


def test_the_stats_pages_name_every_server(cluster):
    for proxy in cluster.proxies:
        csv = proxy.stats("/;csv").text
        assert csv.startswith("# pxname,svname,")
        for node in cluster.nodes:
            assert f",{node.name}," in csv
        assert proxy.stats("/status").json()["gate"]["primary"] == cluster.leader().name


@pytest.fixture
def haproxy(cluster):
    address = cluster.network.address(31)
    lines = ["global", "  maxconn 200", "defaults", "  mode tcp", "  timeout connect 2s", "  timeout client 30s",
             "  timeout server 30s"]
    for name, port, check in (("write", 5000, "/primary"), ("read", 5001, "/replica?lag=1MB")):
        lines += [f"listen {name}", f"  bind {address}:{port}", f"  option httpchk OPTIONS {check}",
                  "  http-check expect status 200",
                  "  default-server inter 300ms fall 2 rise 1 on-marked-down shutdown-sessions"]
        lines += [f"  server {n.name} {n.address}:5432 check port 8008" for n in cluster.nodes]
    config = cluster.root / "haproxy.cfg"
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o644)
    service = Service("haproxy", ["/usr/sbin/haproxy", "-db", "-f", config], cluster.root, cluster.logs / "haproxy.log")
    service.start()
    yield address
    service.kill()


def test_a_real_haproxy_follows_a_switchover_by_the_health_checks(cluster, haproxy):
    lb = cluster.proxies[0]
    ask = lambda port: lb.server_of(port=port, host=haproxy)
    leader = cluster.leader()
    wait_until("haproxy to lead writes to the primary", lambda: ask(5000) == leader.address, 30)
    wait_until("haproxy to lead reads to a replica", lambda: ask(5001) != leader.address, 30)
    answer = leader.rest("POST", "/switchover", within=60, json={"leader": leader.name})
    assert answer.status_code == 200, answer.text
    successor = cluster.wait_leader(other_than=(leader,))
    wait_until("haproxy to follow", lambda: ask(5000) == successor.address, 30)


# ---- switchover

def test_a_planned_switchover_over_rest_loses_nothing_and_refuses_nobody(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    with Load(cluster.proxies) as load:
        answer = leader.rest("POST", "/switchover", within=60, json={"leader": leader.name, "candidate": sync.name})
        assert answer.status_code == 200, answer.text
        assert sync.name in answer.text
        load.wait_flowing()
        cluster.whole()
    assert cluster.leader() is sync
    assert load.check(sync) > 0
    load.expect_nobody_refused()
    assert "diverged" not in leader.agent.log_text().splitlines()[-1]
    history = wait_until("the history entry", lambda: sync.get("/history").json(), 20)
    assert history[-1][-1] == sync.name


def test_a_planned_switchover_by_the_command_line(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    done = cluster.cli("switchover", cluster.scope, "--leader", leader.name, "--candidate", sync.name, "--force", within=90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'"{sync.name}"' in done.stdout
    assert cluster.whole() is sync


def test_a_switchover_to_who_may_not_lead_is_refused_with_the_reason(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    other = next(node for node in cluster.nodes if node not in (leader, sync))
    for body, status, words in (
            ({"leader": leader.name, "candidate": other.name}, 412, "sync_standby"),
            ({"leader": leader.name, "candidate": "pg9"}, 412, ""),
            ({"leader": sync.name}, 412, "leader name does not match"),
            ({"leader": leader.name, "candidate": leader.name}, 400, "same"),
            ({"candidate": sync.name}, 400, "leader"),
            ({"leader": leader.name, "scheduled_at": "tomorrow"}, 422, "timestamp"),
            ({"leader": leader.name, "scheduled_at": "2020-01-01T00:00:00+00:00"}, 422, "past")):
        answer = leader.rest("POST", "/switchover", json=body)
        assert answer.status_code == status and words in answer.text, f"{body}: {answer.status_code} {answer.text}"
    assert cluster.leader() is leader
    assert cluster.key("failover") in ("", "{}")


def test_a_failover_to_a_chosen_member(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    done = cluster.cli("failover", cluster.scope, "--candidate", sync.name, "--force", within=90)
    assert done.returncode == 0, done.stdout + done.stderr
    assert cluster.whole() is sync


def test_a_scheduled_switchover_can_be_taken_back(cluster):
    leader = cluster.leader()
    answer = leader.rest("POST", "/switchover", json={"leader": leader.name, "scheduled_at": "2099-01-01T00:00:00+00:00"})
    assert answer.status_code == 202, answer.text
    shown = wait_until("the schedule to be shown", lambda: leader.get("/cluster").json().get("scheduled_switchover"), 10)
    assert shown["from"] == leader.name
    assert leader.rest("DELETE", "/switchover").status_code == 200
    assert leader.rest("DELETE", "/switchover").status_code == 404


def test_a_restart_over_rest_keeps_the_leader(cluster):
    replica = cluster.sync_standby()
    before = replica.postmaster()
    assert replica.rest("POST", "/restart", within=60, json={}).status_code == 200
    assert replica.postmaster() != before
    cluster.whole()


def test_a_replica_is_made_anew_by_reinit(cluster):
    leader, sync = cluster.leader(), cluster.sync_standby()
    replica = next(node for node in cluster.nodes if node not in (leader, sync))
    inode = (replica.data_dir / "PG_VERSION").stat().st_ino
    done = cluster.cli("reinit", cluster.scope, replica.name, "--force")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until("a new data directory", lambda: (replica.data_dir / "PG_VERSION").stat().st_ino != inode, 60)
    cluster.whole()


def test_credentials_are_asked_for_where_they_are_set(make_cluster):
    cluster = make_cluster({"restapi": {"authentication": {"username": "op", "password": "pw"}}}, nodes=1, proxies=0)
    cluster.start()
    leader = cluster.wait_leader()
    wait_until("the configuration to be in the DCS", lambda: cluster.key("config"))
    assert leader.rest("PATCH", "/config", json={"loop_wait": 5}).status_code == 401
    assert leader.rest("PATCH", "/config", json={"loop_wait": 5}, auth=("op", "no")).status_code == 401
    assert leader.rest("PATCH", "/config", json={"loop_wait": 5}, auth=("op", "pw")).status_code == 200
    assert leader.get("/patroni").status_code == 200
    for path in cluster.root.glob("logs/*"):
        assert "s3cret" not in path.read_text(errors="replace"), f"a password is in {path}"


def test_no_password_is_in_a_log_or_a_process_title(cluster):
    from harness.processes import command_line, processes_below
    for pid in processes_below(cluster.root):
        assert "s3cret" not in command_line(pid), command_line(pid)
    for path in cluster.logs.iterdir():
        assert "s3cret" not in path.read_text(errors="replace"), f"a password is in {path}"
