#include "agent/rest_access.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "http/url.hpp"

namespace holdfast::agent::rest {

namespace {

std::optional<std::vector<unsigned char>> parse_address(std::string_view text) {
  const std::string copy{text};
  std::vector<unsigned char> bytes(16);
  if (inet_pton(AF_INET, copy.c_str(), bytes.data()) == 1) {
    bytes.resize(4);
    return bytes;
  }
  if (inet_pton(AF_INET6, copy.c_str(), bytes.data()) != 1) return std::nullopt;
  const bool is_mapped =
      std::all_of(bytes.begin(), bytes.begin() + 10, [](unsigned char b) { return b == 0; }) &&
      bytes[10] == 0xFF && bytes[11] == 0xFF;
  if (is_mapped) bytes.erase(bytes.begin(), bytes.begin() + 12);
  return bytes;
}

bool is_member(const RestView& view, std::string_view peer) {
  const auto& cluster = view.cluster ? view.cluster : view.remembered;
  const auto address = parse_address(peer);
  if (!cluster || !address) return false;
  return std::any_of(cluster->members.begin(), cluster->members.end(), [&](const dcs::Member& member) {
    const auto url = http::parse_url(member.api_url);
    return url && parse_address(url->endpoint.host) == address;
  });
}

bool is_allowed(const AccessPolicy& policy, const http::Request& request, const RestView& view, Allow allow) {
  const bool asks_members = policy.allowlist_include_members && allow == Allow::listed_or_member;
  // A host name that is not resolved is a restriction all the same.
  if (policy.allowlist.empty() && policy.host_names.empty() && !asks_members) return true;
  const auto holds = [&](const std::vector<Network>& networks) {
    return std::any_of(networks.begin(), networks.end(),
                       [&](const Network& network) { return contains(network, request.peer); });
  };
  if (holds(policy.allowlist)) return true;
  return asks_members && (holds(policy.member_addresses) || is_member(view, request.peer));
}

http::Response refusal(int status, std::string text) {
  http::Response response;
  response.status = status;
  response.body = std::move(text);
  response.content_type = "text/plain";
  // Patroni's realm, which clients may have stored.
  if (status == 401) response.headers.set("WWW-Authenticate", "Basic realm=\"Patroni\"");
  return response;
}

}  // namespace

Result<Network> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address)
    return fail(Errc::invalid_argument, "'" + std::string{text} + "' is not an address or network");
  const int bits = static_cast<int>(address->size()) * 8;
  Network network{*address, bits};
  if (slash == std::string_view::npos) return network;
  const std::string_view prefix = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), network.prefix);
  if (error != std::errc{} || end != prefix.data() + prefix.size() || network.prefix < 0 ||
      network.prefix > bits) {
    return fail(Errc::invalid_argument,
                "'" + std::string{text} + "' has no prefix from 0 to " + std::to_string(bits));
  }
  return network;
}

bool contains(const Network& network, std::string_view address) {
  const auto bytes = parse_address(address);
  if (!bytes || bytes->size() != network.address.size()) return false;
  for (int bit = 0; bit < network.prefix; bit += 8) {
    const int kept = std::min(8, network.prefix - bit);
    const auto mask = static_cast<unsigned char>(0xFF << (8 - kept));
    const auto index = static_cast<std::size_t>(bit / 8);
    if (((*bytes)[index] & mask) != (network.address[index] & mask)) return false;
  }
  return true;
}

bool equals_in_constant_time(std::string_view left, std::string_view right) {
  volatile unsigned char difference = left.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const char other = right.empty() ? '\0' : right[i % right.size()];
    difference = difference | static_cast<unsigned char>(left[i] ^ other);
  }
  return difference == 0;
}

std::optional<http::Response> refuse(const AccessPolicy& policy, const http::Request& request,
                                     const RestView& view, Allow allow) {
  if (!is_allowed(policy, request, view, allow)) return refusal(403, "Access is denied");
  if (policy.certificate_required && !request.client_verified)
    return refusal(403, "client certificate required");
  if (policy.username.empty()) return std::nullopt;
  if (!request.headers.find("Authorization")) return refusal(401, "no auth header received");
  const auto given = http::credentials_of(request);
  // Both are compared whatever the first says.
  const bool same_name = given && equals_in_constant_time(given->username, policy.username);
  const bool same_password =
      given && equals_in_constant_time(given->password.reveal(), policy.password.reveal());
  if (!same_name || !same_password) return refusal(401, "not authenticated");
  return std::nullopt;
}

}  // namespace holdfast::agent::rest
