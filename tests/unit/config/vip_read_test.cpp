#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <utility>

#include "config/reload.hpp"
#include "config/show.hpp"
#include "vip_fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Vip, reads_an_instance_with_keepalived_s_keys) {
  const Config config = good(R"(scope: s
vip:
  global_defs: {vrrp_garp_master_repeat: 3, vrrp_garp_interval: 0.001, script_user: nobody}
  vrrp_script:
    chk_disk: {script: /usr/bin/true, interval: 0.5, weight: -20, fall: 2}
  track_file: {stop: {file: /run/stop}}
  vrrp_track_process: {sshd: {process: sshd, quorum: 2}}
  vrrp_instance:
    VI_1:
      state: MASTER
      interface: eth0
      virtual_router_id: 51
      priority: 150
      advert_int: 1
      version: 2
      authentication: {auth_type: PASS, auth_pass: s3cret}
      virtual_ipaddress: [10.0.1.10/24 dev eth1 label eth1:vip brd + scope link, {ip: 10.0.1.11}]
      virtual_ipaddress_excluded: "2001:db8::10/64"
      virtual_routes: [default via 10.0.1.1 dev eth0 metric 10, 192.168.0.0/24 src 10.0.1.10 table 100 onlink]
      unicast_src_ip: 10.0.1.21
      unicast_peer: [10.0.1.22]
      track_script: [chk_disk weight -30 reverse]
      track_file: stop
      track_process: sshd
      track_interface: [eth1, eth2 weight 5]
      preempt_delay: 30
      garp_master_delay: 2
      notify_master: /etc/notify.sh up
      notify: /etc/notify.sh
)");
  EXPECT_THAT(config.roles, ElementsAre(Role::vip));
  ASSERT_EQ(config.vip.vrrp_instance.size(), 1U);
  const VrrpInstance& instance = config.vip.vrrp_instance[0];
  EXPECT_EQ(instance.name, "VI_1");
  EXPECT_EQ(instance.state, VrrpState::master);
  EXPECT_EQ(instance.virtual_router_id, 51);
  EXPECT_EQ(instance.advert_int, 1s);
  EXPECT_EQ(instance.authentication, (VrrpAuthentication{AuthType::pass, Secret{"s3cret"}}));
  EXPECT_THAT(instance.virtual_ipaddress, ElementsAre(VirtualAddress{.prefix = {ip("10.0.1.10"), 24},
                                                                     .dev = "eth1",
                                                                     .label = "eth1:vip",
                                                                     .brd = ip("10.0.1.255"),
                                                                     .scope = AddressScope::link},
                                                      VirtualAddress{.prefix = {ip("10.0.1.11"), 32}}));
  EXPECT_THAT(instance.virtual_ipaddress_excluded,
              ElementsAre(VirtualAddress{.prefix = {ip("2001:db8::10"), 64}}));
  EXPECT_THAT(
      instance.virtual_routes,
      ElementsAre(
          VirtualRoute{.destination = {IpAddress{}, 0}, .via = ip("10.0.1.1"), .dev = "eth0", .metric = 10},
          VirtualRoute{
              .destination = {ip("192.168.0.0"), 24}, .src = ip("10.0.1.10"), .table = 100, .onlink = true}));
  EXPECT_THAT(instance.track_script, ElementsAre(TrackEntry{"chk_disk", -30, true}));
  EXPECT_THAT(instance.track_interface,
              ElementsAre(TrackEntry{"eth1", {}, false}, TrackEntry{"eth2", 5, false}));
  EXPECT_EQ(instance.preempt_delay, 30s);
  EXPECT_EQ(instance.garp_master_delay, 2s);
  EXPECT_EQ(instance.garp_master_refresh, std::nullopt);
  EXPECT_EQ(instance.notify.notify_master, "/etc/notify.sh up");
  EXPECT_EQ(instance.notify.notify, "/etc/notify.sh");
  EXPECT_EQ(config.vip.global_defs.vrrp_garp_master_repeat, 3);
  EXPECT_EQ(config.vip.global_defs.vrrp_garp_interval, 1ms);
  EXPECT_EQ(config.vip.vrrp_script[0].interval, 500ms);
  EXPECT_EQ(config.vip.vrrp_script[0].timeout, std::nullopt);
  EXPECT_EQ(config.vip.track_file[0].file, "/run/stop");
  EXPECT_EQ(config.vip.vrrp_track_process[0].quorum, 2);
}

