#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "base/lsn.hpp"

// What the unsafe verbs of the REST API ask of the agent. Requests are well-formed when they come here; the
// texts and status codes in the answers are Patroni's.
namespace holdfast::agent::rest {

struct Answer {
  int status = 200;
  std::string text;
  std::map<std::string, std::string> headers;

  bool operator==(const Answer&) const = default;
};

struct SwitchoverOrder {
  std::string leader;     // empty: a manual failover
  std::string candidate;  // empty: any
  std::optional<WallInstant> scheduled_at;

  bool is_failover() const { return leader.empty(); }
  bool operator==(const SwitchoverOrder&) const = default;
};

struct RestartOrder {
  std::optional<WallInstant> schedule;
  std::string role;              // "primary", "standby_leader", "replica"; empty: any
  std::string postgres_version;  // restart only when older; empty: any
  std::optional<milliseconds> timeout;
  bool restart_pending = false;  // only when a restart is pending
  boost::json::object filters;   // the request without `schedule`, for the member record

  bool operator==(const RestartOrder&) const = default;
};

struct ReinitializeOrder {
  bool force = false;
  bool from_leader = false;

  bool operator==(const ReinitializeOrder&) const = default;
};

struct FailsafeAnnouncement {
  std::string name, conn_url, api_url;
  std::map<std::string, Lsn> slots;

  bool operator==(const FailsafeAnnouncement&) const = default;
};

class Operations {
 public:
  virtual ~Operations() = default;

  // 200 with the new configuration as text; 503 no configuration; 409 somebody was faster; 400 and why when
  // the result would not be valid.
  virtual awaitable<Answer> patch_config(boost::json::object changes) = 0;
  // 200; 502 the DCS did not take it; 400 as above.
  virtual awaitable<Answer> put_config(boost::json::object config) = 0;
  // Writes the failover key, then waits for the outcome unless scheduled. 202 'Switchover scheduled'; 200
  // 'Successfully switched over to "X"' ('failed' for a failover), 'Switched over to "Y" instead of "X"'; 503
  // 'Switchover failed', 'Switchover status unknown', 'failed to write failover key into DCS'. See
  // switchover_* below.
  virtual awaitable<Answer> switchover(SwitchoverOrder order) = 0;
  // 200 'scheduled switchover deleted', 404 'no switchover is scheduled', 409.
  virtual awaitable<Answer> delete_switchover() = 0;
  // 200 'restarted successfully', 503 and why; with a schedule 202 'Restart scheduled' or 409 'Another
  // restart is already scheduled'.
  virtual awaitable<Answer> restart(RestartOrder order) = 0;
  virtual awaitable<Answer>
  delete_restart() = 0;                    // 200 'scheduled restart deleted', 404 'no restarts are scheduled'
  virtual awaitable<Answer> reload() = 0;  // 202 'reload scheduled'
  virtual awaitable<Answer> reinitialize(
      ReinitializeOrder order) = 0;  // 200 'reinitialize started', 503 and why
  // 200 'Accepted' with header `lsn`, 500 'Running as a leader'. Asked only while failsafe mode is enabled.
  virtual awaitable<Answer> failsafe(FailsafeAnnouncement announcement) = 0;
  // Names among `members` that could be promoted now: reachable, running, in recovery, no obstacle by tags or
  // lag.
  virtual awaitable<std::vector<std::string>> good_candidates(std::vector<std::string> members) = 0;
};

// The outcome of a switchover in Patroni's words; `action` is "switchover" or "failover".
std::string switchover_done_text(const SwitchoverOrder& order, const std::string& new_leader);
std::string switchover_scheduled_text(const SwitchoverOrder& order);
std::string switchover_failed_text(const SwitchoverOrder& order);
std::string switchover_unknown_text(const SwitchoverOrder& order);

}  // namespace holdfast::agent::rest
