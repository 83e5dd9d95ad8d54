#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "agent/rest.hpp"
#include "unit/agent/rest_views.hpp"

namespace holdfast::agent::rest {
namespace {

// Remembers what was asked of the agent.
class Recorder : public Operations {
 public:
  std::vector<std::string> calls;
  std::vector<std::string> good = {"pg2"};
  SwitchoverOrder last_order;

  awaitable<Answer> patch_config(boost::json::object) override {
    return answer("patch_config", 200, "{\"ttl\":30}");
  }
  awaitable<Answer> put_config(boost::json::object) override { return answer("put_config", 502, "no"); }
  awaitable<Answer> switchover(SwitchoverOrder order) override {
    last_order = std::move(order);
    return answer("switchover", 200, "Successfully switched over to \"pg2\"");
  }
  awaitable<Answer> delete_switchover() override {
    return answer("delete_switchover", 404, "no switchover is scheduled");
  }
  awaitable<Answer> restart(RestartOrder) override {
    return answer("restart", 200, "restarted successfully");
  }
  awaitable<Answer> delete_restart() override {
    return answer("delete_restart", 404, "no restarts are scheduled");
  }
  awaitable<Answer> reload() override { return answer("reload", 202, "reload scheduled"); }
  awaitable<Answer> reinitialize(ReinitializeOrder) override {
    return answer("reinitialize", 200, "reinitialize started");
  }
  awaitable<Answer> failsafe(FailsafeAnnouncement) override { return answer("failsafe", 200, "Accepted"); }
  awaitable<std::vector<std::string>> good_candidates(std::vector<std::string>) override { co_return good; }

 private:
  awaitable<Answer> answer(std::string call, int status, std::string text) {
    calls.push_back(std::move(call));
    co_return Answer{.status = status, .text = std::move(text), .headers = {{"lsn", "17"}}};
  }
};

class RestApiTest : public testing::Test {
 protected:
  http::Response ask(const std::string& method, const std::string& path, const std::string& body = "") {
    http::Request request;
    request.method = method;
    request.path = request.target = path;
    request.body = body;
    request.peer = "192.0.2.1";
    request.headers = headers;
    http::Response response;
    std::exception_ptr failure;
    asio::io_context io;
    asio::co_spawn(io, api.handle(std::move(request)), [&](std::exception_ptr error, http::Response answer) {
      failure = error;
      response = std::move(answer);
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return response;
  }

  RestView view = the_primary();
  Recorder operations;
  http::Headers headers;
  heartbeat::Publisher publisher{[] { return heartbeat::Heartbeat{}; }};
  RestApi api{{.access = {}, .extra_headers = {{"X-Frame-Options", "DENY"}}},
              {[this] { return view; }, operations, publisher, [] { return std::string{"own 1\n"}; }}};
};

TEST_F(RestApiTest, passes_each_verb_to_its_operation) {
  view.failsafe_enabled = true;
  struct Row {
    const char *method, *path, *body, *call;
    int status;
  };
  constexpr Row rows[] = {
      {"PATCH", "/config", R"({"ttl":30})", "patch_config", 200},
      {"PUT", "/config", R"({"ttl":30})", "put_config", 502},
      {"POST", "/reload", "", "reload", 202},
      {"POST", "/restart", "", "restart", 200},
      {"DELETE", "/restart", "", "delete_restart", 404},
      {"POST", "/switchover", R"({"leader":"pg1"})", "switchover", 200},
      {"POST", "/failover", R"({"candidate":"pg2"})", "switchover", 200},
      {"DELETE", "/switchover", "", "delete_switchover", 404},
      {"POST", "/reinitialize", "", "reinitialize", 200},
      {"POST", "/failsafe", R"({"name":"pg1"})", "failsafe", 200},
  };
  for (const auto& row : rows) {
    operations.calls.clear();
    const auto response = ask(row.method, row.path, row.body);
    EXPECT_EQ(response.status, row.status) << row.method << row.path << response.body;
    EXPECT_EQ(operations.calls, std::vector<std::string>{row.call}) << row.method << row.path;
    EXPECT_EQ(response.headers.find("lsn"), "17");
    EXPECT_EQ(response.headers.find("X-Frame-Options"), "DENY");
  }
}

TEST_F(RestApiTest, starts_nothing_for_a_caller_without_the_password) {
  ApiOptions options;
  options.access.username = "admin";
  options.access.password = Secret{"s3cret"};
  api.set_options(options);
  EXPECT_EQ(ask("POST", "/restart").status, 401);
  EXPECT_EQ(ask("PATCH", "/config", "{\"ttl\":30}").status, 401);
  EXPECT_TRUE(operations.calls.empty());
  EXPECT_EQ(ask("GET", "/primary").status, 200) << "health checks stay open";
  headers.set("Authorization", http::basic_authorization("admin", Secret{"s3cret"}));
  EXPECT_EQ(ask("POST", "/restart").status, 200);
}

TEST_F(RestApiTest, switches_over_only_when_a_good_candidate_answers) {
  operations.good.clear();
  auto response = ask("POST", "/switchover", R"({"leader":"pg1"})");
  EXPECT_EQ(response.status, 412);
  EXPECT_EQ(response.body, "switchover is not possible: no good candidates have been found");
  EXPECT_TRUE(operations.calls.empty());
  response = ask("POST", "/switchover", R"({"leader":"pg1","scheduled_at":"2026-01-14T13:00:00Z"})");
  EXPECT_EQ(response.status, 200) << "a scheduled one is judged when its time has come";
  EXPECT_EQ(operations.last_order.scheduled_at, noon() + 1h);
}

TEST_F(RestApiTest, serves_neither_sigterm_nor_failsafe_while_it_is_off) {
  EXPECT_EQ(ask("POST", "/sigterm").status, 501);
  EXPECT_EQ(ask("POST", "/primary").status, 501);
  EXPECT_EQ(ask("DELETE", "/config").status, 501);
  EXPECT_EQ(ask("POST", "/failsafe", R"({"name":"pg1"})").status, 502);
  EXPECT_TRUE(operations.calls.empty());
}

TEST_F(RestApiTest, says_json_only_when_it_is) {
  EXPECT_EQ(ask("PATCH", "/config", R"({"ttl":30})").content_type, "application/json");
  EXPECT_EQ(ask("PATCH", "/config", "{").content_type, "text/plain");
  EXPECT_TRUE(ask("GET", "/metrics").body.ends_with("own 1\n"));
}

TEST_F(RestApiTest, counts_answers_and_refusals) {
  api.set_options({.access = {.username = "admin", .password = Secret{"right"}}, .extra_headers = {}});
  ask("GET", "/patroni");
  EXPECT_EQ(ask("POST", "/reload").status, 401);
  headers.set("Authorization", http::basic_authorization("admin", Secret{"right"}));
  EXPECT_EQ(ask("POST", "/reload").status, 202);
  EXPECT_EQ(api.requests(), 3U);
  EXPECT_EQ(api.refusals(), 1U);
}

TEST_F(RestApiTest, upgrades_only_the_heartbeat_stream) {
  const auto handlers = api.handlers();
  http::Request request;
  request.path = "/heartbeat";
  EXPECT_FALSE(handlers.wants_upgrade(request));
  request.headers.set("Upgrade", "websocket");
  EXPECT_FALSE(handlers.wants_upgrade(request));
  request.headers.set("Upgrade", heartbeat::protocol);
  EXPECT_TRUE(handlers.wants_upgrade(request));
  request.path = "/patroni";
  EXPECT_FALSE(handlers.wants_upgrade(request));
}

}  // namespace
}  // namespace holdfast::agent::rest