TEST(Vip, gives_instances_what_holds_for_all) {
  const Config config = good(R"(scope: s
etcd3: {hosts: 10.0.1.11:2379}
roles: [vip, proxy]
proxy: {listeners: [{bind: "*:5000"}]}
vip:
  ownership: lease
  global_defs: {vrrp_version: 2, default_interface: eth7, vrrp_down_timer_adverts: 5}
  vrrp_instance:
    a: {virtual_router_id: 1, virtual_ipaddress: [10.0.0.1/24]}
    b: {virtual_router_id: 2, virtual_ipaddress: [10.0.0.2/24], version: 3, track_proxy: false, ownership: vrrp}
)");
  const auto& [a, b] = std::pair{config.vip.vrrp_instance.at(0), config.vip.vrrp_instance.at(1)};
  EXPECT_EQ(a.version, 2);
  EXPECT_EQ(a.interface, "eth7");
  EXPECT_EQ(a.down_timer_adverts, 5);
  EXPECT_EQ(a.ownership, Ownership::lease);
  EXPECT_TRUE(a.track_proxy);
  EXPECT_EQ(b.version, 3);
  EXPECT_EQ(b.ownership, Ownership::vrrp);
  EXPECT_FALSE(b.track_proxy);
}

TEST(Vip, leaves_out_what_keepalived_ignores_and_says_so) {
  const std::string yaml = with_instance(
      "authentication: {auth_type: PASS, auth_pass: x}, smtp_alert: true,"
      " unicast_src_ip: 10.0.0.2, unicast_peer: [10.0.0.2, 10.0.0.3]");
  EXPECT_THAT(warnings_of(yaml),
              testing::AllOf(HasSubstr("authentication: is ignored: version 3 has none"),
                             HasSubstr("smtp_alert: is accepted for compatibility"),
                             HasSubstr("unicast_peer: '10.0.0.2' is this host, and left out")));
  const Config config = good(yaml);
  EXPECT_EQ(config.vip.vrrp_instance[0].authentication, VrrpAuthentication{});
  EXPECT_THAT(config.vip.vrrp_instance[0].unicast_peer, ElementsAre(ip("10.0.0.3")));
  EXPECT_THAT(warnings_of(with_instance(
                  "version: 2, strict_mode: true, authentication: {auth_type: PASS, auth_pass: x}")),
              HasSubstr("authentication: is ignored: strict_mode has none"));
  const Config cut =
      good(with_instance("version: 2, authentication: {auth_type: PASS, auth_pass: 123456789}"));
  EXPECT_EQ(cut.vip.vrrp_instance[0].authentication.auth_pass.reveal(), "12345678");
}

TEST(Vip, shows_what_reads_back_as_the_same) {
  const Config before = good(short_vip_form, on_lb1());
  const std::string text = dump(before);
  const Config after = good(text);
  EXPECT_EQ(after.vip.vrrp_instance, before.vip.vrrp_instance);
  EXPECT_EQ(after.vip.stats, before.vip.stats);
  EXPECT_EQ(after.roles, before.roles);
  const Config full =
      good(with_instance("virtual_routes: ['::/0 dev eth0', 'default via fe80::1 src 2001:db8::1', "
                         "'10.1.0.0/16 scope link'], notify: /x"));
  EXPECT_EQ(good(dump(full)).vip, full.vip);
}

TEST(Vip, applies_all_at_reload_but_what_needs_other_sockets) {
  const Config before = good(with_instance("priority: 100"));
  EXPECT_THAT(diff(before, good(with_instance("priority: 101, notify: /x"))).applied,
              ElementsAre("vip.vrrp_instance.VI_1.priority", "vip.vrrp_instance.VI_1.notify"));
  EXPECT_THAT(diff(before, good(with_instance("priority: 100, version: 2"))).needs_restart,
              ElementsAre("vip.vrrp_instance.VI_1.version"));
  EXPECT_THAT(diff(before, good(with_instance("priority: 100") + "  global_defs: {vrrp_rt_priority: 1}\n"))
                  .needs_restart,
              ElementsAre("vip.global_defs.vrrp_rt_priority"));
  const Config more =
      good(with_instance("priority: 100") +
           "    VI_2: {interface: eth1, virtual_router_id: 1, virtual_ipaddress: [10.0.9.1/24]}\n");
  EXPECT_THAT(diff(before, more).applied, ElementsAre("vip.vrrp_instance.VI_2"));
}

