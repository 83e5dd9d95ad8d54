#include <gtest/gtest.h>

#include "integration/proxy/fixture.hpp"

namespace holdfast::proxy {
namespace {

using namespace testing;
using route::Target;

ListenerSettings listener_on(std::string host) {
  auto settings = listener(Target::primary);
  settings.bind.host = std::move(host);
  return settings;
}

class EveryAddress : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryAddress, takes_clients_over_ipv6_and_over_ipv4) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener_on(GetParam())}};
  proxy.leads(pg1, 10);
  EXPECT_EQ(Client(proxy.port(), Client::Over::ipv4).ask("a", 5), "pg1:a");
  EXPECT_EQ(Client(proxy.port(), Client::Over::ipv6).ask("b", 5), "pg1:b");
}

TEST_P(EveryAddress, is_in_use_when_another_program_has_the_port_on_ipv4) {
  EchoServer other{"other"};
  auto bind = listener_on(GetParam()).bind;
  bind.port = other.port();
  const auto bound = SharedPort::bind(bind, 2);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, Errc::refused);
}

INSTANTIATE_TEST_SUITE_P(AsUsersWriteIt, EveryAddress, ::testing::Values("*", "::", ""));

TEST(Listen, one_address_is_that_one_only) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener_on("::1")}};
  proxy.leads(pg1, 10);
  EXPECT_EQ(Client(proxy.port(), Client::Over::ipv6).ask("a", 5), "pg1:a");
  EXPECT_FALSE(Client(proxy.port(), Client::Over::ipv4).is_connected());
}

TEST(Listen, every_ipv4_address_is_not_ipv6) {
  ProxyFixture proxy{{listener_on("0.0.0.0")}};
  EXPECT_TRUE(Client(proxy.port(), Client::Over::ipv4).is_connected());
  EXPECT_FALSE(Client(proxy.port(), Client::Over::ipv6).is_connected());
}

}  // namespace
}  // namespace holdfast::proxy
