#include "drill/figures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drill/options.hpp"
#include "drill/workload.hpp"

namespace holdfast::drill {
namespace {

using testing::HasSubstr;

Report a_run(milliseconds gap) {
  Report report{.title = "Drill kill-postgres", .whole = {BootInstant{0s}, BootInstant{9s}}};
  report.steps.push_back({.what = "kill-postgres",
                          .window = {BootInstant{1s}, BootInstant{4s}},
                          .write_gap = {BootInstant{1s}, BootInstant{1s} + gap}});
  return report;
}

TEST(Figures, have_a_median_and_a_worst) {
  const auto figures = figures_of({a_run(300ms), a_run(100ms), a_run(200ms), a_run(900ms), a_run(250ms)});
  EXPECT_EQ(figures[0].name, "write gap, s");
  EXPECT_DOUBLE_EQ(figures[0].median(), 0.25);
  EXPECT_DOUBLE_EQ(figures[0].worst(), 0.9);
}

TEST(Figures, of_an_even_number_are_not_better_than_measured) {
  EXPECT_DOUBLE_EQ((Figure{"x", {1, 2}}.median()), 2);
}

TEST(Figures, are_printed_for_people_and_for_programs) {
  const std::vector<Report> runs{a_run(300ms), a_run(100ms)};
  EXPECT_THAT(print_figures(runs), HasSubstr("all passed"));
  EXPECT_THAT(print_figures_json(runs), HasSubstr(R"("write gap, s":{"median":)"));
}

TEST(Report, is_not_good_when_the_history_has_no_order) {
  auto report = a_run(1ms);
  Operation lost{.act = Act::read, .outcome = Outcome::done};
  report.result.judgement = Judgement{.operations = 1, .violations = {{"register 3: <lost>", {lost}}}};
  EXPECT_FALSE(report.is_good());
  EXPECT_THAT(print_text(report), HasSubstr("VIOLATION: register 3: <lost>"));
  EXPECT_THAT(print_json(report), HasSubstr(R"("linearizable":false)"));
  EXPECT_THAT(print_html(report), HasSubstr("register 3: &lt;lost&gt;"));
  EXPECT_THAT(print_figures({report}), HasSubstr("NOT ALL PASSED"));
}

TEST(Outcomes, are_unknown_only_where_the_server_may_have_committed) {
  for (const char* sure : {"57P03", "53300", "25006", "40001", "28P01"}) {
    EXPECT_FALSE(may_be_committed(sure)) << sure;
  }
  for (const char* unsure : {"08007", "08006", "40003", "57P01", "57P02", "58030", "XX000"}) {
    EXPECT_TRUE(may_be_committed(unsure)) << unsure;
  }
  EXPECT_EQ(outcome_of({"08007", true}, Act::append), Outcome::unknown);
  EXPECT_EQ(outcome_of({"08007", true}, Act::read), Outcome::failed);
  EXPECT_EQ(outcome_of({"57P03", false}, Act::write), Outcome::failed);
}

TEST(Options, of_a_storm_are_minutes_and_a_seed) {
  const auto options = parse_options({"storm", "--minutes", "0.5", "--seed", "7", "--mean", "--repeat", "3"});
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->is_storm());
  EXPECT_EQ(options->minutes, 30s);
  EXPECT_EQ(options->seed, 7U);
  EXPECT_EQ(options->repeat, 3);
  EXPECT_EQ(parse_options({"storm", "--minutes", "90s"})->minutes, 90s);
}

TEST(Options, of_a_storm_are_checked) {
  EXPECT_FALSE(parse_options({"storm", "--seed", "0"}));
  EXPECT_FALSE(parse_options({"storm", "--minutes", "0"}));
  EXPECT_FALSE(parse_options({"storm", "--repeat", "0"}));
  EXPECT_FALSE(parse_options({"thunder"}));
}

}  // namespace
}  // namespace holdfast::drill
