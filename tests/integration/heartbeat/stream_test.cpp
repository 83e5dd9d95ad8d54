#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <functional>
#include <memory>

#include "async/task_group.hpp"
#include "heartbeat/publisher.hpp"
#include "heartbeat/subscriber.hpp"
#include "http/server.hpp"

namespace holdfast::heartbeat {
namespace {

using tcp = asio::ip::tcp;

struct Heard {
  Heartbeat heartbeat;
  BootInstant sent_at, received_at;
};

// An agent's REST server with nothing but the heartbeat stream.
class Agent {
 public:
  Agent(const asio::any_io_executor& executor, std::string name, PublisherOptions options = {},
        std::uint16_t port = 0)
      : publisher_{[this] { return now_; }, options} {
    now_.member = std::move(name);
    now_.scope = "payments";
    now_.role = Role::replica;
    http::ServerOptions server;
    server.listen = {{"127.0.0.1", port}};
    http::ServerHandlers handlers;
    handlers.handle = [](http::Request) { return not_found(); };
    handlers.wants_upgrade = [](const http::Request& request) { return request.path == path; };
    handlers.on_upgrade = [this](http::Request, std::unique_ptr<http::Stream> stream) {
      return publisher_.serve(std::move(stream));
    };
    auto started = http::Server::start(executor, server, handlers);
    if (!started) throw std::runtime_error{to_string(started.error())};
    server_ = *std::move(started);
  }

  Heartbeat& now() { return now_; }
  Publisher& publisher() { return publisher_; }
  std::uint16_t port() const { return server_->endpoints().front().port; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  awaitable<void> stop() { return server_->stop(); }

 private:
  static awaitable<http::Response> not_found() {
    http::Response response;
    response.status = 404;
    co_return response;
  }

  Heartbeat now_;
  Publisher publisher_;
  std::unique_ptr<http::Server> server_;
};

class HeartbeatStream : public testing::Test {
 protected:
  Subscriber& subscribe(SubscriberOptions options = {}) {
    SubscriberHandlers handlers;
    handlers.on_heartbeat = [this](const std::string& peer, const Heartbeat& heartbeat, BootInstant sent_at,
                                   BootInstant received_at) {
      heard_[peer].push_back({heartbeat, sent_at, received_at});
    };
    handlers.on_lost = [this](const std::string& peer, const Error& error) { lost_[peer].push_back(error); };
    subscriber_ = std::make_unique<Subscriber>(io_.get_executor(), options, handlers);
    return *subscriber_;
  }

  // Runs the loop until `condition`; false: ten seconds were not enough.
  bool eventually(const std::function<bool()>& condition) {
    const BootInstant deadline = BootClock::now() + 10s;
    while (!condition()) {
      if (BootClock::now() >= deadline) return false;
      io_.restart();
      io_.run_for(5ms);
    }
    return true;
  }

  void finish(awaitable<void> work) {
    bool done = false;
    std::exception_ptr failure;
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr error) {
      failure = error;
      done = true;
    });
    ASSERT_TRUE(eventually([&] { return done; }));
    if (failure) std::rethrow_exception(failure);
  }

  std::size_t heard(const std::string& peer) { return heard_[peer].size(); }
  std::size_t lost(const std::string& peer) { return lost_[peer].size(); }

  void TearDown() override {
    if (subscriber_) finish(subscriber_->stop());
    for (auto& agent : agents_) finish(agent->stop());
  }

  Agent& start_agent(std::string name, PublisherOptions options = {}, std::uint16_t port = 0) {
    agents_.push_back(std::make_unique<Agent>(io_.get_executor(), std::move(name), options, port));
    return *agents_.back();
  }

  // A subscriber that we drive by hand: connected and upgraded.
  tcp::socket raw_subscriber(const Agent& agent) {
    tcp::socket socket{io_};
    socket.connect({asio::ip::make_address("127.0.0.1"), agent.port()});
    const std::string request =
        "GET /heartbeat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: holdfast-heartbeat\r\n\r\n";
    asio::write(socket, asio::buffer(request));
    return socket;
  }

