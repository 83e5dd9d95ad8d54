#include "vip/speaker.hpp"

#include "integration/vip/node.hpp"
#include "vip/announcer.hpp"

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

constexpr const char* vip_text = "10.0.1.10/24";

using Speakers = testing::TwoHosts;

TEST_F(Speakers, the_higher_priority_is_master_and_has_the_address_alone) {
  Node low{b_, options_for(an_instance(90))};
  Node high{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return high.is_master() && low.is_backup(); }));
  EXPECT_TRUE(eventually([&] { return a_.has(vip_text) && !b_.has(vip_text); }));
  EXPECT_EQ(low.view().master->source, address("10.0.1.21"));
}

TEST_F(Speakers, whoever_stops_in_order_leaves_nothing_and_the_other_takes_over) {
  Node high{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return a_.has(vip_text); }));
  Node low{b_, options_for(an_instance(90))};
  ASSERT_TRUE(eventually([&] { return low.is_backup() && low.view().master; }));
  high.stop();
  EXPECT_FALSE(a_.has(vip_text));
  ASSERT_TRUE(eventually([&] { return low.is_master() && b_.has(vip_text); }));
  EXPECT_EQ(low.view().reason, "10.0.1.21 gave it up (priority 0)");
}

TEST_F(Speakers, equal_priorities_settle_on_one) {
  Node one{a_, options_for(an_instance(100))};
  Node two{b_, options_for(an_instance(100))};
  EXPECT_TRUE(
      eventually([&] { return two.is_master() != one.is_master() && b_.has(vip_text) != a_.has(vip_text); }));
}

TEST_F(Speakers, an_ipv6_address_floats_just_so) {
  auto instance = an_instance(100);
  instance.virtual_ipaddress = {{.prefix = prefix("fd00::10/64")}};
  Node high{a_, options_for(instance)};
  instance.priority = 90;
  Node low{b_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return a_.has("fd00::10/64") && low.is_backup() && low.view().master; }));
  high.stop();
  EXPECT_TRUE(eventually([&] { return b_.has("fd00::10/64"); }));
  EXPECT_FALSE(a_.has("fd00::10/64"));
}

TEST_F(Speakers, unicast_peers_agree_as_well) {
  auto instance = an_instance(100);
  instance.unicast_peer = {address("10.0.1.22")};
  Node high{a_, options_for(instance)};
  instance.priority = 90;
  instance.unicast_peer = {address("10.0.1.21")};
  Node low{b_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return high.is_master() && low.is_backup() && low.view().master; }));
  high.stop();
  EXPECT_TRUE(eventually([&] { return low.is_master(); }));
}

// The kernel ends the address of a process that does not run; when it runs again it yields, and neither takes
// the address back nor tells anybody that it has it.
TEST_F(Speakers, a_frozen_master_loses_the_address_and_makes_no_noise_when_it_thaws) {
  auto instance = an_instance(100);
  instance.nopreempt = true;
  Node high{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return a_.has(vip_text); }));
  instance.priority = 90;
  Node low{b_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return low.view().master.has_value(); }));
  const auto said = high.statistics();
  high.freeze(2500ms);
  ASSERT_TRUE(eventually([&] { return low.is_master() && b_.has(vip_text); }));
  ASSERT_TRUE(eventually([&] { return !a_.has(vip_text); })) << "while it is still frozen";
  ASSERT_TRUE(eventually([&] { return high.is_backup(); }));
  EXPECT_FALSE(a_.has(vip_text));
  EXPECT_EQ(high.statistics().gratuitous_sent, said.gratuitous_sent);
  EXPECT_EQ(high.statistics().address_conflicts, 0U);
  EXPECT_NE(high.view().reason.find("was paused"), std::string::npos) << high.view().reason;
  EXPECT_TRUE(low.is_master());
}

TEST_F(Speakers, an_address_that_somebody_removes_comes_back) {
  Node node{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return a_.has(vip_text); }));
  const auto told = node.statistics().gratuitous_sent;
  must(a_.kernel->remove_address(a_.eth0().index, prefix(vip_text)));
  EXPECT_TRUE(eventually([&] { return a_.has(vip_text); }));
  EXPECT_TRUE(eventually([&] { return node.statistics().gratuitous_sent > told; }));
}

TEST_F(Speakers, an_address_that_an_earlier_life_left_goes_before_anybody_is_master) {
  a_.set(vip_text);
  auto instance = an_instance(100);
  instance.advert_int = 2s;
  Node node{a_, options_for(instance)};
  EXPECT_FALSE(a_.has(vip_text));
  EXPECT_TRUE(node.is_backup());
}

