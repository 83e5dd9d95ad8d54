#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace holdfast::cli {

inline constexpr int stop_turns = 4;

// How `holdfast run` starts one role, and in which turn it ends it.
struct RolePlan {
  std::string name;  // "agent"
  std::vector<std::string> argv;
  std::map<std::string, std::string> env;
  std::optional<uid_t> user;      // nullopt: ours
  int stop_turn = 0;              // 0 first, up to stop_turns - 1
  milliseconds stop_limit = 30s;  // after SIGTERM; then it is killed

  bool operator==(const RolePlan&) const = default;
};

struct RunFacts {
  std::string program;            // our own executable
  std::string config_file;        // as given by -c
  std::string node;               // as given by --node
  std::optional<uid_t> os_user;   // whom to become: when we are root
  config::StringMap environment;  // PATRONI_* and HOLDFAST_*, which roles read too
};

const char* role_name(config::Role role);

// In starting order: etcd, agent, proxy, vip. They end the other way round: the address goes to another host
// while this one still serves, then clients, then PostgreSQL (which hands over while etcd still answers),
// then etcd. A vip stays root, and so does a proxy with a port below 1024.
std::vector<RolePlan> plan_roles(const config::Config& config, const RunFacts& facts);

}  // namespace holdfast::cli
