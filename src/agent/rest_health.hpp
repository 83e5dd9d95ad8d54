#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/rest_view.hpp"

// Which status code a health check gets (Patroni's do_GET decides by parts of the path, so
// "/replica-x" counts as /replica there and here).
namespace holdfast::agent::rest {

using Query = std::map<std::string, std::string>;

// 200 or 503 of `/`, /primary, /replica, /sync, … and of any path that means none of them (503, as Patroni
// answers).
int health_status(const RestView& view, std::string_view path, const Query& query);

int liveness_status(const RestView& view);

// Why the member is not ready; empty: it is.
std::string obstacle_to_readiness(const RestView& view, const Query& query);

// What /sync and /quorum ask: listed in /sync as a standby, in a mode that reads it.
bool is_sync_standby(const RestView& view);
bool is_quorum_standby(const RestView& view);

// What the answers call the role: "primary" or "replica" as PostgreSQL says while it answers, else the
// agent's word.
std::string shown_role(const RestView& view);
// "running" without an answer of PostgreSQL is "unknown".
std::string shown_state(const RestView& view);
// A standby's: received is what the WAL receiver has, or what is replayed when none runs.
Lsn received_location(const RestView& view);
Lsn replayed_location(const RestView& view);

}  // namespace holdfast::agent::rest
