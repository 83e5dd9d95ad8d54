#include "base/slot_name.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace holdfast {
namespace {

// What Patroni's own function answers.
TEST(SlotName, is_patronis) {
  EXPECT_EQ(slot_name_of("Pg-1.example"), "pg_1_example");
  EXPECT_EQ(slot_name_of("a b"), "au0032b");
  EXPECT_EQ(slot_name_of("é"), "u0233");
  EXPECT_EQ(slot_name_of("日本"), "u26085u26412");
  EXPECT_EQ(slot_name_of("a\U0001F600"), "au128512");
}

TEST(SlotName, lowers_letters_of_other_alphabets_first) {
  EXPECT_EQ(slot_name_of("É"), "u0233");
  EXPECT_EQ(slot_name_of("Ž1"), "u03821");
  EXPECT_EQ(slot_name_of("Дб"), "u1076u1073");
  EXPECT_EQ(slot_name_of("Ω"), "u0969");
  EXPECT_EQ(slot_name_of("Ÿ"), "u0255");
}

TEST(SlotName, is_cut_to_what_postgresql_takes) {
  EXPECT_EQ(slot_name_of(std::string(80, 'x')), std::string(63, 'x'));
}

RC_GTEST_PROP(SlotName, is_valid_for_any_bytes, (const std::string& name)) {
  const auto slot = slot_name_of(name);
  RC_ASSERT(slot.size() <= 63U);
  RC_ASSERT(std::ranges::all_of(
      slot, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }));
}

}  // namespace
}  // namespace holdfast
