#pragma once

#include <optional>
#include <string>

#include "agent/observer.hpp"
#include "agent/rest_view.hpp"
#include "config/config.hpp"
#include "config/dynamic.hpp"
#include "dcs/cluster.hpp"
#include "ha/view.hpp"
#include "heartbeat/message.hpp"

namespace holdfast::agent {

// What this member is at this moment, as its three audiences get it: the DCS (member record), the peers and
// proxies (heartbeat), and people (REST). References are valid during the call only.
struct Portrait {
  const config::Config& config;
  const config::DynamicConfig& dynamic;
  const Observer& observer;
  const ha::Server& server;
  const ha::Tenure& tenure;
  ha::Job job = ha::Job::none;
  BootInstant now{};
  bool is_handing_over = false;
  bool awaits_checkpoint = false;               // promoted, and not checkpointed since (EC-113)
  std::shared_ptr<const dcs::Cluster> cluster;  // null: the DCS is not accessible
};

std::string role_word(const Portrait& portrait);   // Patroni's: primary, replica, uninitialized
std::string state_word(const Portrait& portrait);  // running, starting, stopped, crashed, creating replica, …
boost::json::object tags_object(const config::TagsConfig& tags);

dcs::Member member_record(const Portrait& portrait);
heartbeat::Heartbeat heartbeat_of(const Portrait& portrait);
rest::RestView rest_view(const Portrait& portrait);

}  // namespace holdfast::agent
