#include <gtest/gtest.h>

#include "integration/proxy/fixture.hpp"

namespace holdfast::proxy {
namespace {

using namespace testing;
using route::Target;

TEST(Routing, writes_reach_the_primary_and_reads_a_replica) {
  EchoServer pg1{"pg1"}, pg2{"pg2"};
  ProxyFixture proxy{{listener(Target::primary), listener(Target::replica)}};
  proxy.leads(pg1, 10, {&pg2});
  EXPECT_EQ(Client{proxy.port(0)}.ask("hello", 9), "pg1:hello");
  EXPECT_EQ(Client{proxy.port(1)}.ask("hello", 9), "pg2:hello");
}

TEST(Routing, a_new_primary_cuts_the_old_ones_clients_and_takes_over) {
  EchoServer pg1{"pg1"}, pg2{"pg2"};
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(pg1, 10, {&pg2});
  Client before{proxy.port()};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  proxy.members({&pg1, &pg2}, route::LeaderKey{.name = "pg2", .epoch_min = {20}, .epoch_max = {20}});
  EXPECT_TRUE(before.is_cut());
  proxy.primary(pg2, 20);
  EXPECT_EQ(Client{proxy.port()}.ask("b", 5), "pg2:b");
}

TEST(Routing, a_lost_role_cuts_at_once) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(pg1, 10);
  Client client{proxy.port()};
  EXPECT_EQ(client.ask("a", 5), "pg1:a");
  proxy.replica(pg1);
  EXPECT_TRUE(client.is_cut());
  EXPECT_TRUE(eventually([&] {
    return proxy.http_get("/metrics").find("cut_connections_total{server=\"pg1\",cause=\"role_lost\"} 1") !=
           std::string::npos;
  }));
}

TEST(Routing, the_end_of_a_proof_cuts_without_any_news) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(pg1, 10);
  Client client{proxy.port()};
  EXPECT_EQ(client.ask("a", 5), "pg1:a");
  proxy.primary(pg1, 10, 50ms);
  EXPECT_TRUE(client.is_cut());
}

TEST(Routing, a_switchover_lets_clients_finish_and_takes_no_new_ones) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(pg1, 10);
  Client before{proxy.port()};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  const auto now = BootClock::now();
  proxy.tell(route::HeartbeatSeen{.server = "pg1",
                                  .sent_at = now,
                                  .received_at = now,
                                  .role = route::Role::primary,
                                  .epoch = {10},
                                  .lease_remaining = 1h,
                                  .running = true,
                                  .draining = true});
  Client after{proxy.port()};
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  EXPECT_EQ(before.ask("b", 5), "pg1:b");
}

TEST(Routing, a_lagging_replica_gets_no_new_readers_and_keeps_those_it_has) {
  EchoServer pg1{"pg1"}, pg2{"pg2"};
  auto reads = listener(Target::replica);
  reads.policy.lag_bytes_max = 100;
  ProxyFixture proxy{{reads}};
  proxy.leads(pg1, 10, {&pg2});
  Client before{proxy.port()};
  EXPECT_EQ(before.ask("a", 5), "pg2:a");
  proxy.replica(pg2, Lsn{800});
  EXPECT_TRUE(eventually([&] { return Client{proxy.port()}.ask("b", 5) == "pg1:b"; }));
  EXPECT_EQ(before.ask("c", 5), "pg2:c");
}

TEST(Routing, readers_wait_when_there_is_no_replica_and_no_fallback) {
  EchoServer pg1{"pg1"}, pg2{"pg2"};
  auto reads = listener(Target::replica);
  reads.policy.primary_as_fallback = false;
  ProxyFixture proxy{{reads}};
  proxy.leads(pg1, 10);
  Client reader{proxy.port()};
  reader.send("a");
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  proxy.leads(pg1, 10, {&pg2});
  EXPECT_EQ(reader.read(5), "pg2:a");
}

TEST(Routing, readers_are_spread) {
  EchoServer pg1{"pg1"}, pg2{"pg2"}, pg3{"pg3"};
  ProxyFixture proxy{{listener(Target::replica)}};
  proxy.leads(pg1, 10, {&pg2, &pg3});
  std::vector<Client> readers;
  for (int i = 0; i < 20; ++i) {
    readers.emplace_back(proxy.port());
    readers.back().ask("a", 5);
  }
  EXPECT_EQ(pg2.accepted(), 10);
  EXPECT_EQ(pg3.accepted(), 10);
}

TEST(Routing, a_replica_that_refuses_is_passed_over) {
  EchoServer pg1{"pg1"}, pg3{"pg3"};
  auto pg2 = std::make_unique<EchoServer>("pg2");
  ProxyFixture proxy{{listener(Target::replica)}};
  proxy.leads(pg1, 10, {pg2.get(), &pg3});
  pg2.reset();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Client{proxy.port()}.ask("a", 5), "pg3:a");
}

TEST(Routing, a_port_in_use_is_told_in_words) {
  EchoServer other{"other"};
  asio::io_context loop;
  ProxyOptions options;
  options.settings.listeners = {listener(Target::primary)};
  options.settings.listeners[0].bind.port = other.port();
  const auto opened = Proxy::open(loop.get_executor(), options, std::make_unique<ToldDiscovery>());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::refused);
  EXPECT_NE(to_string(opened.error()).find("in use"), std::string::npos);
}

TEST(Routing, the_port_of_another_proxy_is_in_use_too) {
  ProxyFixture first{{listener(Target::primary)}};
  asio::io_context loop;
  ProxyOptions options;
  options.settings.listeners = {listener(Target::primary)};
  options.settings.listeners[0].bind.port = first.port();
  EXPECT_FALSE(Proxy::open(loop.get_executor(), options, std::make_unique<ToldDiscovery>()));
}

}  // namespace
}  // namespace holdfast::proxy
