#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "integration/play.hpp"
#include "vip/documents.hpp"

// The alert rules that are delivered, against what the role really tells. (Not among the unit tests, as the
// role asks the kernel for its interfaces.)
namespace holdfast {
namespace {

namespace fs = std::filesystem;

std::string read(const std::string& name) {
  const auto root = fs::path{__FILE__}.parent_path().parent_path().parent_path().parent_path();
  std::ifstream file{root / name};
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

std::string rules() {
  return read("packaging/prometheus/holdfast.rules.yml");
}

std::vector<std::string> all_of(const std::string& text, const std::string& pattern) {
  const std::regex expression{pattern};
  std::vector<std::string> found;
  for (auto at = std::sregex_iterator{text.begin(), text.end(), expression}; at != std::sregex_iterator{};
       ++at)
    found.push_back((*at)[1]);
  return found;
}

awaitable<void> ask(std::string* metrics) {
  const auto executor = co_await asio::this_coro::executor;
  vip::SpeakerOptions options;
  auto opened = vip::Speaker::open(executor, std::move(options));
  EXPECT_TRUE(opened);
  if (!opened) co_return;
  const auto speaker = *std::move(opened);
  *metrics = vip::print_metrics(*speaker);
  co_await speaker->stop();
}

std::set<std::string> metrics_of_the_role() {
  std::string metrics;
  testing::play(ask(&metrics), 10s);
  const auto names = all_of(metrics, "# TYPE ([a-z0-9_]+) ");
  return {names.begin(), names.end()};
}

TEST(AlertRules, speak_of_metrics_that_there_are) {
  const auto known = metrics_of_the_role();
  const auto used = all_of(rules(), R"(\b((?:keepalived|holdfast)_[a-z0-9_]+))");
  ASSERT_GT(used.size(), 10U);
  for (const auto& name : used) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(AlertRules, have_a_summary_a_description_and_a_chapter_in_the_runbook) {
  const auto text = rules();
  const auto runbook = read("docs/runbooks/vip.md");
  const auto alerts = all_of(text, R"(- alert: (\w+))");
  for (const char* wanted : {"VipNoMaster", "VipTwoMasters", "VipFlapping"})
    EXPECT_THAT(alerts, ::testing::Contains(wanted));
  EXPECT_EQ(all_of(text, R"((summary): "\S)").size(), alerts.size());
  EXPECT_EQ(all_of(text, R"((description): "\S)").size(), alerts.size());
  const auto links = all_of(text, R"re(runbook_url: "docs/runbooks/vip\.md#(\w+)")re");
  EXPECT_EQ(links.size(), alerts.size());
  std::set<std::string> chapters;
  for (auto title : all_of(runbook, R"(\n## (\w+)\n)")) {
    std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::tolower(c); });
    chapters.insert(title);
  }
  for (const auto& link : links) EXPECT_TRUE(chapters.contains(link)) << link;
}

}  // namespace
}  // namespace holdfast
