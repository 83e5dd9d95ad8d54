#pragma once

#include <map>
#include <string>

#include "base/instant.hpp"

namespace holdfast::vip {

// Whether a trouble may be logged: the same one once a minute, and no more than so many kinds of it in that
// time, so that strangers who make up addresses fill neither the memory nor the log. Pure.
class LogLimit {
 public:
  static constexpr milliseconds say_again_after = 60s;
  static constexpr std::size_t kinds_max = 32;

  bool may_say(const std::string& what, BootInstant now) {
    const auto at = said_.find(what);
    if (at != said_.end() && now - at->second < say_again_after) return false;
    if (at == said_.end() && said_.size() >= kinds_max)
      std::erase_if(said_, [&](const auto& each) { return now - each.second >= say_again_after; });
    if (at == said_.end() && said_.size() >= kinds_max) return false;
    said_[what] = now;
    return true;
  }

 private:
  std::map<std::string, BootInstant> said_;  // when it was said last
};

}  // namespace holdfast::vip
