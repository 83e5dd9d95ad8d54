#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "config/sections/etcd.hpp"
#include "dcs/etcd/store.hpp"

namespace holdfast::etcd {

struct MemberOptions {
  config::EtcdServerConfig server;
  dcs::EtcdOptions client;            // how to reach the cluster; endpoints of all members, ours among them
  std::optional<uid_t> user;          // run etcd as this user
  std::string log_file;               // etcd's own output is appended here; empty: <data_dir>.log
  milliseconds upkeep_interval = 1h;  // how often fragmentation is looked at
};

// The role `etcd`: starts a real etcd, joins or re-joins its cluster, starts it again when it ends,
// defragments.
class Member {
 public:
  Member(const asio::any_io_executor& executor, MemberOptions options);
  ~Member();

  // Supervises until stop(). Otherwise it returns only what a human must settle: Errc::not_found (no etcd
  // program), permission_denied or invalid_argument. Destroying a member that still runs kills etcd, which is
  // crash-safe.
  awaitable<Result<void>> run();
  awaitable<void> stop();  // ends a running etcd cleanly; run() then returns

  bool is_running() const;
  std::string reason() const;  // what was decided last, in words

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Arguments of the etcd program for `server`; `state` is "new" or "existing". Passwords never are among them.
std::vector<std::string> arguments_of(const config::EtcdServerConfig& server,
                                      const std::string& initial_cluster, const std::string& state);

}  // namespace holdfast::etcd
