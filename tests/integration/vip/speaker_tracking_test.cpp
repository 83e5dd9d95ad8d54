#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "dcs/keys.hpp"
#include "dcs/memory_async/store.hpp"
#include "integration/vip/node.hpp"
#include "vip/documents.hpp"

namespace holdfast::vip {
namespace {

using testing::a_config;
using testing::address;
using testing::an_instance;
using testing::eventually;
using testing::must;
using testing::Node;
using testing::options_for;
using testing::prefix;

class Tracking : public testing::TwoHosts {
 protected:
  void SetUp() override {
    TwoHosts::SetUp();
    std::string name = "/tmp/holdfast-vip-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    TwoHosts::TearDown();
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  static void write(const std::string& path, const std::string& text) { std::ofstream{path} << text; }
  static std::string read(const std::string& path) {
    std::ifstream file{path};
    return {std::istreambuf_iterator<char>{file}, {}};
  }

  std::string folder_;
};

TEST_F(Tracking, a_script_without_weight_that_fails_is_a_fault) {
  auto instance = an_instance(100);
  instance.track_script = {{.name = "chk"}};
  auto config = a_config({instance});
  config.vip.vrrp_script = {{.name = "chk", .script = "test -e " + path("ok"), .interval = 20ms}};
  write(path("ok"), "");
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  std::filesystem::remove(path("ok"));
  ASSERT_TRUE(eventually([&] { return node.is_fault() && !a_.has("10.0.1.10/24"); }));
  EXPECT_EQ(node.view().reason, "script chk: exit code 1");
  write(path("ok"), "");
  EXPECT_TRUE(eventually([&] { return node.is_master(); }));
}

TEST_F(Tracking, a_script_that_hangs_fails) {
  auto instance = an_instance(100);
  instance.track_script = {{.name = "chk"}};
  auto config = a_config({instance});
  config.vip.vrrp_script = {
      {.name = "chk", .script = "exec sleep 600", .interval = 1h, .timeout = 50ms, .weight = -20}};
  config.vip.vrrp_instance[0].track_script[0].weight = -20;
  Node node{a_, options_for(config)};
  EXPECT_TRUE(eventually([&] { return node.view().priority == 80; }));
}

TEST_F(Tracking, a_script_of_nobody_is_not_run_as_somebody_else) {
  auto config = a_config({an_instance(100)});
  config.vip.vrrp_script = {
      {.name = "chk", .script = "touch " + path("ran"), .interval = 10ms, .user = "no-such-user"}};
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  EXPECT_TRUE(node.ask([&] { return node.speaker().scripts().empty(); }));
  EXPECT_FALSE(std::filesystem::exists(path("ran")));
}

TEST_F(Tracking, a_file_is_worth_its_number_and_nothing_that_blocks_is_read) {
  auto instance = an_instance(100);
  instance.track_file = {{.name = "load"}, {.name = "pipe"}};
  auto config = a_config({instance});
  config.vip.track_file = {{.name = "load", .file = path("load"), .weight = 2},
                           {.name = "pipe", .file = path("pipe")}};
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  EXPECT_EQ(node.view().priority, 100);
  write(path("load"), "-10\n");
  EXPECT_TRUE(eventually([&] { return node.view().priority == 80; }));
  write(path("load"), "a lot\n");
  EXPECT_TRUE(eventually([&] { return node.view().priority == 100; }));
}

// A child of this test that sleeps under a name of its own.
pid_t start_process(const std::string& program) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::execl(program.c_str(), program.c_str(), "600", nullptr);
    _exit(127);
  }
  return pid;
}

TEST_F(Tracking, a_process_counts_until_it_ends_even_if_nobody_has_waited_for_it) {
  const auto name = "hfv" + std::to_string(getpid());
  std::filesystem::copy_file("/bin/sleep", path(name));
  auto instance = an_instance(100);
  instance.track_process = {{.name = "svc"}};
  auto config = a_config({instance});
  config.vip.vrrp_track_process = {{.name = "svc", .process = name, .weight = 20}};
  const pid_t pid = start_process(path(name));
  Node node{a_, options_for(config)};
  EXPECT_TRUE(eventually([&] { return node.view().priority == 120; }));
  ::kill(pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return node.view().priority == 100; })) << "a zombie is no service";
  ::waitpid(pid, nullptr, 0);
}

TEST_F(Tracking, scripts_are_told_of_transitions_in_their_order_and_so_is_the_fifo) {
  auto instance = an_instance(100);
  instance.notify.notify = "echo >> " + path("log");
  auto config = a_config({instance});
  config.vip.global_defs.notify_fifo = path("fifo");
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  const async::Fd fifo{::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK)};
  node.stop();
  const std::string all =
      "INSTANCE \"VI_1\" BACKUP 100\nINSTANCE \"VI_1\" MASTER 100\nINSTANCE \"VI_1\" STOP 100\n";
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(fifo.get(), text.data(), text.size()))));
  EXPECT_EQ(text, all);
  std::string unquoted = all;
  std::erase(unquoted, '"');
  EXPECT_EQ(read(path("log")), unquoted) << "stop() waits for them";
}

TEST_F(Tracking, what_is_no_fifo_is_not_written_to) {
  write(path("precious"), "data");
  auto config = a_config({an_instance(100)});
  config.vip.global_defs.notify_fifo = path("precious");
  Node node{a_, options_for(config)};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  EXPECT_EQ(read(path("precious")), "data");
}

