#include <gtest/gtest.h>

#include "integration/proxy/fixture.hpp"

namespace holdfast::proxy {
namespace {

using namespace testing;
using route::Target;

// pg1 leads and pg2 follows; clients of the first listener get pg1.
struct Reload : ::testing::Test {
  EchoServer pg1{"pg1"};
  EchoServer pg2{"pg2"};
  Settings settings;
  std::optional<ProxyFixture> proxy;

  void serve(std::vector<ListenerSettings> listeners) {
    proxy.emplace(std::move(listeners), [this](auto& options) { settings = options.settings; });
    proxy->leads(pg1, 10, {&pg2});
    // As an administrator's file has it: a port, not "any".
    for (std::size_t i = 0; i < settings.listeners.size(); ++i)
      settings.listeners[i].bind.port = proxy->port(i);
  }
  bool is_closed(std::uint16_t port) {
    return eventually([port] { return !Client{port}.is_connected(); });
  }
};

TEST_F(Reload, a_higher_limit_lets_waiting_clients_in) {
  proxy.emplace(std::vector{listener(Target::primary)}, [this](auto& options) {
    options.settings.maxconn = 1;
    settings = options.settings;
  });
  proxy->leads(pg1, 10);
  Client first{proxy->port()};
  EXPECT_EQ(first.ask("a", 5), "pg1:a");
  Client second{proxy->port()};
  second.send("b");
  EXPECT_TRUE(eventually([&] { return proxy->waiting() == 1; }));
  settings.maxconn = 2;
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_EQ(second.read(5), "pg1:b");
}

TEST_F(Reload, a_listener_that_was_added_opens_and_the_others_go_on) {
  serve({listener(Target::primary)});
  settings.listeners[0].bind.port = 0;  // as it was given
  Client before{proxy->port(0)};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  settings.listeners.push_back(listener(Target::replica));
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_EQ(Client{proxy->port(1)}.ask("b", 5), "pg2:b");
  EXPECT_EQ(before.ask("c", 5), "pg1:c");
  EXPECT_NE(proxy->http_get("/;csv").find("\nreplica,FRONTEND,"), std::string::npos);
}

TEST_F(Reload, a_listener_that_is_gone_closes_and_its_clients_finish) {
  serve({listener(Target::primary), listener(Target::replica)});
  Client reader{proxy->port(1)};
  EXPECT_EQ(reader.ask("a", 5), "pg2:a");
  settings.listeners = {listener(Target::primary)};
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_TRUE(is_closed(proxy->port(1)));
  EXPECT_EQ(reader.ask("b", 5), "pg2:b");
  EXPECT_EQ(Client{proxy->port(0)}.ask("c", 5), "pg1:c");
  EXPECT_EQ(proxy->http_get("/;csv").find("\nreplica,"), std::string::npos);
  EXPECT_NE(proxy->http_get("/status").find(R"("state":"closed")"), std::string::npos);
}

TEST_F(Reload, a_listener_moves_to_another_address_and_back) {
  serve({listener(Target::primary)});
  const auto first = proxy->port(0);
  Client before{first};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  settings.listeners[0].bind = {"127.0.0.2", first};
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_TRUE(is_closed(first));
  EXPECT_EQ(before.ask("b", 5), "pg1:b");
  settings.listeners[0].bind = {"127.0.0.1", first};
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_EQ(Client{first}.ask("c", 5), "pg1:c");
}

TEST_F(Reload, every_address_takes_over_from_one_address_on_the_same_port) {
  serve({listener(Target::primary)});
  const auto port = proxy->port(0);
  Client before{port};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  settings.listeners[0].bind = {"*", port};
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_EQ(Client(port, Client::Over::ipv6).ask("b", 5), "pg1:b");
  EXPECT_TRUE(eventually([&] { return Client{port}.ask("c", 5) == "pg1:c"; }));
  EXPECT_EQ(before.ask("d", 5), "pg1:d");
}

TEST_F(Reload, a_port_that_leads_elsewhere_keeps_its_clients_and_sends_new_ones_there) {
  serve({listener(Target::primary)});
  Client before{proxy->port(0)};
  EXPECT_EQ(before.ask("a", 5), "pg1:a");
  settings.listeners = {listener(Target::replica)};
  settings.listeners[0].name = "reads";
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_TRUE(eventually([&] { return Client{proxy->port(0)}.ask("b", 5) == "pg2:b"; }));
  EXPECT_EQ(before.ask("c", 5), "pg1:c");
}

TEST_F(Reload, a_port_in_use_is_told_and_the_rest_is_applied) {
  serve({listener(Target::primary)});
  settings.listeners[0].bind.port = 0;
  auto taken = listener(Target::any);
  taken.bind.port = pg1.port();
  settings.listeners.push_back(taken);
  settings.listeners.push_back(listener(Target::replica));
  const auto failures = proxy->reload(settings);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].code, Errc::refused);
  EXPECT_NE(failures[0].context.find("listener any: listening on"), std::string::npos);
  EXPECT_EQ(Client{proxy->port(0)}.ask("a", 5), "pg1:a");
  EXPECT_EQ(Client{proxy->port(2)}.ask("b", 5), "pg2:b");
}

TEST_F(Reload, a_port_that_was_in_use_opens_at_the_next_reload) {
  serve({listener(Target::primary)});
  settings.listeners[0].bind.port = 0;
  auto other = std::make_unique<EchoServer>("other");
  auto wanted = listener(Target::replica);
  wanted.bind.port = other->port();
  settings.listeners.push_back(wanted);
  EXPECT_EQ(proxy->reload(settings).size(), 1u);
  other.reset();
  EXPECT_TRUE(proxy->reload(settings).empty());
  EXPECT_EQ(Client{static_cast<std::uint16_t>(wanted.bind.port)}.ask("a", 5), "pg2:a");
}

TEST_F(Reload, clients_that_wait_at_a_listener_that_is_gone_are_still_served) {
  EchoServer pg3{"pg3"};
  serve({listener(Target::primary), listener(Target::sync)});
  proxy->members({&pg1}, std::nullopt);
  settings.listeners[1].bind.port = 0;
  Client waiting{proxy->port(0)};
  waiting.send("a");
  EXPECT_TRUE(eventually([&] { return proxy->waiting() == 1; }));
  settings.listeners.erase(settings.listeners.begin());
  EXPECT_TRUE(proxy->reload(settings).empty());
  proxy->leads(pg3, 20);
  EXPECT_EQ(waiting.read(5), "pg3:a");
}

}  // namespace
}  // namespace holdfast::proxy
