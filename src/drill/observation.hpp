#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/epoch.hpp"
#include "base/lsn.hpp"
#include "base/timeline.hpp"
#include "drill/chronicle.hpp"

// What is known of a cluster at one moment, by asking everybody. Plain values.
namespace holdfast::drill {

struct MemberSeen {
  std::string name;
  bool agent_answers = false;
  std::string role;   // Patroni's: "primary", "replica", …
  std::string state;  // "running", "starting", …
  std::string replication_state;
  bool synchronous = false;
  Timeline timeline = 0;
  Lsn position;
  std::string reason;            // its agent's last decision, in words
  std::optional<bool> writable;  // PostgreSQL itself, asked directly; nullopt: it does not answer

  bool is_primary() const { return role == "primary" || role == "master"; }
  bool is_healthy() const;
};

struct ServerSeen {
  std::string name;
  std::string role;
  bool serving = false;
  std::int64_t connections = 0;
  std::string why;
};

struct ProxySeen {
  std::string name;
  bool answers = false;
  std::string gate;     // "open", "held", "draining"
  std::string primary;  // where it sends writes
  std::int64_t epoch = 0;
  std::string why;
  std::int64_t waiting = 0;
  std::vector<ServerSeen> servers;
};

// A host with role vip, as its first virtual router says.
struct VipSeen {
  std::string name;
  bool answers = false;
  std::string state;  // "MASTER", "BACKUP", "FAULT", "INIT"
  bool holds = false;
  bool is_sick = false;
  int priority = 0;
  std::string reason;  // of its last change
  std::string why;     // of its priority, when it is not its own
};

struct Observation {
  std::vector<MemberSeen> members;
  std::vector<ProxySeen> proxies;
  std::vector<VipSeen> vips;
  std::string leader;  // the leader key; empty: none, or the DCS does not answer
  bool dcs_answers = false;
  std::size_t etcd_up = 0;
  std::size_t etcd_members = 0;

  const MemberSeen* member(std::string_view name) const;
  const VipSeen* vip_holder() const;
  const MemberSeen* primary() const;  // the holder of the leader key, when it says that it is primary
};

// The text of GET /patroni, and of a proxy's GET /status. Never fails: what is missing stays empty.
MemberSeen parse_member(std::string name, std::string_view body);
ProxySeen parse_proxy(std::string name, std::string_view body);
VipSeen parse_vip(std::string name, std::string_view body);  // GET /vip

struct State {
  std::string text;
  Tone tone = Tone::unknown;
};
State state_of(const MemberSeen& member);
State state_of(const ProxySeen& proxy);
State state_of(const VipSeen& vip);

// Why redundancy is not proven, one line each; empty: one fault can be survived. `synchronous`: the cluster
// is configured to have a synchronous standby.
std::vector<std::string> doubts(const Observation& seen, bool synchronous);

}  // namespace holdfast::drill