TEST_F(Tracking, a_sick_proxy_gives_the_address_to_a_well_one_and_keeps_it_where_all_are_sick) {
  auto instance = an_instance(100);
  instance.track_proxy = true;
  Node high{a_, options_for(instance)};
  EXPECT_TRUE(high.ask([&] { return high.speaker().proxy().has_value(); }));
  ASSERT_TRUE(eventually([&] { return high.is_master(); })) << "there is nobody better";
  EXPECT_EQ(high.view().priority, vrrp::priority_sick);
  instance.priority = 90;
  Node low{b_, options_for(instance)};
  bool is_well = true;
  const auto where = heartbeat::local_address(a_config({}).scope, "lb1", "proxy");
  auto proxy = low.ask([&] {
    return must(heartbeat::LocalPublisher::open(
        low.executor(), where, [&] { return heartbeat::Wellbeing{.is_well = is_well, .why = "draining"}; }));
  });
  EXPECT_TRUE(eventually([&] { return low.is_master() && high.is_backup(); }));
  low.ask([&] {
    is_well = false;
    proxy->push();
    return true;
  });
  EXPECT_TRUE(eventually([&] { return low.view().standing.why == "draining"; }));
  EXPECT_TRUE(eventually([&] { return low.is_master() != high.is_master(); }));
  low.play(proxy->stop());
  low.ask([&] {
    proxy.reset();
    return true;
  });
}

class Leased : public Tracking {
 protected:
  // The node's own store; others speak through kv().
  dcs::MemoryStore* store_ = nullptr;

  SpeakerOptions options() {
    auto instance = an_instance(100);
    instance.ownership = config::Ownership::lease;
    auto config = a_config({instance});
    config.vip.lease_ttl = 2s;
    auto made = options_for(config);
    auto store = std::make_unique<dcs::MemoryStore>(loop_.get_executor());
    store_ = store.get();
    made.store = std::move(store);
    return made;
  }
  std::string key() { return dcs::Keys{"/service", a_config({}).scope}.own("vip/VI_1"); }
  Result<dcs::TxnResult> write_claim(const std::string& value) {
    return store_->kv().apply({.success = {dcs::Put{key(), value, {}}}}, BootClock::now());
  }
  Result<dcs::TxnResult> remove_claim() {
    return store_->kv().apply({.success = {dcs::Delete{key()}}}, BootClock::now());
  }

  asio::io_context loop_;  // only its executor is asked for: the memory never waits on it
};

TEST_F(Leased, without_the_lease_nobody_is_master) {
  auto made = options();
  must(write_claim(R"({"holder":"lb2"})"));
  Node node{a_, std::move(made)};
  ASSERT_TRUE(eventually([&] { return node.view().is_ready; }));
  EXPECT_FALSE(a_.has("10.0.1.10/24"));
  must(node.ask([&] { return remove_claim(); }));
  EXPECT_TRUE(eventually([&] { return node.is_master() && a_.has("10.0.1.10/24"); }));
}

TEST_F(Leased, who_is_cut_off_from_the_store_gives_the_address_up_and_gets_it_again) {
  Node node{a_, options()};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  node.ask([&] {
    store_->fail_with(Errc::timed_out);
    return true;
  });
  ASSERT_TRUE(eventually([&] { return node.is_backup() && !a_.has("10.0.1.10/24"); }));
  node.ask([&] {
    store_->fail_with(std::nullopt);
    return true;
  });
  EXPECT_TRUE(eventually([&] { return node.is_master() && a_.has("10.0.1.10/24"); }));
}

TEST_F(Leased, an_orderly_stop_gives_the_lease_back) {
  Node node{a_, options()};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  std::string left = "?";
  node.play(node.speaker().stop());
  node.ask([&] { return left = store_->kv().range(key()).entries.empty() ? "" : "the claim"; });
  EXPECT_EQ(left, "");
}

TEST_F(Tracking, what_is_seen_from_outside_is_what_is_so) {
  Node node{a_, options_for(an_instance(100))};
  ASSERT_TRUE(eventually([&] { return node.is_master(); }));
  const auto get = [&](const std::string& path) {
    http::Request request;
    request.path = path;
    return node.ask([&] { return answer(request, node.speaker()); });
  };
  const auto document = boost::json::parse(get("/vip").body).as_object();
  const auto& instance = document.at("instances").at(0).as_object();
  EXPECT_EQ(instance.at("name"), "VI_1");
  EXPECT_EQ(instance.at("state"), "MASTER");
  EXPECT_EQ(instance.at("priority"), 100);
  EXPECT_EQ(instance.at("source"), "10.0.1.21");
  EXPECT_EQ(instance.at("interface"), "eth0");
  EXPECT_EQ(instance.at("holds_addresses"), true);
  EXPECT_EQ(instance.at("addresses").at(0), "10.0.1.10/24");
  EXPECT_EQ(document.at("transitions").as_array().back().at("to"), "MASTER");
  const auto keepalived = boost::json::parse(get("/keepalived.json").body).as_array();
  EXPECT_EQ(keepalived.at(0).at("data").at("state"), 2);
  EXPECT_EQ(keepalived.at(0).at("stats").at("become_master"), 1);
  const auto metrics = get("/metrics").body;
  for (const auto* line :
       {"keepalived_up 1\n",
        "keepalived_vrrp_state{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\",ip_address=\"10.0.1.10\"} 2\n",
        "keepalived_become_master_total{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\"} 1\n",
        "holdfast_vip_holds_address{iname=\"VI_1\",intf=\"eth0\",vrid=\"51\"} 1\n"})
    EXPECT_NE(metrics.find(line), std::string::npos) << line << "is not in\n" << metrics;
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/nothing").status, 404);
}

}  // namespace
}  // namespace holdfast::vip
