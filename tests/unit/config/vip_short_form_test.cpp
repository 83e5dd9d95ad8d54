#include <algorithm>

#include "config/show.hpp"
#include "vip_fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string with_vip(const std::string& vip) {
  return short_vip_form.substr(0, short_vip_form.find("vip: {address")) + "vip: " + vip + "\n";
}

TEST(VipShortForm, makes_a_virtual_router_of_a_line) {
  const Config config = good(short_vip_form, on_lb1());
  EXPECT_THAT(config.roles, ElementsAre(Role::proxy, Role::vip));
  ASSERT_EQ(config.vip.vrrp_instance.size(), 1U);
  const VrrpInstance expected{.name = "payments",
                              .interface = "ens3",
                              .virtual_router_id = 10,
                              .priority = 250,
                              .advert_int = 100ms,
                              .version = 3,
                              .virtual_ipaddress = {{.prefix = {ip("10.0.1.10"), 24}}},
                              .unicast_src_ip = ip("10.0.1.21"),
                              .unicast_peer = {ip("10.0.1.22")},
                              .nopreempt = true,
                              .track_proxy = true};
  EXPECT_EQ(config.vip.vrrp_instance[0], expected);
  EXPECT_THAT(config.vip.vrrp_sync_group, IsEmpty());
  EXPECT_EQ(config.vip.stats.listen, (HostPort{"10.0.1.21", 9165}));
}

TEST(VipShortForm, gives_each_host_its_place) {
  LoadRequest request = on_host("elsewhere");
  request.node = "lb2";
  const Config config = good(short_vip_form, request);
  const VrrpInstance& instance = config.vip.vrrp_instance.at(0);
  EXPECT_EQ(instance.priority, 230);
  EXPECT_EQ(instance.unicast_src_ip, ip("10.0.1.22"));
  EXPECT_THAT(instance.unicast_peer, ElementsAre(ip("10.0.1.21")));
  EXPECT_EQ(instance.interface, "");  // of lb2, which only lb2 knows
}

TEST(VipShortForm, never_gives_a_priority_below_ten) {
  std::string yaml = "scope: s\netcd3: {hosts: 10.0.0.1:2379}\nnodes:\n";
  for (int i = 1; i <= 20; ++i) yaml += fmt::format("  v{0}: {{host: 10.0.0.{0}, roles: vip}}\n", i);
  yaml += "vip: {address: 10.0.0.100/24}\n";
  LoadRequest request = on_host("elsewhere");
  request.node = "v20";
  EXPECT_EQ(good(yaml, request).vip.vrrp_instance.at(0).priority, 10);
  request.node = "v12";
  EXPECT_EQ(good(yaml, request).vip.vrrp_instance.at(0).priority, 30);
}

TEST(VipShortForm, binds_the_proxy_to_every_address_so_that_it_serves_the_one_that_arrives) {
  const Config config = good(short_vip_form, on_lb1());
  EXPECT_EQ(config.proxy.listeners.at(0).bind, (HostPort{"*", 5000}));
  EXPECT_EQ(config.proxy.listeners.at(1).bind, (HostPort{"*", 5001}));
}

