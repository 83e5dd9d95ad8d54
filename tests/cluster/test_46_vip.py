"""The address that floats between two hosts that run `holdfast vip`. Needs root."""

import os
import pathlib
import shutil

import pytest

from harness.frames import ArpTap, advert, say_arp, send_advert
from harness.network import can_make_namespaces
from harness.processes import Service, hand_over
from harness.virtual_router import VIP, HolderWatch, Host, Ours, Wire, settled
from harness.waiting import NotYet, wait_until
from harness.wellbeing import FakeProxy

pytestmark = pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2")

NAME = "test"  # of the short form's instance: that of the scope
FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
TRANSPORTS = ("unicast", "multicast")


@pytest.fixture
def wire(request):
    made = Wire()
    yield made
    made.remove(keep=getattr(request.node, "has_failed", False))


def short_form(wire, transport="unicast", roles=("vip",), **vip):
    """The file that is the same on both hosts. With `mcast_src_ip` adverts go to the group."""
    def config(number):
        source = {"mcast_src_ip": wire.address(number)} if transport == "multicast" else {}
        return {"scope": "test", "etcd3": {"hosts": "127.0.0.1:2379"},
                "nodes": {f"lb{each}": {"host": wire.address(each), "roles": list(roles)} for each in (1, 2)},
                "vip": {"address": f"{VIP}/24", "stats": {"listen": "0.0.0.0:9165"}, **source, **vip}}
    return config


def pair(wire, transport="unicast", environment=None, **options):
    config = short_form(wire, transport, **options)
    return [Ours(wire, f"lb{number}", number, config=config(number), environment=environment) for number in (1, 2)]


def started(wire, *arguments, **options):
    """Both, and the first has the address."""
    first, second = pair(wire, *arguments, **options)
    first.start()
    settled(wire, first)
    second.start()
    wait_until("BACKUP", lambda: second.state() == "BACKUP")
    return first, second


def full_form(priority=150, **more):
    return {"interface": "eth0", "virtual_router_id": 10, "priority": priority, "advert_int": "100ms",
            "virtual_ipaddress": [f"{VIP}/24"], **more}


def full_pair(wire, vip=None, **instance):
    """With the keys of keepalived: the first preempts the second."""
    return [Ours(wire, f"lb{number}", number, {**(vip or {}), "vrrp_instance": {"VI": full_form(priority, **instance)}})
            for number, priority in ((1, 150), (2, 100))]


def single(wire, vip=None, **instance):
    return Ours(wire, "lb1", 1, {**(vip or {}), "vrrp_instance": {"VI": full_form(**instance)}})


# ---- what happens to who has the address

def killed(_wire, router):
    router.kill()


def stopped(_wire, router):
    assert router.stop() == 0


def without_carrier(wire, router):
    wire.pull(router.name)


def with_its_link_down(_wire, router):
    router.ip("link", "set", "eth0", "down")


@pytest.mark.parametrize("fault", (killed, stopped, without_carrier, with_its_link_down))
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_address_moves_when_its_holder_is(wire, transport, fault):
    first, second = started(wire, transport)
    with HolderWatch(wire) as watch:
        fault(wire, first)
        settled(wire, second)
    if fault is not killed:  # the kernel ends the addresses of a killed one a moment later
        assert watch.doubles == []
    if first.is_alive():
        assert first.state() == "FAULT"
        first.ip("link", "set", "eth0", "up")
        wire.push_in("lb1")
    else:
        first.start()
    wait_until("the first to be a backup", lambda: first.state() == "BACKUP")
    settled(wire, second)
    assert second.transitions()[-1] == ("BACKUP", "MASTER")
    assert second.errors() == {}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_two_masters_that_could_not_hear_each_other_are_one_again_when_they_can(wire, transport):
    first, second = started(wire, transport)
    wire.cut("lb1")
    wait_until("both to have it", lambda: wire.holders() == ["lb1", "lb2"])
    wire.mend("lb1")
    settled(wire, first)  # it has the higher priority
    assert second.transitions()[-1] == ("MASTER", "BACKUP")


def test_a_frozen_holder_loses_the_address_and_is_a_backup_when_it_thaws(wire):
    first, second = started(wire)
    announced = first.statistics()["gratuitous_sent"]
    tap = ArpTap(wire.client)
    first.service.freeze()
    settled(wire, second, among=[second])
    settled(wire, second)  # the kernel has ended that of the frozen one
    tap.claims(VIP)
    first.service.thaw()
    wait_until("the thawed one to yield", lambda: first.state() == "BACKUP")
    assert "paused" in first.document()["transitions"][-1]["reason"]
    assert first.statistics()["gratuitous_sent"] == announced
    assert first.mac() not in tap.claims(VIP)
    tap.close()
    settled(wire, second)
    assert second.transitions()[-1] == ("BACKUP", "MASTER")


