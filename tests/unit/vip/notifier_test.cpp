#include "vip/notifier.hpp"

#include <gtest/gtest.h>

namespace holdfast::vip {
namespace {

using Commands = std::vector<std::string>;

config::NotifyConfig a_script_for_each() {
  return {.notify_master = "m",
          .notify_backup = "b",
          .notify_fault = "f",
          .notify_stop = "s",
          .notify_master_rx_lower_pri = "l",
          .notify = "all -v"};
}

TEST(Notice, is_keepaliveds_line) {
  EXPECT_EQ(print_notice({.name = "VI_1", .state = NotifyState::master, .priority = 100}),
            "INSTANCE \"VI_1\" MASTER 100");
  EXPECT_EQ(print_notice({.is_group = true, .name = "G 1", .state = NotifyState::fault}),
            "GROUP \"G 1\" FAULT 0");
}

TEST(Notice, runs_the_script_of_its_state_and_the_general_one_with_arguments) {
  const std::pair<NotifyState, const char*> rows[] = {{NotifyState::master, "m"},
                                                      {NotifyState::backup, "b"},
                                                      {NotifyState::fault, "f"},
                                                      {NotifyState::stop, "s"},
                                                      {NotifyState::master_rx_lower_pri, "l"}};
  for (const auto& [state, script] : rows) {
    const Notice notice{.name = "VI_1", .state = state, .priority = 100};
    EXPECT_EQ(commands_for(a_script_for_each(), notice),
              (Commands{script, "all -v " + print_notice(notice)}));
  }
}

TEST(Notice, of_what_has_no_script_of_its_own_runs_the_general_one) {
  for (const auto state :
       {NotifyState::deleted, NotifyState::master_priority, NotifyState::backup_priority}) {
    const Notice notice{.name = "VI_1", .state = state, .priority = 100};
    EXPECT_EQ(commands_for(a_script_for_each(), notice), (Commands{"all -v " + print_notice(notice)}));
  }
}

TEST(Notice, runs_nothing_where_nothing_is_configured) {
  EXPECT_TRUE(commands_for({}, {.name = "VI_1", .state = NotifyState::master}).empty());
}

}  // namespace
}  // namespace holdfast::vip
