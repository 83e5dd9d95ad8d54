#include "config/dynamic.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fixture.hpp"

namespace holdfast::config {
namespace {

using namespace test;
using testing::HasSubstr;

TEST(Dynamic, reads_what_patroni_writes) {
  Problems problems;
  const auto config = parse_dynamic(
      R"({"ttl":40,"loop_wait":5,"retry_timeout":10,"synchronous_mode":"quorum","maximum_lag_on_failover":33554432,)"
      R"("master_start_timeout":0,"failsafe_mode":false,"pause":null,"check_timeline":true,)"
      R"("postgresql":{"use_pg_rewind":true,"parameters":{"max_connections":200}},"something_new":{"a":1}})",
      &problems);
  ASSERT_TRUE(config) << config.error().context;
  EXPECT_EQ(print_problems(problems),
            "DCS /config: warning: check_timeline: is accepted for compatibility and has no effect in this "
            "version\n");
  EXPECT_EQ(config->ttl, 40s);
  EXPECT_EQ(config->synchronous_mode, SynchronousMode::quorum);
  EXPECT_EQ(config->maximum_lag_on_failover, ByteSize{32 << 20});
  EXPECT_EQ(config->primary_start_timeout, 0s);
  EXPECT_FALSE(config->failsafe_mode);
  EXPECT_FALSE(config->pause);
  EXPECT_TRUE(config->check_timeline);
  EXPECT_NE(config->tree.at_path("something_new.a"), nullptr);
}

TEST(Dynamic, reads_booleans_as_modes) {
  EXPECT_EQ(parse_dynamic(R"({"synchronous_mode":true})")->synchronous_mode, SynchronousMode::on);
  EXPECT_EQ(parse_dynamic(R"({"synchronous_mode":false})")->synchronous_mode, SynchronousMode::off);
  EXPECT_EQ(parse_dynamic(R"({"synchronous_mode":"on"})")->synchronous_mode, SynchronousMode::on);
}

TEST(Dynamic, refuses_what_is_no_object_whole) {  // EC-90
  for (const char* text : {"", "[]", "5", "\"x\"", "null", "{", "{\"ttl\":30}x"}) {
    EXPECT_FALSE(parse_dynamic(text)) << text;
  }
  EXPECT_EQ(parse_dynamic("[1]").error().context, "the DCS key 'config' is not a JSON object");
}

TEST(Dynamic, brings_values_into_bounds_and_keeps_the_default_of_wrong_ones) {
  Problems problems;
  const auto config = parse_dynamic(R"({"ttl":5,"loop_wait":"x","retry_timeout":9})", &problems);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->ttl, 20s);
  EXPECT_EQ(config->loop_wait, 2s);
  EXPECT_EQ(print_problems(problems),
            "DCS /config: error: ttl: '5' is too low (allowed: 20s to 1d)\n"
            "DCS /config: error: loop_wait: expects a time such as 10s, 500ms or 5min; got 'x'\n"
            "DCS /config: warning: loop_wait + 2*retry_timeout must not be more than ttl (20s): loop_wait "
            "goes from 10s to 2s, "
            "retry_timeout from 9s to 9s\n");
}

RC_GTEST_PROP(Dynamic, always_keeps_the_rule_of_the_timeouts, ()) {
  const int ttl = *rc::gen::inRange(0, 200);
  const int loop_wait = *rc::gen::inRange(0, 200);
  const int retry_timeout = *rc::gen::inRange(0, 200);
  const auto config = parse_dynamic(
      fmt::format(R"({{"ttl":{},"loop_wait":{},"retry_timeout":{}}})", ttl, loop_wait, retry_timeout));
  RC_ASSERT(config.has_value());
  RC_ASSERT(config->ttl >= 20s);
  RC_ASSERT(config->loop_wait >= 1s);
  RC_ASSERT(config->retry_timeout >= 3s);
  RC_ASSERT(config->loop_wait + 2 * config->retry_timeout <= config->ttl);
}

TEST(Patch, merges_maps_and_removes_by_null) {
  const auto text = patch_dynamic(
      R"({"ttl":30,"unknown":[1],"postgresql":{"parameters":{"a":"1","b":"2"},"use_slots":true}})",
      R"({"ttl":40,"pause":true,"postgresql":{"parameters":{"a":null,"c":3}}})");
  ASSERT_TRUE(text) << text.error().context;
  EXPECT_EQ(
      *text,
      R"({"ttl":40,"unknown":[1],"postgresql":{"parameters":{"b":"2","c":3},"use_slots":true},"pause":true})");
}

TEST(Patch, refuses_what_would_be_wrong_for_all_members) {
  EXPECT_EQ(patch_dynamic("{}", R"({"ttl":3})").error().context,
            "DCS /config: error: ttl: '3' is too low (allowed: 20s to 1d)\n"
            "DCS /config: warning: loop_wait + 2*retry_timeout must not be more than ttl (20s): loop_wait "
            "goes from 10s to 1s, "
            "retry_timeout from 10s to 9s");
  EXPECT_EQ(patch_dynamic("{}", "[]").error().context, "the patch is not a JSON object");
  EXPECT_THAT(replace_dynamic(R"({"slots":5})").error().context,
              HasSubstr("slots: expects a map of slot names; got '5'"));
  EXPECT_EQ(replace_dynamic(R"({"ttl": 30})").value(), R"({"ttl":30})");
}

TEST(Json, is_written_with_the_types_that_patroni_would_write) {
  const Config config = good(full_form +
                             "bootstrap: {dcs: {synchronous_mode: on, ttl: 30, postgresql: {parameters: {a: "
                             "'on', b: 1.5, c: x, d: '5'}}}}\n");
  EXPECT_EQ(
      print_json(config.bootstrap.dcs.tree),
      R"({"synchronous_mode":true,"ttl":30,"postgresql":{"parameters":{"a":"on","b":1.5E0,"c":"x","d":"5"}}})");
}

TEST(Json, survives_a_round_trip) {
  const std::string text = R"({"a":[1,true,null,"x\"y",{"b":-3}],"c":{},"d":"\u00e9\ud83d\ude00"})";
  const auto once = parse_json(text);
  ASSERT_TRUE(once);
  const auto again = parse_json(print_json(*once));
  ASSERT_TRUE(again);
  EXPECT_TRUE(once->same_value(*again));
}

