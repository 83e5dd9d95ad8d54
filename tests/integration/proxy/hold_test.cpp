#include <gtest/gtest.h>

#include "integration/proxy/fixture.hpp"
#include "route/refusal.hpp"

namespace holdfast::proxy {
namespace {

using namespace testing;
using namespace std::string_literals;
using route::Target;

const auto startup = "\0\0\0\x0f\0\3\0\0user\0a\0"s;
const auto ssl_request = "\0\0\0\x08\x04\xd2\x16\x2f"s;

bool tells(const std::string& answer, const std::string& sqlstate) {
  return answer.starts_with('E') && answer.find("C" + sqlstate) != std::string::npos;
}

TEST(Hold, a_client_without_a_primary_waits_and_is_served_when_there_is_one) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  Client client{proxy.port()};
  client.send("hello");
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  proxy.leads(pg1, 10);
  EXPECT_EQ(client.read(9), "pg1:hello");
  EXPECT_EQ(proxy.waiting(), 0);
}

TEST(Hold, many_are_released_each_once) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(proxy.port());
    clients.back().send("a");
  }
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 200; }));
  proxy.leads(pg1, 10);
  for (auto& client : clients) EXPECT_EQ(client.read(5), "pg1:a");
  EXPECT_EQ(pg1.accepted(), 200);
}

TEST(Hold, past_its_time_a_client_is_told_57P03) {
  ProxyFixture proxy{{listener(Target::primary, 50ms)}};
  Client client{proxy.port()};
  client.send(startup);
  EXPECT_TRUE(tells(client.read_all(), "57P03"));
}

TEST(Hold, who_asks_for_tls_is_declined_and_then_told) {
  ProxyFixture proxy{{listener(Target::primary, 50ms)}};
  Client client{proxy.port()};
  client.send(ssl_request);
  EXPECT_EQ(client.read(1), "N");
  client.send(startup);
  EXPECT_TRUE(tells(client.read_all(), "57P03"));
}

TEST(Hold, who_says_nothing_is_told_too) {
  ProxyFixture proxy{{listener(Target::primary, 50ms)}};
  EXPECT_TRUE(tells(Client{proxy.port()}.read_all(), "57P03"));
}

TEST(Hold, garbage_is_closed_without_an_answer) {
  ProxyFixture proxy{{listener(Target::primary, 50ms)}};
  Client client{proxy.port()};
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(client.read_all(), "");
}

TEST(Hold, a_client_that_talks_too_much_is_not_read_without_bound) {
  EchoServer pg1{"pg1"};
  pg1.is_source = true;
  ProxyFixture proxy{{listener(Target::primary)}};
  Client client{proxy.port()};
  client.send(std::string(early_bytes_max * 2, 'x'));
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  proxy.leads(pg1, 10);
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 0 && pg1.accepted() == 1; }));
  client.end_sending();
  EXPECT_EQ(client.read_all(), "bye");
}

TEST(Hold, who_hangs_up_while_waiting_costs_no_server_connection) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  Client gone{proxy.port()};
  gone.send("a");
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  gone.hang_up();
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 0; }));
  proxy.leads(pg1, 10);
  EXPECT_EQ(Client{proxy.port()}.ask("b", 5), "pg1:b");
  EXPECT_EQ(pg1.accepted(), 1);
  EXPECT_EQ(proxy.ledger().listener(0).gone.value(), 1);
}

TEST(Hold, a_server_that_is_not_up_yet_is_tried_again) {
  auto pg1 = std::make_unique<EchoServer>("pg1");
  const auto port = pg1->port();
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(*pg1, 10);
  pg1.reset();
  Client client{proxy.port()};
  client.send("a");
  EXPECT_TRUE(eventually([&] {
    return proxy.http_get("/metrics").find("connection_errors_total{proxy=\"primary\",server=\"pg1\"} 0") ==
           std::string::npos;
  }));
  EchoServer again{"pg1", port};
  EXPECT_EQ(client.read(5), "pg1:a");
}

TEST(Queue, a_full_server_serves_the_next_in_turn_when_one_leaves) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}, [](auto& options) {
                       options.settings.server_maxconn = 1;
                       options.settings.threads = 1;
                     }};
  proxy.leads(pg1, 10);
  Client first{proxy.port()};
  EXPECT_EQ(first.ask("a", 5), "pg1:a");
  std::vector<Client> next;
  for (int i = 0; i < 4; ++i) {
    next.emplace_back(proxy.port());
    next.back().send("b");
  }
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 4; }));
  EXPECT_EQ(pg1.accepted(), 1);
  first.hang_up();
  for (auto& client : next) {
    EXPECT_EQ(client.read(5), "pg1:b");
    client.hang_up();
  }
}

TEST(Queue, a_place_that_one_worker_frees_is_taken_by_another_ones_client) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}, [](auto& options) {
                       options.settings.server_maxconn = 1;
                       options.settings.threads = 4;
                     }};
  proxy.leads(pg1, 10);
  Client first{proxy.port()};
  EXPECT_EQ(first.ask("a", 5), "pg1:a");
  std::vector<Client> next;
  for (int i = 0; i < 8; ++i) {
    next.emplace_back(proxy.port());
    next.back().send("b");
  }
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 8; }));
  first.hang_up();
  EXPECT_TRUE(eventually([&] { return pg1.accepted() == 2; }));
}

TEST(Queue, the_total_bounds_all_listeners_together) {
  EchoServer pg1{"pg1"}, pg2{"pg2"};
  ProxyFixture proxy{{listener(Target::primary), listener(Target::replica)},
                     [](auto& options) { options.settings.maxconn = 1; }};
  proxy.leads(pg1, 10, {&pg2});
  Client writer{proxy.port(0)};
  EXPECT_EQ(writer.ask("a", 5), "pg1:a");
  Client reader{proxy.port(1)};
  reader.send("b");
  EXPECT_TRUE(eventually([&] { return proxy.waiting() == 1; }));
  Client third{proxy.port(1)};
  third.send(startup);
  EXPECT_TRUE(tells(third.read_all(), "53300"));
  writer.hang_up();
  EXPECT_EQ(reader.read(5), "pg2:b");
}

TEST(Queue, who_waited_too_long_for_a_place_is_told_53300) {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary, 50ms)},
                     [](auto& options) { options.settings.server_maxconn = 1; }};
  proxy.leads(pg1, 10);
  Client first{proxy.port()};
  EXPECT_EQ(first.ask("a", 5), "pg1:a");
  Client second{proxy.port()};
  second.send(startup);
  EXPECT_TRUE(tells(second.read_all(), "53300"));
}

}  // namespace
}  // namespace holdfast::proxy