TEST_F(Speakers, without_its_cable_a_router_is_in_fault_until_it_is_back) {
  Node high{a_, options_for(an_instance(100))};
  Node low{b_, options_for(an_instance(90))};
  ASSERT_TRUE(eventually([&] { return high.is_master() && low.is_backup(); }));
  must(a_.kernel->set_up(a_.eth0().index, false));
  ASSERT_TRUE(eventually([&] { return high.is_fault(); }));
  EXPECT_EQ(high.view().reason, "interface eth0: eth0 is down");
  ASSERT_TRUE(eventually([&] { return low.is_fault(); })) << "its end of the cable is dead, too";
  must(a_.kernel->set_up(a_.eth0().index, true));
  EXPECT_TRUE(eventually([&] { return high.is_master() && a_.has(vip_text) && low.is_backup(); }));
}

TEST_F(Speakers, an_interface_may_go_and_another_of_its_name_come) {
  Node node{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  must(a_.kernel->remove_link(a_.eth0().index));
  ASSERT_TRUE(eventually([&] { return node.is_fault(); }));
  EXPECT_EQ(node.view().standing.why, "interface eth0: eth0 is not there");
  must(a_.kernel->add_veth("eth0", "far"));
  must(a_.kernel->set_up(must(a_.kernel->link("far")).index, true));
  must(a_.kernel->set_up(a_.eth0().index, true));
  a_.set("10.0.1.21/24");
  EXPECT_TRUE(eventually([&] { return node.is_master() && a_.has(vip_text); }));
}

TEST_F(Speakers, another_host_with_the_address_is_answered) {
  Node node{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  const auto told = node.statistics().gratuitous_sent;
  auto thief = b_.in([&] { return Announcer::open(b_.eth0()); });
  must(thief.announce(address("10.0.1.10")));
  EXPECT_TRUE(eventually([&] { return node.statistics().address_conflicts == 1; }));
  EXPECT_TRUE(eventually([&] { return node.statistics().gratuitous_sent > told; }));
}

TEST_F(Speakers, members_of_a_sync_group_move_together) {
  auto other = an_instance(100);
  other.name = "VI_2";
  other.virtual_router_id = 52;
  other.virtual_ipaddress = {{.prefix = prefix("10.0.1.11/24")}};
  const auto config_of = [&](int priority, int other_priority) {
    other.priority = other_priority;
    auto config = a_config({an_instance(priority), other});
    config.vip.vrrp_sync_group = {{.name = "G1", .group = {"VI_1", "VI_2"}, .notify = {}}};
    return config;
  };
  Node one{a_, options_for(config_of(100, 100))};
  Node two{b_, options_for(config_of(90, 90))};
  ASSERT_TRUE(eventually([&] { return one.is_master("VI_1") && one.is_master("VI_2"); }));
  one.reload(config_of(80, 80));
  EXPECT_TRUE(eventually([&] { return two.is_master("VI_1") && two.is_master("VI_2"); }));
  EXPECT_TRUE(eventually([&] { return one.is_backup("VI_1") && one.is_backup("VI_2"); }));
  two.reload(a_config({}));
  EXPECT_TRUE(eventually([&] { return one.is_master("VI_1") && one.is_master("VI_2"); }));
  auto broken = config_of(80, 80);
  broken.vip.vrrp_instance[1].interface = "eth7";
  one.reload(broken);
  EXPECT_TRUE(eventually([&] { return one.is_fault("VI_1") && one.is_fault("VI_2"); }));
  EXPECT_FALSE(a_.has("10.0.1.10/24"));
}

TEST_F(Speakers, a_virtual_mac_comes_and_goes_with_the_role) {
  auto instance = an_instance(100);
  instance.use_vmac = true;
  Node node{a_, options_for(instance)};
  ASSERT_TRUE(eventually([&] { return node.is_master() && a_.has(vip_text); }));
  const auto vmac = must(a_.kernel->link("vrrp.51"));
  EXPECT_EQ(vmac.mac, (netlink::Mac{0, 0, 0x5e, 0, 1, 51}));
  for (const auto& each : must(a_.kernel->addresses()))
    EXPECT_EQ(each.link == vmac.index && each.prefix.address.is_ipv4(), to_string(each.prefix) == vip_text)
        << to_string(each.prefix);
  node.stop();
  EXPECT_EQ(a_.kernel->link("vrrp.51").error().code, Errc::not_found);
}

TEST_F(Speakers, what_is_not_ours_to_use_as_virtual_mac_is_left_alone) {
  must(a_.kernel->add_bridge("vrrp.51"));
  auto instance = an_instance(100);
  instance.use_vmac = true;
  Node node{a_, options_for(instance)};
  EXPECT_TRUE(node.is_fault());
  node.stop();
  EXPECT_TRUE(a_.kernel->link("vrrp.51"));
}

}  // namespace
}  // namespace holdfast::vip
