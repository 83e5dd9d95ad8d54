#include "integration/netlink/private_network.hpp"

namespace holdfast::testing {
namespace {

using netlink::RouteSpec;

class Routes : public PrivateNetwork {
 protected:
  void SetUp() override {
    PrivateNetwork::SetUp();
    if (IsSkipped()) return;
    eth0_ = a_cable("eth0", "far0");
    must(socket().set_address({.link = eth0_, .prefix = prefix("10.0.1.10/24")}));
    must(socket().set_address({.link = eth0_, .prefix = prefix("fd00:1::10/64")}));
  }

  int eth0_ = 0;
};

bool has_route(const std::string& destination_and_gateway) {
  return kernel_table("route").find(destination_and_gateway) != std::string::npos;
}

// As in /proc/net/route: numbers of the network, written in this machine's order.
constexpr auto default_by_1 = "00000000\t0101000A";
constexpr auto default_by_2 = "00000000\t0201000A";
constexpr auto far_by_1 = "000010AC\t0101000A";

TEST_F(Routes, a_route_through_a_gateway_is_set_replaced_and_removed) {
  RouteSpec spec{.destination = prefix("0.0.0.0/0"), .gateway = address("10.0.1.1")};
  must(socket().set_route(spec));
  EXPECT_TRUE(has_route(default_by_1));
  spec.gateway = address("10.0.1.2");
  must(socket().set_route(spec));
  EXPECT_FALSE(has_route(default_by_1));
  EXPECT_TRUE(has_route(default_by_2));
  must(socket().remove_route(spec));
  EXPECT_FALSE(has_route(default_by_2));
  EXPECT_EQ(socket().remove_route(spec).error().code, Errc::not_found);
}

TEST_F(Routes, routes_of_several_metrics_stand_side_by_side) {
  RouteSpec first{.destination = prefix("172.16.0.0/12"),
                  .gateway = address("10.0.1.1"),
                  .link = eth0_,
                  .source = address("10.0.1.10"),
                  .metric = 10};
  auto second = first;
  second.metric = 20;
  must(socket().set_route(first));
  must(socket().set_route(second));
  must(socket().remove_route(first));
  EXPECT_TRUE(has_route(far_by_1));
  must(socket().remove_route(second));
  EXPECT_FALSE(has_route(far_by_1));
}

TEST_F(Routes, a_gateway_that_no_subnet_holds_is_taken_on_link_only) {
  RouteSpec spec{.destination = prefix("172.16.0.0/12"), .gateway = address("192.168.7.1"), .link = eth0_};
  const auto refused = socket().set_route(spec);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().context.find("Nexthop has invalid gateway"), std::string::npos)
      << refused.error().context;
  spec.onlink = true;
  must(socket().set_route(spec));
  must(socket().remove_route(spec));
}

TEST_F(Routes, a_route_of_a_link_needs_no_gateway) {
  const RouteSpec spec{.destination = prefix("172.16.0.0/12"), .link = eth0_};
  must(socket().set_route(spec));
  EXPECT_TRUE(has_route("000010AC\t00000000"));
  must(socket().remove_route(spec));
}

TEST_F(Routes, a_route_of_another_table_is_not_in_the_main_one) {
  const RouteSpec spec{.destination = prefix("172.16.0.0/12"), .gateway = address("10.0.1.1"), .table = 4711};
  must(socket().set_route(spec));
  EXPECT_FALSE(has_route(far_by_1));
  must(socket().remove_route(spec));
  EXPECT_EQ(socket().remove_route(spec).error().code, Errc::not_found);
}

TEST_F(Routes, an_ipv6_route_is_set_and_removed) {
  const RouteSpec spec{.destination = prefix("fd00:2::/64"), .gateway = address("fd00:1::1"), .link = eth0_};
  constexpr auto line = "fd000002000000000000000000000000 40";
  must(socket().set_route(spec));
  EXPECT_NE(kernel_table("ipv6_route").find(line), std::string::npos);
  must(socket().remove_route(spec));
  EXPECT_EQ(kernel_table("ipv6_route").find(line), std::string::npos);
}

TEST_F(Routes, nothing_goes_through_a_link_that_is_down) {
  must(socket().set_up(eth0_, false));
  const RouteSpec spec{.destination = prefix("172.16.0.0/12"), .link = eth0_};
  EXPECT_EQ(socket().set_route(spec).error().code, Errc::unavailable);
}

}  // namespace
}  // namespace holdfast::testing