  asio::io_context io_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::unique_ptr<Subscriber> subscriber_;
  std::map<std::string, std::vector<Heard>> heard_;
  std::map<std::string, std::vector<Error>> lost_;
};

TEST_F(HeartbeatStream, answers_questions_with_the_instant_at_which_they_left) {
  Agent& agent = start_agent("pg1");
  const BootInstant before = BootClock::now();
  subscribe({.scope = "payments", .interval = 10ms}).set_peers({{"pg1", agent.url()}});
  const auto answered = [&] {
    std::size_t count = 0;
    for (const auto& one : heard_["pg1"]) count += one.sent_at != BootInstant{} ? 1 : 0;
    return count;
  };
  ASSERT_TRUE(eventually([&] { return answered() >= 5; }));
  BootInstant last = before;
  for (const auto& one : heard_["pg1"]) {
    if (one.sent_at == BootInstant{}) continue;
    EXPECT_NE(one.heartbeat.nonce, 0U);
    EXPECT_GE(one.sent_at, last);
    EXPECT_LE(one.sent_at, one.received_at);
    last = one.sent_at;
  }
  EXPECT_EQ(lost("pg1"), 0U);
}

TEST_F(HeartbeatStream, pushes_a_change_without_being_asked) {
  Agent& agent = start_agent("pg1");
  subscribe({.interval = 1h, .silence_max = 1h}).set_peers({{"pg1", agent.url()}});
  ASSERT_TRUE(eventually([&] { return heard("pg1") > 0 && agent.publisher().subscribers() == 1; }));
  agent.now().role = Role::primary;
  agent.now().epoch = Epoch{9};
  agent.publisher().push();
  ASSERT_TRUE(eventually([&] { return heard_["pg1"].back().heartbeat.role == Role::primary; }));
  EXPECT_EQ(heard_["pg1"].back().heartbeat.epoch, Epoch{9});
  EXPECT_EQ(heard_["pg1"].back().sent_at, BootInstant{})
      << "a push answers no question, so it proves nothing";
}

TEST_F(HeartbeatStream, tells_when_a_peer_is_gone_and_comes_back_by_itself) {
  Agent& agent = start_agent("pg1");
  const auto port = agent.port();
  subscribe({.interval = 10ms}).set_peers({{"pg1", agent.url()}});
  ASSERT_TRUE(eventually([&] { return heard("pg1") > 0; }));
  finish(agent.stop());
  agents_.clear();
  ASSERT_TRUE(eventually([&] { return lost("pg1") == 1 && !subscriber_->is_connected("pg1"); }));
  const auto before = heard("pg1");
  start_agent("pg1", {}, port);
  ASSERT_TRUE(eventually([&] { return heard("pg1") > before; }));
  EXPECT_EQ(lost("pg1"), 1U) << "one loss is told once";
}

TEST_F(HeartbeatStream, gives_up_a_peer_that_stays_silent_on_an_open_connection) {
  tcp::acceptor acceptor{io_, {asio::ip::make_address("127.0.0.1"), 0}};
  const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  std::vector<tcp::socket> kept;
  acceptor.async_accept([&](boost::system::error_code, tcp::socket socket) {
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: holdfast-heartbeat\r\n\r\n";
    asio::write(socket, asio::buffer(answer));
    kept.push_back(std::move(socket));
  });
  subscribe({.interval = 10ms, .silence_max = 100ms}).set_peers({{"pg1", url}});
  ASSERT_TRUE(eventually([&] { return lost("pg1") > 0; }));
  EXPECT_EQ(lost_["pg1"].front().code, Errc::timed_out);
}

TEST_F(HeartbeatStream, does_not_believe_garbage) {
  tcp::acceptor acceptor{io_, {asio::ip::make_address("127.0.0.1"), 0}};
  const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
  std::vector<tcp::socket> kept;
  acceptor.async_accept([&](boost::system::error_code, tcp::socket socket) {
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: holdfast-heartbeat\r\n\r\n"
        "{\"member\":\"pg1\",\"epoch\":true}\n";
    asio::write(socket, asio::buffer(answer));
    kept.push_back(std::move(socket));
  });
  subscribe({.interval = 10ms}).set_peers({{"pg1", url}});
  ASSERT_TRUE(eventually([&] { return lost("pg1") > 0; }));
  EXPECT_EQ(lost_["pg1"].front().code, Errc::bad_message);
  EXPECT_EQ(heard("pg1"), 0U);
}

TEST_F(HeartbeatStream, does_not_take_one_member_or_cluster_for_another) {
  Agent& agent = start_agent("pg2");
  Agent& stranger = start_agent("pg3");
  stranger.now().scope = "billing";
  subscribe({.scope = "payments", .interval = 10ms})
      .set_peers({{"pg1", agent.url()}, {"pg3", stranger.url()}});
  ASSERT_TRUE(eventually([&] { return lost("pg1") > 0 && lost("pg3") > 0; }));
  EXPECT_EQ(lost_["pg1"].front().code, Errc::refused);
  EXPECT_EQ(lost_["pg3"].front().code, Errc::refused);
  EXPECT_EQ(heard("pg1") + heard("pg3"), 0U);
}

TEST_F(HeartbeatStream, follows_a_changing_list_of_peers) {
  Agent& first = start_agent("pg1");
  Agent& second = start_agent("pg2");
  subscribe({.interval = 10ms}).set_peers({{"pg1", first.url()}});
  ASSERT_TRUE(eventually([&] { return heard("pg1") > 0; }));
  subscriber_->set_peers({{"pg2", second.url()}});
  ASSERT_TRUE(eventually([&] { return heard("pg2") > 0 && first.publisher().subscribers() == 0; }));
  const auto before = heard("pg1");
  const auto second_before = heard("pg2");
  ASSERT_TRUE(eventually([&] { return heard("pg2") > second_before + 3; }));
  EXPECT_EQ(heard("pg1"), before);
  EXPECT_EQ(lost("pg1"), 0U) << "a peer that left the list is not lost";
}

TEST_F(HeartbeatStream, cuts_a_subscriber_that_does_not_read) {
  Agent& agent = start_agent("pg1", {.write_timeout = 100ms});
  auto socket = raw_subscriber(agent);
  socket.set_option(tcp::socket::receive_buffer_size{4096});
  ASSERT_TRUE(eventually([&] { return agent.publisher().subscribers() == 1; }));
  agent.now().why = std::string(300, 'x');
  ASSERT_TRUE(eventually([&] {
    agent.publisher().push();
    for (int i = 0; i < 1000; ++i) {
      agent.publisher().push();
      io_.restart();
      io_.poll();
    }
    return agent.publisher().cut() == 1;
  }));
  EXPECT_EQ(agent.publisher().subscribers(), 0U);
}

TEST_F(HeartbeatStream, cuts_a_subscriber_that_sends_garbage_and_serves_the_others) {
  Agent& agent = start_agent("pg1");
  subscribe({.interval = 10ms}).set_peers({{"pg1", agent.url()}});
  ASSERT_TRUE(eventually([&] { return heard("pg1") > 0; }));
  auto socket = raw_subscriber(agent);
  asio::write(socket, asio::buffer(std::string(20'000, 'z')));
  ASSERT_TRUE(eventually([&] { return agent.publisher().cut() == 1; }));
  const auto before = heard("pg1");
  ASSERT_TRUE(eventually([&] { return heard("pg1") > before + 3; }));
  EXPECT_EQ(agent.publisher().subscribers(), 1U);
}

TEST_F(HeartbeatStream, refuses_more_subscribers_than_it_can_serve) {
  Agent& agent = start_agent("pg1", {.subscribers_max = 1});
  auto first = raw_subscriber(agent);
  ASSERT_TRUE(eventually([&] { return agent.publisher().subscribers() == 1; }));
  subscribe({.interval = 10ms, .silence_max = 200ms}).set_peers({{"pg1", agent.url()}});
  ASSERT_TRUE(eventually([&] { return lost("pg1") > 0; }));
  EXPECT_EQ(heard("pg1"), 0U);
  EXPECT_EQ(agent.publisher().subscribers(), 1U);
}

}  // namespace
}  // namespace holdfast::heartbeat
