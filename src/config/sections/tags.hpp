#pragma once

#include "config/values.hpp"

namespace holdfast::config {

// `tags` of a member. `custom` keeps every key that has no meaning here, as text, for the REST answers.
struct TagsConfig {
  bool nofailover = false;
  bool noloadbalance = false;
  bool clonefrom = false;
  bool nosync = false;
  std::string replicatefrom;
  bool nostream = false;
  int failover_priority = 1;  // 0 or less: as nofailover
  int sync_priority = 1;      // 0 or less: as nosync
  StringMap custom;

  bool may_fail_over() const { return !nofailover && failover_priority > 0; }
  bool may_be_synchronous() const { return !nosync && sync_priority > 0; }
  bool operator==(const TagsConfig&) const = default;
};

}  // namespace holdfast::config
