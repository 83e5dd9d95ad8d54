#include <gtest/gtest.h>

#include "integration/proxy/fixture.hpp"

namespace holdfast::proxy {
namespace {

using namespace testing;
using route::Target;

struct Served {
  EchoServer pg1{"pg1"};
  ProxyFixture proxy{{listener(Target::primary)}};
  Served() { proxy.leads(pg1, 10); }
};

TEST(Relay, one_side_may_end_before_the_other) {
  Served served;
  Client client{served.proxy.port()};
  client.send("last words");
  client.end_sending();
  EXPECT_EQ(client.read_all(), "pg1:last wordsbye");
}

TEST(Relay, large_answers_arrive_whole) {
  Served served;
  served.pg1.is_source = true;
  Client client{served.proxy.port()};
  constexpr std::size_t size = 64 * 1024 * 1024;
  client.send("send " + std::to_string(size));
  EXPECT_EQ(client.read(size), std::string(size, 'x'));
  client.send("send 10");
  EXPECT_EQ(client.read(10), std::string(10, 'x'));
}

TEST(Relay, large_uploads_arrive_whole_and_are_counted) {
  Served served;
  served.pg1.is_source = true;
  Client client{served.proxy.port()};
  constexpr std::size_t size = 32 * 1024 * 1024;
  client.send(std::string(size, 'y'));
  client.end_sending();
  EXPECT_EQ(client.read_all(), "bye");
  const auto line = "haproxy_server_bytes_in_total{proxy=\"primary\",server=\"pg1\"} " + std::to_string(size);
  EXPECT_TRUE(eventually([&] { return served.proxy.http_get("/metrics").find(line) != std::string::npos; }));
}

TEST(Relay, a_client_that_does_not_read_harms_nobody_else) {
  Served served;
  served.pg1.is_source = true;
  Client deaf{served.proxy.port()};
  deaf.send("send 67108864");
  Client other{served.proxy.port()};
  EXPECT_EQ(other.ask("send 5", 5), "xxxxx");
}

TEST(Relay, a_crashed_server_ends_its_clients) {
  EchoServer pg2{"pg2"};
  auto pg1 = std::make_unique<EchoServer>("pg1");
  ProxyFixture proxy{{listener(Target::primary)}};
  proxy.leads(*pg1, 10);
  Client client{proxy.port()};
  EXPECT_EQ(client.ask("a", 5), "pg1:a");
  pg1.reset();
  client.end_sending();
  EXPECT_TRUE(client.is_cut());
}

TEST(Relay, two_thousand_idle_clients_are_kept) {
  raise_file_limit();
  Served served;
  std::vector<Client> clients;
  for (int i = 0; i < 2000; ++i) {
    clients.emplace_back(served.proxy.port());
    clients.back().send("a");
  }
  for (auto& client : clients) ASSERT_EQ(client.read(5), "pg1:a");
  EXPECT_EQ(served.proxy.ledger().sessions.now(), 2000);
  for (auto& client : clients) ASSERT_EQ(client.ask("b", 5), "pg1:b");
}

TEST(Stats, are_served_in_haproxys_csv_in_prometheus_text_and_in_json) {
  Served served;
  Client client{served.proxy.port()};
  client.send("a");
  client.end_sending();
  EXPECT_EQ(client.read_all(), "pg1:abye");
  EXPECT_TRUE(eventually([&] { return served.proxy.ledger().sessions.now() == 0; }));
  const auto csv = served.proxy.http_get("/;csv");
  EXPECT_NE(csv.find("# pxname,svname,qcur,"), std::string::npos);
  EXPECT_NE(csv.find("primary,FRONTEND,"), std::string::npos);
  EXPECT_NE(csv.find("primary,pg1,,,0,1,,1,1,8,,,,0,,0,,UP,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("primary,BACKEND,0,0,0,1,10000,1,1,8,"), std::string::npos) << csv;
  EXPECT_EQ(served.proxy.http_get("/stats;csv").substr(0, 15), csv.substr(0, 15));
  EXPECT_NE(served.proxy.http_get("/metrics").find("holdfast_proxy_gate_open 1"), std::string::npos);
  const auto status = served.proxy.http_get("/status");
  EXPECT_NE(status.find("\"state\":\"open\",\"primary\":\"pg1\",\"epoch\":10"), std::string::npos) << status;
  EXPECT_NE(served.proxy.http_get("/health").find("200 OK"), std::string::npos);
  EXPECT_NE(served.proxy.http_get("/nothing").find("404"), std::string::npos);
}

TEST(Drain, lets_clients_finish_and_takes_no_new_ones) {
  Served served;
  auto client = std::make_unique<Client>(served.proxy.port());
  EXPECT_EQ(client->ask("a", 5), "pg1:a");
  std::thread draining{[&] { served.proxy.drain(); }};
  EXPECT_TRUE(eventually([&] { return served.proxy.http_get("/health").find("503") != std::string::npos; }));
  EXPECT_EQ(client->ask("b", 5), "pg1:b");
  client.reset();
  draining.join();
  EXPECT_EQ(served.proxy.ledger().sessions.now(), 0);
}

}  // namespace
}  // namespace holdfast::proxy
