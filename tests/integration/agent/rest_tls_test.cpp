#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "agent/allowlist.hpp"
#include "agent/rest.hpp"
#include "agent/settings.hpp"
#include "async/task_group.hpp"
#include "heartbeat/subscriber.hpp"
#include "integration/certificates.hpp"

namespace holdfast::agent {
namespace {

using holdfast::testing::Certificates;

// An agent that does nothing but say that it did.
class Willing : public rest::Operations {
 public:
  awaitable<rest::Answer> patch_config(boost::json::object) override { return ok(); }
  awaitable<rest::Answer> put_config(boost::json::object) override { return ok(); }
  awaitable<rest::Answer> switchover(rest::SwitchoverOrder) override { return ok(); }
  awaitable<rest::Answer> delete_switchover() override { return ok(); }
  awaitable<rest::Answer> restart(rest::RestartOrder) override { return ok(); }
  awaitable<rest::Answer> delete_restart() override { return ok(); }
  awaitable<rest::Answer> reload() override { return ok(); }
  awaitable<rest::Answer> reinitialize(rest::ReinitializeOrder) override { return ok(); }
  awaitable<rest::Answer> failsafe(rest::FailsafeAnnouncement) override { return ok(); }
  awaitable<std::vector<std::string>> good_candidates(std::vector<std::string> names) override {
    co_return names;
  }

 private:
  static awaitable<rest::Answer> ok() {
    co_return rest::Answer{.status = 202, .text = "done", .headers = {}};
  }
};

// The REST API of pg1 as the configuration makes it, and clients as the configuration of another host makes
// them.
class RestTls : public ::testing::Test {
 protected:
  config::Config of_server(config::VerifyClient verify) {
    config::Config config;
    config.restapi.listen = {"127.0.0.1", 0};
    const auto pair = certificates.sign("server");
    config.restapi.certfile = pair.cert;
    config.restapi.keyfile = pair.key;
    config.restapi.cafile = certificates.authority();
    config.restapi.verify_client = verify;
    return config;
  }
  // A member of the same cluster: its own certificate, the same authority.
  config::Config of_peer() {
    config::Config config;
    const auto pair = certificates.sign("peer");
    config.restapi.certfile = pair.cert;
    config.restapi.keyfile = pair.key;
    config.restapi.cafile = certificates.authority();
    return config;
  }
  // Somebody who trusts the authority and has no certificate.
  config::Config of_visitor() const {
    config::Config config;
    config.ctl.cacert = certificates.authority();
    return config;
  }

  void serve(const config::Config& config) {
    rest::ApiOptions options{.access = access_policy(config.restapi),
                             .extra_headers = extra_headers(config.restapi)};
    api = std::make_unique<rest::RestApi>(
        std::move(options),
        rest::RestApi::Sources{[] { return rest::RestView{}; }, operations, publisher, {}});
    auto started =
        http::Server::start(io.get_executor(), rest_server_options(config.restapi), api->handlers());
    ASSERT_TRUE(started.has_value()) << to_string(started.error());
    server = *std::move(started);
    url = "https://127.0.0.1:" + std::to_string(server->endpoints().front().port);
  }

  template <class T>
  T wait(awaitable<T> work) {
    std::optional<T> outcome;
    asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& failure, T result) {
      if (failure) std::rethrow_exception(failure);
      outcome = std::move(result);
    });
    EXPECT_TRUE(eventually([&] { return outcome.has_value(); }));
    return *std::move(outcome);
  }

  bool eventually(const std::function<bool()>& condition) {
    const BootInstant deadline = BootClock::now() + 10s;
    while (!condition()) {
      if (BootClock::now() >= deadline) return false;
      io.restart();
      io.run_for(5ms);
    }
    return true;
  }

  Result<http::Response> ask(const config::Config& as, const std::string& method, const std::string& path) {
    http::Client client{io.get_executor(), rest_client_options(as)};
    http::Request request;
    request.method = method;
    return wait(client.request(http::parse_url(url + path).value(), std::move(request), 5s));
  }

  // Whether heartbeats come; else why not.
  std::string listen_as(const config::Config& config) {
    heartbeat::SubscriberOptions options;
    options.client = rest_client_options(config);
    std::string outcome;
    heartbeat::SubscriberHandlers handlers;
    handlers.on_heartbeat = [&](const std::string& peer, const heartbeat::Heartbeat& beat, BootInstant,
                                BootInstant) {
      if (beat.nonce > 0) outcome = "heard " + peer;
    };
    handlers.on_lost = [&](const std::string&, const Error& error) { outcome = to_string(error); };
    heartbeat::Subscriber subscriber{io.get_executor(), std::move(options), std::move(handlers)};
    subscriber.set_peers({{"pg1", url}});
    EXPECT_TRUE(eventually([&] { return !outcome.empty(); }));
    const auto first = outcome;
    finish(subscriber.stop());
    return first;
  }

