#include "vip/notifier.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "integration/play.hpp"

namespace holdfast::vip {
namespace {

class Notifying : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/holdfast-notify-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    config_.notify = "echo >> " + folder_ + "/log";
  }
  void TearDown() override {
    testing::play(&loop_, notifier_.stop(), 20s);
    std::filesystem::remove_all(folder_);
  }
  void tell(int priority, const config::NotifyConfig& config) {
    notifier_.tell(config, {.name = "VI_1", .state = NotifyState::master, .priority = priority});
  }
  std::vector<std::string> lines() const {
    std::ifstream file{folder_ + "/log"};
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }

  std::string folder_;
  config::NotifyConfig config_;
  asio::io_context loop_;
  Notifier notifier_{loop_.get_executor(), "", {}};
};

TEST_F(Notifying, one_script_after_another_whatever_became_of_the_last) {
  auto broken = config_;
  broken.notify += "; exit 7; :";
  for (int i = 0; i < 20; ++i) tell(i, i == 5 ? broken : config_);
  testing::play(&loop_, notifier_.finish(20s), 30s);
  const auto all = lines();
  ASSERT_EQ(all.size(), 20U);
  for (int i = 0; i < 20; ++i) {
    if (i != 5) EXPECT_EQ(all[static_cast<std::size_t>(i)], "INSTANCE VI_1 MASTER " + std::to_string(i));
  }
}

TEST_F(Notifying, what_began_to_run_and_ended_can_begin_again) {
  for (int i = 0; i < 3; ++i) {
    tell(i, config_);
    testing::play(&loop_, notifier_.finish(20s), 30s);
    EXPECT_EQ(lines().size(), static_cast<std::size_t>(i) + 1);
  }
}

TEST_F(Notifying, what_is_too_much_is_left_out) {
  for (int i = 0; i < 10'000; ++i) tell(i, config_);
  testing::play(&loop_, notifier_.finish(60s), 90s);
  EXPECT_EQ(lines().size(), 256U);
  tell(1, config_);
  testing::play(&loop_, notifier_.finish(20s), 30s);
  EXPECT_EQ(lines().size(), 257U) << "afterwards all is as before";
}

TEST_F(Notifying, a_script_that_hangs_is_not_waited_for_at_the_end) {
  config_.notify = "exec sleep 600; :";
  tell(1, config_);
  testing::play(&loop_, notifier_.finish(50ms), 20s);
  testing::play(&loop_, notifier_.stop(), 20s);
}

}  // namespace
}  // namespace holdfast::vip
