#include "sim/story/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "base/duration.hpp"
#include "sim/run/scenario.hpp"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t story_seed = 1;

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream{line};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

SimTime time_of(const std::string& text) {
  const double seconds = std::stod(text);
  return nanoseconds{static_cast<std::int64_t>(seconds * 1e9)};
}

// One story's cluster; commands print what happened since the last one.
class Teller {
 public:
  std::string tell(const std::string& command) {
    const auto words = words_of(command);
    if (words.empty()) return {};
    if (words[0] == "cluster") {
      make(words);
    } else if (!world_) {
      throw std::runtime_error("a story begins with `cluster`");
    } else if (words[0] == "whole") {
      run_until_whole();
    } else if (words[0] == "run") {
      world_->run_until(world_->now() + time_of(words.at(1)));
    } else if (words[0] == "state") {
      return state();
    } else {
      inject(words);
    }
    return take_lines();
  }

 private:
  void make(const std::vector<std::string>& words) {
    Shape shape;
    shape.nodes = std::stoi(words.at(1));
    shape.has_clients = false;
    shape.settings.use_pg_rewind = true;
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "synchronous_mode=on")
        shape.settings.synchronous_mode = ha::SyncMode::on;
      else if (words[i] == "synchronous_mode=quorum")
        shape.settings.synchronous_mode = ha::SyncMode::quorum;
      else if (words[i] == "synchronous_mode_strict=on")
        shape.settings.synchronous_mode_strict = true;
      else if (words[i] == "use_pg_rewind=off")
        shape.settings.use_pg_rewind = false;
      else
        throw std::runtime_error("unknown setting " + words[i]);
    }
    world_ = std::make_unique<World>(story_seed, shape, Mutant{});
    world_->trace.is_on = true;
  }

  void run_until_whole() {
    for (int i = 0; i < 240 && !what_is_missing(*world_).empty(); ++i)
      world_->run_until(world_->now() + 250ms);
    if (const auto missing = what_is_missing(*world_); !missing.empty()) world_->fail("Story", missing);
  }

  // fault HOST [other] [SECONDS]
  void inject(const std::vector<std::string>& words) {
    Fault fault;
    bool found = false;
    for (int kind = 0; kind < static_cast<int>(FaultKind::count_); ++kind) {
      if (to_string(static_cast<FaultKind>(kind)) != words[0]) continue;
      fault.kind = static_cast<FaultKind>(kind);
      found = true;
    }
    if (!found) throw std::runtime_error("unknown command " + words[0]);
    fault.at = world_->now();
    fault.host = the_leader;
    bool host_given = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const auto node = world_->find_index(words[i]);
      if (words[i] == "leader")
        host_given = true;
      else if (node && !std::exchange(host_given, true))
        fault.host = *node;
      else if (node)
        fault.other = *node;
      else
        fault.lasts = time_of(words[i]);
    }
    schedule(*world_, fault);
    world_->run_until(world_->now());
  }

  std::string state() {
    std::string text;
    const auto seen = world_->etcd.seen();
    const auto& sync = seen->ha.sync;
    const auto quorum = sync.quorum > 0 ? fmt::format(", quorum {}", sync.quorum) : "";
    text += fmt::format("leader: {}; sync: {}\n", seen->ha.leader ? seen->ha.leader->name : "none",
                        sync.is_active() ? sync.leader + " + " + join(sync.standbys) + quorum : "off");
    for (int i = 0; i < world_->node_count(); ++i) {
      const auto server = world_->node(i).agent.observe().server;
      const char* role = server.in_recovery ? "standby" : "primary";
      const bool runs = server.state == ha::ServerState::running;
      text += fmt::format("{}: {}, timeline {}{}\n", world_->name_of(i), runs ? role : "stopped",
                          server.timeline, server.streaming ? ", streaming from " + server.upstream : "");
    }
    return text;
  }

  std::string take_lines() {
    std::string text;
    for (const auto& line : world_->trace.lines) text += line + "\n";
    world_->trace.lines.clear();
    return text;
  }

  std::unique_ptr<World> world_;
};

std::string retell(const std::string& text) {
  std::istringstream lines{text};
  std::string result;
  Teller teller;
  for (std::string line; std::getline(lines, line);) {
    const bool is_command = line.starts_with("> ");
    if (!is_command && !line.starts_with("#") && !line.empty()) continue;  // what was printed last time
    result += line + "\n";
    if (is_command) result += teller.tell(line.substr(2));
  }
  return result;
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_as_told(const std::filesystem::path& path) {
  const auto expected = read(path);
  const auto told = retell(expected);
  if (told == expected) return true;
  if (std::getenv("UPDATE_STORIES") != nullptr) {
    std::ofstream{path} << told;
    fmt::print("rewritten: {}\n", path.filename().string());
    return true;
  }
  std::istringstream a{expected};
  std::istringstream b{told};
  std::string line_a;
  std::string line_b;
  int number = 0;
  do {
    line_a.clear();
    line_b.clear();
    ++number;
  } while (std::getline(a, line_a) && std::getline(b, line_b) && line_a == line_b);
  fmt::print(
      "{}:{}: the story went another way (UPDATE_STORIES=1 rewrites it)\n  expected: {}\n  happened: {}\n",
      path.string(), number, line_a, line_b);
  return false;
}

}  // namespace

int run_stories(const std::string& directory) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  int failed = 0;
  for (const auto& path : paths) failed += is_as_told(path) ? 0 : 1;
  fmt::print("{} passed, {} failed\n", static_cast<int>(paths.size()) - failed, failed);
  return failed == 0 && !paths.empty() ? 0 : 1;
}

}  // namespace holdfast::sim
