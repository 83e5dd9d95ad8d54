"""`holdfast vip` and a real keepalived share a virtual router. Needs root and keepalived."""

import concurrent.futures
import subprocess

import pytest

from harness.network import can_make_namespaces
from harness.virtual_router import KEEPALIVED, VIP, VIP6, Keepalived, Ours, Wire, settled
from harness.waiting import wait_until

pytestmark = [pytest.mark.skipif(not can_make_namespaces(), reason="network namespaces need root and iproute2"),
              pytest.mark.skipif(not KEEPALIVED, reason="keepalived is not installed")]

OTHER = {"holdfast": "keepalived", "keepalived": "holdfast"}
V2 = {"version": 2, "advert_int": 1, "authentication": {"auth_type": "PASS", "auth_pass": "s3cr3t"}}
V3 = {"version": 3, "advert_int": 0.1}
VERSIONS = {"v2": V2, "v3": V3}


def settings_of(priority, common, **more):
    return {"state": "BACKUP", "interface": "eth0", "virtual_router_id": 51, "priority": priority,
            "virtual_ipaddress": [f"{VIP}/24"], **common, **more}


def ours_of(settings):
    """The same, as our file writes it: with units."""
    return {**settings, "advert_int": f"{round(settings['advert_int'] * 1000)}ms"}


def make(wire, program, number, settings):
    if program == "holdfast":
        return Ours(wire, program, number, {"vrrp_instance": {"VI": ours_of(settings)}})
    return Keepalived(wire, program, number, {"VI": settings})


def make_pair(wire, first, common, each=lambda _own, _peer: {}, **of_first):
    """The first has the higher priority. `each` gives what differs: (own address, the other's) -> settings."""
    addresses = [wire.address(1), wire.address(2)]
    master = make(wire, first, 1, settings_of(150, common, **each(*addresses), **of_first))
    standby = make(wire, OTHER[first], 2, settings_of(100, common, **each(*reversed(addresses))))
    return master, standby


def no_complaints(*routers):
    for router in routers:
        assert router.errors() == {}


def lose(wire, master, standby, address=VIP):
    """SIGKILL. What keepalived leaves behind in its kernel stays there: it is the neighbours who must know."""
    master.kill()
    settled(wire, standby, address, among=[standby])
    if isinstance(master, Ours):
        settled(wire, standby, address)


# ---- either as master, and all that can happen to it

def everything_happens_to_the_master(version, first):
    with Wire() as wire:
        master, standby = make_pair(wire, first, VERSIONS[version])
        master.start()
        standby.start()
        settled(wire, master)
        lose(wire, master, standby)

        master.start()
        settled(wire, master)
        assert (master.state(), standby.state()) == ("MASTER", "BACKUP")
        farewells = standby.statistics()["pri_zero_rcvd"]
        assert master.stop() == 0
        settled(wire, standby)
        assert standby.statistics()["pri_zero_rcvd"] > farewells

        master.start()
        settled(wire, master)
        wire.pull(master.name)
        settled(wire, standby)
        wait_until("FAULT", lambda: master.state() == "FAULT")
        wire.push_in(master.name)
        settled(wire, master)

        master.set_priority(50)
        settled(wire, standby)
        master.set_priority(150)
        settled(wire, master)
        standby.set_priority(200)
        settled(wire, standby)
        no_complaints(master, standby)


def who_returns_leaves_the_address_where_it_is(version, first):
    with Wire() as wire:
        returning, staying = make_pair(wire, first, VERSIONS[version], nopreempt=True)
        returning.start()
        settled(wire, returning)  # it would not take it from the other
        staying.start()
        wait_until("BACKUP", lambda: staying.state() == "BACKUP")
        lose(wire, returning, staying)

        returning.start()
        # Longer than it would listen before it takes over.
        wait_until("adverts heard", lambda: returning.statistics()["advert_rcvd"] >= 6)
        assert returning.state() == "BACKUP"
        settled(wire, staying)
        assert staying.stop() == 0
        settled(wire, returning)
        no_complaints(returning)


def unicast(own, peer):
    return {"unicast_src_ip": own, "unicast_peer": [peer]}


def takeover_and_return(first, common, address=VIP, each=lambda _own, _peer: {}):
    with Wire() as wire:
        master, standby = make_pair(wire, first, common, each)
        master.start()
        standby.start()
        settled(wire, master, address)
        lose(wire, master, standby, address)
        master.start()
        settled(wire, master, address)
        assert master.stop() == 0
        settled(wire, standby, address)
        no_complaints(standby)


# Version 2 counts in whole seconds: these run while others do.
SLOW = {f"{story.__name__}-{first}": (story, "v2", first)
        for story in (everything_happens_to_the_master, who_returns_leaves_the_address_where_it_is)
        for first in OTHER}
SLOW |= {f"takeover_and_return-{first}": (takeover_and_return, first, V2, VIP, unicast) for first in OTHER}


@pytest.fixture(scope="module", autouse=True)
def slow(request):
    """Results to come of those that this run has asked for."""
    wanted = {item.callspec.params["slow_story"] for item in request.session.items
              if item.module is request.module and hasattr(item, "callspec") and "slow_story" in item.callspec.params}
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(SLOW)) as pool:
        yield {name: pool.submit(*SLOW[name]) for name in wanted}


@pytest.mark.parametrize("first", OTHER)
def test_either_takes_over_from_the_other_whatever_happens_to_it(first):
    everything_happens_to_the_master("v3", first)


@pytest.mark.parametrize("first", OTHER)
def test_nopreempt_of_either_leaves_the_address_with_the_other(first):
    who_returns_leaves_the_address_where_it_is("v3", first)