# ---- the proxy on the same host

@pytest.fixture
def proxies(wire):
    first, second = pair(wire, roles=("proxy", "vip"))
    made = [FakeProxy(first), FakeProxy(second)]
    first.start()
    settled(wire, first)
    second.start()
    wait_until("BACKUP", lambda: second.state() == "BACKUP")
    yield made
    for each in made:
        each.die()


def test_the_address_leaves_a_host_whose_proxy_has_died(wire, proxies):
    first, second = wire.routers
    proxies[0].die()
    settled(wire, second)
    assert "proxy" in first.row()["priority_why"]
    proxies[0].start()
    wait_until("the first to be well", lambda: not first.row()["is_sick"])
    settled(wire, second)
    proxies[1].die()
    settled(wire, first)


def test_the_address_leaves_a_host_whose_proxy_is_sick(wire, proxies):
    first, second = wire.routers
    proxies[0].say("sick it is draining")
    settled(wire, second)
    first.wait_log("the proxy of this host is not well", "it is draining")


def test_when_both_proxies_are_sick_the_address_stays_and_says_so(wire, proxies):
    first, second = wire.routers
    proxies[1].say("sick no server answers")
    wait_until("the second to be sick", lambda: second.row()["is_sick"])
    proxies[0].say("sick no server answers")
    wait_until("the first to be sick", lambda: first.row()["is_sick"])
    holder = wait_until("one holder", one_holder(wire))
    assert "nobody healthier answered" in next(each for each in wire.routers if each.name == holder).row()["reason"]
    settled(wire, next(each for each in wire.routers if each.name == holder))
    proxies[1].say("well")
    settled(wire, second)


def one_holder(wire):
    def look():
        holders = wire.holders()
        masters = [router.name for router in wire.routers if router.state() == "MASTER"]
        return holders[0] if len(holders) == 1 and masters == holders else None
    return look


# ---- tracking

def test_a_script_that_fails_moves_the_address(wire):
    flag = wire.directory / "disk-is-full"
    script = {"chk_disk": {"script": f"test ! -e {flag}", "interval": "50ms", "weight": -60}}
    first, second = full_pair(wire, {"vrrp_script": script}, track_script=["chk_disk"])
    second.start()
    first.start()
    settled(wire, first)
    flag.touch()
    wait_until("the priority to fall on both", lambda: (first.row()["priority"], second.row()["priority"]) == (90, 40))
    settled(wire, first)  # it fails everywhere: the order is as before
    second.config["vip"]["vrrp_script"]["chk_disk"]["weight"] = 0
    second.reload()
    wait_until("FAULT", lambda: second.state() == "FAULT")
    assert "chk_disk" in second.row()["reason"]
    flag.unlink()
    wait_until("the fault to end", lambda: (first.row()["priority"], second.state()) == (150, "BACKUP"))
    settled(wire, first)


def test_a_number_in_a_file_moves_the_address(wire):
    file = wire.directory / "weight"
    first, second = full_pair(wire, {"track_file": {"maintenance": {"file": str(file)}}})
    first.instance["track_file"] = ["maintenance weight 2"]
    first.write()
    second.start()
    first.start()
    settled(wire, first)
    assert first.row()["priority"] == 150  # a file that is not there is a 0
    file.write_text("-40\n")
    settled(wire, second)
    assert first.row()["priority"] == 70
    file.write_text("0\n")
    settled(wire, first)


def test_a_process_that_ends_moves_the_address(wire):
    program = wire.directory / wire.tag  # a name that no other process has
    shutil.copy("/bin/sleep", program)
    tracked = Service("tracked", [program, "600"], wire.directory, wire.directory / "tracked.log").start()
    first, second = full_pair(wire, {"vrrp_track_process": {"app": {"process": program.name, "weight": 0}}})
    first.instance["track_process"] = ["app"]
    first.write()
    second.start()
    first.start()
    settled(wire, first)
    tracked.kill()
    settled(wire, second)
    assert (first.state(), program.name in first.service.log_text()) == ("FAULT", False)
    tracked.start()
    settled(wire, first)


