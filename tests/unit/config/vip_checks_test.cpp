#include "vip_fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::HasSubstr;

struct Case {
  const char* name;
  std::string yaml;
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const Case& each) {
  return out << each.name;
}

const std::string second =
    "    VI_2: {interface: eth0, virtual_router_id: 51, virtual_ipaddress: [10.0.9.1/24]}\n";
const std::string groups = "  vrrp_sync_group: {g: {group: [VI_1, VI_3]}, h: {group: [VI_1]}}\n";

class ImpossibleVip : public testing::TestWithParam<Case> {};

TEST_P(ImpossibleVip, is_refused_in_words) {
  EXPECT_THAT(problems_of(GetParam().yaml), HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Vip, ImpossibleVip,
    testing::Values(
        Case{"no_address", "scope: s\nroles: [vip]\n",
             "error: vip: has no address, and this host has the role vip: write 'vip: {address: "
             "10.0.1.10/24}'"},
        Case{"no_router_id",
             "scope: s\nvip: {vrrp_instance: {a: {interface: eth0, virtual_ipaddress: [10.0.0.1]}}}\n",
             "vip.vrrp_instance.a.virtual_router_id: is not set"},
        Case{"no_interface",
             "scope: s\nvip: {vrrp_instance: {a: {virtual_router_id: 1, virtual_ipaddress: [10.0.0.1]}}}\n",
             "a.interface: is not set, and neither is unicast_src_ip"},
        Case{"empty", with_instance("virtual_ipaddress: []"), "a virtual router needs an address"},
        Case{"mixed", with_instance("virtual_ipaddress: [10.0.0.1, '2001:db8::1']"), "of IPv4 and IPv6"},
        Case{"v2_ipv6", with_instance("version: 2, virtual_ipaddress: ['2001:db8::1']"),
             "IPv6 needs version 3"},
        Case{"v2_interval", with_instance("version: 2, advert_int: 1.5"),
             "version 2 counts in whole seconds"},
        Case{"v3_step", with_instance("advert_int: 15ms"), "version 3 counts in steps of 10ms"},
        Case{"v3_long", with_instance("advert_int: 41"), "up to 40.95s"},
        Case{"no_password", with_instance("version: 2, authentication: {auth_type: PASS}"),
             "authentication.auth_pass: is not set"},
        Case{"peer_family", with_instance("unicast_peer: ['fe80::1']"),
             "is not of the family of virtual_ipaddress"},
        Case{"strict", with_instance("strict_mode: true, unicast_peer: [10.0.0.3]"), "knows multicast only"},
        Case{"same_router", with_instance("") + second,
             "VI_2.virtual_router_id: '51' is that of VI_1 too, on the same interface"},
        Case{"same_address", with_instance("virtual_ipaddress: [10.0.9.1/24]") + second,
             "'10.0.9.1' is given twice, first in VI_1"},
        Case{"script",
             with_instance("track_script: [chk_dsik]") + "  vrrp_script: {chk_disk: {script: /x}}\n",
             "track_script: there is no 'chk_dsik'; did you mean 'chk_disk'? (known: chk_disk)"},
        Case{"file", with_instance("track_file: [x]"), "track_file: there is no 'x' (known: none)"},
        Case{"no_script", with_instance("") + "  vrrp_script: {a: {}}\n",
             "vip.vrrp_script.a.script: is not set"},
        Case{"group", with_instance("") + groups, "g.group: there is no instance 'VI_3' (known: VI_1)"},
        Case{"groups", with_instance("") + groups, "h.group: 'VI_1' is in group g already"},
        Case{"lease", with_instance("ownership: lease"), "lease needs a consensus store: set etcd3.hosts"},
        Case{"name", with_instance("interface: a_name_that_is_long"), "is longer than 15 characters"},
        Case{"proxy", with_instance("track_proxy: true"), "this host has no role proxy"},
        Case{"group4", with_instance("") + "  global_defs: {vrrp_mcast_group4: 10.0.0.1}\n",
             "is no multicast group of IPv4"},
        Case{"stats",
             with_instance("") + "  stats: {listen: '*:5000'}\nroles: [vip, proxy]\netcd3: {host: a}\n"
                                 "proxy: {listeners: [{bind: '10.0.0.1:5000'}]}\n",
             "vip.stats.listen: '*:5000' is taken by proxy.listeners[0].bind"}),
    [](const auto& info) { return info.param.name; });

TEST(VipChecks, warn_of_what_has_no_effect) {
  EXPECT_THAT(warnings_of(with_instance("priority: 255, nopreempt: true")),
              HasSubstr("nopreempt: has no effect with priority 255"));
  EXPECT_THAT(warnings_of(with_instance("state: MASTER, nopreempt: true")),
              HasSubstr("nopreempt: has no effect at start with state MASTER"));
  EXPECT_THAT(warnings_of(with_instance("nopreempt: true, preempt_delay: 5")),
              HasSubstr("preempt_delay: has no effect with nopreempt"));
  EXPECT_THAT(warnings_of(with_instance("accept: false")),
              HasSubstr("accept: has no effect without use_vmac"));
  EXPECT_THAT(warnings_of(with_instance("") + "roles: []\n"), HasSubstr("this host has not the role vip"));
  EXPECT_EQ(warnings_of(with_instance("priority: 200")), "");
}

}  // namespace
}  // namespace holdfast::config
