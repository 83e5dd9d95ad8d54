#pragma once

#include <string>
#include <vector>

#include "agent/rest_access.hpp"
#include "dcs/cluster.hpp"
#include "http/resolver.hpp"

// Host names in restapi.allowlist and in the members' addresses, looked up beside the loop so that no request
// waits for a name server. A name that can't be resolved lets nobody in.
namespace holdfast::agent {

// `policy` with the addresses of its host names and, with allowlist_include_members, of the members' names.
// Takes as long as the slowest name, at most `limit` each. The resolver outlives the call.
awaitable<rest::AccessPolicy> resolve_hosts(http::Resolver* resolver, rest::AccessPolicy policy,
                                            std::vector<std::string> member_hosts, milliseconds limit);

// Hosts of the members' api_url that are names, not addresses.
std::vector<std::string> named_hosts(const dcs::Cluster& cluster);

}  // namespace holdfast::agent
