#pragma once

#include "config/config.hpp"

namespace holdfast::config {

// What a reload changes, by dotted path; empty lists: nothing changed.
struct ReloadDiff {
  StringList applied;        // in force once the new configuration is used
  StringList needs_restart;  // in force after the role is started again

  bool empty() const { return applied.empty() && needs_restart.empty(); }
  bool operator==(const ReloadDiff&) const = default;
};

ReloadDiff diff(const Config& before, const Config& after);

}  // namespace holdfast::config
