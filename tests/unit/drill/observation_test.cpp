#include "drill/observation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "drill/report.hpp"

namespace holdfast::drill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Observation a_whole_cluster() {
  Observation seen{.leader = "pg1", .dcs_answers = true, .etcd_up = 3, .etcd_members = 3};
  seen.members = {
      {.name = "pg1", .agent_answers = true, .role = "primary", .state = "running", .writable = true},
      {.name = "pg2",
       .agent_answers = true,
       .role = "replica",
       .state = "running",
       .replication_state = "streaming",
       .synchronous = true,
       .writable = false},
      {.name = "pg3",
       .agent_answers = true,
       .role = "replica",
       .state = "running",
       .replication_state = "streaming",
       .writable = false}};
  seen.proxies = {{.name = "lb1", .answers = true, .gate = "open", .primary = "pg1"}};
  return seen;
}

TEST(Redundancy, is_proven_for_a_whole_cluster) {
  EXPECT_THAT(doubts(a_whole_cluster(), true), IsEmpty());
}

TEST(Redundancy, is_doubted_when_a_member_does_not_stream) {
  auto seen = a_whole_cluster();
  seen.members[2].replication_state.clear();
  EXPECT_THAT(doubts(seen, true), ElementsAre("pg3: replica, not streaming"));
}

TEST(Redundancy, is_doubted_without_a_synchronous_standby_where_there_should_be_one) {
  auto seen = a_whole_cluster();
  seen.members[1].synchronous = false;
  EXPECT_THAT(doubts(seen, true), ElementsAre(HasSubstr("no standby is synchronous")));
  EXPECT_THAT(doubts(seen, false), IsEmpty());
}

TEST(Redundancy, is_doubted_when_etcd_cannot_lose_another_member) {
  auto seen = a_whole_cluster();
  seen.etcd_up = 2;
  EXPECT_THAT(doubts(seen, true), ElementsAre(HasSubstr("2 of 3 etcd members answer")));
}

TEST(Redundancy, is_doubted_when_a_proxy_holds_its_gate) {
  auto seen = a_whole_cluster();
  seen.proxies[0].gate = "held";
  EXPECT_THAT(doubts(seen, true), ElementsAre(HasSubstr("lb1: its gate is held")));
}

TEST(Members, are_read_from_what_their_agents_answer) {
  const auto seen =
      parse_member("pg2", R"({"state":"running","role":"replica","timeline":3,"sync_standby":true,
      "replication_state":"streaming","xlog":{"received_location":100,"replayed_location":90}})");
  EXPECT_TRUE(seen.is_healthy());
  EXPECT_TRUE(seen.synchronous);
  EXPECT_EQ(seen.timeline, 3U);
  EXPECT_EQ(seen.position.value, 100U);
}

RC_GTEST_PROP(Answers, of_any_bytes_are_survived, (const std::string& bytes)) {
  RC_ASSERT(parse_member("pg1", bytes).name == "pg1");
  RC_ASSERT(parse_proxy("lb1", bytes).name == "lb1");
}

TEST(Chronicle, opens_a_span_only_when_the_state_changes) {
  Chronicle chronicle;
  EXPECT_TRUE(chronicle.set("pg1", "primary", Tone::good, BootInstant{1s}));
  EXPECT_FALSE(chronicle.set("pg1", "primary", Tone::good, BootInstant{2s}));
  EXPECT_TRUE(chronicle.set("pg1", "dead", Tone::bad, BootInstant{3s}));
  ASSERT_EQ(chronicle.lanes().at(0).spans.size(), 2U);
  EXPECT_EQ(chronicle.lanes()[0].spans[0].to, BootInstant{3s});
}

Report a_report() {
  Report report{
      .title = "Drill kill-postgres", .scope = "<demo>", .whole = {BootInstant{0s}, BootInstant{10s}}};
  report.steps.push_back({.what = "kill-postgres",
                          .window = {BootInstant{1s}, BootInstant{5s}},
                          .write_gap = {BootInstant{1s}, BootInstant{1275ms}},
                          .write_errors = {{"57P01", 4}}});
  report.result.acknowledged = 100;
  report.write_moments = {BootInstant{1s}, BootInstant{1275ms}};
  report.chronicle.set("pg1", "primary", Tone::good, BootInstant{0s});
  return report;
}

TEST(Report, is_good_only_when_nothing_is_missing_and_all_is_back) {
  EXPECT_TRUE(a_report().is_good());
  auto lossy = a_report();
  lossy.result.missing = {7};
  EXPECT_FALSE(lossy.is_good());
  auto broken = a_report();
  broken.steps[0].left = {"pg1: dead"};
  EXPECT_FALSE(broken.is_good());
  auto split = a_report();
  split.two_writers = {{"pg1", "pg2", {}, {}}};
  EXPECT_FALSE(split.is_good());
}

TEST(Report, tells_gaps_and_errors_in_every_form) {
  EXPECT_THAT(print_text(a_report()), HasSubstr("0.275 s"));
  EXPECT_THAT(print_text(a_report()), HasSubstr("57P01 ×4"));
  EXPECT_THAT(print_json(a_report()), HasSubstr("\"57P01\":4"));
  EXPECT_THAT(print_html(a_report()), HasSubstr("<svg"));
  EXPECT_THAT(print_html(a_report()), HasSubstr("&lt;demo&gt;"));
}

}  // namespace
}  // namespace holdfast::drill
