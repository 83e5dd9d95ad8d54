#include "agent/allowlist.hpp"

#include "async/with_timeout.hpp"
#include "base/log.hpp"
#include "http/url.hpp"

namespace holdfast::agent {
namespace {

awaitable<void> add_addresses(http::Resolver* resolver, std::string host, milliseconds limit,
                              std::vector<rest::Network>* into) {
  http::Endpoint endpoint{host, 0};
  auto looking = resolver->resolve(std::move(endpoint));
  const auto found = co_await async::with_timeout(limit, std::move(looking));
  if (!found) {
    log::warn("a host of restapi.allowlist is not known", {{"host", host}, {"error", found.error()}});
    co_return;
  }
  for (const auto& address : *found) {
    auto network = rest::parse_network(address.address().to_string());
    if (network) into->push_back(*std::move(network));
  }
}

}  // namespace

awaitable<rest::AccessPolicy> resolve_hosts(http::Resolver* resolver, rest::AccessPolicy policy,
                                            std::vector<std::string> member_hosts, milliseconds limit) {
  policy.member_addresses.clear();
  for (const auto& host : policy.host_names) {
    co_await add_addresses(resolver, host, limit, &policy.allowlist);
  }
  if (!policy.allowlist_include_members) co_return policy;
  for (const auto& host : member_hosts) {
    co_await add_addresses(resolver, host, limit, &policy.member_addresses);
  }
  co_return policy;
}

std::vector<std::string> named_hosts(const dcs::Cluster& cluster) {
  std::vector<std::string> hosts;
  for (const auto& member : cluster.members) {
    const auto url = http::parse_url(member.api_url);
    if (url && !rest::parse_network(url->endpoint.host)) hosts.push_back(url->endpoint.host);
  }
  return hosts;
}

}  // namespace holdfast::agent
