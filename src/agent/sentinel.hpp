#pragma once

#include <string>

#include "async/asio.hpp"
#include "async/child_process.hpp"
#include "postgres/options.hpp"

namespace holdfast::agent {

// Fence 3 of the design: a tiny separate process that the agent feeds with its lease deadline. When the
// deadline passes while PostgreSQL may be writable here (the agent hung, was stopped, crashed and did not
// return), it kills the postmaster and every backend. It outlives the agent, and tells a restarted one which
// deadline still stands.
class SentinelClient {
 public:
  // `socket`: where the sentinel of this data directory listens; it is started when nobody does. `run_as`: as
  // for postgres.
  SentinelClient(asio::any_io_executor executor, std::string socket, postgres::Options options);
  ~SentinelClient();

  // Finds or starts the sentinel. Returns the deadline that an earlier agent armed; BootInstant{}: none.
  awaitable<Result<BootInstant>> connect();

  // Both only send: they never block. Errc::unavailable when the sentinel is gone: connect() again.
  Result<void> arm(BootInstant deadline);
  Result<void> disarm();
  // PostgreSQL is stopped and so are we: nothing is left to guard, the sentinel ends.
  Result<void> dismiss();
  bool is_connected() const { return fd_ >= 0; }

 private:
  awaitable<Result<BootInstant>> hello();
  Result<void> send(std::int64_t deadline);

  asio::any_io_executor executor_;
  std::string socket_;
  postgres::Options options_;
  int fd_ = -1;
};

// Where the sentinel of a data directory listens.
std::string sentinel_socket(const postgres::Options& options);

struct SentinelOptions {
  std::string socket;
  std::string data_dir;
  std::string bin_dir;
  std::string member;
};

// The body of the process `holdfast sentinel`: returns its exit code. Ends by itself when it is disarmed and
// no agent has been connected for ten seconds.
int run_sentinel(const SentinelOptions& options);

}  // namespace holdfast::agent
