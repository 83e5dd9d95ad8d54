#include "cli/verbs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/json/parse.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "agent/settings.hpp"
#include "dcs/cluster.hpp"
#include "dcs/etcd/options.hpp"
#include "dcs/etcd/store.hpp"
#include "dcs/transactions.hpp"
#include "http/server.hpp"

// The verbs against a real etcd, with keys as Patroni writes them and a REST API that remembers what it was
// asked.
namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

class Etcd {
 public:
  explicit Etcd(const fs::path& directory) : port_{free_port()} {
    const std::string client = "http://127.0.0.1:" + std::to_string(port_);
    const std::string peer = "http://127.0.0.1:" + std::to_string(free_port());
    pid_ = fork();
    if (pid_ == 0) {
      std::freopen((directory / "etcd.log").c_str(), "w", stderr);
      execl("/usr/bin/etcd", "etcd", "--data-dir", (directory / "etcd").c_str(), "--listen-client-urls",
            client.c_str(), "--advertise-client-urls", client.c_str(), "--listen-peer-urls", peer.c_str(),
            "--initial-advertise-peer-urls", peer.c_str(), "--initial-cluster", ("default=" + peer).c_str(),
            nullptr);
      _exit(127);
    }
  }
  ~Etcd() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Etcd(const Etcd&) = delete;
  Etcd& operator=(const Etcd&) = delete;
  int port() const { return port_; }

 private:
  int port_;
  pid_t pid_ = 0;
};

// What members are asked: answered by the test's own words.
class FakeRest {
 public:
  FakeRest() {
    thread_ = std::thread{[this] { serve(); }};
    while (port_ == 0) std::this_thread::yield();
  }
  ~FakeRest() {
    asio::co_spawn(io_, server_->stop(), [this](const std::exception_ptr&) { io_.stop(); });
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  std::string asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }

 private:
  awaitable<http::Response> answer(http::Request request) {
    const std::lock_guard lock{mutex_};
    asked_ += request.method + " " + request.path + " " + request.body + "\n";
    if (request.path == "/switchover")
      co_return http::Response{.body = "Successfully switched over to \"pg2\""};
    if (request.path == "/reload") co_return http::Response{.status = 202, .body = "reload scheduled"};
    co_return http::Response{.body = R"({"state":"running","role":"replica"})"};
  }
  void serve() {
    http::ServerHandlers handlers;
    handlers.handle = [this](http::Request request) { return answer(std::move(request)); };
    auto server =
        http::Server::start(io_.get_executor(), {.listen = {{"127.0.0.1", 0}}}, std::move(handlers));
    if (!server) std::abort();
    server_ = *std::move(server);
    port_ = server_->endpoints().front().port;
    const auto guard = asio::make_work_guard(io_);
    io_.run();
  }

  asio::io_context io_;
  std::unique_ptr<http::Server> server_;
  std::atomic<std::uint16_t> port_ = 0;
  std::mutex mutex_;
  std::string asked_;
  std::thread thread_;
};