TEST(Effective, lays_local_over_dynamic_settings) {
  const Config local = good(full_form + R"(  use_slots: false
  parameters: {Work_Mem: 8MB, max_connections: 500, port: 7}
  pg_hba: [local]
)");
  const auto dynamic = parse_dynamic(
      R"({"postgresql":{"use_slots":true,"use_pg_rewind":true,"data_dir":"/evil","pg_hba":["dcs"],"pg_ident":["dcs"],)"
      R"("parameters":{"max_connections":200,"work_mem":"4MB","shared_buffers":"1GB","wal_keep_segments":4}}})");
  Problems problems;
  const PostgresqlConfig settings = effective_postgresql(local, *dynamic, &problems);
  EXPECT_FALSE(settings.use_slots);
  EXPECT_TRUE(settings.use_pg_rewind);
  EXPECT_EQ(settings.data_dir, "/data");
  EXPECT_THAT(settings.pg_hba, testing::ElementsAre("local"));
  EXPECT_THAT(settings.pg_ident, testing::ElementsAre("dcs"));
  EXPECT_EQ(*settings.parameters.find("max_connections"), "200");
  EXPECT_EQ(*settings.parameters.find("work_mem"), "8MB");
  EXPECT_EQ(*settings.parameters.find("shared_buffers"), "1GB");
  EXPECT_EQ(*settings.parameters.find("wal_keep_size"), "64MB");
  EXPECT_EQ(*settings.parameters.find("max_wal_senders"), "10");
  EXPECT_EQ(settings.parameters.find("port"), nullptr);
  EXPECT_EQ(print_problems(problems),
            "pg.yml:9: warning: postgresql.parameters.max_connections: must be the same on all members: it "
            "counts in the DCS "
            "only (edit-config), not here\n"
            "pg.yml:9: warning: postgresql.parameters.port: is set by us; the value here has no effect\n");
}

TEST(Effective, replaces_unusable_values_of_controlled_settings) {
  const auto dynamic = parse_dynamic(
      R"({"postgresql":{"parameters":{"max_connections":5,"wal_level":"minimal","max_wal_senders":"x"}}})");
  Problems problems;
  const PostgresqlConfig settings = effective_postgresql(good(full_form), *dynamic, &problems);
  EXPECT_EQ(*settings.parameters.find("max_connections"), "100");
  EXPECT_EQ(*settings.parameters.find("wal_level"), "replica");
  EXPECT_EQ(*settings.parameters.find("max_wal_senders"), "10");
  EXPECT_THAT(print_problems(problems),
              HasSubstr("DCS /config: warning: postgresql.parameters.max_connections: '5' is not usable "
                        "(allowed: at least 25); 100 is used"));
}

}  // namespace
}  // namespace holdfast::config
