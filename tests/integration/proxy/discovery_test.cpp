#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "async/with_timeout.hpp"
#include "dcs/etcd/store.hpp"
#include "dcs/memory_async/store.hpp"
#include "heartbeat/publisher.hpp"
#include "http/server.hpp"
#include "integration/dcs/etcd_cluster.hpp"
#include "proxy/dcs_discovery.hpp"
#include "proxy/poll_discovery.hpp"
#include "route/build.hpp"

namespace holdfast::proxy {
namespace {

// An agent's REST server for one test: a heartbeat stream and the health checks.
struct Agent {
  heartbeat::Heartbeat heartbeat;
  heartbeat::Publisher publisher{[this] { return heartbeat; }};
  std::unique_ptr<http::Server> server;

  explicit Agent(asio::io_context& loop) {
    heartbeat.member = "pg1";
    heartbeat.role = heartbeat::Role::primary;
    heartbeat.running = true;
    heartbeat.lease_remaining = 4s;
    http::ServerHandlers handlers;
    handlers.handle = [this](http::Request request) { return answer(std::move(request)); };
    handlers.wants_upgrade = [](const http::Request& request) { return request.path == heartbeat::path; };
    handlers.on_upgrade = [this](http::Request, std::unique_ptr<http::Stream> stream) {
      return publisher.serve(std::move(stream));
    };
    http::ServerOptions options{.listen = {{"127.0.0.1", 0}}};
    server = http::Server::start(loop.get_executor(), std::move(options), std::move(handlers)).value();
  }
  awaitable<http::Response> answer(http::Request request) {
    const bool is_primary = heartbeat.role == heartbeat::Role::primary;
    const bool is_asked = request.path == (is_primary ? "/primary" : "/replica");
    co_return http::Response{.status = is_asked ? 200 : 503, .body = R"({"timeline":1})"};
  }
  std::uint16_t port() const { return server->endpoints().front().port; }
};

awaitable<void> stop_all(Discovery* discovery, http::Server* server) {
  co_await discovery->stop();
  co_await server->stop();
}

// At most 20 s.
bool run_until(asio::io_context& loop, const std::function<bool()>& condition) {
  const auto deadline = BootClock::now() + 20s;
  while (!condition() && BootClock::now() < deadline) loop.run_one_for(100ms);
  return condition();
}

// Runs the loop until `condition` holds for the table, and stops everything.
bool becomes(asio::io_context& loop, Agent& agent, Discovery& discovery, route::Builder& builder,
             const std::function<bool()>& condition) {
  discovery.start([&](const route::Event& event) { builder.apply(event, BootClock::now()); });
  const bool is_so = run_until(loop, condition);
  asio::co_spawn(loop, stop_all(&discovery, agent.server.get()), [](const std::exception_ptr&) {});
  loop.run();
  return is_so;
}

// pg1 takes the lock and says where it is.
dcs::Txn leadership_of(const Agent& agent, const dcs::Keys& keys) {
  const auto api = "http://127.0.0.1:" + std::to_string(agent.port());
  dcs::Txn txn;
  txn.success.emplace_back(dcs::Put{.key = keys.leader(), .value = "pg1"});
  txn.success.emplace_back(dcs::Put{
      .key = keys.member("pg1"),
      .value = R"({"conn_url":"postgres://127.0.0.1:5432/postgres","api_url":")" + api + R"(/patroni"})"});
  return txn;
}

// Until etcd has taken it so often; the last revision is the epoch of the agent's lock from then on.
awaitable<void> lead(dcs::Store* store, dcs::Txn txn, int times, Agent* agent) {
  while (times > 0) {
    const auto done = co_await store->txn(txn);
    if (!done) co_await async::sleep_for(50ms);
    if (done && --times == 0) agent->heartbeat.epoch = Epoch{done->revision};
  }
}

// etcd lost its data directory, and the primary took its lock again in the new store.
TEST(Discovery, the_gate_opens_again_after_etcd_was_wiped) {
  asio::io_context loop;
  Agent agent{loop};
  holdfast::testing::EtcdCluster etcd{1};
  const dcs::EtcdOptions options{.endpoints = {http::parse_url(etcd.client_url(0)).value()}};
  dcs::EtcdStore writer{loop.get_executor(), options};
  const dcs::Keys keys{"service", "test"};
  DcsDiscovery discovery{
      loop.get_executor(), std::make_unique<dcs::EtcdStore>(loop.get_executor(), options), keys, {}};
  route::Builder builder{{}};
  discovery.start([&](const route::Event& event) { builder.apply(event, BootClock::now()); });
  const auto is_open = [&] { return builder.table().gate.takes_new(BootClock::now()); };
  // Three times, so that the wiped store's epoch is the lower one.
  asio::co_spawn(loop, lead(&writer, leadership_of(agent, keys), 3, &agent),
                 [](const std::exception_ptr&) {});
  EXPECT_TRUE(run_until(loop, [&] { return is_open() && builder.table().gate.epoch == Epoch{4}; }));
  const auto before = builder.table().gate;

  etcd.kill(0);
  etcd.erase_data(0);
  etcd.start(0);
  dcs::EtcdStore rewriter{loop.get_executor(), options};
  asio::co_spawn(loop, lead(&rewriter, leadership_of(agent, keys), 1, &agent),
                 [](const std::exception_ptr&) {});
  const auto is_served_anew = [&] { return is_open() && builder.table().gate.store > before.store; };
  EXPECT_TRUE(run_until(loop, is_served_anew)) << builder.table().gate.why;
  EXPECT_LT(builder.table().gate.epoch, before.epoch);
  asio::co_spawn(loop, stop_all(&discovery, agent.server.get()), [](const std::exception_ptr&) {});
  loop.run();
}

TEST(Discovery, the_dcs_and_the_heartbeats_together_open_the_gate) {
  asio::io_context loop;
  Agent agent{loop};
  auto store = std::make_unique<dcs::MemoryStore>(loop.get_executor());
  const dcs::Keys keys{"service", "test"};
  const auto txn = leadership_of(agent, keys);
  agent.heartbeat.epoch = Epoch{store->kv().apply(txn, BootClock::now()).value().revision};
  DcsDiscovery discovery{loop.get_executor(), std::move(store), keys, {}};
  route::Builder builder{{}};
  EXPECT_TRUE(becomes(loop, agent, discovery, builder, [&] {
    return builder.table().gate.takes_new(BootClock::now());
  })) << builder.table().gate.why;
}

TEST(Discovery, polling_finds_a_replica_and_a_server_that_is_down) {
  asio::io_context loop;
  Agent agent{loop};
  agent.heartbeat.role = heartbeat::Role::replica;
  PollOptions options{.inter = 100ms};
  options.servers = {{.name = "pg1", .host = "127.0.0.1", .port = 5432, .check_port = agent.port()},
                     {.name = "pg2", .host = "127.0.0.1", .port = 5433, .check_port = 1}};
  PollDiscovery discovery{loop.get_executor(), options};
  route::Builder builder{{.polled = true}};
  EXPECT_TRUE(becomes(loop, agent, discovery, builder, [&] { return builder.table().servers.size() == 2; }));
  EXPECT_EQ(builder.table().find("pg1")->role, route::Role::replica);
  EXPECT_EQ(builder.table().find("pg2")->check, "L4CON");
}

}  // namespace
}  // namespace holdfast::proxy
