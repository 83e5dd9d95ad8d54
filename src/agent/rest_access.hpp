#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/rest_view.hpp"
#include "http/message.hpp"

// Who may use the unsafe verbs (restapi.authentication, allowlist, verify_client; Patroni, api.py). Reading
// is open.
namespace holdfast::agent::rest {

// "10.0.0.0/8", "192.168.1.7", "fd00::/8": an address or a network of them.
struct Network {
  std::vector<unsigned char> address;  // 4 or 16 bytes
  int prefix = 0;

  bool operator==(const Network&) const = default;
};
Result<Network> parse_network(std::string_view text);
// IPv4-mapped IPv6 addresses count as IPv4 (a dual-stack listener reports them so).
bool contains(const Network& network, std::string_view address);

struct AccessPolicy {
  std::string username;  // empty: no Basic authentication
  Secret password;
  std::vector<Network> allowlist;
  std::vector<std::string> host_names;     // of the allowlist; who resolves them adds to `allowlist`
  std::vector<Network> member_addresses;   // of members whose api_url has a host name
  bool allowlist_include_members = false;  // and the addresses in members' api_url
  bool certificate_required = false;       // TLS, and verify_client is optional or required
};

enum class Allow { listed_or_member, listed };  // POST /failsafe never looks at the members

// The refusal; nullopt: go on. 403 'Access is denied', 403 'client certificate required', 401 'no auth header
// received', 401 'not authenticated'.
std::optional<http::Response> refuse(const AccessPolicy& policy, const http::Request& request,
                                     const RestView& view, Allow allow);

// Takes the same time whatever differs; the length may be learnt.
bool equals_in_constant_time(std::string_view left, std::string_view right);

}  // namespace holdfast::agent::rest
