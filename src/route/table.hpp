#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/epoch.hpp"
#include "base/instant.hpp"
#include "base/timeline.hpp"

// What a proxy knows about its servers at one moment: a value that is never changed, only replaced.
namespace holdfast::route {

enum class Role { unknown, primary, replica };
std::string_view to_string(Role role) noexcept;

struct Server {
  std::string name;  // the member's name
  std::string host;  // where PostgreSQL listens
  std::uint16_t port = 0;
  Role role = Role::unknown;
  Timeline timeline = 0;
  bool serving = false;        // it says that it accepts connections, and it said so lately
  bool draining = false;       // finishes what it has, takes nothing new
  bool noloadbalance = false;  // Patroni's tag: not for replica listeners
  bool synchronous = false;
  std::optional<std::int64_t> lag_bytes;  // behind the primary's last known position; nullopt: not known
  std::optional<milliseconds> lag_time;   // age of the last replayed transaction; nullopt: not known
  BootInstant since{};                    // when `role` or `serving` last changed
  std::string why;                        // in words, e.g. "heartbeats are silent"
  std::string check;  // HAProxy's form of the last check: "L7OK/200", "HB" for a heartbeat

  bool operator==(const Server&) const = default;
};

// held: no connection to a primary is allowed; draining: those of `epoch` stay, no new ones; open: new ones
// too.
enum class GateState { held, draining, open };
std::string_view to_string(GateState state) noexcept;

// Why connections to a server end before either side ended them.
enum class CutCause { proof_expired, epoch_passed, role_lost, diverged, shutdown };
std::string_view to_string(CutCause cause) noexcept;

struct GateView {
  GateState state = GateState::held;
  std::string primary;  // the server of `epoch`
  int store = 0;        // of `epoch`: counts the stores that have been the DCS, 0 the first; only rises
  Epoch epoch;          // of the last opening; only rises within one store
  BootInstant
      until{};  // the proof's end: nothing is forwarded from this instant on, whoever forgot to say so
  CutCause closed_by = CutCause::proof_expired;  // while held
  std::string why = "no primary has been seen yet";

  bool operator==(const GateView&) const = default;
  bool takes_new(BootInstant now) const { return state == GateState::open && now < until; }
  bool keeps(BootInstant now) const { return state != GateState::held && now < until; }
};

struct Table {
  std::uint64_t shape =
      0;  // counts changes other than of `gate.until` and of lags: when equal, nothing needs a cut
  GateView gate;
  std::vector<Server> servers;  // sorted by name

  bool operator==(const Table&) const = default;
  const Server* find(std::string_view name) const;
};

}  // namespace holdfast::route