TEST(VipShortForm, is_shown_with_the_origin_of_each_key) {
  std::string text = dump(good(short_vip_form, on_lb1()));
  const auto is_second_space = [](char a, char b) { return a == ' ' && b == ' '; };
  text.erase(std::unique(text.begin(), text.end(), is_second_space), text.end());
  for (const char* line :
       {" interface: ens3 # derived from the address of nodes.lb1\n",
        " virtual_router_id: 10 # derived from vip.address\n", " priority: 250 # derived from nodes.lb1\n",
        " advert_int: 100ms # derived from vip.address\n", " virtual_ipaddress: # pg.yml:6\n",
        " unicast_peer: # derived from nodes\n", " nopreempt: true # derived from vip.address\n",
        " track_proxy: true # derived from roles\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(VipShortForm, obeys_the_keys_beside_the_address) {
  const Config config =
      good(with_vip("{address: 10.0.1.10/24, interface: eth9, virtual_router_id: 77, advert_int: 0.05, "
                    "nopreempt: false,"
                    " ownership: lease, notify: /usr/bin/logger, track_script: [chk weight 1],"
                    " vrrp_script: {chk: {script: /usr/bin/true}}}"),
           on_lb1());
  const VrrpInstance& instance = config.vip.vrrp_instance.at(0);
  EXPECT_EQ(instance.interface, "eth9");
  EXPECT_EQ(instance.virtual_router_id, 77);
  EXPECT_EQ(instance.advert_int, 50ms);
  EXPECT_FALSE(instance.nopreempt);
  EXPECT_EQ(instance.ownership, Ownership::lease);
  EXPECT_EQ(instance.notify.notify, "/usr/bin/logger");
  EXPECT_THAT(instance.track_script, ElementsAre(TrackEntry{"chk", 1, false}));
  EXPECT_EQ(to_string(config.tree.at_path("vip.vrrp_instance.payments.interface")->origin), "pg.yml:6");
}

TEST(VipShortForm, makes_two_routers_that_move_together_of_both_families) {
  const Config config =
      good(with_vip("{address: [10.0.1.10/24, '2001:db8::1:0/64', 10.0.1.0/24]}"), on_lb1());
  ASSERT_EQ(config.vip.vrrp_instance.size(), 2U);
  const VrrpInstance& four = config.vip.vrrp_instance[0];
  const VrrpInstance& six = config.vip.vrrp_instance[1];
  EXPECT_EQ(four.virtual_ipaddress.size(), 2U);
  EXPECT_EQ(six.name, "payments_6");
  EXPECT_EQ(six.virtual_router_id, 51);      // an address that ends in 0
  EXPECT_THAT(six.unicast_peer, IsEmpty());  // the hosts have IPv4 addresses: multicast
  EXPECT_EQ(six.interface, "ens3");
  EXPECT_THAT(
      config.vip.vrrp_sync_group,
      ElementsAre(VrrpSyncGroup{.name = "payments", .group = {"payments", "payments_6"}, .notify = {}}));
}

TEST(VipShortForm, finds_the_network_of_an_address_without_a_length) {
  EXPECT_EQ(
      good(with_vip("{address: 10.0.1.10}"), on_lb1()).vip.vrrp_instance.at(0).virtual_ipaddress.at(0).prefix,
      (IpPrefix{ip("10.0.1.10"), 24}));
  EXPECT_EQ(warnings_of(with_vip("{address: 10.0.1.10}"), on_lb1()), "");
  const std::string other = with_vip("{address: 10.0.7.10}");
  EXPECT_EQ(good(other, on_lb1()).vip.vrrp_instance.at(0).virtual_ipaddress.at(0).prefix.length, 32);
  EXPECT_THAT(warnings_of(other, on_lb1()),
              HasSubstr("pg.yml:6: warning: vip.address: '10.0.7.10' has no network length"));
}

TEST(VipShortForm, refuses_hosts_that_are_names) {
  const std::string yaml =
      "scope: s\nnodes:\n  pg1: 10.0.0.1\n  lb1: {host: lb1.example.org, roles: [vip]}\nvip: {address: "
      "10.0.0.9/24}\n";
  EXPECT_THAT(
      problems_of(yaml, on_host("lb1")),
      HasSubstr("nodes.lb1.host: 'lb1.example.org' is a name, and routers must hear each other when no"));
  const std::string full =
      yaml.substr(0, yaml.find("vip: {a")) + "vip: " +
      "{vrrp_instance: {a: {interface: eth0, virtual_router_id: 1, virtual_ipaddress: 10.0.0.9/24}}}\n";
  EXPECT_EQ(good(full, on_host("lb1")).vip.vrrp_instance.size(), 1U);
}

TEST(VipShortForm, warns_where_nobody_takes_over) {
  const std::string alone =
      "scope: s\nnodes:\n  pg1: 10.0.0.1\n  lb1: {host: 10.0.0.2, roles: [vip]}\n"
      "vip: {address: 10.0.0.9/24}\n";
  EXPECT_THAT(warnings_of(alone, on_host("lb1")),
              HasSubstr("vip: only lb1 has role vip: nobody takes the address"));
  EXPECT_EQ(good(alone, on_host("lb1")).vip.vrrp_instance.at(0).mcast_src_ip, ip("10.0.0.2"));
  EXPECT_THAT(warnings_of("scope: s\npasswords: {superuser: a, replication: b}\nnodes: {pg1: 10.0.0.1}\n"
                          "vip: {address: 10.0.0.9/24}\n",
                          on_host("pg1")),
              HasSubstr("vip: has no effect: no node has role vip"));
}

TEST(VipShortForm, is_the_same_file_on_a_host_without_the_role) {
  const Config config =
      good("passwords: {superuser: a, replication: b}\n" + with_vip("{address: 10.0.1.10, interface: eth9}"),
           on_host("pg1"));
  EXPECT_FALSE(config.has(Role::vip));
  EXPECT_THAT(config.vip.vrrp_instance.at(0).unicast_peer, ElementsAre(ip("10.0.1.21"), ip("10.0.1.22")));
  EXPECT_EQ(config.vip.stats.listen, HostPort{});
}

TEST(VipShortForm, needs_no_consensus_store_where_nobody_else_does) {
  const std::string pair =
      "scope: front\nnodes:\n  lb1: {host: 10.0.0.2, roles: [vip]}\n  lb2: {host: 10.0.0.3, roles: [vip]}\n"
      "vip: {address: 10.0.0.9/24, interface: eth0";
  EXPECT_EQ(good(pair + "}\n", on_host("lb1")).vip.vrrp_instance.size(), 1U);
  EXPECT_THAT(problems_of(pair + ", ownership: lease}\n", on_host("lb1")), HasSubstr("etcd"));
}

TEST(VipShortForm, works_without_nodes_for_hosts_that_say_who_they_are) {
  const Config config = good("scope: 'my db'\nvip: {address: 10.0.0.9/24, interface: eth0, priority: 120}\n");
  const VrrpInstance& instance = config.vip.vrrp_instance.at(0);
  EXPECT_EQ(instance.name, "my_db");
  EXPECT_EQ(instance.priority, 120);
  EXPECT_EQ(instance.virtual_router_id, 9);
  EXPECT_THAT(instance.unicast_peer, IsEmpty());
}

}  // namespace
}  // namespace holdfast::config