def test_a_second_interface_that_fails_moves_the_address(wire):
    first, second = full_pair(wire)
    wire.plug("lb1", "eth1")
    first.instance["track_interface"] = ["eth1 weight -100"]
    first.write()
    second.start()
    first.start()
    settled(wire, first)
    first.ip("link", "set", "eth1", "down")
    settled(wire, second)
    assert first.row()["priority"] == 50
    first.instance["track_interface"] = ["eth1"]
    first.reload()
    wait_until("FAULT", lambda: first.state() == "FAULT")
    first.ip("link", "set", "eth1", "up")
    settled(wire, first)


# ---- who is told

def test_scripts_and_the_pipe_are_told_what_keepalived_tells_them(wire):
    told, fifo = wire.directory / "told", wire.directory / "fifo"
    told.touch()
    hand_over(told)  # scripts are not run as root
    notify = {"notify": f"{script(wire, told)} any", "notify_master": f"{script(wire, told)} master",
              "notify_backup": f"{script(wire, told)} backup", "notify_fault": f"{script(wire, told)} fault",
              "notify_stop": f"{script(wire, told)} stop"}
    router = single(wire, {"global_defs": {"notify_fifo": str(fifo)}}, **notify)
    router.start()
    settled(wire, router)
    pipe = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    wire.pull("lb1")
    wait_until("FAULT", lambda: router.state() == "FAULT")
    wire.push_in("lb1")
    settled(wire, router)
    assert router.stop() == 0
    states = ["BACKUP", "MASTER", "FAULT", "BACKUP", "MASTER", "STOP"]
    lines = [f'INSTANCE "VI" {state} 150' for state in states]
    piped = os.read(pipe, 65536).decode().splitlines()
    os.close(pipe)
    assert piped == lines
    assert told.read_text().splitlines() == [
        line for state in states for line in (state.lower(), f"any INSTANCE VI {state} 150")]


def script(wire, told):
    file = wire.directory / "notify.sh"
    file.write_text(f'#!/bin/sh\necho "$@" >> {told}\n')
    file.chmod(0o755)
    return file


# ---- reload

def test_a_reload_keeps_the_address_whatever_changes_beside_it(wire):
    router = single(wire)
    router.start()
    settled(wire, router)
    with HolderWatch(wire) as watch:
        router.instance["virtual_ipaddress"].append("10.9.0.11/24")
        router.instance["priority"] = 120
        router.config["vip"]["vrrp_instance"]["VI_2"] = full_form(virtual_router_id=11,
                                                                  virtual_ipaddress=["10.9.0.12/24"])
        router.reload()
        for address in ("10.9.0.11", "10.9.0.12"):
            wait_until(f"{address} to come", lambda: router.has(address))
        assert router.row("VI")["priority"] == 120
        router.instance["virtual_ipaddress"].pop()
        router.instance["advert_int"] = "200ms"
        del router.config["vip"]["vrrp_instance"]["VI_2"]
        router.reload()
        for address in ("10.9.0.11", "10.9.0.12"):
            wait_until(f"{address} to go", lambda: not router.has(address))
        assert [row["name"] for row in router.document()["instances"]] == ["VI"]
    assert watch.seen == [["lb1"]]
    assert router.statistics("VI")["release_master"] == 0


def test_a_file_with_an_error_in_it_changes_nothing(wire):
    router = single(wire)
    router.start()
    settled(wire, router)
    with HolderWatch(wire) as watch:
        router.config["vip"]["vrrp_instance"]["VI"]["priorty"] = 10
        router.reload()
        router.wait_log("reload failed, nothing has changed", "priorty")
        assert router.row()["priority"] == 150
    assert watch.seen == [["lb1"]]


# ---- ownership: lease

@pytest.fixture
def store(wire):
    """An etcd on a host of its own."""
    host = Host(wire, "etcd", 50)
    url = f"http://{host.address}:2379"
    etcd = Service("etcd", [shutil.which("etcd"), "--data-dir", host.directory / "data", "--listen-client-urls", url,
                            "--advertise-client-urls", url, "--listen-peer-urls", "http://127.0.0.1:2380"],
                   host.directory, host.directory / "etcd.log", prefix=host.prefix, user={}).start()
    etcd.wait_log("ready to serve client requests")
    return url


def leased(wire, store, transport="unicast"):
    routers = pair(wire, transport, ownership="lease", lease_ttl="2s")
    for router in routers:
        router.config["etcd3"] = {"hosts": store.removeprefix("http://")}
        router.write()
    for router in routers:
        router.start()
    holder = wait_until("one holder", one_holder(wire))
    return sorted(routers, key=lambda router: router.name != holder)


