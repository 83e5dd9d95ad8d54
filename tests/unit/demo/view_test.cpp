#include "demo/view.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "demo/layout.hpp"
#include "demo/options.hpp"

namespace holdfast::demo {
namespace {

using testing::HasSubstr;
using testing::Not;

Picture a_picture(int width, int height) {
  Picture picture{.width = width, .height = height};
  picture.seen.leader = "pg1";
  picture.seen.members = {
      {.name = "pg1", .agent_answers = true, .role = "primary", .state = "running", .writable = true},
      {.name = "pg2", .reason = "no action: I am pg2, a replica, following pg1"}};
  picture.seen.proxies = {{.name = "lb1", .answers = true, .gate = "open", .primary = "pg1"}};
  picture.nodes = {{"pg1", "127.0.77.11"}, {"pg2", "127.0.77.12", NodeRow::Life::dead}};
  for (int i = 0; i < 40; ++i) picture.happenings.push_back({BootInstant{seconds{i}}, "happening", false});
  return picture;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

RC_GTEST_PROP(View, fits_the_terminal_whatever_its_size, ()) {
  const int width = *rc::gen::inRange(20, 200);
  const int height = *rc::gen::inRange(4, 80);
  const auto lines = draw(a_picture(width, height));
  RC_ASSERT(lines.size() == static_cast<std::size_t>(height));
  for (const auto& line : lines) RC_ASSERT(display_width(line) <= static_cast<std::size_t>(width));
}

TEST(View, tells_which_key_brings_a_dead_node_back) {
  EXPECT_THAT(joined(draw(a_picture(120, 30))), HasSubstr("dead: press r"));
}

TEST(View, counts_neither_colours_nor_continuation_bytes) {
  EXPECT_EQ(display_width("\x1b[31m×ab\x1b[0m"), 3U);
  EXPECT_EQ(fitted("\x1b[31mabc\x1b[0m", 2), "\x1b[31mab\x1b[0m");
}

TEST(Layout, shows_its_configuration_without_passwords) {
  const Layout layout{.data = "/d",
                      .network = "127.0.77",
                      .superuser_password = Secret{"hush1"},
                      .replication_password = Secret{"hush2"}};
  EXPECT_THAT(print_config(layout, true), Not(HasSubstr("hush")));
  EXPECT_THAT(print_config(layout, false), HasSubstr("hush1"));
  EXPECT_THAT(print_config(layout, true), HasSubstr("pg3: 127.0.77.13"));
}

TEST(Options, refuse_a_network_that_somebody_may_use) {
  EXPECT_TRUE(parse_options({"--network", "127.0.90"}));
  EXPECT_TRUE(parse_options({"--network", "198.18.90"}));
  EXPECT_FALSE(parse_options({"--network", "10.0.0"}));
  EXPECT_FALSE(parse_options({"--network", "127.0"}));
  EXPECT_FALSE(parse_options({"--network", "127.0.0."}));
}

TEST(Layout, floats_an_address_between_the_proxies_on_a_network_of_its_own_alone) {
  const Layout own{.data = "/d", .network = "198.18.77"};
  EXPECT_THAT(print_config(own, true), HasSubstr("vip: {address: 198.18.77.10/24}"));
  EXPECT_THAT(print_config(own, true), HasSubstr("lb2: {host: 198.18.77.15, roles: [proxy, vip]}"));
  EXPECT_THAT(about_network(own), HasSubstr("198.18.77.10 floats"));
  const Layout loopback{.data = "/d", .network = "127.0.77"};
  EXPECT_THAT(print_config(loopback, true), Not(HasSubstr("vip")));
  EXPECT_THAT(about_network(loopback), HasSubstr("left out: the floating address"));
}

TEST(Options, refuse_what_they_do_not_know) {
  EXPECT_FALSE(parse_options({"--chekc"}));
}

}  // namespace
}  // namespace holdfast::demo
