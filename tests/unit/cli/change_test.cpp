#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "cli/diff.hpp"
#include "cli/run_plan.hpp"
#include "cli/schedule.hpp"
#include "cli/settings_change.hpp"
#include "cli/terminal.hpp"

namespace holdfast::cli {
namespace {

boost::json::object object(const char* text) {
  return boost::json::parse(text).as_object();
}

TEST(EditConfig, sets_and_removes_by_dotted_path) {
  auto config = object(R"({"ttl":30,"postgresql":{"use_pg_rewind":true}})");
  ASSERT_TRUE(apply_setting(config, "ttl=20"));
  ASSERT_TRUE(apply_setting(config, "synchronous_mode=on"));
  ASSERT_TRUE(apply_setting(config, "postgresql.parameters.pg_stat_statements.max=100"));
  ASSERT_TRUE(apply_setting(config, "postgresql.use_pg_rewind=null"));
  EXPECT_EQ(config, object(R"({"ttl":20,"synchronous_mode":true,
                               "postgresql":{"parameters":{"pg_stat_statements.max":100}}})"));
  ASSERT_TRUE(apply_setting(config, "postgresql.parameters.pg_stat_statements.max="));
  EXPECT_FALSE(config.contains("postgresql")) << "maps that became empty go too";
}

TEST(EditConfig, refuses_a_setting_without_a_value) {
  boost::json::object config;
  EXPECT_FALSE(apply_setting(config, "ttl"));
  EXPECT_FALSE(apply_setting(config, "=5"));
}

TEST(EditConfig, merges_maps_and_removes_on_null) {
  auto config = object(R"({"a":{"x":1,"y":2},"b":3})");
  apply_patch(config, object(R"({"a":{"x":null,"z":5},"b":null,"c":[1]})"));
  EXPECT_EQ(config, object(R"({"a":{"y":2,"z":5},"c":[1]})"));
}

TEST(Diff, is_what_difflib_prints) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf\n"),
            "--- \n+++ \n@@ -2,5 +2,5 @@\n b\n c\n d\n-e\n+E\n f\n");
  EXPECT_EQ(unified_diff("a\n", "a\n"), "");
  EXPECT_EQ(unified_diff("a\n", "a\nb\n"), "--- \n+++ \n@@ -1 +1,2 @@\n a\n+b\n");
}

TEST(Diff, keeps_changes_that_are_far_apart_in_hunks_of_their_own) {
  const std::string before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
  std::string after = before;
  after.replace(0, 1, "x");
  after.replace(after.find("12"), 2, "y");
  EXPECT_EQ(unified_diff(before, after),
            "--- \n+++ \n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -9,4 +9,4 @@\n 9\n 10\n 11\n-12\n+y\n");
}

TEST(Schedule, needs_a_time_that_can_be_read) {
  EXPECT_FALSE(parse_scheduled("now")->has_value());
  EXPECT_EQ(**parse_scheduled("2026-01-14T10:09:57+00:00"), WallInstant{1768385397s});
  EXPECT_EQ(**parse_scheduled("2026-01-14 10:09+00:00"), WallInstant{1768385340s});
  EXPECT_TRUE(parse_scheduled("2026-01-14T10:09")->has_value());
  EXPECT_FALSE(parse_scheduled("tomorrow"));
}

TEST(Terminal, shows_the_fallback_and_takes_it_for_an_empty_answer) {
  std::istringstream in{"\npg2\nmaybe\ny\n"};
  std::ostringstream out, err;
  Terminal terminal{in, out, err, false};
  EXPECT_EQ(*terminal.ask("Primary", "pg1"), "pg1");
  EXPECT_EQ(*terminal.ask("Candidate ['pg2']", ""), "pg2");
  EXPECT_TRUE(*terminal.confirm("Sure?"));
  EXPECT_EQ(out.str(),
            "Primary [pg1]: Candidate ['pg2'] []: Sure? [y/N]: Error: invalid input\nSure? [y/N]: ");
  EXPECT_EQ(terminal.ask("More").error().code, Errc::cancelled);
}

TEST(RunPlan, starts_etcd_first_and_ends_it_last) {
  config::Config config;
  config.roles = {config::Role::proxy, config::Role::agent, config::Role::etcd};
  const auto plans =
      plan_roles(config, {.program = "/usr/bin/holdfast", .config_file = "/etc/h.yml", .node = "pg1"});
  ASSERT_EQ(plans.size(), 3U);
  EXPECT_EQ(plans[0].argv,
            (std::vector<std::string>{"/usr/bin/holdfast", "etcd", "-c", "/etc/h.yml", "--node", "pg1"}));
  EXPECT_EQ(plans[0].stop_turn, 3);
  EXPECT_EQ(plans[1].name, "agent");
  EXPECT_EQ(plans[2].stop_turn, 1);
}

TEST(RunPlan, drops_root_except_for_a_proxy_with_a_low_port) {
  config::Config config;
  config.roles = {config::Role::proxy, config::Role::agent};
  RunFacts facts{.program = "holdfast", .os_user = 105};
  EXPECT_EQ(plan_roles(config, facts)[1].user, 105U);
  config.proxy.listeners.push_back({.bind = {"*", 443}});
  EXPECT_EQ(plan_roles(config, facts)[1].user, std::nullopt);
  EXPECT_EQ(plan_roles(config, facts)[0].user, 105U);
}

TEST(RunPlan, ends_the_vip_first_and_leaves_it_root) {
  config::Config config;
  config.roles = {config::Role::vip, config::Role::proxy};
  const auto plans = plan_roles(config, {.program = "holdfast", .os_user = 105});
  ASSERT_EQ(plans.size(), 2U);
  EXPECT_EQ(plans[0].name, "proxy");
  EXPECT_EQ(plans[0].user, 105U);
  EXPECT_EQ(plans[1].argv, (std::vector<std::string>{"holdfast", "vip"}));
  EXPECT_EQ(plans[1].user, std::nullopt);
  EXPECT_LT(plans[1].stop_turn, plans[0].stop_turn);
}

TEST(RunPlan, hands_patronis_variables_to_roles_and_nothing_else) {
  config::Config config;
  config.roles = {config::Role::agent};
  RunFacts facts{.program = "holdfast"};
  facts.environment.set("PATRONI_NAME", "pg1");
  facts.environment.set("LANG", "C");
  const auto env = plan_roles(config, facts)[0].env;
  EXPECT_EQ(env.count("PATRONI_NAME"), 1U);
  EXPECT_EQ(env.count("LANG"), 0U);
}

}  // namespace
}  // namespace holdfast::cli
