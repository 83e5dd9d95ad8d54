#include "integration/vip/node.hpp"

namespace holdfast::vip {
namespace {

using testing::a_config;
using testing::address;
using testing::an_instance;
using testing::eventually;
using testing::must;
using testing::Node;
using testing::options_for;
using testing::prefix;

class Reload : public testing::TwoHosts {
 protected:
  static config::VrrpInstance a_second(int priority) {
    auto instance = an_instance(priority);
    instance.name = "VI_2";
    instance.virtual_router_id = 52;
    instance.virtual_ipaddress = {{.prefix = prefix("10.0.1.11/24")}};
    return instance;
  }
  bool has_route(const std::string& network_in_hex) {
    const auto table = a_.in([]() -> Result<std::string> { return testing::kernel_table("route"); });
    return table.find("\t" + network_in_hex + "\t") != std::string::npos;
  }
};

TEST_F(Reload, a_master_stays_master_whatever_else_changes) {
  auto instance = an_instance(100);
  Node node{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  instance.priority = 120;
  instance.garp_master_refresh = 10s;
  instance.advert_int = 200ms;
  node.reload(a_config({instance, a_second(100)}));
  node.reload(a_config({instance, a_second(100)}));
  EXPECT_TRUE(node.is_master());
  EXPECT_EQ(node.statistics().become_master, 1U);
  EXPECT_EQ(node.statistics().release_master, 0U);
  EXPECT_EQ(node.view().priority, 120);
}

TEST_F(Reload, a_lower_priority_hands_it_over) {
  Node high{a_, options_for(an_instance(100))};
  Node low{b_, options_for(an_instance(90))};
  ASSERT_TRUE(eventually([&] { return high.is_master() && low.is_backup(); }));
  high.reload(a_config({an_instance(80)}));
  EXPECT_TRUE(eventually([&] { return low.is_master() && high.is_backup() && b_.has("10.0.1.10/24"); }));
}

TEST_F(Reload, addresses_and_routes_come_and_go_under_a_master) {
  auto instance = an_instance(100);
  instance.virtual_ipaddress_excluded = {{.prefix = prefix("192.0.2.10/32")}};
  instance.virtual_routes = {{.destination = prefix("192.168.7.0/24"), .via = address("10.0.1.1")}};
  Node node{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return a_.has("192.0.2.10/32") && has_route("0007A8C0"); }));
  instance.virtual_ipaddress_excluded = {{.prefix = prefix("192.0.2.11/32")}};
  instance.virtual_routes[0].destination = prefix("192.168.8.0/24");
  node.reload(a_config({instance}));
  EXPECT_FALSE(a_.has("192.0.2.10/32"));
  EXPECT_FALSE(has_route("0007A8C0"));
  EXPECT_TRUE(a_.has("192.0.2.11/32"));
  EXPECT_TRUE(has_route("0008A8C0"));
  EXPECT_TRUE(a_.has("10.0.1.10/24"));
  EXPECT_EQ(node.statistics().become_master, 1U);
}

TEST_F(Reload, what_is_added_begins_and_what_is_removed_ends) {
  Node node{a_, options_for(a_config({an_instance(100), a_second(100)}))};
  ASSERT_TRUE(eventually([&] { return node.is_master("VI_1") && node.is_master("VI_2"); }));
  auto third = an_instance(100);
  third.name = "VI_3";
  third.virtual_router_id = 53;
  third.virtual_ipaddress = {{.prefix = prefix("10.0.1.12/24")}};
  node.reload(a_config({third, a_second(100)}));
  EXPECT_FALSE(a_.has("10.0.1.10/24"));
  EXPECT_TRUE(a_.has("10.0.1.11/24"));
  EXPECT_TRUE(node.is_master("VI_2"));
  EXPECT_TRUE(eventually([&] { return node.is_master("VI_3") && a_.has("10.0.1.12/24"); }));
  node.reload(a_config({}));
  EXPECT_TRUE(node.ask([&] { return node.speaker().rows().empty(); }));
  EXPECT_FALSE(a_.has("10.0.1.11/24"));
  node.reload(a_config({an_instance(100)}));
  EXPECT_TRUE(eventually([&] { return node.is_master("VI_1") && a_.has("10.0.1.10/24"); }));
}

TEST_F(Reload, groups_come_and_go) {
  const auto config_of = [&](std::vector<config::VrrpSyncGroup> groups) {
    auto config = a_config({an_instance(100), a_second(100)});
    config.vip.vrrp_sync_group = std::move(groups);
    return config;
  };
  const config::VrrpSyncGroup group{.name = "G1", .group = {"VI_1", "VI_2"}, .notify = {}};
  Node node{a_, options_for(config_of({}))};
  ASSERT_TRUE(eventually([&] { return node.is_master("VI_1") && node.is_master("VI_2"); }));
  node.reload(config_of({group}));
  EXPECT_EQ(node.ask([&] { return node.speaker().ensemble().groups().size(); }), 1U);
  node.reload(config_of({}));
  EXPECT_TRUE(node.is_master("VI_1") && node.is_master("VI_2"));
  EXPECT_EQ(node.statistics().become_master, 1U);
}

TEST_F(Reload, who_moves_to_another_interface_leaves_nothing_on_the_old) {
  must(a_.kernel->add_veth("eth1", "far1"));
  for (const auto* name : {"eth1", "far1"}) must(a_.kernel->set_up(must(a_.kernel->link(name)).index, true));
  const auto eth1 = must(a_.kernel->link("eth1")).index;
  must(a_.kernel->set_address({.link = eth1, .prefix = prefix("10.0.1.31/24")}));
  auto instance = an_instance(100);
  Node node{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return a_.has("10.0.1.10/24"); }));
  instance.interface = "eth1";
  node.reload(a_config({instance}));
  EXPECT_FALSE(a_.has("10.0.1.10/24"));
  ASSERT_TRUE(eventually([&] { return node.is_master() && a_.has("10.0.1.10/24"); }));
  for (const auto& each : must(a_.kernel->addresses())) {
    if (to_string(each.prefix) == "10.0.1.10/24") EXPECT_EQ(each.link, eth1);
  }
}

TEST_F(Reload, a_virtual_mac_is_taken_up_and_given_up) {
  auto instance = an_instance(100);
  Node node{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  instance.use_vmac = true;
  node.reload(a_config({instance}));
  ASSERT_TRUE(eventually([&] { return node.is_master() && a_.kernel->link("vrrp.51"); }));
  instance.virtual_router_id = 61;
  node.reload(a_config({instance}));
  ASSERT_TRUE(eventually([&] { return node.is_master() && !a_.kernel->link("vrrp.51"); }));
  EXPECT_TRUE(a_.kernel->link("vrrp.61"));
}

TEST_F(Reload, what_scripts_said_is_not_forgotten) {
  auto instance = an_instance(100);
  instance.track_script = {{.name = "chk"}};
  auto config = a_config({instance});
  config.vip.vrrp_script = {{.name = "chk", .script = "true", .interval = 1h, .weight = 20}};
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.view().priority == 120; }));
  config.vip.vrrp_instance[0].garp_master_refresh = 10s;
  node.reload(config);
  EXPECT_EQ(node.view().priority, 120);
  config.vip.vrrp_script[0].script = "false";
  node.reload(config);
  EXPECT_TRUE(eventually([&] { return node.view().standing.priority == 100; }));
  config.vip.vrrp_script.clear();
  config.vip.vrrp_instance[0].track_script.clear();
  node.reload(config);
  EXPECT_TRUE(node.ask([&] { return node.speaker().scripts().empty(); }));
}

}  // namespace
}  // namespace holdfast::vip