@pytest.mark.parametrize("first", OTHER)
def test_they_speak_from_peer_to_peer(first):
    takeover_and_return(first, V3, each=unicast)


@pytest.mark.parametrize("first", OTHER)
def test_they_speak_over_ipv6(first):
    takeover_and_return(first, V3 | {"virtual_ipaddress": ["fe80::5e:10/64", f"{VIP6}/64"]}, VIP6)


# ---- what moves with the address

def test_what_is_set_in_the_kernel_is_what_keepalived_sets():
    """/24 and /32, excluded ones, a label, another interface, a scope, a broadcast address, routes."""
    common = V3 | {"virtual_ipaddress": [f"{VIP}/24", "10.9.0.11/32 label eth0:vip", "10.9.0.12/24 brd 10.9.0.255",
                                         "10.9.7.1/24 dev eth1 scope link"],
                   "virtual_ipaddress_excluded": ["10.9.0.13/32", "fd09::13/64"],
                   "virtual_routes": ["192.0.2.0/24 via 10.9.0.99 dev eth0 src 10.9.0.10 metric 7"]}
    with Wire() as wire:
        holdfast, keepalived = make_pair(wire, "holdfast", common)
        for host in (holdfast, keepalived):
            wire.plug(host.name, "eth1")
        before = what_kernel_has(holdfast)
        assert before == what_kernel_has(keepalived)
        holdfast.start()
        keepalived.start()
        settled(wire, holdfast)
        by_us = what_kernel_has(holdfast)
        assert holdfast.stop() == 0
        settled(wire, keepalived)
        by_keepalived = what_kernel_has(keepalived)
        assert len(by_us) == len(before) + 7
        assert by_us == by_keepalived
        assert what_kernel_has(holdfast) == before
        holdfast.start()
        settled(wire, holdfast)
        no_complaints(holdfast, keepalived)


def what_kernel_has(host):
    """Addresses and routes, without those that differ from host to host."""
    addresses = [(link["ifname"], each["local"], each["prefixlen"], each["scope"], each.get("label"),
                  each.get("broadcast"))
                 for link in host.ip_json("addr", "show") for each in link["addr_info"]
                 if each["local"] not in (host.address, host.address6) and not each["local"].startswith("fe80")]
    routes = [(route["dst"], route.get("gateway"), route["dev"], route.get("prefsrc"), route.get("metric"))
              for route in host.ip_json("route", "show", "192.0.2.0/24")]
    return sorted(addresses, key=str) + routes


def test_with_virtual_hardware_addresses_on_both_sides_clients_see_no_change():
    with Wire() as wire:
        holdfast, keepalived = make_pair(wire, "holdfast", V3 | {"use_vmac": True})
        # keepalived leaves it to the operator that the host asks for its neighbours in its own name.
        keepalived.set_sysctl("net/ipv4/conf/eth0/arp_announce", 2)
        holdfast.start()
        keepalived.start()
        settled(wire, holdfast)
        assert mac_of_vip(wire) == "00:00:5e:00:01:33"
        lose(wire, holdfast, keepalived)
        assert mac_of_vip(wire) == "00:00:5e:00:01:33"
        holdfast.start()
        settled(wire, holdfast)
        assert mac_of_vip(wire) == "00:00:5e:00:01:33"
        assert holdfast.stop() == 0
        settled(wire, keepalived)
        assert holdfast.ip_json("link", "show", "type", "macvlan") == []
        no_complaints(keepalived)


def mac_of_vip(wire):
    return wire.client.ip_json("neigh", "show", VIP)[0]["lladdr"]


@pytest.mark.parametrize("first", OTHER)
def test_in_a_sync_group_both_addresses_leave_a_host_that_has_lost_one_link(first):
    second = "10.9.1.10"
    with Wire() as wire:
        routers = {}
        for program, number in ((first, 1), (OTHER[first], 2)):
            priority = 150 if number == 1 else 100
            instances = {"VI_1": settings_of(priority, V3),
                         "VI_2": settings_of(priority, V3, interface="eth1", virtual_router_id=52,
                                             virtual_ipaddress=[f"{second}/24"])}
            if program == "holdfast":
                vip = {"vrrp_instance": {name: ours_of(each) for name, each in instances.items()},
                       "vrrp_sync_group": {"G": {"group": ["VI_1", "VI_2"]}}}
                router = Ours(wire, program, number, vip)
            else:
                router = Keepalived(wire, program, number, instances,
                                    rest="vrrp_sync_group G {\n group {\n VI_1\n VI_2\n }\n}\n")
            wire.plug(program, "eth1")
            router.ip("addr", "add", f"10.9.1.{number}/24", "dev", "eth1")
            routers[program] = router
        master, standby = routers[first], routers[OTHER[first]]
        for router in (master, standby):
            router.start()
        for address in (VIP, second):
            wait_holder(wire, master, address)
        settled(wire, master)
        subprocess.run(["ip", "-n", wire.switch, "link", "set", f"{first}.eth1", "down"], check=True)
        for address in (VIP, second):
            wait_holder(wire, standby, address)
        settled(wire, standby)
        subprocess.run(["ip", "-n", wire.switch, "link", "set", f"{first}.eth1", "up"], check=True)
        for address in (VIP, second):
            wait_holder(wire, master, address)
        settled(wire, master)
        no_complaints(master, standby)


def wait_holder(wire, router, address):
    wait_until(f"{router.name} alone to have {address}", lambda: wire.holders(address) == [router.name], 30)


# ---- the results of what has run meanwhile

@pytest.mark.parametrize("slow_story", SLOW)
def test_in_version_2_with_a_password(slow, slow_story):
    slow[slow_story].result()
