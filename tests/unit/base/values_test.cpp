#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/duration.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/timeline.hpp"

namespace holdfast {
namespace {

TEST(Lsn, is_written_as_postgresql_writes_it) {
  EXPECT_EQ(print_lsn(Lsn{0x3000148}), "0/3000148");
  EXPECT_EQ(parse_lsn("16/B374D848"), (Lsn{0x16B374D848}));
}

TEST(Lsn, refuses_what_is_not_one) {
  for (const char* text : {"", "0", "/", "0/", "x/1", "0/1g", "100000000/0", "0/1 "})
    EXPECT_FALSE(parse_lsn(text)) << text;
}

RC_GTEST_PROP(Lsn, survives_print_and_parse, (std::uint64_t value)) {
  RC_ASSERT(parse_lsn(print_lsn(Lsn{value})) == Lsn{value});
}

TEST(Duration, takes_the_units_of_postgresql) {
  EXPECT_EQ(parse_duration("10"), 10s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("0.5 s"), 500ms);
  EXPECT_EQ(parse_duration("5min"), 5min);
  EXPECT_EQ(parse_duration("7", 1ms), 7ms);
}

TEST(Duration, names_the_allowed_units) {
  const auto wrong = parse_duration("10 fortnights");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().context.find("allowed: ms, s, min, h, d"), std::string::npos);
}

RC_GTEST_PROP(Duration, survives_print_and_parse, (int value)) {
  RC_ASSERT(parse_duration(print_duration(milliseconds{value})) == milliseconds{value});
}

TEST(Size, takes_the_units_of_postgresql) {
  EXPECT_EQ(parse_size("16kB"), 16384);
  EXPECT_EQ(parse_size("1048576"), 1048576);
  EXPECT_FALSE(parse_size("10 mb"));
  EXPECT_EQ(print_size(1536), "1.5 kB");
}

TEST(IsoTime, needs_a_time_zone) {
  EXPECT_FALSE(parse_iso("2026-01-14T10:09:57"));
  EXPECT_EQ(parse_iso("2026-01-14T12:09:57+02:00").value(), parse_iso("2026-01-14T10:09:57Z").value());
}

RC_GTEST_PROP(IsoTime, survives_print_and_parse, (std::uint32_t value)) {
  const WallInstant when{seconds{value} + 123ms};
  RC_ASSERT(parse_iso(print_iso(when)) == when);
}

TEST(TimelineHistory, tells_where_an_ancestor_ended) {
  const auto history =
      parse_timeline_history(3, "1\t0/5000000\tno recovery target specified\n\n2\t0/7000000\tx\n");
  ASSERT_TRUE(history);
  EXPECT_EQ(history->end_of(1), (Lsn{0x5000000}));
  EXPECT_EQ(history->end_of(2), (Lsn{0x7000000}));
  EXPECT_GT(history->end_of(3), (Lsn{0x7000000}));
  EXPECT_EQ(history->end_of(4), std::nullopt);
}

TEST(TimelineHistory, of_nothing_but_a_comment_has_no_ancestors) {
  const auto history = parse_timeline_history(3, "# timeline 3 was begun by another member\n");
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->ancestors.empty());
}

TEST(TimelineHistory, refuses_garbage) {
  for (const char* text : {"x", "1", "1 y", "2 0/1\n1 0/2", "3 0/1"})
    EXPECT_FALSE(parse_timeline_history(3, text)) << text;
}

TEST(Log, keeps_one_event_on_one_line_whatever_is_in_it) {
  EXPECT_EQ(log::print_line("peer said", {{"text", "a\nb \"c\""}, {"count", 3}}),
            R"(peer said text="a\nb \"c\"" count=3)");
}

TEST(Metrics, exist_before_their_first_use) {
  Registry registry{{{"scope", "payments"}}};
  registry.counter("holdfast_failovers_total", "Failovers.", {{"reason", "crash"}});
  EXPECT_NE(registry.text().find(R"(holdfast_failovers_total{scope="payments",reason="crash"} 0)"),
            std::string::npos)
      << registry.text();
}

}  // namespace
}  // namespace holdfast
