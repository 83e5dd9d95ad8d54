#include "vip/holder.hpp"

#include "integration/netlink/private_network.hpp"

namespace holdfast::vip {
namespace {

using testing::address;
using testing::must;
using testing::prefix;

class Holding : public testing::PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped()) return;
    a_cable("eth0", "far0");
    a_cable("eth1", "far1");
    must(socket().set_address({.link = index_of("eth0"), .prefix = prefix("10.0.1.21/24")}));
    instance_.name = "VI_1";
    instance_.virtual_ipaddress = {{.prefix = prefix("10.0.1.10/24"), .label = "eth0:vip"}};
    holder_.emplace(&socket());
  }

  // What a new interpretation of `instance_` needs to be placed.
  Place place() {
    return {.link = must(socket().link("eth0")),
            .source = address("10.0.1.21"),
            .others = {{"eth1", must(socket().link("eth1"))}}};
  }
  Holder::Held hold(milliseconds lifetime) {
    return holder_->hold(instance_, place(), place().link, lifetime);
  }
  std::vector<Error> drop() { return holder_->drop(instance_, place(), place().link); }
  static bool has_route(const std::string& network_in_hex) {
    return testing::kernel_table("route").find("\t" + network_in_hex + "\t") != std::string::npos;
  }

  config::VrrpInstance instance_;
  std::optional<Holder> holder_;
};

TEST_F(Holding, an_address_comes_with_its_label_and_ends_by_itself) {
  const auto held = hold(60s);
  EXPECT_EQ(held.added, std::vector{address("10.0.1.10")});
  EXPECT_TRUE(held.failures.empty());
  const auto found = find("10.0.1.10/24");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->label, "eth0:vip");
  EXPECT_FALSE(found->is_permanent);
  EXPECT_LE(found->valid_left, 60s);
}

TEST_F(Holding, holding_again_renews_it_and_is_no_news) {
  hold(60s);
  EXPECT_TRUE(hold(600s).added.empty());
  EXPECT_GT(find("10.0.1.10/24")->valid_left, 60s);
}

TEST_F(Holding, a_time_is_rounded_down_to_seconds_but_one) {
  hold(59'999ms);
  EXPECT_LE(find("10.0.1.10/24")->valid_left, 59s);
  EXPECT_TRUE(hold(10ms).failures.empty());
  EXPECT_LE(find("10.0.1.10/24")->valid_left, 1s);
}

TEST_F(Holding, what_is_dropped_is_gone_and_can_be_dropped_again) {
  hold(60s);
  EXPECT_TRUE(holder_->is_holding());
  EXPECT_TRUE(drop().empty());
  EXPECT_FALSE(find("10.0.1.10/24"));
  EXPECT_FALSE(holder_->is_holding());
  EXPECT_TRUE(drop().empty());
}

TEST_F(Holding, what_an_earlier_process_left_goes) {
  must(socket().set_address({.link = index_of("eth0"), .prefix = prefix("10.0.1.10/24")}));
  EXPECT_TRUE(drop().empty());
  EXPECT_FALSE(find("10.0.1.10/24"));
}

TEST_F(Holding, addresses_stand_where_they_belong_one_alone_or_within_its_network) {
  instance_.virtual_ipaddress.push_back({.prefix = prefix("192.0.2.10/32")});
  instance_.virtual_ipaddress_excluded = {{.prefix = prefix("10.0.2.10/24"), .dev = "eth1"},
                                          {.prefix = prefix("fd00::10/64")}};
  EXPECT_EQ(hold(60s).added.size(), 4U);
  EXPECT_EQ(find("192.0.2.10/32")->link, index_of("eth0"));
  EXPECT_EQ(find("10.0.2.10/24")->link, index_of("eth1"));
  EXPECT_EQ(find("fd00::10/64")->link, index_of("eth0"));
  drop();
  for (const auto* text : {"10.0.1.10/24", "192.0.2.10/32", "10.0.2.10/24", "fd00::10/64"})
    EXPECT_FALSE(find(text)) << text;
}

TEST_F(Holding, one_address_that_cant_be_set_keeps_the_others_from_nothing) {
  auto where = place();
  where.others.at("eth1").index = 4711;
  instance_.virtual_ipaddress.insert(instance_.virtual_ipaddress.begin(),
                                     {.prefix = prefix("10.0.2.10/24"), .dev = "eth1"});
  const auto held = holder_->hold(instance_, where, where.link, 60s);
  ASSERT_EQ(held.failures.size(), 1U);
  EXPECT_TRUE(held.failures[0].context.starts_with("10.0.2.10/24: ")) << held.failures[0].context;
  EXPECT_EQ(held.added, std::vector{address("10.0.1.10")});
}

TEST_F(Holding, routes_come_and_go_with_the_addresses) {
  instance_.virtual_routes = {{.destination = prefix("192.168.7.0/24"), .via = address("10.0.1.1")},
                              {.destination = prefix("192.168.8.0/24"), .dev = "eth1"}};
  EXPECT_TRUE(hold(60s).failures.empty());
  EXPECT_TRUE(has_route("0007A8C0"));
  EXPECT_TRUE(has_route("0008A8C0"));
  EXPECT_TRUE(drop().empty());
  EXPECT_FALSE(has_route("0007A8C0"));
  EXPECT_FALSE(has_route("0008A8C0"));
}

TEST_F(Holding, a_route_that_was_there_before_us_stays) {
  instance_.virtual_routes = {{.destination = prefix("192.168.7.0/24"), .via = address("10.0.1.1")}};
  must(socket().set_route({.destination = prefix("192.168.7.0/24"), .gateway = address("10.0.1.1")}));
  EXPECT_TRUE(drop().empty());
  EXPECT_TRUE(has_route("0007A8C0"));
}

TEST_F(Holding, a_new_configuration_can_take_some_of_it_away_and_bring_other_routes) {
  instance_.virtual_routes = {{.destination = prefix("192.168.7.0/24"), .via = address("10.0.1.1")}};
  instance_.virtual_ipaddress.push_back({.prefix = prefix("10.0.1.11/24")});
  hold(60s);
  auto gone = instance_;
  gone.virtual_ipaddress.erase(gone.virtual_ipaddress.begin());
  EXPECT_TRUE(holder_->remove(gone, place(), place().link).empty());
  EXPECT_TRUE(find("10.0.1.10/24"));
  EXPECT_FALSE(find("10.0.1.11/24"));
  EXPECT_FALSE(has_route("0007A8C0"));
  EXPECT_TRUE(holder_->is_holding());
  instance_.virtual_ipaddress.pop_back();
  instance_.virtual_routes[0].destination = prefix("192.168.9.0/24");
  holder_->expect_other_routes();
  EXPECT_TRUE(hold(60s).failures.empty());
  EXPECT_TRUE(has_route("0009A8C0"));
}

}  // namespace
}  // namespace holdfast::vip