class Verbs : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/hf-cli-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    etcd_ = std::make_unique<Etcd>(directory_);
    common_.dcs_url = "etcd3://127.0.0.1:" + std::to_string(etcd_->port());
    seed();
  }
  void TearDown() override {
    etcd_.reset();
    fs::remove_all(directory_);
  }

  void seed() {
    const auto member = [&](const std::string& name, const std::string& role, const std::string& more) {
      return R"({"conn_url":"postgres://10.0.1.1)" + name.substr(2) +
             R"(:5432/postgres","api_url":"http://127.0.0.1:)" + std::to_string(rest_.port()) +
             R"(/patroni","state":"running","role":")" + role +
             R"(","version":"4.1.4","xlog_location":67395656,"timeline":5)" + more + "}";
    };
    dcs::Txn txn;
    const dcs::Keys keys{"/service", "demo"};
    txn.success = {
        dcs::Put{keys.initialize(), "7412000000000000001"},
        dcs::Put{keys.leader(), "pg1"},
        dcs::Put{keys.config(),
                 R"({"ttl":30,"loop_wait":10,"retry_timeout":10,"postgresql":{"use_pg_rewind":true}})"},
        dcs::Put{keys.status(), R"({"optime":100950088})"},
        dcs::Put{keys.history(),
                 R"([[4,67395656,"no recovery target specified","2026-01-14T10:09:57+00:00","pg1"]])"},
        dcs::Put{keys.member("pg1"), member("pg1", "master", "")},
        dcs::Put{keys.member("pg2"), member("pg2", "replica", R"(,"tags":{"clonefrom":true})")}};
    const auto deadline = BootClock::now() + 30s;
    while (!write(txn)) ASSERT_LT(BootClock::now(), deadline) << "etcd does not come up";
  }

  bool write(dcs::Txn txn) {
    asio::io_context io;
    config::EtcdConfig config;
    config.hosts = {{"127.0.0.1", etcd_->port()}};
    dcs::EtcdStore store{io.get_executor(), dcs::options_of(config)};
    bool done = false;
    asio::co_spawn(io, store.txn(std::move(txn)),
                   [&](const std::exception_ptr&, Result<dcs::TxnResult> result) {
                     done = result.has_value();
                     io.stop();
                   });
    io.run();
    return done;
  }

  template <class Verb>
  int run(Verb verb, const std::string& typed = {}, Style style = Style::patronictl) {
    std::istringstream in{typed};
    std::ostringstream out, err;
    Terminal terminal{in, out, err, false};
    Context context{style, common_, terminal};
    const auto outcome = run_verb(context, verb);
    out_ = out.str();
    err_ = err.str() + (outcome ? "" : outcome.error().context);
    return outcome ? *outcome : -1;
  }

  // What Debian's patronictl says to the same.
  std::string patronictl(const std::string& arguments) {
    const auto file = directory_ / "patronictl.yml";
    std::ofstream{file} << "etcd3:\n  host: 127.0.0.1:" << etcd_->port() << "\n";
    FILE* pipe =
        popen(("/usr/bin/patronictl -c " + file.string() + " " + arguments + " 2>/dev/null").c_str(), "r");
    std::string text;
    for (char chunk[4096]; std::size_t size = std::fread(chunk, 1, sizeof chunk, pipe);)
      text.append(chunk, size);
    pclose(pipe);
    return text;
  }

  fs::path directory_;
  FakeRest rest_;
  std::unique_ptr<Etcd> etcd_;
  Common common_;
  std::string out_, err_;
};

// Rows of `list -f json` by the columns that both versions have (3.0 knows one lag, in "Lag in MB").
std::string common_columns(const std::string& text, const char* lag) {
  const auto rows = boost::json::parse(text);
  std::string out;
  for (const auto& row : rows.as_array()) {
    for (const char* key : {"Cluster", "Member", "Host", "Role", "State", "TL", lag, "Tags"}) {
      const auto* cell = row.as_object().if_contains(key);
      out += (cell != nullptr ? dcs::print_json(*cell) : "-") + " ";
    }
  }
  return out;
}

TEST_F(Verbs, list_agrees_with_debians_patronictl) {
  if (!fs::exists("/usr/bin/patronictl")) GTEST_SKIP() << "no patronictl here";
  ASSERT_EQ(run(List{.clusters = {"demo"}, .format = Format::json}), 0) << err_;
  const auto theirs = patronictl("list demo -f json");
  ASSERT_FALSE(theirs.empty());
  EXPECT_EQ(common_columns(out_, "Replay Lag"), common_columns(theirs, "Lag in MB"));
  run(ShowConfig{.cluster = "demo"});
  EXPECT_EQ(out_, patronictl("show-config demo"));
  for (const auto& [format, name] :
       {std::pair{Format::pretty, "pretty"}, {Format::tsv, "tsv"}, {Format::json, "json"}}) {
    run(History{.cluster = "demo", .format = format});
    EXPECT_EQ(out_, patronictl(std::string{"history demo -f "} + name));
  }
}