def test_with_a_lease_an_isolated_holder_loses_the_address_before_another_gets_it(wire, store):
    first, second = leased(wire, store)
    with HolderWatch(wire) as watch:
        wire.cut(first.name)
        settled(wire, second)
        wire.mend(first.name)
        wait_until("a backup", lambda: first.state() == "BACKUP")
        settled(wire, second)
    assert watch.doubles == []
    assert [first.name] in watch.seen and watch.seen[-1] == [second.name]


def test_with_a_lease_there_is_one_holder_although_adverts_are_lost(wire, store):
    first, second = leased(wire, store, "multicast")
    with HolderWatch(wire) as watch:
        for router in (first, second):
            wire.filter_multicast(router.name)
        second.wait_log("the claim is not ours", first.name)
        settled(wire, first)
        first.kill()
        settled(wire, second)
    assert watch.doubles == []


def test_with_a_lease_an_orderly_stop_hands_it_over(wire, store):
    first, second = leased(wire, store)
    with HolderWatch(wire) as watch:
        assert first.stop() == 0
        settled(wire, second)
    assert watch.doubles == []


# ---- the interface

def test_an_interface_that_is_taken_away_and_given_back_has_the_address_again(wire):
    first, second = full_pair(wire)
    second.start()
    first.start()
    settled(wire, first)
    first.ip("link", "del", "eth0")
    settled(wire, second)
    assert first.state() == "FAULT" and "eth0 is not there" in first.row()["reason"]
    wire.plug("lb1", "eth0")
    first.ip("addr", "add", f"{first.address}/24", "dev", "eth0")
    settled(wire, first)


def test_an_interface_that_gets_another_name_is_gone_until_it_has_its_own_again(wire):
    first, second = full_pair(wire)
    second.start()
    first.start()
    settled(wire, first)
    rename(first, "eth0", "lan0")
    settled(wire, second)
    rename(first, "lan0", "eth0")
    settled(wire, first)


def rename(host, old, new):
    host.ip("link", "set", old, "down")
    host.ip("link", "set", old, "name", new)
    host.ip("link", "set", new, "up")


# ---- the address

def lifetime_of(router, address=VIP):
    """Of the address in the kernel; None: for ever."""
    for link in router.ip_json("addr", "show"):
        for each in link["addr_info"]:
            if each["local"] == address:
                return None if each["valid_life_time"] == 0xffffffff else each["valid_life_time"]
    raise NotYet(f"{router.name} has no {address}")


def test_an_address_that_somebody_has_set_by_hand_before_is_ours_to_end(wire):
    first, second = full_pair(wire)
    for router in (first, second):
        router.ip("addr", "add", f"{VIP}/24", "dev", "eth0")
        assert lifetime_of(router) is None
        router.start()
    wait_until("the first to be master", lambda: first.state() == "MASTER")
    settled(wire, first)
    assert lifetime_of(first) is not None
    first.kill()
    settled(wire, second)


def test_an_address_that_somebody_removes_comes_back(wire):
    router = single(wire)
    router.start()
    settled(wire, router)
    router.ip("addr", "del", f"{VIP}/24", "dev", "eth0")
    settled(wire, router)
    router.wait_log("an address of ours was not there", VIP)
    assert lifetime_of(router) is not None
    assert router.state() == "MASTER"


def test_another_host_with_our_address_is_named_by_its_hardware_address(wire):
    router = single(wire)
    router.start()
    settled(wire, router)
    stranger = Host(wire, "stranger", 66)
    tap = ArpTap(wire.client)
    say_arp(stranger, VIP)
    router.wait_log("another host answers for our address", VIP, stranger.mac())
    assert router.statistics()["address_conflicts"] == 1
    wait_until("ours to be announced again", lambda: router.mac() in tap.claims(VIP))
    tap.close()
    settled(wire, router)


# ---- strangers that speak VRRP

