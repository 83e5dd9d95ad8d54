#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/event_queue.hpp"

namespace holdfast::sim {

// What happened, in words a DBA reads; and a hash of it that two runs of one seed must share. The words are
// made only when somebody wants them.
class Trace {
 public:
  bool is_on = false;
  bool prints = false;
  std::vector<std::string> lines;

  template <class... Args>
  void say(SimTime at, std::string_view who, fmt::format_string<Args...> format, Args&&... args) {
    if (is_on) add(at, who, fmt::format(format, std::forward<Args>(args)...));
  }
  void add(SimTime at, std::string_view who, std::string_view what);

  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }
  void mix(std::string_view text) {
    for (const char c : text) mix(static_cast<std::uint64_t>(static_cast<unsigned char>(c)));
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace holdfast::sim
