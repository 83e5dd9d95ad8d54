#include "heartbeat/local.hpp"

#include <gtest/gtest.h>

namespace holdfast::heartbeat {
namespace {

TEST(Wellbeing, what_is_printed_is_read_again) {
  for (const auto& each : {Wellbeing{.is_well = true, .why = {}}, Wellbeing{.is_well = false, .why = {}},
                           Wellbeing{.is_well = false, .why = "it is draining"}})
    EXPECT_EQ(parse_wellbeing(print_wellbeing(each)), each);
}

TEST(Wellbeing, a_reason_stays_on_its_line_and_within_what_is_read) {
  EXPECT_EQ(print_wellbeing({.is_well = false, .why = "two\nlines"}), "sick two lines");
  EXPECT_LT(print_wellbeing({.is_well = false, .why = std::string(100'000, 'x')}).size(), 4096U);
}

TEST(Wellbeing, who_is_well_gives_no_reason) {
  EXPECT_EQ(print_wellbeing({.is_well = true, .why = "as ever"}), "well");
}

TEST(Wellbeing, anything_else_is_not_understood) {
  for (const auto* line : {"", "sick", "Well", "well ", "well\r", " well", "ill it is draining"})
    EXPECT_FALSE(parse_wellbeing(line)) << line;
}

TEST(LocalAddress, is_abstract_and_different_for_each_role_of_each_member) {
  const auto address = local_address("main", "lb1", "proxy");
  EXPECT_EQ(address, std::string(1, '\0') + "holdfast/main/lb1/proxy");
  EXPECT_NE(address, local_address("main", "lb2", "proxy"));
}

}  // namespace
}  // namespace holdfast::heartbeat
