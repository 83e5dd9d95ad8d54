#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include "integration/postgres/world.hpp"

namespace holdfast::postgres {
namespace {

awaitable<void> crash_story(Place place) {
  Control control{co_await asio::this_coro::executor, place.options()};
  auto made = co_await make_primary(&control);
  need(made);
  auto status = co_await control.status(3s);
  need(status);
  EXPECT_FALSE(status->in_recovery);
  EXPECT_EQ(status->timeline, 1U);
  EXPECT_GT(status->write, Lsn{});
  EXPECT_EQ(status->system_identifier, *made);

  auto postmaster = control.postmaster();
  need(postmaster);
  EXPECT_FALSE(postmaster->is_foreign());
  const auto before = processes_of(control.options());
  EXPECT_GT(before.size(), 1U);
  kill(postmaster->pid(), SIGKILL);
  auto exited = co_await async::with_timeout(10s, control.wait_exit());
  EXPECT_TRUE(exited);
  auto killed = co_await control.kill_all();
  EXPECT_TRUE(killed) << to_string(killed.error());
  EXPECT_TRUE(processes_of(control.options()).empty());
  EXPECT_FALSE(control.postmaster());

  auto data = co_await control.control_data();
  EXPECT_TRUE(data && data->state == ClusterState::in_production);
  StartOptions again{.role = Role::primary};
  auto restarted = co_await control.start(std::move(again));
  EXPECT_TRUE(restarted) << to_string(restarted.error());
  auto stopped = co_await control.stop(StopMode::fast, 30s);
  EXPECT_TRUE(stopped && stopped->was_clean);
  EXPECT_TRUE(processes_of(control.options()).empty());
  data = co_await control.control_data();
  EXPECT_TRUE(data && data->state == ClusterState::shut_down);
  EXPECT_TRUE(data && data->checksums);
}
TEST(Server, is_killed_with_all_its_backends_and_starts_again) {
  tell(crash_story(Place{"crash"}));
}

awaitable<void> adopt_story(Place place) {
  {
    Control first{co_await asio::this_coro::executor, place.options()};
    auto made = co_await make_primary(&first);
    need(made);
    auto named = co_await first.set_synchronous_standby_names("2 (\"a\", \"b\")");
    EXPECT_TRUE(named) << to_string(named.error());
  }
  Control second{co_await asio::this_coro::executor, place.options()};
  auto adopted = second.postmaster();
  need(adopted);
  EXPECT_TRUE(adopted->is_alive());
  Options changed = place.options();
  changed.parameters["work_mem"] = "5MB";
  changed.parameters["No_Such_Setting"] = "1";
  changed.parameters["maintenance_work_mem"] = "100100100XB";
  auto reloaded = co_await second.reload(changed);
  need(reloaded);
  EXPECT_TRUE(reloaded->changed);
  EXPECT_FALSE(reloaded->restart_needed);
  EXPECT_EQ(reloaded->dropped, (std::vector<std::string>{"No_Such_Setting", "maintenance_work_mem"}));
  // What the first agent had set is kept: losing it would silently end synchronous replication.
  auto names = co_await second.query("SHOW synchronous_standby_names", {}, 3s);
  EXPECT_TRUE(names && names->rows[0][0] == "2 (\"a\", \"b\")");
  changed.parameters["max_connections"] = "150";
  auto wider = co_await second.reload(changed);
  EXPECT_TRUE(wider && wider->restart_needed);
  changed.parameters["max_connections"] = "100";
  auto taken_back = co_await second.reload(changed);
  EXPECT_TRUE(taken_back && !taken_back->restart_needed);
  auto stopped = co_await second.stop(StopMode::fast, 30s);
  EXPECT_TRUE(stopped);
  EXPECT_FALSE(adopted->is_alive());
}
TEST(Server, is_adopted_by_a_restarted_agent_with_what_it_was_told_before) {
  tell(adopt_story(Place{"adopt"}));
}

awaitable<void> probe_story(Place place) {
  Control control{co_await asio::this_coro::executor, place.options()};
  auto gone = co_await control.probe(2s);
  EXPECT_TRUE(gone && gone->health == Health::gone) << (gone ? gone->text : "");
  auto made = co_await make_primary(&control);
  need(made);
  auto healthy = co_await control.probe(2s);
  EXPECT_TRUE(healthy && healthy->health == Health::healthy) << (healthy ? healthy->text : "");
  auto again = co_await control.probe(2s);
  EXPECT_TRUE(again && again->health == Health::healthy && again->flush > healthy->flush);
  auto postmaster = control.postmaster();
  need(postmaster);
  auto frozen = postmaster->signal(SIGSTOP);
  EXPECT_TRUE(frozen);
  auto hung = co_await control.probe(300ms);
  EXPECT_TRUE(hung && hung->health == Health::hung) << (hung ? hung->text : "");
  auto killed = co_await control.kill_all();
  EXPECT_TRUE(killed);

  Options other = place.options();
  StartOptions as_primary{.role = Role::primary};
  auto started = co_await control.start(std::move(as_primary));
  EXPECT_TRUE(started) << to_string(started.error());
  other.superuser.password = Secret{"not it: % ' \\ secret"};
  Control stranger{co_await asio::this_coro::executor, other};
  auto refused = co_await stranger.probe(2s);
  EXPECT_TRUE(refused && refused->health == Health::login_failed);
  EXPECT_NE(refused->text.find("the password of \"postgres\" is wrong"), std::string::npos) << refused->text;
  EXPECT_EQ(refused->text.find("secret"), std::string::npos);
  auto stopped = co_await control.stop(StopMode::immediate, 10s);
  EXPECT_TRUE(stopped);
}
TEST(Server, tells_gone_from_hung_from_wrong_password) {
  tell(probe_story(Place{"probe"}));
}

awaitable<void> refusal_story(Place place) {
  Options options = place.options();
  std::filesystem::create_directories(options.data_dir);
  const auto written = write_atomically(options, options.data_dir + "/letters.txt", "dear diary");
  EXPECT_TRUE(written);
  Control control{co_await asio::this_coro::executor, options};
  auto found = co_await control.inspect();
  EXPECT_TRUE(found && found->state == DirectoryState::foreign);
  BootstrapOptions how;
  auto made = co_await control.bootstrap(how);
  EXPECT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::refused);
  Upstream source{.member = "pg9", .host = "127.0.0.1", .port = options.port};
  CloneOptions clone_options;
  auto cloned = co_await control.clone(source, clone_options);
  EXPECT_FALSE(cloned);
  EXPECT_TRUE(read_text(options.data_dir + "/letters.txt"));
}
TEST(Server, is_never_made_over_the_files_of_others) {
  tell(refusal_story(Place{"refusal"}));
}

awaitable<void> failed_bootstrap_story(Place place) {
  Control control{co_await asio::this_coro::executor, place.options()};
  BootstrapOptions how{.post_bootstrap = "echo no such luck; false"};
  auto made = co_await control.bootstrap(how);
  EXPECT_FALSE(made);
  EXPECT_NE(made.error().context.find("no such luck"), std::string::npos) << made.error().context;
  EXPECT_NE(made.error().context.find(".failed-bootstrap-"), std::string::npos) << made.error().context;
  auto found = co_await control.inspect();
  EXPECT_TRUE(found && found->state == DirectoryState::empty);
  EXPECT_TRUE(processes_of(control.options()).empty());
}
TEST(Server, is_set_aside_when_its_bootstrap_fails) {
  tell(failed_bootstrap_story(Place{"failed"}));
}

awaitable<void> taken_port_story(Place place) {
  Control control{co_await asio::this_coro::executor, place.options()};
  auto made = co_await make_primary(&control);
  need(made);
  auto stopped = co_await control.stop(StopMode::fast, 30s);
  EXPECT_TRUE(stopped);
  asio::ip::tcp::acceptor squatter{co_await asio::this_coro::executor};
  squatter.open(asio::ip::tcp::v4());
  squatter.set_option(asio::socket_base::reuse_address(true));
  squatter.bind({asio::ip::make_address_v4("127.0.0.1"), static_cast<std::uint16_t>(place.options().port)});
  squatter.listen();
  StartOptions how{.role = Role::primary};
  auto started = co_await control.start(std::move(how));
  EXPECT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::conflict);
  EXPECT_NE(started.error().context.find("is taken"), std::string::npos) << started.error().context;
}
TEST(Server, says_that_its_port_is_taken) {
  tell(taken_port_story(Place{"port"}));
}

}  // namespace
}  // namespace holdfast::postgres