RC_GTEST_PROP(VipAddress, survives_a_round_trip, ()) {
  const auto bytes = *rc::gen::container<std::array<std::uint8_t, 4>>(rc::gen::inRange<std::uint8_t>(1, 200));
  VirtualAddress address{.prefix = {IpAddress::of(bytes), *rc::gen::inRange(0, 33)},
                         .dev = *rc::gen::element<std::string>("", "eth0", "dev"),
                         .label = *rc::gen::element<std::string>("", "eth0:1"),
                         .scope = *rc::gen::element(AddressScope::global, AddressScope::host)};
  if (*rc::gen::arbitrary<bool>()) address.brd = ip("10.255.255.255");
  const Config config = good(with_instance("priority: 1"));
  Config changed = config;
  changed.vip.vrrp_instance[0].virtual_ipaddress = {address};
  RC_ASSERT(good(dump(changed)).vip.vrrp_instance[0].virtual_ipaddress == std::vector{address});
}

struct Wrong {
  const char* name;
  std::string yaml;  // of the instance
  std::string text;
};
std::ostream& operator<<(std::ostream& out, const Wrong& each) {
  return out << each.name;
}

class WrongInstance : public testing::TestWithParam<Wrong> {};

TEST_P(WrongInstance, is_refused_in_words) {
  EXPECT_THAT(problems_of(with_instance(GetParam().yaml)), HasSubstr(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    Vip, WrongInstance,
    testing::Values(
        Wrong{"priority", "priority: 256", "VI_1.priority: '256' is too high (allowed: 1 to 255)"},
        Wrong{"preempt_delay", "preempt_delay: 1001", "'1001' is too high (allowed: 0s to 1000s)"},
        Wrong{"garp", "garp_master_repeat: 0", "'0' is too low (allowed: 1 to 100)"},
        Wrong{"lifetime", "valid_lft: 0.5", "'0.5' is too low (allowed: 1s to 1h)"},
        Wrong{"ah", "authentication: {auth_type: AH}", "'AH' is not spoken by this version"},
        Wrong{"hmac", "auth_hmac: {}", "both would be master"},
        Wrong{"address", "virtual_ipaddress: [10.0.0.300/24]", "[0]: '10.0.0.300' is not an IP address"},
        Wrong{"length", "virtual_ipaddress: [10.0.0.3/33]", "'10.0.0.3/33' has no network length of 0 to 32"},
        Wrong{"multicast", "virtual_ipaddress: [224.0.0.18]", "'224.0.0.18' is no address of a host"},
        Wrong{"word", "virtual_ipaddress: [10.0.0.3/24 dve eth0]", "dve: unknown key; did you mean 'dev'?"},
        Wrong{"no_value", "virtual_ipaddress: [10.0.0.3/24 dev]", "'dev' needs a value"},
        Wrong{"no_address", "virtual_ipaddress: [{dev: eth0}]", "expects an address such as 10.0.1.10/24"},
        Wrong{"list", "virtual_ipaddress: [[10.0.0.3]]",
              "expects one line, or a map of its words; got a list"},
        Wrong{"broadcast", "virtual_ipaddress: ['2001:db8::1/64 brd +']", "IPv6 network has no broadcast"},
        Wrong{"route", "virtual_routes: ['10.0.0.0/8 via fe80::1']", "mixes IPv4 and IPv6"},
        Wrong{"peer", "unicast_peer: [lb2]", "unicast_peer[0]: expects an IP address; got 'lb2'"},
        Wrong{"alone", "unicast_src_ip: 10.0.0.2, unicast_peer: [10.0.0.2]", "names nobody else"},
        Wrong{"weight", "track_interface: [eth1 weight 300]", "weight '300' is too far"}),
    [](const auto& info) { return info.param.name; });

TEST(Vip, refuses_a_name_that_is_none) {
  EXPECT_THAT(problems_of("scope: s\nvip: {vrrp_instance: {'a b': {}}}\n"),
              HasSubstr("'a b' is no name: letters, digits"));
}

TEST(Vip, says_where_a_key_of_the_short_form_belongs) {
  EXPECT_THAT(problems_of("scope: s\nvip: {interface: eth0}\n"),
              HasSubstr("vip.interface: stands beside 'address', or within vrrp_instance.NAME"));
}

}  // namespace
}  // namespace holdfast::config
