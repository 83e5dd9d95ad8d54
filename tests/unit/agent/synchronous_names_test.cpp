#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "agent/settings.hpp"

namespace holdfast::agent {
namespace {

TEST(SynchronousNames, are_printed_for_on_and_for_quorum) {
  EXPECT_EQ(print_synchronous_names({}), "");
  EXPECT_EQ(print_synchronous_names({{"pg2"}, 1, false}), R"("pg2")");
  EXPECT_EQ(print_synchronous_names({{"any", "pg2"}, 2, false}), R"(2 ("any","pg2"))");
  EXPECT_EQ(print_synchronous_names({{"pg2"}, 1, true}), R"(ANY 1 ("pg2"))");
  EXPECT_EQ(print_synchronous_names({{"pg2", "pg3"}, 1, true}), R"(ANY 1 ("pg2","pg3"))");
}

TEST(SynchronousNames, are_read_in_every_form_that_postgresql_knows) {
  const ha::SynchronousNames one{{"pg2", "pg3"}, 1, false};
  EXPECT_EQ(parse_synchronous_names(""), ha::SynchronousNames{});
  EXPECT_EQ(parse_synchronous_names("pg3, pg2"), one) << "a list alone waits for one of it";
  EXPECT_EQ(parse_synchronous_names("FIRST 1 (pg3, pg2)"), one);
  EXPECT_EQ(parse_synchronous_names("1 (\"pg3\",\"pg2\")"), one);
  EXPECT_EQ(parse_synchronous_names("any 2 (pg2,pg3)"), (ha::SynchronousNames{{"pg2", "pg3"}, 2, true}));
  EXPECT_EQ(parse_synchronous_names("*"), (ha::SynchronousNames{{"*"}, 1, false}));
  EXPECT_EQ(parse_synchronous_names("ANY 1 (*)"), (ha::SynchronousNames{{"*"}, 1, true}));
  EXPECT_EQ(parse_synchronous_names("\"any (x\""), (ha::SynchronousNames{{"any (x"}, 1, false}));
}

RC_GTEST_PROP(SynchronousNames, are_read_as_they_were_printed, (std::vector<std::string> names)) {
  std::erase(names, "");
  for (auto& name : names) std::erase(name, '\0');
  std::erase(names, "");
  std::sort(names.begin(), names.end());
  const auto count = names.empty() ? 0 : *rc::gen::inRange<std::size_t>(1, names.size() + 1);
  const ha::SynchronousNames waits{names, count, !names.empty() && *rc::gen::arbitrary<bool>()};
  RC_ASSERT(parse_synchronous_names(print_synchronous_names(waits)) == waits);
}

}  // namespace
}  // namespace holdfast::agent
