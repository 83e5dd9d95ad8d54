#pragma once

#include <boost/json/object.hpp>

#include "cli/health.hpp"
#include "cli/session.hpp"

namespace holdfast::cli {

// Asks etcd, every member's REST API and every proxy's stats page, all with deadlines: who does not answer is
// part of what is found, never an error.
ClusterHealth observe(Session& session);

// The parts of it that are pure.
ClusterHealth health_of(const dcs::Cluster& cluster, const std::string& scope);
void add_answer(MemberHealth& member, const Result<http::Response>& answer);  // of GET /patroni
void add_answer(ProxyHealth& proxy, const Result<http::Response>& answer);    // of GET /status

}  // namespace holdfast::cli