SOURCE = "10.9.0.66"
V2 = {"version": 2, "advert_int": "1s", "authentication": {"auth_type": "PASS", "auth_pass": "s3cr3t"}}
MINE = {"version": 2, "interval": 1, "password": "s3cr3t"}
STRANGERS = {  # our settings, what it sends, hops, the counter, words of the log
    "other addresses": ({}, advert(SOURCE, addresses=["10.9.0.77"]), 255, "addr_list_err", "10.9.0.77"),
    "another version": ({}, advert(SOURCE, **MINE), 255, "vers_err", "version 2"),
    "another password": (V2, advert(SOURCE, **MINE | {"password": "guess"}), 255, "auth_failure", "password"),
    "no password": (V2, advert(SOURCE, **MINE | {"password": None}), 255, "authtype_mismatch", "PASS"),
    "another interval": (V2, advert(SOURCE, **MINE | {"interval": 3}), 255, "advert_interval_err", "3 s"),
    "a hop between": ({}, advert(SOURCE), 254, "ip_ttl_err", "254"),
    "a wrong checksum": ({}, advert(SOURCE)[:6] + b"\x12\x34" + advert(SOURCE)[8:], 255, "chk_err", "checksum"),
    "half a packet": ({}, advert(SOURCE)[:10], 255, "packet_len_err", "length"),
    "another type": ({}, advert(SOURCE, kind=4), 255, "invalid_type_rcvd", "type"),
}


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_of_our_number_is_counted_named_once_and_not_obeyed(wire, stranger):
    settings, payload, hops, counter, words = STRANGERS[stranger]
    router = single(wire, **settings)
    router.start()
    settled(wire, router)
    host = Host(wire, "stranger", 66)
    send_advert(host, payload, times=5, ttl=hops)
    wait_until("all to be counted", lambda: router.statistics()[counter] == 5)
    assert router.errors() == {f"lb1: {counter}": 5}
    lines = [line for line in router.service.log_text().splitlines() if "advert dropped" in line]
    assert len(lines) == 1 and SOURCE in lines[0] and words in lines[0]
    assert router.transitions()[-1] == ("BACKUP", "MASTER")
    assert "s3cr3t" not in router.service.log_text()
    settled(wire, router)


def test_an_advert_that_is_right_is_obeyed(wire):
    """So that the others are dropped for what is wrong with them."""
    router = single(wire)
    router.start()
    settled(wire, router)
    send_advert(Host(wire, "stranger", 66), advert(SOURCE))
    wait_until("it to yield", lambda: ("MASTER", "BACKUP") in router.transitions())
    assert router.errors() == {}


def test_a_checksum_as_of_version_2_is_understood(wire):
    first, second = full_pair(wire)
    first.instance["v3_checksum_as_v2"] = True
    first.write()
    second.start()
    first.start()
    settled(wire, first)
    assert first.stop() == 0
    settled(wire, second)
    assert second.errors() == {}


# ---- what the host does not allow

@pytest.mark.parametrize("capability", ("net_raw", "net_admin"))
def test_without_a_capability_it_says_which_and_how_to_grant_it(wire, capability):
    words = ["setpriv", "--inh-caps", f"-{capability}", "--bounding-set", f"-{capability}", "--"]
    router = Ours(wire, "lb1", 1, {"vrrp_instance": {"VI": full_form()}}, words=words)
    router.start()
    assert router.service.wait_end() == 1
    line = router.wait_log(f"needs CAP_{capability.upper()}")
    assert "AmbientCapabilities=" in line
    assert wire.holders() == []


def test_two_masters_behind_a_filter_of_multicast_are_told_of_unicast_peer(wire):
    first, second = pair(wire, "multicast")
    for router in (first, second):
        wire.filter_multicast(router.name)
        router.start()
    wait_until("both to be master", lambda: [first.state(), second.state()] == ["MASTER", "MASTER"])
    wait_until("one to say what to do", lambda: any(
        "unicast_peer" in router.service.log_text() for router in (first, second)))


def test_it_runs_with_a_real_time_priority_unless_told_not_to(wire):
    router = single(wire)
    router.start()
    settled(wire, router)
    assert os.sched_getscheduler(router.service.pid) & ~0x40000000 == os.SCHED_RR
    router.stop()
    router.config["vip"]["global_defs"] = {"vrrp_rt_priority": 0}
    router.write()
    router.start()
    settled(wire, router)
    assert os.sched_getscheduler(router.service.pid) & ~0x40000000 == os.SCHED_OTHER


@pytest.mark.skipif(FAKETIME is None, reason="the package libfaketime is not installed")
@pytest.mark.parametrize("step", ("-3600", "+3600"))
def test_a_wall_clock_that_is_set_changes_nothing(wire, step):
    clock = wire.directory / "clock"
    clock.write_text("+0\n")
    environment = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
                   "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    first, second = started(wire, environment=environment)
    with HolderWatch(wire) as watch:
        clock.write_text(f"{step}\n")
        sent = first.statistics()["advert_sent"]
        wait_until("the time to go on", lambda: first.statistics()["advert_sent"] > sent + 20)
        settled(wire, first)
    assert watch.seen == [["lb1"]]
    assert second.transitions() == [("INIT", "BACKUP")]