  void finish(awaitable<void> work) {
    bool done = false;
    asio::co_spawn(io, std::move(work), [&](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
      done = true;
    });
    EXPECT_TRUE(eventually([&] { return done; }));
  }

  void TearDown() override {
    if (server) finish(server->stop());
  }

  asio::io_context io;
  Certificates certificates;
  Willing operations;
  heartbeat::Publisher publisher{[] {
    heartbeat::Heartbeat beat;
    beat.member = "pg1";
    return beat;
  }};
  std::unique_ptr<rest::RestApi> api;
  std::unique_ptr<http::Server> server;
  std::string url;
};

TEST_F(RestTls, optional_client_certificates_are_needed_by_unsafe_verbs_alone) {
  serve(of_server(config::VerifyClient::optional));
  const auto read = ask(of_visitor(), "GET", "/liveness");
  ASSERT_TRUE(read.has_value()) << to_string(read.error());
  const auto refused = ask(of_visitor(), "POST", "/reload");
  ASSERT_TRUE(refused.has_value()) << to_string(refused.error());
  EXPECT_EQ(refused->status, 403);
  EXPECT_EQ(refused->body, "client certificate required");
  const auto done = ask(of_peer(), "POST", "/reload");
  ASSERT_TRUE(done.has_value()) << to_string(done.error());
  EXPECT_EQ(done->status, 202);
}

TEST_F(RestTls, required_client_certificates_are_needed_by_all) {
  serve(of_server(config::VerifyClient::required));
  const auto refused = ask(of_visitor(), "GET", "/liveness");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Errc::refused) << to_string(refused.error());
  const auto done = ask(of_peer(), "POST", "/reload");
  ASSERT_TRUE(done.has_value()) << to_string(done.error());
  EXPECT_EQ(done->status, 202);
}

TEST_F(RestTls, a_certificate_of_a_stranger_opens_nothing) {
  serve(of_server(config::VerifyClient::optional));
  Certificates strangers;
  auto peer = of_visitor();
  const auto pair = strangers.sign("peer");
  peer.ctl.certfile = pair.cert;
  peer.ctl.keyfile = pair.key;
  const auto answer = ask(peer, "POST", "/reload");
  EXPECT_TRUE(!answer || answer->status == 403) << answer->status;
}

TEST_F(RestTls, a_server_of_another_authority_is_not_believed) {
  serve(of_server(config::VerifyClient::none));
  const Certificates strangers;
  auto visitor = of_visitor();
  visitor.ctl.cacert = strangers.authority();
  const auto answer = ask(visitor, "GET", "/liveness");
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().context.find("is not accepted"), std::string::npos) << answer.error().context;
  visitor.ctl.insecure = true;
  EXPECT_TRUE(ask(visitor, "GET", "/liveness").has_value());
}

TEST_F(RestTls, extra_headers_come_with_every_answer) {
  auto config = of_server(config::VerifyClient::none);
  config.restapi.https_extra_headers = {{"Strict-Transport-Security", "max-age=1"}};
  serve(config);
  const auto answer = ask(of_visitor(), "GET", "/liveness");
  ASSERT_TRUE(answer.has_value()) << to_string(answer.error());
  EXPECT_EQ(answer->headers.find("Strict-Transport-Security"), "max-age=1");
}

TEST_F(RestTls, heartbeats_come_over_tls_with_the_certificate_of_a_member) {
  serve(of_server(config::VerifyClient::required));
  EXPECT_EQ(listen_as(of_peer()), "heard pg1");
}

TEST_F(RestTls, heartbeats_are_kept_from_who_shows_no_certificate_where_one_is_required) {
  serve(of_server(config::VerifyClient::required));
  const auto outcome = listen_as(of_visitor());
  EXPECT_NE(outcome.find("certificate"), std::string::npos) << outcome;
}

TEST(Allowlist, resolves_host_names_and_keeps_out_who_is_not_known) {
  asio::io_context io;
  http::Resolver resolver{io.get_executor()};
  rest::AccessPolicy policy;
  policy.host_names = {"localhost", "no-such-host.invalid"};
  policy.allowlist_include_members = true;
  bool done = false;
  asio::co_spawn(io, resolve_hosts(&resolver, std::move(policy), {"localhost"}, 5s),
                 [&](const std::exception_ptr& failure, rest::AccessPolicy resolved) {
                   if (failure) std::rethrow_exception(failure);
                   policy = std::move(resolved);
                   done = true;
                 });
  io.run_for(15s);
  ASSERT_TRUE(done);
  const auto holds_loopback = [](const std::vector<rest::Network>& networks) {
    return std::any_of(networks.begin(), networks.end(), [](const rest::Network& network) {
      return rest::contains(network, "127.0.0.1") || rest::contains(network, "::1");
    });
  };
  EXPECT_TRUE(holds_loopback(policy.allowlist));
  EXPECT_TRUE(holds_loopback(policy.member_addresses));
}

}  // namespace
}  // namespace holdfast::agent