TEST_F(Verbs, list_prints_every_form) {
  EXPECT_EQ(run(List{.clusters = {"demo"}}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("+ Cluster: demo (7412000000000000001) "));
  EXPECT_THAT(
      out_,
      HasSubstr("| pg2    | 10.0.1.12 | Replica | running |  5 |   0/4046048 |  32 |  0/4046048 |  32 |"));
  EXPECT_EQ(run(List{.clusters = {"demo"}, .format = Format::tsv}), 0);
  EXPECT_THAT(
      out_,
      HasSubstr(
          "demo\tpg2\t10.0.1.12\tReplica\trunning\t5\t0/4046048\t32\t0/4046048\t32\t{clonefrom: true}\n"));
  EXPECT_EQ(run(List{.clusters = {"demo"}, .format = Format::topology}), 0);
  EXPECT_THAT(out_, HasSubstr("| + pg2  |"));
}

TEST_F(Verbs, switchover_asks_and_then_tells_the_leader) {
  EXPECT_EQ(run(Switchover{.cluster = "demo"}, "\npg2\nnow\ny\n"), 0) << err_;
  EXPECT_THAT(out_,
              HasSubstr("Primary [pg1]: Candidate ['pg2'] []: When should the switchover take place (e.g. "));
  EXPECT_THAT(
      out_,
      HasSubstr("Are you sure you want to switchover cluster demo, demoting current leader pg1? [y/N]: "));
  EXPECT_THAT(out_, HasSubstr("Successfully switched over to \"pg2\""));
  EXPECT_THAT(rest_.asked(), HasSubstr(R"(POST /switchover {"leader":"pg1","candidate":"pg2"})"));
}

TEST_F(Verbs, switchover_does_nothing_unless_confirmed) {
  EXPECT_EQ(run(Switchover{.cluster = "demo"}, "\npg2\nnow\nn\n"), -1);
  EXPECT_THAT(err_, HasSubstr("Aborting switchover"));
  EXPECT_EQ(run(Switchover{.cluster = "demo", .candidate = "pg9", .force = true}), -1);
  EXPECT_THAT(err_, HasSubstr("Member pg9 does not exist in cluster demo"));
  EXPECT_EQ(rest_.asked(), "");
}

TEST_F(Verbs, edit_config_writes_what_was_shown) {
  EXPECT_EQ(run(EditConfig{.cluster = "demo", .settings = {"ttl=25"}, .pg_settings = {"max_connections=200"}},
                "y\n"),
            0)
      << err_;
  EXPECT_THAT(out_, HasSubstr("-ttl: 30\n+ttl: 25\n"));
  EXPECT_THAT(out_, HasSubstr("Configuration changed"));
  run(ShowConfig{.cluster = "demo"});
  EXPECT_THAT(out_, HasSubstr("max_connections: 200\n"));
  run(EditConfig{.cluster = "demo", .settings = {"ttl=25"}});
  EXPECT_EQ(out_, "Not changed\n");
}

TEST_F(Verbs, edit_config_refuses_what_no_member_would_take) {
  EXPECT_EQ(run(EditConfig{.cluster = "demo", .force = true, .settings = {"loop_wait=fast"}}), -1);
  run(ShowConfig{.cluster = "demo"});
  EXPECT_THAT(out_, HasSubstr("loop_wait: 10\n"));
}

TEST_F(Verbs, pause_goes_through_a_member) {
  EXPECT_EQ(run(Pause{.on = true, .cluster = "demo"}), 0) << err_;
  EXPECT_EQ(out_, "Success: cluster management is paused\n");
  EXPECT_THAT(rest_.asked(), HasSubstr(R"(PATCH /config {"pause": true})"));
  EXPECT_EQ(run(Pause{.on = false, .cluster = "demo"}), -1);
  EXPECT_THAT(err_, HasSubstr("Cluster is not paused"));
}

TEST_F(Verbs, reload_tells_when_it_will_be_done) {
  EXPECT_EQ(run(Reload{.selection = {.names = {"demo", "pg2"}, .role = {}}}, "y\n"), 0) << err_;
  EXPECT_THAT(out_,
              HasSubstr("Reload request received for member pg2 and will be processed within 10 seconds"));
}

TEST_F(Verbs, remove_wants_to_be_sure) {
  EXPECT_EQ(run(Remove{.cluster = "demo"}, "demo\nYes I am aware\npg2\n"), -1);
  EXPECT_THAT(err_, HasSubstr("You did not specify the current leader"));
  EXPECT_EQ(run(Remove{.cluster = "demo"}, "demo\nYes I am aware\npg1\n"), 0) << err_;
  run(List{.clusters = {"demo"}});
  EXPECT_THAT(out_, HasSubstr("(uninitialized)"));
}

TEST_F(Verbs, say_plainly_that_etcd_is_down) {
  etcd_.reset();
  EXPECT_EQ(run(List{.clusters = {"demo"}}), -1);
  EXPECT_THAT(err_, HasSubstr("etcd doesn't answer (asked 127.0.0.1:"));
  EXPECT_EQ(run(Status{.cluster = "demo"}), 2);
  EXPECT_THAT(out_, HasSubstr("NO PRIMARY"));
}

}  // namespace
}  // namespace holdfast::cli
